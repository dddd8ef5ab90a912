//! Integer labels.

use super::table::{Hasher, Table};
use super::{MAX_ITEMS, PIECE, SIDES, renumber, repeated, unknown};
use crate::control::Control;
use crate::error::{Error, try_vec, try_zeroed};

/// Integers in a range of this size are coded through a table whatever their number.
const SMALL_RANGE: usize = 1 << 16;

/// Mark of an absent label in a table over a range.
const ABSENT: u32 = u32::MAX;

/// The integer types of labels.
pub trait Integer: bytemuck::Pod + Ord + std::fmt::Display + Send + Sync {
    /// Whether values below `2^31` have the bits of a code.
    const IS_CODE: bool;

    /// `self - least` for `least <= self`.
    fn above(self, least: Self) -> u64;

    /// The integer as a word to hash.
    fn word(self) -> u64;

    /// `least + offset`, which must be representable.
    fn offset(least: Self, offset: u64) -> Self;
}

macro_rules! integer_label {
    ($integer:ty, $unsigned:ty) => {
        // Differences and hashes are taken of the bits, whatever the sign.
        #[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap)]
        impl Integer for $integer {
            const IS_CODE: bool = size_of::<$integer>() == size_of::<u32>();

            #[inline(always)]
            fn above(self, least: Self) -> u64 {
                u64::from(self.wrapping_sub(least) as $unsigned)
            }

            #[inline(always)]
            fn word(self) -> u64 {
                u64::from(self as $unsigned)
            }

            #[inline(always)]
            fn offset(least: Self, offset: u64) -> Self {
                least.wrapping_add(offset as $integer)
            }
        }
    };
}

integer_label!(i32, u32);
integer_label!(i64, u64);
integer_label!(u32, u32);
integer_label!(u64, u64);

/// Items and the codes of both columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding<T> {
    /// The distinct labels, ascending.
    pub items: Vec<T>,
    /// Codes of the left and the right column; `None` when 32-bit labels are their own codes.
    pub codes: Option<[Vec<u32>; 2]>,
}

/// Code two columns of integers by their distinct values in ascending order.
///
/// Labels in a range not wider than their number cost `O(N)` time without hashing; if they are
/// exactly `0..n` in 32 bits, no codes are written. Others cost `O(N + n log n)`.
///
/// # Errors
/// [`Error::Value`] for more than [`MAX_ITEMS`] items; [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn encode_integers<T: Integer>(
    left: &[T],
    right: &[T],
    control: &dyn Control,
) -> Result<Encoding<T>, Error> {
    let sides = [left, right];
    let n_labels = left.len() + right.len();
    let Some((least, range)) = least_and_range(&sides) else {
        return Ok(Encoding { items: Vec::new(), codes: Some([Vec::new(), Vec::new()]) });
    };
    if range <= SMALL_RANGE.max(n_labels.min(MAX_ITEMS)) {
        encode_range(sides, least, range, control)
    } else {
        encode_hashed(sides, control)
    }
}

/// Code two columns of integers by their places in `items`.
///
/// # Errors
/// [`Error::Value`] naming the first repetition in `items`, or the first label that is not there;
/// [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn find_integers<T: Integer>(
    items: &[T],
    left: &[T],
    right: &[T],
    control: &dyn Control,
) -> Result<[Vec<u32>; 2], Error> {
    if items.len() > MAX_ITEMS {
        return Err(Error::Value {
            argument: "items",
            rule: "at most 2147483646 labels",
            value: items.len().to_string(),
            index: None,
        });
    }
    match least_and_range(&[items]) {
        Some((least, range)) if range <= SMALL_RANGE.max(items.len().saturating_mul(4)) => {
            let mut codes = try_vec(range, ABSENT)?;
            for (position, &item) in items.iter().enumerate() {
                let code = &mut codes[item.above(least) as usize];
                if *code != ABSENT {
                    return Err(repeated(item.to_string(), position));
                }
                *code = position as u32;
            }
            find_all([left, right], control, |label: T| {
                let place = usize::try_from(label.above(least)).ok().filter(|_| label >= least)?;
                codes.get(place).copied().filter(|&code| code != ABSENT)
            })
        }
        _ => {
            let hasher = Hasher::new();
            let mut table = Table::new()?;
            for (position, &item) in items.iter().enumerate() {
                let same = |code| items[code as usize] == item;
                if table.insert(hasher.word(item.word()), same)?.is_ok() {
                    return Err(repeated(item.to_string(), position));
                }
            }
            find_all([left, right], control, |label: T| {
                table.find(hasher.word(label.word()), |code| items[code as usize] == label)
            })
        }
    }
}

