//! From recorded games to the table of pairs that met.
//!
//! Each game adds its weight to two entries, `(left, right)` and `(right, left)`. Games are either
//! counted in a dense table of all pairs, where few items met often, or cut by row into blocks that
//! fit a cache, sorted there and summed. Both ways add the weights of a pair in the order in which
//! its games were given, and list the opponents of an item in ascending order; neither depends on
//! the number of threads.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::ranking::{AnyTally, Games, aggregate};
//!
//! // Item 0 beat item 1 twice and lost to it once.
//! let games = Games::new(2, &[0, 0, 0], &[1, 1, 1], Some(&[1, 1, 0]), None)?;
//! let AnyTally::Single(tally) = aggregate(&games, &Team::sequential(), &())? else {
//!     unreachable!("small counts are stored in single precision")
//! };
//! assert_eq!(tally.opponents, [1, 0]);
//! assert_eq!(tally.wins, [2.0, 1.0]);
//! assert_eq!(tally.losses, [1.0, 2.0]);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod games;
mod histogram;
mod merge;
mod partition;
mod radix;
mod record;
mod tally;

pub use games::Games;
pub use tally::{AnyTally, Tally};

use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;

/// Games per chunk: chunks are tallied one by one and merged, which bounds the working memory.
///
/// Not above `2^24`, so that counts within a chunk are exact in single precision.
const CHUNK: usize = 1 << 24;

/// Sum the games of each pair.
///
/// Entries whose games all have weight zero do not appear. Weights are returned in single precision
/// when that is exact for all of them, as it is for counts up to `2^24`.
///
/// Time is `O(N log n)` for `N` games of `n` items; memory beyond the result is at most 16 bytes
/// for each game of a chunk of `2^24` (48 bytes with weights).
///
/// # Errors
/// [`Error::TooLarge`] when memory is lacking, [`Error::Interrupted`] at the wish of `control`.
pub fn aggregate(games: &Games<'_>, team: &Team, control: &dyn Control) -> Result<AnyTally, Error> {
    if histogram::pays(games) {
        return histogram::tally(games, control);
    }
    partition_chunks(games, CHUNK, team, control)
}

fn partition_chunks(
    games: &Games<'_>,
    chunk: usize,
    team: &Team,
    control: &dyn Control,
) -> Result<AnyTally, Error> {
    let mut total = partition::tally(&games.slice(0..games.len().min(chunk)), team, control)?;
    for start in (chunk..games.len()).step_by(chunk) {
        let end = games.len().min(start + chunk);
        let next = partition::tally(&games.slice(start..end), team, control)?;
        total = merge::merge(&total, &next, team)?;
    }
    total.narrow()
}

#[cfg(test)]
mod tests;
