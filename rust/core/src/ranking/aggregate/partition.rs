//! Tally by cutting the games into blocks of rows that fit a cache, and sorting there.
//!
//! Slices of consecutive games are partitioned into blocks of rows, each slice on its own; then the
//! pieces of each block are joined in order, sorted by pair and summed. A block of a few hundred
//! kilobytes stays in the second-level cache through all passes of the sort.

use std::ops::Range;

use super::games::Games;
use super::radix::sort_segments;
use super::record::{OUTCOME_BITS, Record, Weighted, mirrored};
use super::tally::{AnyTally, Part, Tally, offsets_from_lengths};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::float::Float;
use crate::parallel::Team;

/// Games that are partitioned together.
const SLICE: usize = 1 << 20;

/// Blocks of rows, at most.
const MAX_BLOCKS: usize = 512;

/// Records that a block should have before there is a second one.
const BLOCK_RECORDS: usize = 1 << 14;

/// Blocks that are sorted with the same scratch memory.
const BLOCKS_PER_TASK: usize = 8;

/// How rows map to blocks and pairs to keys.
#[derive(Debug, Clone, Copy)]
struct Layout {
    n_items: usize,
    /// Bits of a row's place in its block.
    row_bits: u32,
    opponent_bits: u32,
}

impl Layout {
    fn new(n_items: usize, n_games: usize) -> Self {
        let item_bits = usize::BITS - (n_items.max(2) - 1).leading_zeros();
        let wanted = (2 * n_games / BLOCK_RECORDS).clamp(1, MAX_BLOCKS);
        let row_bits = item_bits.saturating_sub(wanted.ilog2());
        Self { n_items, row_bits, opponent_bits: item_bits }
    }

    fn n_blocks(self) -> usize {
        ((self.n_items - 1) >> self.row_bits) + 1
    }

    fn rows(self, blocks: Range<usize>) -> Range<usize> {
        blocks.start << self.row_bits..(blocks.end << self.row_bits).min(self.n_items)
    }

    fn pair_bits(self) -> u32 {
        self.row_bits + self.opponent_bits
    }

    #[inline(always)]
    fn block(self, row: u32) -> usize {
        (row >> self.row_bits) as usize & (MAX_BLOCKS - 1)
    }

    #[inline(always)]
    fn key(self, row: u32, opponent: u32, outcome: u8) -> u64 {
        let local = u64::from(row) & ((1 << self.row_bits) - 1);
        (local << self.opponent_bits | u64::from(opponent)) << OUTCOME_BITS | u64::from(outcome)
    }

    #[inline(always)]
    fn opponent(self, pair: u64) -> u32 {
        (pair & ((1 << self.opponent_bits) - 1)) as u32
    }
}

/// The records of one slice of games, grouped by block.
struct Slice<R> {
    records: Vec<R>,
    /// Block `b` has records `starts[b]..starts[b + 1]`.
    starts: [usize; MAX_BLOCKS + 1],
}

/// The records of some consecutive blocks, sorted within each.
struct SortedBlocks<R> {
    records: Vec<R>,
    /// End of each block in `records`.
    ends: Vec<usize>,
    /// Number of distinct opponents of each row.
    degrees: Vec<u32>,
}

/// Sum the games of each pair.
pub(super) fn tally(
    games: &Games<'_>,
    team: &Team,
    control: &dyn Control,
) -> Result<AnyTally, Error> {
    let layout = Layout::new(games.n_items, games.len());
    if games.weight.is_some() {
        return Ok(AnyTally::Double(tally_records::<Weighted>(games, layout, team, control)?));
    }
    let single = if layout.pair_bits() + OUTCOME_BITS <= u32::BITS {
        tally_records::<u32>(games, layout, team, control)?
    } else {
        tally_records::<u64>(games, layout, team, control)?
    };
    Ok(AnyTally::Single(single))
}

