//! Solves against thousands of textbook iterations.

use hasten_core::Status;
use hasten_core::ot::{
    Marginals, Method, Precision, SinkhornParams, SymmetricParams, column_log_sums, row_log_sums,
    sinkhorn, symmetric,
};
use hasten_core::pairs::{Matrix, Points};
use hasten_core::parallel::Team;
use proptest::prelude::*;

use crate::dense::{
    METRICS, Owned, distance, go_on, log_sum_exp, point_costs, problems, random, uniform, weights,
};

const METHODS: [Method; 5] =
    [Method::Auto, Method::Sinkhorn, Method::Log, Method::Newton, Method::NewtonAsPublished];

fn needs_fixed(method: Method) -> bool {
    matches!(method, Method::Newton | Method::NewtonAsPublished)
}

/// Status, certificate and plan of a solution against the reference.
fn assert_solved(owned: &Owned, params: &SinkhornParams<'_>, reference: &(Vec<f64>, Vec<f64>)) {
    let solution = owned.solve(params);
    let (f, g) = (&solution.f, &solution.g);
    let certificate = &solution.certificate;
    assert_eq!(solution.status, Status::Converged, "{params:?}");
    let error = owned.marginal_error(f, g);
    assert!(error <= 1.01 * params.tol * owned.mass() + 1e-14, "{error} {params:?}");
    let optimum = owned.dual(&reference.0, &reference.1);
    let rounding = 1e-13 * owned.size(f, g);
    assert!(certificate.value <= optimum + rounding, "{params:?}");
    assert!(optimum <= certificate.value + certificate.gap + rounding, "{params:?}");
    if owned.marginals.are_fixed() {
        // Pinsker's inequality for the rounded plan, and its distance from the plan.
        let mass: f64 = owned.a.iter().sum();
        let gap = certificate.gap + rounding;
        let bound = (2.0 * mass * gap / owned.reg).sqrt() + 2.0 * error;
        let found = distance(&owned.plan(f, g), &owned.plan(&reference.0, &reference.1));
        assert!(found <= bound + 1e-12, "{found} {bound} {params:?}");
        let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        assert!((inner(f, &owned.a) - inner(g, &owned.b)).abs() <= rounding, "{params:?}");
    } else {
        // The dual is strongly concave; the factor is generous for the ranges of these problems.
        let found = distance(f, &reference.0) + distance(g, &reference.1);
        let size = 1.0 + f.iter().chain(g).map(|p| p.abs()).sum::<f64>();
        assert!(found <= 1e5 * params.tol * size, "{found} {params:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_method_reaches_the_reference(owned in problems()) {
        let reference = owned.reference();
        for method in METHODS {
            if needs_fixed(method) && !owned.marginals.are_fixed() {
                continue;
            }
            for precision in [Precision::Double, Precision::Mixed] {
                // Two entries a row, as published, may be too few for these dense plans.
                let mut params = SinkhornParams { method, precision, tol: 1e-11, ..Default::default() };
                params.newton.sparsity = Some(8.0 / owned.a.len() as f64);
                assert_solved(&owned, &params, &reference);
            }
        }
    }

    #[test]
    fn memory_path_and_start_change_no_answer(owned in problems()) {
        let reference = owned.reference();
        for eps_scaling in [None, Some(true), Some(false)] {
            for low_memory in [false, true] {
                for method in [Method::Auto, Method::Sinkhorn, Method::Newton] {
                    if needs_fixed(method) && !owned.marginals.are_fixed() {
                        continue;
                    }
                    let params = SinkhornParams {
                        method, eps_scaling, low_memory, tol: 1e-11, ..Default::default()
                    };
                    assert_solved(&owned, &params, &reference);
                }
            }
        }
        let (f, g): (Vec<_>, Vec<_>) = (uniform(owned.n(), 5), uniform(owned.m(), 6));
        let params = SinkhornParams { init: Some((&f, &g)), tol: 1e-11, ..Default::default() };
        assert_solved(&owned, &params, &reference);
    }

    #[test]
    fn the_answer_is_a_good_start(owned in problems()) {
        let params = SinkhornParams { tol: 1e-10, ..Default::default() };
        let first = owned.solve(&params);
        let init = Some((&*first.f, &*first.g));
        let again = owned.solve(&SinkhornParams { init, tol: 2e-10, ..params });
        prop_assert_eq!(again.status, Status::Converged);
        prop_assert!(again.n_iter <= 2, "{}", again.n_iter);
    }

    #[test]
    fn constants_in_rows_and_columns_of_the_cost_move_into_the_potentials(owned in problems()) {
        prop_assume!(owned.marginals.are_fixed());
        let mut moved = owned.clone();
        let m = owned.m();
        for (k, cost) in moved.cost.iter_mut().enumerate() {
            *cost += (k / m) as f64 - 2.0 * (k % m) as f64;
        }
        let params = SinkhornParams { tol: 1e-12, ..Default::default() };
        let (one, other) = (owned.solve(&params), moved.solve(&params));
        let difference = distance(&owned.plan(&one.f, &one.g), &moved.plan(&other.f, &other.g));
        // Both errors, amplified by the conditioning of the problem.
        prop_assert!(difference <= 1e-7, "{difference}");
    }

    #[test]
    fn log_sums_are_those_of_plain_loops(owned in problems(), scale in 1.0..1e4_f64) {
        let (n, m) = (owned.n(), owned.m());
        let phi: Vec<f64> = uniform(n, 3).iter().map(|x| scale * (x - 0.5)).collect();
        let psi: Vec<f64> = uniform(m, 4).iter().map(|x| scale * (x - 0.5)).collect();
        let (values, team, reg) = (owned.matrix(), Team::sequential(), owned.reg);
        let rows = row_log_sums(&values, &psi, reg, &team, &go_on).unwrap();
        let columns = column_log_sums(&values, &phi, reg, &team, &go_on).unwrap();
        for (i, found) in rows.iter().enumerate() {
            let exact = log_sum_exp((0..m).map(|j| psi[j] - owned.cost[i * m + j] / reg));
            prop_assert!((found - exact).abs() <= 1e-14 * (1.0 + scale));
        }
        for (j, found) in columns.iter().enumerate() {
            let exact = log_sum_exp((0..n).map(|i| phi[i] - owned.cost[i * m + j] / reg));
            prop_assert!((found - exact).abs() <= 1e-14 * (1.0 + scale));
        }
    }

    #[test]
    fn one_potential_solves_a_symmetric_problem(owned in problems()) {
        let n = owned.n();
        let mut owned = owned;
        let rows: Vec<f64> = uniform(2 * n, 8);
        owned.cost = point_costs(METRICS[0], &rows, &rows, 2);
        owned.b.clone_from(&owned.a);
        owned.marginals.columns = owned.marginals.rows;
        let values = owned.matrix();
        let params = SymmetricParams { tol: 1e-11, max_iter: 5000 };
        let team = Team::sequential();
        let problem = owned.problem(&values);
        let double = symmetric::<f64>(&problem, &values, &params, &team, &mut ()).unwrap();
        let (f, g) = owned.reference();
        let half: Vec<f64> = f.iter().zip(&g).map(|(f, g)| (f + g) / 2.0).collect();
        prop_assert_eq!(double.status, Status::Converged);
        prop_assert!(distance(&double.f, &half) <= 1e-8 * n as f64, "{:?} {half:?}", double.f);
        prop_assert!(owned.marginal_error(&double.f, &double.f) <= 1.01e-11 * owned.mass() + 1e-14);
        let params = SymmetricParams { tol: 1e-5, ..params };
        let single = symmetric::<f32>(&problem, &values, &params, &team, &mut ()).unwrap();
        prop_assert_eq!(single.status, Status::Converged);
        prop_assert!(owned.marginal_error(&single.f, &single.f) <= 1.01e-5 * owned.mass());
    }
}

/// Two clouds that fill several chunks and tiles.
fn clouds(n: usize, m: usize, d: usize) -> (Vec<f64>, Vec<f64>) {
    let shifted = uniform(m * d, 2).iter().map(|y| y + 0.2).collect();
    (uniform(n * d, 1), shifted)
}

#[test]
fn points_are_the_matrix_of_their_costs() {
    let (n, m, d) = (40, 530, 3);
    let (x, y) = clouds(n, m, d);
    for metric in METRICS {
        let cost = point_costs(metric, &x, &y, d);
        let (a, b) = (weights(n, 3, 2.0), weights(m, 4, 2.0));
        let owned = Owned { a, b, cost, reg: 0.1, marginals: Marginals::FIXED };
        let points = Points::<f64>::new(&x, &y, d, metric).unwrap();
        let team = Team::sequential();
        for method in [Method::Auto, Method::Sinkhorn] {
            let params = SinkhornParams { method, tol: 1e-11, ..Default::default() };
            let problem = owned.problem(&points);
            let one = sinkhorn(&problem, &points, &params, &team, &mut ()).unwrap();
            let other = owned.solve(&params);
            assert_eq!((one.status, other.status), (Status::Converged, Status::Converged));
            assert!((one.certificate.value - other.certificate.value).abs() < 1e-12);
            let plans = (owned.plan(&one.f, &one.g), owned.plan(&other.f, &other.g));
            assert!(distance(&plans.0, &plans.1) < 1e-8, "{metric:?}");
            assert!(owned.marginal_error(&one.f, &one.g) <= 2.1e-11);
        }
        // Distances of single precision in the iterations, the certificate in double.
        let single = Points::<f32>::new(&x, &y, d, metric).unwrap();
        let precision = Precision::Mixed;
        let params = SinkhornParams { tol: 1e-5, precision, ..Default::default() };
        let problem = owned.problem(&points);
        let solution = sinkhorn(&problem, &single, &params, &team, &mut ()).unwrap();
        assert_eq!(solution.status, Status::Converged);
        assert!(owned.marginal_error(&solution.f, &solution.g) <= 2.0 * 1e-5);
    }
}

#[test]
fn single_costs_are_the_doubles_they_stand_for() {
    let mut owned = random(30, 40, 0.02, 9);
    let single: Vec<f32> = owned.cost.iter().map(|&c| c as f32).collect();
    owned.cost = single.iter().map(|&c| f64::from(c)).collect();
    let values = Matrix::new("cost", &single, (30, 40)).unwrap();
    for method in [Method::Auto, Method::Sinkhorn, Method::Log, Method::Newton] {
        let params = SinkhornParams { method, ..Default::default() };
        let team = Team::sequential();
        let found = sinkhorn(&owned.problem(&values), &values, &params, &team, &mut ()).unwrap();
        let double = owned.solve(&params);
        assert_eq!(found.status, Status::Converged);
        assert_eq!((found.f, found.g), (double.f, double.g));
    }
}

#[test]
fn weak_penalties_and_strong_ones_are_solved_in_few_passes() {
    for (rows, columns) in [(1e-3, 1e-3), (1e3, 1e3), (1e5, 1e-2), (1e4, f64::INFINITY)] {
        let mut owned = random(20, 25, 0.1, 11);
        owned.marginals = Marginals { rows, columns };
        owned.b.iter_mut().for_each(|b| *b *= 1.5);
        let solution = owned.solve(&SinkhornParams { tol: 1e-10, ..Default::default() });
        assert_eq!(solution.status, Status::Converged, "{rows} {columns}");
        assert!(solution.n_iter < 400, "{} {rows} {columns}", solution.n_iter);
        let certificate = solution.certificate;
        assert!(certificate.gap <= 1e-9 * (1.0 + certificate.value.abs()), "{rows} {columns}");
    }
}

#[test]
fn the_history_tells_every_pass() {
    let owned = random(30, 20, 0.01, 12);
    for method in [Method::Auto, Method::Sinkhorn, Method::Log] {
        let params = SinkhornParams { method, trace: true, ..Default::default() };
        let solution = owned.solve(&params);
        let history = &solution.history;
        assert!(!history.is_empty());
        assert!(history.windows(2).all(|pair| pair[0].n_iter < pair[1].n_iter));
        assert!(history[history.len() - 1].n_iter <= solution.n_iter);
        let best = solution.certificate.value + solution.certificate.gap;
        // Balanced levels above the last have values of their own.
        let last = history.iter().filter(|record| record.reg == owned.reg);
        for record in last {
            assert!(record.value <= best + 1e-12, "{record:?} {best}");
            assert!(record.error.is_finite());
        }
        let quiet = owned.solve(&SinkhornParams { trace: false, ..params });
        assert!(quiet.history.is_empty());
        assert_eq!((quiet.f, quiet.g), (solution.f, solution.g));
    }
}
