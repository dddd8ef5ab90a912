//! Chebyshev, Clenshaw-Curtis and Fejer rules.

use std::f64::consts::{FRAC_PI_2, PI};

use hasten_core::quadrature::gauss::{
    ChebyshevKind, FejerKind, clenshaw_curtis, fejer, gauss_chebyshev,
};

use crate::common::{alone, assert_sane, chebyshev, chebyshev_integral, integrate, relative};

/// `int T_k(x) pi(x) dx`: `1 / sqrt(1 - x^2)` gives pi at k = 0, the other weights are that times
/// `1 - x^2 = (1 - T_2) / 2`, `1 + x` or `1 - x`.
fn moment(kind: ChebyshevKind, k: usize) -> f64 {
    let first = |k: usize| if k == 0 { PI } else { 0.0 };
    // T_k T_1 and T_k T_2 are means of two polynomials.
    let with = |m: usize| 0.5 * (first(k + m) + first(k.abs_diff(m)));
    match kind {
        ChebyshevKind::First => first(k),
        ChebyshevKind::Second => 0.5 * (first(k) - with(2)),
        ChebyshevKind::Third => first(k) + with(1),
        ChebyshevKind::Fourth => first(k) - with(1),
    }
}

const KINDS: [ChebyshevKind; 4] =
    [ChebyshevKind::First, ChebyshevKind::Second, ChebyshevKind::Third, ChebyshevKind::Fourth];

#[test]
fn chebyshev_rules_integrate_their_degree() {
    for kind in KINDS {
        for n in [1, 2, 3, 4, 7, 10, 33, 500, 10_001] {
            let rule = gauss_chebyshev(n, kind, &alone(), &()).unwrap();
            assert_sane(&rule);
            for k in [0, 1, 2, n - 1, n, 2 * n - 1].into_iter().filter(|&k| k < 2 * n) {
                let error = (integrate(&rule, |x| chebyshev(k, x)) - moment(kind, k)).abs();
                assert!(error < 6e-16 * (k + 10) as f64, "{kind:?} {n} {k}: {error:e}");
            }
            let beyond = integrate(&rule, |x| chebyshev(2 * n, x)) - moment(kind, 2 * n);
            assert!(beyond.abs() > 0.1, "{kind:?} {n}: {beyond}");
        }
    }
}

#[test]
fn small_chebyshev_weights_and_nodes_keep_their_digits() {
    let n = 100_000;
    let rule = gauss_chebyshev(n, ChebyshevKind::Second, &alone(), &()).unwrap();
    let angle = PI / (n + 1) as f64;
    assert!(relative(rule.weights[0], angle * angle.sin().powi(2)) < 2e-15);
    let third = gauss_chebyshev(n, ChebyshevKind::Third, &alone(), &()).unwrap();
    let fourth = gauss_chebyshev(n, ChebyshevKind::Fourth, &alone(), &()).unwrap();
    let angle = PI / (2 * n + 1) as f64;
    assert!(relative(third.weights[0], 4.0 * angle * angle.sin().powi(2)) < 2e-15);
    for i in 0..n {
        assert!((third.nodes[i] + fourth.nodes[n - 1 - i]).abs() < 2e-16);
        assert!(relative(third.weights[i], fourth.weights[n - 1 - i]) < 1e-15);
    }
    let first = gauss_chebyshev(n, ChebyshevKind::First, &alone(), &()).unwrap();
    let nearest = (FRAC_PI_2 / n as f64).sin();
    assert!(relative(first.nodes[n / 2], nearest) < 5e-16);
}

/// Clenshaw-Curtis weights by their definition, a sum of cosines.
fn clenshaw_curtis_weight(n: usize, j: usize) -> f64 {
    let size = (n - 1) as f64;
    let sum: f64 = (0..=(n - 1) / 2)
        .map(|k| {
            let share = if k == 0 || 2 * k == n - 1 { 1.0 } else { 2.0 };
            share / (1.0 - 4.0 * (k * k) as f64) * (2.0 * PI * (k * j) as f64 / size).cos()
        })
        .sum();
    sum * if j == 0 || j == n - 1 { 1.0 } else { 2.0 } / size
}

#[test]
fn clenshaw_curtis_weights_are_those_of_the_definition() {
    for n in [2, 3, 4, 5, 6, 9, 16, 17, 32, 63] {
        let rule = clenshaw_curtis(n, &alone(), &()).unwrap();
        assert_sane(&rule);
        for j in 0..n {
            assert!((rule.nodes[j] + (PI * j as f64 / (n - 1) as f64).cos()).abs() < 6e-16);
            let error = (rule.weights[j] - clenshaw_curtis_weight(n, j)).abs();
            assert!(error < 1e-15, "{n} {j}: {} {error:e}", rule.weights[j]);
        }
    }
    let simpson = clenshaw_curtis(3, &alone(), &()).unwrap();
    assert!(relative(simpson.weights[0], 1.0 / 3.0) < 1e-15);
    let midpoint = clenshaw_curtis(1, &alone(), &()).unwrap();
    assert_eq!((midpoint.nodes, midpoint.weights), (vec![0.0], vec![2.0]));
}

#[test]
fn end_weights_of_clenshaw_curtis_have_their_closed_form() {
    for n in [3_usize, 8, 101, 1000, 65_537, 100_000] {
        let size = (n - 1) as f64;
        let odd = if n.is_multiple_of(2) { 1.0 } else { 0.0 };
        let exact = 1.0 / (size * size - 1.0 + odd);
        let rule = clenshaw_curtis(n, &alone(), &()).unwrap();
        assert!(
            relative(rule.weights[0], exact) < 5e-15,
            "{n} {:e}",
            rule.weights[0] / exact - 1.0
        );
    }
}

#[test]
fn interpolatory_rules_integrate_their_degree() {
    for n in [1, 2, 3, 4, 5, 6, 7, 12, 33, 100, 1001, 4096] {
        let rules = [
            clenshaw_curtis(n, &alone(), &()).unwrap(),
            fejer(n, FejerKind::First, &alone(), &()).unwrap(),
            fejer(n, FejerKind::Second, &alone(), &()).unwrap(),
        ];
        for (i, rule) in rules.iter().enumerate() {
            assert_sane(rule);
            for k in [0, 1, 2, 4, n / 2, n - 1].into_iter().filter(|&k| k < n) {
                let error = (integrate(rule, |x| chebyshev(k, x)) - chebyshev_integral(k)).abs();
                assert!(error < 4e-16 * (k + 10) as f64, "{i} {n} {k}: {error:e}");
            }
        }
    }
}

#[test]
fn small_fejer_weights_keep_their_digits() {
    // n, the first weight of the two kinds: the defining sums with 45 digits.
    for (n, first, second) in FEJER {
        let one = fejer(n, FejerKind::First, &alone(), &()).unwrap();
        let two = fejer(n, FejerKind::Second, &alone(), &()).unwrap();
        assert!(relative(one.weights[0], first) < 1e-14, "{n} {:e}", one.weights[0] / first - 1.0);
        assert!(
            relative(two.weights[0], second) < 1e-14,
            "{n} {:e}",
            two.weights[0] / second - 1.0
        );
    }
}

#[expect(clippy::unreadable_literal, clippy::excessive_precision, reason = "as computed")]
const FEJER: [(usize, f64, f64); 3] = [
    (7, 0.08671618072672246343, 0.17796468096204990104),
    (100, 0.00043062516254292784192, 0.0011404315756355260826),
    (2001, 1.0755181263606162714e-6, 2.9032056155830117272e-6),
];
