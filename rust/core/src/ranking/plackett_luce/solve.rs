//! The estimate of Plackett-Luce strengths, from existence to certificate.

use super::certificate::certify;
use super::existence::{comparable_in_rankings, require_estimate};
use super::frame::{Frame, check_groups};
use super::hessian::Hessian;
use super::layout::{Index, Layout};
use super::likelihood::{Derivatives, log_likelihood};
use super::newton::{Newton, Objective, gradient_at_nodes};
use super::rankings::Rankings;
use super::sweeps::{Sweeper, Update};
use crate::control::{Control, Flow, Info, Record, Status};
use crate::error::Error;
use crate::parallel::Team;
use crate::ranking::bradley_terry::{BradleyTerryParams, Method, Tracing};
use crate::ranking::certificate::Certificate;
use crate::ranking::paired::{Model, Prior};
use crate::sparse::{PcgParams, PcgWorkspace, pcg};

/// Passes over the data after which a solve gives up, unless the caller says otherwise.
const DEFAULT_MAX_ITER: usize = 10_000;

/// Most Newton steps of one solve.
const MAX_STEPS: usize = 500;

/// Newton steps without progress after which rounding is taken to be the limit.
const MAX_IDLE_STEPS: usize = 3;

/// Times that the target is lowered because the certificate came out above the tolerance.
const MAX_ROUNDS: usize = 12;

/// Conjugate-gradient steps spent on sharpening the certificate of an unfinished solve.
const SHARPENING_STEPS: usize = 200;

/// Parameters of [`plackett_luce`].
#[derive(Debug, Clone, Copy)]
pub struct PlackettLuceParams<'a> {
    /// The iteration.
    pub method: Method,
    /// Prior of the strengths; `None`: maximum likelihood.
    pub prior: Option<Prior>,
    /// Groups of items to be fitted each alone, by item; empty for one group.
    pub groups: &'a [u32],
    /// Certificate, in standard errors, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the data; `None`: 10,000.
    pub max_iter: Option<usize>,
    /// Log-strengths to start from; `None`: all equal.
    pub init: Option<&'a [f64]>,
    /// Keep a history of the iteration.
    pub trace: bool,
}

impl Default for PlackettLuceParams<'_> {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            prior: None,
            groups: &[],
            tol: 1e-6,
            max_iter: None,
            init: None,
            trace: false,
        }
    }
}

impl PlackettLuceParams<'_> {
    /// Check every parameter against its rule.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Shape`] or [`Error::NotFinite`] naming the parameter.
    pub fn validate(&self, rankings: &Rankings<'_>) -> Result<(), Error> {
        let Self { tol, max_iter, init, .. } = *self;
        BradleyTerryParams { tol, max_iter, init, ..Default::default() }
            .validate(rankings.n_items())?;
        Model { prior: self.prior, ..Model::default() }.validate()?;
        let sweeps = matches!(self.method, Method::Newman | Method::Zermelo);
        if sweeps && matches!(self.prior, Some(Prior::Gaussian(_))) {
            return Err(Error::Value {
                argument: "method",
                rule: "'auto' or 'newton' with a Gaussian prior",
                value: if self.method == Method::Newman { "'newman'" } else { "'zermelo'" }.into(),
                index: None,
            });
        }
        check_groups(rankings, self.groups, self.prior)
    }
}

/// The estimate and what is proved of it.
#[derive(Debug, Clone)]
pub struct PlackettLuceSolution {
    /// Log-strengths by item, with mean zero in each group unless a prior fixes the origin.
    pub strength: Vec<f64>,
    /// Log-likelihood at `strength`, without the prior.
    pub log_likelihood: f64,
    /// How far the estimate can be from the exact one.
    pub certificate: Certificate,
    /// How the solve ended.
    pub status: Status,
    /// Passes over the data.
    pub n_iter: usize,
    /// The iteration that finished the solve.
    pub method: &'static str,
    /// The iterations that were used, in words.
    pub description: String,
    /// Estimates of the error along the way, if asked for; the last record is the certificate.
    pub history: Vec<Record>,
}

