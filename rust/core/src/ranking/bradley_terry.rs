//! The maximum-likelihood estimate of Bradley-Terry strengths, from existence to certificate.

use super::certificate::{Certificate, certify};
use super::existence::require_connected;
use super::likelihood::{Derivatives, log_likelihood};
use super::reduction::Reduction;
use super::solver::{Ended, Solver};
use super::table::PairTable;
use crate::control::{Control, Flow, Info, Record, Status};
use crate::error::Error;
use crate::float::Float;
use crate::parallel::Team;
use crate::sparse::{Laplacian, PcgParams, PcgWorkspace, pcg};

/// Passes over the data after which a solve gives up, unless the caller says otherwise.
const DEFAULT_MAX_ITER: usize = 10_000;

/// Largest log-strength to start from: differences of 1 are still exact to eight digits.
const MAX_START: f64 = 1e8;

/// Times that the target is lowered because the certificate came out above the tolerance.
const MAX_ROUNDS: usize = 12;

/// Conjugate-gradient steps spent on sharpening the certificate of an unfinished solve.
const SHARPENING_STEPS: usize = 200;

/// Which iteration looks for the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Newman's iteration, handing over to Newton's where the graph of pairs makes it slow.
    #[default]
    Auto,
    /// Newman's iteration item by item (Newman 2023).
    Newman,
    /// Zermelo's iteration item by item (Zermelo 1929).
    Zermelo,
    /// A few sweeps of Newman's iteration, then damped Newton steps.
    Newton,
}

/// Parameters of [`bradley_terry`].
#[derive(Debug, Clone, Copy)]
pub struct BradleyTerryParams<'a> {
    /// The iteration.
    pub method: Method,
    /// Certificate, in standard errors, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the data; `None`: 10,000.
    pub max_iter: Option<usize>,
    /// Log-strengths to start from; `None`: all equal.
    pub init: Option<&'a [f64]>,
    /// The item whose log-strength is 0; `None`: their mean is 0.
    pub reference: Option<usize>,
    /// Keep a history of the iteration.
    pub trace: bool,
}

impl Default for BradleyTerryParams<'_> {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            tol: 1e-6,
            max_iter: None,
            init: None,
            reference: None,
            trace: false,
        }
    }
}

impl BradleyTerryParams<'_> {
    /// Check every parameter against its rule.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Shape`] or [`Error::NotFinite`] naming the parameter.
    pub fn validate(&self, n_items: usize) -> Result<(), Error> {
        let value =
            |argument, rule, value: String| Error::Value { argument, rule, value, index: None };
        if !(self.tol > 0.0 && self.tol.is_finite()) {
            return Err(value("tol", "positive and finite", self.tol.to_string()));
        }
        if self.max_iter == Some(0) {
            return Err(value("max_iter", "at least 1", "0".into()));
        }
        if let Some(reference) = self.reference
            && reference >= n_items
        {
            return Err(Error::Index {
                argument: "reference",
                position: 0,
                value: i64::try_from(reference).unwrap_or(i64::MAX),
                bound: n_items,
            });
        }
        if let Some(init) = self.init {
            if init.len() != n_items {
                return Err(Error::Shape {
                    argument: "init",
                    expected: format!("{n_items} entries, one per item"),
                    found: init.len().to_string(),
                });
            }
            crate::error::require_finite("init", init)?;
            if let Some(index) = init.iter().position(|s| s.abs() > MAX_START) {
                return Err(Error::Value {
                    argument: "init",
                    rule: "at most 1e8 in absolute value",
                    value: init[index].to_string(),
                    index: Some(index),
                });
            }
        }
        Ok(())
    }
}

/// The estimate and what is proved of it.
#[derive(Debug, Clone)]
pub struct BradleyTerrySolution {
    /// Log-strengths by item, of which the reference has 0, or else with mean zero.
    pub strength: Vec<f64>,
    /// Log-likelihood at `strength`, without binomial coefficients.
    pub log_likelihood: f64,
    /// How far the estimate can be from the exact one.
    pub certificate: Certificate,
    /// How the solve ended.
    pub status: Status,
    /// Passes over the data.
    pub n_iter: usize,
    /// The iteration that finished the solve, `"closed form"` where none was needed.
    pub method: &'static str,
    /// The reductions and iterations that were used, in words.
    pub description: String,
    /// Estimates of the error along the way, if asked for; the last record is the certificate.
    pub history: Vec<Record>,
}

/// Forwards to the caller's control and keeps the history.
pub(super) struct Tracing<'a> {
    control: &'a mut dyn Control,
    history: Option<Vec<Record>>,
}

impl<'a> Tracing<'a> {
    pub(super) fn new(control: &'a mut dyn Control, trace: bool) -> Self {
        Self { control, history: trace.then(Vec::new) }
    }

    /// The history, if one was asked for, ended by the certificate.
    pub(super) fn finish(self, n_iter: usize, error: f64) -> Vec<Record> {
        let Some(mut history) = self.history else { return Vec::new() };
        history.pop_if(|last| last.n_iter == n_iter);
        history.push(Record { n_iter, error });
        history
    }
}

impl Control for Tracing<'_> {
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error> {
        if let Some(history) = &mut self.history {
            history.push(Record { n_iter: info.n_iter, error: info.error });
        }
        self.control.step(info)
    }

    fn check(&self) -> Result<(), Error> {
        self.control.check()
    }
}

