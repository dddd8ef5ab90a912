//! The account of a solve: what is counted is what was done, and limits of memory hold.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hasten_core::Status;
use hasten_core::ot::{Method, SinkhornParams, SinkhornSolution, Stage, sinkhorn};
use hasten_core::pairs::{Matrix, PairValues};
use hasten_core::parallel::Team;

use crate::dense::{Owned, distance, random};

/// A matrix that counts the values that were read, those read again at once only once.
#[derive(Debug)]
struct Counting<'a> {
    values: Matrix<'a, f64>,
    n_read: AtomicUsize,
    last: Mutex<(usize, usize, usize)>,
}

impl PairValues for Counting<'_> {
    fn n_rows(&self) -> usize {
        self.values.n_rows()
    }

    fn n_columns(&self) -> usize {
        self.values.n_columns()
    }

    fn fill(&self, row: usize, start: usize, out: &mut [f64]) {
        let tile = (row, start, out.len());
        // A row whose guess was out of range is read again, which belongs to the same pass.
        if std::mem::replace(&mut *self.last.lock().unwrap(), tile) != tile {
            self.n_read.fetch_add(out.len(), Ordering::Relaxed);
        }
        self.values.fill(row, start, out);
    }

    fn cost(&self) -> f64 {
        self.values.cost()
    }
}

/// A solution and the times that the cost was read.
fn counted(owned: &Owned, params: &SinkhornParams<'_>) -> (SinkhornSolution, f64) {
    let (n_read, last) = (AtomicUsize::new(0), Mutex::default());
    let values = Counting { values: owned.matrix(), n_read, last };
    let problem = owned.problem(&values);
    let found = sinkhorn(&problem, &values, params, &Team::sequential(), &mut ()).unwrap();
    let n_read = values.n_read.into_inner();
    (found, n_read as f64 / (owned.n() * owned.m()) as f64)
}

#[test]
fn passes_are_counted_as_they_are_made() {
    let owned = random(40, 30, 0.01, 3);
    for method in
        [Method::Auto, Method::Sinkhorn, Method::Log, Method::Newton, Method::NewtonAsPublished]
    {
        for eps_scaling in [None, Some(true), Some(false)] {
            if method == Method::NewtonAsPublished && eps_scaling == Some(true) {
                continue;
            }
            for max_iter in [1, 2, 3, 4, 5, 23, 24, 1000] {
                let params = SinkhornParams {
                    method,
                    eps_scaling,
                    max_iter,
                    trace: true,
                    ..Default::default()
                };
                let (found, n_read) = counted(&owned, &params);
                assert!(found.n_iter <= max_iter, "{} {params:?}", found.n_iter);
                let on_kernel =
                    found.history.iter().filter(|record| record.stage == Stage::Scaling).count();
                // A certificate reads the cost three times, and there may be some.
                let certificates = (n_read - (found.n_iter - on_kernel) as f64) / 3.0;
                assert!([1.0, 2.0, 3.0, 4.0].contains(&certificates), "{certificates} {params:?}");
            }
        }
    }
}

#[test]
fn columns_out_of_reach_are_summed_by_themselves() {
    let mut owned = random(40, 30, 0.05, 3);
    // One column is far beyond the reach of an exponential of the first iterate.
    for row in owned.cost.chunks_exact_mut(30) {
        row[7] += 50.0;
    }
    let params = SinkhornParams { method: Method::Log, ..Default::default() };
    let (found, n_read) = counted(&owned, &params);
    assert_eq!(found.status, Status::Converged);
    // Beside the passes and one certificate, a column is read by itself.
    let extra = n_read - found.n_iter as f64 - 3.0;
    assert!((extra - 1.0 / 30.0).abs() < 1e-9, "{extra}");
    // A cost that a column has in common changes no plan.
    let plain = random(40, 30, 0.05, 3);
    let expected = plain.solve(&params);
    let plans = (owned.plan(&found.f, &found.g), plain.plan(&expected.f, &expected.g));
    assert!(distance(&plans.0, &plans.1) < 1e-6, "{}", distance(&plans.0, &plans.1));
}

#[test]
fn levels_are_in_the_history_and_only_where_there_are_any() {
    let owned = random(60, 60, 1.0 / 2000.0, 4);
    for method in [Method::Auto, Method::Sinkhorn, Method::Log, Method::Newton] {
        let solve = |eps_scaling| {
            let max_iter = 300;
            let params =
                SinkhornParams { method, eps_scaling, max_iter, trace: true, ..Default::default() };
            owned.solve(&params)
        };
        let with = solve(Some(true));
        let above: Vec<_> = with.history.iter().filter(|record| record.reg > owned.reg).collect();
        assert!(above.len() > 5, "{method:?}");
        assert!(above.iter().all(|record| {
            record.stage == Stage::Path
                || record.stage == Stage::Newton && matches!(method, Method::Auto | Method::Newton)
        }));
        let without = solve(Some(false));
        assert!(without.history.len() > 5);
        assert!(without.history.iter().all(|record| record.reg == owned.reg), "{method:?}");
        assert!(without.history.iter().all(|record| record.stage != Stage::Path));
    }
}

#[test]
fn dense_plans_are_solved_within_the_entries_that_may_be_kept() {
    for (n, low_memory, most) in [(300, false, 1 << 16), (1100, true, 1 << 20)] {
        let owned = random(n, n, 0.3, 5);
        let tol = 1e-12;
        let method = Method::Newton;
        let params = SinkhornParams { method, low_memory, tol, trace: true, ..Default::default() };
        let mut published = params;
        published.method = Method::NewtonAsPublished;
        published.newton.sparsity = Some(1.0);
        published.newton.n_sinkhorn = 2;
        for params in [params, published] {
            let found = owned.solve(&params);
            assert_eq!(found.status, Status::Converged, "{n} {params:?}");
            assert!(found.certificate.marginal_error <= tol);
            assert!(found.certificate.gap <= 1e-9);
            let kept = found.density * (n * n) as f64;
            assert!(found.n_newton == 0 || kept <= f64::from(most), "{kept}");
        }
    }
}
