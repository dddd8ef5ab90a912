//! A paired fit as inference sees it.

use std::ops::Range;

use super::derivatives::Derivatives;
use super::elimination::{Collinear, Elimination};
use super::lanes::{LANES, Lanes, draw_lanes, lanes, multiply_lanes};
use super::scores::{Score, cell_weights, draw_scores, n_draws, spread};
use super::system::System;
use super::{Cells, Model, Ties};
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::{BLOCK, Team, pairwise_sum};
use crate::ranking::inference::{Fitted, Kind, Noise};
use crate::ranking::laplacian_solver::LaplacianSolver;
use crate::rng::Stream;
use crate::sparse::PcgParams;

/// Relative residual of the solves: far below what a standard error is read to.
const SOLVE_RTOL: f64 = 1e-10;

/// An estimate of a paired model with its information, ready for inference.
///
/// A tie parameter that was dropped because nothing was tied keeps its place: its row and column
/// of every matrix are zero.
pub struct PairedFit<'a> {
    system: System<'a>,
    /// Strengths, then scaled shared parameters.
    x: Vec<f64>,
    derivatives: Derivatives,
    solver: LaplacianSolver,
    elimination: Elimination,
    /// The group of each item; empty with a prior.
    groups: Vec<u32>,
    nodes: Vec<f64>,
    solution: Vec<f64>,
}

impl<'a> PairedFit<'a> {
    /// Evaluate the model at an estimate and prepare to solve with its information.
    ///
    /// `parameters` are the strengths and then all shared parameters that the model names, on the
    /// scale of the data. `groups`, the label of each item in `0..n_groups`, says which strengths
    /// can be compared where comparisons alone do not connect all of them; without it, all can.
    ///
    /// # Errors
    /// As [`Cells::validate`] and [`Model::validate`]; [`Error::Shape`], [`Error::NotFinite`] and
    /// [`Error::Value`] naming what is malformed; [`Error::NotPositiveDefinite`] for items that
    /// are not connected; [`Error::TooLarge`], and whatever [`Control::check`] returns.
    pub fn new(
        cells: Cells<'a>,
        model: &Model,
        parameters: &[f64],
        groups: Option<&[u32]>,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let n = cells.n_items;
        let expected = n + model.n_shared(cells.n_covariates);
        if parameters.len() != expected {
            return Err(Error::Shape {
                argument: "parameters",
                expected: format!("{expected} entries"),
                found: parameters.len().to_string(),
            });
        }
        let system = System::new(cells, model, groups, control)?;
        let x = system.to_internal(parameters);
        require_finite("parameters", &x)?;
        if system.model.ties == Ties::RaoKupper && x[n] <= 0.0 {
            return Err(Error::Value {
                argument: "parameters",
                rule: "a positive ln(theta) where there are ties",
                value: x[n].to_string(),
                index: Some(n),
            });
        }
        let mut derivatives = Derivatives::new(&system)?;
        derivatives.evaluate(&system, &x, team);
        control.check()?;
        let mut solver = LaplacianSolver::factorising(&system.pairs.graph())?;
        let n_nodes = system.pairs.n_nodes();
        let params = solve_params(n_nodes);
        let (elimination, _) =
            Elimination::new(&system, &derivatives, &mut solver, &params, team, control)?;
        let elimination = elimination.map_err(|Collinear(a)| system.collinear(a))?;
        let groups = match (model.prior, system.groups.is_empty()) {
            (Some(_), _) => Vec::new(),
            (None, true) => try_vec(n, 0)?,
            (None, false) => system.groups.clone(),
        };
        let (nodes, solution) = (try_vec(n_nodes, 0.0)?, try_vec(n_nodes, 0.0)?);
        Ok(Self { system, x, derivatives, solver, elimination, groups, nodes, solution })
    }

    /// Places in a vector of all parameters of those shared ones that the data determine.
    fn free_shared(&self) -> Range<usize> {
        self.n_items() + usize::from(self.system.tie_dropped)..self.n_items() + self.n_shared()
    }

    /// `L^+ b` for the `b` in `nodes`, in the frame, into `solution`.
    fn solve_nodes(&mut self, team: &Team, control: &dyn Control) -> Result<(), Error> {
        let Self { system, derivatives, solver, nodes, solution, .. } = self;
        let laplacian = derivatives.laplacian(system)?;
        let params = solve_params(nodes.len());
        solver.solve(&laplacian, nodes, solution, &params, team, control)?;
        system.to_frame(solution);
        Ok(())
    }

