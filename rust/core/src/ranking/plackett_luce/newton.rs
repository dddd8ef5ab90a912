//! Damped Newton steps, by conjugate gradients with the rankings or by a factor of the pairs.
//!
//! The full step is tried first and kept if the gradient at its end still points along it; otherwise
//! the step is damped by generalised self-concordance: along `d` the third derivative is at most
//! `r` times the second, with `r` the largest difference of `d` within a set.

use super::frame::Frame;
use super::hessian::Hessian;
use super::layout::Layout;
use super::likelihood::Derivatives;
use super::pairs::Pairs;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::ranking::laplacian_solver::LaplacianSolver;
use crate::ranking::newton::forcing_term;
use crate::ranking::paired::Prior;
use crate::sparse::{Laplacian, PcgParams, PcgWorkspace, pcg};

/// Conjugate-gradient steps in one solve above which a factor is considered.
const SLOW_SOLVE: usize = 60;

/// Up to this many items a factor costs less than anything else.
const SMALL: usize = 128;

enum Linear {
    Iterative(PcgWorkspace),
    Factor(LaplacianSolver),
}

/// The state of a Newton iteration.
pub(super) struct Newton {
    linear: Linear,
    considered_factor: bool,
    /// One number a node: the items and, with a prior, the ground.
    direction: Vec<f64>,
    gradient: Vec<f64>,
    trial: Vec<f64>,
}

/// What one Newton step did.
pub(super) struct Step {
    /// Newton decrement at the start of the step.
    pub decrement: f64,
    /// Passes over the data.
    pub n_passes: usize,
}

/// What the steps are taken on.
#[derive(Clone, Copy)]
pub(super) struct Objective<'a> {
    pub layout: &'a Layout<'a>,
    pub prior: Option<Prior>,
    pub frame: &'a Frame<'a>,
}

impl Newton {
    /// Memory for the steps.
    pub(super) fn new(objective: &Objective<'_>) -> Result<Self, Error> {
        let n = objective.layout.n_items();
        let n_nodes = n + usize::from(objective.prior.is_some());
        Ok(Self {
            linear: Linear::Iterative(PcgWorkspace::new(n_nodes)?),
            considered_factor: false,
            direction: vec![0.0; n_nodes],
            gradient: vec![0.0; n_nodes],
            trial: vec![0.0; n],
        })
    }

    /// Name of the linear solver in use.
    pub(super) fn linear_solver(&self) -> &'static str {
        match &self.linear {
            Linear::Iterative(_) => "conjugate gradients",
            Linear::Factor(solver) => solver.name(),
        }
    }

    /// Take one step from `s`, where `derivatives` are current; both are updated.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn step(
        &mut self,
        objective: &Objective<'_>,
        derivatives: &mut Derivatives,
        s: &mut [f64],
        target: f64,
        max_passes: usize,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Step, Error> {
        let Objective { layout, prior, frame } = *objective;
        let n = layout.n_items();
        gradient_at_nodes(derivatives, &mut self.gradient);
        let rtol = forcing_term(&self.gradient[..n], derivatives.diagonal_decrement(team), target);
        let params = PcgParams { rtol, max_iter: max_passes.max(1) };
        let mut n_passes = self.solve(objective, derivatives, &params, team, control)?;
        let direction = &self.direction[..n];
        let decrement = derivatives.slope(direction, team).max(0.0).sqrt();
        advance(&mut self.trial, s, direction, 1.0, frame);
        derivatives.evaluate(layout, prior, &self.trial, team);
        n_passes += 1;
        if derivatives.slope(direction, team) < 0.0 {
            let range = direction_range(objective, direction, team);
            let fraction = range.ln_1p() / range;
            if range > 0.0 && fraction < 1.0 - 1e-8 {
                advance(&mut self.trial, s, direction, fraction, frame);
                derivatives.evaluate(layout, prior, &self.trial, team);
                n_passes += 1;
            }
        }
        s.copy_from_slice(&self.trial);
        Ok(Step { decrement, n_passes })
    }

    /// Solve `H d = g` into `direction`, with the ground at 0; return the passes over the data.
    fn solve(
        &mut self,
        objective: &Objective<'_>,
        derivatives: &Derivatives,
        params: &PcgParams,
        team: &Team,
        control: &dyn Control,
    ) -> Result<usize, Error> {
        if objective.layout.n_items() <= SMALL {
            self.consider_factor(objective, derivatives, team, control)?;
        }
        let mut n_passes = 0;
        if let Linear::Factor(solver) = &mut self.linear {
            match solve_pairs(
                solver,
                objective,
                derivatives,
                &self.gradient,
                &mut self.direction,
                team,
                control,
            ) {
                // Conductances that underflow leave a factor without a pivot, not the operator.
                Err(Error::NotPositiveDefinite { .. }) => {
                    self.linear = Linear::Iterative(PcgWorkspace::new(self.direction.len())?);
                }
                other => n_passes += other?,
            }
        }
        if let Linear::Iterative(workspace) = &mut self.linear {
            let hessian = Hessian::new(objective.layout, derivatives)?;
            let (gradient, direction) = (&self.gradient, &mut self.direction);
            let info = pcg(&hessian, gradient, direction, params, workspace, team, control)?;
            n_passes += info.n_iter;
            if info.n_iter > SLOW_SOLVE {
                self.consider_factor(objective, derivatives, team, control)?;
            }
        }
        if objective.prior.is_some() {
            let ground = self.direction[objective.layout.n_items()];
            for d in &mut self.direction {
                *d -= ground;
            }
        }
        Ok(n_passes)
    }

    /// Switch to a factor where the pairs are few enough and the fill is moderate.
    fn consider_factor(
        &mut self,
        objective: &Objective<'_>,
        derivatives: &Derivatives,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        if self.considered_factor {
            return Ok(());
        }
        self.considered_factor = true;
        let Objective { layout, frame, .. } = *objective;
        if let Some(pairs) = Pairs::all(layout, derivatives, frame.bridges(), team, control)? {
            let solver = LaplacianSolver::adaptive(&pairs.graph(), f64::INFINITY)?;
            if solver.is_exact() {
                self.linear = Linear::Factor(solver);
            }
        }
        Ok(())
    }
}

