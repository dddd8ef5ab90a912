//! Special functions that no dependency has.

use std::f64::consts::PI;

/// Where the asymptotic series of [`erfcx`] has reached rounding.
const ASYMPTOTIC: f64 = 25.0;

/// Where the closed form of [`power_integral`] no longer cancels for the powers in use.
const CLOSED_FORM: f64 = 8.0;

/// Scaled complementary error function `exp(x^2) erfc(x)`, a few ulp for `x >= -26`.
pub(super) fn erfcx(x: f64) -> f64 {
    if x < ASYMPTOTIC {
        let (square, rest) = exact_square(x);
        return square.exp() * (1.0 + rest) * libm::erfc(x);
    }
    let t = 0.5 / (x * x);
    let series = (1..=7).rev().fold(1.0, |sum, k| 1.0 - f64::from(2 * k - 1) * t * sum);
    series / (x * PI.sqrt())
}

/// The rounded square and what rounding dropped (Dekker, 1971).
fn exact_square(x: f64) -> (f64, f64) {
    const SPLIT: f64 = 134_217_729.0;
    let square = x * x;
    let scaled = SPLIT * x;
    let high = scaled - (scaled - x);
    let low = x - high;
    (square, ((high * high - square) + 2.0 * high * low) + low * low)
}

/// `int_0^1 s^j exp(-r s) ds / j!`, the lower incomplete gamma function `P(j + 1, r) / r^(j + 1)`.
///
/// Relative error of a few ulp for `j <= 4` and every `r >= 0`: no term of either form is subtracted
/// where it could cancel.
pub(super) fn power_integral(j: usize, r: f64) -> f64 {
    if r > CLOSED_FORM {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..=j {
            term *= r / k as f64;
            sum += term;
        }
        return (1.0 - (-r).exp() * sum) / r.powi(j as i32 + 1);
    }
    let mut term = 1.0 / (1..=j + 1).product::<usize>() as f64;
    let (mut sum, mut k) = (term, j + 2);
    while term > f64::EPSILON / 8.0 * sum {
        term *= r / k as f64;
        sum += term;
        k += 1;
    }
    (-r).exp() * sum
}

/// [`power_integral`] for all `j < N`, by the downward recurrence, which only adds.
pub(super) fn power_integrals<const N: usize>(r: f64) -> [f64; N] {
    let mut out = [0.0; N];
    let mut value = power_integral(N - 1, r);
    let decay = (-r).exp();
    let mut factorial: f64 = (1..N).product::<usize>() as f64;
    for j in (0..N).rev() {
        out[j] = value;
        value = r * value + decay / factorial;
        factorial /= j.max(1) as f64;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, ulps: f64) {
        let error = (found - expected).abs();
        assert!(error <= ulps * f64::EPSILON * expected.abs(), "{found:e} for {expected:e}");
    }

    #[test]
    fn scaled_error_function_matches_forty_digits() {
        for (x, expected) in [
            (-0.9, 4.039_284_322_029_826),
            (0.5, 0.615_690_344_192_925_9),
            (3.3, 0.164_007_297_572_932_63),
            (11.7, 0.048_047_095_869_217_25),
            (24.9, 0.022_639_987_776_049_506),
            (25.1, 0.022_459_875_817_581_39),
            (300.0, 0.001_880_621_497_378_064_5),
        ] {
            close(erfcx(x), expected, 4.0);
        }
    }

    #[test]
    fn both_forms_of_the_power_integral_meet() {
        for j in 0..=4 {
            close(power_integral(j, CLOSED_FORM), power_integral(j, CLOSED_FORM + 1e-13), 600.0);
        }
    }

    #[test]
    fn recurrence_agrees_with_each_integral() {
        for r in [0.0, 1e-9, 0.3, 2.0, 7.9, 8.1, 60.0, 1e4] {
            for (j, value) in power_integrals::<5>(r).into_iter().enumerate() {
                close(value, power_integral(j, r), 16.0);
            }
        }
    }

    #[test]
    fn power_integral_of_zero_is_an_inverse_factorial() {
        for (j, expected) in [1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0].into_iter().enumerate()
        {
            close(power_integral(j, 0.0), expected, 1.0);
        }
    }
}
