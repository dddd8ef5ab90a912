//! Transport of weights to themselves, for the Sinkhorn divergence: one potential.

use super::certificate::{Certificate, certify};
use super::log_pass::{LogPass, RowRule};
use super::problem::{Marginals, Problem};
use super::run::{Run, Stage};
use crate::control::{Control, Status};
use crate::error::{Error, require_finite, try_vec};
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
pub struct SymmetricParams<'a> {
    /// Marginal error, relative to the mass, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the cost.
    pub max_iter: usize,
    /// Potential to start from.
    pub init: Option<&'a [f64]>,
}

impl SymmetricParams<'_> {
    fn validate(&self, problem: &Problem<'_>) -> Result<(), Error> {
        let value = |argument, rule, value: String| {
            Err(Error::Value { argument, rule, value, index: None })
        };
        // Written so that NaN is refused.
        if !(self.tol > 0.0 && self.tol.is_finite()) {
            return value("tol", "positive and finite", self.tol.to_string());
        }
        if self.max_iter == 0 {
            return value("max_iter", "at least 1", "0".into());
        }
        let Marginals { rows, columns } = problem.marginals;
        if rows != columns {
            return value(
                "reg_marginals",
                "the same on both sides",
                format!("({rows}, {columns})"),
            );
        }
        let n = problem.a.len();
        let lengths = [("b", problem.b.len()), ("init", self.init.map_or(n, <[f64]>::len))];
        if let Some((argument, found)) = lengths.into_iter().find(|(_, found)| *found != n) {
            let expected = format!("{n} entries");
            return Err(Error::Shape { argument, expected, found: found.to_string() });
        }
        require_finite("init", self.init.unwrap_or_default())
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
    params: &SymmetricParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<SymmetricSolution, Error> {
    problem.validate(true)?;
    params.validate(problem)?;
    let Problem { a, reg, marginals, .. } = *problem;
    let mut run = Run::new(control, params.max_iter, false);
    let damping = if marginals.are_fixed() { 1.0 } else { marginals.rows / (marginals.rows + reg) };
    let log_a: Vec<f64> = a.iter().map(|a| a.ln()).collect();
    let mass: f64 = a.iter().sum();
    let mut alpha = match params.init {
        Some(f) => f.iter().map(|f| f / reg).collect(),
        None => try_vec(a.len(), 0.0)?,
    };
    let mut pass = LogPass::<E>::new(working, a)?;
    let (mut psi, mut sums) = (try_vec(a.len(), 0.0)?, try_vec(a.len(), 0.0)?);
    let mut next = alpha.clone();
    let (mut best, mut idle) = (f64::INFINITY, 0);
    let mut goes_on = true;
    let mut loop_tol = params.tol;
    loop {
        let mut is_stuck = false;
        let mut error = f64::INFINITY;
        while goes_on && !is_stuck {
            for (psi, (alpha, log_a)) in psi.iter_mut().zip(alpha.iter().zip(&log_a)) {
                *psi = alpha + log_a;
            }
            let rule = RowRule { omega: 1.0, damping };
            pass.run(team, &|| run.check(), reg, &psi, rule, &mut next, &mut sums)?;
            // Row sums of the plan of (f, f) against what they should be, both marginals alike.
            error = 2.0
                * a.iter()
                    .zip(alpha.iter().zip(&pass.row_log_sums))
                    .map(|(a, (alpha, log_sum))| {
                        let target = if marginals.are_fixed() {
                            1.0
                        } else {
                            (-alpha * reg / marginals.rows).exp()
                        };
                        a * ((alpha + log_sum).exp() - target).abs()
                    })
                    .sum::<f64>()
                / mass;
            let f = || alpha.iter().map(|alpha| reg * alpha).collect();
            goes_on = run.pass(Stage::Log, reg, error, f64::NAN, &f)?;
            if error <= loop_tol {
                break;
            }
            if error < 0.99 * best {
                (best, idle) = (error, 0);
            } else {
                idle += 1;
            }
            is_stuck = idle >= PATIENCE;
            for (alpha, next) in alpha.iter_mut().zip(&next) {
                *alpha = 0.5 * (*alpha + next);
            }
        }
        let f: Vec<f64> = alpha.iter().map(|alpha| reg * alpha).collect();
        let certificate = certify(problem, &f, &f, team, &|| run.check())?;
        let status = if certificate.marginal_error <= params.tol * mass {
            Status::Converged
        } else if run.stopped {
            Status::Stopped
        } else if !goes_on {
            Status::MaxIter
        } else if is_stuck || error <= 0.01 * params.tol {
            Status::Stalled
        } else {
            // The loop was optimistic: its arithmetic is coarser than that of the certificate.
            loop_tol *= 0.25;
            continue;
        };
        return Ok(SymmetricSolution { f, certificate, status, n_iter: run.n_iter });
    }
}
