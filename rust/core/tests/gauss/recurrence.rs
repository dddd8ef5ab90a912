//! Rules from recurrence coefficients.

use hasten_core::quadrature::gauss::{gauss_legendre, golub_welsch};

use crate::common::{alone, assert_sane, compensated, relative};

fn legendre_coefficients(n: usize) -> (Vec<f64>, Vec<f64>) {
    let beta = (1..n).map(|k| (k * k) as f64 / (4 * k * k - 1) as f64).collect();
    (vec![0.0; n], beta)
}

#[test]
fn legendre_comes_out_of_its_recurrence() {
    for n in [1, 2, 3, 10, 100, 300] {
        let (alpha, beta) = legendre_coefficients(n);
        let rule = golub_welsch(&alpha, &beta, 2.0, &()).unwrap();
        let exact = gauss_legendre(n, false, &alone(), &()).unwrap();
        assert_sane(&rule);
        for i in 0..n {
            assert!((rule.nodes[i] - exact.nodes[i]).abs() < 2e-15 * (n as f64).sqrt());
            assert!((rule.weights[i] - exact.weights[i]).abs() < 1e-14);
        }
    }
}

#[test]
fn the_discrete_uniform_measure_comes_back() {
    // Chebyshev's (Gram's) polynomials on 0, 1, ..., n - 1: the n-point rule is the measure itself.
    let n = 20_usize;
    let size = (n * n) as f64;
    let alpha = vec![(n as f64 - 1.0) / 2.0; n];
    let beta: Vec<f64> = (1..n)
        .map(|k| (k * k) as f64)
        .map(|square| square * (size - square) / (4.0 * (4.0 * square - 1.0)))
        .collect();
    let rule = golub_welsch(&alpha, &beta, n as f64, &()).unwrap();
    for i in 0..n {
        assert!((rule.nodes[i] - i as f64).abs() < 1e-13);
        assert!(relative(rule.weights[i], 1.0) < 1e-12);
    }
}

#[test]
fn tiny_and_huge_scales_do_not_overflow() {
    for scale in [1e-150, 1.0, 1e150] {
        let alpha = [scale, -scale, 0.5 * scale];
        let beta = [scale * scale, 2.0 * scale * scale];
        let rule = golub_welsch(&alpha, &beta, 1.0, &()).unwrap();
        let mean = compensated(rule.nodes.iter().zip(&rule.weights).map(|(x, w)| x / scale * w));
        assert!(relative(mean, 1.0) < 1e-14, "the first moment is alpha_0");
    }
}
