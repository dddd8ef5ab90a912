//! What a kind of region brings along: where to evaluate, and how to judge what was found.

use super::norm::Norm;

/// The judgement of one region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Whether rounding makes up the whole error, so that splitting would not help.
    pub is_final: bool,
    /// Whether all values of each component are equal, and more points are wanted before it is
    /// believed that there is nothing else.
    pub is_constant: bool,
    /// The axis along which the region should be split.
    pub axis: usize,
}

/// The norm of a batch, and whether pairs of components are complex numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) norm: Norm,
    pub(super) complex: bool,
}

/// A rule with an error estimate for regions of one kind: boxes with `n_axes` sides.
pub trait RegionRule: Send + Sync {
    /// Number of axes d of a region.
    fn n_axes(&self) -> usize;

    /// Number of points n of a region.
    fn n_points(&self) -> usize;

    /// Whether a region whose value changes more than its error allows, when it is split, casts doubt
    /// on the estimates of its neighbours.
    fn casts_doubt(&self) -> bool {
        false
    }

    /// Write the points of a region (n, d), whose bounds are d lower and then d upper ends.
    fn fill_points(&self, bounds: &[f64], points: &mut [f64]);

    /// Estimate the integral over a region and its error from values at its points (n, v).
    ///
    /// `integral` and `errors` have an entry for each component (v,). Every component whose error
    /// is only that of rounding is counted by the return value's `is_final`, which asks for all.
    fn judge(
        &self,
        bounds: &[f64],
        values: &[f64],
        integral: &mut [f64],
        errors: &mut [f64],
    ) -> Judgement;
}

/// An error estimate raised to what rounding alone amounts to, and whether that is all of it.
///
/// `magnitude` is the integral of the absolute value. As QUADPACK has it: 50 units of rounding
/// (R. Piessens, E. de Doncker-Kapenga, C. W. Ueberhuber, D. K. Kahaner, "QUADPACK", 1983).
#[inline(always)]
pub fn with_rounding(error: f64, magnitude: f64) -> (f64, bool) {
    const UNITS: f64 = 50.0 * f64::EPSILON;
    let floor = if magnitude > f64::MIN_POSITIVE / UNITS { UNITS * magnitude } else { 0.0 };
    // NaN, of sums beyond the range of numbers, would otherwise pass for no error at all.
    if error.is_nan() { (f64::INFINITY, true) } else { (error.max(floor), error <= floor) }
}
