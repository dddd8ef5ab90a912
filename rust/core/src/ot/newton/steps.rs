//! Newton steps at one regularisation, with a shift, a cap on the step and a line search.

use super::conjugate::{self, Workspace};
use super::evaluation::{Evaluation, Point};
use super::hessian::ReducedHessian;
use crate::error::Error;
use crate::ot::run::Stage;
use crate::ot::semi_dual::SemiDual;
use crate::simd::dot;

/// Largest change of a potential against the median, in log units: beyond it entries of the plan
/// change so much that the quadratic model means nothing.
const MAX_CHANGE: f64 = 8.0;

/// Halvings of a step before it is given up.
const MAX_HALVINGS: usize = 12;

/// Share of the slope that a step must gain.
const MIN_GAIN: f64 = 1e-4;

/// Steps in a row that may leave a large error unhalved.
const MAX_IDLE_ABOVE: usize = 40;

/// When a descent at one regularisation ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Relative marginal error to reach.
    pub(super) target: f64,
    /// Most steps.
    pub(super) max_steps: usize,
    /// Error from which on `max_idle` holds; above it a hard problem is given more time.
    pub(super) settled: f64,
    /// Most steps in a row that do not halve the error.
    pub(super) max_idle: usize,
    /// End at the first sign that this is not the place for Newton's method: a step rejected, two
    /// steps shorter than a tenth, or a large error after 15 steps.
    pub(super) wary: bool,
}

/// Why a descent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// The target is reached.
    Reached,
    /// The limit of passes is reached, or the caller asked to stop.
    Over,
    /// The steps were used up, did not halve the error, or looked hopeless.
    Failed,
}

/// Newton steps with the memory they share.
#[derive(Debug, Default)]
pub(super) struct Newton {
    delta: f64,
    direction: Vec<f64>,
    gradient: Vec<f64>,
    sorted: Vec<f64>,
    trial: Point,
    workspace: Workspace,
}

impl Newton {
    pub(super) fn new(delta: f64) -> Self {
        Self { delta, ..Self::default() }
    }

    /// Mass from which on entries are kept, when the error before the pass was `error`.
    pub(super) fn threshold<P: SemiDual>(
        &self,
        evaluation: &Evaluation<'_, '_, P>,
        error: f64,
    ) -> f64 {
        let n_rows = evaluation.problem.row_weights().len();
        let longer = n_rows.max(evaluation.problem.column_weights().len());
        self.delta * error.min(2.0) * evaluation.mass / longer as f64
    }

    /// Newton steps from `point`, whose pass kept entries, until one of the `limits`.
    pub(super) fn descend<P: SemiDual>(
        &mut self,
        evaluation: &mut Evaluation<'_, '_, P>,
        point: &mut Point,
        reg: f64,
        limits: Limits,
    ) -> Result<Halt, Error> {
        let (mut boost, mut n_short) = (1.0, 0);
        let (mut mark, mut n_idle) = (point.error, 0);
        for step in 0..=limits.max_steps {
            if point.error <= limits.target {
                return Ok(Halt::Reached);
            }
            if evaluation.run.is_over() {
                return Ok(Halt::Over);
            }
            let hopeless = limits.wary && (n_short >= 2 || step >= 15 && point.error > 1e-3);
            let max_idle =
                if point.error <= limits.settled { limits.max_idle } else { MAX_IDLE_ABOVE };
            if step == limits.max_steps || n_idle >= max_idle || hopeless {
                return Ok(Halt::Failed);
            }
            let shift = boost * (1e-2 * point.error).min(1e-3);
            match self.step(evaluation, point, reg, shift)? {
                Some(fraction) => {
                    boost = (boost / 10.0_f64).max(1.0);
                    n_short += usize::from(fraction < 0.1);
                }
                None if evaluation.run.is_over() => return Ok(Halt::Over),
                None if limits.wary => return Ok(Halt::Failed),
                None => {
                    boost *= 10.0;
                    let threshold = self.threshold(evaluation, point.error);
                    evaluation.update_columns(point, reg)?;
                    if evaluation.run.is_over() {
                        return Ok(Halt::Over);
                    }
                    evaluation.evaluate(point, reg, Stage::Newton, Some(threshold))?;
                }
            }
            n_idle += 1;
            if point.error < 0.5 * mark {
                (mark, n_idle) = (point.error, 0);
            }
        }
        Ok(Halt::Failed)
    }

