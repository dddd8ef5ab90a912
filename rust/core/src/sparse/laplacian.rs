//! The weighted graph Laplacian as an operator.

use super::graph::Graph;
use crate::error::Error;
use crate::float::Float;
use crate::parallel::Team;

/// Rows per task of a product: short enough to even out rows of very different lengths.
const ROWS: usize = 256;

/// The operator `x -> diagonal * x - sum over neighbours of conductance * x`.
///
/// With `diagonal[i]` the sum of the conductances of row i it is the graph Laplacian; a larger
/// diagonal adds a term to the ground. Conductances may be stored in `f32`; all sums are in `f64`.
#[derive(Debug, Clone, Copy)]
pub struct Laplacian<'a, T> {
    /// The pattern.
    pub graph: Graph<'a>,
    /// Conductance by entry; both directions of an edge hold the same number.
    pub conductance: &'a [T],
    /// Diagonal of the matrix.
    pub diagonal: &'a [f64],
}

impl<'a, T: Float> Laplacian<'a, T> {
    /// Join a graph with its conductances (by entry) and its diagonal (by node).
    ///
    /// # Errors
    /// [`Error::Shape`] when a length is wrong.
    pub fn new(graph: Graph<'a>, conductance: &'a [T], diagonal: &'a [f64]) -> Result<Self, Error> {
        let lengths = [
            ("conductance", conductance.len(), graph.n_entries()),
            ("diagonal", diagonal.len(), graph.n_nodes()),
        ];
        for (argument, found, expected) in lengths {
            if found != expected {
                return Err(Error::Shape {
                    argument,
                    expected: format!("{expected} entries"),
                    found: found.to_string(),
                });
            }
        }
        Ok(Self { graph, conductance, diagonal })
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.graph.n_nodes()
    }

    /// `y = L x`. Rows are independent, so the bits do not depend on the number of threads.
    pub fn multiply(&self, team: &Team, x: &[f64], y: &mut [f64]) {
        debug_assert_eq!(x.len(), self.n_nodes());
        team.for_each_chunk_mut(y, ROWS, |start, chunk| {
            for (k, y) in chunk.iter_mut().enumerate() {
                let i = start + k;
                let row = self.graph.row(i);
                let sum = gather_dot(&self.conductance[row], self.graph.neighbours(i), x);
                *y = self.diagonal[i] * x[i] - sum;
            }
        });
    }

    /// `sum over edges of conductance * (x_i - x_j)^2`, which is `x^T L x` without cancellation.
    ///
    /// A term to the ground, if the diagonal has one, is not part of it.
    pub fn energy(&self, team: &Team, x: &[f64]) -> f64 {
        debug_assert_eq!(x.len(), self.n_nodes());
        let twice = team.sum_blocks(self.n_nodes(), |rows| {
            let mut total = 0.0;
            for i in rows {
                let row = self.graph.row(i);
                let here = x[i];
                let mut sum = 0.0;
                for (&c, &j) in self.conductance[row].iter().zip(self.graph.neighbours(i)) {
                    let drop = here - x[j as usize];
                    sum += c.to_f64() * drop * drop;
                }
                total += sum;
            }
            total
        });
        0.5 * twice
    }
}

/// `sum of conductance[k] * x[neighbours[k]]` with four accumulators in a fixed order.
#[inline(always)]
fn gather_dot<T: Float>(conductance: &[T], neighbours: &[u32], x: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 4];
    let (heads, tail) = conductance.as_chunks::<4>();
    let (head_nodes, tail_nodes) = neighbours.as_chunks::<4>();
    for (c, j) in heads.iter().zip(head_nodes) {
        for lane in 0..4 {
            sums[lane] += c[lane].to_f64() * x[j[lane] as usize];
        }
    }
    for (lane, (&c, &j)) in tail.iter().zip(tail_nodes).enumerate() {
        sums[lane] += c.to_f64() * x[j as usize];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
