//! Weights and variances of the linear-time rule.

use hasten_core::Error;
use hasten_core::quadrature::bayes::{
    Kernel, MaternPrior, Measure, Smoothness, kernel_mean, matern_rule,
};
use proptest::prelude::*;

use crate::references::{DENSE, EVEN_WEIGHTS, NODES, NOISY_WEIGHTS, WEIGHTS};

pub(crate) fn prior(p: usize, length: f64, noise: f64) -> MaternPrior {
    MaternPrior { smoothness: Smoothness::ALL[p], length, noise }
}

pub(crate) fn even(n: usize, upper: f64) -> Vec<f64> {
    (0..n).map(|i| upper * i as f64 / (n - 1) as f64).collect()
}

pub(crate) fn close(found: f64, expected: f64, relative: f64) {
    let error = (found - expected).abs() / expected.abs();
    assert!(error <= relative, "{found:e} for {expected:e}: {error:e}");
}

/// Errors relative to the largest weight: near-equal nodes have weights that cancel.
fn close_weights(found: &[f64], expected: &[f64], relative: f64) {
    let largest = expected.iter().fold(0.0, |l: f64, w| l.max(w.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs() / largest;
        assert!(error <= relative, "{found:e} for {expected:e}: {error:e}");
    }
}

#[test]
fn even_nodes_match_ninety_digits() {
    let nine = [
        8.532_453_243_887_814e-3,
        3.165_091_779_197_569_6e-4,
        3.095_807_089_306_552e-5,
        6.994_381_268_703_671_7e-6,
    ];
    let fifteen = [
        2.834_306_445_321_285e-6,
        3.343_273_673_140_431_7e-10,
        1.447_201_084_526_624_7e-13,
        2.942_879_589_681_769_5e-16,
    ];
    for p in 0..4 {
        let rule = matern_rule(&even(9, 1.0), (0.0, 1.0), prior(p, 0.3, 0.0), &()).unwrap();
        close(rule.variance, nine[p], 3e-14);
        close_weights(&rule.weights[..5], &EVEN_WEIGHTS[p], 1e-14);
        let rule = matern_rule(&even(15, 0.1), (0.0, 0.1), prior(p, 0.3, 0.0), &()).unwrap();
        close(rule.variance, fifteen[p], 1e-12);
    }
}

#[test]
fn random_nodes_match_dense_solves() {
    let nodes = NODES.map(|x| x / 1024.0);
    for dense in &DENSE {
        let prior = prior(dense.p, dense.length, dense.noise);
        let rule = matern_rule(&nodes, (0.0, 1.0), prior, &()).unwrap();
        close(rule.variance, dense.variance, 1e-12);
    }
    for p in 0..4 {
        let rule = matern_rule(&nodes, (0.0, 1.0), prior(p, 0.5, 0.0), &()).unwrap();
        close_weights(&rule.weights, &WEIGHTS[p], 1e-12);
    }
    let rule = matern_rule(&nodes, (0.0, 1.0), prior(3, 16.0, 1.0 / 1024.0), &()).unwrap();
    close_weights(&rule.weights, &NOISY_WEIGHTS, 1e-13);
}

#[test]
fn thousands_of_random_nodes_integrate_to_rounding() {
    // So many gaps that their steps are interpolated; where the length scale is short, over a wide
    // range. Errors that add up from step to step would show.
    let n = 20_000;
    let wave: Vec<f64> = (0..n).map(|i| (f64::from(i) * 0.618_033_988_749_895).fract()).collect();
    let crowded = wave.iter().map(|x| x * x).collect();
    for nodes in [wave, crowded] {
        for p in 2..4 {
            for length in [0.1, 10.0] {
                let rule = matern_rule(&nodes, (0.0, 1.0), prior(p, length, 0.0), &()).unwrap();
                let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
                    rule.weights.iter().zip(&nodes).map(|(w, &x)| w * f(x)).sum()
                };
                let error = (sum(&|_| 1.0) - 1.0).abs();
                assert!(error < 1e-12, "{p} {length} {error:e}");
                let error = (sum(&f64::exp) - (1f64.exp() - 1.0)).abs();
                assert!(error < 1e-12, "{p} {length} {error:e}");
            }
        }
    }
}

#[test]
fn smooth_integrand_converges_to_rounding() {
    // The error of a dense solve with a jitter of 1e-8 is 2.8e-9 here.
    let nodes = even(2000, 1.0);
    let rule = matern_rule(&nodes, (0.0, 1.0), prior(3, 0.3, 0.0), &()).unwrap();
    let value: f64 = rule.weights.iter().zip(&nodes).map(|(w, x)| w * x.exp()).sum();
    assert!((value - (1f64.exp() - 1.0)).abs() <= 1e-13, "{value}");
    assert!(rule.weights.iter().all(|&w| w > 0.0));
    assert!(rule.weights.iter().eq(rule.weights.iter().rev()));
    assert!(rule.variance > 0.0);
}

