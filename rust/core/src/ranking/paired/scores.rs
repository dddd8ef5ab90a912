//! The covariance `V` of the scores, cell by cell: products with it, and random vectors that have it.

use std::ops::Range;

use super::Ties;
use super::system::{Point, System};
use super::terms::{scores, term};
use crate::parallel::{Team, pairwise_sum};
use crate::ranking::inference::{Kind, Noise};
use crate::rng::Stream;

/// A cell's score: by the linear predictor seen from the smaller item, and by the tie parameter.
pub(super) type Score = (f64, f64);

/// A cell's part of `V` in (linear predictor, tie parameter): first diagonal entry, off-diagonal
/// entry, second diagonal entry.
#[inline(always)]
pub(super) fn cell_weights(
    system: &System<'_>,
    kind: Kind,
    pair: usize,
    cell: usize,
    at: &Point<'_>,
) -> [f64; 3] {
    let (ties, counts) = (system.model.ties, system.counts(cell));
    let eta = system.predictor(pair, cell, at);
    match kind {
        Kind::Model => {
            let term = term(ties, counts, eta, at.tie);
            [term.information, term.cross, term.tie_information]
        }
        Kind::Sandwich => {
            let mut sum = [0.0; 3];
            let games = [counts.wins, counts.losses, counts.ties];
            for (games, (by_eta, by_tie)) in games.into_iter().zip(scores(ties, eta, at.tie)) {
                // The tie's score may be infinite where there are none.
                if games > 0.0 {
                    sum[0] += games * by_eta * by_eta;
                    sum[1] += games * by_eta * by_tie;
                    sum[2] += games * by_tie * by_tie;
                }
            }
            sum
        }
    }
}

/// A random score with covariance `weights`, from two independent draws of variance one.
#[inline(always)]
pub(super) fn random_score([eta, cross, tie]: [f64; 3], first: f64, second: f64) -> Score {
    let root = eta.sqrt();
    if root > 0.0 {
        let slope = cross / root;
        (root * first, slope * first + (tie - slope * slope).max(0.0).sqrt() * second)
    } else {
        (0.0, tie.sqrt() * second)
    }
}

/// Random scores of the cells of a block, functions of the stream alone.
pub(super) fn draw_scores(
    system: &System<'_>,
    kind: Kind,
    noise: Noise,
    stream: &Stream,
    at: &Point<'_>,
    pairs: Range<usize>,
    out: &mut [Score],
) {
    let start = system.cells_of_block(&pairs).start;
    let per_cell = 1 + usize::from(system.model.ties != Ties::Half);
    let mut draws = vec![0.0; out.len() * per_cell];
    noise.fill(stream, (start * per_cell) as u64, &mut draws);
    let mut draws = draws.chunks_exact(per_cell);
    for pair in pairs {
        for cell in system.cells_of(pair) {
            let weights = cell_weights(system, kind, pair, cell, at);
            if let Some(draw) = draws.next() {
                out[cell - start] = random_score(weights, draw[0], draw[per_cell - 1]);
            }
        }
    }
}

/// Number of draws that the cells take from a stream.
pub(super) fn n_draws(system: &System<'_>) -> usize {
    system.n_cells() * (1 + usize::from(system.model.ties != Ties::Half))
}

/// Add up scores over all parameters: `out` holds one number an item, then one a free shared
/// parameter in its scaled units. `fill` writes the scores of the cells of a range of pairs.
pub(super) fn spread(
    system: &System<'_>,
    fill: impl Fn(Range<usize>, &mut [Score]) + Sync,
    out: &mut [f64],
    team: &Team,
) {
    let k = system.n_shared;
    let n_tie = usize::from(system.has_tie_parameter());
    let mut flow = vec![0.0; system.pairs.n_met];
    let mut sums = vec![0.0; system.blocks().len() * k];
    let (mut rest, mut rest_sums) = (&mut flow[..], &mut sums[..]);
    let mut parts = Vec::with_capacity(system.blocks().len());
    for pairs in system.blocks() {
        let (own, after) = rest.split_at_mut(pairs.len());
        let (own_sums, after_sums) = rest_sums.split_at_mut(k);
        (rest, rest_sums) = (after, after_sums);
        parts.push((pairs, own, own_sums));
    }
    team.for_each_part(parts, |(pairs, flow, sums)| {
        let cells = system.cells_of_block(&pairs);
        let mut scores = vec![(0.0, 0.0); cells.len()];
        fill(pairs.clone(), &mut scores);
        let mut loadings = vec![0.0; k - n_tie];
        for (pair, flow) in pairs.zip(flow) {
            for cell in system.cells_of(pair) {
                let (by_eta, by_tie) = scores[cell - cells.start];
                *flow += by_eta;
                let (tie, linear) = sums.split_at_mut(n_tie);
                for tie in tie {
                    *tie += by_tie;
                }
                if !linear.is_empty() {
                    system.loadings(cell, &mut loadings);
                    for (sum, z) in linear.iter_mut().zip(&loadings) {
                        *sum += by_eta * z;
                    }
                }
            }
        }
    });
    let (items, shared) = out.split_at_mut(system.n_items);
    for (a, out) in shared.iter_mut().enumerate() {
        let column: Vec<f64> = sums.iter().skip(a).step_by(k).copied().collect();
        *out = pairwise_sum(&column);
    }
    team.for_each_chunk_mut(items, system.rows_per_block(), |start, items| {
        for (i, out) in (start..).zip(items) {
            let entries = system.pairs.row(i).filter(|&(e, _)| e < flow.len());
            *out = entries.map(|(e, sign)| sign * flow[e]).sum();
        }
    });
}
