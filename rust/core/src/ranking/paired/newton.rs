//! Damped Newton steps in strengths and shared parameters together.
//!
//! The full step is tried first and kept if the gradient at its end still points along it: by
//! concavity the likelihood is then at least as high as at any shorter step. Otherwise the step is
//! damped by generalised self-concordance (Sun and Tran-Dinh 2019, "Generalized self-concordant
//! functions", Mathematical Programming 178) over the functionals in which the model is a sum of
//! logistic terms.

use super::derivatives::Derivatives;
use super::elimination::{Collinear, Elimination, dot};
use super::system::System;
use super::{Prior, Ties};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::ranking::laplacian_solver::LaplacianSolver;
use crate::sparse::PcgParams;

/// Fraction of the target to which the last Newton system is solved: its remainder is bounded by a
/// flow along a tree, which is far above the true decrement on well-connected graphs.
const LAST_STEP: f64 = 1e-2;

/// Relative residual of the first solves where they must tell whether a parameter is determined.
const RANK_RTOL: f64 = 1e-8;

/// Fraction of Rao and Kupper's `ln theta` that one step may take away.
const MOST_OF_TIE: f64 = 0.75;

/// The state of a Newton iteration.
pub(super) struct Newton {
    pub solver: LaplacianSolver,
    pub elimination: Elimination,
    /// By node, the ground included.
    gradient: Vec<f64>,
    /// Strengths' part of the direction, by node.
    pub nodes: Vec<f64>,
    /// Shared parameters' part of the direction.
    pub shared: Vec<f64>,
    trial: Vec<f64>,
    is_first: bool,
}

/// A direction that was found.
pub(super) struct Direction {
    /// Newton decrement where it starts.
    pub decrement: f64,
    /// Passes over the data.
    pub n_passes: usize,
}

impl Newton {
    pub(super) fn new(system: &System<'_>) -> Result<Self, Error> {
        let n_nodes = system.pairs.n_nodes();
        Ok(Self {
            solver: LaplacianSolver::adaptive(&system.pairs.graph(), 0.0)?,
            elimination: Elimination::default(),
            gradient: try_vec(n_nodes, 0.0)?,
            nodes: try_vec(n_nodes, 0.0)?,
            shared: vec![0.0; system.n_shared],
            trial: try_vec(system.n_items + system.n_shared, 0.0)?,
            is_first: true,
        })
    }

