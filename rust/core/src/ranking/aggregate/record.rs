//! One direction of one game, packed for sorting.

use crate::float::Float;

/// Low bits of a key that hold the outcome: 0 lost, 1 won, 2 tied.
pub(super) const OUTCOME_BITS: u32 = 2;

/// A packed key `row | opponent | outcome`, perhaps with a weight beside it.
pub(super) trait Record: bytemuck::Zeroable + Copy + Send + Sync {
    /// Precision in which the weights of one chunk add up.
    type Sum: Float;
    fn new(key: u64, weight: f64) -> Self;
    fn key(self) -> u64;
    fn weight(self) -> Self::Sum;

    /// The pair without the outcome.
    #[inline(always)]
    fn pair(self) -> u64 {
        self.key() >> OUTCOME_BITS
    }
}

macro_rules! counted_record {
    ($key:ty) => {
        impl Record for $key {
            type Sum = f32;

            #[inline(always)]
            fn new(key: u64, _: f64) -> Self {
                key as $key
            }

            #[inline(always)]
            fn key(self) -> u64 {
                u64::from(self)
            }

            #[inline(always)]
            fn weight(self) -> f32 {
                1.0
            }
        }
    };
}

counted_record!(u32);
counted_record!(u64);

/// A key with its weight.
#[derive(Debug, Clone, Copy, bytemuck::Zeroable)]
pub(super) struct Weighted {
    key: u64,
    weight: f64,
}

impl Record for Weighted {
    type Sum = f64;

    #[inline(always)]
    fn new(key: u64, weight: f64) -> Self {
        Self { key, weight }
    }

    #[inline(always)]
    fn key(self) -> u64 {
        self.key
    }

    #[inline(always)]
    fn weight(self) -> f64 {
        self.weight
    }
}

/// The outcome as the other side sees it.
#[inline(always)]
pub(super) fn mirrored(outcome: u8) -> u8 {
    outcome ^ 1 ^ (outcome >> 1)
}
