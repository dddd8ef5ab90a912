//! The solve: choice of the method, its stages, and the certificate of what is returned.

use super::certificate::{Certificate, certify};
use super::cost_bounds::mean_reduced_cost;
use super::iteration::{Iterate, Iteration, Outcome, Rules, SINGLE_FLOOR};
use super::log_pass::{LogPass, RowRule};
use super::log_problem::LogProblem;
use super::newton::{self, Start, solve_paper, solve_path};
use super::params::{Method, Precision, SinkhornParams};
use super::problem::{Problem, log_potential};
use super::run::{PassRecord, Run, Stage};
use super::scaling_pass::Kernels;
use crate::control::{Control, Status};
use crate::error::{Error, try_vec};
use crate::pairs::PairValues;
use crate::parallel::{Team, pairwise_sum};
use crate::simd::Elementary;

/// Potentials and what is proved of them.
#[derive(Debug, Clone)]
pub struct SinkhornSolution {
    /// Row potential (n,), in the units of the cost.
    pub f: Vec<f64>,
    /// Column potential (m,); with fixed marginals `<f, a> = <g, b>`.
    pub g: Vec<f64>,
    /// How far the potentials are from the optimum.
    pub certificate: Certificate,
    /// How the solve ended.
    pub status: Status,
    /// Passes over the cost, without those of the certificate; one over a stored kernel counts too.
    pub n_iter: usize,
    /// Newton steps.
    pub n_newton: usize,
    /// Steps of conjugate gradients in them.
    pub n_cg: usize,
    /// Share of the plan's entries that the last Newton step used; NaN without one.
    pub density: f64,
    /// The iteration that finished the solve.
    pub method: &'static str,
    /// What each pass found, if asked for.
    pub history: Vec<PassRecord>,
}

/// Times that a solve goes on because its certificate came out above the tolerance.
const MAX_ROUNDS: usize = 3;

/// Log passes before a kernel is stored: the first alone makes every row sum right.
const LOG_PASSES: usize = 2;

/// Kernels whose first pass leaves the range, after which no more are computed.
const MAX_IN_VAIN: usize = 2;

/// Kernels whose range scalings have left, after which potentials are taken to have far to go: as far
/// as falls of the regularisation lead them in few passes.
const MAX_LEFT: usize = 3;

/// Passes before Newton's method is tried, and the error below which it needs no path.
const BEFORE_NEWTON: usize = 20;
const NEAR: f64 = 0.1;

/// Ratio of regularisations and passes of a level where Sinkhorn iterations go down by steps.
const LEVEL_RATIO: f64 = 4.0;
const LEVEL_PASSES: usize = 50;
const LEVEL_TOL: f64 = 1e-2;

