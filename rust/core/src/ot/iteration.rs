//! Sinkhorn iterations with over-relaxation, in the log domain or on a stored kernel.

use std::ops::Range;

use super::acceleration::{Acceleration, Advice};
use super::log_pass::{LogPass, RowRule};
use super::problem::Problem;
use super::run::{Run, Stage};
use super::scaling_pass::Kernels;
use super::transform::{PASSES, rescued_log_sums};
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::pairs::PairValues;
use crate::parallel::Team;
use crate::simd::Elementary;

/// Column sums out of this range have lost digits to underflow, or everything to overflow, and are
/// computed again by themselves.
const SAFE: Range<f64> = 1e-290..f64::INFINITY;

/// Relative error that iterations with a kernel of single precision can reach.
pub(super) const SINGLE_FLOOR: f64 = 3e-6;

/// Passes without a smaller error after which rounding is taken to be the limit.
const PATIENCE: usize = 400;

/// Passes in a row that lose a column, after which single precision is taken not to reach it.
const MAX_LOST: usize = 10;

/// Error to which passes over a stored kernel go on before Newton's method, if they soon reach it.
const APPROACHED: f64 = 0.03;

/// Why a run of iterations ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The error is at most the tolerance.
    Reached,
    /// The forecast calls for Newton's method.
    Newton,
    /// The limit of passes, or the caller.
    Over,
    /// The error falls no further.
    Stalled,
    /// Scalings have left the range of a stored kernel, or potentials that of numbers.
    OutOfRange,
}

/// The potentials of a solve, in log units.
#[derive(Debug, Clone)]
pub(super) struct Iterate {
    /// `f / reg` (n,).
    pub(super) alpha: Vec<f64>,
    /// `g / reg + log b` (m,).
    pub(super) psi: Vec<f64>,
    /// Relative marginal error of the pair.
    pub(super) error: f64,
}

impl Iterate {
    pub(super) fn is_finite(&self) -> bool {
        self.alpha.iter().chain(&self.psi).all(|x| x.is_finite())
    }
}

/// How iterations go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Relative marginal error to reach.
    pub(super) tol: f64,
    /// Whether the forecast may call for Newton's method.
    pub(super) may_leave: bool,
    /// Whether steps may be over-relaxed.
    pub(super) relaxes: bool,
    /// Most passes of these iterations.
    pub(super) passes: usize,
    /// What log passes are entered as.
    pub(super) stage: Stage,
}

/// A problem with what its iterations need.
pub(super) struct Iteration<'a> {
    /// The problem, its cost in double precision.
    pub(super) problem: Problem<'a>,
    /// The cost as iterations read it.
    pub(super) working: &'a dyn PairValues,
    team: &'a Team,
    log_b: Vec<f64>,
    masses: (f64, f64),
    column_sums: Vec<f64>,
    old: Vec<f64>,
}

impl<'a> Iteration<'a> {
    pub(super) fn new(
        problem: Problem<'a>,
        working: &'a dyn PairValues,
        team: &'a Team,
    ) -> Result<Self, Error> {
        Ok(Self {
            problem,
            working,
            team,
            log_b: problem.b.iter().map(|b| b.ln()).collect(),
            masses: (problem.a.iter().sum(), problem.b.iter().sum()),
            column_sums: try_vec(problem.b.len(), 0.0)?,
            old: try_vec(problem.a.len(), 0.0)?,
        })
    }

    /// What errors are relative to.
    pub(super) fn scale(&self) -> f64 {
        (self.masses.0 * self.masses.1).sqrt()
    }

    /// Factors of the updates of rows and columns.
    pub(super) fn damping(&self) -> (f64, f64) {
        let Problem { reg, marginals, .. } = self.problem;
        let damping = |rho: f64| if rho.is_finite() { rho / (rho + reg) } else { 1.0 };
        (damping(marginals.rows), damping(marginals.columns))
    }

    /// Logarithms of the weights of the columns.
    pub(super) fn log_b(&self) -> &[f64] {
        &self.log_b
    }

