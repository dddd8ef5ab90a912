//! Barycenters of histograms on a common support.

use super::log_pass::{LogPass, RowRule};
use super::transform::row_log_sums;
use crate::control::{Control, Flow, Info, Record, Status};
use crate::error::{Error, require_finite, try_vec};
use crate::pairs::PairValues;
use crate::parallel::Team;

/// Histograms whose barycenter is wanted.
#[derive(Debug)]
pub struct Histograms<'a> {
    /// The cost between the points of the support (n, n).
    pub values: &'a dyn PairValues,
    /// The histograms, one after the other (K, n), each of mass 1.
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
    /// Largest 1-norm of a marginal error at which the solve has converged.
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
    /// Iterations; each passes once over the cost for each histogram.
    pub n_iter: usize,
    /// Errors along the way, if asked for.
    pub history: Vec<Record>,
}

/// Passes without a smaller error after which rounding is taken to be the limit.
const PATIENCE: usize = 500;

impl Histograms<'_> {
    fn validate(&self, params: &BarycenterParams) -> Result<(), Error> {
        let n = self.values.n_rows();
        let count = self.weights.len();
        if self.values.n_columns() != n || self.histograms.len() != count * n || count == 0 {
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
        Ok(())
    }
}

/// The weights `p` that minimise the weighted sum of the transport values from all histograms.
///
/// Benamou, Carlier, Cuturi, Nenna, Peyré, "Iterative Bregman projections for regularized
/// transportation problems" (2015), in the log domain; debiased as in Janati, Cuturi, Gramfort,
/// "Debiased Sinkhorn barycenters" (2020). With the entropy relative to the counting measure the
/// iteration is `F_k = log A_k - LSE(G_k - C / reg)`, `log p = d + sum w_k q_k` with
/// `q_k = LSE(F_k - C^T / reg)`, `G_k = log p - q_k`. Bins of weight 0 are allowed. O(K n^2) time an
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
    let mut logs = try_vec(n, 0.0)?;
    let mut debias = try_vec(n, 0.0)?;
    let (mut alpha, mut g) = (try_vec(count * n, 0.0)?, try_vec(count * n, 0.0)?);
    let mut columns = try_vec(count * n, 0.0)?;
    let mut history = Vec::new();
    let (mut n_iter, mut error, mut status) = (0, f64::INFINITY, Status::MaxIter);
    let (mut best, mut idle) = (f64::INFINITY, 0);
    let mut sums = try_vec(n, 0.0)?;
    while n_iter < params.max_iter {
        let mut next = debias.clone();
        let mut masses = try_vec(count * n, 0.0)?;
        for k in 0..count {
            let rows = k * n..(k + 1) * n;
            let histogram = &data.histograms[rows.clone()];
            let mut pass = LogPass::<f64>::new(data.values, histogram)?;
            let (alpha, psi) = (&mut alpha[rows.clone()], &g[rows.clone()]);
            let check = || control.check();
            pass.run(team, &check, data.reg, psi, RowRule::PLAIN, alpha, &mut sums)?;
            // The column sums of the plan are exp(G + q).
            let q = &mut columns[rows.clone()];
            masses[rows].copy_from_slice(&sums);
            if sums.iter().any(|&sum| sum < f64::MIN_POSITIVE) {
                let pairs = alpha.iter().zip(histogram);
                let phi: Vec<f64> = pairs.map(|(alpha, h)| alpha + h.ln()).collect();
                let exact =
                    super::transform::column_log_sums(data.values, &phi, data.reg, team, &check)?;
                q.copy_from_slice(&exact);
            } else {
                for (q, (sum, g)) in q.iter_mut().zip(sums.iter().zip(psi)) {
                    *q = sum.ln() - g;
                }
            }
            for (next, q) in next.iter_mut().zip(&*q) {
                *next += data.weights[k] * q;
            }
        }
        logs.copy_from_slice(&next);
        n_iter += 1;
        let p: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        // Plans of the potentials before their column update, against the new barycenter.
        let distance = |masses: &[f64]| -> f64 {
            masses.iter().zip(&p).map(|(mass, p)| (mass - p).abs()).sum()
        };
        error = masses.chunks_exact(n).map(distance).fold(0.0, f64::max);
        for (g, (q, log)) in g.iter_mut().zip(columns.iter().zip(logs.iter().cycle())) {
            *g = log - q;
        }
        let mut drift = 0.0;
        if params.debiased {
            let check = || control.check();
            let soft = row_log_sums(data.values, &debias, data.reg, team, &check)?;
            for ((debias, log), soft) in debias.iter_mut().zip(&logs).zip(soft) {
                let new = 0.5 * (*debias + log - soft);
                drift += log.exp() * (new - *debias).abs();
                *debias = new;
            }
        }
        error = error.max(2.0 * drift);
        if params.trace {
            history.push(Record { n_iter, error });
        }
        if error <= params.tol {
            status = Status::Converged;
            break;
        }
        let info = Info { n_iter, error, iterate: &|| p.clone() };
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
        weights: logs.iter().map(|log| log.exp()).collect(),
        f: alpha.iter().map(|alpha| reg * alpha).collect(),
        g: g.iter().map(|g| reg * g).collect(),
        error,
        status,
        n_iter,
        history,
    })
}
