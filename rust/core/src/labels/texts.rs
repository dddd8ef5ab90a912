//! Labels of fixed width: rows of Unicode code points or of bytes, padded with zeros.

use std::fmt::Write;

use super::table::{Hasher, Table};
use super::{SIDES, renumber, repeated, unknown};
use crate::control::Control;
use crate::error::{Error, try_zeroed};

/// Texts hashed together.
const BLOCK: usize = 512;

/// One position of a text: a byte, or a code point in 32 bits.
pub trait Character: bytemuck::Pod + Ord + Send + Sync {
    /// Append the character to a message.
    fn describe(self, message: &mut String);
}

impl Character for u8 {
    fn describe(self, message: &mut String) {
        // Writing to a string cannot fail.
        let _ = write!(message, "{}", self.escape_ascii());
    }
}

impl Character for u32 {
    fn describe(self, message: &mut String) {
        message.push(char::from_u32(self).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

/// A column of texts of at most `width` characters each, stored one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a, C> {
    characters: &'a [C],
    width: usize,
}

impl<'a, C: Character> Texts<'a, C> {
    /// Borrow a column.
    ///
    /// # Errors
    /// [`Error::Shape`] when `width` is zero or does not divide the number of characters.
    pub fn new(characters: &'a [C], width: usize) -> Result<Self, Error> {
        if width == 0 || !characters.len().is_multiple_of(width) {
            return Err(Error::Shape {
                argument: "characters",
                expected: "a whole number of rows".into(),
                found: format!("{} characters in rows of {width}", characters.len()),
            });
        }
        Ok(Self { characters, width })
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.characters.len() / self.width
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// Call `visit(start, rows)` for blocks of rows padded with zeros to `width` characters.
    fn for_each_block(
        &self,
        width: usize,
        mut visit: impl FnMut(usize, &[C]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut padded = try_zeroed(if width == self.width { 0 } else { BLOCK * width })?;
        for (k, block) in self.characters.chunks(BLOCK * self.width).enumerate() {
            if width == self.width {
                visit(k * BLOCK, block)?;
            } else {
                let n_rows = block.len() / self.width;
                for (to, from) in padded.chunks_exact_mut(width).zip(block.chunks(self.width)) {
                    to[..self.width].copy_from_slice(from);
                }
                visit(k * BLOCK, &padded[..n_rows * width])?;
            }
        }
        Ok(())
    }
}

/// Items and the codes of both columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEncoding<C> {
    /// The distinct texts in ascending order, each padded with zeros to `width`.
    pub items: Vec<C>,
    /// Length of the longest item, at least 1.
    pub width: usize,
    /// Codes of the left and the right column.
    pub codes: [Vec<u32>; 2],
}

/// Code two columns of texts by their distinct values in ascending order.
///
/// The columns may differ in width; trailing zeros do not count, as in NumPy. Time is linear in the
/// characters, plus `O(n log n)` comparisons of the `n` items.
///
/// # Errors
/// [`Error::Value`] for more than [`super::MAX_ITEMS`] items; [`Error::TooLarge`];
/// [`Error::Interrupted`].
pub fn encode_texts<C: Character>(
    left: Texts<'_, C>,
    right: Texts<'_, C>,
    control: &dyn Control,
) -> Result<TextEncoding<C>, Error> {
    let width = left.width.max(right.width);
    let hasher = Hasher::new();
    let mut table = Table::new()?;
    // Distinct texts in order of appearance, side by side so that the frequent ones stay in cache.
    let mut seen: Vec<C> = Vec::new();
    let mut codes = [try_zeroed(left.len())?, try_zeroed(right.len())?];
    for (side, column) in [left, right].iter().zip(&mut codes) {
        side.for_each_block(width, |start, texts| {
            control.check()?;
            let hashes = hash_block(hasher, texts, width);
            let rows = texts.chunks_exact(width).zip(&hashes).zip(&mut column[start..]);
            for ((text, &hash), code) in rows {
                *code = match table.insert(hash, |code| equal(at(&seen, width, code), text))? {
                    Ok(known) => known,
                    Err(new) => {
                        seen.extend_from_slice(text);
                        new
                    }
                };
            }
            Ok(())
        })?;
    }
    let mut order: Vec<u32> = (0..(seen.len() / width) as u32).collect();
    order.sort_unstable_by_key(|&code| at(&seen, width, code));
    renumber(&mut codes, &order)?;
    let longest = seen.chunks_exact(width).map(|text| trim(text).len()).max().unwrap_or(0).max(1);
    let mut items = try_zeroed::<C>(order.len() * longest)?;
    for (item, &code) in items.chunks_exact_mut(longest).zip(&order) {
        item.copy_from_slice(&at(&seen, width, code)[..longest]);
    }
    Ok(TextEncoding { items, width: longest, codes })
}

/// Code two columns of texts by their places in `items`.
///
/// # Errors
/// [`Error::Value`] naming the first repetition in `items`, or the first text that is not there;
/// [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn find_texts<C: Character>(
    items: Texts<'_, C>,
    left: Texts<'_, C>,
    right: Texts<'_, C>,
    control: &dyn Control,
) -> Result<[Vec<u32>; 2], Error> {
    let width = items.width.max(left.width).max(right.width);
    let hasher = Hasher::new();
    let mut table = Table::new()?;
    let mut listed: Vec<C> = Vec::new();
    items.for_each_block(width, |start, texts| {
        for (row, text) in texts.chunks_exact(width).enumerate() {
            let hash = hasher.bytes(bytemuck::cast_slice(text));
            if table.insert(hash, |code| equal(at(&listed, width, code), text))?.is_ok() {
                return Err(repeated(quote(text), start + row));
            }
            listed.extend_from_slice(text);
        }
        Ok(())
    })?;
    let mut codes = [try_zeroed(left.len())?, try_zeroed(right.len())?];
    for ((side, column), argument) in [left, right].iter().zip(&mut codes).zip(SIDES) {
        side.for_each_block(width, |start, texts| {
            control.check()?;
            let hashes = hash_block(hasher, texts, width);
            for (row, (text, &hash)) in texts.chunks_exact(width).zip(&hashes).enumerate() {
                column[start + row] = table
                    .find(hash, |code| equal(at(&listed, width, code), text))
                    .ok_or_else(|| unknown(argument, quote(text), start + row))?;
            }
            Ok(())
        })?;
    }
    Ok(codes)
}

/// Hashes of a block of texts; computed apart so that the look-ups after it overlap in memory.
#[inline(always)]
fn hash_block<C: Character>(hasher: Hasher, texts: &[C], width: usize) -> [u32; BLOCK] {
    let mut hashes = [0; BLOCK];
    for (hash, text) in hashes.iter_mut().zip(texts.chunks_exact(width)) {
        *hash = hasher.bytes(bytemuck::cast_slice(text));
    }
    hashes
}

/// Text `code` of texts of equal width.
#[inline(always)]
fn at<C>(texts: &[C], width: usize, code: u32) -> &[C] {
    &texts[code as usize * width..][..width]
}

/// Compare texts of equal width by words, which beats a call for texts as short as labels.
#[inline(always)]
fn equal<C: Character>(a: &[C], b: &[C]) -> bool {
    let (a_words, a_rest) = bytemuck::cast_slice::<C, u8>(a).as_chunks::<8>();
    let (b_words, b_rest) = bytemuck::cast_slice::<C, u8>(b).as_chunks::<8>();
    a_words.iter().zip(b_words).all(|(x, y)| u64::from_ne_bytes(*x) == u64::from_ne_bytes(*y))
        && a_rest.iter().zip(b_rest).all(|(x, y)| x == y)
}

#[inline(always)]
fn trim<C: Character>(row: &[C]) -> &[C] {
    let len = row.iter().rposition(|&c| c != C::zeroed()).map_or(0, |last| last + 1);
    &row[..len]
}

fn quote<C: Character>(text: &[C]) -> String {
    let mut quoted = String::from("'");
    for &character in trim(text) {
        character.describe(&mut quoted);
    }
    quoted.push('\'');
    quoted
}
