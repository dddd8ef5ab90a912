//! Tally in a dense table of all ordered pairs, for few items that met often.

use super::games::Games;
use super::tally::{AnyTally, Tally, fits_single};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::float::Float;

/// Items, at most: the table then has 64 MiB of counts.
const MAX_ITEMS: usize = 4096;

/// Cells of the table for each game, at most: beyond it walking the table costs more than sorting.
const CELLS_PER_GAME: usize = 4;

/// Rows whose mirrored cells are gathered together: one cache line of counts.
const TILE: usize = 16;

/// Games between two looks at the control.
const CHECK: usize = 1 << 24;

/// Whether the dense table is expected to be faster than the partition.
pub(super) fn pays(games: &Games<'_>) -> bool {
    let n = games.n_items;
    n <= MAX_ITEMS && n * n / CELLS_PER_GAME <= games.len() && u32::try_from(games.len()).is_ok()
}

/// Sum the games of each pair.
pub(super) fn tally(games: &Games<'_>, control: &dyn Control) -> Result<AnyTally, Error> {
    if games.weight.is_some() {
        let cells = count(games, control, |cell: &mut f64, weight| *cell += weight)?;
        narrowest(games, &cells, fits_single(&cells))
    } else {
        let cells = count(games, control, |cell: &mut u32, _| *cell += 1)?;
        let exact = cells.iter().copied().max().unwrap_or(0) <= 1 << f32::MANTISSA_DIGITS;
        narrowest(games, &cells, exact)
    }
}

fn narrowest<C: Copy + Into<f64>>(
    games: &Games<'_>,
    cells: &[C],
    single: bool,
) -> Result<AnyTally, Error> {
    if single {
        Ok(AnyTally::Single(compress(games.n_items, cells)?))
    } else {
        Ok(AnyTally::Double(compress(games.n_items, cells)?))
    }
}

/// The table `[winner][loser]`, followed by `[lower][higher]` of ties when there are any.
fn count<C: bytemuck::Zeroable>(
    games: &Games<'_>,
    control: &dyn Control,
    add: impl Fn(&mut C, f64),
) -> Result<Vec<C>, Error> {
    let n = games.n_items;
    let mut cells = try_zeroed::<C>(n * n * if games.has_ties { 2 } else { 1 })?;
    for start in (0..games.len()).step_by(CHECK) {
        control.check()?;
        let chunk = games.slice(start..games.len().min(start + CHECK));
        chunk.for_each(|left, right, outcome, weight| {
            let (first, second, base) = match outcome {
                0 => (right, left, 0),
                1 => (left, right, 0),
                _ => (left.min(right), left.max(right), n * n),
            };
            add(&mut cells[base + first as usize * n + second as usize], weight);
        });
    }
    Ok(cells)
}

/// Keep the pairs that met.
fn compress<C: Copy + Into<f64>, T: Float>(n: usize, cells: &[C]) -> Result<Tally<T>, Error> {
    let (decided, tied) = cells.split_at(n * n);
    let mut offsets = try_zeroed(n + 1)?;
    for first in (0..n).step_by(TILE) {
        for_tile(n, first, decided, tied, |row, _, [wins, losses, ties]| {
            offsets[row + 1] += usize::from(wins + losses + ties > 0.0);
        });
    }
    for row in 0..n {
        offsets[row + 1] += offsets[row];
    }
    let mut tally = Tally::zeroed(offsets, !tied.is_empty())?;
    for first in (0..n).step_by(TILE) {
        let mut next = [0; TILE];
        let tile = first..n.min(first + TILE);
        next[..tile.len()].copy_from_slice(&tally.offsets[tile]);
        for_tile(n, first, decided, tied, |row, opponent, [wins, losses, ties]| {
            if wins + losses + ties > 0.0 {
                let entry = next[row - first];
                next[row - first] += 1;
                tally.opponents[entry] = opponent as u32;
                tally.wins[entry] = T::from_f64(wins);
                tally.losses[entry] = T::from_f64(losses);
                if let Some(all) = &mut tally.ties {
                    all[entry] = T::from_f64(ties);
                }
            }
        });
    }
    Ok(tally)
}

/// Visit `(row, opponent, [wins, losses, ties])` for rows from `first`, opponents ascending.
#[inline(always)]
fn for_tile<C: Copy + Into<f64>>(
    n: usize,
    first: usize,
    decided: &[C],
    tied: &[C],
    mut visit: impl FnMut(usize, usize, [f64; 3]),
) {
    let end = n.min(first + TILE);
    for opponent in 0..n {
        let mirrored = &decided[opponent * n + first..opponent * n + end];
        for (row, &losses) in (first..end).zip(mirrored) {
            let wins = decided[row * n + opponent].into();
            let ties = tied.get(row.min(opponent) * n + row.max(opponent));
            visit(row, opponent, [wins, losses.into(), ties.map_or(0.0, |&t| t.into())]);
        }
    }
}
