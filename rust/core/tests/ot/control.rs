//! The caller's hand on a solve: interruption, a wish to stop, the limit of passes.

use std::sync::atomic::{AtomicUsize, Ordering};

use hasten_core::ot::{
    BarycenterParams, Batch, Histograms, Marginals, Method, Passing, SinkhornParams,
    SymmetricParams, apply_plan, apply_transposed_plan, barycenter, certify, column_log_sums,
    dense_plan, lower_bound, row_log_sums, sinkhorn, sinkhorn_batch, sparse_plan, symmetric,
};
use hasten_core::parallel::Team;
use hasten_core::{Control, Error, Flow, Info, Status};

use crate::dense::{Owned, random};

/// Interrupts at the `limit`-th question, steps and checks alike; stops at the `stop`-th step.
struct Caller {
    questions: AtomicUsize,
    limit: usize,
    steps: usize,
    stop: usize,
}

impl Caller {
    fn interrupting(limit: usize) -> Self {
        Self { questions: AtomicUsize::new(0), limit, steps: 0, stop: usize::MAX }
    }

    fn stopping(stop: usize) -> Self {
        Self { stop, ..Self::interrupting(usize::MAX) }
    }

    fn ask(&self) -> Result<(), Error> {
        let before = self.questions.fetch_add(1, Ordering::Relaxed);
        if before >= self.limit { Err(Error::Interrupted) } else { Ok(()) }
    }
}

impl Control for Caller {
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error> {
        self.ask()?;
        assert!((info.iterate)().iter().all(|x| x.is_finite()));
        self.steps += 1;
        Ok(if self.steps >= self.stop { Flow::Stop } else { Flow::Continue })
    }

    fn check(&self) -> Result<(), Error> {
        self.ask()
    }
}

fn solve(
    owned: &Owned,
    params: &SinkhornParams<'_>,
    caller: &mut Caller,
) -> Result<hasten_core::ot::SinkhornSolution, Error> {
    let values = owned.matrix();
    sinkhorn(&owned.problem(&values), &values, params, &Team::sequential(), caller)
}

/// Every way through a solve.
fn ways() -> Vec<(SinkhornParams<'static>, Marginals)> {
    let mut ways = Vec::new();
    for method in
        [Method::Auto, Method::Sinkhorn, Method::Log, Method::Newton, Method::NewtonAsPublished]
    {
        for eps_scaling in [None, Some(true), Some(false)] {
            if method == Method::NewtonAsPublished && eps_scaling == Some(true) {
                continue;
            }
            ways.push((
                SinkhornParams { method, eps_scaling, ..Default::default() },
                Marginals::FIXED,
            ));
        }
    }
    let penalised = Marginals { rows: 1.0, columns: f64::INFINITY };
    ways.push((SinkhornParams::default(), penalised));
    ways
}

#[test]
fn every_question_can_interrupt_a_solve() {
    for (params, marginals) in ways() {
        let owned = Owned { marginals, ..random(20, 18, 0.01, 3) };
        let params = SinkhornParams { max_iter: 120, ..params };
        let mut caller = Caller::interrupting(usize::MAX);
        solve(&owned, &params, &mut caller).unwrap();
        let total = caller.questions.into_inner();
        assert!(total > 20);
        for limit in (0..total).step_by(1 + total / 40) {
            let outcome = solve(&owned, &params, &mut Caller::interrupting(limit));
            assert_eq!(outcome.err(), Some(Error::Interrupted), "{limit} of {total} {params:?}");
        }
    }
}

#[test]
fn a_wish_to_stop_ends_with_an_honest_iterate() {
    for (params, marginals) in ways() {
        let owned = Owned { marginals, ..random(20, 18, 0.005, 3) };
        let best = solve(&owned, &params, &mut Caller::stopping(usize::MAX)).unwrap();
        for stop in [1, 2, 3, 5, 10, 25] {
            let mut caller = Caller::stopping(stop);
            let solution = solve(&owned, &params, &mut caller).unwrap();
            let error = owned.marginal_error(&solution.f, &solution.g) / owned.mass();
            match solution.status {
                Status::Stopped => assert!(error > params.tol),
                status => assert_eq!(status, Status::Converged),
            }
            assert_eq!(solution.status == Status::Converged, error <= params.tol);
            // Not one step more than was asked for.
            assert!(caller.steps <= stop, "{} {stop} {params:?}", caller.steps);
            let certificate = &solution.certificate;
            let upper = certificate.value + certificate.gap;
            assert!(certificate.value <= best.certificate.value + 1e-12, "{params:?}");
            assert!(best.certificate.value <= upper + 1e-12, "{params:?}");
        }
    }
}

