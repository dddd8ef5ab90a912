//! Integrals of correlations, in forms that do not cancel.
//!
//! The mean `z(t) = int k(x, t) dpi(x)` and the double integral `kappa = int int k dpi dpi` are all
//! that a measure contributes to Bayesian quadrature. On an interval a Matern correlation
//! `exp(-r) sum c_k r^k`, `c_k >= 0`, integrates to `sum c_k k! P(k + 1, r)` with incomplete gamma
//! functions `P`, which are computed without cancellation: no separate series for small distances
//! is needed.

use std::f64::consts::{PI, SQRT_2};

use super::kernel::{Kernel, Measure, Smoothness};
use super::normal_moments::decayed_moments;
use super::special::power_integral;

/// `z(t) = int k(x, t) dpi(x)`; on an interval, `t` must lie in it. O(1).
pub fn kernel_mean(kernel: Kernel, length: f64, measure: Measure, t: f64) -> f64 {
    match (kernel, measure) {
        (Kernel::Matern(smoothness), Measure::Lebesgue { lower, upper }) => {
            let rate = smoothness.rate(length);
            (integral(smoothness, rate * (t - lower)) + integral(smoothness, rate * (upper - t)))
                / rate
        }
        (Kernel::Matern(smoothness), Measure::Normal { mean, standard_deviation }) => {
            smoothed(smoothness, length, t - mean, standard_deviation)
        }
        (Kernel::Rbf, Measure::Lebesgue { lower, upper }) => {
            let unit = SQRT_2 * length;
            let sides = libm::erf((upper - t) / unit) + libm::erf((t - lower) / unit);
            length * (PI / 2.0).sqrt() * sides
        }
        (Kernel::Rbf, Measure::Normal { mean, standard_deviation }) => {
            let spread = length.hypot(standard_deviation);
            let r = (t - mean) / spread;
            length / spread * (-0.5 * r * r).exp()
        }
    }
}

/// `kappa = int int k(x, y) dpi(x) dpi(y)`, the prior variance of the integral at unit scale. O(1).
pub fn prior_variance(kernel: Kernel, length: f64, measure: Measure) -> f64 {
    match (kernel, measure) {
        (Kernel::Matern(smoothness), Measure::Lebesgue { lower, upper }) => {
            let width = upper - lower;
            2.0 * width * width * double_integral(smoothness, smoothness.rate(length) * width)
        }
        (Kernel::Matern(smoothness), Measure::Normal { standard_deviation, .. }) => {
            smoothed(smoothness, length, 0.0, SQRT_2 * standard_deviation)
        }
        (Kernel::Rbf, Measure::Lebesgue { lower, upper }) => {
            let r = (upper - lower) / length;
            let ends = 2.0 * (-0.5 * r * r).exp_m1();
            length * length * (ends + r * (2.0 * PI).sqrt() * libm::erf(r / SQRT_2))
        }
        (Kernel::Rbf, Measure::Normal { standard_deviation, .. }) => {
            length / length.hypot(SQRT_2 * standard_deviation)
        }
    }
}

/// `G_p(r) = int_0^r k(s) ds` of the correlation with rate 1.
fn integral(smoothness: Smoothness, r: f64) -> f64 {
    let mut factor = r;
    let mut sum = 0.0;
    for (k, c) in smoothness.coefficients().iter().enumerate() {
        sum += c * factor * power_integral(k, r);
        factor *= r * (k + 1) as f64;
    }
    sum
}

/// `H_p(r) / r^2 = int_0^1 (1 - u) k(r u) du` of the correlation with rate 1.
fn double_integral(smoothness: Smoothness, r: f64) -> f64 {
    let mut factor = 1.0;
    let mut sum = 0.0;
    for (k, c) in smoothness.coefficients().iter().enumerate() {
        // The difference keeps at least 1 / (k + 2) of its first term.
        let inner = power_integral(k, r) - (k + 1) as f64 * power_integral(k + 1, r);
        sum += c * factor * inner;
        factor *= r * (k + 1) as f64;
    }
    sum
}

/// The Matern correlation averaged over a normal distribution at a distance `shift`.
fn smoothed(smoothness: Smoothness, length: f64, shift: f64, deviation: f64) -> f64 {
    let coefficients = smoothness.coefficients();
    // In units of 1 / rate, so that no power of the rate appears.
    let rate = smoothness.rate(length);
    let right = decayed_moments(rate * shift, rate * deviation);
    let left = decayed_moments(-rate * shift, rate * deviation);
    coefficients.iter().zip(right.iter().zip(left)).map(|(c, (r, l))| c * (r + l)).sum()
}