#[test]
fn even_spacing_gives_what_general_nodes_give() {
    // One node moved by more than rounding breaks the even run.
    for p in 0..4 {
        for noise in [0.0, 1e-3] {
            let nodes = even(700, 1.0);
            let mut moved = nodes.clone();
            moved[350] += 1e-13;
            let prior = prior(p, 0.2, noise);
            let even = matern_rule(&nodes, (0.0, 1.0), prior, &()).unwrap();
            let general = matern_rule(&moved, (0.0, 1.0), prior, &()).unwrap();
            close(even.variance, general.variance, 1e-11);
            close_weights(&even.weights, &general.weights, 1e-9);
        }
    }
}

#[test]
fn value_at_an_end_is_felt_over_one_length_scale_only() {
    // A gap of a thousand length scales; with one node the variance is kappa - z^2.
    let measure = Measure::Lebesgue { lower: 0.0, upper: 1.0 };
    for p in 0..4 {
        let prior = prior(p, 1e-3, 0.0);
        let rule = matern_rule(&[0.0], (0.0, 1.0), prior, &()).unwrap();
        let mean = kernel_mean(Kernel::Matern(prior.smoothness), 1e-3, measure, 0.0);
        close(rule.variance, rule.prior_variance - mean * mean, 1e-13);
        close(rule.weights[0], mean, 1e-13);
    }
}

#[test]
fn long_length_scales_give_polynomial_rules() {
    // Flat limit: four nodes and p = 3 integrate cubics, by the 3/8 rule.
    let rule = matern_rule(&even(4, 1.0), (0.0, 1.0), prior(3, 1e5, 0.0), &()).unwrap();
    close_weights(&rule.weights, &[0.125, 0.375, 0.375, 0.125], 1e-8);
    // Brownian motion between nodes: the trapezoidal rule.
    let rule = matern_rule(&even(3, 1.0), (0.0, 1.0), prior(0, 1e5, 0.0), &()).unwrap();
    close_weights(&rule.weights, &[0.25, 0.5, 0.25], 1e-9);
}

proptest! {
    #[test]
    fn weights_solve_the_dense_equations(
        nodes in proptest::collection::btree_set(0_u32..4096, 1..25),
        p in 0_usize..4,
        log_length in -5.0..1.0_f64,
        noisy in any::<bool>(),
        shuffle in 0_usize..25,
    ) {
        let mut nodes: Vec<f64> = nodes.into_iter().map(|k| f64::from(k) / 4096.0).collect();
        let n = nodes.len();
        nodes.rotate_left(shuffle % n);
        let noise = if noisy { 0.01 } else { 0.0 };
        let prior = prior(p, log_length.exp(), noise);
        let rule = matern_rule(&nodes, (0.0, 1.0), prior, &()).unwrap();
        let measure = Measure::Lebesgue { lower: 0.0, upper: 1.0 };
        let kernel = Kernel::Matern(prior.smoothness);
        let size: f64 = rule.weights.iter().map(|w| w.abs()).sum();
        for (i, x) in nodes.iter().enumerate() {
            let mut row = noise * rule.weights[i];
            for (w, y) in rule.weights.iter().zip(&nodes) {
                row += w * kernel.correlation(prior.length, x - y);
            }
            let mean = kernel_mean(kernel, prior.length, measure, *x);
            prop_assert!((row - mean).abs() <= 1e-11 * size.max(mean), "{row} {mean}");
        }
        prop_assert!(rule.variance >= 0.0 && rule.variance <= rule.prior_variance);
    }
}

#[test]
fn extreme_gaps_and_lengths_stay_finite() {
    let nodes = [0.0, 1e-300, 1e-29, 1e-15, 0.5, 0.5 + 1e-16, 1.0];
    for p in 0..4 {
        for length in [1e-30, 1e-12, 1.0, 1e6] {
            let rule = matern_rule(&nodes, (0.0, 1.0), prior(p, length, 0.0), &()).unwrap();
            assert!(rule.weights.iter().all(|w| w.is_finite()), "{p} {length}");
            assert!(rule.variance >= 0.0, "{p} {length}");
        }
    }
}

#[test]
fn nodes_outside_the_domain_are_named() {
    let refused = matern_rule(&[0.5, 2.0], (0.0, 1.0), prior(1, 0.3, 0.0), &()).unwrap_err();
    assert!(matches!(refused, Error::Value { argument: "nodes", index: Some(1), .. }));
}
