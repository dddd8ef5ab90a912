//! Equal rankings as one with the sum of their weights; rankings cut down to groups of items.

use super::rankings::Rankings;
use crate::control::Control;
use crate::error::Error;
use crate::labels::table::{Hasher, Table};

/// Rankings between two looks at the control.
const CHECK_EVERY: usize = 1 << 16;

/// Distinct informative rankings, owned, in order of first appearance.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedRankings {
    /// Number of items.
    pub n_items: usize,
    /// Start of each ranking, and the end of the last.
    pub offsets: Vec<usize>,
    /// Items by entry: those placed, best first, then the rest of the set in ascending order.
    pub items: Vec<u32>,
    /// Number of items placed, at most one less than there are.
    pub n_placed: Vec<u32>,
    /// Sum of the weights.
    pub weights: Vec<f64>,
    /// Rankings that were left out because they say nothing: fewer than two items, none placed, or
    /// weight zero.
    pub n_ignored: usize,
}

impl MergedRankings {
    /// Borrow the arrays.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking.
    pub fn view(&self) -> Result<Rankings<'_>, Error> {
        Rankings::new(self.n_items, &self.offsets, &self.items, &self.n_placed, &self.weights)
    }
}

/// Merge rankings that are equal as events: the same items in the same places, the rest of the set
/// in any order.
///
/// O(entries log(set)) time. Weights add in the order of the rankings.
///
/// # Errors
/// [`Error::TooLarge`] when memory is lacking, [`Error::Interrupted`] at the wish of `control`.
pub fn merge_rankings(
    rankings: &Rankings<'_>,
    control: &dyn Control,
) -> Result<MergedRankings, Error> {
    let mut merger = Merger::new(rankings.n_items())?;
    for r in 0..rankings.len() {
        if r % CHECK_EVERY == 0 {
            control.check()?;
        }
        merger.add(rankings.set(r), rankings.n_choices(r), rankings.weight(r))?;
    }
    Ok(merger.merged)
}

/// Cut each ranking into the rankings of its items with equal labels; `u32::MAX` leaves an item
/// out.
///
/// With the strong components as labels, that is what the rankings say within each component: their
/// likelihood is the limit of the whole one as the components part.
///
/// # Errors
/// [`Error::Shape`] when there is not one label an item; otherwise as [`merge_rankings`].
pub fn restrict_rankings(
    rankings: &Rankings<'_>,
    labels: &[u32],
    control: &dyn Control,
) -> Result<MergedRankings, Error> {
    if labels.len() != rankings.n_items() {
        return Err(Error::Shape {
            argument: "labels",
            expected: format!("{} entries, one per item", rankings.n_items()),
            found: labels.len().to_string(),
        });
    }
    let mut merger = Merger::new(rankings.n_items())?;
    let mut kept: Vec<(u32, u32, bool)> = Vec::new();
    let mut part = Vec::new();
    for r in 0..rankings.len() {
        if r % CHECK_EVERY == 0 {
            control.check()?;
        }
        let n_choices = rankings.n_choices(r);
        kept.clear();
        let set = rankings.set(r).iter().enumerate();
        kept.extend(set.map(|(k, &item)| (labels[item as usize], item, k < n_choices)));
        kept.retain(|&(label, ..)| label != u32::MAX);
        // Stable, so that each part keeps its order.
        kept.sort_by_key(|&(label, ..)| label);
        for same in kept.chunk_by(|a, b| a.0 == b.0) {
            part.clear();
            part.extend(same.iter().map(|&(_, item, _)| item));
            let n_placed = same.iter().filter(|&&(.., placed)| placed).count();
            merger.add(&part, n_placed, rankings.weight(r))?;
        }
    }
    Ok(merger.merged)
}

struct Merger {
    merged: MergedRankings,
    hasher: Hasher,
    table: Table,
    /// Number of choices and the items of the ranking at hand.
    key: Vec<u32>,
}

impl Merger {
    fn new(n_items: usize) -> Result<Self, Error> {
        let merged = MergedRankings {
            n_items,
            offsets: vec![0],
            items: Vec::new(),
            n_placed: Vec::new(),
            weights: Vec::new(),
            n_ignored: 0,
        };
        Ok(Self { merged, hasher: Hasher::new(), table: Table::new()?, key: Vec::new() })
    }

    fn add(&mut self, set: &[u32], n_placed: usize, weight: f64) -> Result<(), Error> {
        let n_placed = n_placed.min(set.len().saturating_sub(1));
        if n_placed == 0 || weight == 0.0 {
            self.merged.n_ignored += 1;
            return Ok(());
        }
        let Self { merged, hasher, table, key } = self;
        key.clear();
        key.push(n_placed as u32);
        key.extend_from_slice(set);
        key[1 + n_placed..].sort_unstable();
        let hash = hasher.bytes(bytemuck::cast_slice(key));
        let same = |code: u32| {
            let code = code as usize;
            merged.n_placed[code] == key[0]
                && merged.items[merged.offsets[code]..merged.offsets[code + 1]] == key[1..]
        };
        if let Ok(code) = table.insert(hash, same)? {
            merged.weights[code as usize] += weight;
            return Ok(());
        }
        let bytes = 8 * merged.items.len() as u128;
        merged.items.try_reserve(set.len()).map_err(|_| Error::TooLarge { bytes })?;
        merged.items.extend_from_slice(&key[1..]);
        merged.offsets.push(merged.items.len());
        merged.n_placed.push(key[0]);
        merged.weights.push(weight);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_events_are_merged_and_empty_ones_counted() {
        // 2 > 0 > 1 twice (once with its last item unplaced), 2 chosen from two sets that are
        // equal, 2 alone, nobody placed, and a ranking without weight.
        let offsets = [0, 3, 6, 9, 12, 13, 15, 17];
        let items = [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 1, 0, 2, 0, 1, 0, 1];
        let n_placed = [3, 2, 1, 1, 1, 0, 1];
        let weights = [1.0, 0.5, 2.0, 4.0, 1.0, 1.0, 0.0];
        let rankings = Rankings::new(3, &offsets, &items, &n_placed, &weights).expect("fine");
        let merged = merge_rankings(&rankings, &()).expect("merged");
        assert_eq!(merged.offsets, [0, 3, 6]);
        assert_eq!(merged.items, [2, 0, 1, 2, 0, 1]);
        assert_eq!(merged.n_placed, [2, 1]);
        assert_eq!(merged.weights, [1.5, 6.0]);
        assert_eq!(merged.n_ignored, 3);
    }

    #[test]
    fn a_ranking_falls_into_the_rankings_of_its_parts() {
        // 3 > 1 > 0 > {4, 2}, where 0 and 4 belong together, 1 and 3 do, and 2 is left out.
        let rankings = Rankings::new(5, &[0, 5], &[3, 1, 0, 4, 2], &[3], &[2.0]).expect("fine");
        let labels = [1, 0, u32::MAX, 0, 1];
        let parts = restrict_rankings(&rankings, &labels, &()).expect("cut");
        assert_eq!(parts.offsets, [0, 2, 4]);
        assert_eq!(parts.items, [3, 1, 0, 4]);
        assert_eq!(parts.n_placed, [1, 1]);
        assert_eq!(parts.weights, [2.0, 2.0]);
    }
}
