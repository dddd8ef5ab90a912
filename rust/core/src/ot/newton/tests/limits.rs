//! Limits of passes, a caller that stops or interrupts, and tolerances below rounding.

use super::{NewtonParams, Start, account, assignment, solve, solve_path, solve_with};
use crate::control::{Control, Flow, Info};
use crate::error::Error;
use crate::ot::newton::End;
use crate::ot::run::{Run, Stage};
use crate::parallel::Team;

#[test]
fn every_limit_of_passes_leaves_a_usable_iterate() {
    let reg = 1.0 / 1200.0;
    let mut problem = assignment(60, 1);
    let full = solve(&mut problem, reg, 1e-9, Start::Path).n_iter;
    let mut reached = f64::INFINITY;
    for max_iter in 1..full {
        let team = Team::sequential();
        let solved = solve_with(&mut problem, reg, 1e-9, Start::Path, max_iter, &team);
        assert_eq!(solved.outcome.end, End::Limit);
        // Two more for the reduced cost, or a column that is summed again.
        assert!(solved.n_iter <= max_iter + 2);
        assert!(solved.outcome.error <= reached);
        reached = solved.outcome.error;
        let error = problem.error(reg, &solved.psi);
        assert!(error.is_finite() && (0.0..=2.0).contains(&error));
    }
    assert!(reached < 1.0);
}

#[test]
fn potentials_from_above_carry_over_in_the_units_of_the_cost() {
    let mut problem = assignment(60, 1);
    let (low, team) = (1.0 / 1200.0, Team::sequential());
    let log_b = problem.log_b();
    let mut n_compared = 0;
    for max_iter in 4..20 {
        let stopped = solve_with(&mut problem, low, 1e-9, Start::Path, max_iter, &team);
        let last = stopped.history.last().expect("passes were made");
        if last.reg == low {
            continue;
        }
        assert!(stopped.outcome.error.is_infinite());
        // Once a level is done the potentials are those predicted for the next.
        if last.stage == Stage::Path && last.error > NewtonParams::default().stage_tol {
            let logs = stopped.psi.iter().zip(&log_b);
            let above: Vec<f64> =
                logs.map(|(psi, log)| log + low / last.reg * (psi - log)).collect();
            // A column update may have followed the last pass, and does not raise the error.
            assert!(problem.error(last.reg, &above) <= last.error + 1e-9);
            n_compared += 1;
        }
    }
    assert!(n_compared >= 3);
}

#[test]
fn a_tolerance_below_rounding_ends_as_stalled_with_a_tiny_error() {
    let mut problem = assignment(50, 2);
    for start in [Start::Path, Start::Direct { error: 1.0 }] {
        let solved = solve(&mut problem, 1.0 / 400.0, 1e-30, start);
        assert_eq!(solved.outcome.end, End::Stalled);
        assert!(solved.outcome.error < 1e-12);
    }
}

struct StopAfter(usize);

impl Control for StopAfter {
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error> {
        assert!((info.iterate)().iter().all(|g| g.is_finite()));
        Ok(if info.n_iter >= self.0 { Flow::Stop } else { Flow::Continue })
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn the_caller_may_stop_at_any_pass() {
    let mut problem = assignment(60, 3);
    let reg = 1.0 / 300.0;
    for after in [1, 5, 9, 14] {
        let (mut psi, mut control) = (problem.log_b(), StopAfter(after));
        let mut run = Run::new(&mut control, 1000, false);
        let params = NewtonParams::default();
        let team = Team::sequential();
        let outcome =
            solve_path(&mut problem, reg, &mut psi, 1e-12, &params, &team, &mut run, Start::Path)
                .expect("nobody interrupts");
        assert_eq!(outcome.end, End::Limit);
        assert!(run.stopped && run.n_iter <= after + 2);
    }
}

struct Interrupts;

impl Control for Interrupts {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        Ok(Flow::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        Err(Error::Interrupted)
    }
}

#[test]
fn an_interrupt_within_conjugate_gradients_ends_the_solve() {
    let mut problem = assignment(60, 3);
    let mut control = Interrupts;
    let mut run = Run::new(&mut control, 1000, false);
    let (mut psi, params) = (problem.log_b(), NewtonParams::default());
    let (team, start) = (Team::sequential(), Start::Path);
    let outcome = solve_path(&mut problem, 1e-3, &mut psi, 1e-9, &params, &team, &mut run, start);
    assert!(matches!(outcome, Err(Error::Interrupted)));
    assert_eq!(psi.len(), 60);
}

#[test]
fn costs_far_beyond_the_regularisation_give_no_nan() {
    let mut problem = assignment(30, 5);
    for reg in [1e-8, 1e-30, 1e-200] {
        for start in [Start::Path, Start::Direct { error: 1.0 }] {
            let params = NewtonParams::default();
            let solved = account(&mut problem, reg, 300, |problem, psi, run| {
                solve_path(problem, reg, psi, 1e-9, &params, &Team::sequential(), run, start)
                    .expect("nobody interrupts")
            });
            assert!(solved.history.iter().all(|r| !r.error.is_nan()));
        }
    }
}

#[test]
fn few_entries_are_enough_with_more_passes() {
    let mut problem = assignment(60, 7);
    let reg = 1.0 / 300.0;
    let free = solve(&mut problem, reg, 1e-9, Start::Path);
    assert_eq!(free.outcome.end, End::Converged);
    // Far fewer than what the last step kept.
    assert!(free.density * 3600.0 > 150.0, "{}", free.density);
    problem.most_kept = 100;
    let solved = solve(&mut problem, reg, 1e-9, Start::Path);
    assert_eq!(solved.outcome.end, End::Converged);
    assert!(solved.density * 3600.0 <= 100.0);
    assert!(solved.n_iter > free.n_iter);
    // A step without entries is a Sinkhorn step, and leaves an honest error.
    problem.most_kept = 1;
    let solved = solve_with(&mut problem, reg, 1e-9, Start::Path, 200, &Team::sequential());
    assert!(solved.outcome.error < 2.0);
}

#[test]
fn without_a_path_no_level_is_above_the_last() {
    let mut problem = assignment(60, 1);
    let reg = 1.0 / 1200.0;
    let solved = solve(&mut problem, reg, 1e-9, Start::Only { error: 1.0 });
    assert!(solved.history.iter().all(|r| r.reg == reg && r.stage == Stage::Newton));
    assert!(!solved.history.is_empty());
}