    /// Iterate by log passes from `iterate`, whose `psi` counts.
    pub(super) fn log_domain<E: Elementary>(
        &mut self,
        iterate: &mut Iterate,
        rules: Rules,
        pass: &mut LogPass<'a, E>,
        run: &mut Run<'_>,
    ) -> Result<Outcome, Error> {
        let (reg, damping) = (self.problem.reg, self.damping());
        let mut acceleration = Acceleration::new(rules.tol);
        let mut progress = Progress::default();
        let (mut is_last, mut n_lost) = (false, 0);
        let is_single = size_of::<E>() < size_of::<f64>();
        for _ in 0..rules.passes {
            let omega = if is_last { 1.0 } else { acceleration.omega };
            self.old.copy_from_slice(&iterate.alpha);
            let rule = RowRule { omega, damping: damping.0 };
            let Iterate { alpha, psi, .. } = &mut *iterate;
            let columns = &mut self.column_sums;
            pass.run(self.team, &|| run.check(), reg, psi, rule, alpha, columns)?;
            let mut error = self.column_error(&iterate.psi);
            if omega != 1.0 {
                error += self.row_error(&pass.row_log_sums);
            }
            iterate.error = error / self.scale();
            let value = if run.is_traced() { self.dual(iterate) } else { f64::NAN };
            let g = || self.column_potential(&iterate.psi);
            let goes_on = run.pass(rules.stage, reg, iterate.error, value, &g)?;
            if iterate.error <= rules.tol {
                if omega == 1.0 {
                    return Ok(Outcome::Reached);
                }
                is_last = true;
            } else {
                is_last = false;
            }
            if !goes_on {
                return Ok(Outcome::Over);
            }
            if !iterate.error.is_finite() && !iterate.is_finite() {
                return Ok(Outcome::OutOfRange);
            }
            if progress.is_stuck(iterate.error) {
                return Ok(Outcome::Stalled);
            }
            if rules.relaxes || rules.may_leave {
                let advice = acceleration.observe(iterate.error);
                if !rules.relaxes {
                    acceleration.omega = 1.0;
                }
                if advice == Advice::Newton && rules.may_leave {
                    return Ok(Outcome::Newton);
                }
            }
            let omega = if is_last { 1.0 } else { acceleration.omega };
            let is_lost = self.update_columns(iterate, omega, damping.1, run)?;
            self.translate(iterate);
            n_lost = if is_lost { n_lost + 1 } else { 0 };
            if is_single && n_lost == MAX_LOST {
                return Ok(Outcome::OutOfRange);
            }
        }
        Ok(Outcome::Over)
    }

    /// Iterate on the kernel that absorbs the potentials of `iterate`, whose error is known.
    pub(super) fn scaling_domain<E: Elementary>(
        &mut self,
        iterate: &mut Iterate,
        rules: Rules,
        kernels: &mut Kernels<E>,
        run: &mut Run<'_>,
    ) -> Result<Outcome, Error> {
        let reg = self.problem.reg;
        // Far from overflow, and what was flushed to 0 stays small.
        let limit: f64 = if size_of::<E>() == size_of::<f64>() { 50.0 } else { 20.0 };
        let range = (-limit).exp()..=limit.exp();
        let mut acceleration = Acceleration::new(rules.tol).approaching(APPROACHED, run.n_iter);
        let mut progress = Progress::default();
        let m = iterate.psi.len();
        // Masses near 1, whatever their unit, lie in the range of single precision.
        let mass = self.masses.0;
        let weights: Vec<f64> = self.problem.a.iter().map(|a| a / mass).collect();
        let (mut u, mut v) = (weights.clone(), try_vec(m, 1.0)?);
        let mut single = try_vec(m, E::zero())?;
        let Iterate { alpha, psi, .. } = &*iterate;
        kernels.absorb(self.working, reg, (alpha, psi), self.team, &|| run.check())?;
        run.n_iter += 1;
        let mut is_last = false;
        for _ in 0..rules.passes {
            let omega = if is_last { 1.0 } else { acceleration.omega };
            for (single, v) in single.iter_mut().zip(&v) {
                *single = E::from_f64(*v);
            }
            let row_error = kernels.run(
                self.team,
                &|| run.check(),
                &weights,
                &single,
                omega,
                &mut u,
                &mut self.column_sums,
            )?;
            for (sum, v) in self.column_sums.iter_mut().zip(&single) {
                *sum *= mass * Float::to_f64(*v);
            }
            let error = (self.column_error(&iterate.psi) + mass * row_error) / self.scale();
            let is_safe = error.is_finite()
                && u.iter().zip(&weights).all(|(u, a)| range.contains(&(u / a)))
                && v.iter().all(|v| range.contains(v))
                && self.column_sums.iter().all(|&sum| sum > 0.0);
            if !is_safe {
                // Left to a log pass, which has no range to leave.
                run.n_iter += 1;
                leave(iterate, (&u, &weights), &v, f64::INFINITY);
                return Ok(Outcome::OutOfRange);
            }
            iterate.error = error;
            let g = || {
                let psi: Vec<f64> = iterate.psi.iter().zip(&v).map(|(p, v)| p + v.ln()).collect();
                self.column_potential(&psi)
            };
            let value = if run.is_traced() {
                self.scaled_dual(iterate, (&u, &weights), &v)
            } else {
                f64::NAN
            };
            let goes_on = run.pass(Stage::Scaling, reg, error, value, &g)?;
            if error <= rules.tol {
                if omega == 1.0 {
                    leave(iterate, (&u, &weights), &v, error);
                    return Ok(Outcome::Reached);
                }
                is_last = true;
            } else {
                is_last = false;
            }
            if !goes_on {
                leave(iterate, (&u, &weights), &v, error);
                return Ok(Outcome::Over);
            }
            if progress.is_stuck(error) {
                leave(iterate, (&u, &weights), &v, error);
                return Ok(Outcome::Stalled);
            }
            let advice = acceleration.observe(error);
            if !rules.relaxes {
                acceleration.omega = 1.0;
            }
            if advice == Advice::Newton && rules.may_leave {
                leave(iterate, (&u, &weights), &v, error);
                return Ok(Outcome::Newton);
            }
            let omega = if is_last { 1.0 } else { acceleration.omega };
            let columns = self.problem.b.iter().zip(&self.column_sums);
            for (v, (b, sum)) in v.iter_mut().zip(columns) {
                let ratio = b / sum;
                *v *= if omega == 1.0 { ratio } else { ratio.powf(omega) };
            }
        }
        let error = iterate.error;
        leave(iterate, (&u, &weights), &v, error);
        Ok(Outcome::Over)
    }

