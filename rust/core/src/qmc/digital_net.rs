//! Points of a digital net in Gray-code order, block by block.
//!
//! The digits of point `i` are the sum modulo 2 (XOR) of the columns `c` for which bit `c` of
//! `i ^ (i >> 1)` is set. That map is linear over bits, so for blocks of `size = 2^k` points
//!
//! ```text
//! point(size q + r) = point(size q) ^ point(r),   r < size
//! ```
//!
//! A table of the first `size` points makes each block from its first point, and any block can be
//! made alone; from one block to the next the first point changes by two columns.

use super::coordinate::{Coordinate, Word};
use super::scramble::nested;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// Most digits of the table: 16 kB of 32-bit words stay in the first cache.
const TABLE: usize = 4096;

/// Most points of a block: 64.
const LOG_BLOCK: usize = 6;

/// Coordinates of a run of points, so that the inner loop is long enough in any dimension.
const RUN: usize = 128;

/// Coordinates of one step of the inner loop.
const LANES: usize = 8;

/// A digital net with its randomisation.
pub(super) struct DigitalNet<W> {
    dimension: usize,
    /// Digits of the columns, each for every point of a run (bits, run, d).
    columns: Vec<W>,
    /// Digits of point 0, once for each point of a run (run, d).
    first: Vec<W>,
    /// Points of a block relative to its first one (size, d).
    table: Vec<W>,
    /// Points of a block, a power of two.
    size: usize,
    /// Points of a run, a power of two, at most `size`.
    run: usize,
    /// Seeds of the nested scramble (run, d), the same in each row; zeros where there is none.
    seeds: Vec<u32>,
}

/// What is done to the digits of a point before they become a coordinate.
pub(super) trait Finish<W>: Copy {
    /// The digits in their final order.
    fn apply(self, word: W, seed: u32) -> W;
}

/// Digits that are final as they are.
#[derive(Clone, Copy)]
pub(super) struct AsIs;

/// Digits in reversed order that the nested scramble makes final.
#[derive(Clone, Copy)]
pub(super) struct Nested;

impl<W> Finish<W> for AsIs {
    #[inline(always)]
    fn apply(self, word: W, _seed: u32) -> W {
        word
    }
}

impl Finish<u32> for Nested {
    #[inline(always)]
    fn apply(self, word: u32, seed: u32) -> u32 {
        nested(word, seed).reverse_bits()
    }
}

impl<W: Word> DigitalNet<W> {
    /// The net of `columns` (bits, d), its first point (d,) and seeds (d,), or none.
    pub(super) fn new(columns: &[W], first: &[W], seeds: Option<&[u32]>) -> Self {
        let dimension = first.len();
        let bits = columns.len() / dimension;
        let mut log_size = 0;
        // A block may not be larger than the whole net.
        while log_size < LOG_BLOCK.min(bits) && dimension << (log_size + 1) <= TABLE {
            log_size += 1;
        }
        let size = 1 << log_size;
        let run = RUN.div_ceil(dimension).next_power_of_two().min(size);
        let mut table = vec![W::default(); size * dimension];
        for r in 1..size {
            let column = (r - 1).trailing_ones() as usize * dimension;
            for j in 0..dimension {
                table[r * dimension + j] = table[(r - 1) * dimension + j] ^ columns[column + j];
            }
        }
        let seeds = seeds.map_or_else(|| vec![0; run * dimension], |seeds| seeds.repeat(run));
        let columns = columns.chunks_exact(dimension).flat_map(|v| v.repeat(run)).collect();
        Self { dimension, columns, first: first.repeat(run), table, size, run, seeds }
    }

    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Points `start..` as coordinates with `bits` digits; `out` (n, d) holds whole points.
    pub(super) fn fill<T: Coordinate>(
        &self,
        start: u64,
        bits: u32,
        finish: impl Finish<W>,
        out: &mut [T],
    ) {
        let kept = bits.min(T::BINARY_DIGITS);
        let dropped = W::BITS - kept;
        let scale = T::from_f64(1.0 / (1_u64 << kept) as f64);
        dispatch(Fill { net: self, start, dropped, scale, finish, out });
    }

