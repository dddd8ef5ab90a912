//! Gradient and Hessian of the penalised log-likelihood, in one pass over the cells and one over
//! the entries of the graph.
//!
//! The negative Hessian is `[[L, C], [C', B]]`: `L` the Laplacian of the graph with each pair's
//! information as conductance, one row of `C` an item, one row of `B` a shared parameter.

use super::Prior;
use super::cell_sums::{COUPLING, INFORMATION, Part, SCORE, n_sums, sum_cells};
use super::system::{Point, System};
use crate::error::{Error, try_vec};
use crate::parallel::{Team, pairwise_sum};
use crate::ranking::likelihood::{Row, win_loss};
use crate::sparse::Laplacian;

/// Terms that are added one by one before their sum joins the sum of a row.
pub(super) const RUN: usize = 32;

/// Derivatives at one vector of parameters.
pub(super) struct Derivatives {
    /// By node, the ground included; magnitudes are sums of the edges' absolute scores.
    pub rows: Vec<Row>,
    /// Diagonal of the Laplacian, by node.
    pub diagonal: Vec<f64>,
    /// Conductance by entry.
    pub conductance: Vec<f64>,
    /// `C`, row by row.
    pub coupling: Vec<f64>,
    /// Derivatives by the shared parameters.
    pub shared_gradient: Vec<f64>,
    /// Sums of the absolute values that those are differences of.
    pub shared_magnitude: Vec<f64>,
    /// `B`, row by row.
    pub shared_information: Vec<f64>,
    /// By edge, bridges and those to the ground included, seen from the smaller node: score,
    /// conductance, and what the edge adds to the smaller node's row of `C`.
    records: Vec<f64>,
    /// By edge, sum of the absolute values that the score is a difference of.
    pub magnitudes: Vec<f64>,
    /// Sums over each block of work.
    partial: Vec<f64>,
}

