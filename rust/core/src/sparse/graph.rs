//! The pattern of an undirected graph: each edge is stored in both directions.

use std::ops::Range;

use crate::error::Error;

/// A symmetric adjacency pattern in compressed rows, without self-loops or repeated entries.
///
/// An *entry* is one stored direction of an edge; entry `e` of row `i` is the pair
/// `(i, neighbours[e])`. Arrays of edge values are indexed by entry.
#[derive(Debug, Clone, Copy)]
pub struct Graph<'a> {
    offsets: &'a [usize],
    neighbours: &'a [u32],
}

impl<'a> Graph<'a> {
    /// Borrow `offsets` (one more than there are nodes) and `neighbours`.
    ///
    /// Symmetry of the pattern is the caller's promise; everything that memory safety and
    /// termination need is checked here, in one pass.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Value`] or [`Error::Index`] naming what is malformed.
    pub fn new(offsets: &'a [usize], neighbours: &'a [u32]) -> Result<Self, Error> {
        let shape =
            |expected: String, found: String| Error::Shape { argument: "offsets", expected, found };
        let Some((&first, &last)) = offsets.first().zip(offsets.last()) else {
            return Err(shape("at least one entry".into(), "none".into()));
        };
        if first != 0 || last != neighbours.len() {
            return Err(shape(
                format!("first entry 0 and last entry {}", neighbours.len()),
                format!("{first} and {last}"),
            ));
        }
        if let Some(row) = offsets.windows(2).position(|w| w[0] > w[1]) {
            return Err(Error::Value {
                argument: "offsets",
                rule: "non-decreasing",
                value: offsets[row + 1].to_string(),
                index: Some(row + 1),
            });
        }
        let n_nodes = offsets.len() - 1;
        if let Some(position) = neighbours.iter().position(|&j| j as usize >= n_nodes) {
            return Err(Error::Index {
                argument: "neighbours",
                position,
                value: i64::from(neighbours[position]),
                bound: n_nodes,
            });
        }
        Ok(Self { offsets, neighbours })
    }

    /// Borrow arrays that this crate has built and knows to be well formed.
    pub(crate) fn trusted(offsets: &'a [usize], neighbours: &'a [u32]) -> Self {
        debug_assert!(Self::new(offsets, neighbours).is_ok());
        Self { offsets, neighbours }
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of entries: twice the number of edges.
    pub fn n_entries(&self) -> usize {
        self.neighbours.len()
    }

    /// The range of entries of row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }

    /// The neighbours of node `i`, in the order of its entries.
    #[inline(always)]
    pub fn neighbours(&self, i: usize) -> &'a [u32] {
        &self.neighbours[self.row(i)]
    }

    /// The node that entry `e` leads to.
    #[inline(always)]
    pub fn neighbour(&self, entry: usize) -> u32 {
        self.neighbours[entry]
    }

    /// The node with most neighbours, the first of several; 0 for an empty graph.
    pub fn hub(&self) -> usize {
        (0..self.n_nodes()).max_by_key(|&i| (self.degree(i), std::cmp::Reverse(i))).unwrap_or(0)
    }

    /// Number of neighbours of node `i`.
    #[inline(always)]
    pub fn degree(&self, i: usize) -> usize {
        self.offsets[i + 1] - self.offsets[i]
    }
}
