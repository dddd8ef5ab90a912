//! The method as published.

use super::{Dense, NewtonParams, Solved, account, assignment};
use crate::ot::newton::{End, solve_paper};
use crate::parallel::Team;

fn published(problem: &mut Dense, reg: f64, sparsity: Option<f64>, max_iter: usize) -> Solved {
    let params = NewtonParams { sparsity, ..NewtonParams::default() };
    account(problem, reg, max_iter, |problem, psi, run| {
        solve_paper(problem, reg, psi, 1e-9, &params, &Team::sequential(), run)
            .expect("nobody interrupts")
    })
}

#[test]
fn more_entries_take_fewer_steps_on_random_assignment() {
    let reg = 1.0 / 1200.0;
    let steps: Vec<usize> = [5.0, 10.0]
        .iter()
        .map(|&sparsity| {
            let solved = published(&mut assignment(150, 11), reg, Some(sparsity / 150.0), 1000);
            assert_eq!(solved.outcome.end, End::Converged);
            assert!(solved.density <= (sparsity + 1.0) / 150.0);
            solved.n_newton
        })
        .collect();
    assert!(steps[1] <= steps[0] && steps[0] <= 60, "{steps:?}");
}

#[test]
fn the_stated_number_of_entries_is_kept() {
    for (sparsity, expected) in [(None, 160.0), (Some(3.5 / 80.0), 280.0), (Some(1e9), 6400.0)] {
        let solved = published(&mut assignment(80, 12), 0.01, sparsity, 40);
        assert_eq!(solved.density, expected / 6400.0);
    }
}

#[test]
fn all_entries_make_it_newtons_method() {
    let mut problem = assignment(60, 13);
    let reg = 0.01;
    let solved = published(&mut problem, reg, Some(1.0), 100);
    assert_eq!(solved.outcome.end, End::Converged);
    let mut errors = solved.last_errors(reg);
    // A pass that kept too few entries was made again.
    errors.dedup();
    let last: Vec<f64> = errors.iter().copied().skip_while(|&e| e > 1e-2).collect();
    assert!(last.len() >= 2);
    for pair in last.windows(2) {
        assert!(pair[1] <= 60.0 * pair[0] * pair[0], "{errors:?}");
    }
}

#[test]
fn a_limit_within_either_stage_is_kept() {
    for max_iter in [1, 19, 20, 21, 25] {
        let solved = published(&mut assignment(60, 14), 1.0 / 1200.0, None, max_iter);
        assert_eq!((solved.outcome.end, solved.n_iter), (End::Limit, max_iter));
    }
}
