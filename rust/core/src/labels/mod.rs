//! From labels of items to codes `0..n`.
//!
//! Two columns of labels, the two sides of a list of pairs, are coded together. Items are the
//! distinct labels in ascending order, or those that the caller lists, in the caller's order.
//!
//! Integers in a small range are coded through a table of that range, other labels through a hash
//! table; either way one pass over the labels, with no object made for any of them.
//!
//! ```
//! use hasten_core::labels::encode_integers;
//!
//! let encoding = encode_integers(&[70_i64, -5], &[-5, 900_000_000_000], &())?;
//! assert_eq!(encoding.items, [-5, 70, 900_000_000_000]);
//! assert_eq!(encoding.codes, Some([vec![1, 0], vec![0, 2]]));
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod integers;
pub(crate) mod table;
mod texts;

pub use integers::{Encoding, Integer, encode_integers, find_integers};
pub use texts::{Character, TextEncoding, Texts, encode_texts, find_texts};

use crate::error::Error;

/// The largest number of items: two less than `2^31`.
pub const MAX_ITEMS: usize = (1 << 31) - 2;

/// Names of the two columns in messages.
const SIDES: [&str; 2] = ["left", "right"];

/// Labels coded between two looks at the control.
const PIECE: usize = 1 << 20;

fn unknown(argument: &'static str, label: String, row: usize) -> Error {
    Error::Value { argument, rule: "one of `items`", value: label, index: Some(row) }
}

fn repeated(label: String, row: usize) -> Error {
    Error::Value { argument: "items", rule: "without repetitions", value: label, index: Some(row) }
}

/// Renumber codes given in order of appearance so that the items they stand for ascend.
///
/// `order` lists the codes of ascending items.
fn renumber(codes: &mut [Vec<u32>; 2], order: &[u32]) -> Result<(), Error> {
    if order.is_sorted() {
        return Ok(());
    }
    let mut rank = crate::error::try_zeroed::<u32>(order.len())?;
    for (position, &code) in order.iter().enumerate() {
        rank[code as usize] = position as u32;
    }
    for code in codes.iter_mut().flatten() {
        *code = rank[*code as usize];
    }
    Ok(())
}

#[cfg(test)]
mod tests;