/// Factorise the graph of pairs and solve.
fn solve_pairs(
    solver: &mut LaplacianSolver,
    objective: &Objective<'_>,
    derivatives: &Derivatives,
    gradient: &[f64],
    direction: &mut [f64],
    team: &Team,
    control: &dyn Control,
) -> Result<usize, Error> {
    let Objective { layout, frame, .. } = *objective;
    let Some(pairs) = Pairs::all(layout, derivatives, frame.bridges(), team, control)? else {
        return Ok(0);
    };
    let diagonal = pairs.diagonal();
    let laplacian = Laplacian::new(pairs.graph(), &pairs.conductance, &diagonal)?;
    solver.invalidate();
    let params = PcgParams::default();
    Ok(1 + solver.solve(&laplacian, gradient, direction, &params, team, control)?)
}

/// The gradient by item and, where there is a ground, what balances it there.
pub(super) fn gradient_at_nodes(derivatives: &Derivatives, gradient: &mut [f64]) {
    for (gradient, row) in gradient.iter_mut().zip(&derivatives.rows) {
        *gradient = row.gradient();
    }
    if let Some((ground, items)) = gradient.split_last_mut()
        && items.len() == derivatives.rows.len()
    {
        *ground = -items.iter().sum::<f64>();
    }
}

fn advance(trial: &mut [f64], s: &[f64], direction: &[f64], fraction: f64, frame: &Frame<'_>) {
    for ((trial, s), d) in trial.iter_mut().zip(s).zip(direction) {
        *trial = s + fraction * d;
    }
    frame.centre(trial);
}

/// Largest difference of `d` within a set; with a logistic prior also to the ground.
fn direction_range(objective: &Objective<'_>, d: &[f64], team: &Team) -> f64 {
    let rankings = objective.layout.rankings;
    let worst = objective.layout.map_blocks(team, |block| {
        block.fold(0.0_f64, |worst, r| {
            let values = rankings.set(r).iter().map(|&item| d[item as usize]);
            let ends = (f64::INFINITY, f64::NEG_INFINITY);
            let (low, high) = values.fold(ends, |(low, high), x| (x.min(low), x.max(high)));
            worst.max(high - low)
        })
    });
    let within = worst.into_iter().fold(0.0, f64::max);
    match objective.prior {
        Some(Prior::Logistic(_)) => d.iter().fold(within, |worst, d| worst.max(d.abs())),
        _ => within,
    }
}
