//! Recorded rankings, checked once on entry.

use std::ops::Range;

use crate::error::{Error, require_finite};
use crate::labels::MAX_ITEMS;
use crate::parallel::pairwise_sum;

/// Rankings of sets of items `0..n_items`, borrowed from the caller.
///
/// Ranking `r` holds the items `items[offsets[r]..offsets[r + 1]]` of its set. The first
/// `n_placed[r]` of them are ranked, best first; the others of the set came after these in an
/// order that was not recorded. A choice from a set is a ranking with one item placed.
#[derive(Debug, Clone, Copy)]
pub struct Rankings<'a> {
    n_items: usize,
    offsets: &'a [usize],
    items: &'a [u32],
    n_placed: &'a [u32],
    weights: &'a [f64],
}

impl<'a> Rankings<'a> {
    /// Check and join the columns: O(entries) time, 4 bytes an item.
    ///
    /// # Errors
    /// [`Error::Shape`] for wrong lengths or offsets; [`Error::Index`] for an item out of range;
    /// [`Error::Value`] for more placed items than there are, an item that stands twice in a
    /// ranking (`index` is the ranking), or a negative weight; [`Error::NotFinite`] for a weight;
    /// [`Error::TooLarge`] from 2^32 entries on.
    pub fn new(
        n_items: usize,
        offsets: &'a [usize],
        items: &'a [u32],
        n_placed: &'a [u32],
        weights: &'a [f64],
    ) -> Result<Self, Error> {
        check_offsets(offsets, items.len())?;
        let n_rankings = offsets.len() - 1;
        for (argument, found) in [("n_placed", n_placed.len()), ("weight", weights.len())] {
            if found != n_rankings {
                return Err(Error::Shape {
                    argument,
                    expected: format!("{n_rankings} entries, one per ranking"),
                    found: found.to_string(),
                });
            }
        }
        let value = |argument, rule, value: &dyn ToString, index| Error::Value {
            argument,
            rule,
            value: value.to_string(),
            index,
        };
        if n_items > MAX_ITEMS {
            return Err(value("n_items", "at most 2147483646", &n_items, None));
        }
        if items.len() >= u32::MAX as usize || n_rankings >= u32::MAX as usize {
            return Err(Error::TooLarge { bytes: 8 * items.len() as u128 });
        }
        check_items(items, n_items)?;
        let rankings = Self { n_items, offsets, items, n_placed, weights };
        if let Some(row) = (0..n_rankings).find(|&r| n_placed[r] as usize > rankings.set(r).len()) {
            let rule = "at most the number of items of the ranking";
            return Err(value("n_placed", rule, &n_placed[row], Some(row)));
        }
        if let Some((row, item)) = find_repetition(n_items, offsets, items)? {
            return Err(value("items", "without repetitions in a ranking", &item, Some(row)));
        }
        require_finite("weight", weights)?;
        if let Some(row) = weights.iter().position(|&w| w < 0.0) {
            return Err(value("weight", "at least 0", &weights[row], Some(row)));
        }
        if !pairwise_sum(weights).is_finite() {
            return Err(value("weight", "finite in total", &"a sum of +inf", None));
        }
        Ok(rankings)
    }

    /// Borrow arrays that this crate has made and knows to be well formed.
    pub(super) fn trusted(
        n_items: usize,
        offsets: &'a [usize],
        items: &'a [u32],
        n_placed: &'a [u32],
        weights: &'a [f64],
    ) -> Self {
        debug_assert!(Self::new(n_items, offsets, items, n_placed, weights).is_ok());
        Self { n_items, offsets, items, n_placed, weights }
    }

    /// The same rankings with other weights, one a ranking.
    pub(super) fn reweighted(self, weights: &'a [f64]) -> Self {
        debug_assert_eq!(weights.len(), self.len());
        Self { weights, ..self }
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// Number of rankings.
    pub fn len(&self) -> usize {
        self.n_placed.len()
    }

    /// True where there are no rankings.
    pub fn is_empty(&self) -> bool {
        self.n_placed.is_empty()
    }

    /// Number of entries: the sizes of all sets together.
    pub fn n_entries(&self) -> usize {
        self.items.len()
    }

    /// The entries of ranking `r`.
    #[inline(always)]
    pub fn entries(&self, r: usize) -> Range<usize> {
        self.offsets[r]..self.offsets[r + 1]
    }

    /// The items of ranking `r`: those placed, best first, then the rest of the set.
    #[inline(always)]
    pub fn set(&self, r: usize) -> &'a [u32] {
        &self.items[self.entries(r)]
    }

