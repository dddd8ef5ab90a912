//! A sparse Cholesky factor of a graph Laplacian, computed without a subtraction.

use std::cmp::Ordering::{Equal, Greater, Less};

use super::graph::Graph;
use super::levels::level_fill;
use super::multifrontal::{End, Multifrontal};
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::linalg::{FLOOR, Ordering, UpperPattern, factor_pattern, minimum_degree};
use crate::parallel::pairwise_sum;

/// Edges of the largest graph that is ordered without a look at its shape first.
const ALWAYS_ANALYSED: usize = 200_000;

/// The analysed pattern of a Laplacian, and memory for its factors.
///
/// The node of highest degree is grounded; the others are eliminated in the order of approximate
/// minimum degree. The analysis depends on the pattern alone and serves any number of
/// factorisations with other conductances.
///
/// Only positive numbers are added, multiplied and divided, so each entry of the factor has a small
/// relative error however far apart the conductances are, and a connected graph cannot break it.
/// The potentials that come out are as accurate as the differences to the ground allow.
#[derive(Debug)]
pub struct LaplacianCholesky {
    n_nodes: usize,
    n_entries: usize,
    ground: usize,
    pattern: UpperPattern,
    ordering: Ordering,
    /// Built at the first factorisation, when the fill has been accepted.
    factor: Option<Multifrontal>,
    /// The last factorisation succeeded.
    is_factorised: bool,
    work: Vec<f64>,
}

impl LaplacianCholesky {
    /// Analyse the graph if its factor will have at most `max_fill` entries; else `None`.
    ///
    /// On a graph without small separators the analysis itself may take longer than a hundred
    /// solves by [`pcg`](crate::sparse::pcg()), so a large graph is analysed only if a
    /// breadth-first search, in O(n + E), finds it long and thin enough. A graph of up to
    /// 200,000 edges is always analysed.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking.
    pub fn analyse_within(graph: &Graph<'_>, max_fill: f64) -> Result<Option<Self>, Error> {
        let is_large = graph.n_entries() / 2 > ALWAYS_ANALYSED;
        if is_large && level_fill(graph, graph.hub(), max_fill) > max_fill {
            return Ok(None);
        }
        let analysed = Self::analyse(graph)?;
        Ok((analysed.fill() <= max_fill).then_some(analysed))
    }

    /// Order the nodes of a connected graph and predict the fill, whatever it costs.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking or the graph has 2^31 edges or more.
    pub fn analyse(graph: &Graph<'_>) -> Result<Self, Error> {
        let n_nodes = graph.n_nodes();
        let ground = graph.hub();
        if n_nodes >= i32::MAX as usize || graph.n_entries() / 2 >= i32::MAX as usize {
            return Err(Error::TooLarge { bytes: 8 * graph.n_entries() as u128 });
        }
        let local = |i: usize| (i - usize::from(i > ground)) as u32;
        let mut offsets = try_vec(n_nodes.max(1), 0)?;
        let mut rows = Vec::new();
        rows.try_reserve_exact(graph.n_entries() / 2)
            .map_err(|_| Error::TooLarge { bytes: 2 * graph.n_entries() as u128 })?;
        for i in (0..n_nodes).filter(|&i| i != ground) {
            for &j in graph.neighbours(i) {
                if (j as usize) < i && j as usize != ground {
                    rows.push(local(j as usize));
                }
            }
            offsets[local(i) as usize + 1] = rows.len() as u32;
        }
        let pattern = UpperPattern { offsets, rows };
        let ordering = minimum_degree(&pattern)?;
        let n_entries = graph.n_entries();
        let work = try_vec(n_nodes.saturating_sub(1), 0.0)?;
        Ok(Self {
            n_nodes,
            n_entries,
            ground,
            pattern,
            ordering,
            factor: None,
            is_factorised: false,
            work,
        })
    }

    /// Number of entries of the factor, its diagonal included: an upper bound, known before any
    /// factorisation.
    pub fn fill(&self) -> f64 {
        self.ordering.n_entries + self.ordering.unknown.len() as f64
    }

    /// Number of multiplications of a factorisation: an upper bound.
    pub fn n_multiplications(&self) -> f64 {
        self.ordering.n_multiplications
    }

