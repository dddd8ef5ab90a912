//! Numbers beyond the range of doubles: a mantissa and a power of two.

use std::f64::consts::LN_2;

/// A positive number `mantissa * 2^exponent`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scaled {
    pub(super) mantissa: f64,
    pub(super) exponent: i64,
}

impl Scaled {
    pub(super) fn new(mantissa: f64, exponent: i64) -> Self {
        let shift = exponent_of(mantissa);
        Self { mantissa: scaled(mantissa, -shift), exponent: exponent + shift }
    }

    /// `exp(-(x + rest))` for `x >= 0` and a small rest.
    pub(super) fn exp_negative(x: f64, rest: f64) -> Self {
        // The first part has 24 bits, so that its multiples are exact.
        const HIGH: f64 = 11_629_080.0 / 16_777_216.0;
        const LOW: f64 = -1.904_654_299_957_768e-9;
        let k = (x / LN_2).round();
        let remainder = (x - k * HIGH) - k * LOW;
        Self::new((-(remainder + rest)).exp(), -(k as i64))
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self::new(self.mantissa * other.mantissa, self.exponent + other.exponent)
    }

    pub(super) fn over(self, other: Self) -> Self {
        Self::new(self.mantissa / other.mantissa, self.exponent - other.exponent)
    }

    /// The nearest double: 0 or infinity where there is none.
    pub(super) fn value(self) -> f64 {
        scaled(self.mantissa, self.exponent)
    }

    pub(super) fn ln(self) -> f64 {
        self.mantissa.ln() + self.exponent as f64 * LN_2
    }
}

/// The power of two not above `|x|`; 0 for 0.
pub(super) fn exponent_of(x: f64) -> i64 {
    if x == 0.0 { 0 } else { i64::from((x.to_bits() >> 52) as u32 & 0x7ff) - 1023 }
}

/// `x * 2^exponent`, rounded once.
pub(super) fn scaled(x: f64, exponent: i64) -> f64 {
    let power = |e: i64| f64::from_bits((e + 1023).unsigned_abs() << 52);
    if (-1022..=1023).contains(&exponent) {
        x * power(exponent)
    } else if exponent > 0 {
        x * power(1023) * power((exponent - 1023).min(1023))
    } else {
        // Through a normal number, so that only the last product rounds.
        x * power(-969) * power((exponent + 969).max(-1022))
    }
}