fn find_all<T: Integer>(
    sides: [&[T]; 2],
    control: &dyn Control,
    find: impl Fn(T) -> Option<u32>,
) -> Result<[Vec<u32>; 2], Error> {
    let mut codes = [try_zeroed(sides[0].len())?, try_zeroed(sides[1].len())?];
    for side in 0..2 {
        for (row, &label) in sides[side].iter().enumerate() {
            if row % PIECE == 0 {
                control.check()?;
            }
            codes[side][row] =
                find(label).ok_or_else(|| unknown(SIDES[side], label.to_string(), row))?;
        }
    }
    Ok(codes)
}

/// The least label and the number of integers from it to the greatest.
fn least_and_range<T: Integer>(sides: &[&[T]]) -> Option<(T, usize)> {
    let first = sides.iter().find_map(|side| side.first().copied())?;
    let (mut least, mut greatest) = (first, first);
    for &side in sides {
        for &label in side {
            least = least.min(label);
            greatest = greatest.max(label);
        }
    }
    let range = usize::try_from(greatest.above(least)).unwrap_or(usize::MAX);
    Some((least, range.saturating_add(1)))
}

fn encode_range<T: Integer>(
    sides: [&[T]; 2],
    least: T,
    range: usize,
    control: &dyn Control,
) -> Result<Encoding<T>, Error> {
    let mut present = try_zeroed::<u8>(range)?;
    for labels in sides.iter().flat_map(|side| side.chunks(PIECE)) {
        control.check()?;
        for &label in labels {
            present[label.above(least) as usize] = 1;
        }
    }
    let n_items = present.iter().map(|&mark| usize::from(mark)).sum();
    let mut items = try_zeroed(n_items)?;
    let mut codes = try_zeroed::<u32>(range)?;
    let mut n_seen = 0;
    for ((offset, &mark), code) in (0..).zip(&present).zip(&mut codes) {
        *code = n_seen;
        if mark == 1 {
            items[n_seen as usize] = T::offset(least, offset);
            n_seen += 1;
        }
    }
    if T::IS_CODE && n_items == range && least.word() == 0 {
        return Ok(Encoding { items, codes: None });
    }
    let encode = |side: &[T]| -> Result<Vec<u32>, Error> {
        control.check()?;
        let mut column = try_zeroed(side.len())?;
        for (code, label) in column.iter_mut().zip(side) {
            *code = codes[label.above(least) as usize];
        }
        Ok(column)
    };
    Ok(Encoding { items, codes: Some([encode(sides[0])?, encode(sides[1])?]) })
}

fn encode_hashed<T: Integer>(
    sides: [&[T]; 2],
    control: &dyn Control,
) -> Result<Encoding<T>, Error> {
    let hasher = Hasher::new();
    let mut table = Table::new()?;
    let mut seen: Vec<T> = Vec::new();
    let mut codes = [try_zeroed(sides[0].len())?, try_zeroed(sides[1].len())?];
    for (side, column) in sides.iter().zip(&mut codes) {
        for (labels, piece) in side.chunks(PIECE).zip(column.chunks_mut(PIECE)) {
            control.check()?;
            for (&label, code) in labels.iter().zip(piece) {
                let hash = hasher.word(label.word());
                *code = match table.insert(hash, |code| seen[code as usize] == label)? {
                    Ok(known) => known,
                    Err(new) => {
                        seen.push(label);
                        new
                    }
                };
            }
        }
    }
    let mut order: Vec<u32> = (0..seen.len() as u32).collect();
    order.sort_unstable_by_key(|&code| seen[code as usize]);
    renumber(&mut codes, &order)?;
    let items = order.iter().map(|&code| seen[code as usize]).collect();
    Ok(Encoding { items, codes: Some(codes) })
}
