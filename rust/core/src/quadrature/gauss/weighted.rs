//! From roots to the weights of a rule whose total is known.

use super::rule::Rule;
use super::scaled::Scaled;
use crate::error::{Error, try_vec};
use crate::parallel::{BLOCK, Team, pairwise_sum};

/// Turn weights that are known up to a factor into those with total `mass`.
///
/// Weights beyond the range of doubles are 0 or infinite; their logarithms are not.
pub(super) fn normalise(
    nodes: Vec<f64>,
    relative: &[Scaled],
    mass: Scaled,
    team: &Team,
) -> Result<Rule, Error> {
    let n = nodes.len();
    let top = relative.iter().map(|w| w.exponent).max().unwrap_or(0);
    let in_units = |w: &Scaled| Scaled { exponent: w.exponent - top, ..*w }.value();
    let sums = team.map_blocks(n, BLOCK, |rows| {
        let terms: Vec<f64> = relative[rows].iter().map(in_units).collect();
        pairwise_sum(&terms)
    });
    let factor = mass.over(Scaled::new(pairwise_sum(&sums), top));
    let mut weights = try_vec(n, 0.0)?;
    let mut logs = try_vec(n, 0.0)?;
    let blocks = weights.chunks_mut(BLOCK).zip(logs.chunks_mut(BLOCK)).zip(relative.chunks(BLOCK));
    team.for_each_part(blocks.collect(), |((weights, logs), relative)| {
        for ((weight, log), &w) in weights.iter_mut().zip(logs).zip(relative) {
            let product = w.times(factor);
            (*weight, *log) = (product.value(), product.ln());
        }
    });
    Ok(Rule { nodes, weights, theta: None, log_weights: Some(logs) })
}