    /// All items, entry by entry.
    pub fn items(&self) -> &'a [u32] {
        self.items
    }

    /// Number of choices that ranking `r` records: item `v` was chosen from the items `v..`.
    ///
    /// The last of a set is no choice, so a ranking with one item unplaced is a whole one.
    #[inline(always)]
    pub fn n_choices(&self, r: usize) -> usize {
        (self.n_placed[r] as usize).min(self.set(r).len().saturating_sub(1))
    }

    /// Weight of ranking `r`: how often it was recorded.
    #[inline(always)]
    pub fn weight(&self, r: usize) -> f64 {
        self.weights[r]
    }

    /// True where ranking `r` says something of the strengths.
    pub fn is_informative(&self, r: usize) -> bool {
        self.n_choices(r) > 0 && self.weights[r] > 0.0
    }
}

/// The first ranking in which an item stands twice, and that item.
///
/// # Errors
/// [`Error::Shape`] or [`Error::Value`] for wrong offsets, [`Error::Index`] for an item out of
/// range, [`Error::TooLarge`] when memory is lacking.
pub fn first_repetition(
    n_items: usize,
    offsets: &[usize],
    items: &[u32],
) -> Result<Option<(usize, u32)>, Error> {
    check_offsets(offsets, items.len())?;
    check_items(items, n_items)?;
    find_repetition(n_items, offsets, items)
}

fn find_repetition(
    n_items: usize,
    offsets: &[usize],
    items: &[u32],
) -> Result<Option<(usize, u32)>, Error> {
    let mut seen_in = crate::error::try_zeroed::<u32>(n_items)?;
    for (row, ends) in offsets.windows(2).enumerate() {
        for &item in &items[ends[0]..ends[1]] {
            let seen = &mut seen_in[item as usize];
            if *seen == row as u32 + 1 {
                return Ok(Some((row, item)));
            }
            *seen = row as u32 + 1;
        }
    }
    Ok(None)
}

pub(super) fn check_items(items: &[u32], n_items: usize) -> Result<(), Error> {
    items.iter().position(|&i| i as usize >= n_items).map_or(Ok(()), |position| {
        let value = i64::from(items[position]);
        Err(Error::Index { argument: "items", position, value, bound: n_items })
    })
}

pub(super) fn check_offsets(offsets: &[usize], n_entries: usize) -> Result<(), Error> {
    let shape =
        |expected: String, found: String| Error::Shape { argument: "offsets", expected, found };
    let Some((&first, &last)) = offsets.first().zip(offsets.last()) else {
        return Err(shape("at least one entry".into(), "none".into()));
    };
    if first != 0 || last != n_entries {
        let expected = format!("first entry 0 and last entry {n_entries}");
        return Err(shape(expected, format!("{first} and {last}")));
    }
    if let Some(row) = offsets.windows(2).position(|w| w[0] > w[1]) {
        return Err(Error::Value {
            argument: "offsets",
            rule: "non-decreasing",
            value: offsets[row + 1].to_string(),
            index: Some(row + 1),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_named() {
        let error = |offsets: &[usize], items: &[u32], n_placed: &[u32], weights: &[f64]| {
            Rankings::new(3, offsets, items, n_placed, weights).expect_err("malformed")
        };
        let two = [0, 2, 4];
        let items = [0, 1, 1, 2];
        assert!(matches!(error(&[], &[], &[], &[]), Error::Shape { argument: "offsets", .. }));
        assert!(matches!(
            error(&[0, 2, 3], &items, &[1, 1], &[1.0; 2]),
            Error::Shape { argument: "offsets", .. }
        ));
        assert!(matches!(
            error(&[0, 3, 2, 4], &items, &[1; 3], &[1.0; 3]),
            Error::Value { argument: "offsets", index: Some(2), .. }
        ));
        assert!(matches!(
            error(&two, &items, &[1], &[1.0; 2]),
            Error::Shape { argument: "n_placed", .. }
        ));
        assert!(matches!(
            error(&two, &items, &[1, 3], &[1.0; 2]),
            Error::Value { argument: "n_placed", index: Some(1), .. }
        ));
        assert!(matches!(
            error(&two, &[0, 1, 3, 2], &[1, 1], &[1.0; 2]),
            Error::Index { argument: "items", position: 2, value: 3, .. }
        ));
        assert!(matches!(
            error(&two, &[0, 1, 2, 2], &[1, 1], &[1.0; 2]),
            Error::Value { argument: "items", index: Some(1), .. }
        ));
        assert!(matches!(
            error(&two, &items, &[1, 1], &[1.0, -1.0]),
            Error::Value { argument: "weight", index: Some(1), .. }
        ));
        assert!(matches!(
            error(&two, &items, &[1, 1], &[f64::NAN, 1.0]),
            Error::NotFinite { argument: "weight", index: 0, .. }
        ));
    }

    #[test]
    fn the_last_of_a_set_is_no_choice() {
        let rankings =
            Rankings::new(3, &[0, 3, 6, 7, 7], &[0, 1, 2, 0, 1, 2, 1], &[3, 2, 1, 0], &[1.0; 4])
                .expect("well formed");
        assert_eq!((0..4).map(|r| rankings.n_choices(r)).collect::<Vec<_>>(), [2, 2, 0, 0]);
    }
}