/// Find the log-strengths that maximise the Plackett-Luce likelihood, or the posterior density.
///
/// Existence is settled first, on the rankings; then damped Newton steps, or sweeps while they make
/// progress, lead to an estimate that is certified. O(entries) time a pass, 60 bytes an entry.
///
/// # Errors
/// [`Error::NotConnected`] where no finite estimate exists; otherwise as
/// [`PlackettLuceParams::validate`], [`Error::TooLarge`] and [`Error::Interrupted`].
pub fn plackett_luce(
    rankings: &Rankings<'_>,
    params: &PlackettLuceParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<PlackettLuceSolution, Error> {
    params.validate(rankings)?;
    let n = rankings.n_items();
    let frame = Frame::new(n, params.groups, params.prior);
    if params.prior.is_none() && params.groups.is_empty() {
        require_estimate(rankings, team, control)?;
    } else if params.prior.is_none() {
        let found = comparable_in_rankings(rankings, team, control)?.n_components;
        if found != frame.n_groups() {
            return Err(Error::Value {
                argument: "groups",
                rule: "groups in which each item can be compared with each, both ways",
                value: format!("{} groups that fall into {found}", frame.n_groups()),
                index: None,
            });
        }
    }
    control.check()?;
    let index = Index::new(rankings)?;
    let layout = Layout::new(*rankings, &index);
    let objective = Objective { layout: &layout, prior: params.prior, frame: &frame };
    let mut control = Tracing::new(control, params.trace);
    let mut solver = Solver::new(objective, params, team)?;
    let mut target = 0.3 * params.tol;
    let mut round = 0;
    let (certificate, status) = loop {
        round += 1;
        let ended = solver.run(target, team, &mut control)?;
        let (derivatives, s) = (&solver.derivatives, &solver.strength);
        let certificate = certify(&objective, derivatives, s, None, team, &control)?;
        let status = match ended {
            _ if certificate.error <= params.tol => break (certificate, Status::Converged),
            Ended::Limit => Status::MaxIter,
            Ended::Stopped => Status::Stopped,
            Ended::Stalled => Status::Stalled,
            Ended::Target if round == MAX_ROUNDS => Status::Stalled,
            Ended::Target => {
                target *= 0.1;
                continue;
            }
        };
        let sharper = sharpen(&objective, derivatives, s, certificate, team, &control)?;
        let reached = sharper.error <= params.tol;
        break (sharper, if reached { Status::Converged } else { status });
    };
    let history = control.finish(solver.n_iter, certificate.error);
    Ok(PlackettLuceSolution {
        log_likelihood: log_likelihood(rankings, &solver.strength, team),
        certificate,
        status,
        n_iter: solver.n_iter,
        method: solver.method_used(),
        description: solver.describe(),
        strength: solver.strength,
        history,
    })
}

/// Spend a linear solve on a certificate that is closer to the true error.
fn sharpen(
    objective: &Objective<'_>,
    derivatives: &Derivatives,
    s: &[f64],
    certificate: Certificate,
    team: &Team,
    control: &dyn Control,
) -> Result<Certificate, Error> {
    let n = objective.layout.n_items();
    let n_nodes = n + usize::from(objective.prior.is_some());
    let mut gradient = vec![0.0; n_nodes];
    gradient_at_nodes(derivatives, &mut gradient);
    let mut correction = vec![0.0; n_nodes];
    let params = PcgParams { rtol: 1e-3, max_iter: SHARPENING_STEPS };
    let hessian = Hessian::new(objective.layout, derivatives)?;
    let mut workspace = PcgWorkspace::new(n_nodes)?;
    pcg(&hessian, &gradient, &mut correction, &params, &mut workspace, team, control)?;
    if let Some(&ground) = correction.get(n) {
        for d in &mut correction {
            *d -= ground;
        }
    }
    correction.truncate(n);
    let sharper = certify(objective, derivatives, s, Some(&correction), team, control)?;
    Ok(if sharper.error < certificate.error { sharper } else { certificate })
}

/// Why a run of iterations ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// The estimated decrement is at most the target.
    Target,
    /// The iteration limit is reached.
    Limit,
    /// The caller asked to stop.
    Stopped,
    /// Rounding errors hide any further progress.
    Stalled,
}

/// An iteration that can be resumed with a smaller target.
struct Solver<'a> {
    objective: Objective<'a>,
    method: Method,
    max_iter: usize,
    sweeper: Option<Sweeper>,
    n_sweeps: usize,
    newton: Newton,
    derivatives: Derivatives,
    strength: Vec<f64>,
    n_steps: usize,
    n_idle: usize,
    least_decrement: f64,
    n_iter: usize,
}

