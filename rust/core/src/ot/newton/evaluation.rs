//! Passes over the cost with their account, and the best iterate that they met.

use crate::error::Error;
use crate::ot::run::{Run, Stage};
use crate::ot::semi_dual::{Pass, SemiDual};
use crate::ot::transform::PASSES;
use crate::parallel::Team;
use crate::simd::dot;

/// Passes that are repeated because they met too many entries.
const MAX_REPEATS: usize = 3;

/// Share of the mass, over the number of entries that may be kept, that so many entries cannot each
/// have.
const SAFE_SHARE: f64 = 1.001;

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
    /// A regularisation with the threshold that its entries need to be few enough.
    fitting: (f64, f64),
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
            fitting: (reg, 0.0),
            best: Vec::new(),
            best_error: f64::INFINITY,
        }
    }

    /// Pass over the cost at `point.psi`, keeping entries of at least `threshold` if given.
    ///
    /// Where they are too many the pass is repeated with a larger threshold, the last time with one
    /// that so many entries cannot reach together; it is kept up for that regularisation. Returns
    /// whether the threshold was the one asked for.
    pub(super) fn evaluate(
        &mut self,
        point: &mut Point,
        reg: f64,
        stage: Stage,
        threshold: Option<f64>,
    ) -> Result<bool, Error> {
        let Some(asked) = threshold else {
            self.pass(point, reg, stage, None)?;
            return Ok(true);
        };
        let least = if self.fitting.0 == reg { self.fitting.1 } else { 0.0 };
        let mut threshold = asked.max(least);
        // More entries of this mass would be more than the plan.
        let safe = SAFE_SHARE * self.mass / self.problem.most_kept() as f64;
        let mut n_passes = 0;
        loop {
            self.pass(point, reg, stage, Some(threshold))?;
            n_passes += 1;
            if !point.pass.kept.overflows {
                return Ok(threshold <= asked);
            }
            self.run.crowded = true;
            if self.run.is_over() {
                // Nobody takes a step any more; what is left is a plan of which nothing is kept.
                let kept = &mut point.pass.kept;
                kept.offsets = vec![0; point.pass.alpha.len() + 1];
                kept.row_rest = self.problem.row_weights().to_vec();
                kept.column_rest.clone_from(&point.pass.column_sums);
                return Ok(false);
            }
            if n_passes > MAX_REPEATS {
                return Err(Error::TooLarge { bytes: 12 * self.problem.most_kept() as u128 });
            }
            threshold = (10.0 * threshold).max(f64::MIN_POSITIVE);
            if n_passes == MAX_REPEATS {
                threshold = threshold.max(safe);
            }
            self.fitting = (reg, threshold);
        }
    }

    fn pass(
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
    /// Columns that are out of reach are summed by themselves; with no pass left nothing is done.
    pub(super) fn update_columns(&mut self, point: &mut Point, reg: f64) -> Result<(), Error> {
        if self.run.is_over() {
            return Ok(());
        }
        let Point { psi, pass: Pass { alpha, column_sums, .. }, .. } = &*point;
        let lost: Vec<usize> =
            (0..psi.len()).filter(|&j| column_sums[j] < f64::MIN_POSITIVE).collect();
        let mut logs: Vec<f64> = column_sums.iter().map(|sum| sum.ln()).collect();
        if !lost.is_empty() && self.run.n_left() > PASSES {
            let run = &*self.run;
            let check = || run.check();
            let (sums, passes) = self.problem.log_column_sums(&check, reg, psi, alpha, &lost)?;
            self.run.n_iter += passes;
            for (&j, sum) in lost.iter().zip(sums) {
                logs[j] = sum;
            }
        }
        for ((psi, log), log_weight) in point.psi.iter_mut().zip(logs).zip(&self.log_weights) {
            let change = log_weight - log;
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
