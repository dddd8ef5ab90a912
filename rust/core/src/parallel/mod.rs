//! Threads as an explicit argument: a [`Team`] does work on its own pool, in a fixed order.
//!
//! A team is leased for one call and gives its threads back when it is dropped. Whatever its size,
//! work is cut in the same blocks and partial results are joined in the same order, so an answer
//! has the same bits for any number of threads. Rayon's global pool is never touched: its threads
//! cannot be had back after a fork, and a child that waits for them waits for ever.
//!
//! ```
//! use hasten_core::parallel::{Team, pairwise_sum};
//!
//! let values: Vec<f64> = (0..100_000).map(|i| f64::from(i).sqrt()).collect();
//! let sum = |team: &Team| team.sum_blocks(values.len(), |rows| pairwise_sum(&values[rows]));
//! assert_eq!(sum(&Team::sequential()).to_bits(), sum(&Team::lease(4)).to_bits());
//! ```

// The one module that may speak to rayon.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod pool;
mod reduce;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use faer::Par;
use rayon::prelude::*;

use pool::Lease;
pub use pool::{default_threads, leased_threads};
pub use reduce::pairwise_sum;

/// Rows per block: work is cut here whatever the number of threads, so results do not depend on it.
pub const BLOCK: usize = 4096;

/// A group of threads that one call holds for its whole duration.
pub struct Team {
    lease: Option<Lease>,
}

impl Team {
    /// A team of the calling thread alone.
    pub fn sequential() -> Self {
        Self::new(None)
    }

    /// A team of `n_threads`, at most twice the cores.
    ///
    /// Waits while other calls hold so many threads that together they would pass twice the cores.
    /// One thread means the calling thread, which waits for nobody; so does a system that refuses
    /// to start threads.
    pub fn lease(n_threads: usize) -> Self {
        Self::new(if n_threads > 1 { Lease::wait_for(n_threads) } else { None })
    }

    /// As [`Team::lease`], asking `stop` every 50 ms of waiting whether to go on.
    ///
    /// # Errors
    /// Whatever `stop` returns.
    pub fn lease_unless<E>(
        n_threads: usize,
        stop: impl FnMut() -> Result<(), E>,
    ) -> Result<Self, E> {
        Ok(Self::new(if n_threads > 1 { Lease::take(n_threads, stop)? } else { None }))
    }

    fn new(lease: Option<Lease>) -> Self {
        static SEEN: AtomicBool = AtomicBool::new(false);
        // faer's operators follow a process-wide setting that starts as "all of rayon's threads".
        if !SEEN.swap(true, Ordering::Relaxed) {
            faer::set_global_parallelism(Par::Seq);
        }
        // A pool of one thread would only add a hand-over.
        Self { lease: lease.filter(|lease| lease.n_threads() > 1) }
    }

    /// Number of threads that work at once.
    pub fn n_threads(&self) -> usize {
        self.lease.as_ref().map_or(1, Lease::n_threads)
    }

    /// Run `work` on one of the team's threads while the calling thread runs `watch`.
    ///
    /// Returns when both have ended. A sequential team runs `work` first and `watch` afterwards.
    ///
    /// # Panics
    /// A panic in either is passed on when both have ended; the threads stay fit for use.
    pub fn hand_over<R: Send>(&self, work: impl FnOnce() -> R + Send, watch: impl FnOnce()) -> R {
        let Some(lease) = &self.lease else {
            let result = work();
            watch();
            return result;
        };
        let mut result = None;
        lease.threads().in_place_scope(|scope| {
            scope.spawn(|_| result = Some(work()));
            watch();
        });
        result.expect("the scope ends after the work, or panics with it")
    }

    /// Run `f` on the calling thread while the team rests, its threads free for other calls.
    pub fn rest<R>(&self, f: impl FnOnce() -> R) -> R {
        match &self.lease {
            Some(lease) => lease.rest(f),
            None => f(),
        }
    }

