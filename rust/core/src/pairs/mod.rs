//! Passes over all pairs of a row and a column: of a stored matrix, or of two clouds of points.
//!
//! [`PairValues`] gives the values of a row tile by tile, as doubles in a buffer that stays in the
//! first-level cache: read from a [`Matrix`], or computed from [`Points`] in O(n + m) memory.
//! [`sweep`] cuts the rows of a pass into chunks whose number does not depend on the number of
//! threads; each chunk has a state of its own (partial sums of the columns, scratch), and
//! [`add_columns`] joins those in a fixed order.
//!
//! ```
//! use hasten_core::pairs::{Metric, PairValues, Points};
//!
//! let points = Points::<f64>::new(&[0.0, 0.0], &[3.0, 4.0, 0.0, 1.0], 2, Metric::Euclidean)?;
//! assert_eq!((points.n_rows(), points.n_columns()), (1, 2));
//! let mut row = [0.0; 2];
//! points.fill(0, 0, &mut row);
//! assert_eq!(row, [5.0, 1.0]);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod matrix;
mod points;
mod sweep;
#[cfg(test)]
mod tests;
mod visit;

pub use matrix::Matrix;
pub use points::{Metric, Points};
pub use sweep::{Chunks, add_columns, sweep};
pub use visit::{Visitor, visit};

/// Columns of a tile: 4 KiB of doubles.
pub const TILE: usize = 512;

/// A matrix of values that is stored or computed, a piece of a row at a time.
pub trait PairValues: Sync + std::fmt::Debug {
    /// Number of rows.
    fn n_rows(&self) -> usize;

    /// Number of columns.
    fn n_columns(&self) -> usize;

    /// Write the values of row `row` in the columns from `start` on to `out`.
    ///
    /// Called once a tile, so that passes need not be compiled for each kind of values.
    fn fill(&self, row: usize, start: usize, out: &mut [f64]);

    /// The same values where they stand, if they stand as doubles, or else filled into `buffer`.
    fn tile<'t>(&'t self, row: usize, start: usize, buffer: &'t mut [f64]) -> &'t [f64] {
        self.fill(row, start, buffer);
        buffer
    }

    /// Nanoseconds that a value takes, roughly: passes are cut so that Ctrl-C is heard in time.
    fn cost(&self) -> f64;
}
