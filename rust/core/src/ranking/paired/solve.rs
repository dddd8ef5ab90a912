//! The estimate of a paired model, from existence to certificate.

use super::certificate::certify;
use super::derivatives::Derivatives;
use super::elimination::Collinear;
use super::existence::require_existence;
use super::newton::Newton;
use super::system::System;
use super::{Cells, Model, Ties};
use crate::control::{Control, Flow, Info, Record, Status};
use crate::error::{Error, require_finite};
use crate::parallel::Team;
use crate::ranking::certificate::Certificate;

/// Passes over the data after which a solve gives up, unless the caller says otherwise.
const DEFAULT_MAX_ITER: usize = 10_000;

/// Most Newton steps of one solve.
const MAX_STEPS: usize = 500;

/// Newton steps without progress after which rounding is taken to be the limit.
const MAX_IDLE_STEPS: usize = 3;

/// Linear predictor beyond which a parameter may be on its way to infinity.
const WIDE: f64 = 30.0;

/// Steps in a row beyond [`WIDE`], each with no more progress than on the way to infinity, after
/// which the estimate is taken not to exist.
const MAX_WIDE_STEPS: usize = 5;

/// Parameters of [`fit_paired`].
#[derive(Debug, Clone, Copy)]
pub struct PairedParams<'a> {
    /// Certificate, in standard errors, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the data; `None`: 10,000.
    pub max_iter: Option<usize>,
    /// Strengths, or strengths and all shared parameters, to start from; `None`: equal strengths.
    pub init: Option<&'a [f64]>,
    /// Keep a history of the iteration.
    pub trace: bool,
}

impl Default for PairedParams<'_> {
    fn default() -> Self {
        Self { tol: 1e-6, max_iter: None, init: None, trace: false }
    }
}

impl PairedParams<'_> {
    /// Check every parameter against its rule.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Shape`] or [`Error::NotFinite`] naming the parameter.
    pub fn validate(&self, n_items: usize, n_shared: usize) -> Result<(), Error> {
        let value =
            |argument, rule, value: String| Error::Value { argument, rule, value, index: None };
        if !(self.tol > 0.0 && self.tol.is_finite()) {
            return Err(value("tol", "positive and finite", self.tol.to_string()));
        }
        if self.max_iter == Some(0) {
            return Err(value("max_iter", "at least 1", "0".into()));
        }
        if let Some(init) = self.init {
            if init.len() != n_items && init.len() != n_items + n_shared {
                return Err(Error::Shape {
                    argument: "init",
                    expected: format!("{n_items} or {} entries", n_items + n_shared),
                    found: init.len().to_string(),
                });
            }
            require_finite("init", &init[..n_items])?;
        }
        Ok(())
    }
}

/// The estimate and what is proved of it.
#[derive(Debug, Clone)]
pub struct PairedSolution {
    /// Strengths by item, with mean zero in each group unless a prior fixes them.
    pub strength: Vec<f64>,
    /// All shared parameters that the model names. Where nothing was tied, the tie parameter is
    /// its exact limit: `ln nu` is minus infinity, `ln theta` 0.
    pub shared: Vec<f64>,
    /// Parameters that were estimated: strengths less one a group without a prior, and shared
    /// parameters less a tie parameter at its limit.
    pub n_parameters: usize,
    /// Log-likelihood of the comparisons, without binomial coefficients and the prior's term.
    pub log_likelihood: f64,
    /// How far the estimate can be from the exact one.
    pub certificate: Certificate,
    /// How the solve ended.
    pub status: Status,
    /// Passes over the data.
    pub n_iter: usize,
    /// What was done, in words.
    pub description: String,
    /// Estimates of the error along the way, if asked for; the last record is the certificate.
    pub history: Vec<Record>,
}

