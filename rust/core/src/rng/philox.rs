//! Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
//! (2011), section 3.3.

use std::convert::Infallible;

use rand_core::TryRng;
use rand_core::utils::fill_bytes_via_next_word;

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const KEY_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// A bijection of 128-bit counters, chosen by a 64-bit key.
#[inline(always)]
pub(super) fn philox(mut key: [u32; 2], mut counter: [u32; 4]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let product_0 = u64::from(counter[0]) * MULTIPLIERS[0];
        let product_1 = u64::from(counter[2]) * MULTIPLIERS[1];
        counter = [
            (product_1 >> 32) as u32 ^ counter[1] ^ key[0],
            product_1 as u32,
            (product_0 >> 32) as u32 ^ counter[3] ^ key[1],
            product_0 as u32,
        ];
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
    }
    counter
}

/// Random words of one key, task and purpose, addressed by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    task: u32,
    purpose: u32,
}

impl Stream {
    /// The stream of a key (one draw of the user's generator), a task and a purpose.
    pub fn new(key: u64, task: u32, purpose: u32) -> Self {
        Self { key: [key as u32, (key >> 32) as u32], task, purpose }
    }

    /// The four words of block `index`.
    #[inline(always)]
    pub fn block(&self, index: u64) -> [u32; 4] {
        philox(self.key, [index as u32, (index >> 32) as u32, self.task, self.purpose])
    }

    /// The stream's words in order, as a generator for `rand` and whatever stands on it.
    pub fn generator(&self) -> Philox {
        Philox { stream: *self, next_block: 0, words: [0; 4], used: 4 }
    }
}

/// The words of a [`Stream`] one after the other; 64-bit draws take two, the low word first.
#[derive(Debug, Clone)]
pub struct Philox {
    stream: Stream,
    next_block: u64,
    words: [u32; 4],
    used: usize,
}

impl TryRng for Philox {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        if self.used == self.words.len() {
            self.words = self.stream.block(self.next_block);
            self.next_block = self.next_block.wrapping_add(1);
            self.used = 0;
        }
        let word = self.words[self.used];
        self.used += 1;
        Ok(word)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = self.try_next_u32()?;
        let high = self.try_next_u32()?;
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    /// From the Random123 distribution, `kat_vectors`.
    #[test]
    fn known_answers() {
        let ones = u32::MAX;
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        for (key, counter, answer) in [
            ([0; 2], [0; 4], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([ones; 2], [ones; 4], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            ([0xa409_3822, 0x299f_31d0], pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
        ] {
            assert_eq!(philox(key, counter), answer);
        }
    }

    #[test]
    fn the_layout_of_key_and_counter() {
        let stream = Stream::new(0x299f_31d0_a409_3822, 0x1319_8a2e, 0x0370_7344);
        assert_eq!(
            stream.block(0x85a3_08d3_243f_6a88),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn the_generator_walks_through_the_blocks() {
        let stream = Stream::new(7, 8, 9);
        let words: Vec<u32> = (0..5).flat_map(|b| stream.block(b)).collect();
        let mut generator = stream.generator();
        assert_eq!(generator.next_u32(), words[0]);
        assert_eq!(generator.next_u64(), u64::from(words[2]) << 32 | u64::from(words[1]));
        let mut bytes = [0; 18];
        generator.fill_bytes(&mut bytes);
        let expected: Vec<u8> = words[3..8].iter().flat_map(|w| w.to_le_bytes()).collect();
        assert_eq!(bytes[..], expected[..18]);
    }
}
