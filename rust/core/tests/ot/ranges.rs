//! Units of mass and of length that single precision cannot hold.

use hasten_core::Status;
use hasten_core::ot::{
    Marginals, Method, Passing, Precision, SinkhornParams, certify, lower_bound, row_log_sums,
    sinkhorn, soft_transform,
};
use hasten_core::pairs::{Metric, PairValues, Points};
use hasten_core::parallel::Team;

use crate::dense::{Owned, go_on, point_costs, random, uniform, weights};

#[test]
fn the_unit_of_mass_changes_no_number_of_passes() {
    let (n, m) = (200, 150);
    for method in [Method::Auto, Method::Sinkhorn] {
        for precision in [Precision::Double, Precision::Mixed] {
            let solve = |mass: f64| {
                let (a, b) = (weights(n, 1, mass), weights(m, 2, mass));
                let owned = Owned { a, b, ..random(n, m, 0.05, 3) };
                let params = SinkhornParams { method, precision, tol: 1e-5, ..Default::default() };
                let found = owned.solve(&params);
                let error = owned.marginal_error(&found.f, &found.g);
                assert!(error <= 1.01e-5 * mass, "{error} {mass}");
                assert_eq!(found.method, "sinkhorn", "{mass} {params:?}");
                found
            };
            let one = solve(1.0);
            assert_eq!(one.status, Status::Converged);
            for mass in [1e-43, 1e-38, 1e42] {
                let found = solve(mass);
                assert_eq!(found.status, Status::Converged);
                let passes = (found.n_iter, one.n_iter);
                assert!(passes.0.abs_diff(passes.1) <= 1, "{passes:?} {mass} {method:?}");
            }
        }
    }
}

#[test]
fn distances_beyond_single_precision_are_taken_in_double() {
    let (x, y) = ([0.0_f32], [1e20_f32, 2e20]);
    let metric = Metric::SquaredEuclidean;
    let double = Points::<f64>::new(&x, &y, 1, metric).unwrap();
    let single = Points::<f32>::new(&x, &y, 1, metric).unwrap();
    let mut row = [0.0; 2];
    single.fill(0, 0, &mut row);
    assert!(row.iter().all(|c| c.is_infinite()));
    let owned = Owned {
        a: vec![1.0],
        b: vec![0.4, 0.6],
        cost: vec![1e40, 4e40],
        reg: 1e40,
        marginals: Marginals::FIXED,
    };
    for marginals in [Marginals::FIXED, Marginals { rows: 1e40, columns: 1e40 }] {
        for method in [Method::Auto, Method::Sinkhorn, Method::Log] {
            let owned = Owned { marginals, ..owned.clone() };
            let precision = Precision::Mixed;
            let params = SinkhornParams { method, precision, tol: 1e-5, ..Default::default() };
            let problem = owned.problem(&double);
            let team = Team::sequential();
            let found = sinkhorn(&problem, &single, &params, &team, &mut ()).unwrap();
            assert_eq!(found.status, Status::Converged, "{params:?}");
            assert!(found.n_iter < 200);
            let error = owned.marginal_error(&found.f, &found.g);
            assert!(error <= 1e-5, "{error} {:?}", (found.f, found.g));
        }
    }
}

#[test]
fn a_point_beyond_single_precision_is_reached_in_double() {
    let far = |values: Vec<f64>| -> Vec<f64> { values.iter().map(|x| 1e19 * x).collect() };
    let (x, mut y) = (far(uniform(30, 1)), far(uniform(20, 2)));
    y[19] = 2.9e19;
    let metric = Metric::SquaredEuclidean;
    let double = Points::<f64>::new(&x, &y, 1, metric).unwrap();
    let single = Points::<f32>::new(&x, &y, 1, metric).unwrap();
    let mut row = [0.0; 20];
    single.fill(0, 0, &mut row);
    assert!(row[19].is_infinite() && row[..19].iter().all(|c| c.is_finite()));
    let cost = point_costs(metric, &x, &y, 1);
    let owned = Owned { cost, reg: 1e37, ..random(30, 20, 1.0, 3) };
    for method in [Method::Auto, Method::Sinkhorn, Method::Log] {
        let precision = Precision::Mixed;
        let params = SinkhornParams { method, precision, tol: 1e-5, ..Default::default() };
        let problem = owned.problem(&double);
        let team = Team::sequential();
        let found = sinkhorn(&problem, &single, &params, &team, &mut ()).unwrap();
        assert_eq!(found.status, Status::Converged, "{params:?}");
        assert!(found.n_iter < 500, "{}", found.n_iter);
        assert!(owned.marginal_error(&found.f, &found.g) <= 1.01e-5);
    }
}

#[test]
fn nothing_is_transported_to_weights_of_zero() {
    let owned = random(3, 2, 0.1, 1);
    let values = owned.matrix();
    let team = Team::sequential();
    let none = [f64::NEG_INFINITY; 2];
    let sums = row_log_sums(&values, &none, 0.1, &team, &go_on).unwrap();
    assert_eq!(sums, [f64::NEG_INFINITY; 3]);
    let passing = Passing { team: &team, check: &go_on };
    let found = soft_transform(&values, (&[0.0; 2], &[1.0; 2]), 0.1, false, passing).unwrap();
    assert_eq!(found, [f64::INFINITY; 3]);
    let found = soft_transform(&values, (&owned.a, &[1.0; 3]), 0.1, true, passing).unwrap();
    for (j, found) in found.iter().enumerate() {
        let sum: f64 =
            (0..3).map(|i| owned.a[i] * ((1.0 - owned.cost[2 * i + j]) / 0.1).exp()).sum();
        assert!((found + 0.1 * sum.ln()).abs() < 1e-13);
    }
}

#[test]
fn bounds_that_overflow_bound_nothing() {
    let mut owned = random(2, 2, 1.0, 1);
    owned.cost = vec![1e308, -1e308, -1e308, 1e308];
    owned.a = vec![1e3, 1e3];
    owned.b = vec![1e3, 1e3];
    let values = owned.matrix();
    let team = Team::sequential();
    let potential = [1e308, -1e308];
    let weights = (&*owned.a, &*owned.b);
    let bound = lower_bound(&values, weights, &potential, &team, &go_on).unwrap();
    // The cheapest plan costs less than any number.
    assert_eq!(bound, f64::NEG_INFINITY);
    let g = [1e308, -1e308];
    let found = certify(&owned.problem(&values), &potential, &g, &team, &go_on).unwrap();
    assert!(!found.rounded_linear.is_nan());
}
