//! One connected table, solved by sweeps, by Newton steps, or by the one after the other.

use super::bradley_terry::Method;
use super::likelihood::Derivatives;
use super::newman::{Sweeper, Update};
use super::newton::Newton;
use super::table::PairTable;
use crate::control::{Control, Flow, Info};
use crate::error::Error;
use crate::float::Float;
use crate::parallel::Team;

/// Sweeps before Newton steps are considered: enough to bring a start into Newton's basin.
const STARTER_SWEEPS: usize = 4;

/// Newton steps that a solve from the starter's end is expected to take.
const EXPECTED_STEPS: f64 = 3.0;

/// Newton steps without progress after which rounding is taken to be the limit.
const MAX_IDLE_STEPS: usize = 3;

/// Most Newton steps of one solve.
const MAX_STEPS: usize = 500;

/// Why a run of iterations ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The estimated certificate is at most the target.
    Target,
    /// The iteration limit is reached.
    Limit,
    /// The caller asked to stop.
    Stopped,
    /// Rounding errors hide any further progress.
    Stalled,
}

enum Phase {
    Sweeps(Sweeper),
    Newton(Box<Newton>),
}

/// An iteration that can be resumed with a smaller target.
pub(super) struct Solver<'a, T> {
    table: PairTable<'a, T>,
    method: Method,
    max_iter: usize,
    phase: Phase,
    strength: Vec<f64>,
    /// Present from the first Newton step on.
    derivatives: Option<Derivatives>,
    /// Estimated decrement after each sweep.
    decrements: Vec<f64>,
    n_steps: usize,
    n_idle: usize,
    least_decrement: f64,
    /// Passes over the data so far.
    pub n_iter: usize,
}

impl<'a, T: Float> Solver<'a, T> {
    /// Start from log-strengths `init`.
    pub(super) fn new(
        table: PairTable<'a, T>,
        method: Method,
        max_iter: usize,
        init: Vec<f64>,
    ) -> Self {
        let update = if method == Method::Zermelo { Update::Zermelo } else { Update::Newman };
        Self {
            table,
            method,
            max_iter,
            phase: Phase::Sweeps(Sweeper::new(update, &init)),
            strength: init,
            derivatives: None,
            decrements: Vec::new(),
            n_steps: 0,
            n_idle: 0,
            least_decrement: f64::INFINITY,
            n_iter: 0,
        }
    }

    /// The current log-strengths.
    pub(super) fn strength(&self) -> &[f64] {
        &self.strength
    }

    /// Memory for derivatives that a caller may use between runs.
    pub(super) fn take_derivatives(&mut self) -> Option<Derivatives> {
        self.derivatives.take()
    }

    /// Give back what [`Self::take_derivatives`] took.
    pub(super) fn put_derivatives(&mut self, derivatives: Derivatives) {
        self.derivatives = Some(derivatives);
    }

