//! Sum of two tables over the same items.

use std::ops::Range;

use super::tally::{AnyTally, Part, Tally, offsets_from_lengths};
use crate::error::Error;
use crate::float::Float;
use crate::parallel::{BLOCK, Team};

/// Largest integer up to which single precision counts exactly.
const SINGLE_EXACT: f32 = 16_777_216.0;

/// Add two tables entry by entry.
///
/// Two tables of counts stay in single precision while every sum is exact there.
pub(super) fn merge(a: &AnyTally, b: &AnyTally, team: &Team) -> Result<AnyTally, Error> {
    match (a, b) {
        (AnyTally::Single(a), AnyTally::Single(b)) => {
            let sum = merge_as::<f32, f32, f32>(a, b, team)?;
            let exact = [&sum.wins, &sum.losses].into_iter().chain(&sum.ties).flatten();
            if exact.copied().fold(0.0, f32::max) < SINGLE_EXACT {
                Ok(AnyTally::Single(sum))
            } else {
                Ok(AnyTally::Double(merge_as(a, b, team)?))
            }
        }
        (AnyTally::Single(a), AnyTally::Double(b)) => Ok(AnyTally::Double(merge_as(a, b, team)?)),
        (AnyTally::Double(a), AnyTally::Single(b)) => Ok(AnyTally::Double(merge_as(a, b, team)?)),
        (AnyTally::Double(a), AnyTally::Double(b)) => Ok(AnyTally::Double(merge_as(a, b, team)?)),
    }
}

fn merge_as<A: Float, B: Float, T: Float>(
    a: &Tally<A>,
    b: &Tally<B>,
    team: &Team,
) -> Result<Tally<T>, Error> {
    let n_rows = a.offsets.len() - 1;
    let degrees = team.map_blocks(n_rows, BLOCK, |rows| {
        rows.map(|row| {
            let mut degree = 0;
            walk_row(&a.opponents[range(a, row)], &b.opponents[range(b, row)], |_, _| degree += 1);
            degree
        })
        .collect::<Vec<u32>>()
    });
    let offsets = offsets_from_lengths(n_rows, degrees.iter().flatten().copied())?;
    let mut sum = Tally::zeroed(offsets, a.ties.is_some() || b.ties.is_some())?;
    let sizes = degrees.iter().map(|block| block.iter().map(|&d| d as usize).sum());
    let mut parts = sum.split(sizes);
    team.for_each_chunk_mut(&mut parts, 1, |block, chunk| {
        for (k, part) in chunk.iter_mut().enumerate() {
            let start = (block + k) * BLOCK;
            add_rows(a, b, start..n_rows.min(start + BLOCK), part);
        }
    });
    Ok(sum)
}

fn add_rows<A: Float, B: Float, T: Float>(
    a: &Tally<A>,
    b: &Tally<B>,
    rows: Range<usize>,
    part: &mut Part<'_, T>,
) {
    let mut entry = 0;
    for row in rows {
        let (in_a, in_b) = (range(a, row), range(b, row));
        let (of_a, of_b) = (&a.opponents[in_a.clone()], &b.opponents[in_b.clone()]);
        walk_row(of_a, of_b, |from_a, from_b| {
            let from_a = from_a.map(|k| in_a.start + k);
            let from_b = from_b.map(|k| in_b.start + k);
            let add = |x: &[A], y: &[B]| {
                let x = from_a.and_then(|k| x.get(k)).map_or(0.0, |&w| Float::to_f64(w));
                let y = from_b.and_then(|k| y.get(k)).map_or(0.0, |&w| Float::to_f64(w));
                T::from_f64(x + y)
            };
            part.opponents[entry] =
                from_a.map(|k| a.opponents[k]).or(from_b.map(|k| b.opponents[k])).unwrap_or(0);
            part.wins[entry] = add(&a.wins, &b.wins);
            part.losses[entry] = add(&a.losses, &b.losses);
            if let Some(ties) = part.ties.get_mut(entry) {
                *ties = add(a.ties.as_deref().unwrap_or(&[]), b.ties.as_deref().unwrap_or(&[]));
            }
            entry += 1;
        });
    }
}

fn range<T>(tally: &Tally<T>, row: usize) -> Range<usize> {
    tally.offsets[row]..tally.offsets[row + 1]
}

/// Visit the union of two ascending rows with the place of each opponent in both.
#[inline(always)]
fn walk_row(a: &[u32], b: &[u32], mut visit: impl FnMut(Option<usize>, Option<usize>)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let next_a = a.get(i).copied().unwrap_or(u32::MAX);
        let next_b = b.get(j).copied().unwrap_or(u32::MAX);
        visit((next_a <= next_b).then_some(i), (next_b <= next_a).then_some(j));
        i += usize::from(next_a <= next_b);
        j += usize::from(next_b <= next_a);
    }
}
