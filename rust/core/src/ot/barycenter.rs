//! Barycenters of histograms on a common support.

use super::log_pass::{LogPass, RowRule};
use super::transform::rescued_log_sums;
use crate::control::{Control, Flow, Info, Record, Status};
use crate::error::{Error, require_finite, try_vec};
use crate::pairs::PairValues;
use crate::parallel::{Team, pairwise_sum};

/// Histograms whose barycenter is wanted.
#[derive(Debug)]
pub struct Histograms<'a> {
    /// The cost between the points of the support (n, n).
    pub values: &'a dyn PairValues,
    /// The histograms, one after the other (K, n), all of the same mass.
    pub histograms: &'a [f64],
    /// Weights of the histograms (K,), of sum 1.
    pub weights: &'a [f64],
    /// Entropic regularisation.
    pub reg: f64,
}

/// Parameters of [`barycenter`].
#[derive(Debug, Clone, Copy)]
pub struct BarycenterParams {
    /// Remove the blur of the entropy.
    pub debiased: bool,
    /// Largest 1-norm of a marginal error, relative to the mass, at which the solve has converged.
    pub tol: f64,
    /// Most iterations.
    pub max_iter: usize,
    /// Keep a history.
    pub trace: bool,
}

/// A barycenter and the plans that lead to it.
#[derive(Debug, Clone)]
pub struct Barycenter {
    /// The barycenter (n,).
    pub weights: Vec<f64>,
    /// Row potentials of the plans from each histogram (K, n), in the units of the cost.
    pub f: Vec<f64>,
    /// Column potentials (K, n).
    pub g: Vec<f64>,
    /// Largest 1-norm of the distance between a plan's column sums and the barycenter.
    pub error: f64,
    /// How the solve ended.
    pub status: Status,
    /// Iterations; each passes once over the cost for each histogram, and once more if debiased.
    pub n_iter: usize,
    /// Errors along the way, if asked for.
    pub history: Vec<Record>,
}

/// Passes without a smaller error after which rounding is taken to be the limit.
const PATIENCE: usize = 500;

/// Relative difference of masses that counts as rounding.
const SAME_MASS: f64 = 1e-6;

impl Histograms<'_> {
    fn validate(&self, params: &BarycenterParams) -> Result<(), Error> {
        let n = self.values.n_rows();
        let count = self.weights.len();
        let is_empty = count == 0 || n == 0;
        if self.values.n_columns() != n || self.histograms.len() != count * n || is_empty {
            return Err(Error::Shape {
                argument: "histograms",
                expected: format!("{count} times {n} entries, at least one"),
                found: self.histograms.len().to_string(),
            });
        }
        let numbers = [("reg", self.reg), ("tol", params.tol)];
        // Written so that NaN is refused.
        if let Some((argument, found)) =
            numbers.into_iter().find(|(_, x)| !(*x > 0.0 && x.is_finite()))
        {
            let rule = "positive and finite";
            return Err(Error::Value { argument, rule, value: found.to_string(), index: None });
        }
        for (argument, values) in [("histograms", self.histograms), ("weights", self.weights)] {
            require_finite(argument, values)?;
            if let Some(index) = values.iter().position(|&x| x < 0.0) {
                let (rule, value) = ("at least 0", values[index].to_string());
                return Err(Error::Value { argument, rule, value, index: Some(index) });
            }
        }
        let masses: Vec<f64> = self.histograms.chunks_exact(n).map(pairwise_sum).collect();
        // Written so that NaN is refused.
        let is_same = |mass: &f64| (mass - masses[0]).abs() <= SAME_MASS * masses[0] && *mass > 0.0;
        if let Some(index) = masses.iter().position(|mass| !is_same(mass)) {
            return Err(Error::Value {
                argument: "histograms",
                rule: "of the same positive mass",
                value: format!("{} beside {}", masses[index], masses[0]),
                index: Some(index),
            });
        }
        Ok(())
    }
}

