//! The cut of a pass into chunks of rows, and the sum of what they found.

use std::ops::Range;

use super::PairValues;
use crate::error::Error;
use crate::parallel::Team;

/// Most chunks of a pass: enough to even out the load of many threads.
const MOST: usize = 64;

/// Most chunks where a partial sum of the columns is large.
const MOST_OF_WIDE: usize = 16;

/// Number of columns from which on a matrix is wide.
const WIDE: usize = 1 << 16;

/// Fewest rows of a chunk, where there are that many.
const FEWEST_ROWS: usize = 32;

/// Rows of a block that a pass may take at once.
const BLOCK: usize = 4;

/// Nanoseconds of one thread between two looks at the caller's wish to stop.
const LOOK: f64 = 40e6;

/// The cut of the rows: it depends on the shape alone, and so do sums over chunks.
#[derive(Debug, Clone, Copy)]
pub struct Chunks {
    n_rows: usize,
    rows: usize,
    /// Rows that a chunk passes over between two looks.
    piece: usize,
    /// Rows that one thread passes over between two looks, at most.
    look: usize,
}

impl Chunks {
    /// The cut for passes over `values` that spend `extra` nanoseconds on each.
    pub fn new(values: &dyn PairValues, extra: f64) -> Self {
        Self::of_shape(values.n_rows(), values.n_columns(), values.cost() + extra)
    }

    /// The cut for a matrix of which a value takes `cost` nanoseconds.
    #[allow(clippy::cast_sign_loss, reason = "a quotient of positive numbers")]
    pub fn of_shape(n_rows: usize, n_columns: usize, cost: f64) -> Self {
        let most = if n_columns > WIDE { MOST_OF_WIDE } else { MOST };
        // Whole blocks of rows share the loads of a column.
        let rows = n_rows.div_ceil(most).max(FEWEST_ROWS).next_multiple_of(BLOCK);
        let n_chunks = n_rows.div_ceil(rows).max(1);
        let row_cost = (n_columns.max(1) as f64) * cost;
        let piece = (LOOK / row_cost / n_chunks as f64).max(1.0).min(rows as f64) as usize;
        let look = (LOOK / row_cost).max(1.0) as usize;
        Self {
            n_rows,
            rows,
            look,
            piece: if piece >= BLOCK { piece / BLOCK * BLOCK } else { piece },
        }
    }

    /// Number of chunks.
    pub fn len(&self) -> usize {
        self.n_rows.div_ceil(self.rows)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// Rows of every chunk but the last.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows of chunk `k`.
    pub fn range(&self, k: usize) -> Range<usize> {
        k * self.rows..self.n_rows.min((k + 1) * self.rows)
    }
}

/// Pass over all rows: `work(state, rows)` for consecutive pieces of each chunk, in order.
///
/// `states` holds what a chunk writes, one for each. Between pieces `check` may end the pass; where
/// a row of each chunk takes long, between groups of chunks that give each thread one.
///
/// # Errors
/// Whatever `check` returns.
pub fn sweep<S: Send>(
    team: &Team,
    chunks: Chunks,
    states: &mut [S],
    check: &dyn Fn() -> Result<(), Error>,
    work: impl Fn(&mut S, Range<usize>) + Sync,
) -> Result<(), Error> {
    debug_assert_eq!(states.len(), chunks.len());
    let group = chunks.look.next_multiple_of(team.n_threads());
    for start in (0..chunks.rows).step_by(chunks.piece.max(1)) {
        for (part, states) in states.chunks_mut(group).enumerate() {
            check()?;
            team.for_each_part(states.iter_mut().enumerate().collect(), |(k, state)| {
                let rows = chunks.range(part * group + k);
                let first = rows.start + start;
                let piece = first..rows.end.min(first + chunks.piece);
                if piece.start < piece.end {
                    work(state, piece);
                }
            });
        }
    }
    Ok(())
}

/// Columns of one task of [`add_columns`].
const COLUMNS: usize = 1024;

/// Write the sums of the rows of `partial` (any number, as many columns as `out`) to `out`.
pub fn add_columns(team: &Team, partial: &[f64], out: &mut [f64]) {
    let n_columns = out.len();
    team.for_each_chunk_mut(out, COLUMNS, |start, out| {
        out.fill(0.0);
        for row in partial.chunks_exact(n_columns) {
            for (out, x) in out.iter_mut().zip(&row[start..]) {
                *out += x;
            }
        }
    });
}
