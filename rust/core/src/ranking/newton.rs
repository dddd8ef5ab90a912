//! Damped Newton steps with the graph Laplacian.
//!
//! The full step is tried first and kept if the gradient at its end still points along it: by
//! concavity the log-likelihood is then at least as high as at any shorter step. Otherwise the step
//! is damped by generalised self-concordance (Bach 2010; Sun and Tran-Dinh 2019, "Generalized
//! self-concordant functions", Mathematical Programming 178), which needs no line search.

use super::laplacian_solver::LaplacianSolver;
use super::likelihood::Derivatives;
use super::table::PairTable;
use crate::control::Control;
use crate::error::Error;
use crate::float::Float;
use crate::parallel::Team;
use crate::sparse::{Laplacian, PcgParams};

/// Fraction of the target to which the last Newton system is solved: its remainder is bounded by a
/// flow along a tree, which is far above the true decrement on well-connected graphs.
const LAST_STEP: f64 = 1e-2;

/// The state of a Newton iteration on one connected table.
pub(super) struct Newton {
    linear: LaplacianSolver,
    direction: Vec<f64>,
    trial: Vec<f64>,
    gradient: Vec<f64>,
    last_solved: Vec<f64>,
}

/// What one Newton step did.
pub(super) struct Step {
    /// Newton decrement at the start of the step.
    pub decrement: f64,
    /// Passes over the data.
    pub n_passes: usize,
}

impl Newton {
    /// Prepare for `n` items, expecting about `expected_solve` conjugate-gradient steps a solve.
    pub(super) fn new<T: Float>(
        table: &PairTable<'_, T>,
        expected_solve: f64,
    ) -> Result<Self, Error> {
        let n = table.graph.n_nodes();
        Ok(Self {
            linear: LaplacianSolver::adaptive(&table.graph, expected_solve)?,
            direction: vec![0.0; n],
            trial: vec![0.0; n],
            gradient: vec![0.0; n],
            last_solved: vec![0.0; n],
        })
    }

    /// Name of the linear solver in use.
    pub(super) fn linear_solver(&self) -> &'static str {
        self.linear.name()
    }

    /// Log-strengths from which the last step was taken: there the system could be solved.
    pub(super) fn last_solved(&self) -> &[f64] {
        &self.last_solved
    }

    /// Take one step from `s`, where `derivatives` are current; both are updated.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn step<T: Float>(
        &mut self,
        table: &PairTable<'_, T>,
        derivatives: &mut Derivatives,
        s: &mut [f64],
        target: f64,
        max_passes: usize,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Step, Error> {
        for (gradient, row) in self.gradient.iter_mut().zip(&derivatives.rows) {
            *gradient = row.gradient;
        }
        let rtol = forcing_term(&self.gradient, derivatives.diagonal_decrement(team), target);
        let params = PcgParams { rtol, max_iter: max_passes.max(1) };
        let mut n_passes = self.solve(table, derivatives, &params, team, control)?;
        self.last_solved.copy_from_slice(s);
        let slope = derivatives.slope(&self.direction, team);
        let decrement = slope.max(0.0).sqrt();
        self.advance(s, 1.0);
        derivatives.evaluate(table, &self.trial, team);
        n_passes += 1;
        if derivatives.slope(&self.direction, team) < 0.0 {
            let range = direction_range(table, &self.direction, team);
            let fraction = range.ln_1p() / range;
            if range > 0.0 && fraction < 1.0 - 1e-8 {
                self.advance(s, fraction);
                derivatives.evaluate(table, &self.trial, team);
                n_passes += 1;
            }
        }
        if let Some(row) = self.trial.iter().position(|s| !s.is_finite()) {
            return Err(Error::Singular { argument: "conductance", row });
        }
        s.copy_from_slice(&self.trial);
        Ok(Step { decrement, n_passes })
    }

    fn advance(&mut self, s: &[f64], fraction: f64) {
        for ((trial, s), d) in self.trial.iter_mut().zip(s).zip(&self.direction) {
            *trial = s + fraction * d;
        }
    }

    /// Solve `L d = g` into `direction`; return the passes over the data.
    fn solve<T: Float>(
        &mut self,
        table: &PairTable<'_, T>,
        derivatives: &Derivatives,
        params: &PcgParams,
        team: &Team,
        control: &dyn Control,
    ) -> Result<usize, Error> {
        let diagonal: Vec<f64> = derivatives.rows.iter().map(|row| row.diagonal).collect();
        let laplacian = Laplacian::new(table.graph, &derivatives.conductance, &diagonal)?;
        let Self { linear, gradient, direction, .. } = self;
        linear.invalidate();
        linear.solve(&laplacian, gradient, direction, params, team, control)
    }
}

/// Relative residual to which the Newton system is solved: loose far out, tighter near the end, and
/// in what should be the last step tight enough for the certificate.
pub(super) fn forcing_term(gradient: &[f64], decrement: f64, target: f64) -> f64 {
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let loose = (0.1 / (1.0 + norm.recip()).sqrt()).clamp(1e-3, 0.1);
    if decrement * decrement > target {
        loose
    } else {
        loose.min(LAST_STEP * target / decrement).max(1e-12)
    }
}

/// `max |d_i - d_j|` over pairs that met.
fn direction_range<T: Float>(table: &PairTable<'_, T>, d: &[f64], team: &Team) -> f64 {
    let worst = team.map_blocks(d.len(), super::likelihood::rows_per_block(table), |block| {
        block.fold(0.0_f64, |worst, i| {
            let neighbours = table.graph.neighbours(i);
            neighbours.iter().fold(worst, |worst, &j| worst.max((d[i] - d[j as usize]).abs()))
        })
    });
    worst.into_iter().fold(0.0, f64::max)
}