/// Find the log-strengths that maximise the Bradley-Terry likelihood of `table`.
///
/// Existence is settled first, on the counts. Chains, trees and blocks joined at single items are
/// then taken apart exactly, each block is solved by the chosen method, and the whole is certified.
///
/// # Errors
/// [`Error::NotConnected`] where no finite estimate exists; otherwise as
/// [`BradleyTerryParams::validate`], [`Error::TooLarge`] and [`Error::Interrupted`].
pub fn bradley_terry<T: Float>(
    table: &PairTable<'_, T>,
    params: &BradleyTerryParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<BradleyTerrySolution, Error> {
    let n = table.graph.n_nodes();
    params.validate(n)?;
    require_connected(table)?;
    control.check()?;
    let max_iter = params.max_iter.unwrap_or(DEFAULT_MAX_ITER);
    let mut control = Tracing::new(control, params.trace);

    let zero = vec![0.0; n];
    let init = params.init.unwrap_or(&zero);
    let reduction = Reduction::new(table, params.reference);
    let tables = reduction.tables(table)?;
    let mut solvers: Vec<Solver<'_, T>> = tables
        .into_iter()
        .enumerate()
        .map(|(k, part)| Solver::new(part, params.method, max_iter, reduction.restrict(k, init)))
        .collect();

    let mut derivatives = None;
    let mut target = 0.3 * params.tol / (solvers.len() as f64).sqrt().max(1.0);
    let mut round = 0;
    let (strength, certificate, status) = loop {
        round += 1;
        let ended = run_all(&mut solvers, &reduction, table, target, team, &mut control)?;
        let parts: Vec<&[f64]> = solvers.iter().map(Solver::strength).collect();
        let s = reduction.combine(table, &parts);
        let mut current = match derivatives.take().or_else(|| lend(&reduction, &mut solvers)) {
            Some(current) => current,
            None => Derivatives::new(table)?,
        };
        current.evaluate(table, &s, team);
        let certificate = certify(table, &current, None, team);
        let status = match ended {
            _ if certificate.error <= params.tol => Some(Status::Converged),
            Ended::Limit => Some(Status::MaxIter),
            Ended::Stopped => Some(Status::Stopped),
            Ended::Stalled => Some(Status::Stalled),
            Ended::Target if round == MAX_ROUNDS || solvers.is_empty() => Some(Status::Stalled),
            Ended::Target => None,
        };
        match status {
            Some(Status::Converged) => break (s, certificate, Status::Converged),
            Some(status) => {
                let sharper = sharpen(table, &current, certificate, team, &control)?;
                let status = if sharper.error <= params.tol { Status::Converged } else { status };
                break (s, sharper, status);
            }
            None => target *= 0.1,
        }
        if reduction.is_whole() {
            solvers[0].put_derivatives(current);
        } else {
            derivatives = Some(current);
        }
    };
    let n_iter = solvers.iter().map(|solver| solver.n_iter).max().unwrap_or(0);
    Ok(BradleyTerrySolution {
        log_likelihood: log_likelihood(table, &strength, team),
        strength,
        certificate,
        status,
        n_iter,
        method: solvers.iter().map(Solver::method).max().unwrap_or("closed form"),
        description: describe(&solvers, &reduction, n),
        history: control.finish(n_iter, certificate.error),
    })
}

/// Run every solver to `target`; the first that ends otherwise ends the round.
fn run_all<T: Float>(
    solvers: &mut [Solver<'_, T>],
    reduction: &Reduction<T>,
    table: &PairTable<'_, T>,
    target: f64,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Ended, Error> {
    let mut worst = Ended::Target;
    for k in 0..solvers.len() {
        let (before, rest) = solvers.split_at_mut(k);
        let Some((solver, after)) = rest.split_first_mut() else { break };
        let report = |own: &[f64]| {
            let mut parts: Vec<&[f64]> = before.iter().map(Solver::strength).collect();
            parts.push(own);
            parts.extend(after.iter().map(Solver::strength));
            reduction.combine(table, &parts)
        };
        match solver.run(target, &report, team, control)? {
            Ended::Target => {}
            Ended::Stopped => return Ok(Ended::Stopped),
            ended => worst = ended,
        }
    }
    Ok(worst)
}

/// The memory that the only solver has for derivatives, where it is of the right size.
fn lend<T: Float>(reduction: &Reduction<T>, solvers: &mut [Solver<'_, T>]) -> Option<Derivatives> {
    if reduction.is_whole() { solvers[0].take_derivatives() } else { None }
}

/// Spend a linear solve on a certificate that is closer to the true error.
fn sharpen<T: Float>(
    table: &PairTable<'_, T>,
    derivatives: &Derivatives,
    certificate: Certificate,
    team: &Team,
    control: &dyn Control,
) -> Result<Certificate, Error> {
    let n = table.graph.n_nodes();
    let gradient: Vec<f64> = derivatives.rows.iter().map(|row| row.gradient).collect();
    let diagonal: Vec<f64> = derivatives.rows.iter().map(|row| row.diagonal).collect();
    let laplacian = Laplacian::new(table.graph, &derivatives.conductance, &diagonal)?;
    let params = PcgParams { rtol: 1e-3, max_iter: SHARPENING_STEPS };
    let mut correction = vec![0.0; n];
    let mut workspace = PcgWorkspace::new(n)?;
    pcg(&laplacian, &gradient, &mut correction, &params, &mut workspace, team, control)?;
    let sharper = certify(table, derivatives, Some(&correction), team);
    Ok(if sharper.error < certificate.error { sharper } else { certificate })
}

fn describe<T: Float>(solvers: &[Solver<'_, T>], reduction: &Reduction<T>, n: usize) -> String {
    match solvers {
        [] => format!("closed form: the pairs form a tree over {n} items"),
        [only] if reduction.is_whole() => only.describe(),
        [only] => format!("exact reduction to one block; {}", only.describe()),
        many => format!("exact reduction to {} blocks", many.len()),
    }
}
