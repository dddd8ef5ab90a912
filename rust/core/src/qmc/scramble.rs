//! Randomisations of a digital net that keep its equidistribution.
//!
//! Everything is drawn from streams of [`rng`](crate::rng) under the caller's key and task, for
//! these purposes (64-bit words take two of 32, the low one first):
//!
//! | purpose | element | belongs to |
//! |---|---|---|
//! | 0x514d0001 | 32-bit word `j` | dimension `j`: seed of the nested scramble |
//! | 0x514d0002 | 64-bit word `64 j + k` | dimension `j`, column `k` of its matrix |
//! | 0x514d0003 | 64-bit word `j` | dimension `j`: digital shift |

use super::directions::DIGITS;
use crate::rng::Stream;

const SEEDS: u32 = 0x514d_0001;
const MATRICES: u32 = 0x514d_0002;
const SHIFTS: u32 = 0x514d_0003;

/// How the digits of a Sobol' point are randomised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scramble {
    /// Not at all.
    None,
    /// A random digital shift: each digit is flipped or not, the same for all points of a
    /// dimension.
    Shift,
    /// A random lower triangular matrix of digits, then a digital shift: Matoušek, "On the
    /// L2-discrepancy for anchored boxes" (1998); the scramble of SciPy.
    LinearMatrix,
    /// Nested uniform scrambling by hashing, of 32 digits: Laine and Karras, "Stratified sampling
    /// for stochastic transparency" (2011); Burley, "Practical hash-based Owen scrambling", JCGT
    /// 9(4) (2020), with the constants of Vegdahl, "Building a better LK hash" (2021).
    Owen,
}

/// Element `index` of the 64-bit words of a stream.
pub(super) fn wide_word(stream: Stream, index: usize) -> u64 {
    let words = stream.block(index as u64 / 2);
    let low = index % 2 * 2;
    u64::from(words[low + 1]) << 32 | u64::from(words[low])
}

/// The seed of the nested scramble of each dimension (d,).
pub(super) fn seeds(dimension: usize, key: u64, task: u32) -> Vec<u32> {
    let stream = Stream::new(key, task, SEEDS);
    (0..dimension).map(|j| stream.block(j as u64 / 4)[j % 4]).collect()
}

/// The digital shift of each dimension (d,).
pub(super) fn shifts(dimension: usize, key: u64, task: u32) -> Vec<u64> {
    let stream = Stream::new(key, task, SHIFTS);
    (0..dimension).map(|j| wide_word(stream, j)).collect()
}

/// A random lower triangular matrix of digits with ones on its diagonal.
pub(super) struct Matrix {
    /// Column `k` says what digit `k` of the input does: digit `k` itself, and random later ones.
    columns: [u64; DIGITS],
}

impl Matrix {
    /// The matrix of one dimension.
    pub(super) fn draw(dimension: usize, key: u64, task: u32) -> Self {
        let stream = Stream::new(key, task, MATRICES);
        let columns = std::array::from_fn(|k| {
            let diagonal = 1 << (DIGITS - 1 - k);
            diagonal | (wide_word(stream, dimension * DIGITS + k) & (diagonal - 1))
        });
        Self { columns }
    }

    /// The product with a vector of digits.
    pub(super) fn apply(&self, mut digits: u64) -> u64 {
        let mut product = 0;
        while digits != 0 {
            let first = digits.leading_zeros();
            product ^= self.columns[first as usize];
            digits ^= 1 << (u64::BITS - 1 - first);
        }
        product
    }
}

/// Nested scramble of a word whose digits stand in reversed order: the first in the lowest place.
///
/// No step carries a digit to a lower place, so each output digit is the input digit, flipped or
/// not as the earlier input digits and the seed say: what nested scrambling is. For any word, the
/// first 16 digits run through all values as the low half of the seed does.
#[inline(always)]
pub(super) fn nested(reversed: u32, seed: u32) -> u32 {
    let mut x = reversed;
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^ x.wrapping_mul(0x53a2_2864)
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    #[test]
    fn the_first_half_of_the_digits_is_uniform_whatever_the_word() {
        for (word, high) in [(0, 0), (u32::MAX, 1), (0x1234_5678, 0xffff), (1, 0x8000)] {
            let mut seen = vec![false; 1 << 16];
            for low in 0..1 << 16 {
                seen[(nested(word, high << 16 | low) & 0xffff) as usize] = true;
            }
            assert!(seen.iter().all(|&s| s));
        }
    }

    #[test]
    fn a_digit_is_flipped_by_earlier_ones_alone() {
        let mut generator = Stream::new(1, 2, 3).generator();
        for place in 0..32 {
            let earlier = (1_u32 << place) - 1;
            for _ in 0..100 {
                let [word, other, seed] = std::array::from_fn(|_| generator.next_u32());
                let changed = (word & earlier) | (other & !earlier);
                assert_eq!(nested(word, seed) & earlier, nested(changed, seed) & earlier);
                let difference = nested(word, seed) ^ nested(word ^ 1 << place, seed);
                assert_eq!(difference & (earlier << 1 | 1), 1 << place);
            }
        }
    }

    #[test]
    fn matrices_are_linear_and_triangular() {
        let matrix = Matrix::draw(3, 4, 5);
        let (a, b) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3211);
        assert_eq!(matrix.apply(a) ^ matrix.apply(b), matrix.apply(a ^ b));
        for k in 0..DIGITS {
            assert_eq!(matrix.apply(1 << k) >> k, 1);
        }
        assert_eq!(matrix.apply(0), 0);
    }
}
