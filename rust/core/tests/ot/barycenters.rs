//! Barycenters against scalings in plain loops, and against what is known of them.

use hasten_core::ot::{Barycenter, BarycenterParams, Histograms, barycenter};
use hasten_core::pairs::Matrix;
use hasten_core::parallel::Team;
use hasten_core::{Error, Status};
use proptest::prelude::*;

use crate::dense::{distance, uniform, weights};

/// Squared distances on a grid over [0, 1].
fn grid(n: usize) -> Vec<f64> {
    let step = 1.0 / n.max(2) as f64;
    (0..n * n).map(|k| ((k / n) as f64 - (k % n) as f64).powi(2) * step * step).collect()
}

fn solve(
    cost: &[f64],
    (histograms, shares): (&[f64], &[f64]),
    reg: f64,
    params: BarycenterParams,
) -> Barycenter {
    let n = histograms.len() / shares.len();
    let values = Matrix::new("cost", cost, (n, n)).unwrap();
    let data = Histograms { values: &values, histograms, weights: shares, reg };
    barycenter(&data, &params, &Team::sequential(), &mut ()).unwrap()
}

const PLAIN: BarycenterParams =
    BarycenterParams { debiased: false, tol: 1e-11, max_iter: 20_000, trace: true };
const DEBIASED: BarycenterParams = BarycenterParams { debiased: true, ..PLAIN };

/// Iterated scalings with a stored kernel; the regularisation must not be small.
fn reference(
    cost: &[f64],
    (histograms, shares): (&[f64], &[f64]),
    reg: f64,
    debiased: bool,
    n_iter: usize,
) -> Vec<f64> {
    let n = histograms.len() / shares.len();
    let kernel: Vec<f64> = cost.iter().map(|c| (-c / reg).exp()).collect();
    let times = |v: &[f64]| -> Vec<f64> {
        kernel.chunks(n).map(|row| row.iter().zip(v).map(|(k, v)| k * v).sum()).collect()
    };
    let transposed = |u: &[f64]| -> Vec<f64> {
        (0..n).map(|j| (0..n).map(|i| kernel[i * n + j] * u[i]).sum()).collect()
    };
    let (mut v, mut d) = (vec![vec![1.0; n]; shares.len()], vec![1.0; n]);
    let mut p = vec![0.0; n];
    for _ in 0..n_iter {
        let sums: Vec<Vec<f64>> = v
            .iter()
            .zip(histograms.chunks(n))
            .map(|(v, h)| {
                let u: Vec<f64> = h.iter().zip(times(v)).map(|(h, s)| h / s).collect();
                transposed(&u)
            })
            .collect();
        for j in 0..n {
            p[j] = d[j] * sums.iter().zip(shares).map(|(s, w)| s[j].powf(*w)).product::<f64>();
        }
        for (v, s) in v.iter_mut().zip(&sums) {
            *v = p.iter().zip(s).map(|(p, s)| p / s).collect();
        }
        if debiased {
            let blurred = times(&d);
            for j in 0..n {
                d[j] = (d[j] * p[j] / blurred[j]).sqrt();
            }
        }
    }
    p
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn iterates_are_those_of_plain_scalings(
        n in 1..9_usize, count in 1..4_usize, reg in 0.05..1.0_f64, key in 0..1_000_u64,
        max_iter in 1..300_usize, debiased: bool,
    ) {
        let cost = grid(n);
        let histograms: Vec<f64> =
            (0..count as u64).flat_map(|k| weights(n, 100 * key + k, 1.0)).collect();
        let shares = weights(count, key, 1.0);
        let data = (&*histograms, &*shares);
        let params = BarycenterParams { max_iter, debiased, ..PLAIN };
        let found = solve(&cost, data, reg, params);
        prop_assert!(found.n_iter <= max_iter);
        prop_assert_eq!(found.status == Status::Converged, found.error <= 1e-11);
        let exact = reference(&cost, data, reg, debiased, found.n_iter);
        let difference = distance(&found.weights, &exact);
        prop_assert!(difference < 1e-11, "{difference}");
    }

    #[test]
    fn plans_lead_from_the_histograms_to_the_barycenter(
        n in 1..9_usize, count in 1..4_usize, reg in 0.05..1.0_f64, key in 0..1_000_u64,
    ) {
        let cost = grid(n);
        let histograms: Vec<f64> =
            (0..count as u64).flat_map(|k| weights(n, 100 * key + k, 1.0)).collect();
        let shares = weights(count, key, 1.0);
        let found = solve(&cost, (&histograms, &shares), reg, PLAIN);
        prop_assert_eq!(found.status, Status::Converged);
        for (k, h) in histograms.chunks(n).enumerate() {
            let (f, g) = (&found.f[k * n..][..n], &found.g[k * n..][..n]);
            let plan = |i: usize, j: usize| h[i] * ((f[i] + g[j] - cost[i * n + j]) / reg).exp();
            for i in 0..n {
                prop_assert!(((0..n).map(|j| plan(i, j)).sum::<f64>() - h[i]).abs() < 2e-11);
                let sum: f64 = (0..n).map(|j| plan(j, i)).sum();
                prop_assert!((sum - found.weights[i]).abs() < 2e-11);
            }
        }
        // At the optimum the weighted potentials cancel.
        for j in 0..n {
            let sum: f64 = (0..count).map(|k| shares[k] * found.g[k * n + j]).sum();
            prop_assert!(sum.abs() < 1e-12, "{sum}");
        }
    }

    #[test]
    fn without_bias_equal_histograms_are_their_own_barycenter(
        n in 2..12_usize, reach in 0.2..0.8_f64, key in 0..1_000_u64,
    ) {
        // A kernel that is far from singular: it falls fast from one bin to the next.
        let reg = reach / (n * n) as f64;
        let h = weights(n, key, 1.0);
        let found = solve(&grid(n), (&h.repeat(3), &[0.2, 0.3, 0.5]), reg, DEBIASED);
        prop_assert_eq!(found.status, Status::Converged);
        prop_assert!(distance(&found.weights, &h) < 1e-8, "{:?} {h:?}", found.weights);
    }
}