    /// The diagonal of the inverse of `L` in the frame, from that of its pseudo-inverse.
    ///
    /// It is made of resistances to one node, the ground or an item of the first group. The latter
    /// reach the other groups over one bridge each, which is subtracted. Inside a group of size n,
    /// the inverse K relative to its root has the resistances as diagonal, and that of the frame is
    /// `K_ii - 2 (K 1)_i / n + 1' K 1 / n^2`.
    fn strength_diagonal(
        &mut self,
        mut diagonal: Vec<f64>,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Vec<f64>, Error> {
        let (n, n_groups) = (self.n_items(), self.system.n_groups);
        if self.system.model.prior.is_none() && n_groups == 1 {
            return Ok(diagonal);
        }
        let mut roots = vec![0; n_groups];
        for (i, &group) in self.groups.iter().enumerate().rev() {
            roots[group as usize] = i;
        }
        let root = if self.groups.is_empty() { n } else { roots[0] };
        self.nodes.fill(0.0);
        self.nodes[root] = 1.0;
        let laplacian = self.derivatives.laplacian(&self.system)?;
        let params = solve_params(self.nodes.len());
        let Self { solver, nodes, solution, .. } = self;
        solver.solve(&laplacian, nodes, solution, &params, team, control)?;
        let at_root = solution[root];
        for (value, column) in diagonal.iter_mut().zip(&*solution) {
            *value += at_root - 2.0 * column;
        }
        diagonal.truncate(n);
        if self.groups.is_empty() {
            return Ok(diagonal);
        }
        let bridge = self.derivatives.information(self.system.pairs.n_met).recip();
        let mut sizes = vec![0.0; n_groups];
        for (value, &group) in diagonal.iter_mut().zip(&self.groups) {
            sizes[group as usize] += 1.0;
            if group != self.groups[root] {
                *value -= bridge;
            }
        }
        self.nodes.fill(1.0);
        for (&root, size) in roots.iter().zip(&sizes) {
            self.nodes[root] -= size;
        }
        self.solve_nodes(team, control)?;
        let reduced: Vec<f64> = (self.solution.iter().zip(&self.groups))
            .map(|(x, &group)| x - self.solution[roots[group as usize]])
            .collect();
        let mut sums = vec![0.0; n_groups];
        for (x, &group) in reduced.iter().zip(&self.groups) {
            sums[group as usize] += x;
        }
        for ((value, x), &group) in diagonal.iter_mut().zip(&reduced).zip(&self.groups) {
            let size = sizes[group as usize];
            *value += (sums[group as usize] / size - 2.0 * x) / size;
        }
        Ok(diagonal)
    }

    /// Copy the strengths' part of a right-hand side, as far as it is solved for.
    fn put_on_nodes(&self, rhs: &[f64], nodes: &mut [f64]) {
        let (items, ground) = nodes.split_at_mut(self.n_items());
        items.copy_from_slice(&rhs[..items.len()]);
        if let Some(ground) = ground.first_mut() {
            *ground = -pairwise_sum(items);
        } else {
            self.system.center(items);
        }
    }

    /// From `L^+ b` on the nodes to `H^+` times the whole right-hand side.
    fn complete(
        &self,
        rhs: &[f64],
        nodes: &[f64],
        solution: &mut [f64],
        x: &mut [f64],
        team: &Team,
    ) {
        let n = self.n_items();
        let scaled = rhs[self.free_shared()].iter().zip(self.system.units());
        let q: Vec<f64> = scaled.map(|(q, unit)| q * unit).collect();
        let shared = self.elimination.complete(nodes, solution, &q, team);
        x.fill(0.0);
        x[..n].copy_from_slice(&solution[..n]);
        let places = x[self.free_shared()].iter_mut();
        for ((x, shared), unit) in places.zip(shared).zip(self.system.units()) {
            *x = shared * unit;
        }
    }

    /// Add what the prior contributes to `out`, item by item, by its information.
    fn add_prior(&self, out: &mut [f64], term: impl Fn(usize, f64) -> f64) {
        if self.system.model.prior.is_some() {
            let first = self.system.pairs.n_met + self.system.pairs.n_bridges;
            for (i, out) in out.iter_mut().enumerate() {
                *out += term(i, self.derivatives.information(first + i));
            }
        }
    }

    /// Call `f(start, columns)` for lanes of columns of `out`, shared out between the threads.
    fn in_lanes(
        &self,
        out: &mut [f64],
        team: &Team,
        f: impl Fn(usize, &mut [f64]) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let step = LANES * self.n_parameters();
        let mut results = vec![Ok(()); out.len().div_ceil(step)];
        let parts = results.iter_mut().zip(out.chunks_mut(step)).enumerate().collect();
        team.for_each_part(parts, |(k, (result, columns))| *result = f(k * step, columns));
        results.into_iter().collect()
    }

    /// Copy lanes of internal sums to columns in the caller's units.
    fn write_lanes(&self, sums: &[Lanes], out: &mut [f64]) {
        let (strength, shared) = sums.split_at(self.n_items());
        for (lane, out) in out.chunks_mut(self.n_parameters()).enumerate() {
            for (out, sums) in out.iter_mut().zip(strength) {
                *out = sums[lane];
            }
            let places = self.free_shared();
            out[self.n_items()..places.start].fill(0.0);
            for ((out, sums), unit) in out[places].iter_mut().zip(shared).zip(self.system.units()) {
                *out = sums[lane] / unit;
            }
        }
    }

    /// Internal result to the caller's units, the place of a dropped parameter zero.
    fn write_out(&self, internal: &[f64], out: &mut [f64]) {
        let (strength, shared) = internal.split_at(self.n_items());
        out.fill(0.0);
        out[..self.n_items()].copy_from_slice(strength);
        for ((out, x), unit) in
            out[self.free_shared()].iter_mut().zip(shared).zip(self.system.units())
        {
            // A score by a parameter of other units is divided by what a parameter is multiplied by.
            *out = x / unit;
        }
    }
}

impl Fitted for PairedFit<'_> {
    fn n_items(&self) -> usize {
        self.system.n_items
    }

