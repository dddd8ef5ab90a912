//! The posterior of the function itself, between its nodes.

use super::kernel::{Kernel, positive, valid_noise};
use super::pivoted::PivotedCholesky;
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::Team;

/// Points that one task predicts.
const BLOCK: usize = 64;

/// Posterior of a function at points.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// Mean (M, V).
    pub mean: Vec<f64>,
    /// Standard deviation (M,) at unit scale, the noise left out.
    pub standard_deviation: Vec<f64>,
}

/// Values (N, V) at nodes (N, d), and a product kernel with length scales (d,).
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Nodes (N, d), row by row.
    pub nodes: &'a [f64],
    /// Values (N, V), node by node.
    pub values: &'a [f64],
    /// Number V of functions.
    pub n_components: usize,
    /// Kernel along every axis.
    pub kernel: Kernel,
    /// Length scales, an axis each.
    pub lengths: &'a [f64],
    /// Variance of the noise of the values, in units of the squared scale.
    pub noise: f64,
}

/// The posterior of functions at points (M, d), by the dense equations of the nodes that double
/// precision can tell apart.
///
/// O(N r^2 + M r (r + V)) time and 8 N r bytes for rank r.
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming `nodes`, `values`, `points`,
/// `ell` or `noise`; [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn predict(
    known: Known<'_>,
    points: &[f64],
    team: &Team,
    control: &dyn Control,
) -> Result<Prediction, Error> {
    let Known { nodes, values, n_components, kernel, lengths, noise } = known;
    let d = lengths.len();
    let shape = |argument, found: usize| {
        let expected = format!("whole rows of {d} coordinates, a value each");
        Err(Error::Shape { argument, expected, found: format!("{found} numbers") })
    };
    if d == 0 || nodes.is_empty() || !nodes.len().is_multiple_of(d) {
        return shape("nodes", nodes.len());
    }
    if n_components == 0 || (nodes.len() / d).checked_mul(n_components) != Some(values.len()) {
        return shape("values", values.len());
    }
    if !points.len().is_multiple_of(d) {
        return shape("points", points.len());
    }
    lengths.iter().try_for_each(|&length| positive("ell", length))?;
    valid_noise(noise)?;
    for (argument, array) in [("nodes", nodes), ("values", values), ("points", points)] {
        require_finite(argument, array)?;
    }
    let row = |i: usize| &nodes[i * d..(i + 1) * d];
    let correlation = |x: &[f64], y: &[f64]| -> f64 {
        let pairs = x.iter().zip(y).zip(lengths);
        pairs.map(|((x, y), &length)| kernel.correlation(length, x - y)).product()
    };
    let entry = |i: usize, j: usize| correlation(row(i), row(j)) + if i == j { noise } else { 0.0 };
    let factor = PivotedCholesky::factorise(nodes.len() / d, entry, team, control)?;
    let mut coefficients = Vec::new();
    for v in 0..n_components {
        let mut c = factor.solve_lower(|i| values[i * n_components + v]);
        factor.solve_upper(&mut c);
        coefficients.push(c);
    }
    let n_points = points.len() / d;
    let mut mean = try_vec(n_points * n_components, 0.0)?;
    let mut standard_deviation = try_vec(n_points, 0.0)?;
    let predict_one = |x: &[f64]| {
        let with = |i: usize| correlation(x, row(i));
        let sums: Vec<f64> = coefficients
            .iter()
            .map(|c| factor.chosen.iter().zip(c).map(|(&i, c)| c * with(i)).sum())
            .collect();
        let explained: f64 = factor.solve_lower(with).iter().map(|c| c * c).sum();
        (sums, (1.0 - explained).max(0.0).sqrt())
    };
    // A few blocks at a time, so that a wish to stop is heard.
    let n_together = BLOCK * team.n_threads().max(1);
    for start in (0..n_points).step_by(n_together) {
        control.check()?;
        let count = n_together.min(n_points - start);
        let blocks = team.map_blocks(count, BLOCK, |range| {
            range.map(|k| predict_one(&points[(start + k) * d..][..d])).collect::<Vec<_>>()
        });
        for (k, (sums, deviation)) in blocks.into_iter().flatten().enumerate() {
            mean[(start + k) * n_components..][..n_components].copy_from_slice(&sums);
            standard_deviation[start + k] = deviation;
        }
    }
    Ok(Prediction { mean, standard_deviation })
}
