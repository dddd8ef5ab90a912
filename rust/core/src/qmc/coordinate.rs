//! From binary digits to coordinates that are never 0 or 1.

use crate::simd::Elementary;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The scalar type of a coordinate.
pub trait Coordinate: sealed::Sealed + Elementary {
    /// Most binary digits for which the midpoints of all cells can be told apart: 52 or 23.
    const BINARY_DIGITS: u32;

    /// Smallest coordinate of a randomised point.
    const SMALLEST: Self;

    /// Largest number below 1.
    const LARGEST: Self;

    /// `(digits + 1/2) scale`, exact for `digits < 2^BINARY_DIGITS` and `scale` a power of two.
    #[must_use]
    fn cell_middle(digits: u64, scale: Self) -> Self;
}

// Or-ing a small integer into the bits of 2^52 (2^23) adds it.
const INTEGER_F64: f64 = 4_503_599_627_370_496.0;
const INTEGER_F32: f32 = 8_388_608.0;

impl Coordinate for f64 {
    const BINARY_DIGITS: u32 = 52;
    const SMALLEST: Self = Self::EPSILON / 4.0;
    const LARGEST: Self = 1.0 - Self::EPSILON / 2.0;

    #[inline(always)]
    fn cell_middle(digits: u64, scale: Self) -> Self {
        (Self::from_bits(INTEGER_F64.to_bits() | digits) - (INTEGER_F64 - 0.5)) * scale
    }
}

impl Coordinate for f32 {
    const BINARY_DIGITS: u32 = 23;
    const SMALLEST: Self = Self::EPSILON / 4.0;
    const LARGEST: Self = 1.0 - Self::EPSILON / 2.0;

    #[inline(always)]
    fn cell_middle(digits: u64, scale: Self) -> Self {
        (Self::from_bits(INTEGER_F32.to_bits() | digits as u32) - (INTEGER_F32 - 0.5)) * scale
    }
}

/// The binary digits of a coordinate, the first in the highest place.
pub(super) trait Word:
    Copy + Default + Send + Sync + std::ops::BitXorAssign + std::ops::BitXor<Output = Self>
{
    /// Number of digits.
    const BITS: u32;

    /// The first digits of 64.
    fn first_of(word: u64) -> Self;

    /// The integer that is left when `count` of the last digits are dropped.
    fn without(self, count: u32) -> u64;
}

impl Word for u32 {
    const BITS: u32 = 32;

    #[inline(always)]
    fn first_of(word: u64) -> Self {
        (word >> 32) as Self
    }

    #[inline(always)]
    fn without(self, count: u32) -> u64 {
        u64::from(self >> count)
    }
}

impl Word for u64 {
    const BITS: u32 = 64;

    #[inline(always)]
    fn first_of(word: u64) -> Self {
        word
    }

    #[inline(always)]
    fn without(self, count: u32) -> u64 {
        self >> count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midpoints_are_exact_up_to_the_ends() {
        let last = (1_u64 << 52) - 1;
        assert_eq!(f64::cell_middle(0, f64::EPSILON), f64::EPSILON / 2.0);
        assert_eq!(f64::cell_middle(last, f64::EPSILON), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(f32::cell_middle(0, f32::EPSILON), f32::EPSILON / 2.0);
        assert_eq!(f32::cell_middle((1 << 23) - 1, f32::EPSILON), 1.0 - f32::EPSILON / 2.0);
        let step = 2.0_f64.powi(-32);
        assert_eq!(f64::cell_middle(u64::from(u32::MAX), step), 1.0 - step / 2.0);
        assert_eq!(f64::cell_middle(5, 0.125), 0.6875);
    }
}
