//! Recorded games, checked once on entry.

use std::ops::Range;

use crate::error::{Error, NonFinite};
use crate::labels::MAX_ITEMS;

/// Values looked at before the loop asks whether one of them was bad.
const CHECK_BLOCK: usize = 4096;

/// Recorded games between items `0..n_items`, borrowed from the caller.
#[derive(Debug, Clone, Copy)]
pub struct Games<'a> {
    pub(super) n_items: usize,
    pub(super) left: &'a [u32],
    pub(super) right: &'a [u32],
    pub(super) outcome: Option<&'a [u8]>,
    pub(super) weight: Option<&'a [f64]>,
    pub(super) has_ties: bool,
}

impl<'a> Games<'a> {
    /// Check and join the columns of a list of games.
    ///
    /// `outcome` is 1 where the left item won, 0 where the right one did and 2 for a tie; without
    /// it left won every game. Without `weight` every game has weight one.
    ///
    /// # Errors
    /// [`Error::Shape`] for columns of unequal length or no games at all; [`Error::Index`] for an
    /// item out of range; [`Error::NotFinite`] for such a weight; [`Error::Value`] for too many
    /// items, an item that meets itself, an unknown outcome, a negative weight, or weights that
    /// sum to zero or to infinity.
    pub fn new(
        n_items: usize,
        left: &'a [u32],
        right: &'a [u32],
        outcome: Option<&'a [u8]>,
        weight: Option<&'a [f64]>,
    ) -> Result<Self, Error> {
        if n_items > MAX_ITEMS {
            return Err(value("n_items", "at most 2147483646", &n_items, None));
        }
        if left.is_empty() {
            return Err(Error::Shape {
                argument: "left",
                expected: "at least one comparison".into(),
                found: "no comparisons".into(),
            });
        }
        let lengths = [
            ("right", Some(right.len())),
            ("outcome", outcome.map(<[u8]>::len)),
            ("weight", weight.map(<[f64]>::len)),
        ];
        for (argument, length) in lengths {
            if let Some(found) = length.filter(|&length| length != left.len()) {
                return Err(Error::Shape {
                    argument,
                    expected: format!("{} entries, as `left` has", left.len()),
                    found: found.to_string(),
                });
            }
        }
        check_items("left", left, n_items)?;
        check_items("right", right, n_items)?;
        check_distinct(left, right)?;
        let has_ties = outcome.map_or(Ok(false), check_outcomes)?;
        if let Some(weight) = weight {
            check_weights(weight)?;
        }
        Ok(Self { n_items, left, right, outcome, weight, has_ties })
    }

    /// Number of games, those of weight zero included.
    pub fn len(&self) -> usize {
        self.left.len()
    }

    /// Never true: a list without games is refused on entry.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The games of a range of rows.
    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        Self {
            left: &self.left[rows.clone()],
            right: &self.right[rows.clone()],
            outcome: self.outcome.map(|outcome| &outcome[rows.clone()]),
            weight: self.weight.map(|weight| &weight[rows]),
            ..*self
        }
    }

    /// Call `f(left, right, outcome, weight)` for every game of positive weight, in order.
    #[inline(always)]
    pub(super) fn for_each(&self, mut f: impl FnMut(u32, u32, u8, f64)) {
        let pairs = self.left.iter().zip(self.right);
        match (self.outcome, self.weight) {
            (None, None) => pairs.for_each(|(&i, &j)| f(i, j, 1, 1.0)),
            (Some(outcome), None) => pairs.zip(outcome).for_each(|((&i, &j), &o)| f(i, j, o, 1.0)),
            (None, Some(weight)) => {
                let weighted = pairs.zip(weight).filter(|&(_, &w)| w > 0.0);
                weighted.for_each(|((&i, &j), &w)| f(i, j, 1, w));
            }
            (Some(outcome), Some(weight)) => {
                let weighted = pairs.zip(outcome).zip(weight).filter(|&(_, &w)| w > 0.0);
                weighted.for_each(|(((&i, &j), &o), &w)| f(i, j, o, w));
            }
        }
    }
}

fn value(
    argument: &'static str,
    rule: &'static str,
    value: &dyn ToString,
    index: Option<usize>,
) -> Error {
    Error::Value { argument, rule, value: value.to_string(), index }
}

fn check_items(argument: &'static str, items: &[u32], n_items: usize) -> Result<(), Error> {
    let largest = items.iter().copied().max().unwrap_or(0);
    if (largest as usize) < n_items {
        return Ok(());
    }
    let position = items.iter().position(|&item| item as usize >= n_items).unwrap_or(0);
    Err(Error::Index { argument, position, value: i64::from(items[position]), bound: n_items })
}

/// Position of the first element of `values` that is `bad`, found in blocks that vectorise.
fn first_bad<T: Copy>(values: &[T], bad: impl Fn(T) -> bool) -> Option<usize> {
    for (k, block) in values.chunks(CHECK_BLOCK).enumerate() {
        if block.iter().filter(|&&x| bad(x)).count() > 0 {
            return block.iter().position(|&x| bad(x)).map(|p| k * CHECK_BLOCK + p);
        }
    }
    None
}

fn check_distinct(left: &[u32], right: &[u32]) -> Result<(), Error> {
    for (k, (a, b)) in left.chunks(CHECK_BLOCK).zip(right.chunks(CHECK_BLOCK)).enumerate() {
        if a.iter().zip(b).filter(|(i, j)| i == j).count() > 0
            && let Some(row) = a.iter().zip(b).position(|(i, j)| i == j)
        {
            let index = k * CHECK_BLOCK + row;
            return Err(value("right", "different from `left`", &right[index], Some(index)));
        }
    }
    Ok(())
}

/// Whether there are ties.
fn check_outcomes(outcome: &[u8]) -> Result<bool, Error> {
    match outcome.iter().copied().max().unwrap_or(0) {
        0 | 1 => Ok(false),
        2 => Ok(true),
        _ => {
            let row = outcome.iter().position(|&o| o > 2).unwrap_or(0);
            let rule = "1 (left won), 0 (right won) or 2 (tie)";
            Err(value("outcome", rule, &outcome[row], Some(row)))
        }
    }
}

fn check_weights(weight: &[f64]) -> Result<(), Error> {
    if let Some(row) = first_bad(weight, |w| !(0.0..f64::INFINITY).contains(&w)) {
        let kind = match weight[row] {
            w if w.is_nan() => NonFinite::Nan,
            w if w == f64::INFINITY => NonFinite::PositiveInfinity,
            w if w == f64::NEG_INFINITY => NonFinite::NegativeInfinity,
            w => return Err(value("weight", "at least 0", &w, Some(row))),
        };
        return Err(Error::NotFinite { argument: "weight", index: row, kind });
    }
    // No partial sum of a pair can pass the sum of all weights.
    match crate::parallel::pairwise_sum(weight) {
        0.0 => Err(value(
            "weight",
            "positive in at least one row",
            &"zeros only: total weight is zero",
            None,
        )),
        f64::INFINITY => Err(value("weight", "finite in total", &"a sum of +inf", None)),
        _ => Ok(()),
    }
}