    /// The digits of column `c`, once for each point of a run (run, d).
    #[inline(always)]
    fn column(&self, c: usize) -> &[W] {
        let len = self.run * self.dimension;
        &self.columns[c * len..(c + 1) * len]
    }

    /// Digits of point `index`, once for each point of a run (run, d).
    fn base(&self, index: u64) -> Vec<W> {
        let mut point = self.first.clone();
        let mut gray = index ^ (index >> 1);
        while gray != 0 {
            add(&mut point, self.column(gray.trailing_zeros() as usize));
            gray &= gray - 1;
        }
        point
    }

    /// Go on from the first point of block `block` to that of the next.
    #[inline(always)]
    fn advance(&self, block: u64, base: &mut [W]) {
        // Bits of `i ^ (i >> 1)`: one of the block's number, and the place into which its lowest
        // bit, which always changes, is shifted.
        let log_size = self.size.trailing_zeros() as usize;
        add(base, self.column(log_size + block.trailing_ones() as usize));
        if let Some(below) = log_size.checked_sub(1) {
            add(base, self.column(below));
        }
    }
}

/// Add digits modulo 2.
#[inline(always)]
fn add<W: Word>(x: &mut [W], column: &[W]) {
    x.iter_mut().zip(column).for_each(|(x, &v)| *x ^= v);
}

struct Fill<'a, W, T, F> {
    net: &'a DigitalNet<W>,
    start: u64,
    /// Last digits of a word that do not reach the coordinate.
    dropped: u32,
    scale: T,
    finish: F,
    out: &'a mut [T],
}

impl<W: Word, T: Coordinate, F: Finish<W>> Kernel for Fill<'_, W, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { net, start, dropped, scale, finish, mut out } = self;
        let d = net.dimension;
        let mut block = start / net.size as u64;
        let mut row = (start % net.size as u64) as usize;
        let mut base = net.base(block * net.size as u64);
        while !out.is_empty() {
            // Single points up to the beginning of a run and after the last whole one.
            let whole = row.is_multiple_of(net.run) && out.len() >= net.run * d;
            let n_points = if whole { net.run } else { 1 };
            let (now, later) = out.split_at_mut(n_points * d);
            let table = &net.table[row * d..(row + n_points) * d];
            convert(finish, &base, table, &net.seeds, dropped, scale, now);
            out = later;
            row += n_points;
            if row == net.size && !out.is_empty() {
                net.advance(block, &mut base);
                block += 1;
                row = 0;
            }
        }
    }
}

/// Coordinates of `base ^ table`; `base` and `seeds` may be longer than `table`.
#[inline(always)]
fn convert<W: Word, T: Coordinate>(
    finish: impl Finish<W>,
    base: &[W],
    table: &[W],
    seeds: &[u32],
    dropped: u32,
    scale: T,
    out: &mut [T],
) {
    let one = |base: W, table: W, seed| {
        T::cell_middle(finish.apply(base ^ table, seed).without(dropped), scale)
    };
    let (base, base_rest) = base[..table.len()].as_chunks::<LANES>();
    let (seeds, seeds_rest) = seeds[..table.len()].as_chunks::<LANES>();
    let (table, table_rest) = table.as_chunks::<LANES>();
    let (out, out_rest) = out.as_chunks_mut::<LANES>();
    for (((out, base), table), seeds) in out.iter_mut().zip(base).zip(table).zip(seeds) {
        for l in 0..LANES {
            out[l] = one(base[l], table[l], seeds[l]);
        }
    }
    let rest = out_rest.iter_mut().zip(base_rest).zip(table_rest).zip(seeds_rest);
    for (((out, &base), &table), &seed) in rest {
        *out = one(base, table, seed);
    }
}
