//! A sparse Cholesky factor of a graph Laplacian, computed without a subtraction.

use super::graph::Graph;
use super::levels::level_fill;
use super::selected_inverse::selected_inverse_diagonal;
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::linalg::{Ordering, UpperPattern, factor_pattern, minimum_degree};
use crate::parallel::pairwise_sum;

/// Smaller conductances count as absent: products with them leave the range of `f64`.
const FLOOR: f64 = 1e-290;

/// Edges of the largest graph that is ordered without a look at its shape first.
const ALWAYS_ANALYSED: usize = 200_000;

const NONE: u32 = u32::MAX;

/// The analysed pattern of a Laplacian, and memory for its factors.
///
/// The node of highest degree is grounded; the others are eliminated in the order of approximate
/// minimum degree. The analysis depends on the pattern alone and serves any number of
/// factorisations with other conductances.
///
/// Eliminating a node replaces the star of its conductances by a mesh between its neighbours
/// (`c_ij += c_ik c_jk / d_k`), and the pivot `d_k` is the sum of the conductances left at the node,
/// the one to the ground included. That is Cholesky's method, but every operation adds, multiplies
/// or divides positive numbers, so each entry of the factor has a small *relative* error however
/// far apart the conductances are, and a connected graph cannot break it. (Diagonally dominant
/// M-matrices: Alfa, Xue and Ye, "Accurate computation of the smallest eigenvalue of a diagonally
/// dominant M-matrix", 2002.)
#[derive(Debug)]
pub struct LaplacianCholesky {
    n_nodes: usize,
    n_entries: usize,
    ground: usize,
    pattern: UpperPattern,
    ordering: Ordering,
    /// Built at the first factorisation, when the fill has been accepted.
    factor: Option<Factor>,
}

/// The factor `(I - lower) diag(pivot) (I - lower)^T` in the order of elimination.
#[derive(Debug)]
struct Factor {
    offsets: Vec<usize>,
    rows: Vec<u32>,
    lower: Vec<f64>,
    pivot: Vec<f64>,
    to_ground: Vec<f64>,
    /// A dense column.
    work: Vec<f64>,
    /// Column lists: the first column whose next row is k, and the column after each.
    first: Vec<u32>,
    following: Vec<u32>,
    cursor: Vec<usize>,
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
        Ok(Self { n_nodes, n_entries, ground, pattern, ordering, factor: None })
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
        if self.factor.is_none() {
            self.factor = Some(Factor::allocate(&self.pattern, &self.ordering)?);
        }
        let Some(factor) = self.factor.as_mut() else { unreachable!("allocated above") };
        factor
            .eliminate(graph, conductance, self.ground, &self.ordering)
            .map_err(|row| Error::NotPositiveDefinite { argument: "conductance", row })?;
        Ok(LaplacianFactor {
            factor,
            ordering: &self.ordering,
            n_nodes: self.n_nodes,
            ground: self.ground,
        })
    }
}

impl Factor {
    fn allocate(pattern: &UpperPattern, ordering: &Ordering) -> Result<Self, Error> {
        let (offsets, rows) = factor_pattern(pattern, ordering)?;
        let n = offsets.len() - 1;
        Ok(Self {
            lower: try_vec(rows.len(), 0.0)?,
            pivot: try_vec(n, 0.0)?,
            to_ground: try_vec(n, 0.0)?,
            work: try_vec(n, 0.0)?,
            first: try_vec(n, NONE)?,
            following: try_vec(n, NONE)?,
            cursor: try_vec(n, 0)?,
            offsets,
            rows,
        })
    }