#[test]
fn the_unit_of_mass_changes_nothing_but_the_mass() {
    let n = 12;
    let one: Vec<f64> = (0..3).flat_map(|k| weights(n, k, 1.0)).collect();
    let shares = [0.2, 0.3, 0.5];
    for (debiased, tol) in [(false, 1e-9), (true, 1e-6)] {
        let params = BarycenterParams { debiased, tol, ..PLAIN };
        let expected = solve(&grid(n), (&one, &shares), 0.02, params);
        assert_eq!(expected.status, Status::Converged);
        assert!(expected.n_iter > 5);
        for mass in [1e-12, 1e6] {
            let scaled: Vec<f64> = one.iter().map(|h| mass * h).collect();
            let found = solve(&grid(n), (&scaled, &shares), 0.02, params);
            assert_eq!((found.status, found.n_iter), (expected.status, expected.n_iter));
            let back: Vec<f64> = found.weights.iter().map(|p| p / mass).collect();
            assert!(distance(&back, &expected.weights) < 1e-12, "{mass} {debiased}");
            assert!(found.error <= mass * tol);
            assert!((found.error / mass - expected.error).abs() < 1e-12);
            for (one, other) in found.history.iter().zip(&expected.history) {
                assert!((one.error / mass - other.error).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn histograms_of_different_mass_are_refused() {
    let histograms = [weights(6, 1, 1.0), weights(6, 2, 1.1)].concat();
    let cost = grid(6);
    let values = Matrix::new("cost", &cost, (6, 6)).unwrap();
    for histograms in [&histograms[..], &[0.0; 12]] {
        let data = Histograms { values: &values, histograms, weights: &[0.5, 0.5], reg: 0.1 };
        let found = barycenter(&data, &PLAIN, &Team::sequential(), &mut ());
        assert!(matches!(found, Err(Error::Value { argument: "histograms", .. })));
    }
}

#[test]
fn empty_bins_are_allowed() {
    let n = 30;
    let mut histograms = vec![0.0; 2 * n];
    histograms[3] = 1.0;
    histograms[n + 23] = 1.0;
    for (reg, debiased) in [(1e-3, true), (1e-3, false), (1e-5, false)] {
        // Debiased, the iteration is slow where the kernel is nearly singular.
        let tol = if debiased { 1e-6 } else { 1e-11 };
        let params = BarycenterParams { debiased, tol, ..PLAIN };
        let found = solve(&grid(n), (&histograms, &[0.5, 0.5]), reg, params);
        assert_eq!(found.status, Status::Converged);
        assert!(found.weights.iter().all(|p| p.is_finite() && *p >= 0.0));
        // Half way between two points, symmetric about it.
        let mean: f64 = found.weights.iter().enumerate().map(|(i, p)| i as f64 * p).sum();
        assert!((mean - 13.0).abs() < 1e-6, "{mean}");
        if debiased {
            assert!(found.weights[13] > 0.999, "{}", found.weights[13]);
        }
    }
}

#[test]
fn the_history_ends_with_the_error() {
    let histograms = [weights(6, 1, 1.0), uniform(6, 2)].concat();
    let total: f64 = histograms[6..].iter().sum();
    let histograms: Vec<f64> =
        histograms.iter().enumerate().map(|(k, h)| if k < 6 { *h } else { h / total }).collect();
    let found = solve(&grid(6), (&histograms, &[0.5, 0.5]), 0.1, PLAIN);
    assert_eq!(found.history.len(), found.n_iter);
    assert_eq!(found.history[found.n_iter - 1].error, found.error);
    assert!(found.error <= 1e-11);
}
