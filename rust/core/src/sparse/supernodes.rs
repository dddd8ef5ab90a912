//! Groups of columns of a factor that share their rows, so that dense kernels can work on them.

use std::ops::Range;

use crate::error::{Error, try_vec};

/// No parent, child or sibling.
pub(crate) const NONE: u32 = u32::MAX;

/// Two groups are joined when the result has at most so many columns and so large a share of
/// stored zeros; the first rule that covers the number of columns decides.
const RELAXATION: [(usize, f64); 4] = [(4, 1.0), (16, 0.8), (48, 0.1), (usize::MAX, 0.05)];

/// A partition of the columns of a factor into supernodes, and their elimination tree.
///
/// Supernode `s` holds the consecutive columns `columns(s)`; below them it has the rows `below(s)`.
/// Its values form a dense panel, by columns, of `columns + below` rows.
#[derive(Debug)]
pub(crate) struct Supernodes {
    starts: Vec<u32>,
    below_offsets: Vec<usize>,
    below: Vec<u32>,
    panel_offsets: Vec<usize>,
    parent: Vec<u32>,
    first_child: Vec<u32>,
    sibling: Vec<u32>,
}

/// A supernode while groups are still being joined.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    n_zeros: f64,
}

impl Supernodes {
    /// Group the columns of a pattern: pointers `offsets` and ascending `rows` below the diagonal.
    ///
    /// O(n) time beyond the pattern. Columns of the elimination tree should be in postorder.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking.
    pub(crate) fn new(offsets: &[usize], rows: &[u32]) -> Result<Self, Error> {
        let n = offsets.len() - 1;
        let below = |group: &Group| &rows[offsets[group.end - 1]..offsets[group.end]];
        let mut groups: Vec<Group> = Vec::new();
        let mut start = 0;
        for end in 1..=n {
            let (last, next) = (offsets[end] - offsets[end - 1], offsets.get(end + 1));
            let continues = next.is_some_and(|next| last == next - offsets[end] + 1)
                && rows[offsets[end - 1]] as usize == end;
            if continues {
                continue;
            }
            let mut group = Group { start, end, n_zeros: 0.0 };
            start = end;
            while let Some(&child) = groups.last() {
                let is_child = below(&child).first().is_some_and(|&row| (row as usize) < end);
                let Some(joined) = join(child, group, below(&child).len(), below(&group).len())
                    .filter(|_| is_child)
                else {
                    break;
                };
                group = joined;
                groups.pop();
            }
            groups.push(group);
        }
        Self::from_groups(n, &groups, below)
    }

    fn from_groups<'a>(
        n: usize,
        groups: &[Group],
        below: impl Fn(&Group) -> &'a [u32],
    ) -> Result<Self, Error> {
        let count = groups.len();
        let mut starts = try_vec(count + 1, n as u32)?;
        let mut below_offsets = try_vec(count + 1, 0)?;
        let mut panel_offsets = try_vec(count + 1, 0)?;
        let mut supernode_of = try_vec(n, NONE)?;
        for (s, group) in groups.iter().enumerate() {
            let (width, n_below) = (group.end - group.start, below(group).len());
            starts[s] = group.start as u32;
            below_offsets[s + 1] = below_offsets[s] + n_below;
            panel_offsets[s + 1] = panel_offsets[s] + width * (width + n_below);
            supernode_of[group.start..group.end].fill(s as u32);
        }
        let mut all_below = try_vec(below_offsets[count], 0)?;
        let mut parent = try_vec(count, NONE)?;
        let mut first_child = try_vec(count, NONE)?;
        let mut sibling = try_vec(count, NONE)?;
        for (s, group) in groups.iter().enumerate().rev() {
            let rows = below(group);
            all_below[below_offsets[s]..below_offsets[s + 1]].copy_from_slice(rows);
            if let Some(&row) = rows.first() {
                let above = supernode_of[row as usize];
                parent[s] = above;
                sibling[s] = first_child[above as usize];
                first_child[above as usize] = s as u32;
            }
        }
        Ok(Self {
            starts,
            below_offsets,
            below: all_below,
            panel_offsets,
            parent,
            first_child,
            sibling,
        })
    }

    /// Number of supernodes.
    pub(crate) fn count(&self) -> usize {
        self.parent.len()
    }

    /// Number of values in all panels.
    pub(crate) fn n_values(&self) -> usize {
        self.panel_offsets[self.count()]
    }

    /// The columns of a supernode.
    pub(crate) fn columns(&self, s: usize) -> Range<usize> {
        self.starts[s] as usize..self.starts[s + 1] as usize
    }

    /// The rows of a supernode below its last column, ascending.
    pub(crate) fn below(&self, s: usize) -> &[u32] {
        &self.below[self.below_offsets[s]..self.below_offsets[s + 1]]
    }

    /// Where the values of a supernode lie.
    pub(crate) fn panel(&self, s: usize) -> Range<usize> {
        self.panel_offsets[s]..self.panel_offsets[s + 1]
    }

    /// The supernode that holds the first row below.
    pub(crate) fn parent(&self, s: usize) -> Option<usize> {
        (self.parent[s] != NONE).then_some(self.parent[s] as usize)
    }

    /// The children of a supernode; each is numbered below it.
    pub(crate) fn children(&self, s: usize) -> impl Iterator<Item = usize> {
        let present = |child: u32| (child != NONE).then_some(child as usize);
        std::iter::successors(present(self.first_child[s]), move |&c| present(self.sibling[c]))
    }
}

/// The two groups as one, if that does not store too many zeros.
fn join(child: Group, group: Group, child_below: usize, below: usize) -> Option<Group> {
    let stored = |width: usize, below: usize| {
        let width = width as f64;
        width * (width + 1.0) / 2.0 + width * below as f64
    };
    let width = group.end - child.start;
    let total = stored(width, below);
    let filled = stored(child.end - child.start, child_below) - child.n_zeros
        + stored(group.end - group.start, below)
        - group.n_zeros;
    let n_zeros = total - filled;
    let &(_, share) = RELAXATION.iter().find(|&&(most, _)| width <= most)?;
    (n_zeros <= share * total).then_some(Group { start: child.start, end: group.end, n_zeros })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dense_factor_is_one_supernode() {
        let n = 60_u32;
        let rows: Vec<u32> = (0..n).flat_map(|j| j + 1..n).collect();
        let mut offsets = vec![0];
        for j in 0..n as usize {
            offsets.push(offsets[j] + n as usize - 1 - j);
        }
        let supernodes = Supernodes::new(&offsets, &rows).expect("memory");
        assert_eq!((supernodes.count(), supernodes.columns(0)), (1, 0..60));
        assert_eq!(supernodes.parent(0), None);
    }

    #[test]
    fn unrelated_columns_stay_apart() {
        // Columns 0..40 each have the single row 40.
        let offsets: Vec<usize> = (0..=40).chain([40]).collect();
        let supernodes = Supernodes::new(&offsets, &[40; 40]).expect("memory");
        let last = supernodes.count() - 1;
        assert_eq!(supernodes.columns(last).end, 41);
        assert_eq!(supernodes.children(last).count(), last);
        assert!(
            (0..last).all(|s| supernodes.below(s) == [40] && supernodes.parent(s) == Some(last))
        );
    }
}
