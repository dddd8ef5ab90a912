//! Rankings with the index that finds the entries of an item.

use std::ops::Range;

use super::rankings::Rankings;
use crate::error::{Error, try_vec, try_zeroed};
use crate::parallel::Team;

/// Entries per block of rankings: small enough to share out, large enough to hide the hand-over.
const BLOCK_ENTRIES: usize = 1 << 14;

/// Entries of an item that are added one by one before their sum is.
pub(super) const TILE: usize = 32;

/// For each item, the entries in which it stands; and how work is cut.
#[derive(Debug)]
pub(super) struct Index {
    /// Start of each item's stretch of `entries`, and the end of the last.
    starts: Vec<usize>,
    entries: Vec<u32>,
    rankings_per_block: usize,
    items_per_block: usize,
}

/// Rankings with their index, which does not depend on the weights.
///
/// Work goes through the rankings in blocks, each of which writes a value an entry; an item then
/// gathers its own in the order of the rankings. Blocks depend on the data alone, so the bits of
/// every sum do too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    pub rankings: Rankings<'a>,
    index: &'a Index,
}

/// A block of rankings with what it writes, from the entry `start` on.
pub(super) struct Part<'o, T> {
    pub rankings: Range<usize>,
    pub start: usize,
    pub out: &'o mut [T],
}

impl Index {
    /// Index the entries: O(entries) time, 4 bytes an entry and 8 an item.
    pub(super) fn new(rankings: &Rankings<'_>) -> Result<Self, Error> {
        let (n_items, n_entries) = (rankings.n_items(), rankings.n_entries());
        let mut starts = try_zeroed::<usize>(n_items + 1)?;
        for &item in rankings.items() {
            starts[item as usize + 1] += 1;
        }
        for i in 0..n_items {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut entries = try_vec(n_entries, 0)?;
        for (entry, &item) in rankings.items().iter().enumerate() {
            let place = &mut next[item as usize];
            entries[*place] = entry as u32;
            *place += 1;
        }
        let per_block =
            |count: usize| (BLOCK_ENTRIES * count / n_entries.max(1)).clamp(1, BLOCK_ENTRIES);
        Ok(Self {
            starts,
            entries,
            rankings_per_block: per_block(rankings.len()),
            items_per_block: per_block(n_items),
        })
    }
}

impl<'a> Layout<'a> {
    /// Join rankings with the index of rankings that differ in their weights at most.
    pub(super) fn new(rankings: Rankings<'a>, index: &'a Index) -> Self {
        debug_assert_eq!(rankings.n_entries(), index.entries.len());
        Self { rankings, index }
    }

    /// Number of items.
    pub(super) fn n_items(&self) -> usize {
        self.rankings.n_items()
    }

    /// Number of entries of item `i`.
    pub(super) fn degree(&self, i: usize) -> usize {
        self.index.starts[i + 1] - self.index.starts[i]
    }

    /// `f(rankings)` for each block of rankings, in order.
    pub(super) fn map_blocks<T: Send>(
        &self,
        team: &Team,
        f: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        team.map_blocks(self.rankings.len(), self.index.rankings_per_block, f)
    }

    /// Cut an array of one value an entry into the parts of the blocks.
    fn split<'o, T>(&self, mut out: &'o mut [T]) -> Vec<Part<'o, T>> {
        let n = self.rankings.len();
        let mut parts = Vec::with_capacity(n.div_ceil(self.index.rankings_per_block));
        for first in (0..n).step_by(self.index.rankings_per_block) {
            let rankings = first..n.min(first + self.index.rankings_per_block);
            let start = self.rankings.entries(first).start;
            let end = self.rankings.entries(rankings.end - 1).end;
            let (head, tail) = out.split_at_mut(end - start);
            out = tail;
            parts.push(Part { rankings, start, out: head });
        }
        parts
    }

    /// Let `f(ranking, entries of out)` write the values of each ranking.
    pub(super) fn for_each_ranking<T: Send>(
        &self,
        team: &Team,
        out: &mut [T],
        f: impl Fn(usize, &mut [T]) + Sync,
    ) {
        team.for_each_part(self.split(out), |part| {
            for r in part.rankings {
                let entries = self.rankings.entries(r);
                f(r, &mut part.out[entries.start - part.start..entries.end - part.start]);
            }
        });
    }

    /// As [`Self::for_each_ranking`] with two values an entry.
    pub(super) fn for_each_ranking_pair<T: Send, U: Send>(
        &self,
        team: &Team,
        first: &mut [T],
        second: &mut [U],
        f: impl Fn(usize, &mut [T], &mut [U]) + Sync,
    ) {
        let parts = self.split(first).into_iter().zip(self.split(second)).collect();
        team.for_each_part(parts, |(one, two): (Part<'_, T>, Part<'_, U>)| {
            for r in one.rankings {
                let entries = self.rankings.entries(r);
                let range = entries.start - one.start..entries.end - one.start;
                f(r, &mut one.out[range.clone()], &mut two.out[range]);
            }
        });
    }

    /// `out[i] = f(i, sum of the values at the entries of item i)`.
    pub(super) fn gather<const N: usize, T: Send>(
        &self,
        team: &Team,
        values: &[[f64; N]],
        out: &mut [T],
        f: impl Fn(usize, [f64; N], &mut T) + Sync,
    ) {
        team.for_each_chunk_mut(out, self.index.items_per_block, |first, chunk| {
            for (k, out) in chunk.iter_mut().enumerate() {
                let i = first + k;
                let mut sum = [0.0; N];
                for tile in
                    self.index.entries[self.index.starts[i]..self.index.starts[i + 1]].chunks(TILE)
                {
                    let mut part = [0.0; N];
                    for &entry in tile {
                        for (part, value) in part.iter_mut().zip(values[entry as usize]) {
                            *part += value;
                        }
                    }
                    for (sum, part) in sum.iter_mut().zip(part) {
                        *sum += part;
                    }
                }
                f(i, sum, out);
            }
        });
    }
}