    /// Run `f` on one of the team's threads and wait for it.
    ///
    /// Many small operations in a row cost less inside, where no thread has to be woken for each,
    /// and [`Team::faer_par`] is parallel only there.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match &self.lease {
            Some(lease) => lease.threads().install(f),
            None => f(),
        }
    }

    /// The parallelism to pass to faer: this team on its own threads, sequential elsewhere.
    ///
    /// faer works in the pool of the thread that calls it, and outside every pool that would be
    /// rayon's global one.
    pub fn faer_par(&self) -> Par {
        match &self.lease {
            Some(lease) if lease.threads().current_thread_index().is_some() => {
                Par::rayon(lease.n_threads())
            }
            _ => Par::Seq,
        }
    }

    /// Apply `f(start, chunk)` to consecutive chunks of `block` elements of `out`.
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        out: &mut [T],
        block: usize,
        f: impl Fn(usize, &mut [T]) + Sync,
    ) {
        match &self.lease {
            Some(lease) if out.len() > block => lease.threads().install(|| {
                out.par_chunks_mut(block).enumerate().for_each(|(k, chunk)| f(k * block, chunk));
            }),
            _ => out.chunks_mut(block).enumerate().for_each(|(k, chunk)| f(k * block, chunk)),
        }
    }

    /// Apply `f` to each part; a part holds the disjoint slices that one block of work writes.
    pub fn for_each_part<P: Send>(&self, parts: Vec<P>, f: impl Fn(P) + Sync) {
        match &self.lease {
            Some(lease) if parts.len() > 1 => {
                lease.threads().install(|| parts.into_par_iter().for_each(&f));
            }
            _ => parts.into_iter().for_each(f),
        }
    }

    /// Compute `f(range)` for consecutive ranges of `block` indices below `len`, in order.
    pub fn map_blocks<T: Send>(
        &self,
        len: usize,
        block: usize,
        f: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        let f = |k: usize| f(k * block..len.min((k + 1) * block));
        let n_blocks = len.div_ceil(block);
        match &self.lease {
            Some(lease) if n_blocks > 1 => {
                lease.threads().install(|| (0..n_blocks).into_par_iter().map(f).collect())
            }
            _ => (0..n_blocks).map(f).collect(),
        }
    }

    /// Sum `f(range)` over blocks, pairwise in a fixed order.
    pub fn sum_blocks(&self, len: usize, f: impl Fn(Range<usize>) -> f64 + Sync) -> f64 {
        pairwise_sum(&self.map_blocks(len, BLOCK, f))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;

    use super::*;

    fn values(len: usize) -> Vec<f64> {
        (0..len).map(|i| (i as f64 * 0.37).sin() * 10f64.powf((i % 17) as f64 - 8.0)).collect()
    }

    #[test]
    fn sums_have_the_same_bits_for_any_number_of_threads() {
        let values = values(100_003);
        let sum = |n_threads| {
            let team = Team::new(Some(Lease::beyond_limit(n_threads)));
            assert_eq!(team.n_threads(), n_threads);
            team.sum_blocks(values.len(), |rows| values[rows].iter().sum()).to_bits()
        };
        let alone = Team::sequential();
        let alone = alone.sum_blocks(values.len(), |rows| values[rows].iter().sum()).to_bits();
        for n_threads in [1, 2, 3, 7] {
            assert_eq!(sum(n_threads), alone);
        }
    }

    #[test]
    fn blocks_arrive_in_order_and_cover_everything() {
        for n_threads in [1, 3] {
            let team = Team::lease(n_threads);
            for len in [0, 1, 9, 10, 11, 1000] {
                let ranges = team.map_blocks(len, 10, |range| range);
                assert_eq!(ranges.iter().map(|r| r.start).collect::<Vec<_>>(), {
                    (0..len).step_by(10).collect::<Vec<_>>()
                });
                assert_eq!(ranges.iter().map(ExactSizeIterator::len).sum::<usize>(), len);
                let mut out = vec![0; len];
                team.for_each_chunk_mut(&mut out, 10, |start, chunk| {
                    chunk.iter_mut().enumerate().for_each(|(k, x)| *x = start + k);
                });
                assert!(out.iter().copied().eq(0..len));
            }
        }
    }

    #[test]
    fn a_team_may_be_used_inside_itself_and_inside_another() {
        let outer = Team::lease(2);
        let inner = outer.rest(|| Team::lease(2));
        let nested = |team: &Team| {
            pairwise_sum(&outer.map_blocks(64, 1, |rows| {
                team.sum_blocks(20_000, |range| (range.start + rows.start) as f64)
            }))
        };
        assert_eq!(nested(&outer), nested(&Team::sequential()));
        assert_eq!(nested(&inner), nested(&Team::sequential()));
    }

    #[test]
    fn a_panic_does_not_lose_the_threads() {
        let team = Team::lease(2);
        let broken = catch_unwind(AssertUnwindSafe(|| {
            team.map_blocks(10, 1, |range| assert!(range.start < 5, "on purpose"));
        }));
        assert!(broken.is_err());
        let broken = catch_unwind(AssertUnwindSafe(|| {
            team.hand_over(|| panic!("on purpose"), || ());
        }));
        assert!(broken.is_err());
        assert_eq!(team.map_blocks(10, 1, |range| range.start).len(), 10);
    }

    #[test]
    fn work_is_handed_over_while_the_caller_watches() {
        for n_threads in [1, 2] {
            let team = Team::lease(n_threads);
            let (send, receive) = mpsc::channel();
            let mut seen = Vec::new();
            let answer = team.hand_over(
                move || (0..3).map(|k| send.send(k).map_or(0, |()| k)).sum::<i32>(),
                || seen.extend(receive),
            );
            assert_eq!((answer, seen), (3, vec![0, 1, 2]));
        }
    }

    #[test]
    fn faer_is_parallel_only_on_the_threads_of_the_team() {
        let team = Team::lease(2);
        assert!(matches!(team.faer_par(), Par::Seq));
        assert!(matches!(team.install(|| team.faer_par()), Par::Rayon(n) if n.get() == 2));
        assert!(matches!(Team::sequential().faer_par(), Par::Seq));
        assert!(matches!(faer::get_global_parallelism(), Par::Seq));
    }

    #[test]
    fn many_callers_share_the_cores() {
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let team = Team::lease(2);
                        assert_eq!(team.map_blocks(100, 1, |range| range.start).len(), 100);
                    }
                });
            }
        });
    }
}
