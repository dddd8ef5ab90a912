//! Newton's method against dense references: a naive problem, its plan, and model problems.

mod limits;
mod operator;
mod published;
mod solves;

use super::{NewtonParams, Outcome, Start, solve_path};
use crate::error::Error;
use crate::ot::run::{PassRecord, Run, Stage};
use crate::ot::semi_dual::{Kept, Pass, SemiDual};
use crate::parallel::Team;
use crate::rng::Stream;

/// A transport problem with a dense cost and plain loops.
#[derive(Clone)]
struct Dense {
    a: Vec<f64>,
    b: Vec<f64>,
    cost: Vec<f64>,
    n_passes: usize,
    most_kept: usize,
}

impl Dense {
    fn new(a: Vec<f64>, b: Vec<f64>, cost: impl Fn(usize, usize) -> f64) -> Self {
        let m = b.len();
        let cost = (0..a.len() * m).map(|k| cost(k / m, k % m)).collect();
        Self { a, b, cost, n_passes: 0, most_kept: usize::MAX }
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.cost[i * self.b.len()..(i + 1) * self.b.len()]
    }

    fn max_cost(&self) -> f64 {
        self.cost.iter().copied().fold(0.0, f64::max)
    }

    /// The plan after the row update, and `alpha`.
    fn plan(&self, reg: f64, psi: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut plan, mut alpha) = (Vec::new(), Vec::new());
        for (i, a) in self.a.iter().enumerate() {
            let z: Vec<f64> = psi.iter().zip(self.row(i)).map(|(p, c)| p - c / reg).collect();
            let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = z.iter().map(|z| (z - top).exp()).sum();
            alpha.push(-top - sum.ln());
            plan.extend(z.iter().map(|z| a * (z - top).exp() / sum));
        }
        (plan, alpha)
    }

    fn error(&self, reg: f64, psi: &[f64]) -> f64 {
        let (plan, _) = self.plan(reg, psi);
        let m = self.b.len();
        let sum = |j| -> f64 { (0..self.a.len()).map(|i| plan[i * m + j]).sum() };
        (0..m).map(|j| (sum(j) - self.b[j]).abs()).sum::<f64>() / self.a.iter().sum::<f64>()
    }

    /// Plain Sinkhorn iterations from `psi`.
    fn sinkhorn(&self, reg: f64, mut psi: Vec<f64>, n_iter: usize) -> Vec<f64> {
        let m = self.b.len();
        for _ in 0..n_iter {
            let (plan, _) = self.plan(reg, &psi);
            for j in 0..m {
                let sum: f64 = (0..self.a.len()).map(|i| plan[i * m + j]).sum();
                psi[j] += (self.b[j] / sum).ln();
            }
        }
        psi
    }

    fn log_b(&self) -> Vec<f64> {
        self.b.iter().map(|b| b.ln()).collect()
    }

    /// The value with the product of the weights as reference, of mass 1.
    fn value(&self, reg: f64, psi: &[f64]) -> f64 {
        let (_, alpha) = self.plan(reg, psi);
        let rows: f64 = self.a.iter().zip(&alpha).map(|(a, x)| a * x).sum();
        reg * (rows + self.b.iter().zip(psi).map(|(b, x)| b * (x - b.ln())).sum::<f64>())
    }
}

impl SemiDual for Dense {
    fn row_weights(&self) -> &[f64] {
        &self.a
    }

    fn column_weights(&self) -> &[f64] {
        &self.b
    }

    fn pass(
        &mut self,
        _: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        threshold: Option<f64>,
        out: &mut Pass,
    ) -> Result<(), Error> {
        self.n_passes += 1;
        let (plan, alpha) = self.plan(reg, psi);
        let (n, m) = (self.a.len(), self.b.len());
        *out = Pass { alpha, column_sums: vec![0.0; m], ..Pass::default() };
        out.kept.row_rest = vec![0.0; n];
        out.kept.column_rest = vec![0.0; m];
        out.kept.offsets.push(0);
        for i in 0..n {
            for j in 0..m {
                let mass = plan[i * m + j];
                out.column_sums[j] += mass;
                if threshold.is_some_and(|threshold| mass >= threshold) {
                    out.kept.columns.push(j as u32);
                    out.kept.values.push(mass);
                } else {
                    out.kept.row_rest[i] += mass;
                    out.kept.column_rest[j] += mass;
                }
            }
            out.kept.offsets.push(out.kept.values.len());
        }
        if out.kept.values.len() > self.most_kept {
            out.kept = Kept { overflows: true, ..Kept::default() };
        }
        Ok(())
    }

