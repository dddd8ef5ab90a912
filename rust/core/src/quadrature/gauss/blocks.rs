//! Rules made block by block; of a symmetric one half is computed and the other mirrors it.

use std::f64::consts::{FRAC_PI_2, PI};

use super::rule::Rule;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::{BLOCK, Team};

/// Blocks between two looks at the caller's wish to stop: some tens of milliseconds of one thread.
const AT_ONCE: usize = 128;

/// Consecutive nodes of the positive half of a rule, counted from the largest, k = 1.
pub(super) struct Half<'a> {
    /// The number k of the first node.
    pub(super) first: usize,
    pub(super) nodes: &'a mut [f64],
    pub(super) weights: &'a mut [f64],
    /// Angles, where they are wanted.
    pub(super) theta: Option<&'a mut [f64]>,
}

/// A block of one half and the block that mirrors it.
struct Pair<'a> {
    half: Half<'a>,
    nodes: &'a mut [f64],
    weights: &'a mut [f64],
    theta: Option<&'a mut [f64]>,
}

/// A rule that is symmetric about 0, whose positive half (the middle included) `fill` computes.
pub(super) fn mirrored(
    n: usize,
    team: &Team,
    control: &dyn Control,
    fill: impl Fn(Half<'_>) + Sync,
) -> Result<Rule, Error> {
    let mut rule = Rule::zeros(n)?;
    mirror(&mut rule.nodes, &mut rule.weights, None, team, control, fill)?;
    Ok(rule)
}

/// As [`mirrored`], written to slices of one length.
///
/// Blocks have a fixed size, so the bits do not depend on the number of threads.
pub(super) fn mirror(
    nodes: &mut [f64],
    weights: &mut [f64],
    mut theta: Option<&mut [f64]>,
    team: &Team,
    control: &dyn Control,
    fill: impl Fn(Half<'_>) + Sync,
) -> Result<(), Error> {
    let (n, half) = (nodes.len(), nodes.len() / 2);
    if n % 2 == 1 {
        fill(Half {
            first: half + 1,
            nodes: &mut nodes[half..=half],
            weights: &mut weights[half..=half],
            theta: theta.as_deref_mut().map(|theta| &mut theta[half..=half]),
        });
        nodes[half] = 0.0;
        if let Some(theta) = &mut theta {
            theta[half] = FRAC_PI_2;
        }
    }
    let (mut nodes, mut weights) = (blocks(nodes), blocks(weights));
    let mut theta = theta.map(blocks);
    let mut first = 1;
    let mut pairs = std::iter::from_fn(|| {
        let (low, high) = nodes.next()?;
        let (low_weights, high_weights) = weights.next()?;
        let (low_theta, high_theta) = theta.as_mut().and_then(Iterator::next).unzip();
        let half = Half { first, nodes: low, weights: low_weights, theta: low_theta };
        first += half.nodes.len();
        Some(Pair { half, nodes: high, weights: high_weights, theta: high_theta })
    });
    in_waves(&mut pairs, AT_ONCE, team, control, |pair| pair.fill(&fill))
}

/// A rule of n nodes; `fill` computes the nodes and weights from a given index on.
pub(super) fn in_blocks(
    n: usize,
    team: &Team,
    control: &dyn Control,
    fill: impl Fn(usize, &mut [f64], &mut [f64]) + Sync,
) -> Result<Rule, Error> {
    let mut rule = Rule::zeros(n)?;
    let blocks = rule.nodes.chunks_mut(BLOCK).zip(rule.weights.chunks_mut(BLOCK)).enumerate();
    in_waves(blocks, AT_ONCE, team, control, |(block, (nodes, weights))| {
        fill(block * BLOCK, nodes, weights);
    })?;
    Ok(rule)
}

/// Work on `at_once` parts at a time, asking in between whether to go on.
pub(super) fn in_waves<P: Send>(
    mut parts: impl Iterator<Item = P>,
    at_once: usize,
    team: &Team,
    control: &dyn Control,
    work: impl Fn(P) + Sync,
) -> Result<(), Error> {
    loop {
        control.check()?;
        let wave: Vec<_> = parts.by_ref().take(at_once).collect();
        if wave.is_empty() {
            return Ok(());
        }
        team.for_each_part(wave, &work);
    }
}

/// Blocks from the front, each with the block at the same distance from the back.
fn blocks(values: &mut [f64]) -> impl Iterator<Item = (&mut [f64], &mut [f64])> {
    let half = values.len() / 2;
    let (low, rest) = values.split_at_mut(half);
    let from = rest.len() - half;
    low.chunks_mut(BLOCK).zip(rest[from..].rchunks_mut(BLOCK))
}

impl Pair<'_> {
    /// Compute the half in the place of the negative nodes, copy it, and change the signs.
    fn fill(self, fill: impl Fn(Half<'_>)) {
        let Half { first, nodes, weights, mut theta } = self.half;
        let angles = theta.as_deref_mut();
        fill(Half { first, nodes: &mut *nodes, weights: &mut *weights, theta: angles });
        for (low, high) in nodes.iter_mut().zip(self.nodes.iter_mut().rev()) {
            *high = *low;
            *low = -*low;
        }
        for (low, high) in weights.iter().zip(self.weights.iter_mut().rev()) {
            *high = *low;
        }
        if let (Some(low), Some(high)) = (theta, self.theta) {
            for (low, high) in low.iter_mut().zip(high.iter_mut().rev()) {
                *high = *low;
                *low = PI - *low;
            }
        }
    }
}
