//! Doubt that is cast on the neighbours of a region whose estimated error proved too small.
//!
//! The side of a narrow peak looks smooth, and then a large region beside the peak is left as it is
//! with a small error, though it holds a part of it. When a region is split and the sum of its halves
//! differs from its own value by more than its error allows, something was found there that could
//! not be seen before. What touches the region may hold a part of that, and is to be split as well.

use std::ops::Range;

use super::rule::Measure;
use super::work_list::WorkList;

/// The largest part of its error by which a value may change: estimates are ten times the error of
/// smooth integrands, or more.
const ALLOWED: f64 = 0.1;

/// The least error of a region in doubt, of the change that was seen.
const SHARE: f64 = 1.0 / 32.0;

/// Doubts of a round and an integral that count, the largest: each costs a look at all its regions.
const MOST: usize = 16;

/// A region that was split, and the change of its value.
pub(super) struct Doubt {
    parent: usize,
    change: f64,
}

/// The regions whose halves, two and two in `halves`, differ from them by more than is allowed.
pub(super) fn doubts(parents: &WorkList, halves: &WorkList, measure: Measure) -> Vec<Doubt> {
    let mut changes = vec![0.0; parents.n_components()];
    let found = (0..parents.len()).filter_map(|parent| {
        let (first, second) = (halves.value(2 * parent), halves.value(2 * parent + 1));
        let values = parents.value(parent).iter().zip(first.iter().zip(second));
        for (change, (whole, (first, second))) in changes.iter_mut().zip(values) {
            *change = first + second - whole;
        }
        let change = measure.norm.of(&changes, measure.complex);
        (change > ALLOWED * parents.errors[parent]).then_some(Doubt { parent, change })
    });
    found.collect()
}

/// Raise the errors of the regions that touch one in doubt; `groups` are those of each integral.
pub(super) fn cast(
    mut doubts: Vec<Doubt>,
    parents: &WorkList,
    regions: &mut WorkList,
    groups: &[Range<usize>],
) {
    let owner = |doubt: &Doubt| parents.owners[doubt.parent];
    let mut groups = groups.iter();
    for doubts in doubts.chunk_by_mut(|a, b| owner(a) == owner(b)) {
        let Some(group) = groups.find(|group| regions.owners[group.start] == owner(&doubts[0]))
        else {
            return;
        };
        doubts.sort_by(|a, b| b.change.total_cmp(&a.change));
        for doubt in doubts.iter().take(MOST) {
            let bounds = parents.bounds(doubt.parent);
            let least = SHARE * doubt.change;
            for region in group.clone() {
                if regions.errors[region] < least && touch(bounds, regions.bounds(region)) {
                    regions.errors[region] = least;
                    regions.is_final[region] = regions.is_thinnest(region);
                }
            }
        }
    }
}

/// Whether two boxes share a point; bounds are all lower and then all upper ends.
fn touch(a: &[f64], b: &[f64]) -> bool {
    let d = a.len() / 2;
    (0..d).all(|axis| a[axis] <= b[d + axis] && b[axis] <= a[d + axis])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::adaptive::Norm;

    const MEASURE: Measure = Measure { norm: Norm::Max, complex: false };

    /// Squares of side 1 at lower corners, in the integrals `owners`, with values and errors.
    fn squares(corners: &[[f64; 2]], owners: &[u32], values: &[f64], error: f64) -> WorkList {
        let mut list = WorkList::new(2);
        for (&[x, y], &owner) in corners.iter().zip(owners) {
            list.push(owner, 0, &[x, y, x + 1.0, y + 1.0]);
        }
        list.set_components(1).unwrap();
        list.values.copy_from_slice(values);
        list.errors.fill(error);
        list
    }

    #[test]
    fn only_what_touches_a_region_that_changed_is_in_doubt() {
        let parents = squares(&[[0.0; 2], [0.0; 2]], &[1, 2], &[1.0, 1.0], 1.0);
        let halves = squares(&[[0.0; 2]; 4], &[1, 1, 2, 2], &[0.5, 0.55, 32.0, 33.0], 1e-9);
        let found = doubts(&parents, &halves, MEASURE);
        assert_eq!(found.iter().map(|doubt| doubt.parent).collect::<Vec<_>>(), [1]);
        // Beside it, at a corner, apart, and the same places in another integral.
        let places = [[1.0, 0.0], [-1.0, 1.0], [2.0, 0.0]];
        let corners = [places, places].concat();
        let mut regions = squares(&corners, &[1, 1, 1, 2, 2, 2], &[0.0; 6], 1e-9);
        regions.is_final.fill(true);
        let groups = regions.groups();
        cast(found, &parents, &mut regions, &groups);
        assert_eq!(regions.errors(), [1e-9, 1e-9, 1e-9, 2.0, 2.0, 1e-9]);
        assert_eq!(regions.is_final, [true, true, true, false, false, true]);
    }

    #[test]
    fn first_regions_have_no_parents_and_large_errors_stay() {
        let first = squares(&[[0.0; 2]; 2], &[0, 0], &[1.0, 2.0], 1.0);
        assert!(doubts(&WorkList::new(2), &first, MEASURE).is_empty());
        let parents = squares(&[[0.0; 2]], &[0], &[0.0], 1.0);
        let mut regions = squares(&[[0.0; 2]; 2], &[0, 0], &[1.0, 2.0], 5.0);
        let found = doubts(&parents, &regions, MEASURE);
        let groups = regions.groups();
        cast(found, &parents, &mut regions, &groups);
        assert_eq!(regions.errors(), [5.0, 5.0]);
    }
}
