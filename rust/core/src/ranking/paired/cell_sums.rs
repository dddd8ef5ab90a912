//! Sums of the cells' derivatives by pair and over all of them, in tiles of vector code.

use super::Ties;
use super::system::{Point, System};
use super::terms::{Counts, Shape, Term};
use crate::simd::{Arithmetic, Elementary, Kernel, dispatch};

/// Cells whose terms are computed in one vectorised loop, and summed before they join other sums.
pub(super) const TILE: usize = 256;

/// Places of an edge's record: its score, its conductance, and then its row of `C`.
pub(super) const SCORE: usize = 0;
pub(super) const INFORMATION: usize = 1;
pub(super) const COUPLING: usize = 2;

/// One block's share of the outputs.
pub(super) struct Part<'p> {
    /// Which block of work it is.
    pub block: usize,
    /// Records of the block's pairs.
    pub records: &'p mut [f64],
    /// Sums of absolute values behind the pairs' scores.
    pub magnitudes: &'p mut [f64],
    /// Sums over the block: gradient, magnitude and lower triangle of `B`.
    pub sums: &'p mut [f64],
}

/// Length of [`Part::sums`].
pub(super) fn n_sums(k: usize) -> usize {
    2 * k + k * (k + 1) / 2
}

/// Terms of a tile, each kind by itself.
struct Columns {
    eta: [f64; TILE],
    score: [f64; TILE],
    magnitude: [f64; TILE],
    information: [f64; TILE],
    cross: [f64; TILE],
    tie_score: [f64; TILE],
    tie_magnitude: [f64; TILE],
    tie_information: [f64; TILE],
}

/// One tile's loop over its cells.
struct TileTerms<'t> {
    shape: Shape,
    wins: &'t [f64],
    losses: &'t [f64],
    ties: &'t [f64],
    columns: &'t mut Columns,
}

impl Kernel for TileTerms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { shape, wins, losses, ties, columns } = self;
        match shape {
            Shape::Half => fill::<A, false>(shape, wins, losses, ties, columns),
            _ => fill::<A, true>(shape, wins, losses, ties, columns),
        }
    }
}

#[inline(always)]
fn fill<A: Arithmetic, const TIE: bool>(
    shape: Shape,
    wins: &[f64],
    losses: &[f64],
    ties: &[f64],
    columns: &mut Columns,
) {
    let n = wins.len().min(TILE);
    let (wins, losses, ties) = (&wins[..n], &losses[..n], &ties[..n]);
    for c in 0..n {
        let eta = columns.eta[c];
        let counts = Counts { wins: wins[c], losses: losses[c], ties: ties[c] };
        let term = shape.term(counts, eta, shape.exponent(eta).exp_lane::<A>());
        columns.score[c] = term.score;
        columns.magnitude[c] = term.magnitude;
        columns.information[c] = term.information;
        if TIE {
            columns.cross[c] = term.cross;
            columns.tie_score[c] = term.tie_score;
            columns.tie_magnitude[c] = term.tie_magnitude;
            columns.tie_information[c] = term.tie_information;
        }
    }
}

/// Sum a block's cells by pair, and over all of them for the shared parameters.
pub(super) fn sum_cells(system: &System<'_>, at: &Point<'_>, part: Part<'_>) {
    let k = system.n_shared;
    let Part { block, records, magnitudes, sums } = part;
    sums.fill(0.0);
    records.fill(0.0);
    magnitudes.fill(0.0);
    let shape = Shape::new(system.model.ties, at.tie);
    let n_tie = usize::from(system.model.ties != Ties::Half);
    let mut columns = Columns {
        eta: [0.0; TILE],
        score: [0.0; TILE],
        magnitude: [0.0; TILE],
        information: [0.0; TILE],
        cross: [0.0; TILE],
        tie_score: [0.0; TILE],
        tie_magnitude: [0.0; TILE],
        tie_information: [0.0; TILE],
    };
    let no_ties = [0.0; TILE];
    let mut pair_of = [0; TILE];
    let mut loadings = vec![0.0; k - n_tie];
    let mut tile_sums = vec![0.0; sums.len()];
    let pairs = system.block(block);
    let cells = system.cells_of_block(&pairs);
    let mut pair = pairs.start;
    for start in cells.clone().step_by(TILE) {
        let tile = start..cells.end.min(start + TILE);
        for (cell, (pair_of, eta)) in tile.clone().zip(pair_of.iter_mut().zip(&mut columns.eta)) {
            while cell >= system.cells_of(pair).end {
                pair += 1;
            }
            *pair_of = pair - pairs.start;
            *eta = system.predictor(pair, cell, at);
        }
        let (wins, losses, ties) = system.columns(tile.clone());
        let ties = if ties.is_empty() { &no_ties[..wins.len()] } else { ties };
        dispatch(TileTerms { shape, wins, losses, ties, columns: &mut columns });

        let n = tile.len();
        for (c, &own) in pair_of[..n].iter().enumerate() {
            magnitudes[own] += columns.magnitude[c];
            let record = &mut records[own * (COUPLING + k)..][..COUPLING + k];
            record[SCORE] += columns.score[c];
            record[INFORMATION] += columns.information[c];
            if n_tie == 1 {
                record[COUPLING] += columns.cross[c];
            }
        }
        tile_sums.fill(0.0);
        let (gradient, rest) = tile_sums.split_at_mut(k);
        let (magnitude, information) = rest.split_at_mut(k);
        if n_tie == 1 {
            gradient[0] += columns.tie_score[..n].iter().sum::<f64>();
            magnitude[0] += columns.tie_magnitude[..n].iter().sum::<f64>();
            information[0] += columns.tie_information[..n].iter().sum::<f64>();
        }
        let linear = if k > n_tie { tile } else { 0..0 };
        for (c, cell) in linear.enumerate() {
            let record = &mut records[pair_of[c] * (COUPLING + k)..][..COUPLING + k];
            system.loadings(cell, &mut loadings);
            let term = Term {
                score: columns.score[c],
                magnitude: columns.magnitude[c],
                information: columns.information[c],
                cross: columns.cross[c],
                ..Term::default()
            };
            add_linear(
                &term,
                &loadings,
                n_tie,
                &mut record[COUPLING..],
                gradient,
                magnitude,
                information,
            );
        }
        for (sum, part) in sums.iter_mut().zip(&tile_sums) {
            *sum += part;
        }
    }
}

/// Add a cell to the sums of the shared parameters that enter the linear predictor.
#[inline(always)]
fn add_linear(
    term: &Term,
    loadings: &[f64],
    n_tie: usize,
    coupling: &mut [f64],
    gradient: &mut [f64],
    magnitude: &mut [f64],
    information: &mut [f64],
) {
    for (a, &z) in loadings.iter().enumerate() {
        let row = a + n_tie;
        gradient[row] += term.score * z;
        magnitude[row] += term.magnitude * z.abs();
        coupling[row] += term.information * z;
        let triangle = &mut information[row * (row + 1) / 2..][..=row];
        let (tie, linear) = triangle.split_at_mut(n_tie);
        for tie in tie {
            *tie += term.cross * z;
        }
        for (sum, other) in linear.iter_mut().zip(loadings) {
            *sum += term.information * z * other;
        }
    }
}