    /// Sum of the distances of the column sums from what they should be.
    fn column_error(&self, psi: &[f64]) -> f64 {
        let Problem { b, reg, marginals, .. } = self.problem;
        let entries = self.column_sums.iter().zip(b).zip(psi.iter().zip(&self.log_b));
        entries
            .map(|((sum, b), (psi, log_b))| {
                let target = if marginals.columns.is_finite() {
                    b * (-(psi - log_b) * reg / marginals.columns).exp()
                } else {
                    *b
                };
                (sum - target).abs()
            })
            .sum()
    }

    /// Sum of the distances of the row sums from the weights before the last update.
    fn row_error(&self, log_sums: &[f64]) -> f64 {
        let rows = self.problem.a.iter().zip(self.old.iter().zip(log_sums));
        rows.map(|(a, (alpha, log_sum))| a * (alpha + log_sum).exp_m1().abs()).sum()
    }

    /// Sinkhorn's column update, relaxed by `omega`.
    ///
    /// Sums that have left the range are found anew; with no passes left for that, their columns
    /// stay as they are. Returns whether there were any.
    fn update_columns(
        &self,
        iterate: &mut Iterate,
        omega: f64,
        damping: f64,
        run: &mut Run<'_>,
    ) -> Result<bool, Error> {
        let lost: Vec<usize> =
            (0..self.column_sums.len()).filter(|&j| !SAFE.contains(&self.column_sums[j])).collect();
        let mut log_sums: Vec<f64> = self.column_sums.iter().map(|sum| sum.ln()).collect();
        if !lost.is_empty() {
            let exact = if run.n_left() > PASSES {
                let logs = iterate.alpha.iter().zip(self.problem.a);
                let phi: Vec<f64> = logs.map(|(alpha, a)| alpha + a.ln()).collect();
                let Problem { values, reg, .. } = self.problem;
                let check = || run.check();
                let (exact, passes) =
                    rescued_log_sums(values, &phi, reg, &lost, self.team, &check)?;
                run.n_iter += passes;
                Some(exact)
            } else {
                None
            };
            for (k, &j) in lost.iter().enumerate() {
                log_sums[j] =
                    exact.as_ref().map_or(self.log_b[j], |exact| exact[k] + iterate.psi[j]);
            }
        }
        for (j, psi) in iterate.psi.iter_mut().enumerate() {
            let gamma = *psi - self.log_b[j];
            let new = damping * (gamma + self.log_b[j] - log_sums[j]);
            *psi = self.log_b[j] + gamma + omega * (new - gamma);
        }
        Ok(!lost.is_empty())
    }

