//! Uniform draws of a stream in order, and a hand on the caller that threads may share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, TryLockError};

use crate::control::Control;
use crate::error::Error;
use crate::rng::Stream;

/// 2^-53.
const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Purpose tags of the streams: the low bits hold the number of the try.
pub(super) mod purpose {
    /// Determinantal draws.
    pub(crate) const PROCESS: u32 = 0x4450_0000;
    /// Independent draws.
    pub(crate) const INDEPENDENT: u32 = 0x4449_0000;
    /// Random orders.
    pub(crate) const ORDER: u32 = 0x444f_0000;
}

/// The uniforms of a stream from a block on.
#[derive(Debug, Clone)]
pub(super) struct Draws {
    stream: Stream,
    block: u64,
    spare: Option<u64>,
}

impl Draws {
    /// Start at a block of the stream.
    pub(super) fn new(stream: Stream, block: u64) -> Self {
        Self { stream, block, spare: None }
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        if let Some(bits) = self.spare.take() {
            return bits;
        }
        let words = self.stream.block(self.block);
        self.block = self.block.wrapping_add(1);
        let pair = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        self.spare = Some(pair(words[2], words[3]));
        pair(words[0], words[1])
    }

    /// A uniform in `[0, 1)`.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * STEP
    }

    /// A uniform in `(0, 1)`.
    pub(super) fn open_uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) * (2.0 * STEP)
    }

    /// An index below `n`, and a uniform in `[0, 1)` that goes with it.
    pub(super) fn index(&mut self, n: usize) -> (usize, f64) {
        let product = u128::from(self.bits()) * n as u128;
        ((product >> 64) as usize, (product as u64 >> 11) as f64 * STEP)
    }

    /// Put values in random order.
    pub(super) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let (other, _) = self.index(last + 1);
            values.swap(last, other);
        }
    }
}

/// A caller that any thread of a team may ask whether to go on.
pub(super) struct Watch<'a> {
    caller: Mutex<&'a mut dyn Control>,
    /// Once the answer was no.
    ended: AtomicBool,
}

impl<'a> Watch<'a> {
    /// Share the caller.
    pub(super) fn new(control: &'a mut dyn Control) -> Self {
        Self { caller: Mutex::new(control), ended: AtomicBool::new(false) }
    }

    /// Whether to go on; a thread that would have to wait for the answer goes on.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        let answer = match self.caller.try_lock() {
            Ok(control) => control.check(),
            Err(TryLockError::Poisoned(control)) => control.into_inner().check(),
            Err(TryLockError::WouldBlock) => Ok(()),
        };
        if answer.is_err() {
            self.ended.store(true, Ordering::Relaxed);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_and_orders_are_uniform() {
        let mut draws = Draws::new(Stream::new(1, 2, 3), 0);
        let (mut counts, mut orders) = ([0_u32; 6], [0_u32; 6]);
        for _ in 0..60_000 {
            counts[draws.index(6).0] += 1;
            let mut order = [0, 1, 2];
            draws.shuffle(&mut order);
            orders[2 * order[0] + usize::from(order[1] > order[2])] += 1;
        }
        // 5 degrees of freedom: above 36 once in a million runs.
        for found in [counts, orders] {
            let square: f64 = found.iter().map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4).sum();
            assert!(square < 36.0, "{found:?}");
        }
        assert!((0..1000).all(|_| (0.0..1.0).contains(&draws.uniform())));
        assert!((0..1000).all(|_| draws.open_uniform() > 0.0));
    }
}