    /// One step, and the fraction of it that was taken; none if no fraction was acceptable.
    fn step<P: SemiDual>(
        &mut self,
        evaluation: &mut Evaluation<'_, '_, P>,
        point: &mut Point,
        reg: f64,
        shift: f64,
    ) -> Result<Option<f64>, Error> {
        if point.underflows() {
            return Ok(None);
        }
        self.aim(evaluation, point, true, shift)?;
        let threshold = self.threshold(evaluation, point.error);
        let longest = self.range();
        let first = if longest > MAX_CHANGE { MAX_CHANGE / longest } else { 1.0 };
        self.search(evaluation, point, reg, first, threshold)
    }

    /// One step of the published method, whose pass keeps entries of at least `threshold`: nothing
    /// lumped, no shift, no cap.
    pub(super) fn step_published<P: SemiDual>(
        &mut self,
        evaluation: &mut Evaluation<'_, '_, P>,
        point: &mut Point,
        reg: f64,
        threshold: f64,
    ) -> Result<bool, Error> {
        if point.underflows() {
            return Ok(false);
        }
        self.aim(evaluation, point, false, 0.0)?;
        Ok(self.search(evaluation, point, reg, 1.0, threshold)?.is_some())
    }

    /// Set the gradient `b - c` and the Newton direction.
    fn aim<P: SemiDual>(
        &mut self,
        evaluation: &mut Evaluation<'_, '_, P>,
        point: &Point,
        lump: bool,
        shift: f64,
    ) -> Result<(), Error> {
        let rows = evaluation.problem.row_weights();
        let n_entries = rows.len() as f64 * point.psi.len() as f64;
        evaluation.run.density = point.pass.kept.values.len() as f64 / n_entries;
        let weights = evaluation.problem.column_weights();
        self.gradient.clear();
        self.gradient.extend(weights.iter().zip(&point.pass.column_sums).map(|(b, c)| b - c));
        let hessian = ReducedHessian::new(&point.pass, rows, lump, shift);
        conjugate::solve(
            &hessian,
            &point.pass.column_sums,
            &self.gradient,
            point.error.clamp(1e-10, 0.1),
            &mut self.direction,
            &mut self.workspace,
            evaluation.team,
            evaluation.run,
        )
    }

    /// Largest distance of the direction from its median.
    fn range(&mut self) -> f64 {
        self.sorted.clone_from(&self.direction);
        let middle = self.sorted.len() / 2;
        let median = *self.sorted.select_nth_unstable_by(middle, f64::total_cmp).1;
        self.direction.iter().map(|d| (d - median).abs()).fold(0.0, f64::max)
    }

    /// Halve the step from the fraction `first` until it is acceptable, and take it.
    fn search<P: SemiDual>(
        &mut self,
        evaluation: &mut Evaluation<'_, '_, P>,
        point: &mut Point,
        reg: f64,
        first: f64,
        threshold: f64,
    ) -> Result<Option<f64>, Error> {
        let slope = dot(&self.gradient, &self.direction);
        if !(slope > 0.0 && slope.is_finite()) {
            return Ok(None);
        }
        let mut fraction = first;
        for _ in 0..=MAX_HALVINGS {
            if evaluation.run.is_over() {
                return Ok(None);
            }
            let trial = &mut self.trial;
            trial.psi.clear();
            trial.psi.extend(point.psi.iter().zip(&self.direction).map(|(x, d)| x + fraction * d));
            evaluation.evaluate(trial, reg, Stage::Newton, Some(threshold))?;
            if self.accepts(evaluation.problem.column_weights(), point, fraction, slope) {
                std::mem::swap(point, &mut self.trial);
                evaluation.run.n_newton += 1;
                return Ok(Some(fraction));
            }
            fraction *= 0.5;
        }
        Ok(None)
    }

    /// Whether the trial gains enough: in the objective, in the error where rounding hides the gain,
    /// or for certain, because a concave function gains at least the slope at the end of a step.
    fn accepts(&self, weights: &[f64], point: &Point, fraction: f64, slope: f64) -> bool {
        let trial = &self.trial;
        if trial.objective - point.objective >= MIN_GAIN * fraction * slope
            || trial.error < 0.5 * point.error
        {
            return true;
        }
        let terms = weights.iter().zip(&trial.pass.column_sums).zip(&self.direction);
        terms.map(|((b, c), d)| (b - c) * d).sum::<f64>() >= MIN_GAIN * slope
    }
}