fn tally_records<R: Record>(
    games: &Games<'_>,
    layout: Layout,
    team: &Team,
    control: &dyn Control,
) -> Result<Tally<R::Sum>, Error> {
    let slices = team.map_blocks(games.len(), SLICE, |rows| partition(&games.slice(rows), layout));
    let slices = slices.into_iter().collect::<Result<Vec<Slice<R>>, Error>>()?;
    control.check()?;
    let tasks =
        team.map_blocks(layout.n_blocks(), BLOCKS_PER_TASK, |blocks| sort(&slices, blocks, layout));
    let tasks = tasks.into_iter().collect::<Result<Vec<SortedBlocks<R>>, Error>>()?;
    drop(slices);
    control.check()?;

    let degrees = tasks.iter().flat_map(|task| &task.degrees).copied();
    let offsets = offsets_from_lengths(layout.n_items, degrees)?;
    let mut tally = Tally::zeroed(offsets, games.has_ties)?;
    let sizes = tasks.iter().map(|task| task.degrees.iter().map(|&d| d as usize).sum());
    let mut parts: Vec<_> = tasks.iter().zip(tally.split(sizes)).collect();
    team.for_each_chunk_mut(&mut parts, 1, |_, chunk| {
        for (task, part) in chunk {
            sum_pairs(task, part, layout);
        }
    });
    Ok(tally)
}

fn partition<R: Record>(games: &Games<'_>, layout: Layout) -> Result<Slice<R>, Error> {
    let mut counts = [0_usize; MAX_BLOCKS];
    games.for_each(|left, right, _, _| {
        counts[layout.block(left)] += 1;
        counts[layout.block(right)] += 1;
    });
    let mut starts = [0; MAX_BLOCKS + 1];
    for block in 0..MAX_BLOCKS {
        starts[block + 1] = starts[block] + counts[block];
    }
    let mut cursors = [0; MAX_BLOCKS];
    cursors.copy_from_slice(&starts[..MAX_BLOCKS]);
    let mut records = try_zeroed::<R>(starts[MAX_BLOCKS])?;
    let mut put = |row, opponent, outcome, weight| {
        let cursor = &mut cursors[layout.block(row)];
        records[*cursor] = R::new(layout.key(row, opponent, outcome), weight);
        *cursor += 1;
    };
    games.for_each(|left, right, outcome, weight| {
        put(left, right, outcome, weight);
        put(right, left, mirrored(outcome), weight);
    });
    Ok(Slice { records, starts })
}

fn sort<R: Record>(
    slices: &[Slice<R>],
    blocks: Range<usize>,
    layout: Layout,
) -> Result<SortedBlocks<R>, Error> {
    let size = |block: usize| -> usize {
        slices.iter().map(|slice| slice.starts[block + 1] - slice.starts[block]).sum()
    };
    let mut records = try_zeroed::<R>(blocks.clone().map(size).sum())?;
    let mut scratch = try_zeroed::<R>(blocks.clone().map(size).max().unwrap_or(0))?;
    let rows = layout.rows(blocks.clone());
    let mut degrees = try_zeroed::<u32>(rows.len())?;
    let mut ends = Vec::with_capacity(blocks.len());
    let mut start = 0;
    for block in blocks {
        let end = start + size(block);
        let segments: Vec<&[R]> = slices
            .iter()
            .map(|slice| &slice.records[slice.starts[block]..slice.starts[block + 1]])
            .collect();
        let sorted = &mut records[start..end];
        sort_segments(&segments, layout.pair_bits(), sorted, &mut scratch[..end - start]);
        let first_row = layout.rows(block..block + 1).start - rows.start;
        let mut previous = u64::MAX;
        for record in sorted {
            let pair = record.pair();
            let local = (pair >> layout.opponent_bits) as usize;
            degrees[first_row + local] += u32::from(pair != previous);
            previous = pair;
        }
        ends.push(end);
        start = end;
    }
    Ok(SortedBlocks { records, ends, degrees })
}

/// Sum runs of records of the same pair; the place of the entry moves without a branch.
fn sum_pairs<R: Record>(task: &SortedBlocks<R>, part: &mut Part<'_, R::Sum>, layout: Layout) {
    let zero = R::Sum::from_f64(0.0);
    let mut next_entry = 0;
    let mut start = 0;
    for &end in &task.ends {
        let mut previous = u64::MAX;
        for &record in &task.records[start..end] {
            let pair = record.pair();
            next_entry += usize::from(pair != previous);
            previous = pair;
            let entry = next_entry - 1;
            let outcome = record.key() & ((1 << OUTCOME_BITS) - 1);
            let weight = record.weight();
            part.opponents[entry] = layout.opponent(pair);
            let wins = &mut part.wins[entry];
            *wins = *wins + if outcome == 1 { weight } else { zero };
            let losses = &mut part.losses[entry];
            *losses = *losses + if outcome == 0 { weight } else { zero };
            if let Some(ties) = part.ties.get_mut(entry) {
                *ties = *ties + if outcome == 2 { weight } else { zero };
            }
        }
        start = end;
    }
}