    /// Find Newton's direction where `derivatives` were evaluated.
    ///
    /// The inner error names a parameter that the data do not determine.
    pub(super) fn direct(
        &mut self,
        system: &System<'_>,
        derivatives: &Derivatives,
        target: f64,
        max_passes: usize,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Result<Direction, Collinear>, Error> {
        for (gradient, row) in self.gradient.iter_mut().zip(&derivatives.rows) {
            *gradient = row.gradient;
        }
        let rtol = self.forcing_term(derivatives, target, team);
        let params = PcgParams { rtol, max_iter: max_passes.max(1) };
        self.solver.invalidate();
        let mut n_passes = 0;
        if system.n_shared > 0 {
            let may_be_dependent = self.is_first && !system.scale.is_empty();
            let rtol = if may_be_dependent { RANK_RTOL } else { rtol.min(1e-3) };
            let params = PcgParams { rtol, ..params };
            let (elimination, passes) =
                Elimination::new(system, derivatives, &mut self.solver, &params, team, control)?;
            n_passes += passes;
            match elimination {
                Ok(elimination) => self.elimination = elimination,
                Err(collinear) => return Ok(Err(collinear)),
            }
        }
        self.is_first = false;
        let laplacian = derivatives.laplacian(system)?;
        let Self { solver, gradient, nodes, .. } = self;
        n_passes += solver.solve(&laplacian, gradient, nodes, &params, team, control)?;
        system.to_frame(nodes);
        self.shared =
            self.elimination.complete(gradient, nodes, &derivatives.shared_gradient, team);
        let decrement = self.slope(derivatives, team).max(0.0).sqrt();
        Ok(Ok(Direction { decrement, n_passes }))
    }

    /// Go along the direction from `x`; both `x` and `derivatives` are updated. Returns the passes
    /// over the data.
    pub(super) fn advance(
        &mut self,
        system: &System<'_>,
        derivatives: &mut Derivatives,
        x: &mut [f64],
        decrement: f64,
        team: &Team,
        control: &dyn Control,
    ) -> Result<usize, Error> {
        // An exact direction has the curvature of its slope.
        let ratio = if self.solver.is_exact() {
            1.0
        } else {
            decrement * decrement / self.curvature(system, derivatives, team)
        };
        let longest = self.longest(system, x);
        let mut n_passes = 1;
        self.evaluate(system, derivatives, x, longest, team);
        if self.slope(derivatives, team) < 0.0 {
            control.check()?;
            let range = self.range(system, x, longest, team);
            let damped = (range * ratio).ln_1p() / range;
            if range > 0.0 && damped < longest && !rises(longest * range, ratio / longest) {
                self.evaluate(system, derivatives, x, damped, team);
                n_passes += 1;
            }
        }
        x.copy_from_slice(&self.trial);
        Ok(n_passes)
    }

    /// Evaluate at `x` and a fraction of the direction.
    fn evaluate(
        &mut self,
        system: &System<'_>,
        derivatives: &mut Derivatives,
        x: &[f64],
        fraction: f64,
        team: &Team,
    ) {
        let direction = self.nodes[..system.n_items].iter().chain(&self.shared);
        for ((trial, x), d) in self.trial.iter_mut().zip(x).zip(direction) {
            *trial = x + fraction * d;
        }
        derivatives.evaluate(system, &self.trial, team);
    }

    /// Derivative along the direction where `derivatives` were evaluated.
    fn slope(&self, derivatives: &Derivatives, team: &Team) -> f64 {
        let (rows, nodes) = (&derivatives.rows, &self.nodes);
        let strengths = team.sum_blocks(nodes.len(), |block| {
            rows[block.clone()].iter().zip(&nodes[block]).map(|(row, d)| row.gradient * d).sum()
        });
        let shared = derivatives.shared_gradient.iter().zip(&self.shared).map(|(g, d)| g * d);
        strengths + shared.sum::<f64>()
    }

    /// `d' H d`.
    pub(super) fn curvature(
        &self,
        system: &System<'_>,
        derivatives: &Derivatives,
        team: &Team,
    ) -> f64 {
        let k = system.n_shared;
        let (pairs, d) = (&system.pairs, &self.nodes);
        let strengths = team.sum_blocks(pairs.n_edges(), |block| {
            block
                .filter(|&e| !pairs.is_bridge(e))
                .map(|e| {
                    let drop = d[pairs.low[e] as usize] - d[pairs.high[e] as usize];
                    derivatives.information(e) * drop * drop
                })
                .sum()
        });
        let mut shared = 0.0;
        for (a, da) in self.shared.iter().enumerate() {
            shared += 2.0 * da * dot(&derivatives.coupling_column(k, a), d, team);
            let row = &derivatives.shared_information[a * k..(a + 1) * k];
            shared += da * row.iter().zip(&self.shared).map(|(b, d)| b * d).sum::<f64>();
        }
        strengths + shared
    }

    /// The longest fraction of the direction, at most 1, that is tried.
    fn longest(&self, system: &System<'_>, x: &[f64]) -> f64 {
        match (system.model.ties, self.shared.first()) {
            (Ties::RaoKupper, Some(&fall)) if fall < 0.0 => {
                (MOST_OF_TIE * x[system.n_items] / -fall).min(1.0)
            }
            _ => 1.0,
        }
    }

    /// Largest change along the direction of a functional of the model, anywhere on the way to the
    /// `longest` fraction of it.
    fn range(&self, system: &System<'_>, x: &[f64], longest: f64, team: &Team) -> f64 {
        let n = system.n_items;
        let direction: Vec<f64> = self.nodes[..n].iter().chain(&self.shared).copied().collect();
        let along = system.point(&direction);
        let worst = system.largest_predictor(&along, team);
        let range = match system.model.ties {
            Ties::Half => worst,
            Ties::Davidson => worst.max(0.5 * worst + along.tie.abs()),
            Ties::RaoKupper => {
                let least = x[n] + longest * along.tie.min(0.0);
                let alone = 2.0 * along.tie.abs() / least.tanh();
                (worst + along.tie.abs()).max(alone)
            }
        };
        if matches!(system.model.prior, Some(Prior::Logistic(_))) {
            along.strength.iter().fold(range, |range, d| range.max(d.abs()))
        } else {
            range
        }
    }

    /// Relative residual to which the Newton system is solved: loose far out, tighter near the end,
    /// and in what should be the last step tight enough for the certificate.
    fn forcing_term(&self, derivatives: &Derivatives, target: f64, team: &Team) -> f64 {
        let norm = dot(&self.gradient, &self.gradient, team).sqrt();
        let decrement = derivatives.diagonal_decrement(team);
        let loose = (0.1 * (norm / (1.0 + norm)).sqrt()).clamp(1e-3, 0.1);
        if decrement * decrement > target {
            loose
        } else {
            loose.min(LAST_STEP * target / decrement).max(1e-12)
        }
    }
}

/// Whether the model's bound proves that the likelihood rises along a step over which functionals
/// change by `range` and the slope is at first `ratio` times the curvature.
fn rises(range: f64, ratio: f64) -> bool {
    let loss =
        if range < 1e-3 { 0.5 + range / 6.0 } else { (range.exp_m1() - range) / range.powi(2) };
    loss <= ratio
}
