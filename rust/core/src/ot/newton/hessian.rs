//! The Hessian of the semi-dual with the small entries of the plan lumped or left out.

use std::ops::Range;

use crate::ot::semi_dual::Pass;
use crate::parallel::{BLOCK, Team};

/// Entries that one block of work sweeps, at least.
const MIN_ENTRIES: usize = 1 << 15;

/// Most blocks of work, each with column sums of its own.
const MAX_BLOCKS: usize = 16;

/// Smallest share of the mass that is worth a term of rank one.
const MIN_LUMPED: f64 = 1e-14;

/// Smallest diagonal entry that preconditions, relative to the column sum: a column whose single
/// neighbour owns all its mass has none of its own.
const FLOOR: f64 = 1e-14;

/// `S = (1 + shift) diag(c) - Q^T diag(1 / a) Q`, the negative Hessian in log units.
///
/// `Q` is the kept part of the plan plus `e_r e_c^T / s`, where `e_r` and `e_c` are the masses that
/// rows and columns lost and `s` is their sum; its row and column sums are those of the plan, so
/// that S without the shift maps constants to zero.
pub(super) struct ReducedHessian<'p> {
    pass: &'p Pass,
    row_weights: &'p [f64],
    shift: f64,
    /// `1 / s`, or 0 where nothing is lumped.
    inverse_lumped: f64,
    /// Rows of each block of work; the cut depends on the kept entries alone.
    blocks: Vec<Range<usize>>,
}

impl<'p> ReducedHessian<'p> {
    /// The Hessian at what `pass` found, with the dropped mass lumped if `lump`.
    pub(super) fn new(pass: &'p Pass, row_weights: &'p [f64], lump: bool, shift: f64) -> Self {
        let dropped: f64 = pass.kept.row_rest.iter().sum();
        let mass: f64 = row_weights.iter().sum();
        let lumps = lump && dropped > MIN_LUMPED * mass;
        let inverse_lumped = if lumps { 1.0 / dropped } else { 0.0 };
        let blocks = blocks(&pass.kept.offsets);
        Self { pass, row_weights, shift, inverse_lumped, blocks }
    }

    /// Number of columns.
    pub(super) fn order(&self) -> usize {
        self.pass.column_sums.len()
    }

    /// Length of the memory that sweeps need.
    pub(super) fn scratch_len(&self) -> usize {
        self.blocks.len() * (self.order() + 1)
    }

    /// `out = S x`.
    pub(super) fn multiply(&self, team: &Team, x: &[f64], out: &mut [f64], scratch: &mut [f64]) {
        let kept = &self.pass.kept;
        let lumped = match self.inverse_lumped {
            0.0 => 0.0,
            inverse => inverse * crate::simd::dot(&kept.column_rest, x),
        };
        self.sweep(team, scratch, |row, columns, values, sums| {
            let mean =
                (gather(columns, values, x) + kept.row_rest[row] * lumped) / self.row_weights[row];
            for (&column, value) in columns.iter().zip(values) {
                sums[column as usize] += value * mean;
            }
            kept.row_rest[row] * mean
        });
        self.finish(team, scratch, out, |j, product, rest| {
            let lumped = kept.column_rest[j] * self.inverse_lumped * rest;
            (1.0 + self.shift) * self.pass.column_sums[j] * x[j] - product - lumped
        });
    }

    /// The diagonal of S, at least a tiny share of the column sums, as a preconditioner.
    pub(super) fn diagonal(&self, team: &Team, out: &mut [f64], scratch: &mut [f64]) {
        let kept = &self.pass.kept;
        self.sweep(team, scratch, |row, columns, values, sums| {
            let inverse = 1.0 / self.row_weights[row];
            let twice = 2.0 * kept.row_rest[row] * self.inverse_lumped;
            for (&column, value) in columns.iter().zip(values) {
                let j = column as usize;
                sums[j] += value * inverse * (value + twice * kept.column_rest[j]);
            }
            kept.row_rest[row] * (kept.row_rest[row] * inverse)
        });
        self.finish(team, scratch, out, |j, squares, rest| {
            let sum = self.pass.column_sums[j];
            let lumped = kept.column_rest[j] * self.inverse_lumped;
            ((1.0 + self.shift) * sum - squares - lumped * lumped * rest).max(FLOOR * sum)
        });
    }

    /// Apply `row(i, columns, values, sums)` to each row, in blocks with `sums` of their own, and
    /// add what it returns.
    fn sweep(
        &self,
        team: &Team,
        scratch: &mut [f64],
        row: impl Fn(usize, &[u32], &[f64], &mut [f64]) -> f64 + Sync,
    ) {
        let kept = &self.pass.kept;
        let parts = self.blocks.iter().zip(scratch.chunks_exact_mut(self.order() + 1)).collect();
        team.for_each_part(parts, |(rows, part): (&Range<usize>, &mut [f64])| {
            // A part holds a number for the rest and one for each column.
            let (rest, sums) = part.split_at_mut(1);
            let rest = &mut rest[0];
            sums.fill(0.0);
            *rest = 0.0;
            for i in rows.clone() {
                let entries = kept.offsets[i]..kept.offsets[i + 1];
                *rest += row(i, &kept.columns[entries.clone()], &kept.values[entries], sums);
            }
        });
    }

    /// `out_j = f(j, sum, rest)` with the sums of all blocks, added in their order.
    fn finish(
        &self,
        team: &Team,
        scratch: &[f64],
        out: &mut [f64],
        f: impl Fn(usize, f64, f64) -> f64 + Sync,
    ) {
        let width = self.order() + 1;
        let rest: f64 = scratch.chunks_exact(width).map(|part| part[0]).sum();
        team.for_each_chunk_mut(out, BLOCK, |start, chunk| {
            chunk.fill(0.0);
            for part in scratch.chunks_exact(width) {
                for (sum, term) in chunk.iter_mut().zip(&part[1 + start..]) {
                    *sum += term;
                }
            }
            for (k, sum) in chunk.iter_mut().enumerate() {
                *sum = f(start + k, *sum, rest);
            }
        });
    }
}

/// Consecutive rows with about equally many entries.
fn blocks(offsets: &[usize]) -> Vec<Range<usize>> {
    let n_rows = offsets.len() - 1;
    let n_entries = offsets[n_rows];
    let n_blocks = (n_entries / MIN_ENTRIES).clamp(1, MAX_BLOCKS);
    let cut = |k: usize| {
        if k == n_blocks {
            n_rows
        } else {
            offsets.partition_point(|&o| o * n_blocks < k * n_entries)
        }
    };
    (0..n_blocks).map(|k| if k == 0 { 0 } else { cut(k) }..cut(k + 1)).collect()
}

/// `sum_k values_k x[columns_k]` with four sums side by side.
fn gather(columns: &[u32], values: &[f64], x: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (head_columns, tail_columns) = columns.as_chunks::<4>();
    let (head_values, tail_values) = values.as_chunks::<4>();
    for (columns, values) in head_columns.iter().zip(head_values) {
        for k in 0..4 {
            sums[k] += values[k] * x[columns[k] as usize];
        }
    }
    let tail: f64 = tail_columns
        .iter()
        .zip(tail_values)
        .map(|(&column, value)| value * x[column as usize])
        .sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}