    /// The iteration in use, or the one that finished.
    pub(super) fn method(&self) -> &'static str {
        match (&self.phase, self.method) {
            (Phase::Newton(_), _) if self.n_steps > 0 => "newton",
            (_, Method::Zermelo) => "zermelo",
            _ => "newman",
        }
    }

    /// What was used, for the result's message.
    pub(super) fn describe(&self) -> String {
        let sweeps = self.decrements.len();
        match &self.phase {
            Phase::Newton(newton) if self.n_steps > 0 => format!(
                "{sweeps} sweeps and {} Newton steps ({})",
                self.n_steps,
                newton.linear_solver()
            ),
            _ => format!("{sweeps} sweeps"),
        }
    }

    /// Iterate until the estimated decrement is at most `target`.
    ///
    /// `report` turns this table's log-strengths into the caller's iterate.
    pub(super) fn run(
        &mut self,
        target: f64,
        report: &dyn Fn(&[f64]) -> Vec<f64>,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<Ended, Error> {
        if let Phase::Sweeps(_) = self.phase
            && let Some(ended) = self.sweep(target, report, control)?
        {
            return Ok(ended);
        }
        self.newton(target, report, team, control)
    }

    fn sweep(
        &mut self,
        target: f64,
        report: &dyn Fn(&[f64]) -> Vec<f64>,
        control: &mut dyn Control,
    ) -> Result<Option<Ended>, Error> {
        let Phase::Sweeps(sweeper) = &mut self.phase else {
            return Ok(None);
        };
        let sweeps_only = matches!(self.method, Method::Newman | Method::Zermelo);
        loop {
            let decrement = sweeper.sweep(&self.table, control)?;
            self.n_iter += 1;
            self.decrements.push(decrement);
            let iterate = || report(&sweeper.log_strength());
            let info = Info { n_iter: self.n_iter, error: decrement, iterate: &iterate };
            let stop = control.step(&info)? == Flow::Stop;
            let ended = if stop {
                Some(Ended::Stopped)
            } else if decrement <= target {
                Some(Ended::Target)
            } else if self.n_iter >= self.max_iter {
                Some(Ended::Limit)
            } else if sweeps_only && stalled(&self.decrements) {
                Some(Ended::Stalled)
            } else {
                None
            };
            let to_newton = !sweeps_only
                && (ended == Some(Ended::Target)
                    || newton_pays(self.method, &self.decrements, target));
            if ended.is_some() || to_newton {
                self.strength = sweeper.log_strength();
                if to_newton && ended != Some(Ended::Limit) && ended != Some(Ended::Stopped) {
                    let solve = expected_solve(contraction(&self.decrements));
                    self.phase = Phase::Newton(Box::new(Newton::new(&self.table, solve)?));
                }
                return Ok(ended);
            }
        }
    }

    fn newton(
        &mut self,
        target: f64,
        report: &dyn Fn(&[f64]) -> Vec<f64>,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<Ended, Error> {
        let Phase::Newton(newton) = &mut self.phase else {
            return Ok(Ended::Target);
        };
        let mut derivatives = match self.derivatives.take() {
            Some(derivatives) => derivatives,
            None => Derivatives::new(&self.table)?,
        };
        derivatives.evaluate(&self.table, &self.strength, team);
        self.n_iter += 1;
        let ended = loop {
            if self.n_iter >= self.max_iter || self.n_steps >= MAX_STEPS {
                break Ended::Limit;
            }
            let taken = newton.step(
                &self.table,
                &mut derivatives,
                &mut self.strength,
                target,
                self.max_iter - self.n_iter,
                team,
                control,
            );
            let step = match taken {
                // Rounding sent a step to where the conductances of an item underflow.
                Err(Error::NotPositiveDefinite { .. } | Error::Singular { .. }) => {
                    if self.n_steps > 0 {
                        self.strength.copy_from_slice(newton.last_solved());
                    }
                    break Ended::Stalled;
                }
                taken => taken?,
            };
            self.n_steps += 1;
            self.n_iter += step.n_passes;
            let strength = &self.strength;
            let iterate = || report(strength);
            let info = Info { n_iter: self.n_iter, error: step.decrement, iterate: &iterate };
            if control.step(&info)? == Flow::Stop {
                break Ended::Stopped;
            }
            self.n_idle =
                if step.decrement < 0.9 * self.least_decrement { 0 } else { self.n_idle + 1 };
            self.least_decrement = self.least_decrement.min(step.decrement);
            if self.n_idle >= MAX_IDLE_STEPS && step.decrement < 1e-3 {
                break Ended::Stalled;
            }
            // The step was taken from a point with this decrement, so its end is closer by far.
            if step.decrement <= target.sqrt().max(target)
                && derivatives.diagonal_decrement(team) <= target
            {
                break Ended::Target;
            }
        };
        self.derivatives = Some(derivatives);
        Ok(ended)
    }
}

/// Are Newton steps expected to need less work than the sweeps that remain?
fn newton_pays(method: Method, decrements: &[f64], target: f64) -> bool {
    let n = decrements.len();
    if n < STARTER_SWEEPS {
        return false;
    }
    if method == Method::Newton {
        return true;
    }
    let rho = contraction(decrements);
    let sweeps = (decrements[n - 1] / target).ln() / -rho.ln();
    sweeps > EXPECTED_STEPS * (2.5 + 0.5 * expected_solve(rho))
}

/// Factor by which the last two sweeps together reduced the decrement, per sweep.
fn contraction(decrements: &[f64]) -> f64 {
    let n = decrements.len();
    if n < 3 {
        return 0.5;
    }
    (decrements[n - 1] / decrements[n - 3]).sqrt().clamp(1e-3, 1.0 - 1e-9)
}

/// Conjugate-gradient steps per Newton step that a contraction of the sweeps foretells.
fn expected_solve(contraction: f64) -> f64 {
    2.0 / (1.0 - contraction).sqrt()
}

/// Has the decrement stopped falling at the level of rounding?
fn stalled(decrements: &[f64]) -> bool {
    const WINDOW: usize = 64;
    let n = decrements.len();
    n > 2 * WINDOW && decrements[n - 1] < 1e-6 && {
        let least = |range: &[f64]| range.iter().copied().fold(f64::INFINITY, f64::min);
        least(&decrements[n - WINDOW..]) >= least(&decrements[..n - WINDOW])
    }
}
