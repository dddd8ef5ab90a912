//! Stable radix sort of the records of one block.

use super::record::{OUTCOME_BITS, Record};

const DIGIT_BITS: u32 = 8;
const N_DIGITS: usize = 1 << DIGIT_BITS;
const MAX_PASSES: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;

/// Below this length a comparison sort is faster than clearing the counters.
const SMALL: usize = 256;

/// Sort the records of `segments` by pair into `sorted`, keeping the order among equal pairs.
///
/// Pairs have `bits` significant bits; `sorted` and `scratch` are as long as all segments together.
pub(super) fn sort_segments<R: Record>(
    segments: &[&[R]],
    bits: u32,
    sorted: &mut [R],
    scratch: &mut [R],
) {
    if sorted.len() < SMALL {
        let mut end = 0;
        for segment in segments {
            sorted[end..end + segment.len()].copy_from_slice(segment);
            end += segment.len();
        }
        sorted.sort_by_key(|record| record.pair());
        return;
    }
    let n_passes = bits.div_ceil(DIGIT_BITS).max(1);
    let width = bits.div_ceil(n_passes);
    let mut counts = [[0_u32; N_DIGITS]; MAX_PASSES];
    for record in segments.iter().copied().flatten() {
        for pass in 0..n_passes {
            counts[pass as usize][digit(*record, pass, width)] += 1;
        }
    }
    for pass in 0..n_passes {
        let cursors = &mut counts[pass as usize];
        exclusive_sums(cursors);
        // The last pass writes to `sorted`; passes before it alternate.
        let (from, to) = if (n_passes - pass) % 2 == 1 {
            (&*scratch, &mut *sorted)
        } else {
            (&*sorted, &mut *scratch)
        };
        if pass == 0 {
            for segment in segments {
                scatter(segment, cursors, to, pass, width);
            }
        } else {
            scatter(from, cursors, to, pass, width);
        }
    }
}

#[inline(always)]
fn digit<R: Record>(record: R, pass: u32, width: u32) -> usize {
    (record.key() >> (OUTCOME_BITS + pass * width)) as usize & ((1 << width) - 1) & (N_DIGITS - 1)
}

fn exclusive_sums(counts: &mut [u32; N_DIGITS]) {
    let mut sum = 0;
    for count in counts {
        sum += std::mem::replace(count, sum);
    }
}

#[inline(always)]
fn scatter<R: Record>(
    from: &[R],
    cursors: &mut [u32; N_DIGITS],
    to: &mut [R],
    pass: u32,
    width: u32,
) {
    for &record in from {
        let cursor = &mut cursors[digit(record, pass, width)];
        to[*cursor as usize] = record;
        *cursor += 1;
    }
}