#[test]
fn the_limit_of_passes_holds() {
    for (params, marginals) in ways() {
        let owned = Owned { marginals, ..random(20, 18, 0.005, 3) };
        for max_iter in [1, 2, 3, 4, 7, 20, 21, 22, 40] {
            let params = SinkhornParams { max_iter, ..params };
            let solution = solve(&owned, &params, &mut Caller::stopping(usize::MAX)).unwrap();
            let error = owned.marginal_error(&solution.f, &solution.g) / owned.mass();
            let is_met = error <= params.tol;
            assert_eq!(solution.status == Status::Converged, is_met, "{error} {params:?}");
            if !is_met {
                assert_eq!(solution.status, Status::MaxIter, "{params:?}");
            }
            assert!(solution.n_iter <= max_iter, "{} {params:?}", solution.n_iter);
            assert!(solution.f.iter().chain(&solution.g).all(|p| p.is_finite()));
        }
    }
}

#[test]
fn a_tolerance_below_rounding_ends_as_stalled() {
    let owned = random(15, 15, 0.1, 4);
    for (params, _) in ways() {
        let params = SinkhornParams { tol: 1e-19, ..params };
        let solution = owned.solve(&params);
        assert_eq!(solution.status, Status::Stalled, "{params:?}");
        assert!(solution.certificate.marginal_error < 1e-12, "{params:?}");
    }
}

#[test]
fn every_pass_asks() {
    let owned = random(40, 30, 0.1, 5);
    let values = owned.matrix();
    let problem = owned.problem(&values);
    let potentials = (&*vec![0.0; 40], &*vec![0.0; 30]);
    let team = Team::sequential();
    let refuse = || Err(Error::Interrupted);
    let passing = Passing { team: &team, check: &refuse };
    let ones = vec![1.0; 40];
    let interrupted = Some(Error::Interrupted);
    assert_eq!(dense_plan::<f64>(&problem, potentials, passing).err(), interrupted);
    assert_eq!(sparse_plan(&problem, potentials, 0.1, passing).err(), interrupted);
    assert_eq!(apply_plan(&problem, potentials, (&ones[..30], 1), passing).err(), interrupted);
    let found = apply_transposed_plan(&problem, potentials, (&ones, 1), passing);
    assert_eq!(found.err(), interrupted);
    let found = certify(&problem, potentials.0, potentials.1, &team, &refuse);
    assert_eq!(found.err(), interrupted);
    let weights = (&*owned.a, &*owned.b);
    assert_eq!(lower_bound(&values, weights, potentials.0, &team, &refuse).err(), interrupted);
    assert_eq!(row_log_sums(&values, potentials.1, 0.1, &team, &refuse).err(), interrupted);
    assert_eq!(column_log_sums(&values, potentials.0, 0.1, &team, &refuse).err(), interrupted);
}

#[test]
fn symmetric_problems_batches_and_barycenters_hear_the_caller() {
    let n = 20;
    let owned = Owned { a: vec![0.05; n], b: vec![0.05; n], ..random(n, n, 0.2, 6) };
    let cost: Vec<f64> = (0..n * n).map(|k| (k / n).abs_diff(k % n) as f64 / n as f64).collect();
    let owned = Owned { cost, ..owned };
    let values = owned.matrix();
    let problem = owned.problem(&values);
    let team = Team::sequential();
    let params = SymmetricParams { tol: 1e-12, max_iter: 1000 };
    let one = |caller: &mut Caller| symmetric::<f64>(&problem, &values, &params, &team, caller);
    let histograms = [&*owned.a, &*random(n, n, 1.0, 7).a].concat();
    let data =
        Histograms { values: &values, histograms: &histograms, weights: &[0.5, 0.5], reg: 0.2 };
    let center = BarycenterParams { debiased: true, tol: 1e-9, max_iter: 1000, trace: false };
    let two = |caller: &mut Caller| barycenter(&data, &center, &team, caller);
    let reg = [0.2; 13];
    let batch = Batch {
        costs: &owned.cost,
        a: &owned.a.repeat(13),
        b: &owned.b.repeat(13),
        shape: (n, n),
        reg: &reg,
        marginals: Marginals::FIXED,
    };
    let all = SinkhornParams::default();
    let three = |caller: &mut Caller| sinkhorn_batch(&batch, &all, &team, caller);
    for limit in 0..5 {
        let interrupted = Some(Error::Interrupted);
        assert_eq!(one(&mut Caller::interrupting(limit)).err(), interrupted);
        assert_eq!(two(&mut Caller::interrupting(limit)).err(), interrupted);
        assert_eq!(three(&mut Caller::interrupting(limit)).err(), interrupted);
    }
    let solution = one(&mut Caller::stopping(2)).unwrap();
    assert_eq!((solution.status, solution.n_iter), (Status::Stopped, 2));
    let solution = two(&mut Caller::stopping(2)).unwrap();
    assert_eq!((solution.status, solution.n_iter), (Status::Stopped, 2));
    let some = three(&mut Caller::stopping(2)).unwrap();
    assert!(some.len() < 13 && !some.is_empty());
    assert!(some.iter().all(|solution| solution.status == Status::Converged));
}
