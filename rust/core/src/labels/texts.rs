//! Labels of fixed width: rows of Unicode code points or of bytes, padded with zeros.

use std::fmt::Write;

use super::table::{Hasher, Table};
use super::{PIECE, SIDES, renumber, repeated, unknown};
use crate::control::Control;
use crate::error::{Error, try_zeroed};

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

    /// Text `row` without its padding.
    #[inline(always)]
    fn get(&self, row: usize) -> &'a [C] {
        trim(&self.characters[row * self.width..(row + 1) * self.width])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [C]> + use<'a, C> {
        self.characters.chunks_exact(self.width).map(trim)
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
    let hasher = Hasher::new();
    let mut table = Table::new()?;
    let mut seen = Seen { characters: Vec::new(), ends: vec![0] };
    let mut codes = [try_zeroed(left.len())?, try_zeroed(right.len())?];
    for (side, column) in [left, right].iter().zip(&mut codes) {
        for (row, (text, code)) in side.iter().zip(column).enumerate() {
            if row % PIECE == 0 {
                control.check()?;
            }
            *code = match table.insert(hash(hasher, text), |code| seen.get(code) == text)? {
                Ok(known) => known,
                Err(new) => {
                    seen.push(text);
                    new
                }
            };
        }
    }
    let n_items = seen.ends.len() - 1;
    let mut order: Vec<u32> = (0..n_items as u32).collect();
    order.sort_unstable_by_key(|&code| seen.get(code));
    renumber(&mut codes, &order)?;
    let width = order.iter().map(|&code| seen.get(code).len()).max().unwrap_or(0).max(1);
    let mut items = try_zeroed::<C>(n_items.saturating_mul(width))?;
    for (item, &code) in items.chunks_exact_mut(width).zip(&order) {
        let text = seen.get(code);
        item[..text.len()].copy_from_slice(text);
    }
    Ok(TextEncoding { items, width, codes })
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
    let hasher = Hasher::new();
    let mut table = Table::new()?;
    for (position, item) in items.iter().enumerate() {
        let same = |code| items.get(code as usize) == item;
        if table.insert(hash(hasher, item), same)?.is_ok() {
            return Err(repeated(quote(item), position));
        }
    }
    let mut codes = [try_zeroed(left.len())?, try_zeroed(right.len())?];
    for ((side, column), argument) in [left, right].iter().zip(&mut codes).zip(SIDES) {
        for (row, (text, code)) in side.iter().zip(column).enumerate() {
            if row % PIECE == 0 {
                control.check()?;
            }
            *code = table
                .find(hash(hasher, text), |code| items.get(code as usize) == text)
                .ok_or_else(|| unknown(argument, quote(text), row))?;
        }
    }
    Ok(codes)
}

/// Distinct texts in order of appearance, side by side so that the frequent ones stay in cache.
struct Seen<C> {
    characters: Vec<C>,
    ends: Vec<usize>,
}

impl<C: Character> Seen<C> {
    #[inline(always)]
    fn get(&self, code: u32) -> &[C] {
        &self.characters[self.ends[code as usize]..self.ends[code as usize + 1]]
    }

    fn push(&mut self, text: &[C]) {
        self.characters.extend_from_slice(text);
        self.ends.push(self.characters.len());
    }
}

#[inline(always)]
fn trim<C: Character>(row: &[C]) -> &[C] {
    let len = row.iter().rposition(|&c| c != C::zeroed()).map_or(0, |last| last + 1);
    &row[..len]
}

#[inline(always)]
fn hash<C: Character>(hasher: Hasher, text: &[C]) -> u32 {
    hasher.bytes(bytemuck::cast_slice(text))
}

fn quote<C: Character>(text: &[C]) -> String {
    let mut quoted = String::from("'");
    for &character in text {
        character.describe(&mut quoted);
    }
    quoted.push('\'');
    quoted
}
