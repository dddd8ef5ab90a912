//! The gamma function, beyond the range of doubles too.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "constants stand as they were computed"
)]

use super::scaled::Scaled;

/// Taylor coefficients of `1 / Gamma(3/2 + w)`, an entire function, by mpmath with 60 digits.
const RECIPROCAL: [f64; 27] = [
    std::f64::consts::FRAC_2_SQRT_PI,
    -0.04117452644528310145,
    -0.52665443552554447926,
    0.1751020260439345615,
    0.050966860247706076775,
    -0.042155169368535600993,
    0.0066128978268241272766,
    0.002120731442572938336,
    -0.0011107302545948907171,
    0.00015235762076747687217,
    0.000025355204923814165278,
    -0.000013896805717913756022,
    2.1562032905141724535e-6,
    5.7942640540526725042e-8,
    -8.9135511183111160541e-8,
    1.7103469415915373749e-8,
    -9.3136864452419015685e-10,
    -2.6804741033496625565e-10,
    7.4589322333163260507e-11,
    -8.0128070614147183709e-12,
    -8.3823430334518549305e-14,
    1.6946340904320522268e-13,
    -2.7875756707125752083e-14,
    1.8670394695065305419e-15,
    1.3049499008987586988e-16,
    -4.8588741441877865296e-17,
    5.8295426924598678319e-18,
];

/// Above, Stirling's series takes the place of a product.
const FACTORS: f64 = 1e4;

/// `Gamma(x)` for `x > 0`, within a few units in the last place up to 100 and `sqrt(x)` beyond.
pub(super) fn gamma(x: f64) -> Scaled {
    if x > FACTORS {
        return stirling(x);
    }
    // Gamma on [1, 2], then one factor for each step to x.
    let whole = (x.floor() - 1.0).max(-1.0);
    let start = x - whole;
    let w = start - 1.5;
    let reciprocal = RECIPROCAL.iter().rev().fold(0.0, |sum, &c| sum * w + c);
    let mut value = Scaled::new(1.0 / reciprocal, 0);
    if whole < 0.0 {
        return value.over(Scaled::new(x, 0));
    }
    let mut factor = x - 1.0;
    while factor > start - 0.5 {
        value = value.times(Scaled::new(factor, 0));
        factor -= 1.0;
    }
    value
}

/// Stirling's series, exact to rounding of its exponent.
fn stirling(x: f64) -> Scaled {
    // sqrt(2 pi) x^(x - 1/2) exp(-x) (1 + 1/(12 x) + ...): the logarithm is split into powers of two.
    let exponent = (x - 0.5) * x.log2() - x * std::f64::consts::LOG2_E;
    let whole = exponent.floor();
    let tail = (1.0 / 12.0 - 1.0 / (360.0 * x * x)) / x;
    Scaled::new(
        (exponent - whole).exp2() * (std::f64::consts::TAU.sqrt() * tail.exp()),
        whole as i64,
    )
}

/// `2^x` for finite x.
pub(super) fn power_of_two(x: f64) -> Scaled {
    let whole = x.floor();
    Scaled::new((x - whole).exp2(), whole as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_has_its_known_values() {
        // mpmath.gamma with 40 digits.
        for (x, exact) in [
            (0.001, 999.4237724845954453),
            (0.5, 1.772453850905516027),
            (1.0, 1.0),
            (1.25, 0.90640247705547707798),
            (2.0, 1.0),
            (5.0, 24.0),
            (31.0, 2.6525285981219105864e32),
            (100.5, 9.3209631040827166083e156),
        ] {
            let error = gamma(x).value() / exact - 1.0;
            assert!(error.abs() < 3e-15, "{x} {error:e}");
        }
        assert_eq!(gamma(200.0).value(), f64::INFINITY);
        for (x, exact) in [
            (200.0, 857.93366982585743682),
            (9999.5, 82095.112363757639228),
            (20_000.0, 178065.71824964616418),
        ] {
            assert!((gamma(x).ln() / exact - 1.0).abs() < 1e-15, "{x}");
        }
    }
}