    fn log_column_sums(
        &mut self,
        _: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        alpha: &[f64],
        columns: &[usize],
    ) -> Result<(Vec<f64>, usize), Error> {
        self.n_passes += 2;
        let sum = |&j: &usize| {
            let z: Vec<f64> = (0..self.a.len())
                .map(|i| self.a[i].ln() + alpha[i] - self.row(i)[j] / reg)
                .collect();
            let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            psi[j] + top + z.iter().map(|z| (z - top).exp()).sum::<f64>().ln()
        };
        Ok((columns.iter().map(sum).collect(), 2))
    }

    fn most_kept(&self) -> usize {
        self.most_kept
    }

    fn mean_reduced_cost(&mut self, _: &dyn Fn() -> Result<(), Error>) -> Result<f64, Error> {
        self.n_passes += 2;
        let (n, m) = (self.a.len(), self.b.len());
        let min = |x: &mut dyn Iterator<Item = f64>| x.fold(f64::INFINITY, f64::min);
        let rows: Vec<f64> = (0..n).map(|i| min(&mut self.row(i).iter().copied())).collect();
        let column = |j: usize| min(&mut (0..n).map(|i| self.row(i)[j] - rows[i]));
        let mean = |j: usize| {
            let low = column(j);
            (0..n).map(|i| self.a[i] * (self.row(i)[j] - rows[i] - low)).sum::<f64>()
        };
        let mass: f64 = self.a.iter().sum();
        Ok((0..m).map(|j| self.b[j] * mean(j)).sum::<f64>() / (mass * mass))
    }
}

/// What a solve returned, with its account.
struct Solved {
    outcome: Outcome,
    psi: Vec<f64>,
    n_iter: usize,
    n_newton: usize,
    n_cg: usize,
    density: f64,
    history: Vec<PassRecord>,
}

impl Solved {
    /// Errors of the Newton stage at the last regularisation.
    fn last_errors(&self, reg: f64) -> Vec<f64> {
        let last = |r: &&PassRecord| r.reg == reg && r.stage == Stage::Newton;
        self.history.iter().filter(last).map(|r| r.error).collect()
    }
}

/// Run a solver with a fresh account and check what holds for all of them.
fn account(
    problem: &mut Dense,
    reg: f64,
    max_iter: usize,
    solve: impl FnOnce(&mut Dense, &mut Vec<f64>, &mut Run<'_>) -> Outcome,
) -> Solved {
    problem.n_passes = 0;
    let mut psi = problem.log_b();
    let mut control = ();
    let mut run = Run::new(&mut control, max_iter, true);
    let outcome = solve(problem, &mut psi, &mut run);
    assert_eq!(run.n_iter, problem.n_passes);
    assert!(psi.iter().all(|x| x.is_finite()) && !outcome.error.is_nan());
    if outcome.error.is_finite() {
        let at_last = run.history.iter().filter(|r| r.reg == reg).map(|r| r.error);
        assert_eq!(outcome.error, at_last.fold(f64::INFINITY, f64::min));
        let error = problem.error(reg, &psi);
        assert!((error - outcome.error).abs() <= 1e-9 * error + 1e-13);
    }
    Solved {
        outcome,
        psi,
        n_iter: run.n_iter,
        n_newton: run.n_newton,
        n_cg: run.n_cg,
        density: run.density,
        history: run.history,
    }
}

fn solve(problem: &mut Dense, reg: f64, tol: f64, start: Start) -> Solved {
    solve_with(problem, reg, tol, start, 1000, &Team::sequential())
}

fn solve_with(
    problem: &mut Dense,
    reg: f64,
    tol: f64,
    start: Start,
    max_iter: usize,
    team: &Team,
) -> Solved {
    let params = NewtonParams::default();
    account(problem, reg, max_iter, |problem, psi, run| {
        solve_path(problem, reg, psi, tol, &params, team, run, start).expect("nobody interrupts")
    })
}

fn uniforms(key: u64, len: usize) -> Vec<f64> {
    let mut values = vec![0.0; len];
    Stream::new(key, 0, 0).fill_uniform(0, &mut values);
    values
}

fn equal_weights(n: usize) -> Vec<f64> {
    vec![1.0 / n as f64; n]
}

/// Independent uniform costs and equal weights.
fn assignment(n: usize, key: u64) -> Dense {
    let cost = uniforms(key, n * n);
    Dense::new(equal_weights(n), equal_weights(n), |i, j| cost[i * n + j])
}

fn normalised(mut weights: Vec<f64>) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    for w in &mut weights {
        *w /= total;
    }
    weights
}