    /// Left-looking elimination, column by column; the error is the node without a pivot.
    fn eliminate<T: Float>(
        &mut self,
        graph: &Graph<'_>,
        conductance: &[T],
        ground: usize,
        ordering: &Ordering,
    ) -> Result<(), usize> {
        let Self { offsets, rows, lower, pivot, to_ground, work, first, following, cursor } = self;
        first.fill(NONE);
        for k in 0..pivot.len() {
            let local = ordering.unknown[k] as usize;
            let node = local + usize::from(local >= ground);
            let own = offsets[k]..offsets[k + 1];
            for &i in &rows[own.clone()] {
                work[i as usize] = 0.0;
            }
            let mut grounded = 0.0;
            for (&j, &c) in graph.neighbours(node).iter().zip(&conductance[graph.row(node)]) {
                let (j, c) = (j as usize, c.to_f64());
                if c < FLOOR {
                    continue;
                }
                if j == ground {
                    grounded += c;
                    continue;
                }
                let i = ordering.step[j - usize::from(j > ground)] as usize;
                if i > k {
                    work[i] += c;
                }
            }
            let mut column = first[k];
            while column != NONE {
                let m = column as usize;
                column = following[m];
                let here = cursor[m];
                let rest = here + 1..offsets[m + 1];
                // lower[here] * pivot[m] is the conductance between m and k when m was eliminated.
                let share = lower[here] * pivot[m];
                for (&i, &l) in rows[rest.clone()].iter().zip(&lower[rest.clone()]) {
                    work[i as usize] += l * share;
                }
                grounded += to_ground[m] * share;
                if !rest.is_empty() {
                    cursor[m] = rest.start;
                    let next = rows[rest.start] as usize;
                    following[m] = first[next];
                    first[next] = m as u32;
                }
            }
            let total: f64 = rows[own.clone()].iter().map(|&i| work[i as usize]).sum();
            let d = total + grounded;
            if !(d >= FLOOR && d.is_finite()) {
                return Err(node);
            }
            pivot[k] = d;
            to_ground[k] = grounded / d;
            for (l, &i) in lower[own.clone()].iter_mut().zip(&rows[own.clone()]) {
                *l = work[i as usize] / d;
            }
            if !own.is_empty() {
                cursor[k] = own.start;
                let next = rows[own.start] as usize;
                following[k] = first[next];
                first[next] = k as u32;
            }
        }
        Ok(())
    }

    /// Solve with the factor in place, in the order of elimination.
    fn solve(&self, x: &mut [f64]) {
        for k in 0..x.len() {
            let column = self.offsets[k]..self.offsets[k + 1];
            let here = x[k];
            for (&i, &l) in self.rows[column.clone()].iter().zip(&self.lower[column]) {
                x[i as usize] += l * here;
            }
        }
        for k in (0..x.len()).rev() {
            let column = self.offsets[k]..self.offsets[k + 1];
            let mut here = x[k] / self.pivot[k];
            for (&i, &l) in self.rows[column.clone()].iter().zip(&self.lower[column]) {
                here += l * x[i as usize];
            }
            x[k] = here;
        }
    }
}

/// A factorised Laplacian, ready to solve.
#[derive(Debug)]
pub struct LaplacianFactor<'a> {
    factor: &'a mut Factor,
    ordering: &'a Ordering,
    n_nodes: usize,
    ground: usize,
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
        let n = self.n_nodes as f64;
        let mut sums = try_vec(self.n_nodes, 0.0)?;
        self.solve_grounded(|_| 1.0, &mut sums);
        let total = pairwise_sum(&sums) / (n * n);
        let Factor { offsets, rows, lower, pivot, .. } = &*self.factor;
        let grounded = selected_inverse_diagonal(offsets, rows, lower, pivot)?;
        let mut diagonal = sums;
        for sum in &mut diagonal {
            *sum = total - 2.0 * *sum / n;
        }
        for (k, value) in grounded.iter().enumerate() {
            diagonal[self.node(k)] += value;
        }
        Ok(diagonal)
    }

    /// Solve with the ground at potential zero.
    fn solve_grounded(&mut self, rhs: impl Fn(usize) -> f64, x: &mut [f64]) {
        debug_assert_eq!(x.len(), self.n_nodes);
        for k in 0..self.factor.work.len() {
            self.factor.work[k] = rhs(self.node(k));
        }
        let mut work = std::mem::take(&mut self.factor.work);
        self.factor.solve(&mut work);
        if let Some(ground) = x.get_mut(self.ground) {
            *ground = 0.0;
        }
        for (k, &value) in work.iter().enumerate() {
            x[self.node(k)] = value;
        }
        self.factor.work = work;
    }

    /// The node that is eliminated at step `k`.
    fn node(&self, k: usize) -> usize {
        let local = self.ordering.unknown[k] as usize;
        local + usize::from(local >= self.ground)
    }
}

fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len().max(1) as f64
}
