//! Whitening of values along one axis of a grid.

use super::filter::{Update, filter};
use super::kernel::Smoothness;
use super::nodes::Gaps;
use super::pivoted::PivotedCholesky;
use super::rule::MaternPrior;
use super::steps::Steps;
use super::transition::apply;
use crate::control::Control;
use crate::error::{Error, try_vec};

/// Divide the innovations along the middle axis of an array (outer, n, inner) by their standard
/// deviations; also the logarithm of the determinant of the covariance along that axis.
///
/// Sorted position `i` of the axis is at `source[i]` of the array. O(outer n inner).
pub(super) fn whiten_by_filter(
    values: &[f64],
    shape: [usize; 3],
    gaps: &Gaps,
    source: &[usize],
    prior: MaternPrior,
    control: &dyn Control,
) -> Result<(Vec<f64>, f64), Error> {
    match prior.smoothness {
        Smoothness::Half => innovations::<2>(values, shape, gaps, source, prior, control),
        Smoothness::ThreeHalves => innovations::<3>(values, shape, gaps, source, prior, control),
        Smoothness::FiveHalves => innovations::<4>(values, shape, gaps, source, prior, control),
        Smoothness::SevenHalves => innovations::<5>(values, shape, gaps, source, prior, control),
    }
}

fn innovations<const D: usize>(
    values: &[f64],
    [outer, n, inner]: [usize; 3],
    gaps: &Gaps,
    source: &[usize],
    prior: MaternPrior,
    control: &dyn Control,
) -> Result<(Vec<f64>, f64), Error> {
    let rate = prior.smoothness.rate(prior.length) * gaps.unit;
    let mut out = try_vec(values.len(), 0.0)?;
    let mut means = try_vec(outer * inner, [0.0; D])?;
    let (mut log_determinant, mut next) = (0.0, source.iter());
    filter(gaps, &mut Steps::new(rate), prior.noise, control, |update: &Update<'_, D>| {
        let Some(&i) = next.next() else { return };
        let root = update.variance.sqrt();
        log_determinant += update.variance.ln();
        for (block, means) in means.chunks_exact_mut(inner).enumerate() {
            let start = (block * n + i) * inner;
            let rows = values[start..start + inner].iter().zip(&mut out[start..start + inner]);
            for (mean, (value, out)) in means.iter_mut().zip(rows) {
                if let Some(transition) = update.transition {
                    *mean = apply(transition, mean);
                }
                let innovation = value - mean[1];
                *out = innovation / root;
                for (mean, gain) in mean.iter_mut().zip(update.gain) {
                    *mean += gain * innovation;
                }
            }
        }
    })?;
    Ok((out, log_determinant))
}

/// Solve with a triangular factor along the middle axis of an array (outer, n, inner); the axis keeps
/// the rows that the factor chose. O(outer inner r^2).
pub(super) fn whiten_by_factor(
    values: &[f64],
    [outer, n, inner]: [usize; 3],
    factor: &PivotedCholesky,
    source: &[usize],
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let rank = factor.chosen.len();
    let mut out = try_vec(outer * rank * inner, 0.0)?;
    for block in 0..outer {
        for lane in 0..inner {
            control.check()?;
            let at = |i: usize| values[(block * n + source[i]) * inner + lane];
            for (k, value) in factor.solve_lower(at).into_iter().enumerate() {
                out[(block * rank + k) * inner + lane] = value;
            }
        }
    }
    Ok(out)
}
