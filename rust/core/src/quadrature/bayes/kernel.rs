//! Correlations of the prior and measures to integrate against.

use crate::error::{Error, NonFinite};

/// Smoothness `nu = p + 1/2` of a Matern correlation; its draws have `p` derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Smoothness {
    /// `nu = 1/2`: continuous draws.
    Half,
    /// `nu = 3/2`: one derivative.
    ThreeHalves,
    /// `nu = 5/2`: two derivatives.
    FiveHalves,
    /// `nu = 7/2`: three derivatives.
    SevenHalves,
}

impl Smoothness {
    /// All four, from rough to smooth.
    pub const ALL: [Self; 4] = [Self::Half, Self::ThreeHalves, Self::FiveHalves, Self::SevenHalves];

    /// The number `p` of derivatives.
    pub fn derivatives(self) -> usize {
        self as usize
    }

    /// `nu = p + 1/2`.
    pub fn nu(self) -> f64 {
        self.derivatives() as f64 + 0.5
    }

    /// `lambda = sqrt(2 nu) / ell`.
    pub(super) fn rate(self, length: f64) -> f64 {
        (2.0 * self.nu()).sqrt() / length
    }

    /// Coefficients `c_k` of the correlation `exp(-r) sum c_k r^k` at `r = lambda |x - y|`.
    pub(super) fn coefficients(self) -> &'static [f64] {
        match self {
            Self::Half => &[1.0],
            Self::ThreeHalves => &[1.0, 1.0],
            Self::FiveHalves => &[1.0, 1.0, 1.0 / 3.0],
            Self::SevenHalves => &[1.0, 1.0, 0.4, 1.0 / 15.0],
        }
    }
}

/// A stationary correlation in one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Matern of half-integer smoothness.
    Matern(Smoothness),
    /// The squared exponential `exp(-(x - y)^2 / (2 ell^2))`.
    Rbf,
}

impl Kernel {
    /// The correlation of values at a distance, for length scale `length`.
    pub fn correlation(self, length: f64, distance: f64) -> f64 {
        match self {
            Self::Matern(smoothness) => {
                let r = smoothness.rate(length) * distance.abs();
                let decay = (-r).exp();
                // The polynomial may overflow where the exponential has vanished.
                if decay == 0.0 {
                    return 0.0;
                }
                decay * smoothness.coefficients().iter().rev().fold(0.0, |sum, c| sum * r + c)
            }
            Self::Rbf => {
                let r = distance / length;
                (-0.5 * r * r).exp()
            }
        }
    }
}

/// A measure on the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Length on the interval `[lower, upper]`: the integral, not the mean.
    Lebesgue {
        /// Left end.
        lower: f64,
        /// Right end, above the left one.
        upper: f64,
    },
    /// The normal distribution.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation, positive.
        standard_deviation: f64,
    },
}

impl Measure {
    /// Refuse a measure that is none.
    ///
    /// # Errors
    /// [`Error::Value`] or [`Error::NotFinite`] naming `domain` or `measure`.
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::Lebesgue { lower, upper } => {
                finite("domain", lower, 0)?;
                finite("domain", upper, 1)?;
                // The difference of two finite ends may overflow.
                if lower < upper && (upper - lower).is_finite() {
                    return Ok(());
                }
                let (rule, value) = ("an interval of positive, finite length", upper - lower);
                Err(Error::Value {
                    argument: "domain",
                    rule,
                    value: value.to_string(),
                    index: None,
                })
            }
            Self::Normal { mean, standard_deviation } => {
                finite("measure", mean, 0)?;
                positive("measure", standard_deviation)
            }
        }
    }
}

fn finite(argument: &'static str, value: f64, index: usize) -> Result<(), Error> {
    let kind = match value {
        _ if value.is_finite() => return Ok(()),
        _ if value.is_nan() => NonFinite::Nan,
        _ if value > 0.0 => NonFinite::PositiveInfinity,
        _ => NonFinite::NegativeInfinity,
    };
    Err(Error::NotFinite { argument, index, kind })
}

/// Refuse what is not positive and finite.
pub(super) fn positive(argument: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    let rule = "positive and finite";
    Err(Error::Value { argument, rule, value: value.to_string(), index: None })
}

/// Refuse a noise that is negative or not finite.
pub(super) fn valid_noise(noise: f64) -> Result<(), Error> {
    if noise >= 0.0 && noise.is_finite() {
        return Ok(());
    }
    let rule = "at least 0 and finite";
    Err(Error::Value { argument: "noise", rule, value: noise.to_string(), index: None })
}
