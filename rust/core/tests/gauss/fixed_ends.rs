//! Lobatto, Radau and Kronrod rules.

use hasten_core::quadrature::gauss::{
    Rule, gauss_kronrod, gauss_legendre, gauss_lobatto, gauss_radau,
};

use crate::common::{alone, assert_sane, chebyshev, chebyshev_integral, integrate, relative};

/// Rounded nodes move an integral of `T_k` by up to k roundings; `of_weights` is what weights add.
fn assert_exact(rule: &Rule, degree: usize, of_weights: f64, what: &str) {
    assert_sane(rule);
    for k in [0, 1, 2, degree / 2, degree].into_iter().filter(|&k| k <= degree) {
        let error = (integrate(rule, |x| chebyshev(k, x)) - chebyshev_integral(k)).abs();
        assert!(error < 5e-16 * (k + 10) as f64 + of_weights, "{what}, degree {k}: {error:e}");
    }
}

/// What a march of n steps makes of a few roundings in each, which add up like a random walk.
fn marched(n: usize) -> f64 {
    1e-15 * (n as f64).sqrt()
}

#[test]
fn lobatto_and_radau_rules_integrate_their_degree() {
    for n in [2, 3, 4, 5, 6, 9, 20, 101, 1000, 12_002] {
        let rule = gauss_lobatto(n, &alone(), &()).unwrap();
        assert_exact(&rule, 2 * n - 3, marched(n), &format!("Lobatto {n}"));
        assert_eq!((rule.nodes[0], rule.nodes[n - 1]), (-1.0, 1.0));
        let beyond = integrate(&rule, |x| chebyshev(2 * n - 2, x)) - chebyshev_integral(2 * n - 2);
        assert!(beyond.abs() > 0.1, "{n} {beyond}");
    }
    for n in [1, 2, 3, 4, 5, 10, 99, 1000, 12_001] {
        let rule = gauss_radau(n, &alone(), &()).unwrap();
        assert_exact(&rule, 2 * n - 2, marched(n), &format!("Radau {n}"));
        assert_eq!(rule.nodes[0], -1.0);
        let beyond = integrate(&rule, |x| chebyshev(2 * n - 1, x)) - chebyshev_integral(2 * n - 1);
        assert!(beyond.abs() > 0.1, "{n} {beyond}");
    }
}

#[test]
fn small_rules_are_the_known_ones() {
    // Simpson's rule, and 4 nodes: 1/6, 5/6 at 1, 1/sqrt(5).
    let simpson = gauss_lobatto(3, &alone(), &()).unwrap();
    assert!(relative(simpson.weights[1], 4.0 / 3.0) < 4e-16);
    let four = gauss_lobatto(4, &alone(), &()).unwrap();
    assert!(relative(four.nodes[2], 0.2_f64.sqrt()) < 4e-16);
    assert!(relative(four.weights[2], 5.0 / 6.0) < 4e-16);
    // Radau: 1/3 and weights 1/2, 3/2.
    let radau = gauss_radau(2, &alone(), &()).unwrap();
    assert!(relative(radau.nodes[1], 1.0 / 3.0) < 4e-16);
    assert!(relative(radau.weights[1], 1.5) < 4e-16);
}

#[test]
fn kronrod_pairs_integrate_their_degree() {
    for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 20, 30, 31, 100, 151] {
        let pair = gauss_kronrod(n, &()).unwrap();
        let gauss = gauss_legendre(n, false, &alone(), &()).unwrap();
        assert_eq!(pair.gauss_weights, gauss.weights);
        for (i, x) in gauss.nodes.iter().enumerate() {
            assert!((pair.nodes[2 * i + 1] - x).abs() < 2e-16);
        }
        let rule =
            Rule { nodes: pair.nodes, weights: pair.weights, theta: None, log_weights: None };
        assert_exact(&rule, 3 * n + 1, 0.0, &format!("Kronrod {n}"));
    }
}

#[test]
fn other_pairs_have_their_known_values() {
    // QUADPACK's 15- and 61-point rules: the largest node and the weight in the middle.
    for (n, node, middle) in [
        (7, 0.991_455_371_120_812_6, 0.209_482_141_084_727_82),
        (30, 0.999_484_410_050_490_6, 0.051_494_729_429_451_57),
    ] {
        let pair = gauss_kronrod(n, &()).unwrap();
        assert!(relative(pair.nodes[2 * n], node) < 1e-15);
        assert!(relative(pair.weights[n], middle) < 5e-15);
    }
}