/// The weights `p` that minimise the weighted sum of the transport values from all histograms.
///
/// Benamou, Carlier, Cuturi, Nenna, Peyré, "Iterative Bregman projections for regularized
/// transportation problems" (2015), in the log domain; debiased as in Janati, Cuturi, Gramfort,
/// "Debiased Sinkhorn barycenters" (2020). With the entropy relative to the counting measure the
/// iteration is `F_k = log A_k - LSE(G_k - C / reg)`, `log p = d + sum w_k q_k` with
/// `q_k = LSE(F_k - C^T / reg)`, `G_k = log p - q_k`. Bins of weight 0 are allowed. Histograms are
/// divided by their mass first, so that the iteration is the same in any unit. O(K n^2) time an
/// iteration.
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming the argument,
/// [`Error::Interrupted`].
pub fn barycenter(
    data: &Histograms<'_>,
    params: &BarycenterParams,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Barycenter, Error> {
    data.validate(params)?;
    let n = data.values.n_rows();
    let count = data.weights.len();
    let mass = pairwise_sum(&data.histograms[..n]);
    let histograms: Vec<f64> = data.histograms.iter().map(|h| h / mass).collect();
    let mut pass = LogPass::<f64>::new(data.values, &histograms[..n])?;
    let ones = try_vec(n, 1.0)?;
    let (mut logs, mut p) = (try_vec(n, 0.0)?, try_vec(n, 0.0)?);
    let (mut debias, mut soft) = (try_vec(n, 0.0)?, try_vec(n, 0.0)?);
    let (mut alpha, mut g) = (try_vec(count * n, 0.0)?, try_vec(count * n, 0.0)?);
    let (mut columns, mut sums) = (try_vec(count * n, 0.0)?, try_vec(count * n, 0.0)?);
    let mut unused = try_vec(n, 0.0)?;
    let mut history = Vec::new();
    let (mut n_iter, mut error, mut status) = (0, f64::INFINITY, Status::MaxIter);
    let (mut best, mut idle) = (f64::INFINITY, 0);
    while n_iter < params.max_iter {
        logs.copy_from_slice(&debias);
        for k in 0..count {
            let rows = k * n..(k + 1) * n;
            let histogram = &histograms[rows.clone()];
            let (alpha, psi) = (&mut alpha[rows.clone()], &g[rows.clone()]);
            let (q, sums) = (&mut columns[rows.clone()], &mut sums[rows]);
            let check = || control.check();
            pass.weights = histogram;
            pass.run(team, &check, data.reg, psi, RowRule::PLAIN, alpha, sums)?;
            // The column sums of the plan are exp(G + q).
            for (q, (sum, g)) in q.iter_mut().zip(sums.iter().zip(psi)) {
                *q = sum.ln() - g;
            }
            let lost: Vec<usize> = (0..n).filter(|&j| sums[j] < f64::MIN_POSITIVE).collect();
            if !lost.is_empty() {
                let pairs = alpha.iter().zip(histogram);
                let phi: Vec<f64> = pairs.map(|(alpha, h)| alpha + h.ln()).collect();
                let (exact, _) =
                    rescued_log_sums(data.values, &phi, data.reg, &lost, team, &check)?;
                for (&j, exact) in lost.iter().zip(exact) {
                    q[j] = exact;
                }
            }
            for (log, q) in logs.iter_mut().zip(&*q) {
                *log += data.weights[k] * q;
            }
        }
        n_iter += 1;
        for (p, log) in p.iter_mut().zip(&logs) {
            *p = log.exp();
        }
        // Plans of the potentials before their column update, against the new barycenter.
        let distance =
            |sums: &[f64]| -> f64 { sums.iter().zip(&p).map(|(sum, p)| (sum - p).abs()).sum() };
        error = sums.chunks_exact(n).map(distance).fold(0.0, f64::max);
        for (g, (q, log)) in g.iter_mut().zip(columns.iter().zip(logs.iter().cycle())) {
            *g = log - q;
        }
        let mut drift = 0.0;
        if params.debiased {
            let check = || control.check();
            pass.weights = &ones;
            let rule = RowRule::PLAIN;
            pass.run(team, &check, data.reg, &debias, rule, &mut soft, &mut unused)?;
            let terms = logs.iter().zip(&p).zip(&pass.row_log_sums);
            for (debias, ((log, p), soft)) in debias.iter_mut().zip(terms) {
                let new = 0.5 * (*debias + log - soft);
                drift += p * (new - *debias).abs();
                *debias = new;
            }
        }
        error = error.max(2.0 * drift);
        if params.trace {
            history.push(Record { n_iter, error: mass * error });
        }
        if error <= params.tol {
            status = Status::Converged;
            break;
        }
        let scaled = || p.iter().map(|p| mass * p).collect();
        let info = Info { n_iter, error: mass * error, iterate: &scaled };
        if control.step(&info)? == Flow::Stop {
            status = Status::Stopped;
            break;
        }
        if error < 0.99 * best {
            (best, idle) = (error, 0);
        } else {
            idle += 1;
        }
        if idle >= PATIENCE {
            status = Status::Stalled;
            break;
        }
    }
    let reg = data.reg;
    Ok(Barycenter {
        weights: logs.iter().map(|log| mass * log.exp()).collect(),
        f: alpha.iter().map(|alpha| reg * alpha).collect(),
        g: g.iter().map(|g| reg * g).collect(),
        error: mass * error,
        status,
        n_iter,
        history,
    })
}