impl Derivatives {
    /// Memory for the derivatives of `system`.
    pub(super) fn new(system: &System<'_>) -> Result<Self, Error> {
        let k = system.n_shared;
        let (n_nodes, n_edges) = (system.pairs.n_nodes(), system.pairs.n_edges());
        Ok(Self {
            rows: try_vec(n_nodes, Row::default())?,
            diagonal: try_vec(n_nodes, 0.0)?,
            conductance: try_vec(2 * n_edges, 0.0)?,
            coupling: try_vec(n_nodes * k, 0.0)?,
            shared_gradient: vec![0.0; k],
            shared_magnitude: vec![0.0; k],
            shared_information: try_vec(k * k, 0.0)?,
            records: try_vec(n_edges * (COUPLING + k), 0.0)?,
            magnitudes: try_vec(n_edges, 0.0)?,
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
        match system.n_shared {
            0 => self.sum_rows::<2>(system, team),
            1 => self.sum_rows::<3>(system, team),
            2 => self.sum_rows::<4>(system, team),
            _ => self.sum_rows::<0>(system, team),
        }
    }

    /// Conductance of an edge.
    #[inline(always)]
    pub(super) fn information(&self, edge: usize) -> f64 {
        self.records[edge * (COUPLING + self.shared_gradient.len()) + INFORMATION]
    }

    fn parts<'p>(&'p mut self, system: &System<'_>) -> Vec<Part<'p>> {
        let k = system.n_shared;
        let (mut records, mut magnitudes) = (&mut self.records[..], &mut self.magnitudes[..]);
        let mut sums = &mut self.partial[..];
        let mut parts = Vec::with_capacity(system.blocks().len());
        for (block, pairs) in system.blocks().enumerate() {
            let (own_records, rest) = records.split_at_mut(pairs.len() * (COUPLING + k));
            records = rest;
            let (own_magnitudes, rest) = magnitudes.split_at_mut(pairs.len());
            magnitudes = rest;
            let (own_sums, rest) = sums.split_at_mut(n_sums(k));
            sums = rest;
            parts.push(Part {
                block,
                records: own_records,
                magnitudes: own_magnitudes,
                sums: own_sums,
            });
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
        let (n_met, n_bridges) = (system.pairs.n_met, system.pairs.n_bridges);
        if n_bridges == 0 {
            return;
        }
        let total = team.sum_blocks(n_met, |block| block.map(|e| self.information(e)).sum());
        let mean = (total / n_met as f64).max(f64::MIN_POSITIVE);
        let stride = COUPLING + system.n_shared;
        for record in self.records.chunks_exact_mut(stride).skip(n_met).take(n_bridges) {
            record[INFORMATION] = mean;
        }
    }

    /// Terms of the edges to the ground.
    fn evaluate_prior(&mut self, system: &System<'_>, at: &Point<'_>) {
        let Some(prior) = system.model.prior else { return };
        let first = system.pairs.n_met + system.pairs.n_bridges;
        let stride = COUPLING + system.n_shared;
        let edges = self.records.chunks_exact_mut(stride).zip(&mut self.magnitudes).skip(first);
        for ((record, magnitude), &s) in edges.zip(at.strength) {
            (record[SCORE], *magnitude, record[INFORMATION]) = prior_term(prior, s);
        }
    }

    /// Per node, sums over its entries; `STRIDE` is the length of a record, or 0 for any.
    fn sum_rows<const STRIDE: usize>(&mut self, system: &System<'_>, team: &Team) {
        let k = system.n_shared;
        let pairs = &system.pairs;
        let records = &self.records;
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
        team.for_each_part(parts, |(start, rows, diagonal, mut conductance, coupling)| {
            coupling.fill(0.0);
            for (r, row) in rows.iter_mut().enumerate() {
                let i = start + r;
                let (own, rest) = std::mem::take(&mut conductance).split_at_mut(graph.degree(i));
                conductance = rest;
                let entries = pairs.edge[graph.row(i)].chunks(RUN);
                let runs = entries.zip(graph.neighbours(i).chunks(RUN)).zip(own.chunks_mut(RUN));
                let out = &mut coupling[r * k..(r + 1) * k];
                let mut sum = Row::default();
                for ((edges, neighbours), conductance) in runs {
                    sum.add(&sum_run::<STRIDE>(records, edges, neighbours, i, conductance, out));
                }
                diagonal[r] = sum.diagonal;
                *row = sum;
            }
        });
    }

    /// The Newton decrement of the Hessian's diagonal alone.
    pub(super) fn diagonal_decrement(&self, team: &Team) -> f64 {
        let strengths = team.sum_blocks(self.rows.len(), |block| {
            let diagonal = |row: &Row| row.gradient.powi(2) / row.diagonal.max(f64::MIN_POSITIVE);
            self.rows[block].iter().map(diagonal).sum()
        });
        let k = self.shared_gradient.len();
        let shared = self
            .shared_gradient
            .iter()
            .enumerate()
            .map(|(a, g)| g * g / self.shared_information[a * k + a].max(f64::MIN_POSITIVE));
        (strengths + shared.sum::<f64>()).sqrt()
    }

    /// Column `a` of `C`, of which there are `k`.
    pub(super) fn coupling_column(&self, k: usize, a: usize) -> Vec<f64> {
        self.coupling.chunks_exact(k).map(|row| row[a]).collect()
    }

    /// `out = L x`, summed over differences; bridges, whose ends differ by an arbitrary number, are
    /// left out.
    pub(super) fn flow(&self, system: &System<'_>, x: &[f64], out: &mut [f64], team: &Team) {
        let pairs = &system.pairs;
        let graph = pairs.graph();
        team.for_each_chunk_mut(out, system.rows_per_block(), |start, out| {
            for (i, out) in (start..).zip(out) {
                let row = graph.row(i);
                let conductance = self.conductance[row.clone()].iter().zip(&pairs.edge[row]);
                *out = conductance
                    .zip(graph.neighbours(i))
                    .filter(|&((_, &e), _)| !pairs.is_bridge(e as usize))
                    .map(|((h, _), &j)| h * (x[i] - x[j as usize]))
                    .sum();
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

/// Sums over a run of entries of row `i`; the coupling is added to `coupling`.
#[inline(always)]
fn sum_run<const STRIDE: usize>(
    records: &[f64],
    edges: &[u32],
    neighbours: &[u32],
    i: usize,
    conductance: &mut [f64],
    coupling: &mut [f64],
) -> Row {
    let stride = if STRIDE == 0 { COUPLING + coupling.len() } else { STRIDE };
    let mut sum = Row::default();
    for ((&e, &j), h) in edges.iter().zip(neighbours).zip(conductance) {
        let record = &records[e as usize * stride..][..stride];
        let sign = if j as usize > i { 1.0 } else { -1.0 };
        *h = record[INFORMATION];
        sum.gradient += sign * record[SCORE];
        sum.magnitude += record[SCORE].abs();
        sum.diagonal += record[INFORMATION];
        for (sum, c) in coupling.iter_mut().zip(&record[COUPLING..]) {
            *sum += sign * c;
        }
    }
    sum
}

/// Score, magnitude and conductance of an item's edge to the ground.
fn prior_term(prior: Prior, s: f64) -> (f64, f64, f64) {
    match prior {
        Prior::Logistic(weight) => {
            let (win, loss) = win_loss(s);
            (weight * (loss - win), weight * (loss + win), 2.0 * weight * (win * loss))
        }
        Prior::Gaussian(precision) => (-precision * s, precision * s.abs(), precision),
    }
}