/// Find the parameters that maximise the (penalised) likelihood of a paired model.
///
/// Existence is settled first, as far as the counts can. Then damped Newton steps with the graph
/// Laplacian are taken until the certificate is at most `tol`. `groups`, one label an item, says
/// which items can be compared where the comparisons do not connect all of them: strengths are
/// fitted with mean zero in each group, shared parameters jointly.
///
/// # Errors
/// [`Error::NotConnected`] and [`Error::Infinite`] where no finite estimate exists;
/// [`Error::Value`] for covariates that are not independent; otherwise as [`Cells::validate`],
/// [`Model::validate`], [`PairedParams::validate`], [`Error::TooLarge`] and
/// [`Error::Interrupted`].
pub fn fit_paired(
    cells: Cells<'_>,
    model: &Model,
    groups: Option<&[u32]>,
    params: &PairedParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<PairedSolution, Error> {
    params.validate(cells.n_items, model.n_shared(cells.n_covariates))?;
    let system = System::new(cells, model, groups, control)?;
    control.check()?;
    let is_settled = require_existence(&system, control)?;
    control.check()?;
    let x = start(&system, model, params)?;
    let mut fit = Fit {
        is_settled,
        derivatives: Derivatives::new(&system)?,
        newton: Newton::new(&system)?,
        system: &system,
        x,
        n_iter: 0,
        n_steps: 0,
        history: Vec::new(),
    };
    let (certificate, status) = fit.run(params, team, control)?;
    let (strength, shared) = system.to_external(&fit.x, model);
    let mut history = fit.history;
    if params.trace {
        history.pop_if(|last| last.n_iter == fit.n_iter);
        history.push(Record { n_iter: fit.n_iter, error: certificate.error });
    }
    let n_origins = if model.prior.is_some() { 0 } else { system.n_groups };
    let dropped = if system.tie_dropped { "; no ties, so no tie parameter" } else { "" };
    Ok(PairedSolution {
        log_likelihood: system.log_likelihood(&fit.x, team),
        strength,
        shared,
        n_parameters: system.n_items - n_origins + system.n_shared,
        certificate,
        status,
        n_iter: fit.n_iter,
        description: format!(
            "{} Newton steps ({}){dropped}",
            fit.n_steps,
            fit.newton.solver.name()
        ),
        history,
    })
}

struct Fit<'a, 'd> {
    system: &'a System<'d>,
    is_settled: bool,
    derivatives: Derivatives,
    newton: Newton,
    x: Vec<f64>,
    n_iter: usize,
    n_steps: usize,
    history: Vec<Record>,
}

impl Fit<'_, '_> {
    fn run(
        &mut self,
        params: &PairedParams<'_>,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<(Certificate, Status), Error> {
        let system = self.system;
        let max_iter = params.max_iter.unwrap_or(DEFAULT_MAX_ITER);
        let mut target = 0.3 * params.tol;
        let (mut least, mut n_idle, mut n_wide) = (f64::INFINITY, 0, 0);
        let mut proved = self.is_settled;
        let mut stopped = false;
        self.derivatives.evaluate(system, &self.x, team);
        self.n_iter = 1;
        loop {
            control.check()?;
            let left = max_iter.saturating_sub(self.n_iter);
            let direction =
                self.newton.direct(system, &self.derivatives, target, left, team, control)?;
            let direction = direction.map_err(|Collinear(a)| self.undetermined(a))?;
            self.n_iter += direction.n_passes;
            let decrement = direction.decrement;

            n_idle = if decrement < 0.9 * least { 0 } else { n_idle + 1 };
            let is_stalled = n_idle >= MAX_IDLE_STEPS && decrement < 1e-3;
            let at_limit = self.n_iter >= max_iter || self.n_steps >= MAX_STEPS;
            let is_wide = !proved
                && decrement < 1.0
                && system.largest_predictor(&system.point(&self.x), team) > WIDE;
            if decrement <= params.tol || is_stalled || at_limit || is_wide || stopped {
                let certificate = certify(system, &self.derivatives, &self.newton, &self.x, team);
                proved |= certificate.error.is_finite();
                if certificate.error <= params.tol {
                    return Ok((certificate, Status::Converged));
                }
                if stopped {
                    return Ok((certificate, Status::Stopped));
                }
                if at_limit {
                    return Ok((certificate, Status::MaxIter));
                }
                if is_stalled {
                    return Ok((certificate, Status::Stalled));
                }
                if decrement <= target {
                    target *= 0.1;
                }
            }
            // On the way to infinity each step gains a constant factor; to a maximum, ever more.
            let is_slow = decrement > 0.2 * least;
            n_wide = if is_wide && !proved && is_slow { n_wide + 1 } else { 0 };
            if n_wide >= MAX_WIDE_STEPS {
                return Err(self.infinite());
            }
            least = least.min(decrement);

            let Self { newton, derivatives, x, .. } = self;
            self.n_iter += newton.advance(system, derivatives, x, decrement, team, control)?;
            self.n_steps += 1;
            if params.trace {
                self.history.push(Record { n_iter: self.n_iter, error: decrement });
            }
            let x = &self.x;
            let iterate = || system.to_external(x, &system.model).0;
            let info = Info { n_iter: self.n_iter, error: decrement, iterate: &iterate };
            stopped = control.step(&info)? == Flow::Stop;
        }
    }

    /// The error for a shared parameter that nothing determines where the iteration stands.
    fn undetermined(&self, shared: usize) -> Error {
        // At the start nothing is extreme, so what is undetermined there is so everywhere.
        if self.n_steps == 0 { self.system.collinear(shared) } else { self.infinite() }
    }

    fn infinite(&self) -> Error {
        let (parameter, remedy) = match (self.system.scale.is_empty(), self.system.model.ties) {
            (false, _) => ("coefficient of a covariate", "leave out covariates"),
            (true, Ties::Half) => ("order effect", "fit without an order effect"),
            (true, _) => ("tie parameter or the order effect", "fit without one of them"),
        };
        let reason = "the likelihood keeps rising as parameters grow";
        Error::Infinite { parameter, reason, remedy }
    }
}

/// Where the iteration starts: the caller's parameters, or equal strengths with the shared
/// parameters that then fit the totals.
fn start(system: &System<'_>, model: &Model, params: &PairedParams<'_>) -> Result<Vec<f64>, Error> {
    let n = system.n_items;
    let mut x = vec![0.0; n + system.n_shared];
    let (left, right, ties) = system.totals();
    let mut place = n;
    if system.has_tie_parameter() {
        let decided = (left + right).max(0.5 * f64::MIN_POSITIVE);
        x[place] = match system.model.ties {
            Ties::RaoKupper => (1.0 + 2.0 * (ties / decided)).ln(),
            _ => (ties / decided).ln(),
        };
        place += 1;
    }
    if system.model.order_effect {
        let (left, right) = (left + 0.5 * ties, right + 0.5 * ties);
        // A start need not be extreme where the totals are.
        x[place] = ((left + 0.5) / (right + 0.5)).ln();
    }
    if let Some(init) = params.init {
        if init.len() == n {
            x[..n].copy_from_slice(init);
        } else {
            x = system.to_internal(init);
            require_finite("init", &x)?;
        }
        if model.ties == Ties::RaoKupper && system.has_tie_parameter() && x[n] <= 0.0 {
            return Err(Error::Value {
                argument: "init",
                rule: "a positive ln(theta) where there are ties",
                value: x[n].to_string(),
                index: Some(n),
            });
        }
    }
    if model.prior.is_none() {
        system.center(&mut x[..n]);
    }
    Ok(x)
}
