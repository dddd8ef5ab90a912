//! Least squares against its definition.

use hasten_core::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::determinantal::{Fit, Observations, least_squares, solve};

const WIDTH: usize = 4;

fn features(n: usize) -> Vec<f64> {
    (0..n)
        .flat_map(|i| (0..WIDTH).map(move |j| ((i * (j + 1)) as f64 * 0.7 + j as f64).cos()))
        .collect()
}

fn values(n: usize) -> Vec<f64> {
    (0..n).flat_map(|i| [(i as f64).sin(), (i as f64 * 0.7371).fract()]).collect()
}

fn weights(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.5 + (i % 5) as f64).collect()
}

fn fit(features: &[f64], values: &[f64], weights: Option<&[f64]>, team: &Team) -> Fit {
    let data = Observations { features, width: WIDTH, values, n_outputs: 2, weights };
    least_squares(data, team, &mut ()).unwrap()
}

fn fitted(fit: &Fit, features: &[f64], output: usize) -> f64 {
    features.iter().enumerate().map(|(j, x)| x * fit.coefficients[2 * j + output]).sum()
}

#[test]
fn residuals_are_orthogonal_to_the_features() {
    let n = 3000;
    let (phi, y, w) = (features(n), values(n), weights(n));
    let found = fit(&phi, &y, Some(&w), &Team::sequential());
    for output in 0..2 {
        let residual =
            |i: usize| y[2 * i + output] - fitted(&found, &phi[WIDTH * i..][..WIDTH], output);
        for j in 0..WIDTH {
            let product: f64 = (0..n).map(|i| w[i] * residual(i) * phi[WIDTH * i + j]).sum();
            assert!(product.abs() < 1e-9, "{product}");
        }
        let sum: f64 = (0..n).map(|i| w[i] * residual(i).powi(2)).sum();
        assert!((found.reduced.residual_norms[output] / sum.sqrt() - 1.0).abs() < 1e-12);
    }
    let trace: f64 = (0..n)
        .map(|i| w[i] / n as f64 * phi[WIDTH * i..][..WIDTH].iter().map(|x| x * x).sum::<f64>())
        .sum();
    assert!((found.eigenvalues.iter().sum::<f64>() - trace).abs() < 1e-12);
    assert!(found.eigenvalues.is_sorted());
}

#[test]
fn leaving_one_out_is_what_it_says() {
    let n = 11;
    let (phi, y, w) = (features(n), values(n), weights(n));
    let found = fit(&phi, &y, Some(&w), &Team::sequential());
    for output in 0..2 {
        let mut sum = 0.0;
        for i in 0..n {
            let mut without = w.clone();
            without[i] = 0.0;
            let others = fit(&phi, &y, Some(&without), &Team::sequential());
            let miss = y[2 * i + output] - fitted(&others, &phi[WIDTH * i..][..WIDTH], output);
            sum += w[i] * miss * miss / n as f64;
        }
        assert!((found.leave_one_out[output] / sum.sqrt() - 1.0).abs() < 1e-10);
    }
}

#[test]
fn without_a_point_to_spare_there_is_no_error() {
    let found = fit(&features(WIDTH), &values(WIDTH), None, &Team::sequential());
    assert!(found.leave_one_out.iter().all(|x| x.is_nan()));
    // A point that alone tells a function apart cannot be left out.
    let phi: Vec<f64> = (0..40)
        .map(
            |k| if k % 4 == k / 4 || k % 4 < 3 && k >= 16 { 1.0 + f64::from(k) % 3.0 } else { 0.0 },
        )
        .collect();
    let found = fit(&phi, &values(10), None, &Team::sequential());
    assert!(found.leave_one_out.iter().all(|x| x.is_infinite()));
}

#[test]
fn fits_merge_exactly() {
    let n = 2500;
    let (phi, y, w) = (features(n), values(n), weights(n));
    let team = Team::sequential();
    let whole = fit(&phi, &y, Some(&w), &team);
    let cut = 901;
    let first = fit(&phi[..cut * WIDTH], &y[..cut * 2], Some(&w[..cut]), &team);
    let second = fit(&phi[cut * WIDTH..], &y[cut * 2..], Some(&w[cut..]), &team);
    let merged = solve(first.reduced.stack(&second.reduced).unwrap(), n).unwrap();
    for (a, b) in merged.coefficients.iter().zip(&whole.coefficients) {
        assert!((a - b).abs() < 1e-13);
    }
    for (a, b) in merged.eigenvalues.iter().zip(&whole.eigenvalues) {
        assert!((a / b - 1.0).abs() < 1e-13);
    }
    for (a, b) in merged.reduced.residual_norms.iter().zip(&whole.reduced.residual_norms) {
        assert!((a / b - 1.0).abs() < 1e-12);
    }
}

