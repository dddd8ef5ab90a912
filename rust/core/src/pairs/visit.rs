//! A pass that shows every tile to a visitor.

use std::ops::Range;

use super::sweep::{Chunks, sweep};
use super::{PairValues, TILE};
use crate::error::Error;
use crate::parallel::Team;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// What a pass makes of each tile; every chunk of rows has a visitor of its own.
pub trait Visitor: Send {
    /// Look at the values of `row` in the columns from `start` on, at most [`TILE`] of them.
    ///
    /// Tiles of a row come in order. Implementations are `#[inline(always)]`, and so is all that
    /// they call.
    fn visit<A: Arithmetic>(&mut self, row: usize, start: usize, values: &[f64]);
}

/// Show every tile of `values` to the visitor of its chunk.
///
/// # Errors
/// Whatever `check` returns, which is asked every few hundredths of a second.
pub fn visit<W: Visitor>(
    values: &dyn PairValues,
    team: &Team,
    chunks: Chunks,
    check: &dyn Fn() -> Result<(), Error>,
    visitors: &mut [W],
) -> Result<(), Error> {
    sweep(team, chunks, visitors, check, |visitor, rows| dispatch(Piece { values, rows, visitor }))
}

struct Piece<'k, W> {
    values: &'k dyn PairValues,
    rows: Range<usize>,
    visitor: &'k mut W,
}

impl<W: Visitor> Kernel for Piece<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let n_columns = self.values.n_columns();
        let mut buffer = [0.0; TILE];
        for row in self.rows {
            for start in (0..n_columns).step_by(TILE) {
                let buffer = &mut buffer[..TILE.min(n_columns - start)];
                self.visitor.visit::<A>(row, start, self.values.tile(row, start, buffer));
            }
        }
    }
}