    /// Move the constant between the potentials that raises the dual value most.
    ///
    /// Séjourné, Vialard, Peyré, "Faster unbalanced optimal transport: translation invariant
    /// Sinkhorn and 1-D Frank-Wolfe" (2022): without it penalties that are weak against the
    /// regularisation make the iteration slow. The plan does not change.
    fn translate(&self, iterate: &mut Iterate) {
        let Problem { a, reg, marginals, .. } = self.problem;
        if marginals.are_fixed() {
            return;
        }
        let (p, q) = (marginals.rows, marginals.columns);
        let log_mass = |weights: &mut dyn Iterator<Item = (f64, f64)>, rho: f64, mass: f64| {
            if rho.is_infinite() {
                return mass.ln();
            }
            let (logs, weights): (Vec<f64>, Vec<f64>) =
                weights.map(|(gamma, w)| (-gamma * reg / rho, w)).unzip();
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logs.iter().zip(&weights).map(|(x, w)| w * (x - most).exp()).sum();
            most + sum.ln()
        };
        let mut rows = iterate.alpha.iter().copied().zip(a.iter().copied());
        let gammas = iterate.psi.iter().zip(&self.log_b).map(|(psi, log_b)| psi - log_b);
        let mut columns = gammas.zip(self.problem.b.iter().copied());
        let difference =
            log_mass(&mut rows, p, self.masses.0) - log_mass(&mut columns, q, self.masses.1);
        let factor = if p.is_infinite() {
            q
        } else if q.is_infinite() {
            p
        } else {
            p * (q / (p + q))
        };
        let step = factor * difference / reg;
        if step.is_finite() {
            iterate.alpha.iter_mut().for_each(|alpha| *alpha += step);
            iterate.psi.iter_mut().for_each(|psi| *psi -= step);
        }
    }

    /// The column potential in the units of the cost.
    pub(super) fn column_potential(&self, psi: &[f64]) -> Vec<f64> {
        psi.iter().zip(&self.log_b).map(|(psi, log_b)| self.problem.reg * (psi - log_b)).collect()
    }

    /// Dual value at the iterate, from the column sums of the last pass.
    fn dual(&self, iterate: &Iterate) -> f64 {
        self.scaled_dual(iterate, (self.problem.a, self.problem.a), &[])
    }

    /// Dual value at the iterate with scalings `u / weights` and `v`; an empty `v` stands for ones.
    fn scaled_dual(&self, iterate: &Iterate, (u, weights): (&[f64], &[f64]), v: &[f64]) -> f64 {
        let Problem { a, b, reg, marginals, .. } = self.problem;
        let side = |weight: f64, potential: f64, rho: f64| {
            if rho.is_finite() {
                -rho * weight * (-potential * reg / rho).exp_m1()
            } else {
                weight * potential * reg
            }
        };
        let rows = iterate.alpha.iter().zip(u.iter().zip(weights)).zip(a);
        let rows = rows.map(|((alpha, (u, w)), a)| side(*a, alpha + (u / w).ln(), marginals.rows));
        let columns = iterate.psi.iter().zip(&self.log_b).zip(b).enumerate();
        let columns = columns.map(|(j, ((psi, log_b), b))| {
            side(*b, psi - log_b + v.get(j).map_or(0.0, |v| v.ln()), marginals.columns)
        });
        let mass: f64 = self.column_sums.iter().sum();
        rows.sum::<f64>() + columns.sum::<f64>() - reg * (mass - self.masses.0 * self.masses.1)
    }
}

/// Move the scalings `u / weights` and `v` into the potentials.
fn leave(iterate: &mut Iterate, (u, weights): (&[f64], &[f64]), v: &[f64], error: f64) {
    let scalings = u.iter().zip(weights);
    for (alpha, (u, weight)) in iterate.alpha.iter_mut().zip(scalings) {
        let step = (u / weight).ln();
        // A scaling out of range is dropped; the next log pass finds the potential anew.
        *alpha += if step.is_finite() { step } else { 0.0 };
    }
    for (psi, v) in iterate.psi.iter_mut().zip(v) {
        let step = v.ln();
        *psi += if step.is_finite() { step } else { 0.0 };
    }
    iterate.error = error;
}

/// The smallest error so far, and how long ago it was found.
#[derive(Debug, Default)]
struct Progress {
    best: Option<f64>,
    idle: usize,
}

impl Progress {
    fn is_stuck(&mut self, error: f64) -> bool {
        if self.best.is_none_or(|best| error < 0.99 * best) {
            self.best = Some(error);
            self.idle = 0;
        } else {
            self.idle += 1;
        }
        // Far from the answer a plateau is ordinary; near it, rounding.
        self.idle >= PATIENCE && self.best.is_some_and(|best| best < 1e-5)
    }
}
