//! The RBF kernel with a normal measure of any covariance.

use super::kernel::positive;
use crate::error::{Error, require_finite};

/// `exp(-sum_k (x_k - y_k)^2 / (2 ell_k^2))` with the measure `N(mean, covariance)`; with
/// [`super::DensePrior`], a prior in any dimension.
#[derive(Debug, Clone)]
pub struct NormalRbf {
    lengths: Vec<f64>,
    center: Vec<f64>,
    /// Cholesky factor of `diag(ell^2) + covariance`, by rows.
    spread: Vec<f64>,
    amplitude: f64,
    variance: f64,
}

impl NormalRbf {
    /// From length scales (d,), mean (d,) and covariance (d, d), of which the lower triangle is
    /// read. O(d^3).
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming `ell` or `measure`, and
    /// [`Error::NotPositiveDefinite`] naming `measure` with the row.
    pub fn new(lengths: &[f64], mean: &[f64], covariance: &[f64]) -> Result<Self, Error> {
        let d = lengths.len();
        if d == 0 || mean.len() != d || d.checked_mul(d) != Some(covariance.len()) {
            return Err(Error::Shape {
                argument: "measure",
                expected: format!(
                    "a mean of {d} entries, at least one, and {d} times {d} covariances"
                ),
                found: format!("{} and {}", mean.len(), covariance.len()),
            });
        }
        for &length in lengths {
            positive("ell", length)?;
        }
        require_finite("measure", mean)?;
        require_finite("measure", covariance)?;
        cholesky(covariance.to_vec(), d)?;
        let widened = |factor: f64| {
            let mut matrix: Vec<f64> = covariance.iter().map(|c| factor * c).collect();
            for (diagonal, length) in matrix.iter_mut().step_by(d + 1).zip(lengths) {
                *diagonal += length * length;
            }
            cholesky(matrix, d)
        };
        // Ratios of square roots of determinants, an axis at a time so that none overflows.
        let ratio = |factor: &[f64]| -> f64 {
            lengths
                .iter()
                .zip(factor.iter().step_by(d + 1))
                .map(|(length, root)| length / root)
                .product()
        };
        let (spread, twice) = (widened(1.0)?, widened(2.0)?);
        Ok(Self {
            lengths: lengths.to_vec(),
            center: mean.to_vec(),
            amplitude: ratio(&spread),
            variance: ratio(&twice),
            spread,
        })
    }

    /// Correlation of the values at two points (d,). O(d).
    pub fn correlation(&self, x: &[f64], y: &[f64]) -> f64 {
        let square = |((x, y), length): ((&f64, &f64), &f64)| ((x - y) / length).powi(2);
        (-0.5 * x.iter().zip(y).zip(&self.lengths).map(square).sum::<f64>()).exp()
    }

    /// `|I + ell^-2 C|^(-1/2) exp(-(t - mean)^T (ell^2 + C)^-1 (t - mean) / 2)`, the covariance of the
    /// integral and the value at a point `t` (d,). O(d^2).
    pub fn mean(&self, t: &[f64]) -> f64 {
        let mut whitened: Vec<f64> = Vec::with_capacity(t.len());
        for ((row, t), center) in
            self.spread.chunks_exact(self.center.len()).zip(t).zip(&self.center)
        {
            let known: f64 = row.iter().zip(&whitened).map(|(l, w)| l * w).sum();
            whitened.push((t - center - known) / row[whitened.len()]);
        }
        self.amplitude * (-0.5 * whitened.iter().map(|w| w * w).sum::<f64>()).exp()
    }

    /// `|I + 2 ell^-2 C|^(-1/2)`, the variance of the integral. O(1).
    pub fn variance(&self) -> f64 {
        self.variance
    }
}

/// The lower factor of a small matrix by rows, in place; above the diagonal nothing is touched.
fn cholesky(mut matrix: Vec<f64>, d: usize) -> Result<Vec<f64>, Error> {
    for i in 0..d {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i * d + k] * matrix[j * d + k]).sum();
            let rest = matrix[i * d + j] - known;
            if i > j {
                matrix[i * d + j] = rest / matrix[j * d + j];
            } else if rest > 0.0 {
                matrix[i * d + j] = rest.sqrt();
            } else {
                return Err(Error::NotPositiveDefinite { argument: "measure", row: i });
            }
        }
    }
    Ok(matrix)
}
