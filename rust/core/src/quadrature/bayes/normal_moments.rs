//! Moments of a half of a normal distribution under exponential decay.

use std::f64::consts::{PI, SQRT_2};

use super::special::erfcx;

/// Moments that a Matern correlation of smoothness 7/2 needs.
const COUNT: usize = 4;

/// Above this argument of `erfcx` the upward recurrence loses digits (61-fold errors were seen).
const UNSTABLE: f64 = 1.0;

/// First index of the downward continued fraction.
const START: usize = 203;

/// `J_k = int_0^inf r^k exp(-r) phi((r - c) / tau) / tau dr` for k = 0, 1, 2, 3.
///
/// With `d = c - tau^2`, `J_1 = d J_0 + tau phi(c / tau)` and `J_{k+1} = d J_k + k tau^2 J_{k-1}`.
/// Where `d` is well below zero that recurrence subtracts nearly equal numbers, and the ratios
/// `J_k / J_{k-1} = k tau^2 / (J_{k+1} / J_k - d)` run downward instead.
pub(super) fn decayed_moments(c: f64, tau: f64) -> [f64; COUNT] {
    let d = c - tau * tau;
    let q = -d / (SQRT_2 * tau);
    let r = c / tau;
    let bell = (-0.5 * r * r).exp();
    let mut moments = [0.0; COUNT];
    moments[0] = if q > -1.0 {
        0.5 * bell * erfcx(q)
    } else {
        // The bell underflows or `erfcx` overflows here; the exponent is negative as a whole.
        0.5 * (0.5 * tau * tau - c).exp() * libm::erfc(q)
    };
    if q > UNSTABLE {
        let square = tau * tau;
        let mut ratio = (START as f64).sqrt() * tau;
        for k in (1..START).rev() {
            ratio = k as f64 * square / (ratio - d);
            if k < COUNT {
                moments[k] = ratio;
            }
        }
        for k in 1..COUNT {
            moments[k] *= moments[k - 1];
        }
    } else {
        moments[1] = d * moments[0] + tau * bell / (2.0 * PI).sqrt();
        for k in 1..COUNT - 1 {
            moments[k + 1] = d * moments[k] + k as f64 * tau * tau * moments[k - 1];
        }
    }
    moments
}