#[test]
fn each_of_many_outputs_is_fitted_as_if_alone() {
    let (n, n_outputs) = (700, 150);
    let phi = features(n);
    let y: Vec<f64> = (0..n * n_outputs).map(|k| (k as f64 * 0.618).sin()).collect();
    let with = |values: &[f64], n_outputs| {
        let data = Observations { features: &phi, width: WIDTH, values, n_outputs, weights: None };
        least_squares(data, &Team::sequential(), &mut ()).unwrap()
    };
    let found = with(&y, n_outputs);
    for output in [0, 63, 64, 149] {
        let column: Vec<f64> = y[output..].iter().step_by(n_outputs).copied().collect();
        let alone = with(&column, 1);
        for j in 0..WIDTH {
            let difference = found.coefficients[j * n_outputs + output] - alone.coefficients[j];
            assert!(difference.abs() < 1e-14);
        }
        assert!((found.leave_one_out[output] / alone.leave_one_out[0] - 1.0).abs() < 1e-13);
        let norm = alone.reduced.residual_norms[0];
        assert!((found.reduced.residual_norms[output] / norm - 1.0).abs() < 1e-13);
    }
}

#[test]
fn the_unit_of_the_values_does_not_matter() {
    let n = 50;
    let (phi, y, w) = (features(n), values(n), weights(n));
    let expected = fit(&phi, &y, Some(&w), &Team::sequential());
    for unit in [2f64.powi(1000), 2f64.powi(-1000)] {
        let scaled: Vec<f64> = y.iter().map(|y| unit * y).collect();
        let found = fit(&phi, &scaled, Some(&w), &Team::sequential());
        let norms = (&found.reduced.residual_norms, &expected.reduced.residual_norms);
        for (found, expected) in [(&found.leave_one_out, &expected.leave_one_out), norms] {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found / (unit * expected) - 1.0).abs() < 1e-13);
            }
        }
        let merged = found.reduced.stack(&found.reduced).unwrap();
        let twice = expected.reduced.residual_norms[0] * 2f64.sqrt();
        assert!((merged.residual_norms[0] / (unit * twice) - 1.0).abs() < 1e-13);
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let n = 20_000;
    let (phi, y) = (features(n), values(n));
    let alone = fit(&phi, &y, None, &Team::sequential());
    for n_threads in [2, 3, 7] {
        assert!(fit(&phi, &y, None, &Team::lease(n_threads)) == alone);
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let refused = |features: &[f64], values: &[f64], weights: Option<&[f64]>| {
        let data = Observations { features, width: 2, values, n_outputs: 1, weights };
        least_squares(data, &Team::sequential(), &mut ()).unwrap_err()
    };
    let message = |error: Error| error.to_string();
    let few = message(refused(&[1.0, 2.0], &[1.0], None));
    assert!(few.contains("`X` must have at least 2 points"), "{few}");
    let same = message(refused(&[1.0, 2.0, 1.0, 2.0, 2.0, 4.0], &[1.0; 3], None));
    assert!(same.contains("tell the 2 functions of the basis apart; got rank 1"), "{same}");
    let good = [1.0, 0.0, 0.0, 1.0];
    let negative = message(refused(&good, &[1.0; 2], Some(&[1.0, -1.0])));
    assert!(
        negative.contains("`sample_weight` must be at least 0; got -1 at index 1"),
        "{negative}"
    );
    assert!(matches!(refused(&good, &[1.0], None), Error::Shape { argument: "y", .. }));
    assert!(matches!(refused(&good, &[1.0, f64::NAN], None), Error::NotFinite { index: 1, .. }));
    let huge = [1e200, 0.0, 0.0, 1e200];
    let fit =
        Observations { features: &huge, width: 2, values: &[1.0; 2], n_outputs: 1, weights: None };
    // An answer or a refusal, no panic.
    let _ = least_squares(fit, &Team::sequential(), &mut ());
}
