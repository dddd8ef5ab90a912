//! A dense factor of a graph Laplacian.

use super::elimination::{FLOOR, InverseScratch, Panel, extend_inverse};
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::parallel::pairwise_sum;
use crate::sparse::Graph;

/// A dense Cholesky factor of the Laplacian of a connected graph.
///
/// For graphs of up to a few thousand nodes with many edges. The node of largest total conductance
/// is grounded; the elimination subtracts nothing and cannot break on a connected graph.
#[derive(Debug)]
pub struct DenseLaplacian {
    n_nodes: usize,
    ground: usize,
    /// Square, by columns, of order `n_nodes - 1`; only the part below the diagonal has a meaning.
    lower: Vec<f64>,
    pivot: Vec<f64>,
}

impl DenseLaplacian {
    /// Factorise; `conductance` is given by entry. O(n^3 / 3) multiplications, 16 n^2 bytes.
    ///
    /// Conductances below 1e-290 count as absent.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong length, [`Error::TooLarge`] when the memory cannot be had, and
    /// [`Error::NotPositiveDefinite`] naming a node from which no conductance leads on to the ground.
    pub fn factorise<T: Float>(graph: &Graph<'_>, conductance: &[T]) -> Result<Self, Error> {
        if conductance.len() != graph.n_entries() {
            return Err(Error::Shape {
                argument: "conductance",
                expected: format!("{} entries", graph.n_entries()),
                found: conductance.len().to_string(),
            });
        }
        let n_nodes = graph.n_nodes();
        let total = |i: usize| conductance[graph.row(i)].iter().map(|&c| c.to_f64()).sum::<f64>();
        let ground = (0..n_nodes).max_by(|&i, &j| total(i).total_cmp(&total(j))).unwrap_or(0);
        let order = n_nodes.saturating_sub(1);
        let mut factor =
            Self { n_nodes, ground, lower: try_square(order)?, pivot: try_vec(order, 0.0)? };
        let mut grounded = try_vec(order, 0.0)?;
        for (k, grounded) in grounded.iter_mut().enumerate() {
            let i = factor.node(k);
            for (&j, &c) in graph.neighbours(i).iter().zip(&conductance[graph.row(i)]) {
                let (j, c) = (j as usize, c.to_f64());
                if c < FLOOR {
                    continue;
                }
                if j == ground {
                    *grounded = c;
                } else if j > i {
                    factor.lower[k * order + j - usize::from(j > ground)] = c;
                }
            }
        }
        let mut undivided = try_square(order)?;
        let Self { lower, pivot, .. } = &mut factor;
        Panel { lower, undivided: &mut undivided, grounded: &mut grounded, pivot }
            .eliminate()
            .map_err(|k| Error::NotPositiveDefinite {
                argument: "conductance",
                row: factor.node(k),
            })?;
        Ok(factor)
    }

    /// `x = L^+ b`: the solution without mean for the part of `rhs` without mean. O(n^2).
    pub fn solve(&self, rhs: &[f64], x: &mut [f64]) {
        debug_assert!(rhs.len() == self.n_nodes && x.len() == self.n_nodes);
        let order = self.pivot.len();
        let rhs_mean = mean(rhs);
        let mut work: Vec<f64> = (0..order).map(|k| rhs[self.node(k)] - rhs_mean).collect();
        for k in 0..order {
            let (done, rest) = work.split_at_mut(k + 1);
            for (x, l) in rest.iter_mut().zip(&self.lower[k * order + k + 1..]) {
                *x += l * done[k];
            }
        }
        for k in (0..order).rev() {
            let below = work[k + 1..].iter().zip(&self.lower[k * order + k + 1..]);
            let inflow: f64 = below.map(|(x, l)| x * l).sum();
            work[k] = work[k] / self.pivot[k] + inflow;
        }
        x.fill(0.0);
        for (k, &value) in work.iter().enumerate() {
            x[self.node(k)] = value;
        }
        let mean = mean(x);
        for x in x {
            *x -= mean;
        }
    }

    /// The pseudo-inverse L^+, row by row. O(n^3) time, 16 n^2 bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub fn pseudo_inverse(&self) -> Result<Vec<f64>, Error> {
        let (n, order) = (self.n_nodes, self.pivot.len());
        let (inverse, mean, total) = self.grounded_inverse()?;
        let mut out = try_square(n)?;
        for i in 0..n {
            for j in 0..n {
                out[i * n + j] = total - mean[i] - mean[j];
            }
        }
        for k in 0..order {
            for l in 0..order {
                out[self.node(k) * n + self.node(l)] += inverse[k * order + l];
            }
        }
        Ok(out)
    }

    /// The diagonal of L^+, by node. O(n^3) time, 8 n^2 bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub fn pseudo_inverse_diagonal(&self) -> Result<Vec<f64>, Error> {
        let (inverse, mean, total) = self.grounded_inverse()?;
        let mut diagonal: Vec<f64> = mean.iter().map(|mean| total - 2.0 * mean).collect();
        for (k, value) in inverse.iter().step_by(self.pivot.len() + 1).enumerate() {
            diagonal[self.node(k)] += value;
        }
        Ok(diagonal)
    }

    /// The inverse G of the grounded Laplacian, `G 1 / n` by node, and `1^T G 1 / n^2`.
    fn grounded_inverse(&self) -> Result<(Vec<f64>, Vec<f64>, f64), Error> {
        let order = self.pivot.len();
        let n = self.n_nodes as f64;
        let mut inverse = try_square(order)?;
        extend_inverse(&mut inverse, &self.lower, &self.pivot, &mut InverseScratch::default());
        let mut mean = try_vec(self.n_nodes, 0.0)?;
        for k in 0..order {
            mean[self.node(k)] = pairwise_sum(&inverse[k * order..(k + 1) * order]) / n;
        }
        let total = pairwise_sum(&mean) / n;
        Ok((inverse, mean, total))
    }

    /// The node of row `k` of the factor.
    fn node(&self, k: usize) -> usize {
        k + usize::from(k >= self.ground)
    }
}

fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len().max(1) as f64
}

fn try_square(order: usize) -> Result<Vec<f64>, Error> {
    let n_entries = order
        .checked_mul(order)
        .ok_or(Error::TooLarge { bytes: (order as u128).pow(2) * size_of::<f64>() as u128 })?;
    try_vec(n_entries, 0.0)
}
