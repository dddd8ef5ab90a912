//! Gradient and Hessian of the penalised log-likelihood, in one pass over the cells and one over
//! the entries of the graph.
//!
//! The negative Hessian is `[[L, C], [C', B]]`: `L` the Laplacian of the graph with each pair's
//! information as conductance, one row of `C` an item, one row of `B` a shared parameter.

use super::Prior;
use super::system::{Point, System};
use super::terms::{Term, term};
use crate::error::{Error, try_vec};
use crate::parallel::{Team, pairwise_sum};
use crate::ranking::likelihood::{Row, win_loss};
use crate::sparse::Laplacian;

/// What the cells of one edge add up to, seen from its smaller node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EdgeTerm {
    /// Derivative by the difference of strengths.
    pub score: f64,
    /// Sum of the absolute values that `score` is a difference of.
    pub magnitude: f64,
    /// Conductance of the edge.
    pub information: f64,
}

/// Derivatives at one vector of parameters.
pub(super) struct Derivatives {
    /// By node, the ground included.
    pub rows: Vec<Row>,
    /// Diagonal of the Laplacian, by node.
    pub diagonal: Vec<f64>,
    /// Conductance by entry.
    pub conductance: Vec<f64>,
    /// By edge, bridges and those to the ground included.
    pub edges: Vec<EdgeTerm>,
    /// `C`, row by row.
    pub coupling: Vec<f64>,
    /// Derivatives by the shared parameters.
    pub shared_gradient: Vec<f64>,
    /// Sums of the absolute values that those are differences of.
    pub shared_magnitude: Vec<f64>,
    /// `B`, row by row.
    pub shared_information: Vec<f64>,
    /// What each edge adds to the row of `C` of its smaller item.
    edge_coupling: Vec<f64>,
    /// Sums over each block of work.
    partial: Vec<f64>,
}

/// One block's share of the outputs.
struct Part<'p> {
    block: usize,
    edges: &'p mut [EdgeTerm],
    coupling: &'p mut [f64],
    sums: &'p mut [f64],
}

impl Derivatives {
    /// Memory for the derivatives of `system`.
    pub(super) fn new(system: &System<'_>) -> Result<Self, Error> {
        let k = system.n_shared;
        let pairs = &system.pairs;
        let (n_nodes, n_edges) = (pairs.n_nodes(), pairs.n_edges());
        Ok(Self {
            rows: try_vec(n_nodes, Row::default())?,
            diagonal: try_vec(n_nodes, 0.0)?,
            conductance: try_vec(2 * n_edges, 0.0)?,
            edges: try_vec(n_edges, EdgeTerm::default())?,
            coupling: try_vec(n_nodes * k, 0.0)?,
            shared_gradient: vec![0.0; k],
            shared_magnitude: vec![0.0; k],
            shared_information: try_vec(k * k, 0.0)?,
            edge_coupling: try_vec(pairs.n_met * k, 0.0)?,
            partial: try_vec(system.blocks().len() * n_sums(k), 0.0)?,
        })
    }

    /// Evaluate at `x`: strengths, then scaled shared parameters.
    ///
    /// The same bits for any number of threads.
    pub(super) fn evaluate(&mut self, system: &System<'_>, x: &[f64], team: &Team) {
        let at = system.point(x);
        team.for_each_part(self.parts(system), |part| sum_cells(system, &at, part));
        self.join_blocks(system.n_shared);
        self.bridge(system, team);
        self.evaluate_prior(system, &at);
        self.sum_rows(system, team);
    }

    fn parts<'p>(&'p mut self, system: &System<'_>) -> Vec<Part<'p>> {
        let k = system.n_shared;
        let (mut edges, mut coupling) = (&mut self.edges[..], &mut self.edge_coupling[..]);
        let mut sums = &mut self.partial[..];
        let mut parts = Vec::with_capacity(system.blocks().len());
        for (block, pairs) in system.blocks().enumerate() {
            let (own_edges, rest) = edges.split_at_mut(pairs.len());
            edges = rest;
            let (own_coupling, rest) = coupling.split_at_mut(pairs.len() * k);
            coupling = rest;
            let (own_sums, rest) = sums.split_at_mut(n_sums(k));
            sums = rest;
            parts.push(Part { block, edges: own_edges, coupling: own_coupling, sums: own_sums });
        }
        parts
    }

    /// Add the blocks' sums in a fixed order.
    fn join_blocks(&mut self, k: usize) {
        let width = n_sums(k);
        let total = |place: usize| {
            let column: Vec<f64> =
                self.partial.iter().skip(place).step_by(width).copied().collect();
            pairwise_sum(&column)
        };
        for a in 0..k {
            self.shared_gradient[a] = total(a);
            self.shared_magnitude[a] = total(k + a);
        }
        let mut place = 2 * k;
        for a in 0..k {
            for b in 0..=a {
                let sum = total(place);
                self.shared_information[a * k + b] = sum;
                self.shared_information[b * k + a] = sum;
                place += 1;
            }
        }
    }

    /// Give the bridges the mean conductance: no flow crosses them, so any will do.
    fn bridge(&mut self, system: &System<'_>, team: &Team) {
        let (pairs, bridges) = self.edges.split_at_mut(system.pairs.n_met);
        if system.pairs.n_bridges > 0 {
            let total = team
                .sum_blocks(pairs.len(), |block| pairs[block].iter().map(|e| e.information).sum());
            let information = (total / pairs.len() as f64).max(f64::MIN_POSITIVE);
            bridges.fill(EdgeTerm { information, ..EdgeTerm::default() });
        }
    }

