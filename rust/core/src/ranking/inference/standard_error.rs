//! Standard errors of parameters: exact, or from a sketch where exact ones are out of reach.

use super::covariance::try_matrix;
use super::draws::Source;
use super::fitted::{Fitted, Kind};
use super::frame::{Frame, check_indices};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::{Team, pairwise_sum};

/// Random combinations of a sketch.
const N_SKETCHES: u32 = 200;

/// Most numbers that exact sandwich errors of all parameters may pass over: parameters times the
/// terms of the likelihood and the parameters.
const MAX_EXACT_WORK: f64 = 4e9;

/// Columns of `H^+` that are held at a time.
pub(super) const BATCH: usize = 64;

/// Relative accuracy of the solves: far below what a standard error is read to.
pub(super) const SOLVE_RTOL: f64 = 1e-10;

/// Standard errors, and how far to trust them.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardErrors {
    /// Of each parameter that was asked for.
    pub values: Vec<f64>,
    /// Relative standard deviation of each value around the exact one: 0 for exact values.
    pub relative_error: f64,
}

/// Standard errors of `parameters` (strengths, then shared ones), or of all.
///
/// Without a `reference` those of strengths whose groups sum to zero; with one, those of the
/// differences to it. Chosen parameters are exact, at one solve each. Of all parameters the model's
/// are exact where the information was factorised, from one selected inverse; the sandwich's also
/// where parameters times (terms + parameters) is at most 4e9, at one solve each. Everything else
/// comes from the resistance sketch of Spielman and Srivastava (2011), "Graph sparsification by
/// effective resistances", SIAM Journal on Computing 40, algorithm in section 4: the root mean
/// square of `k = 200` random combinations, whose relative standard deviation is at most
/// `1/sqrt(2k)` = 5 %.
///
/// # Errors
/// [`Error::Index`] naming `reference` or `items`, [`Error::TooLarge`], and whatever
/// [`Control::check`] returns.
pub fn standard_error(
    fitted: &mut dyn Fitted,
    kind: Kind,
    reference: Option<usize>,
    parameters: Option<&[u32]>,
    team: &Team,
    control: &dyn Control,
) -> Result<StandardErrors, Error> {
    let frame = Frame::new(fitted, reference)?;
    let p = fitted.n_parameters();
    check_indices("items", parameters.unwrap_or_default(), p)?;
    // A few columns cost less than the whole diagonal.
    let few = parameters.is_some_and(|parameters| parameters.len() * 4 < p);
    if kind == Kind::Model
        && !few
        && let Some(diagonal) = fitted.diagonal(team, control)?
    {
        let mut all = from_diagonal(fitted, frame, reference, &diagonal, team, control)?;
        if let Some(parameters) = parameters {
            all.values = parameters.iter().map(|&i| all.values[i as usize]).collect();
        }
        return Ok(all);
    }
    if let Some(parameters) = parameters {
        let chosen = parameters.iter().map(|&i| i as usize);
        return exact(fitted, kind, frame, chosen, team, control);
    }
    let work = p as f64 * (p + fitted.n_terms()) as f64;
    if fitted.is_factorised() && work <= MAX_EXACT_WORK {
        return exact(fitted, kind, frame, 0..p, team, control);
    }
    sketch(fitted, kind, frame, team, control)
}

/// Column by column: `u' H^+ u`, or `u' H^+ V H^+ u`.
fn exact(
    fitted: &mut dyn Fitted,
    kind: Kind,
    frame: Frame,
    parameters: impl Iterator<Item = usize>,
    team: &Team,
    control: &dyn Control,
) -> Result<StandardErrors, Error> {
    let p = fitted.n_parameters().max(1);
    let parameters: Vec<usize> = parameters.collect();
    let batch = BATCH.min(parameters.len());
    let (mut u, mut x) = (try_matrix(batch, p)?, try_matrix(batch, p)?);
    let mut values = Vec::with_capacity(parameters.len());
    for parameters in parameters.chunks(BATCH) {
        control.check()?;
        let (u, x) = (&mut u[..parameters.len() * p], &mut x[..parameters.len() * p]);
        for (&i, u) in parameters.iter().zip(u.chunks_mut(p)) {
            frame.functional(fitted, i, u);
        }
        fitted.solve_many(u, x, SOLVE_RTOL, team, control)?;
        if kind == Kind::Sandwich {
            fitted.multiply_many(kind, x, u, team, control)?;
        }
        for ((&i, u), x) in parameters.iter().zip(u.chunks(p)).zip(x.chunks(p)) {
            let variance = match kind {
                Kind::Model => frame.value(fitted, x, i),
                Kind::Sandwich => dot(x, u),
            };
            values.push(variance.max(0.0).sqrt());
        }
    }
    Ok(StandardErrors { values, relative_error: 0.0 })
}

/// The model's, from the diagonal of `H^+` and the column of the reference.
fn from_diagonal(
    fitted: &mut dyn Fitted,
    frame: Frame,
    reference: Option<usize>,
    diagonal: &[f64],
    team: &Team,
    control: &dyn Control,
) -> Result<StandardErrors, Error> {
    let p = fitted.n_parameters();
    let mut column = Vec::new();
    if let Some(r) = reference {
        let mut unit = try_vec(p, 0.0)?;
        column = try_vec(p, 0.0)?;
        unit[r] = 1.0;
        fitted.solve(&unit, &mut column, team, control)?;
    }
    let variance = |i: usize| match frame.origin(fitted, i) {
        Some(r) if r == i => 0.0,
        Some(r) => diagonal[i] + column[r] - 2.0 * column[i],
        None => diagonal[i],
    };
    let values = (0..p).map(|i| variance(i).max(0.0).sqrt()).collect();
    Ok(StandardErrors { values, relative_error: 0.0 })
}

/// All at once, from random combinations of signs.
fn sketch(
    fitted: &mut dyn Fitted,
    kind: Kind,
    frame: Frame,
    team: &Team,
    control: &dyn Control,
) -> Result<StandardErrors, Error> {
    let p = fitted.n_parameters();
    let n = fitted.n_items();
    let origins: Vec<Option<u32>> =
        (0..n).map(|i| frame.origin(fitted, i).map(|r| r as u32)).collect();
    let mut squares = try_vec(p, 0.0)?;
    let take = |_: usize, draw: &[f64]| {
        for (i, (square, &x)) in squares.iter_mut().zip(draw).enumerate() {
            let origin = origins.get(i).copied().flatten();
            let value = origin.map_or(x, |r| x - draw[r as usize]);
            *square += value * value;
        }
    };
    Source::signs(kind).for_each(fitted, 0..N_SKETCHES, take, team, control)?;
    let k = f64::from(N_SKETCHES);
    let values = squares.iter().map(|square| (square / k).sqrt()).collect();
    Ok(StandardErrors { values, relative_error: 1.0 / (2.0 * k).sqrt() })
}

/// `x' y`, pairwise in a fixed order.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    const RUN: usize = 256;
    let parts: Vec<f64> = x
        .chunks(RUN)
        .zip(y.chunks(RUN))
        .map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum())
        .collect();
    pairwise_sum(&parts)
}
