//! Products with the covariance of the scores, and random vectors that have it, for several vectors
//! in one pass over the cells.

use std::ops::Range;

use super::Ties;
use super::scores::{cell_weights, random_score};
use super::system::{Point, System};
use crate::ranking::inference::{Kind, Noise};
use crate::rng::Stream;

/// Vectors of one pass: their numbers for one item fill a cache line.
pub(super) const LANES: usize = 8;

/// One number of each vector.
pub(super) type Lanes = [f64; LANES];

/// Cells whose random numbers are drawn at a time.
const BLOCK: usize = 512;

/// The entries at `place` of columns of length `p`; 0 where there are fewer columns.
pub(super) fn lanes(columns: &[f64], p: usize, place: usize) -> Lanes {
    let mut out = [0.0; LANES];
    for (out, column) in out.iter_mut().zip(columns.chunks(p)) {
        *out = column[place];
    }
    out
}

#[inline(always)]
fn add(to: &mut Lanes, factor: f64, values: &Lanes) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += factor * value;
    }
}

/// Add the scores of the cells of `pairs`, in order, to `out`: one entry an item, then one a free
/// shared parameter in its scaled units.
fn spread(
    system: &System<'_>,
    pairs: Range<usize>,
    out: &mut [Lanes],
    mut score: impl FnMut(usize, usize, &[f64]) -> (Lanes, Lanes),
) {
    let (n, k) = (system.n_items, system.n_shared);
    let n_tie = usize::from(system.has_tie_parameter());
    let mut loadings = vec![0.0; k - n_tie];
    for pair in pairs {
        let mut flow = [0.0; LANES];
        for cell in system.cells_of(pair) {
            if !loadings.is_empty() {
                system.loadings(cell, &mut loadings);
            }
            let (by_eta, by_tie) = score(pair, cell, &loadings);
            add(&mut flow, 1.0, &by_eta);
            let (tie, linear) = out[n..].split_at_mut(n_tie);
            for tie in tie {
                add(tie, 1.0, &by_tie);
            }
            for (sum, &z) in linear.iter_mut().zip(&loadings) {
                add(sum, z, &by_eta);
            }
        }
        add(&mut out[system.pairs.low[pair] as usize], 1.0, &flow);
        add(&mut out[system.pairs.high[pair] as usize], -1.0, &flow);
    }
}

/// Add what the cells of `pairs` contribute to `V x`, for vectors of strengths and scaled shared
/// parameters.
pub(super) fn multiply_lanes(
    system: &System<'_>,
    kind: Kind,
    at: &Point<'_>,
    x: &[Lanes],
    pairs: Range<usize>,
    out: &mut [Lanes],
) {
    let (strength, shared) = x.split_at(system.n_items);
    let (tie, linear) = shared.split_at(usize::from(system.has_tie_parameter()));
    let along_tie = tie.first().copied().unwrap_or([0.0; LANES]);
    spread(system, pairs, out, |pair, cell, loadings| {
        let [eta, cross, tie] = cell_weights(system, kind, pair, cell, at);
        let mut u = strength[system.pairs.low[pair] as usize];
        add(&mut u, -1.0, &strength[system.pairs.high[pair] as usize]);
        for (&z, shared) in loadings.iter().zip(linear) {
            add(&mut u, z, shared);
        }
        let (mut by_eta, mut by_tie) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            by_eta[lane] = eta * u[lane] + cross * along_tie[lane];
            by_tie[lane] = cross * u[lane] + tie * along_tie[lane];
        }
        (by_eta, by_tie)
    });
}

/// Add random scores of the cells of `pairs`, each vector's from its own stream: the numbers of
/// [`draw_scores`](super::scores::draw_scores).
pub(super) fn draw_lanes(
    system: &System<'_>,
    kind: Kind,
    noise: Noise,
    streams: &[Stream],
    at: &Point<'_>,
    pairs: Range<usize>,
    out: &mut [Lanes],
) {
    let per_cell = 1 + usize::from(system.model.ties != Ties::Half);
    let length = BLOCK * per_cell;
    let mut draws = vec![0.0; LANES * length];
    let first = system.cells_of_block(&pairs).start;
    spread(system, pairs, out, |pair, cell, _| {
        let place = (cell - first) % BLOCK * per_cell;
        if place == 0 {
            for (stream, draws) in streams.iter().zip(draws.chunks_mut(length)) {
                noise.fill(stream, (cell * per_cell) as u64, draws);
            }
        }
        let weights = cell_weights(system, kind, pair, cell, at);
        let (mut by_eta, mut by_tie) = ([0.0; LANES], [0.0; LANES]);
        for (lane, draws) in draws.chunks(length).enumerate() {
            let (first, second) = (draws[place], draws[place + per_cell - 1]);
            (by_eta[lane], by_tie[lane]) = random_score(weights, first, second);
        }
        (by_eta, by_tie)
    });
}
