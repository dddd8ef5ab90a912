//! Regions of many integrals, as a struct of arrays.

use crate::error::Error;

/// Regions, grouped by the integral that they belong to.
///
/// A region is a box with `n_axes` sides; an interval is a box with one.
#[derive(Debug, Clone)]
pub struct WorkList {
    n_axes: usize,
    n_components: usize,
    /// The integral of each region, ascending (n,).
    pub(super) owners: Vec<u32>,
    /// What each came from: the regions of the first list with one number make up one segment (n,).
    pub(super) origins: Vec<u32>,
    /// Lower ends, then upper ends (n, 2, d).
    pub(super) bounds: Vec<f64>,
    /// Estimated integrals (n, v).
    pub(super) values: Vec<f64>,
    /// Estimated errors (n,); infinite where a region was not evaluated.
    pub(super) errors: Vec<f64>,
    /// Whether a region cannot be improved by splitting (n,).
    pub(super) is_final: Vec<bool>,
    /// Whether all values at the points of a region are equal (n,).
    pub(super) is_constant: Vec<bool>,
    /// The axis along which to split (n,).
    pub(super) axes: Vec<u8>,
}

impl WorkList {
    /// An empty list of regions with `n_axes` sides.
    pub fn new(n_axes: usize) -> Self {
        Self {
            n_axes,
            n_components: 0,
            owners: Vec::new(),
            origins: Vec::new(),
            bounds: Vec::new(),
            values: Vec::new(),
            errors: Vec::new(),
            is_final: Vec::new(),
            is_constant: Vec::new(),
            axes: Vec::new(),
        }
    }

    /// Number of regions n.
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// The integral of each region (n,).
    pub fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// Lower ends and then upper ends of a region (2 d,).
    pub fn bounds(&self, region: usize) -> &[f64] {
        &self.bounds[region * 2 * self.n_axes..][..2 * self.n_axes]
    }

    /// Lower ends and then upper ends of all regions (n, 2, d).
    pub fn all_bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// Estimated integral of each component over a region (v,).
    pub fn value(&self, region: usize) -> &[f64] {
        &self.values[region * self.n_components..][..self.n_components]
    }

    /// Estimated errors (n,).
    pub fn errors(&self) -> &[f64] {
        &self.errors
    }

    /// Add a region that was not evaluated, behind those of its integral and of earlier ones.
    pub fn push(&mut self, owner: u32, origin: u32, bounds: &[f64]) {
        debug_assert!(bounds.len() == 2 * self.n_axes);
        debug_assert!(self.owners.last().is_none_or(|&last| last <= owner));
        self.owners.push(owner);
        self.origins.push(origin);
        self.bounds.extend_from_slice(bounds);
        self.values.resize(self.owners.len() * self.n_components, 0.0);
        self.errors.push(f64::INFINITY);
        self.is_final.push(false);
        self.is_constant.push(false);
        self.axes.push(0);
    }

    /// Add both halves of a region of `other`, cut in the middle of its axis.
    pub(super) fn push_halves(&mut self, other: &Self, region: usize) {
        let axis = usize::from(other.axes[region]);
        let middle = other.middle(region);
        let (owner, origin) = (other.owners[region], other.origins[region]);
        for end in [self.n_axes + axis, axis] {
            self.push(owner, origin, other.bounds(region));
            let start = self.bounds.len() - 2 * self.n_axes;
            self.bounds[start + end] = middle;
        }
    }

    /// Add regions of `other` with all that is known of them.
    pub(super) fn extend(&mut self, other: &Self, regions: std::ops::Range<usize>) {
        let (sides, v) = (2 * self.n_axes, self.n_components);
        let (first, end) = (regions.start, regions.end);
        self.bounds.extend_from_slice(&other.bounds[first * sides..end * sides]);
        self.values.extend_from_slice(&other.values[first * v..end * v]);
        self.errors.extend_from_slice(&other.errors[regions.clone()]);
        self.is_final.extend_from_slice(&other.is_final[regions.clone()]);
        self.is_constant.extend_from_slice(&other.is_constant[regions.clone()]);
        self.axes.extend_from_slice(&other.axes[regions.clone()]);
        self.origins.extend_from_slice(&other.origins[regions.clone()]);
        self.owners.extend_from_slice(&other.owners[regions]);
    }

    /// The middle of a region along the axis on which it would be split.
    pub(super) fn middle(&self, region: usize) -> f64 {
        let axis = usize::from(self.axes[region]);
        let bounds = self.bounds(region);
        0.5 * bounds[axis] + 0.5 * bounds[self.n_axes + axis]
    }

    /// Whether a region is so thin along its axis that points of its halves would lie on their ends.
    pub(super) fn is_thinnest(&self, region: usize) -> bool {
        let axis = usize::from(self.axes[region]);
        let bounds = self.bounds(region);
        is_thinnest(bounds[axis], bounds[self.n_axes + axis])
    }

