//! Sets of multi-indices that are closed downwards.

use crate::error::Error;

/// Most functions that a basis may have.
const MAX_FUNCTIONS: usize = 1 << 20;

/// Most degrees of all functions together.
const MAX_DEGREES: usize = 1 << 26;

/// Which products of univariate polynomials a basis holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexSet {
    /// Degrees that sum to at most the degree.
    Total,
    /// Degrees of at most that of their axis.
    Tensor,
    /// Degrees with `prod (alpha_i + 1)` at most the degree + 1.
    Hyperbolic,
}

/// The multi-indices (m, d) of a set, by rows, ordered by their sums and then lexicographically from
/// the greatest.
///
/// `degrees` has an entry for each axis; only [`IndexSet::Tensor`] lets them differ.
///
/// # Errors
/// [`Error::Value`] when there are more than 2^20, or their degrees more than 2^26, or degrees differ
/// where they may not.
pub fn multi_indices(set: IndexSet, degrees: &[u32]) -> Result<Vec<u32>, Error> {
    let d = degrees.len();
    let first = degrees.first().copied().unwrap_or(0);
    if set != IndexSet::Tensor && degrees.iter().any(|&degree| degree != first) {
        return Err(Error::Value {
            argument: "degree",
            rule: "one number, except for tensor index sets",
            value: format!("{degrees:?}"),
            index: None,
        });
    }
    let mut found: Vec<Vec<u32>> = Vec::new();
    let mut index = vec![0; d];
    // What the set bounds: the sum of the degrees, or the product of the degrees + 1.
    let mut load = u64::from(set == IndexSet::Hyperbolic);
    let limit = u64::from(first) + load;
    loop {
        if found.len() == MAX_FUNCTIONS || found.len() * d >= MAX_DEGREES {
            return Err(Error::Value {
                argument: "degree",
                rule: "so small that the basis has at most 1048576 functions, and their degrees at \
                       most 67108864 entries",
                value: format!("{first} in {d} dimensions"),
                index: None,
            });
        }
        found.push(index.clone());
        // The next one in the order of an odometer whose last wheel turns first.
        let mut axis = d;
        loop {
            if axis == 0 {
                found.sort_by(|a, b| {
                    let sums = (a.iter().sum::<u32>(), b.iter().sum::<u32>());
                    sums.0.cmp(&sums.1).then_with(|| b.cmp(a))
                });
                return Ok(found.concat());
            }
            axis -= 1;
            let k = u64::from(index[axis]);
            let more = match set {
                IndexSet::Hyperbolic => load / (k + 1) * (k + 2),
                IndexSet::Total | IndexSet::Tensor => load + 1,
            };
            let fits =
                if set == IndexSet::Tensor { index[axis] < degrees[axis] } else { more <= limit };
            if fits {
                (index[axis], load) = (index[axis] + 1, more);
                break;
            }
            index[axis] = 0;
            load = if set == IndexSet::Hyperbolic { load / (k + 1) } else { load - k };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_those_of_their_definition() {
        let rows = |set, degrees: &[u32]| -> Vec<Vec<u32>> {
            let flat = multi_indices(set, degrees).unwrap();
            flat.chunks(degrees.len()).map(<[u32]>::to_vec).collect()
        };
        assert_eq!(
            rows(IndexSet::Total, &[2, 2]),
            [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
        );
        assert_eq!(rows(IndexSet::Total, &[4; 3]).len(), 35);
        assert_eq!(rows(IndexSet::Tensor, &[2, 1]).len(), 6);
        assert_eq!(rows(IndexSet::Hyperbolic, &[3, 3]).len(), 8);
        for set in [IndexSet::Total, IndexSet::Hyperbolic] {
            let found = rows(set, &[5; 3]);
            let inside = |index: &[u32]| match set {
                IndexSet::Total => index.iter().sum::<u32>() <= 5,
                _ => index.iter().map(|k| k + 1).product::<u32>() <= 6,
            };
            let mut count = 0;
            for i in 0..216_u32 {
                let index = vec![i / 36, i / 6 % 6, i % 6];
                assert_eq!(inside(&index), found.contains(&index));
                count += usize::from(inside(&index));
            }
            assert_eq!(count, found.len());
        }
    }

    #[test]
    fn what_is_too_large_or_mixed_is_refused() {
        assert!(multi_indices(IndexSet::Tensor, &[100; 5]).is_err());
        assert!(multi_indices(IndexSet::Total, &[u32::MAX - 1]).is_err());
        assert!(multi_indices(IndexSet::Total, &[1, 2]).is_err());
    }
}