    /// Terms of the edges to the ground.
    fn evaluate_prior(&mut self, system: &System<'_>, at: &Point<'_>) {
        let Some(prior) = system.model.prior else { return };
        let first = system.pairs.n_met + system.pairs.n_bridges;
        for (edge, &s) in self.edges[first..].iter_mut().zip(at.strength) {
            *edge = prior_term(prior, s);
        }
    }

    /// Per node, sums over its entries.
    fn sum_rows(&mut self, system: &System<'_>, team: &Team) {
        let k = system.n_shared;
        let (pairs, edges, edge_coupling) = (&system.pairs, &self.edges, &self.edge_coupling);
        let graph = pairs.graph();
        let step = system.rows_per_block();
        let (mut conductance, mut coupling) = (&mut self.conductance[..], &mut self.coupling[..]);
        let mut parts = Vec::with_capacity(self.rows.len().div_ceil(step));
        let rows = self.rows.chunks_mut(step).zip(self.diagonal.chunks_mut(step));
        for (block, (rows, diagonal)) in rows.enumerate() {
            let start = block * step;
            let entries = graph.row(start).start..graph.row(start + rows.len() - 1).end;
            let (own_conductance, rest) = conductance.split_at_mut(entries.len());
            conductance = rest;
            let (own_coupling, rest) = coupling.split_at_mut(rows.len() * k);
            coupling = rest;
            parts.push((start, rows, diagonal, own_conductance, own_coupling));
        }
        team.for_each_part(parts, |(start, rows, diagonal, conductance, coupling)| {
            coupling.fill(0.0);
            let mut conductance = conductance.iter_mut();
            for (r, row) in rows.iter_mut().enumerate() {
                let mut sum = Row::default();
                let out = &mut coupling[r * k..(r + 1) * k];
                for ((e, sign), h) in pairs.row(start + r).zip(&mut conductance) {
                    let edge = &edges[e];
                    *h = edge.information;
                    sum.gradient += sign * edge.score;
                    sum.magnitude += edge.magnitude;
                    sum.diagonal += edge.information;
                    if e < pairs.n_met {
                        for (out, c) in out.iter_mut().zip(&edge_coupling[e * k..]) {
                            *out += sign * c;
                        }
                    }
                }
                diagonal[r] = sum.diagonal;
                *row = sum;
            }
        });
    }

    /// The Laplacian `L`, as an operator on the nodes.
    pub(super) fn laplacian<'d>(
        &'d self,
        system: &'d System<'_>,
    ) -> Result<Laplacian<'d, f64>, Error> {
        Laplacian::new(system.pairs.graph(), &self.conductance, &self.diagonal)
    }
}

/// Sums that a block of work keeps: gradient, magnitude and lower triangle of `B`.
fn n_sums(k: usize) -> usize {
    2 * k + k * (k + 1) / 2
}

fn prior_term(prior: Prior, s: f64) -> EdgeTerm {
    match prior {
        Prior::Logistic(weight) => {
            let (win, loss) = win_loss(s);
            EdgeTerm {
                score: weight * (loss - win),
                magnitude: weight * (loss + win),
                information: 2.0 * weight * (win * loss),
            }
        }
        Prior::Gaussian(precision) => EdgeTerm {
            score: -precision * s,
            magnitude: precision * s.abs(),
            information: precision,
        },
    }
}

/// Sum a block's cells by pair, and over all of them for the shared parameters.
fn sum_cells(system: &System<'_>, at: &Point<'_>, part: Part<'_>) {
    let k = system.n_shared;
    let n_tie = usize::from(system.has_tie_parameter());
    let Part { block, edges, coupling, sums } = part;
    sums.fill(0.0);
    coupling.fill(0.0);
    let (gradient, rest) = sums.split_at_mut(k);
    let (magnitude, information) = rest.split_at_mut(k);
    let mut loadings = vec![0.0; k - n_tie];
    let pairs = system.block(block);
    let first = pairs.start;
    for pair in pairs {
        let mut edge = EdgeTerm::default();
        let coupling = &mut coupling[(pair - first) * k..(pair - first + 1) * k];
        for cell in system.cells_of(pair) {
            let eta = system.predictor(pair, cell, at);
            let term = term(system.model.ties, system.counts(cell), eta, at.tie);
            edge.score += term.score;
            edge.magnitude += term.magnitude;
            edge.information += term.information;
            if n_tie == 1 {
                coupling[0] += term.cross;
                gradient[0] += term.tie_score;
                magnitude[0] += term.tie_magnitude;
                information[0] += term.tie_information;
            }
            if k > n_tie {
                system.loadings(cell, &mut loadings);
                add_linear(&term, &loadings, n_tie, coupling, gradient, magnitude, information);
            }
        }
        edges[pair - first] = edge;
    }
}

/// Add a cell to the sums of the shared parameters that enter the linear predictor.
#[inline(always)]
fn add_linear(
    term: &Term,
    loadings: &[f64],
    n_tie: usize,
    coupling: &mut [f64],
    gradient: &mut [f64],
    magnitude: &mut [f64],
    information: &mut [f64],
) {
    for (a, &z) in loadings.iter().enumerate() {
        let row = a + n_tie;
        gradient[row] += term.score * z;
        magnitude[row] += term.magnitude * z.abs();
        coupling[row] += term.information * z;
        let triangle = &mut information[row * (row + 1) / 2..][..=row];
        let (tie, linear) = triangle.split_at_mut(n_tie);
        for tie in tie {
            *tie += term.cross * z;
        }
        for (sum, other) in linear.iter_mut().zip(loadings) {
            *sum += term.information * z * other;
        }
    }
}
