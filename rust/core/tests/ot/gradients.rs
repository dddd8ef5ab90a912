//! Gradients in the points against central differences.

use hasten_core::Status;
use hasten_core::ot::{Marginals, Passing, SinkhornParams, point_gradient, sinkhorn};
use hasten_core::pairs::{Metric, Points};
use hasten_core::parallel::Team;
use proptest::prelude::*;

use crate::dense::{METRICS, Owned, go_on, point_costs, uniform, weights};

/// Step of the differences: their error is of the order of its square.
const STEP: f64 = 1e-5;

fn gradient(owned: &Owned, x: &[f64], points: &Points<f64>, f: &[f64], g: &[f64]) -> Vec<f64> {
    let team = Team::sequential();
    let passing = Passing { team: &team, check: &go_on };
    point_gradient(&owned.problem(points), points, (f, g), x, passing).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn at_any_potentials_it_is_the_gradient_of_the_dual(
        n in 1..5_usize, m in 1..40_usize, d in 1..4_usize, key in 0..1_000_u64,
    ) {
        let x: Vec<f64> = uniform(n * d, key).iter().map(|x| 2.0 * x - 0.7).collect();
        let y: Vec<f64> = uniform(m * d, key + 1).iter().map(|y| 2.0 * y - 1.3).collect();
        let (f, g) = (uniform(n, key + 2), uniform(m, key + 3));
        for metric in METRICS {
            let at = |x: &[f64]| Owned {
                a: weights(n, 4, 1.0),
                b: weights(m, 5, 1.0),
                cost: point_costs(metric, x, &y, d),
                reg: 0.5,
                marginals: Marginals::FIXED,
            };
            let points = Points::<f64>::new(&x, &y, d, metric).unwrap();
            let owned = at(&x);
            let found = gradient(&owned, &x, &points, &f, &g);
            // Kinks within reach of the step have no derivative to compare with.
            let near = (0..n * m * d).any(|k| {
                let (i, j, c) = (k / (m * d), k / d % m, k % d);
                (x[i * d + c] - y[j * d + c]).abs() < 0.01
            });
            let lengths = x.chunks(d).map(|x| x.iter().map(|x| x * x).sum::<f64>().sqrt());
            let short = lengths.fold(f64::INFINITY, f64::min) < 0.1;
            if near && metric != Metric::SquaredEuclidean || short && metric == Metric::Cosine {
                continue;
            }
            for k in 0..n * d {
                let moved = |step: f64| {
                    let mut x = x.clone();
                    x[k] += step;
                    at(&x).dual(&f, &g)
                };
                let difference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let size = 1.0 + found[k].abs();
                prop_assert!((found[k] - difference).abs() < 1e-6 * size,
                             "{metric:?} {} {difference}", found[k]);
            }
        }
    }
}

#[test]
fn at_the_optimum_it_is_the_gradient_of_the_value() {
    let (n, m, d) = (4, 6, 2);
    let x = uniform(n * d, 1);
    let y: Vec<f64> = uniform(m * d, 2).iter().map(|y| y + 0.5).collect();
    for metric in METRICS {
        for rho in [f64::INFINITY, 1.0] {
            let solve = |x: &[f64]| {
                let owned = Owned {
                    a: weights(n, 4, 1.0),
                    b: weights(m, 5, 1.0),
                    cost: point_costs(metric, x, &y, d),
                    reg: 0.2,
                    marginals: Marginals { rows: rho, columns: rho },
                };
                let points = Points::<f64>::new(x, &y, d, metric).unwrap();
                let params = SinkhornParams { tol: 1e-13, ..Default::default() };
                let team = Team::sequential();
                let problem = owned.problem(&points);
                let solution = sinkhorn(&problem, &points, &params, &team, &mut ()).unwrap();
                assert_eq!(solution.status, Status::Converged);
                let gradient = gradient(&owned, x, &points, &solution.f, &solution.g);
                (solution.certificate.value, gradient)
            };
            let (_, found) = solve(&x);
            for k in 0..n * d {
                let moved = |step: f64| {
                    let mut x = x.clone();
                    x[k] += step;
                    solve(&x).0
                };
                let difference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                assert!(
                    (found[k] - difference).abs() < 1e-8,
                    "{metric:?} {} {difference}",
                    found[k]
                );
            }
        }
    }
}

#[test]
fn where_there_is_no_derivative_it_is_zero() {
    let x = [1.0, 2.0];
    for metric in METRICS {
        let points = Points::<f64>::new(&x, &x, 2, metric).unwrap();
        let owned = Owned {
            a: vec![1.0],
            b: vec![1.0],
            cost: vec![0.0],
            reg: 1.0,
            marginals: Marginals::FIXED,
        };
        let found = gradient(&owned, &x, &points, &[0.0], &[0.0]);
        assert!(found.iter().all(|x| x.abs() < 1e-15), "{metric:?} {found:?}");
    }
}
