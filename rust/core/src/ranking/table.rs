//! Aggregated comparisons: who met whom, and how often each side won.

use std::ops::Range;

use crate::error::Error;
use crate::float::Float;
use crate::sparse::Graph;

/// Win counts on the graph of pairs that met, borrowed from the caller.
///
/// For entry `e = (i, j)` of the graph, `wins[e]` is the weight with which `i` beat `j` and
/// `losses[e]` the weight with which `j` beat `i`; the entry `(j, i)` holds the same two numbers
/// exchanged. A tie shared between the sides counts one half in both.
#[derive(Debug, Clone, Copy)]
pub struct PairTable<'a, T> {
    /// The pairs that met.
    pub graph: Graph<'a>,
    /// Weight of the row item's wins, by entry.
    pub wins: &'a [T],
    /// Weight of the row item's losses, by entry.
    pub losses: &'a [T],
}

impl<'a, T: Float> PairTable<'a, T> {
    /// Join a graph with its win and loss weights.
    ///
    /// # Errors
    /// [`Error::Shape`] when the lengths differ.
    pub fn new(graph: Graph<'a>, wins: &'a [T], losses: &'a [T]) -> Result<Self, Error> {
        for (argument, values) in [("wins", wins), ("losses", losses)] {
            if values.len() != graph.n_entries() {
                return Err(Error::Shape {
                    argument,
                    expected: format!("{} entries", graph.n_entries()),
                    found: values.len().to_string(),
                });
            }
        }
        Ok(Self { graph, wins, losses })
    }

    /// Opponents, wins and losses of item `i`, entry by entry.
    #[inline(always)]
    pub fn row(&self, i: usize) -> (&'a [u32], &'a [T], &'a [T]) {
        let row = self.graph.row(i);
        (self.graph.neighbours(i), &self.wins[row.clone()], &self.losses[row])
    }

    /// The entries of a block of items.
    pub fn entries(&self, items: Range<usize>) -> Range<usize> {
        if items.is_empty() {
            return 0..0;
        }
        self.graph.row(items.start).start..self.graph.row(items.end - 1).end
    }
}
