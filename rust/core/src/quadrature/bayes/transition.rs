//! The Matern process as a linear system: how its state moves across a gap.
//!
//! `(d/dt + lambda)^(p + 1) f` is white noise of spectral density
//! `q = (2 lambda)^(2p + 1) (p!)^2 / (2p)!`. The state is `(int f, f, f', f''/2!, ..., f^(p)/p!)`,
//! with the mean spacing of the nodes as the unit of time (Nordsieck form; compare Kraemer and
//! Hennig, "Stable implementation of probabilistic ODE solvers", 2020), so `D = p + 2`.

use super::householder::Square;
use super::special::power_integrals;

pub(super) const FACTORIALS: [f64; 5] = [1.0, 1.0, 2.0, 6.0, 24.0];

pub(super) const BINOMIALS: [[f64; 4]; 4] =
    [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 0.0], [1.0, 3.0, 3.0, 1.0]];

/// `exp(rate h) d^j/dh^j (h^i exp(-rate h) / i!)`.
pub(super) fn power_derivative(i: usize, j: usize, rate: f64, h: f64) -> f64 {
    (0..=i.min(j))
        .map(|m| {
            let power = h.powi((i - m) as i32) / FACTORIALS[i - m];
            BINOMIALS[j][m] * power * (-rate).powi((j - m) as i32)
        })
        .sum()
}

/// The matrix that maps the state to its mean after a time `h`. O(D^3).
///
/// With `u = exp(rate t) f` a polynomial of degree `p` between inputs, the derivatives of `u` are
/// `sum_k binom(i, k) rate^(i - k) f^(k)`, and those of `f`, and its integral, follow from them.
pub(super) fn transition<const D: usize>(rate: f64, h: f64) -> Square<D> {
    let decay = (-rate * h).exp();
    let integrals: [f64; D] = power_integrals(rate * h);
    let mut out = [[0.0; D]; D];
    out[0][0] = 1.0;
    for i in 0..D - 1 {
        let mut row = [0.0; D];
        row[0] = h.powi(i as i32 + 1) * integrals[i];
        for j in 0..D - 1 {
            row[j + 1] = decay * power_derivative(i, j, rate, h) / FACTORIALS[j];
        }
        for k in 0..=i {
            let from = BINOMIALS[i][k] * rate.powi((i - k) as i32) * FACTORIALS[k];
            for (out, row) in out.iter_mut().zip(row) {
                out[k + 1] += row * from;
            }
        }
    }
    out
}

/// A factor `F` of the stationary covariance `F^T F`, the integral being zero.
///
/// The variances are `E f^(k)^2 = lambda^(2k) (1/2)_k / (p + 1/2 - k)_k` and
/// `E f^(j) f^(k) = (-1)^((j - k)/2) E f^((j + k)/2)^2` for even `j + k`, otherwise 0.
pub(super) fn stationary<const D: usize>(rate: f64) -> Square<D> {
    // Cholesky factors at rate 1, by columns: the value and the second derivative, the first and
    // the third.
    let (even, odd): ([f64; 2], [f64; 3]) = match D {
        2 => ([0.0, 0.0], [0.0, 0.0, 0.0]),
        3 => ([0.0, 0.0], [1.0, 0.0, 0.0]),
        4 => ([-1.0 / 3.0, 8f64.sqrt() / 3.0], [(1f64 / 3.0).sqrt(), 0.0, 0.0]),
        _ => ([-0.2, 0.4], [0.2f64.sqrt(), -(0.2f64.sqrt()), 2.0 * 0.2f64.sqrt()]),
    };
    let full = [
        [1.0, 0.0, even[0], 0.0],
        [0.0, odd[0], 0.0, odd[1]],
        [0.0, 0.0, even[1], 0.0],
        [0.0, 0.0, 0.0, odd[2]],
    ];
    let mut out = [[0.0; D]; D];
    for (j, row) in full.iter().take(D - 1).enumerate() {
        for k in 0..D - 1 {
            out[j + 1][k + 1] = row[k] * rate.powi(k as i32) / FACTORIALS[k];
        }
    }
    out
}

/// `matrix x`.
pub(super) fn apply<const D: usize>(matrix: &Square<D>, x: &[f64; D]) -> [f64; D] {
    std::array::from_fn(|i| (0..D).map(|j| matrix[i][j] * x[j]).sum())
}

/// `matrix^T x`.
pub(super) fn apply_transposed<const D: usize>(matrix: &Square<D>, x: &[f64; D]) -> [f64; D] {
    std::array::from_fn(|i| (0..D).map(|j| matrix[j][i] * x[j]).sum())
}
