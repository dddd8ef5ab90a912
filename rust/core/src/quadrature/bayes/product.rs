//! Products of one-dimensional kernels and measures, an axis each.

use super::kernel::{Kernel, Measure, positive};
use super::kernel_means::{kernel_mean, prior_variance};
use crate::error::Error;

/// One axis of a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Correlation along the axis.
    pub kernel: Kernel,
    /// Length scale.
    pub length: f64,
    /// Measure along the axis.
    pub measure: Measure,
}

/// A product kernel with a product measure; with [`super::DensePrior`], a prior in any dimension.
#[derive(Debug, Clone)]
pub struct ProductPrior {
    axes: Vec<Axis>,
}

impl ProductPrior {
    /// Check the axes.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::NotFinite`] or [`Error::Shape`] naming `ell`, `domain`, `measure`
    /// or `axes`.
    pub fn new(axes: Vec<Axis>) -> Result<Self, Error> {
        if axes.is_empty() {
            let (expected, found) = ("at least one entry".to_owned(), "none".to_owned());
            return Err(Error::Shape { argument: "axes", expected, found });
        }
        for axis in &axes {
            positive("ell", axis.length)?;
            axis.measure.validate()?;
        }
        Ok(Self { axes })
    }

    /// Correlation of the values at two points (d,). O(d).
    pub fn correlation(&self, x: &[f64], y: &[f64]) -> f64 {
        let factor =
            |(axis, (x, y)): (&Axis, (&f64, &f64))| axis.kernel.correlation(axis.length, x - y);
        self.axes.iter().zip(x.iter().zip(y)).map(factor).product()
    }

    /// Covariance of the integral and the value at a point (d,), which lies in the domain. O(d).
    pub fn mean(&self, x: &[f64]) -> f64 {
        let factor =
            |(axis, &x): (&Axis, &f64)| kernel_mean(axis.kernel, axis.length, axis.measure, x);
        self.axes.iter().zip(x).map(factor).product()
    }

    /// Variance of the integral. O(d).
    pub fn variance(&self) -> f64 {
        self.axes.iter().map(|a| prior_variance(a.kernel, a.length, a.measure)).product()
    }
}
