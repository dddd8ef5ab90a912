//! A hash table from labels to codes in order of appearance.

use std::hash::{BuildHasher, RandomState};

use super::MAX_ITEMS;
use crate::error::{Error, try_vec};

const EMPTY: u32 = u32::MAX;

/// The multiplier of Knuth's MMIX generator.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

/// Hashes of 64-bit words and of runs of bytes, by multiplication and folding.
///
/// The seed differs from table to table, so that no list of labels can be prepared to collide; no
/// result depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hasher {
    seed: u64,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { seed: RandomState::new().hash_one(MULTIPLIER) }
    }

    #[inline(always)]
    pub(crate) fn word(self, word: u64) -> u32 {
        let folded = fold(self.seed ^ word);
        (folded ^ (folded >> 32)) as u32
    }

    #[inline(always)]
    pub(crate) fn bytes(self, bytes: &[u8]) -> u32 {
        let (words, rest) = bytes.as_chunks::<8>();
        let state = words.iter().fold(self.seed, |s, &word| fold(s ^ u64::from_ne_bytes(word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let folded = fold(state ^ u64::from_ne_bytes(last));
        (folded ^ (folded >> 32)) as u32
    }
}

#[inline(always)]
fn fold(word: u64) -> u64 {
    let product = u128::from(word) * u128::from(MULTIPLIER);
    (product >> 64) as u64 ^ product as u64
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    code: u32,
}

/// Open addressing with linear probing, at most half full; the labels stay with the caller.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    len: usize,
}

impl Table {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { slots: try_vec(1 << 10, Slot { hash: 0, code: EMPTY })?, len: 0 })
    }

    /// The slot of the label with this hash for which `same(code)` holds, or the empty slot where
    /// it belongs.
    #[inline(always)]
    fn probe(&self, hash: u32, same: impl Fn(u32) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.code == EMPTY || (slot.hash == hash && same(slot.code)) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    #[inline(always)]
    pub(crate) fn find(&self, hash: u32, same: impl Fn(u32) -> bool) -> Option<u32> {
        let code = self.slots[self.probe(hash, same)].code;
        (code != EMPTY).then_some(code)
    }

    /// The code of a label; `Err` holds the code that a label seen for the first time was given.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        hash: u32,
        same: impl Fn(u32) -> bool,
    ) -> Result<Result<u32, u32>, Error> {
        let place = self.probe(hash, same);
        let found = self.slots[place].code;
        if found != EMPTY {
            return Ok(Ok(found));
        }
        if self.len == MAX_ITEMS {
            return Err(Error::Value {
                argument: "items",
                rule: "at most 2147483646 distinct labels",
                value: "more".into(),
                index: None,
            });
        }
        let code = self.len as u32;
        self.slots[place] = Slot { hash, code };
        self.len += 1;
        if self.len * 2 > self.slots.len() {
            self.grow()?;
        }
        Ok(Err(code))
    }

    #[cold]
    fn grow(&mut self) -> Result<(), Error> {
        let larger = try_vec(self.slots.len() * 4, Slot { hash: 0, code: EMPTY })?;
        let slots = std::mem::replace(&mut self.slots, larger);
        for slot in slots.into_iter().filter(|slot| slot.code != EMPTY) {
            let place = self.probe(slot.hash, |_| false);
            self.slots[place] = slot;
        }
        Ok(())
    }
}
