//! Cholesky factors of positive semidefinite matrices, column by column of the largest pivot.

use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// Rows that one task updates: a column of them fits the first cache.
const ROWS: usize = 1024;

/// Rows of the innermost loop.
const LANES: usize = 16;

/// `A[:, chosen] = L L[chosen, :]^T` for the chosen rows and columns of a matrix `A`.
pub(super) struct PivotedCholesky {
    /// Rows in the order of their pivots.
    pub(super) chosen: Vec<usize>,
    /// Columns of `L`, rows as in the matrix.
    columns: Vec<Vec<f64>>,
}

impl PivotedCholesky {
    /// Factorise until the largest pivot is below `n eps max(diagonal)`.
    ///
    /// `entry(i, j)` is read once for each chosen column. O(n r^2) time, 8 n r bytes for rank `r`;
    /// bits do not depend on the number of threads.
    pub(super) fn factorise(
        n: usize,
        entry: impl Fn(usize, usize) -> f64 + Sync,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let mut pivots = try_vec(n, 0.0)?;
        for (i, pivot) in pivots.iter_mut().enumerate() {
            *pivot = entry(i, i);
            // Written so that NaN is refused.
            if !(*pivot > 0.0 && pivot.is_finite()) {
                return Err(Error::NotPositiveDefinite { argument: "kernel", row: i });
            }
        }
        let largest = pivots.iter().copied().fold(0.0, f64::max);
        let floor = n as f64 * f64::EPSILON * largest;
        let mut factor = Self { chosen: Vec::new(), columns: Vec::new() };
        loop {
            control.check()?;
            // The first of equal pivots, so that rounding elsewhere does not choose.
            let next = (0..n).reduce(|best, i| if pivots[i] > pivots[best] { i } else { best });
            let Some(row) = next.filter(|&row| pivots[row] >= floor) else { return Ok(factor) };
            let root = pivots[row].sqrt();
            let mut column = try_vec(n, 0.0)?;
            team.for_each_chunk_mut(&mut column, ROWS, |start, out| {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = entry(start + i, row);
                }
                for done in &factor.columns {
                    let part = &done[start..start + out.len()];
                    dispatch(Subtract { factor: done[row], column: part, out });
                }
                for out in out {
                    *out /= root;
                }
            });
            for &done in &factor.chosen {
                column[done] = 0.0;
            }
            column[row] = root;
            for (i, (pivot, entry)) in pivots.iter_mut().zip(&column).enumerate() {
                *pivot -= entry * entry;
                if pivot.is_nan() {
                    return Err(Error::NotPositiveDefinite { argument: "kernel", row: i });
                }
            }
            pivots[row] = f64::NEG_INFINITY;
            factor.chosen.push(row);
            factor.columns.push(column);
        }
    }

    /// `c` with `L[chosen, :] c = b[chosen]`. O(r^2).
    pub(super) fn solve_lower(&self, rhs: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut c: Vec<f64> = Vec::with_capacity(self.chosen.len());
        for (k, &row) in self.chosen.iter().enumerate() {
            let known: f64 = self.columns[..k].iter().zip(&c).map(|(l, c)| l[row] * c).sum();
            c.push((rhs(row) - known) / self.columns[k][row]);
        }
        c
    }

    /// `w` with `L[chosen, :]^T w = c`, in place. O(r^2).
    pub(super) fn solve_upper(&self, c: &mut [f64]) {
        for k in (0..c.len()).rev() {
            let column = &self.columns[k];
            let later = self.chosen[k + 1..].iter().zip(&c[k + 1..]);
            let known: f64 = later.map(|(&row, w)| column[row] * w).sum();
            c[k] = (c[k] - known) / column[self.chosen[k]];
        }
    }

    /// Logarithm of the determinant of the chosen rows and columns of the matrix.
    pub(super) fn log_determinant(&self) -> f64 {
        let roots = self.chosen.iter().zip(&self.columns).map(|(&row, column)| column[row].ln());
        2.0 * roots.sum::<f64>()
    }
}

/// `out -= factor column`.
struct Subtract<'a> {
    factor: f64,
    column: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Subtract<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { factor, column, out } = self;
        let (blocks, rest) = out.as_chunks_mut::<LANES>();
        let (columns, column_rest) = column.as_chunks::<LANES>();
        for (out, column) in blocks.iter_mut().zip(columns) {
            for l in 0..LANES {
                out[l] = A::mul_add(-factor, column[l], out[l]);
            }
        }
        for (out, column) in rest.iter_mut().zip(column_rest) {
            *out = A::mul_add(-factor, *column, *out);
        }
    }
}