    /// Provide for values with `n_components` components, all 0 at first.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub(super) fn set_components(&mut self, n_components: usize) -> Result<(), Error> {
        self.n_components = n_components;
        self.values.clear();
        reserve(&mut self.values, self.owners.len().saturating_mul(n_components))?;
        self.values.resize(self.owners.len() * n_components, 0.0);
        Ok(())
    }

    /// Provide for more regions.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub(super) fn reserve(&mut self, more: usize) -> Result<(), Error> {
        reserve(&mut self.bounds, more.saturating_mul(2 * self.n_axes))?;
        reserve(&mut self.values, more.saturating_mul(self.n_components))?;
        reserve(&mut self.errors, more)?;
        reserve(&mut self.is_final, more)?;
        reserve(&mut self.is_constant, more)?;
        reserve(&mut self.axes, more)?;
        reserve(&mut self.origins, more)?;
        reserve(&mut self.owners, more)
    }

    /// Forget all regions, and keep the memory.
    pub(super) fn clear(&mut self) {
        self.owners.clear();
        self.origins.clear();
        self.bounds.clear();
        self.values.clear();
        self.errors.clear();
        self.is_final.clear();
        self.is_constant.clear();
        self.axes.clear();
    }

    /// Number of axes d of a region.
    pub(super) fn n_axes(&self) -> usize {
        self.n_axes
    }

    /// Number of components of a value.
    pub(super) fn n_components(&self) -> usize {
        self.n_components
    }

    /// The regions of each integral that has any, in order.
    pub(super) fn groups(&self) -> Vec<std::ops::Range<usize>> {
        let mut end = 0;
        let chunks = self.owners.chunk_by(|a, b| a == b);
        chunks
            .map(|chunk| {
                end += chunk.len();
                end - chunk.len()..end
            })
            .collect()
    }

    /// Write the regions of two lists into this one, integral by integral.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub(super) fn merge(&mut self, a: &Self, b: &Self) -> Result<(), Error> {
        self.clear();
        self.n_components = a.n_components;
        self.reserve(a.len() + b.len())?;
        let (mut i, mut j) = (0, 0);
        let group = |list: &Self, first: usize, owner: u32| {
            first..first + list.owners[first..].iter().take_while(|&&o| o == owner).count()
        };
        while i < a.len() || j < b.len() {
            let owner = match (a.owners.get(i), b.owners.get(j)) {
                (Some(&a), Some(&b)) => a.min(b),
                (Some(&only), None) | (None, Some(&only)) => only,
                (None, None) => break,
            };
            for (list, first) in [(a, &mut i), (b, &mut j)] {
                let regions = group(list, *first, owner);
                *first = regions.end;
                self.extend(list, regions);
            }
        }
        Ok(())
    }
}

/// Whether a side is so short that points of its halves would lie on their ends.
///
/// The rules keep more than a thousandth of a side between their points and its ends.
pub(super) fn is_thinnest(low: f64, high: f64) -> bool {
    const GAP: f64 = 1.0 / 1024.0;
    let middle = 0.5 * low + 0.5 * high;
    let inner = (low + GAP * (middle - low), high - GAP * (high - middle));
    // Written so that NaN ends the splitting.
    !(low < inner.0 && inner.0 < middle && middle < inner.1 && inner.1 < high)
}

fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<(), Error> {
    let bytes = more as u128 * size_of::<T>() as u128;
    list.try_reserve(more).map_err(|_| Error::TooLarge { bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(owners: &[u32]) -> WorkList {
        let mut list = WorkList::new(1);
        for (k, &owner) in owners.iter().enumerate() {
            list.push(owner, k as u32, &[k as f64, k as f64 + 1.0]);
        }
        list
    }

    #[test]
    fn groups_are_runs_of_one_integral() {
        assert_eq!(list(&[0, 0, 3, 7, 7, 7]).groups(), [0..2, 2..3, 3..6]);
        assert!(list(&[]).groups().is_empty());
    }

    #[test]
    fn merging_keeps_regions_of_one_integral_together() {
        let mut merged = WorkList::new(1);
        merged.merge(&list(&[0, 0, 3]), &list(&[1, 3, 3, 8])).unwrap();
        assert_eq!(merged.owners(), [0, 0, 1, 3, 3, 3, 8]);
        assert_eq!(merged.origins, [0, 1, 0, 2, 1, 2, 3]);
        assert_eq!(merged.bounds(5), [2.0, 3.0]);
    }

    #[test]
    fn halves_share_the_middle_of_the_axis() {
        let mut parent = WorkList::new(2);
        parent.push(4, 9, &[0.0, -1.0, 1.0, 3.0]);
        parent.axes[0] = 1;
        let mut halves = WorkList::new(2);
        halves.push_halves(&parent, 0);
        assert_eq!(halves.bounds(0), [0.0, -1.0, 1.0, 1.0]);
        assert_eq!(halves.bounds(1), [0.0, 1.0, 1.0, 3.0]);
        assert_eq!((halves.owners(), &halves.origins[..]), (&[4, 4][..], &[9, 9][..]));
    }

    #[test]
    fn regions_without_a_middle_are_not_split() {
        let mut list = WorkList::new(1);
        let ends = [
            (1.0, 1.0 + f64::EPSILON, true),
            (1.0, 1.0 + 1e3 * f64::EPSILON, true),
            (1.0, 1.0 + 1e4 * f64::EPSILON, false),
            (-f64::MAX, f64::MAX, false),
            (0.0, 5e-324, true),
            (0.0, 1e-300, false),
            (1.0 - 1e-14, 1.0, true),
        ];
        for (k, (low, high, expected)) in ends.into_iter().enumerate() {
            list.push(0, 0, &[low, high]);
            assert_eq!(list.is_thinnest(k), expected, "{low} {high}");
        }
    }
}
