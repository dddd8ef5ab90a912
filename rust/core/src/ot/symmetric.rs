//! Transport of weights to themselves, for the Sinkhorn divergence: one potential.

use super::certificate::{Certificate, certify};
use super::log_pass::{LogPass, RowRule};
use super::params::require_limits;
use super::problem::{Marginals, Problem};
use super::run::{Run, Stage};
use crate::control::{Control, Status};
use crate::error::{Error, try_vec};
use crate::pairs::PairValues;
use crate::parallel::Team;
use crate::simd::Elementary;

/// The potential of a symmetric problem and what is proved of it.
#[derive(Debug, Clone)]
pub struct SymmetricSolution {
    /// The potential of both sides (n,).
    pub f: Vec<f64>,
    /// How far the pair `(f, f)` is from the optimum.
    pub certificate: Certificate,
    /// How the solve ended.
    pub status: Status,
    /// Passes over the cost.
    pub n_iter: usize,
}

/// Parameters of [`symmetric`].
#[derive(Debug, Clone, Copy)]
pub struct SymmetricParams {
    /// Marginal error, relative to the mass, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the cost.
    pub max_iter: usize,
}

impl SymmetricParams {
    fn validate(&self, problem: &Problem<'_>) -> Result<(), Error> {
        let value = |argument, rule, value: String| {
            Err(Error::Value { argument, rule, value, index: None })
        };
        require_limits(self.tol, self.max_iter)?;
        let Marginals { rows, columns } = problem.marginals;
        if rows != columns {
            return value(
                "reg_marginals",
                "the same on both sides",
                format!("({rows}, {columns})"),
            );
        }
        if problem.a.len() != problem.b.len() {
            return Err(Error::Shape {
                argument: "b",
                expected: format!("{} entries", problem.a.len()),
                found: problem.b.len().to_string(),
            });
        }
        Ok(())
    }
}

/// Passes without a smaller error after which rounding is taken to be the limit.
const PATIENCE: usize = 100;

/// Solve a problem whose cost is symmetric and whose weights are the same on both sides.
///
/// `f := (f + T f) / 2` with the row update `T` (Feydy, Séjourné, Vialard, Amari, Trouvé, Peyré,
/// "Interpolating between optimal transport and MMD using Sinkhorn divergences", 2019): a few
/// passes. Terms are of type `E`, the certificate in double precision.
///
/// # Errors
/// As [`Problem::validate`] for positive weights, [`Error::TooLarge`], [`Error::Interrupted`].
pub fn symmetric<E: Elementary>(
    problem: &Problem<'_>,
    working: &dyn PairValues,
    params: &SymmetricParams,
    team: &Team,
    control: &mut dyn Control,
) -> Result<SymmetricSolution, Error> {
    problem.validate(true)?;
    params.validate(problem)?;
    let Problem { a, reg, marginals, .. } = *problem;
    let mut run = Run::new(control, params.max_iter, false);
    let mut averaging = Averaging {
        problem,
        team,
        damping: if marginals.are_fixed() { 1.0 } else { marginals.rows / (marginals.rows + reg) },
        log_a: a.iter().map(|a| a.ln()).collect(),
        mass: a.iter().sum(),
        alpha: try_vec(a.len(), 0.0)?,
    };
    let mut end = averaging.run::<E>(working, params.tol, &mut run)?;
    let (mut tol, mut is_exact) = (params.tol, false);
    loop {
        let f = averaging.potential();
        let certificate = certify(problem, &f, &f, team, &|| run.check())?;
        let status = if certificate.marginal_error <= params.tol * averaging.mass {
            Status::Converged
        } else if run.stopped {
            Status::Stopped
        } else if run.is_over() {
            Status::MaxIter
        } else if is_exact && (end == End::Stuck || tol < 0.01 * params.tol) {
            Status::Stalled
        } else {
            // What coarser arithmetic than that of the certificate took for the answer goes on.
            is_exact = true;
            tol *= 0.25;
            end = averaging.run::<f64>(problem.values, tol, &mut run)?;
            continue;
        };
        return Ok(SymmetricSolution { f, certificate, status, n_iter: run.n_iter });
    }
}

/// Why a run of averaged updates ended.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Reached,
    Over,
    Stuck,
}

/// The potential, in log units, and what its updates need.
struct Averaging<'p, 'a> {
    problem: &'p Problem<'a>,
    team: &'p Team,
    damping: f64,
    log_a: Vec<f64>,
    mass: f64,
    alpha: Vec<f64>,
}

impl Averaging<'_, '_> {
    /// Update until the relative marginal error is at most `tol`.
    fn run<E: Elementary>(
        &mut self,
        costs: &dyn PairValues,
        tol: f64,
        run: &mut Run<'_>,
    ) -> Result<End, Error> {
        let Problem { a, reg, .. } = *self.problem;
        let mut pass = LogPass::<E>::new(costs, a)?;
        let (mut psi, mut sums) = (try_vec(a.len(), 0.0)?, try_vec(a.len(), 0.0)?);
        let mut next = self.alpha.clone();
        let (mut best, mut idle) = (f64::INFINITY, 0);
        loop {
            for (psi, (alpha, log_a)) in psi.iter_mut().zip(self.alpha.iter().zip(&self.log_a)) {
                *psi = alpha + log_a;
            }
            let rule = RowRule { omega: 1.0, damping: self.damping };
            pass.run(self.team, &|| run.check(), reg, &psi, rule, &mut next, &mut sums)?;
            let error = self.error(&pass.row_log_sums);
            let goes_on = run.pass(Stage::Log, reg, error, f64::NAN, &|| self.potential())?;
            if error <= tol {
                return Ok(End::Reached);
            }
            if !goes_on {
                return Ok(End::Over);
            }
            if error < 0.99 * best {
                (best, idle) = (error, 0);
            } else {
                idle += 1;
            }
            for (alpha, next) in self.alpha.iter_mut().zip(&next) {
                *alpha = 0.5 * (*alpha + next);
            }
            if idle >= PATIENCE {
                return Ok(End::Stuck);
            }
        }
    }

    /// Relative distance of both marginals of the plan of `(f, f)` from what they should be.
    fn error(&self, row_log_sums: &[f64]) -> f64 {
        let Problem { a, reg, marginals, .. } = *self.problem;
        let rows = a.iter().zip(self.alpha.iter().zip(row_log_sums));
        let distances = rows.map(|(a, (alpha, log_sum))| {
            let target =
                if marginals.are_fixed() { 1.0 } else { (-alpha * reg / marginals.rows).exp() };
            a * ((alpha + log_sum).exp() - target).abs()
        });
        2.0 * distances.sum::<f64>() / self.mass
    }

    /// The potential in the units of the cost.
    fn potential(&self) -> Vec<f64> {
        self.alpha.iter().map(|alpha| self.problem.reg * alpha).collect()
    }
}