    /// Factorise the Laplacian with these conductances, given by entry of the analysed graph.
    ///
    /// Conductances below 1e-290 count as absent. Memory 12 bytes an entry of the factor.
    ///
    /// # Errors
    /// [`Error::Shape`] when the graph or the conductances have another size than the analysed
    /// graph, [`Error::TooLarge`] when memory is lacking, and [`Error::NotPositiveDefinite`]
    /// naming a node from which no conductance leads on to the ground.
    pub fn factorise<T: Float>(
        &mut self,
        graph: &Graph<'_>,
        conductance: &[T],
    ) -> Result<LaplacianFactor<'_>, Error> {
        let shape = |argument, expected: usize, found: usize| {
            let expected = format!("{expected} entries");
            Err(Error::Shape { argument, expected, found: found.to_string() })
        };
        if (graph.n_nodes(), graph.n_entries()) != (self.n_nodes, self.n_entries) {
            return shape("graph", self.n_entries, graph.n_entries());
        }
        if conductance.len() != self.n_entries {
            return shape("conductance", self.n_entries, conductance.len());
        }
        self.is_factorised = false;
        let factor = match &mut self.factor {
            Some(factor) => factor,
            none => {
                let (offsets, rows) = factor_pattern(&self.pattern, &self.ordering)?;
                none.insert(Multifrontal::new(&offsets, &rows)?)
            }
        };
        let (ordering, ground) = (&self.ordering, self.ground);
        let node = |k: usize| node_at(ordering, ground, k);
        let eliminated = factor.eliminate(|k| {
            let row = graph.row(node(k));
            let conductance = conductance[row].iter().map(|&c| c.to_f64());
            let neighbours = graph.neighbours(node(k)).iter().zip(conductance);
            // A NaN goes on, to be found in the pivot.
            let present = neighbours.filter(|&(_, c)| c.is_nan() || c >= FLOOR);
            present.map(|(&j, c)| (end_at(ordering, ground, j as usize), c))
        });
        eliminated.map_err(|error| match error {
            Error::NotPositiveDefinite { argument, row } => {
                Error::NotPositiveDefinite { argument, row: node(row) }
            }
            other => other,
        })?;
        self.is_factorised = true;
        Ok(LaplacianFactor {
            factor,
            ordering: &self.ordering,
            ground: self.ground,
            work: &mut self.work,
        })
    }

    /// The factor of the last [`factorise`](Self::factorise), if that succeeded.
    pub fn factor(&mut self) -> Option<LaplacianFactor<'_>> {
        let factor = self.factor.as_ref().filter(|_| self.is_factorised)?;
        let (ordering, ground) = (&self.ordering, self.ground);
        Some(LaplacianFactor { factor, ordering, ground, work: &mut self.work })
    }
}

/// A factorised Laplacian, ready to solve.
#[derive(Debug)]
pub struct LaplacianFactor<'a> {
    factor: &'a Multifrontal,
    ordering: &'a Ordering,
    ground: usize,
    work: &'a mut [f64],
}

impl LaplacianFactor<'_> {
    /// `x = L^+ b`: the solution without mean for the part of `rhs` without mean.
    ///
    /// O(fill) time, no allocation. Both slices hold one number a node.
    pub fn solve(&mut self, rhs: &[f64], x: &mut [f64]) {
        let mean = mean(rhs);
        self.solve_grounded(|node| rhs[node] - mean, x);
        let mean = self::mean(x);
        for x in x {
            *x -= mean;
        }
    }

    /// The diagonal of the pseudo-inverse L^+, by node.
    ///
    /// From the inverse G of the grounded Laplacian, `L^+_ii = G_ii - 2 (G 1)_i / n + 1^T G 1 / n^2`,
    /// where the diagonal of G comes from the selected inverse and `G 1` from one solve. Time of
    /// the order of a factorisation; 8 bytes an entry of the factor.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking.
    pub fn pseudo_inverse_diagonal(&mut self) -> Result<Vec<f64>, Error> {
        let n = (self.work.len() + 1) as f64;
        let mut sums = try_vec(self.work.len() + 1, 0.0)?;
        self.solve_grounded(|_| 1.0, &mut sums);
        let total = pairwise_sum(&sums) / (n * n);
        let grounded = self.factor.inverse_diagonal()?;
        let mut diagonal = sums;
        for sum in &mut diagonal {
            *sum = total - 2.0 * *sum / n;
        }
        for (k, value) in grounded.iter().enumerate() {
            diagonal[node_at(self.ordering, self.ground, k)] += value;
        }
        Ok(diagonal)
    }

    /// Solve with the ground at potential zero.
    fn solve_grounded(&mut self, rhs: impl Fn(usize) -> f64, x: &mut [f64]) {
        let node = |k: usize| node_at(self.ordering, self.ground, k);
        for (k, value) in self.work.iter_mut().enumerate() {
            *value = rhs(node(k));
        }
        self.factor.solve(self.work);
        if let Some(ground) = x.get_mut(self.ground) {
            *ground = 0.0;
        }
        for (k, &value) in self.work.iter().enumerate() {
            x[node(k)] = value;
        }
    }
}

/// The node that is eliminated at step `k`.
fn node_at(ordering: &Ordering, ground: usize, k: usize) -> usize {
    let unknown = ordering.unknown[k] as usize;
    unknown + usize::from(unknown >= ground)
}

/// Where a node stands in the order of elimination.
fn end_at(ordering: &Ordering, ground: usize, node: usize) -> End {
    match node.cmp(&ground) {
        Less => End::Unknown(ordering.step[node] as usize),
        Equal => End::Ground,
        Greater => End::Unknown(ordering.step[node - 1] as usize),
    }
}

fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len().max(1) as f64
}
