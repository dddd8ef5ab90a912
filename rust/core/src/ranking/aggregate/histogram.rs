//! Tally in a dense table of all pairs, for few items that met often.

use super::games::Games;
use super::tally::{AnyTally, Tally, fits_single};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::float::Float;

/// Items, at most: the table then has 128 MiB of counts, half of them touched.
const MAX_ITEMS: usize = 4096;

/// Pairs for each game, at most: beyond it walking the table costs more than sorting.
const CELLS_PER_GAME: usize = 4;

/// Games between two looks at the control.
const CHECK: usize = 1 << 24;

/// Whether the dense table is expected to be faster than the partition.
pub(super) fn pays(games: &Games<'_>) -> bool {
    let n = games.n_items;
    n <= MAX_ITEMS && n * n / CELLS_PER_GAME <= games.len() && u32::try_from(games.len()).is_ok()
}

/// Sum the games of each pair.
pub(super) fn tally(games: &Games<'_>, control: &dyn Control) -> Result<AnyTally, Error> {
    if games.has_ties { by_outcome::<3>(games, control) } else { by_outcome::<2>(games, control) }
}

fn by_outcome<const K: usize>(games: &Games<'_>, control: &dyn Control) -> Result<AnyTally, Error> {
    if games.weight.is_some() {
        let cells = count::<f64, K>(games, control, |cell, weight| *cell += weight)?;
        narrowest(games, &cells, fits_single(cells.as_flattened()))
    } else {
        let cells = count::<u32, K>(games, control, |cell, _| *cell += 1)?;
        let largest = cells.as_flattened().iter().copied().max().unwrap_or(0);
        narrowest(games, &cells, largest <= 1 << f32::MANTISSA_DIGITS)
    }
}

fn narrowest<C: Count, const K: usize>(
    games: &Games<'_>,
    cells: &[[C; K]],
    single: bool,
) -> Result<AnyTally, Error> {
    if single {
        Ok(AnyTally::Single(compress(games.n_items, cells)?))
    } else {
        Ok(AnyTally::Double(compress(games.n_items, cells)?))
    }
}

/// What a cell counts in.
trait Count: bytemuck::Zeroable + Copy + PartialOrd + Into<f64> {}

impl Count for u32 {}
impl Count for f64 {}

/// The table `[lower][higher]` of wins of the lower item, wins of the higher, and ties if any.
fn count<C: Count, const K: usize>(
    games: &Games<'_>,
    control: &dyn Control,
    add: impl Fn(&mut C, f64),
) -> Result<Vec<[C; K]>, Error> {
    let n = games.n_items;
    let mut cells = try_zeroed::<[C; K]>(n * n)?;
    for start in (0..games.len()).step_by(CHECK) {
        control.check()?;
        let chunk = games.slice(start..games.len().min(start + CHECK));
        chunk.for_each(|left, right, outcome, weight| {
            let (low, high) = (left.min(right) as usize, left.max(right) as usize);
            // Without branches: who won is what a processor cannot foresee.
            let higher_won = usize::from((left < right) != (outcome == 1));
            let slot = if K == 3 && outcome == 2 { 2 } else { higher_won };
            add(&mut cells[low * n + high][slot], weight);
        });
    }
    Ok(cells)
}

/// Keep the pairs that met.
///
/// Pairs are visited by their lower item, so that every row receives its opponents in ascending
/// order: first the lower ones, one by one, then its own row of the table.
fn compress<C: Count, T: Float, const K: usize>(
    n: usize,
    cells: &[[C; K]],
) -> Result<Tally<T>, Error> {
    let met = |cell: &[C; K]| cell.iter().fold(false, |met, &c| met | (c > C::zeroed()));
    let mut degrees = try_zeroed::<u32>(n)?;
    for low in 0..n {
        let row = &cells[low * n + low + 1..(low + 1) * n];
        let (own, higher) = degrees[low..].split_at_mut(1);
        for (degree, cell) in higher.iter_mut().zip(row) {
            let met = u32::from(met(cell));
            *degree += met;
            own[0] += met;
        }
    }
    let offsets = super::tally::offsets_from_lengths(n, degrees.iter().copied())?;
    let mut next = offsets.clone();
    let mut tally = Tally::zeroed(offsets, K == 3)?;
    let mut opponents = try_zeroed::<u32>(n)?;
    for low in 0..n {
        let mut n_opponents = 0;
        for high in low + 1..n {
            opponents[n_opponents] = high as u32;
            n_opponents += usize::from(met(&cells[low * n + high]));
        }
        for &high in &opponents[..n_opponents] {
            let cell = cells[low * n + high as usize].map(|c| T::from_f64(c.into()));
            let mut write = |row: usize, opponent: u32, wins, losses| {
                let entry = next[row];
                next[row] += 1;
                tally.opponents[entry] = opponent;
                tally.wins[entry] = wins;
                tally.losses[entry] = losses;
                if let Some(ties) = &mut tally.ties {
                    ties[entry] = cell[K - 1];
                }
            };
            write(low, high, cell[0], cell[1]);
            write(high as usize, low as u32, cell[1], cell[0]);
        }
    }
    Ok(tally)
}
