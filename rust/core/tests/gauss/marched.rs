//! Hermite, Laguerre, Jacobi and Gegenbauer rules.

use std::f64::consts::{PI, SQRT_2};

use hasten_core::quadrature::gauss::{
    HermiteWeight, Rule, gauss_gegenbauer, gauss_hermite, gauss_jacobi, gauss_laguerre,
    gauss_legendre,
};

use crate::common::{alone, compensated, relative};
use crate::marched_reference::REFERENCE;

fn rule(kind: &str, n: usize, alpha: f64, beta: f64) -> Rule {
    match kind {
        "H" => gauss_hermite(n, HermiteWeight::Physicist, &alone(), &()),
        "L" => gauss_laguerre(n, alpha, &alone(), &()),
        _ => gauss_jacobi(n, alpha, beta, &alone(), &()),
    }
    .unwrap()
}

#[test]
fn nodes_and_weights_are_those_of_newton_with_sixty_digits() {
    let mut failures = Vec::new();
    for &(kind, n, alpha, beta, i, x, log_weight) in REFERENCE {
        let rule = rule(kind, n, alpha, beta);
        let node = match kind {
            "J" => (rule.nodes[i] - x).abs(),
            _ => relative(rule.nodes[i], x),
        };
        let log = rule.log_weights.as_ref().unwrap()[i];
        let weight = (log - log_weight).exp_m1().abs();
        println!("{kind} {n} {alpha} {beta} {i}: {node:.1e} {weight:.1e}");
        let size = 2.3e-16 * log_weight.abs();
        if node > if kind == "J" { 3e-16 } else { 2e-14 } || weight > 4e-13 + size {
            failures.push(format!("{kind} {n} {alpha} {beta} {i}: {node:.1e} {weight:.1e}"));
        }
        assert!(relative(rule.weights[i], log.exp()) < 1e-12 || log < -700.0);
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The monic polynomials' moments of a recurrence: `sum w p_k^2` is `mu0 beta_1 ... beta_k`.
fn worst_norm(
    rule: &Rule,
    degrees: &[usize],
    mass: f64,
    step: impl Fn(usize) -> (f64, f64),
) -> f64 {
    let top = degrees.iter().copied().max().unwrap();
    let mut before = vec![0.0; rule.nodes.len()];
    let mut value = vec![1.0 / mass.sqrt(); rule.nodes.len()];
    let mut worst = 0.0_f64;
    // Orthonormal: sqrt(beta_{k+1}) q_{k+1} = (x - alpha_k) q_k - sqrt(beta_k) q_{k-1}.
    for k in 0..=top {
        if degrees.contains(&k) {
            let sum = compensated(
                rule.weights.iter().zip(&value).map(
                    |(w, q)| {
                        if *w == 0.0 { 0.0 } else { w * q * q }
                    },
                ),
            );
            worst = worst.max((sum - 1.0).abs());
        }
        let ((alpha, beta), next) = (step(k), step(k + 1).1);
        for ((before, value), x) in before.iter_mut().zip(&mut value).zip(&rule.nodes) {
            let new = ((x - alpha) * *value - beta.sqrt() * *before) / next.sqrt();
            (*before, *value) = (*value, new);
        }
    }
    worst
}

fn ascends(rule: &Rule) -> bool {
    rule.nodes.windows(2).all(|pair| pair[0] < pair[1])
}

/// A march loses digits like a random walk. Where an exponent is near -1 the weight at that end is a
/// large share of all, and what its one march lost goes into the total undivided.
fn allowed(n: usize, exponent: f64) -> f64 {
    if exponent < -0.5 { 1e-13 + 5e-16 * n as f64 } else { 1e-13 }
}

#[test]
fn orthonormal_polynomials_keep_their_norm() {
    for n in [2, 3, 4, 5, 10, 31, 100, 1000, 2001, 12_000] {
        let degrees: Vec<_> = [0, 1, 2, 8, 64].into_iter().filter(|&k| k < n).collect();
        let hermite = gauss_hermite(n, HermiteWeight::Physicist, &alone(), &()).unwrap();
        let worst = worst_norm(&hermite, &degrees, PI.sqrt(), |k| (0.0, 0.5 * k as f64));
        assert!(worst < 1e-13 && ascends(&hermite), "Hermite {n}: {worst:e}");
        for alpha in [-0.9, -0.5, 0.0, 0.5, 7.0, 30.0] {
            let rule = gauss_laguerre(n, alpha, &alone(), &()).unwrap();
            let mass = compensated(rule.weights.iter().copied());
            let worst = worst_norm(&rule, &degrees, mass, |k| {
                (2.0 * k as f64 + 1.0 + alpha, k as f64 * (k as f64 + alpha))
            });
            assert!(worst < allowed(n, alpha) && ascends(&rule), "Laguerre {n} {alpha}: {worst:e}");
        }
        for (alpha, beta) in [(0.0, 0.0), (-0.5, 0.5), (-0.9, 3.0), (40.0, 2.5), (1.0, -0.75)] {
            let rule = gauss_jacobi(n, alpha, beta, &alone(), &()).unwrap();
            let mass = compensated(rule.weights.iter().copied());
            let worst = worst_norm(&rule, &degrees, mass, |k| {
                let (k, total) = (k as f64, alpha + beta);
                let twice = 2.0 * k + total;
                if k == 0.0 {
                    return ((beta - alpha) / (total + 2.0), 0.0);
                }
                let shift = (beta - alpha) * total / (twice * (twice + 2.0));
                let last = if k == 1.0 { 1.0 } else { (k + total) / (twice - 1.0) };
                let weight = 4.0 * k * (k + alpha) * (k + beta) * last;
                (shift, weight / (twice * twice * (twice + 1.0)))
            });
            assert!(
                worst < allowed(n, alpha.min(beta)) && ascends(&rule),
                "Jacobi {n} {alpha} {beta}: {worst:e}"
            );
        }
    }
}

#[test]
fn totals_are_the_known_ones() {
    let total = |rule: &Rule| compensated(rule.weights.iter().copied());
    for n in [1, 2, 9, 100] {
        let hermite = gauss_hermite(n, HermiteWeight::Probabilist, &alone(), &()).unwrap();
        assert!(relative(total(&hermite), (2.0 * PI).sqrt()) < 1e-15);
        // Gamma(7/2) = 15 sqrt(pi) / 8.
        let laguerre = gauss_laguerre(n, 2.5, &alone(), &()).unwrap();
        assert!(relative(total(&laguerre), 1.875 * PI.sqrt()) < 2e-15);
        // 2^4 B(2, 3) = 4/3.
        let jacobi = gauss_jacobi(n, 1.0, 2.0, &alone(), &()).unwrap();
        assert!(relative(total(&jacobi), 4.0 / 3.0) < 2e-15);
        let gegenbauer = gauss_gegenbauer(n, 1.5, &alone(), &()).unwrap();
        assert!(relative(total(&gegenbauer), 4.0 / 3.0) < 2e-15);
    }
}

#[test]
fn probabilists_rules_are_scaled() {
    for n in [3, 40] {
        let physicist = gauss_hermite(n, HermiteWeight::Physicist, &alone(), &()).unwrap();
        let probabilist = gauss_hermite(n, HermiteWeight::Probabilist, &alone(), &()).unwrap();
        for i in 0..n {
            assert!(relative(probabilist.nodes[i], SQRT_2 * physicist.nodes[i]) < 4e-16);
            assert!(relative(probabilist.weights[i], SQRT_2 * physicist.weights[i]) < 1e-15);
        }
    }
}

#[test]
fn special_cases_meet_their_closed_forms() {
    let n = 20_000;
    let chebyshev = gauss_jacobi(n, -0.5, -0.5, &alone(), &()).unwrap();
    for i in 0..n {
        let angle = PI * (2 * (n - i) - 1) as f64 / (2 * n) as f64;
        assert!((chebyshev.nodes[i] - angle.cos()).abs() < 1e-15, "{i}");
        assert!(relative(chebyshev.weights[i], PI / n as f64) < 1e-12, "{i}");
    }
    for n in [2, 17, 150, 11_000] {
        let legendre = gauss_legendre(n, false, &alone(), &()).unwrap();
        let jacobi = gauss_gegenbauer(n, 0.5, &alone(), &()).unwrap();
        for i in 0..n {
            assert!((jacobi.nodes[i] - legendre.nodes[i]).abs() < 1e-15, "{n} {i}");
            assert!(relative(jacobi.weights[i], legendre.weights[i]) < 1e-12, "{n} {i}");
        }
    }
}

#[test]
fn errors_of_a_long_march_average_out() {
    let n = 100_000;
    let weight = PI / n as f64;
    let chebyshev = gauss_jacobi(n, -0.5, -0.5, &alone(), &()).unwrap();
    let worst = chebyshev.weights.iter().map(|&w| relative(w, weight)).fold(0.0, f64::max);
    // A root's slope is right to some 3e-16 of the last one's: sqrt(n / 2) of them, and the square.
    assert!(worst < 5e-13, "{worst:e}");
    // H_2n(x) is L_n^(-1/2)(x^2) up to a factor: two marches that have no step in common.
    let hermite = gauss_hermite(2 * n, HermiteWeight::Physicist, &alone(), &()).unwrap();
    let laguerre = gauss_laguerre(n, -0.5, &alone(), &()).unwrap();
    for (x, y) in hermite.nodes[n..].iter().zip(&laguerre.nodes) {
        assert!(relative(x * x, *y) < 1e-12, "{x} {y}");
    }
}

#[test]
fn exchanging_the_parameters_mirrors_a_jacobi_rule() {
    for n in [1, 2, 11, 10_500] {
        let rule = gauss_jacobi(n, 2.0, -0.25, &alone(), &()).unwrap();
        let mirror = gauss_jacobi(n, -0.25, 2.0, &alone(), &()).unwrap();
        for i in 0..n {
            assert!((rule.nodes[i] + mirror.nodes[n - 1 - i]).abs() < 5e-16);
            assert!(relative(rule.weights[i], mirror.weights[n - 1 - i]) < 1e-12);
        }
    }
}

#[test]
fn weights_out_of_range_keep_their_logarithms() {
    let hermite = gauss_hermite(1000, HermiteWeight::Physicist, &alone(), &()).unwrap();
    assert_eq!(hermite.weights[0], 0.0);
    let logs = hermite.log_weights.unwrap();
    assert!(logs.iter().all(|log| log.is_finite()) && logs[0] < -1800.0);
    // Gamma(201) is beyond doubles.
    let laguerre = gauss_laguerre(40, 200.0, &alone(), &()).unwrap();
    assert!(laguerre.weights.contains(&f64::INFINITY));
    let logs = laguerre.log_weights.unwrap();
    let top = logs.iter().copied().fold(f64::MIN, f64::max);
    let sum = top + compensated(logs.iter().map(|log| (log - top).exp())).ln();
    // loggamma(201), mpmath.
    assert!(relative(sum, 863.231_987_192_405_4) < 1e-14);
}

/// Parameters that strain the march: each gives its rule or an error that says so.
#[test]
fn strained_parameters_give_a_rule_or_an_error() {
    for n in [2, 3, 5, 50, 400] {
        for alpha in [-0.9999, -0.99, 1e-300, 50.0, 300.0, 1e3, 1e5] {
            for beta in [-0.999, 0.0, 100.0, 1e4] {
                if let Ok(rule) = gauss_jacobi(n, alpha, beta, &alone(), &()) {
                    assert!(ascends(&rule), "{n} {alpha} {beta}");
                } else {
                    println!("Jacobi {n} {alpha} {beta} refused");
                }
            }
            if let Ok(rule) = gauss_laguerre(n, alpha, &alone(), &()) {
                assert!(ascends(&rule) && rule.nodes[0] > 0.0, "{n} {alpha}");
            } else {
                println!("Laguerre {n} {alpha} refused");
            }
        }
    }
}

#[test]
fn small_jacobi_rules_meet_their_moments_though_exponents_are_close_to_minus_one() {
    let exponents = [-0.9999, -0.999, -0.9, -0.5, 0.0, 0.3, 5.0, 80.0];
    for (alpha, beta) in exponents.iter().flat_map(|&a| exponents.map(|b| (a, b))) {
        for n in 1..=6 {
            let rule = gauss_jacobi(n, alpha, beta, &alone(), &()).unwrap();
            assert!(ascends(&rule), "{n} {alpha} {beta}");
            // The means of ((1 + x) / 2)^k, products of ratios.
            let (mut mean, total) = (1.0, compensated(rule.weights.iter().copied()));
            let digits = 1e-14 + 8e-16 * n as f64 / (1.0 + alpha.min(beta));
            let mut before = 0.0;
            for k in 0..2 * n {
                let power = |x: &f64| (0.5 * (1.0 + x)).powi(k as i32);
                let terms = rule.nodes.iter().zip(&rule.weights).map(|(x, w)| w * power(x));
                let error = relative(compensated(terms) / total, mean);
                // The last digit of a node near -1 is a large part of its distance from there.
                let allowed = digits + f64::EPSILON * k as f64 * before / mean;
                assert!(error < allowed, "{n} {alpha} {beta} {k}: {error:e}, {allowed:e}");
                before = mean;
                mean *= (beta + 1.0 + k as f64) / (alpha + beta + 2.0 + k as f64);
            }
        }
    }
}
