//! Threads as an explicit argument: a [`Team`] does work on its own pool, in a fixed order.

use std::ops::Range;

/// Rows per block: work is cut here whatever the number of threads, so results do not depend on it.
pub const BLOCK: usize = 4096;

/// A group of threads that one call holds for its whole duration.
pub struct Team {
    n_threads: usize,
}

impl Team {
    /// A team of the calling thread alone.
    pub fn sequential() -> Self {
        Self { n_threads: 1 }
    }

    /// Number of threads that work at once.
    pub fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Apply `f(start, chunk)` to consecutive chunks of `block` elements of `out`.
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        out: &mut [T],
        block: usize,
        f: impl Fn(usize, &mut [T]) + Sync,
    ) {
        for (k, chunk) in out.chunks_mut(block).enumerate() {
            f(k * block, chunk);
        }
    }

    /// Apply `f` to each part; parts hold the disjoint slices that one block of work writes.
    pub fn for_each_part<P: Send>(&self, parts: Vec<P>, f: impl Fn(P) + Sync) {
        parts.into_iter().for_each(f);
    }

    /// Compute `f(range)` for consecutive ranges of `block` indices below `len`, in order.
    pub fn map_blocks<T: Send>(
        &self,
        len: usize,
        block: usize,
        f: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        (0..len).step_by(block).map(|start| f(start..len.min(start + block))).collect()
    }

    /// Sum `f(range)` over blocks, pairwise in a fixed order.
    pub fn sum_blocks(&self, len: usize, f: impl Fn(Range<usize>) -> f64 + Sync) -> f64 {
        pairwise_sum(&self.map_blocks(len, BLOCK, f))
    }
}

/// Sum in a fixed tree order, with an error that grows with the logarithm of the length.
pub fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() <= 16 {
        return values.iter().sum();
    }
    let (left, right) = values.split_at(values.len().div_ceil(2));
    pairwise_sum(left) + pairwise_sum(right)
}