impl<'a> Solver<'a> {
    fn new(
        objective: Objective<'a>,
        params: &PlackettLuceParams<'_>,
        team: &Team,
    ) -> Result<Self, Error> {
        let Objective { layout, prior, frame } = objective;
        let n = layout.n_items();
        let mut strength = params.init.map_or_else(|| vec![0.0; n], <[f64]>::to_vec);
        frame.centre(&mut strength);
        let update = match params.method {
            Method::Zermelo => Some(Update::Zermelo),
            Method::Newman => Some(Update::Newman),
            Method::Auto | Method::Newton => None,
        };
        let mut derivatives = Derivatives::new(layout, prior)?;
        derivatives.evaluate(layout, prior, &strength, team);
        Ok(Self {
            objective,
            method: params.method,
            max_iter: params.max_iter.unwrap_or(DEFAULT_MAX_ITER),
            sweeper: update.map(|update| Sweeper::new(layout, prior, update)),
            n_sweeps: 0,
            newton: Newton::new(&objective)?,
            derivatives,
            strength,
            n_steps: 0,
            n_idle: 0,
            least_decrement: f64::INFINITY,
            n_iter: 1,
        })
    }

    fn method_used(&self) -> &'static str {
        match self.method {
            Method::Zermelo if self.n_steps == 0 => "zermelo",
            Method::Newman if self.n_steps == 0 => "newman",
            _ => "newton",
        }
    }

    fn describe(&self) -> String {
        let sweeps = format!("{} sweeps", self.n_sweeps);
        let steps = format!("{} Newton steps ({})", self.n_steps, self.newton.linear_solver());
        match (self.n_sweeps, self.n_steps) {
            (_, 0) => sweeps,
            (0, _) => steps,
            _ => format!("{sweeps} and {steps}"),
        }
    }

    /// Iterate until the estimated decrement is at most `target`.
    fn run(&mut self, target: f64, team: &Team, control: &mut dyn Control) -> Result<Ended, Error> {
        if self.sweeper.is_some()
            && let Some(ended) = self.sweep(target, team, control)?
        {
            return Ok(ended);
        }
        self.newton(target, team, control)
    }

    fn report(&self, error: f64, control: &mut dyn Control) -> Result<Flow, Error> {
        let iterate = || self.strength.clone();
        control.step(&Info { n_iter: self.n_iter, error, iterate: &iterate })
    }

    fn evaluate(&mut self, team: &Team) {
        let Objective { layout, prior, frame } = self.objective;
        frame.centre(&mut self.strength);
        self.derivatives.evaluate(layout, prior, &self.strength, team);
    }

    /// Sweep while that makes progress; `None` where Newton steps are to follow.
    fn sweep(
        &mut self,
        target: f64,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<Option<Ended>, Error> {
        while let Some(sweeper) = &mut self.sweeper {
            let decrement = self.derivatives.diagonal_decrement(team);
            sweeper.decrements.push(decrement);
            let progresses = sweeper.progresses();
            let has_stalled = sweeper.has_stalled();
            if self.n_sweeps > 0 && self.report(decrement, control)? == Flow::Stop {
                return Ok(Some(Ended::Stopped));
            }
            if decrement <= target {
                return Ok(Some(Ended::Target));
            }
            if self.n_iter >= self.max_iter {
                return Ok(Some(Ended::Limit));
            }
            if has_stalled {
                return Ok(Some(Ended::Stalled));
            }
            let moved = progresses
                && self
                    .sweeper
                    .as_ref()
                    .is_some_and(|sweeper| sweeper.sweep(&self.derivatives, &mut self.strength));
            if !moved {
                self.sweeper = None;
                break;
            }
            self.n_sweeps += 1;
            self.n_iter += 1;
            self.evaluate(team);
        }
        Ok(None)
    }

    fn newton(
        &mut self,
        target: f64,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<Ended, Error> {
        loop {
            if self.n_iter >= self.max_iter || self.n_steps >= MAX_STEPS {
                return Ok(Ended::Limit);
            }
            let max_passes = self.max_iter - self.n_iter;
            let Self { objective, newton, derivatives, strength, .. } = self;
            let step =
                newton.step(objective, derivatives, strength, target, max_passes, team, control)?;
            self.n_steps += 1;
            self.n_iter += step.n_passes;
            if self.report(step.decrement, control)? == Flow::Stop {
                return Ok(Ended::Stopped);
            }
            self.n_idle =
                if step.decrement < 0.9 * self.least_decrement { 0 } else { self.n_idle + 1 };
            self.least_decrement = self.least_decrement.min(step.decrement);
            if self.n_idle >= MAX_IDLE_STEPS && step.decrement < 1e-3 {
                return Ok(Ended::Stalled);
            }
            // The step was taken from a point with this decrement, so its end is closer by far.
            if step.decrement <= target.sqrt().max(target)
                && self.derivatives.diagonal_decrement(team) <= target
            {
                return Ok(Ended::Target);
            }
        }
    }
}
