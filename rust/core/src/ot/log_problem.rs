//! A balanced problem as Newton's method sees it: log passes in double precision.

use super::cost_bounds::mean_reduced_cost;
use super::kept_rows::KeepRule;
use super::log_pass::{LogPass, RowRule};
use super::problem::Problem;
use super::semi_dual::{Pass, SemiDual};
use super::transform::rescued_log_sums;
use crate::error::Error;
use crate::parallel::Team;

/// Passes over a cost, with what they need of the caller.
pub(super) struct LogProblem<'a> {
    problem: Problem<'a>,
    pass: LogPass<'a, f64>,
    team: &'a Team,
    most_kept: usize,
}

impl<'a> LogProblem<'a> {
    /// Passes that keep at most `most_kept` entries.
    pub(super) fn new(
        problem: Problem<'a>,
        team: &'a Team,
        most_kept: usize,
    ) -> Result<Self, Error> {
        Ok(Self { problem, pass: LogPass::new(problem.values, problem.a)?, team, most_kept })
    }
}

impl SemiDual for LogProblem<'_> {
    fn row_weights(&self) -> &[f64] {
        self.problem.a
    }

    fn column_weights(&self) -> &[f64] {
        self.problem.b
    }

    fn pass(
        &mut self,
        check: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        threshold: Option<f64>,
        out: &mut Pass,
    ) -> Result<(), Error> {
        out.alpha.resize(self.problem.a.len(), 0.0);
        out.column_sums.resize(self.problem.b.len(), 0.0);
        let Pass { alpha, column_sums, kept } = out;
        match threshold {
            None => {
                let rule = RowRule::PLAIN;
                self.pass.run(self.team, check, reg, psi, rule, alpha, column_sums)
            }
            Some(threshold) => {
                let (columns, rule) = (column_sums, KeepRule { threshold, most: self.most_kept });
                self.pass.run_and_keep(self.team, check, reg, psi, rule, alpha, columns, kept)
            }
        }
    }

    fn log_column_sums(
        &mut self,
        check: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        alpha: &[f64],
        columns: &[usize],
    ) -> Result<(Vec<f64>, usize), Error> {
        let weights = self.problem.a.iter();
        let phi: Vec<f64> = alpha.iter().zip(weights).map(|(alpha, a)| alpha + a.ln()).collect();
        let (mut sums, passes) =
            rescued_log_sums(self.problem.values, &phi, reg, columns, self.team, check)?;
        for (sum, &j) in sums.iter_mut().zip(columns) {
            *sum += psi[j];
        }
        Ok((sums, passes))
    }

    fn most_kept(&self) -> usize {
        self.most_kept
    }

    fn mean_reduced_cost(&mut self, check: &dyn Fn() -> Result<(), Error>) -> Result<f64, Error> {
        let weights = (self.problem.a, self.problem.b);
        mean_reduced_cost(self.problem.values, weights, self.team, check)
    }
}