/// Solve a problem of entropic transport, balanced or not.
///
/// `problem.values` are the costs in double precision, which the certificate is about; `working`
/// are the same costs as iterations read them. O(n m) time a pass. Memory, beside O(n + m): a kernel
/// of n m numbers, and after it, with Newton steps, up to three copies of at most
/// `max(n m / 3, 2^16)` entries of the plan at 12 bytes; with `params.low_memory` no kernel, and at
/// most `max(64 (n + m), 2^20)` entries.
///
/// # Errors
/// As [`Problem::validate`] for positive weights; [`Error::Value`] and [`Error::Shape`] for
/// parameters; [`Error::TooLarge`], [`Error::Interrupted`].
pub fn sinkhorn(
    problem: &Problem<'_>,
    working: &dyn PairValues,
    params: &SinkhornParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<SinkhornSolution, Error> {
    problem.validate(true)?;
    params.validate(problem)?;
    let mut run = Run::new(control, params.max_iter, params.trace);
    let mut solve = Solve {
        iteration: Iteration::new(*problem, working, team)?,
        team,
        params,
        method: "log",
        iterate: start(problem, params.init)?,
    };
    let mut outcome = solve.first(&mut run)?;
    let mut tol = params.tol;
    let mut round = 0;
    loop {
        let (f, g) = solve.potentials();
        let certificate = certify(problem, &f, &g, team, &|| run.check())?;
        let scale = solve.iteration.scale();
        let error = certificate.marginal_error / scale;
        let status = if error <= params.tol {
            Status::Converged
        } else if run.stopped {
            Status::Stopped
        } else if outcome == Outcome::Over {
            Status::MaxIter
        } else if round >= MAX_ROUNDS || outcome == Outcome::Stalled && round > 0 {
            Status::Stalled
        } else {
            round += 1;
            tol *= 0.25;
            outcome = solve.finish(tol, &mut run)?;
            continue;
        };
        return Ok(SinkhornSolution {
            f,
            g,
            certificate,
            status,
            n_iter: run.n_iter,
            n_newton: run.n_newton,
            n_cg: run.n_cg,
            density: run.density,
            method: solve.method,
            history: run.history,
        });
    }
}

/// The first iterate: as given, or the column potential 0.
fn start(problem: &Problem<'_>, init: Option<(&[f64], &[f64])>) -> Result<Iterate, Error> {
    let Problem { a, b, reg, .. } = *problem;
    let (alpha, psi) = match init {
        Some((f, g)) => (f.iter().map(|f| f / reg).collect(), log_potential(g, b, reg)),
        None => (try_vec(a.len(), 0.0)?, b.iter().map(|b| b.ln()).collect()),
    };
    Ok(Iterate { alpha, psi, error: f64::INFINITY })
}

struct Solve<'a, 'p> {
    iteration: Iteration<'a>,
    team: &'a Team,
    params: &'p SinkhornParams<'p>,
    method: &'static str,
    iterate: Iterate,
}

impl Solve<'_, '_> {
    /// The stages of the method that was asked for.
    fn first(&mut self, run: &mut Run<'_>) -> Result<Outcome, Error> {
        let params = self.params;
        match params.method {
            Method::NewtonAsPublished => self.as_published(params.tol, run),
            Method::Newton => self.newton_first(run),
            Method::Auto | Method::Sinkhorn | Method::Log => {
                let outcome = match params.precision {
                    Precision::Double => self.iterations::<f64>(params.tol, run)?,
                    Precision::Mixed => {
                        let outcome = self.iterations::<f32>(params.tol.max(SINGLE_FLOOR), run)?;
                        // What single precision cannot reach is left to passes in double, and what
                        // it has lost begins anew.
                        let is_lost = !self.iterate.is_finite();
                        if is_lost {
                            self.iterate = start(&self.iteration.problem, None)?;
                        }
                        let goes_on = is_lost
                            || outcome == Outcome::OutOfRange
                            || outcome == Outcome::Reached && params.tol < SINGLE_FLOOR;
                        if goes_on && !run.is_over() {
                            self.iteration.working = self.iteration.problem.values;
                            self.iterations::<f64>(params.tol, run)?
                        } else {
                            outcome
                        }
                    }
                };
                if outcome == Outcome::Newton { self.newton(params.tol, run) } else { Ok(outcome) }
            }
        }
    }

    /// Go on in double precision to a smaller tolerance.
    fn finish(&mut self, tol: f64, run: &mut Run<'_>) -> Result<Outcome, Error> {
        self.iteration.working = self.iteration.problem.values;
        match self.params.method {
            Method::Sinkhorn | Method::Log => self.log_iterations::<f64>(tol, usize::MAX, run),
            Method::NewtonAsPublished => self.as_published(tol, run),
            Method::Auto | Method::Newton => {
                let can = self.iteration.problem.marginals.are_fixed();
                let passes = if can { BEFORE_NEWTON } else { usize::MAX };
                let outcome = self.log_iterations::<f64>(tol, passes, run)?;
                let is_done = matches!(outcome, Outcome::Reached | Outcome::Stalled);
                if is_done || run.is_over() || !can { Ok(outcome) } else { self.newton(tol, run) }
            }
        }
    }

    /// Sinkhorn iterations with kernels and terms of type `E`.
    fn iterations<E: Elementary>(&mut self, tol: f64, run: &mut Run<'_>) -> Result<Outcome, Error> {
        let params = self.params;
        let is_balanced = self.iteration.problem.marginals.are_fixed();
        if params.eps_scaling == Some(true) && self.iterate.error.is_infinite() {
            if params.method == Method::Auto && is_balanced {
                return Ok(Outcome::Newton);
            }
            self.go_down::<E>(run)?;
            if run.is_over() {
                self.update_rows(run)?;
                return Ok(Outcome::Over);
            }
        }
        let stores = !params.low_memory && params.method != Method::Log && is_balanced;
        if !stores {
            return self.log_iterations::<E>(tol, usize::MAX, run);
        }
        let (n, m) = (self.iterate.alpha.len(), self.iterate.psi.len());
        let mut kernels: Option<Kernels<E>> = None;
        let (mut n_in_vain, mut n_left) = (0, 0);
        loop {
            if n_in_vain == MAX_IN_VAIN {
                return self.log_iterations::<E>(tol, usize::MAX, run);
            }
            let outcome = self.log_iterations::<E>(tol, LOG_PASSES, run)?;
            let is_done = matches!(outcome, Outcome::Reached | Outcome::OutOfRange);
            if is_done || run.is_over() {
                return Ok(outcome);
            }
            // To compute the kernel takes a pass, and only the next one uses it.
            if run.n_left() < 2 {
                return self.log_iterations::<E>(tol, usize::MAX, run);
            }
            let kernels = match &mut kernels {
                Some(kernels) => kernels,
                none => none.insert(Kernels::new(n, m)?),
            };
            let rules = self.rules(tol, usize::MAX);
            self.method = "sinkhorn";
            let before = run.n_iter;
            let outcome = self.iteration.scaling_domain(&mut self.iterate, rules, kernels, run)?;
            if outcome != Outcome::OutOfRange {
                return Ok(outcome);
            }
            if run.is_over() {
                return Ok(Outcome::Over);
            }
            n_left += 1;
            if rules.may_leave && n_left == MAX_LEFT {
                return Ok(Outcome::Newton);
            }
            n_in_vain += usize::from(run.n_iter - before <= 2);
        }
    }

    fn rules(&self, tol: f64, passes: usize) -> Rules {
        let is_balanced = self.iteration.problem.marginals.are_fixed();
        let may_leave = is_balanced && self.params.method == Method::Auto;
        Rules { tol, may_leave, relaxes: is_balanced, passes, stage: Stage::Log }
    }

    fn log_iterations<E: Elementary>(
        &mut self,
        tol: f64,
        passes: usize,
        run: &mut Run<'_>,
    ) -> Result<Outcome, Error> {
        self.log_passes::<E>(self.rules(tol, passes), run)
    }

    fn log_passes<E: Elementary>(
        &mut self,
        rules: Rules,
        run: &mut Run<'_>,
    ) -> Result<Outcome, Error> {
        self.method = "log";
        let mut pass = LogPass::<E>::new(self.iteration.working, self.iteration.problem.a)?;
        self.iteration.log_domain(&mut self.iterate, rules, &mut pass, run)
    }

    /// Sinkhorn iterations at regularisations that fall to the one that is asked for.
    fn go_down<E: Elementary>(&mut self, run: &mut Run<'_>) -> Result<(), Error> {
        if run.n_left() <= 2 {
            return Ok(());
        }
        let reg = self.iteration.problem.reg;
        let weights = (self.iteration.problem.a, self.iteration.problem.b);
        let values = self.iteration.problem.values;
        let check = || run.check();
        let mean = mean_reduced_cost(values, weights, self.team, &check)?;
        run.n_iter += 2;
        let mut level = reg;
        while level < (mean / 4.0).min(f64::MAX / LEVEL_RATIO) {
            level *= LEVEL_RATIO;
        }
        let mut last = reg;
        // One pass is kept for the level that counts.
        run.max_iter -= 1;
        while level > reg && !run.is_over() {
            self.rescale(last, level);
            self.iteration.problem.reg = level;
            let rules = self.rules(LEVEL_TOL, LEVEL_PASSES);
            let rules = Rules { may_leave: false, stage: Stage::Path, ..rules };
            self.log_passes::<E>(rules, run)?;
            last = level;
            level /= LEVEL_RATIO;
        }
        run.max_iter += 1;
        self.rescale(last, reg);
        self.iteration.problem.reg = reg;
        Ok(())
    }

    /// Keep the potentials in the units of the cost while the regularisation changes.
    fn rescale(&mut self, from: f64, to: f64) {
        let ratio = from / to;
        self.iterate.alpha.iter_mut().for_each(|alpha| *alpha *= ratio);
        for (psi, log_b) in self.iterate.psi.iter_mut().zip(self.iteration.log_b()) {
            *psi = log_b + ratio * (*psi - log_b);
        }
    }

    /// Newton's method as asked for: a few iterations, then steps from there or along the path.
    fn newton_first(&mut self, run: &mut Run<'_>) -> Result<Outcome, Error> {
        if self.params.eps_scaling == Some(true) {
            return self.newton(self.params.tol, run);
        }
        let outcome = self.log_iterations::<f64>(self.params.tol, BEFORE_NEWTON, run)?;
        if outcome == Outcome::Reached || run.is_over() {
            return Ok(outcome);
        }
        self.newton(self.params.tol, run)
    }

    /// Newton steps from the iterate, or along the path where it is far from the answer.
    fn newton(&mut self, tol: f64, run: &mut Run<'_>) -> Result<Outcome, Error> {
        let near = self.iterate.error < NEAR || self.params.eps_scaling == Some(false);
        let has_path = self.params.eps_scaling != Some(false);
        let start = if near && self.params.eps_scaling != Some(true) {
            let error = self.iterate.error.min(1.0);
            if has_path { Start::Direct { error } } else { Start::Only { error } }
        } else {
            Start::Path
        };
        let (reg, team, params) = (self.iteration.problem.reg, self.team, self.params.newton);
        let outcome = self.steps(
            "sns",
            |problem, psi, run| solve_path(problem, reg, psi, tol, &params, team, run, start),
            run,
        )?;
        // Steps that were denied the path, or the entries they asked for, are not the last word.
        let is_hampered = !has_path || run.crowded;
        if outcome == Outcome::Stalled && is_hampered && !run.is_over() {
            self.iteration.working = self.iteration.problem.values;
            let rules = Rules { may_leave: false, ..self.rules(tol, usize::MAX) };
            return self.log_passes::<f64>(rules, run);
        }
        Ok(outcome)
    }

    fn as_published(&mut self, tol: f64, run: &mut Run<'_>) -> Result<Outcome, Error> {
        let (reg, team, params) = (self.iteration.problem.reg, self.team, self.params.newton);
        self.steps(
            "sns_paper",
            |problem, psi, run| solve_paper(problem, reg, psi, tol, &params, team, run),
            run,
        )
    }

    /// Most entries of the plan that the Newton stage may keep.
    fn most_kept(&self) -> usize {
        let (n, m) = (self.iterate.alpha.len(), self.iterate.psi.len());
        if self.params.low_memory {
            n.saturating_add(m).saturating_mul(64).max(1 << 20)
        } else {
            (n.saturating_mul(m) / 3).max(1 << 16)
        }
    }

    /// Run a Newton stage on passes in double precision, then the row update of what it found.
    fn steps(
        &mut self,
        name: &'static str,
        stage: impl FnOnce(
            &mut LogProblem<'_>,
            &mut Vec<f64>,
            &mut Run<'_>,
        ) -> Result<newton::Outcome, Error>,
        run: &mut Run<'_>,
    ) -> Result<Outcome, Error> {
        self.method = name;
        let problem = self.iteration.problem;
        // One pass is kept for the row update.
        run.max_iter -= 1;
        let outcome = {
            let most_kept = self.most_kept();
            let mut passes = LogProblem::new(problem, self.team, most_kept)?;
            stage(&mut passes, &mut self.iterate.psi, run)
        };
        run.max_iter += 1;
        let outcome = outcome?;
        self.update_rows(run)?;
        self.iterate.error = outcome.error;
        Ok(match outcome.end {
            newton::End::Converged => Outcome::Reached,
            newton::End::Limit => Outcome::Over,
            newton::End::Stalled => Outcome::Stalled,
        })
    }

    /// The row update alone, so that the iterate is a plan whatever came before: one pass.
    fn update_rows(&mut self, run: &mut Run<'_>) -> Result<(), Error> {
        let Problem { values, a, reg, .. } = self.iteration.problem;
        let mut pass = LogPass::<f64>::new(values, a)?;
        let mut sums = try_vec(self.iterate.psi.len(), 0.0)?;
        let rule = RowRule { omega: 1.0, damping: self.iteration.damping().0 };
        let Iterate { alpha, psi, .. } = &mut self.iterate;
        pass.run(self.team, &|| run.check(), reg, psi, rule, alpha, &mut sums)?;
        run.n_iter += 1;
        Ok(())
    }

    /// Potentials in the units of the cost; with fixed marginals `<f, a> = <g, b>`.
    fn potentials(&self) -> (Vec<f64>, Vec<f64>) {
        let Problem { a, b, reg, marginals, .. } = self.iteration.problem;
        let mut f: Vec<f64> = self.iterate.alpha.iter().map(|alpha| reg * alpha).collect();
        let mut g = self.iteration.column_potential(&self.iterate.psi);
        if marginals.are_fixed() {
            let mean = |potential: &[f64], weights: &[f64]| -> f64 {
                let terms: Vec<f64> = potential.iter().zip(weights).map(|(p, w)| p * w).collect();
                pairwise_sum(&terms)
            };
            let shift = (mean(&g, b) - mean(&f, a)) / (pairwise_sum(a) + pairwise_sum(b));
            for f in &mut f {
                *f += shift;
            }
            for g in &mut g {
                *g -= shift;
            }
        }
        (f, g)
    }
}
