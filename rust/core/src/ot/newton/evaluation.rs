//! Passes over the cost with their account, and the best iterate that they met.

use crate::error::Error;
use crate::ot::run::{Run, Stage};
use crate::ot::semi_dual::{Pass, SemiDual};
use crate::parallel::Team;
use crate::simd::dot;

/// Column potentials in log units with what a pass found there.
#[derive(Debug, Clone, Default)]
pub(super) struct Point {
    pub(super) psi: Vec<f64>,
    pub(super) pass: Pass,
    /// Relative marginal error after the row update.
    pub(super) error: f64,
    /// `sum a_i alpha_i + sum b_j psi_j`.
    pub(super) objective: f64,
}

impl Point {
    /// Whether some column is out of reach of the rows, its sum 0 or nearly so.
    pub(super) fn underflows(&self) -> bool {
        self.pass.column_sums.iter().any(|&sum| sum < f64::MIN_POSITIVE)
    }
}

/// A problem together with the account of its solve.
pub(super) struct Evaluation<'s, 'c, P> {
    pub(super) problem: &'s mut P,
    pub(super) team: &'s Team,
    pub(super) run: &'s mut Run<'c>,
    /// The regularisation that is asked for.
    pub(super) reg: f64,
    /// Sum of the weights.
    pub(super) mass: f64,
    pub(super) log_weights: Vec<f64>,
    /// What turns the objective into the value of the dual problem divided by its regularisation.
    offset: f64,
    /// The iterate with the smallest error at `reg`, and that error.
    best: Vec<f64>,
    pub(super) best_error: f64,
}

impl<'s, 'c, P: SemiDual> Evaluation<'s, 'c, P> {
    pub(super) fn new(problem: &'s mut P, reg: f64, team: &'s Team, run: &'s mut Run<'c>) -> Self {
        let mass: f64 = problem.row_weights().iter().sum();
        let weights = problem.column_weights();
        let log_weights: Vec<f64> = weights.iter().map(|b| b.ln()).collect();
        let offset = mass * (mass - 1.0) - dot(weights, &log_weights);
        Self {
            problem,
            team,
            run,
            reg,
            mass,
            log_weights,
            offset,
            best: Vec::new(),
            best_error: f64::INFINITY,
        }
    }

    /// Pass over the cost at `point.psi`, keeping entries of at least `threshold` if given.
    pub(super) fn evaluate(
        &mut self,
        point: &mut Point,
        reg: f64,
        stage: Stage,
        threshold: Option<f64>,
    ) -> Result<(), Error> {
        let run = &*self.run;
        self.problem.pass(&|| run.check(), reg, &point.psi, threshold, &mut point.pass)?;
        let weights = self.problem.column_weights();
        let distance: f64 =
            point.pass.column_sums.iter().zip(weights).map(|(c, b)| (c - b).abs()).sum();
        let error = distance / self.mass;
        // A number that is not finite comes from potentials out of range: as far off as can be.
        point.error = if error.is_nan() { f64::INFINITY } else { error };
        point.objective =
            dot(self.problem.row_weights(), &point.pass.alpha) + dot(weights, &point.psi);
        if reg == self.reg && point.error < self.best_error {
            self.best_error = point.error;
            self.best.clone_from(&point.psi);
        }
        self.enter(point, reg, stage)
    }

    fn enter(&mut self, point: &Point, reg: f64, stage: Stage) -> Result<(), Error> {
        let value = reg * (point.objective + self.offset);
        let potential = || {
            point.psi.iter().zip(&self.log_weights).map(|(psi, log)| reg * (psi - log)).collect()
        };
        self.run.pass(stage, reg, point.error, value, &potential)?;
        Ok(())
    }

    /// Sinkhorn's column update of `point.psi`; what the point says of its pass is then out of date.
    ///
    /// One more pass where a column is out of reach, so that its logarithm is summed by itself; with
    /// no pass left nothing is done.
    pub(super) fn update_columns(
        &mut self,
        point: &mut Point,
        reg: f64,
        stage: Stage,
    ) -> Result<(), Error> {
        if self.run.is_over() {
            return Ok(());
        }
        let rescued = if point.underflows() {
            let run = &*self.run;
            let sums = self.problem.log_column_sums(
                &|| run.check(),
                reg,
                &point.psi,
                &point.pass.alpha,
            )?;
            self.enter(point, reg, stage)?;
            Some(sums)
        } else {
            None
        };
        for (j, psi) in point.psi.iter_mut().enumerate() {
            let log = rescued.as_ref().map_or_else(|| point.pass.column_sums[j].ln(), |s| s[j]);
            let change = self.log_weights[j] - log;
            if change.is_finite() {
                *psi += change;
            }
        }
        Ok(())
    }

    /// Hand out the best iterate, or none if no pass was made at the last regularisation.
    pub(super) fn into_best(self) -> Option<Vec<f64>> {
        (!self.best.is_empty()).then_some(self.best)
    }
}