    fn n_shared(&self) -> usize {
        self.system.n_shared + usize::from(self.system.tie_dropped)
    }

    fn n_terms(&self) -> usize {
        self.system.n_cells()
    }

    fn groups(&self) -> &[u32] {
        &self.groups
    }

    fn is_factorised(&self) -> bool {
        self.solver.is_exact()
    }

    fn solve(
        &mut self,
        rhs: &[f64],
        x: &mut [f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        self.solve_many(rhs, x, SOLVE_RTOL, team, control)
    }

    fn solve_many(
        &mut self,
        rhs: &[f64],
        x: &mut [f64],
        rtol: f64,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let (p, n_nodes) = (self.n_parameters(), self.nodes.len());
        let n_columns = rhs.len() / p.max(1);
        let mut nodes = try_vec(n_columns * n_nodes, 0.0)?;
        let mut solutions = try_vec(n_columns * n_nodes, 0.0)?;
        for (rhs, nodes) in rhs.chunks(p).zip(nodes.chunks_mut(n_nodes)) {
            self.put_on_nodes(rhs, nodes);
        }
        let laplacian = self.derivatives.laplacian(&self.system)?;
        let params = PcgParams { rtol, ..solve_params(n_nodes) };
        self.solver.solve_many(&laplacian, &nodes, &mut solutions, &params, team, control)?;
        let columns = nodes.chunks(n_nodes).zip(solutions.chunks_mut(n_nodes));
        for ((rhs, x), (nodes, solution)) in rhs.chunks(p).zip(x.chunks_mut(p)).zip(columns) {
            self.system.to_frame(solution);
            self.complete(rhs, nodes, solution, x, team);
        }
        Ok(())
    }

    fn diagonal(&mut self, team: &Team, control: &dyn Control) -> Result<Option<Vec<f64>>, Error> {
        let laplacian = self.derivatives.laplacian(&self.system)?;
        let Some(inverse) = self.solver.pseudo_inverse_diagonal(&laplacian, control)? else {
            return Ok(None);
        };
        let mut diagonal = self.strength_diagonal(inverse, team, control)?;
        let (n, n_nodes, k) = (self.n_items(), self.nodes.len(), self.system.n_shared);
        let response = &self.elimination.response;
        let row = |i: usize| (0..k).map(|a| response[a * n_nodes + i]).collect::<Vec<f64>>();
        let square = |x: Vec<f64>| x.iter().map(|x| x * x).sum::<f64>();
        if k > 0 {
            team.for_each_chunk_mut(&mut diagonal, BLOCK, |start, chunk| {
                for (i, value) in chunk.iter_mut().enumerate() {
                    *value += square(self.elimination.half_solve(&row(start + i)));
                }
            });
        }
        diagonal.resize(n + self.n_shared(), 0.0);
        let places = self.free_shared();
        for (a, (place, unit)) in places.zip(self.system.units()).enumerate() {
            let mut axis = vec![0.0; k];
            axis[a] = unit;
            diagonal[place] = square(self.elimination.half_solve(&axis));
        }
        Ok(Some(diagonal))
    }

    fn multiply(&self, kind: Kind, x: &[f64], out: &mut [f64], team: &Team) {
        let n = self.n_items();
        let mut point = x[..n].to_vec();
        point.extend(
            x[self.free_shared()].iter().zip(self.system.units()).map(|(x, unit)| x / unit),
        );
        let at = self.system.point(&self.x);
        let along = self.system.point(&point);
        let mut internal = vec![0.0; n + self.system.n_shared];
        let products = |pairs: Range<usize>, out: &mut [Score]| {
            let cells = pairs.flat_map(|p| self.system.cells_of(p).map(move |cell| (p, cell)));
            for ((pair, cell), out) in cells.zip(out) {
                let [eta, cross, tie] = cell_weights(&self.system, kind, pair, cell, &at);
                let u = self.system.predictor(pair, cell, &along);
                *out = (eta * u + cross * along.tie, cross * u + tie * along.tie);
            }
        };
        spread(&self.system, products, &mut internal, team);
        if kind == Kind::Model {
            self.add_prior(&mut internal[..n], |i, information| information * x[i]);
        }
        self.write_out(&internal, out);
    }

    fn draw(&self, kind: Kind, noise: Noise, stream: &Stream, out: &mut [f64], team: &Team) {
        let n = self.n_items();
        let at = self.system.point(&self.x);
        let mut internal = vec![0.0; n + self.system.n_shared];
        let scores = |pairs: Range<usize>, out: &mut [Score]| {
            draw_scores(&self.system, kind, noise, stream, &at, pairs, out);
        };
        spread(&self.system, scores, &mut internal, team);
        if kind == Kind::Model && self.system.model.prior.is_some() {
            let mut draws = vec![0.0; n];
            noise.fill(stream, n_draws(&self.system) as u64, &mut draws);
            self.add_prior(&mut internal[..n], |i, information| information.sqrt() * draws[i]);
        }
        self.write_out(&internal, out);
    }

    fn multiply_many(
        &self,
        kind: Kind,
        x: &[f64],
        out: &mut [f64],
        team: &Team,
    ) -> Result<(), Error> {
        let p = self.n_parameters();
        let at = self.system.point(&self.x);
        let (n, first) = (self.n_items(), self.free_shared().start);
        self.in_lanes(out, team, |start, out| {
            let columns = &x[start..start + out.len()];
            let along = |place: usize, unit: f64| lanes(columns, p, place).map(|x| x / unit);
            let strength: Vec<Lanes> = (0..n).map(|i| along(i, 1.0)).collect();
            let units = self.system.units().enumerate();
            let shared: Vec<Lanes> = units.map(|(a, unit)| along(first + a, unit)).collect();
            let sums = multiply_lanes(&self.system, kind, &at, &strength, &shared)?;
            self.write_lanes(&sums, out);
            if kind == Kind::Model {
                for (x, out) in columns.chunks(p).zip(out.chunks_mut(p)) {
                    self.add_prior(&mut out[..n], |i, information| information * x[i]);
                }
            }
            Ok(())
        })
    }

    fn draw_many(
        &self,
        kind: Kind,
        noise: Noise,
        streams: &[Stream],
        out: &mut [f64],
        team: &Team,
    ) -> Result<(), Error> {
        let (n, p) = (self.n_items(), self.n_parameters());
        let at = self.system.point(&self.x);
        self.in_lanes(out, team, |start, out| {
            let streams = &streams[start / p..][..out.len() / p];
            let sums = draw_lanes(&self.system, kind, noise, streams, &at)?;
            self.write_lanes(&sums, out);
            if kind == Kind::Model && self.system.model.prior.is_some() {
                let mut draws = try_vec(n, 0.0)?;
                for (stream, out) in streams.iter().zip(out.chunks_mut(p)) {
                    noise.fill(stream, n_draws(&self.system) as u64, &mut draws);
                    self.add_prior(&mut out[..n], |i, information| information.sqrt() * draws[i]);
                }
            }
            Ok(())
        })
    }
}

fn solve_params(n_nodes: usize) -> PcgParams {
    PcgParams { rtol: SOLVE_RTOL, max_iter: 10 * n_nodes }
}
