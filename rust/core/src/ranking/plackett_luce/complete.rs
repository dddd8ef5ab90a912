//! Rankings of the best items of a set, completed by the rest of it.

use super::rankings::{check_items, check_offsets};
use crate::error::{Error, try_zeroed};

/// Offsets and items of completed rankings.
pub type Completed = (Vec<usize>, Vec<u32>);

/// Append to each ranking the items of its set that it does not place.
///
/// `Err` holds the first ranking that places an item from outside its set, and that item. O(entries)
/// time, 4 bytes an item beside the result.
///
/// # Errors
/// [`Error::Shape`] or [`Error::Value`] for malformed offsets, [`Error::Index`] for an item out of
/// range, [`Error::TooLarge`] when memory is lacking or there are 2^31 rankings.
pub fn complete_rankings(
    n_items: usize,
    offsets: &[usize],
    placed: &[u32],
    set_offsets: &[usize],
    sets: &[u32],
) -> Result<Result<Completed, (usize, u32)>, Error> {
    check_offsets(offsets, placed.len())?;
    check_offsets(set_offsets, sets.len())?;
    check_items(placed, n_items)?;
    check_items(sets, n_items)?;
    if offsets.len() != set_offsets.len() {
        return Err(Error::Shape {
            argument: "set_offsets",
            expected: format!("{} entries", offsets.len()),
            found: set_offsets.len().to_string(),
        });
    }
    if offsets.len() > i32::MAX as usize {
        return Err(Error::TooLarge { bytes: 8 * offsets.len() as u128 });
    }
    // Twice the row, and one more, where an item is in the set; two more where it has its place.
    let mut seen = try_zeroed::<u32>(n_items)?;
    let (mut ends, mut items) = (vec![0], Vec::new());
    let bytes = 4 * (placed.len() as u128 + sets.len() as u128);
    items.try_reserve(placed.len().max(sets.len())).map_err(|_| Error::TooLarge { bytes })?;
    for (row, (ranking, set)) in offsets.windows(2).zip(set_offsets.windows(2)).enumerate() {
        let (in_set, has_place) = (2 * row as u32 + 1, 2 * row as u32 + 2);
        let (ranking, set) = (&placed[ranking[0]..ranking[1]], &sets[set[0]..set[1]]);
        for &item in set {
            seen[item as usize] = in_set;
        }
        for &item in ranking {
            if seen[item as usize] < in_set {
                return Ok(Err((row, item)));
            }
            seen[item as usize] = has_place;
            items.push(item);
        }
        for &item in set {
            if seen[item as usize] == in_set {
                seen[item as usize] = has_place;
                items.push(item);
            }
        }
        ends.push(items.len());
    }
    Ok(Ok((ends, items)))
}

#[cfg(test)]
mod tests {
    use super::complete_rankings;

    #[test]
    fn the_rest_of_a_set_follows_what_is_placed() {
        let offsets = [0, 1, 1, 3];
        let sets = [0, 1, 2, 1, 2, 3, 0, 2];
        let completed = complete_rankings(4, &offsets, &[2, 0, 3], &[0, 3, 5, 8], &sets);
        let (ends, items) = completed.expect("well formed").expect("inside");
        assert_eq!(ends, [0, 3, 5, 8]);
        assert_eq!(items, [2, 0, 1, 1, 2, 0, 3, 2]);
        let outside = complete_rankings(4, &offsets, &[2, 1, 3], &[0, 3, 5, 8], &sets);
        assert_eq!(outside.expect("well formed"), Err((2, 1)));
    }
}
