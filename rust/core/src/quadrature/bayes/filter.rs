//! The square-root filter whose state holds the integral.
//!
//! When the last node and the right end have been reached, the state has seen all data: the mean
//! and the variance of its first component are those of the integral, and no smoother is needed.
//! The covariance is kept as a factor `S` with `P = S^T S`. Prediction is the triangular factor of
//! `[S A^T; noise factor]`. A value with noise `r` enters by Potter's update
//! `S <- S - v u^T / (s + sqrt(r s))`, `v` the column of `f`, `u = S^T v`, `s = v^T v + r`, which for
//! `r = 0` is a projection.

use super::householder::{Square, moved_factor};
use super::nodes::Gaps;
use super::steps::Steps;
use super::transition::{apply_transposed, stationary};
use crate::control::Control;
use crate::error::Error;

/// Nodes between two questions to the caller; each may carry many components.
const PATIENCE: usize = 64;

/// Change of the gain, in units of its largest entry, that counts as none.
const SAME_GAIN: f64 = 4.0 * f64::EPSILON;

/// Most nodes after which a gain that stands still has truly settled: the slower it converges, the
/// further it still is.
const QUICK: usize = 512;

/// What happens at one node.
pub(super) struct Update<'a, const D: usize> {
    /// From the state after the last node to the state before this one; none across no gap.
    pub(super) transition: Option<&'a Square<D>>,
    /// What the state gains from one unit of innovation.
    pub(super) gain: [f64; D],
    /// Variance of the innovation, at unit scale.
    pub(super) variance: f64,
}

/// Run over all nodes, show each to `visit`, and return the final variance of the integral in units
/// of the squared mean spacing.
///
/// O(N D^3). Between evenly spaced nodes covariances settle after some tens of steps, and each node
/// that is left costs what `visit` costs.
pub(super) fn filter<const D: usize>(
    gaps: &Gaps,
    steps: &mut Steps<D>,
    noise: f64,
    control: &dyn Control,
    mut visit: impl FnMut(&Update<'_, D>),
) -> Result<f64, Error> {
    let n = gaps.n();
    let mut factor = stationary::<D>(steps.rate());
    let mut last = ([0.0; D], 0.0, 0.0);
    let (mut settled_variance, mut n_alike) = (0.0, 0);
    let mut i = 0;
    while i < n {
        if i % PATIENCE == 0 {
            control.check()?;
        }
        let gap = gaps.lengths[i];
        let step = (gap > 0.0).then(|| steps.across(gap));
        if let Some(step) = step {
            factor = moved_factor(&factor, &step.transition, &step.noise);
        }
        let (gain, variance) = update(&mut factor, noise);
        let transition = step.map(|step| &step.transition);
        let shown = Update { transition, gain, variance };
        visit(&shown);
        let integral = first_variance(&factor);
        let is_repeat = i > 1 && gap == gaps.lengths[i - 1];
        n_alike = if is_repeat && is_same(&gain, variance, &last) { n_alike + 1 } else { 0 };
        i += 1;
        if n_alike > 1 && i < QUICK {
            let rest = gaps.lengths[i..n].iter().take_while(|&&next| next == gap).count();
            settled_variance += rest as f64 * (integral - last.2);
            for k in 0..rest {
                if k % PATIENCE == 0 {
                    control.check()?;
                }
                visit(&shown);
            }
            i += rest;
            n_alike = 0;
        }
        last = (gain, variance, integral);
    }
    if gaps.lengths[n] > 0.0 {
        let step = steps.across(gaps.lengths[n]);
        factor = moved_factor(&factor, &step.transition, &step.noise);
    }
    Ok(first_variance(&factor) + settled_variance)
}

/// The same gain and variance as at the node before, to rounding?
fn is_same<const D: usize>(gain: &[f64; D], variance: f64, last: &([f64; D], f64, f64)) -> bool {
    let size = gain.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    let change = gain.iter().zip(&last.0).fold(0.0, |c: f64, (x, y)| c.max((x - y).abs()));
    change <= SAME_GAIN * size && (variance - last.1).abs() <= SAME_GAIN * variance
}

fn first_variance<const D: usize>(factor: &Square<D>) -> f64 {
    factor.iter().map(|row| row[0] * row[0]).sum()
}

/// Condition the factor on a value of `f`; the gain and the variance of the innovation.
fn update<const D: usize>(factor: &mut Square<D>, noise: f64) -> ([f64; D], f64) {
    let column: [f64; D] = std::array::from_fn(|k| factor[k][1]);
    let variance = column.iter().map(|v| v * v).sum::<f64>() + noise;
    let covariance = apply_transposed(factor, &column);
    let share = 1.0 / (variance + (noise * variance).sqrt());
    for (row, v) in factor.iter_mut().zip(column) {
        for (entry, u) in row.iter_mut().zip(covariance) {
            *entry -= share * v * u;
        }
        if noise == 0.0 {
            row[1] = 0.0;
        }
    }
    let mut gain = covariance.map(|u| u / variance);
    if noise == 0.0 {
        gain[1] = 1.0;
    }
    (gain, variance)
}
