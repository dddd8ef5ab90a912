//! The noise that enters across a gap, as a factor that is never a difference.
//!
//! The covariance `int_0^h g(s) g(s)^T q ds`, with `g` the response `(int phi, phi, phi', ...)` to
//! an impulse and `phi(s) = s^p exp(-rate s) / p!`, is summed by Gauss-Legendre rules: the scaled
//! values of `g` at their nodes are the rows of a square-root factor, however short the gap is.

use super::householder::{Square, triangularise};
use super::special::power_integral;
use super::transition::{FACTORIALS, power_derivative};

/// Positive nodes and weights of the 14-point Gauss-Legendre rule on [-1, 1].
const GAUSS: [(f64, f64); 7] = [
    (0.108_054_948_707_343_66, 0.215_263_853_463_157_8),
    (0.319_112_368_927_889_76, 0.205_198_463_721_295_6),
    (0.515_248_636_358_154_1, 0.185_538_397_477_937_81),
    (0.687_292_904_811_685_5, 0.157_203_167_158_193_53),
    (0.827_201_315_069_765, 0.121_518_570_687_903_18),
    (0.928_434_883_663_573_5, 0.080_158_087_159_760_21),
    (0.986_283_808_696_812_3, 0.035_119_460_331_751_86),
];

/// Longest panel, in units of the inverse rate, on which 14 points reach rounding.
const PANEL: f64 = 4.0;

/// Time, in units of the inverse rate, after which the response has settled to rounding.
const SETTLED: f64 = 60.0;

/// Rows of one panel: the points, the factor so far, and the settled response.
const ROWS: usize = 2 * GAUSS.len() + 6;

/// A triangular factor `R` of the covariance `R^T R` of the noise across a gap `h`.
///
/// O(D^2) for each of `ceil(rate h / 4)` panels, of which there are at most 15.
pub(super) fn noise_factor<const D: usize>(rate: f64, h: f64) -> Square<D> {
    let p = D - 2;
    let double = FACTORIALS[p] * FACTORIALS[p] / (1..=2 * p).product::<usize>() as f64;
    let density = (2.0 * rate).powi(2 * p as i32 + 1) * double;
    let moving = h.min(SETTLED / rate);
    #[allow(clippy::cast_sign_loss, reason = "a count of at most 15")]
    let n_panels = (rate * moving / PANEL).ceil().max(1.0) as usize;
    let half = 0.5 * moving / n_panels as f64;
    let mut factor = [[0.0; D]; D];
    if h > moving {
        // Past that time an impulse has left nothing but its integral.
        factor[0][0] = (density * (h - moving)).sqrt() / rate.powi(p as i32 + 1);
    }
    for panel in 0..n_panels {
        let middle = half * (2 * panel + 1) as f64;
        let mut rows = [[0.0; D]; ROWS];
        for (k, (node, weight)) in GAUSS.into_iter().enumerate() {
            let size = (density * weight * half).sqrt();
            rows[2 * k] = response(rate, middle - half * node, size);
            rows[2 * k + 1] = response(rate, middle + half * node, size);
        }
        rows[2 * GAUSS.len()..2 * GAUSS.len() + D].copy_from_slice(&factor);
        factor = triangularise(&mut rows[..2 * GAUSS.len() + D]);
    }
    factor
}

/// The state at time `s` after an impulse, times `size`.
fn response<const D: usize>(rate: f64, s: f64, size: f64) -> [f64; D] {
    let p = D - 2;
    let decayed = size * (-rate * s).exp();
    let mut out = [0.0; D];
    out[0] = size * s.powi(p as i32 + 1) * power_integral(p, rate * s);
    for j in 0..=p {
        out[j + 1] = decayed * power_derivative(p, j, rate, s) / FACTORIALS[j];
    }
    out
}
