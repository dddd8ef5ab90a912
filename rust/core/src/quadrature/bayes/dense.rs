//! Bayesian quadrature with any kernel at any nodes.

use super::evidence::profile;
use super::kernel::{positive, valid_noise};
use super::pivoted::PivotedCholesky;
use super::rule::Rule;
use super::search::{LOG_TOLERANCE, minimise};
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::Team;

/// A prior by its kernel at the nodes and the integrals of the kernel.
#[derive(Clone, Copy)]
pub struct DensePrior<'a> {
    /// Covariance of the values at two nodes, at unit scale.
    pub kernel: &'a (dyn Fn(usize, usize) -> f64 + Sync),
    /// Covariance of the integral and the value at each node (N,).
    pub means: &'a [f64],
    /// Variance of the integral.
    pub prior_variance: f64,
    /// Variance of the noise of the values, in units of the squared scale.
    pub noise: f64,
}

/// A rule at those nodes that double precision can tell apart.
#[derive(Debug, Clone)]
pub struct DenseRule {
    /// Weights (N,), zero at nodes that were not chosen, and the variance of that rule.
    pub rule: Rule,
    /// Chosen nodes, in the order of their pivots; their number is the rank.
    pub chosen: Vec<usize>,
    /// Size of the rounding error of the variance: `r eps (max(diagonal) (sum |w|)^2 + kappa)`.
    pub variance_error: f64,
}

/// Integrals under a prior.
#[derive(Debug, Clone)]
pub struct DensePosterior {
    /// Weights and variance at unit scale.
    pub rule: DenseRule,
    /// Posterior mean of the integrals (V,).
    pub value: Vec<f64>,
    /// Standard deviation of the process (V,).
    pub scale: Vec<f64>,
    /// Posterior standard deviation of the integrals (V,).
    pub standard_deviation: Vec<f64>,
    /// Logarithm of the marginal likelihood of the values at the chosen nodes; comparable only
    /// between priors that choose all of them.
    pub log_evidence: f64,
}

/// Weights `K^-1 z` and variance `kappa - z^T K^-1 z` at the nodes that a pivoted Cholesky factor
/// chooses.
///
/// When the largest pivot falls below `N eps max(diagonal)` the remaining nodes say nothing that
/// double precision can hold. The rule of the chosen ones is an exact Bayesian quadrature rule on
/// fewer nodes, and nothing is added to the diagonal. A variance below its rounding error is
/// returned as that error, since no less is known. O(N r^2) time, 8 N r bytes.
///
/// # Errors
/// [`Error::Value`], [`Error::NotFinite`] or [`Error::Shape`] naming `means`, `prior_variance` or
/// `noise`; [`Error::NotPositiveDefinite`] for a kernel whose diagonal is not positive, with the
/// row; [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn dense_rule(
    prior: DensePrior<'_>,
    team: &Team,
    control: &dyn Control,
) -> Result<DenseRule, Error> {
    Ok(factorised(prior, team, control)?.1)
}

/// The posterior of `n_components` integrals from values (N, V), node by node.
///
/// Scales that are not given are those of highest likelihood. A component that is zero throughout
/// has scale 0. Time and memory of [`dense_rule`], and O(V r^2).
///
/// # Errors
/// Those of [`dense_rule`], and [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming
/// `values` or `scale`.
pub fn dense_posterior(
    prior: DensePrior<'_>,
    values: &[f64],
    n_components: usize,
    scale: Option<f64>,
    team: &Team,
    control: &dyn Control,
) -> Result<DensePosterior, Error> {
    let n = prior.means.len();
    if n_components == 0 || n.checked_mul(n_components) != Some(values.len()) {
        return Err(Error::Shape {
            argument: "values",
            expected: format!("{n} times {n_components} entries"),
            found: values.len().to_string(),
        });
    }
    require_finite("values", values)?;
    if let Some(scale) = scale {
        positive("scale", scale)?;
    }
    let (factor, rule) = factorised(prior, team, control)?;
    let mut value = try_vec(n_components, 0.0)?;
    let (mut units, mut squares) = (try_vec(n_components, 0.0_f64)?, try_vec(n_components, 0.0)?);
    for v in 0..n_components {
        control.check()?;
        let component = |i: usize| values[i * n_components + v];
        value[v] = rule.rule.weights.iter().enumerate().map(|(i, w)| w * component(i)).sum();
        let unit = rule.chosen.iter().fold(0.0_f64, |unit, &i| unit.max(component(i).abs()));
        if unit > 0.0 {
            let innovations = factor.solve_lower(|i| component(i) / unit);
            squares[v] = innovations.iter().map(|e| e * e).sum();
        }
        units[v] = unit;
    }
    let found = profile(&squares, factor.log_determinant(), rule.chosen.len(), &units, scale);
    let deviation = rule.rule.variance.sqrt();
    Ok(DensePosterior {
        value,
        standard_deviation: found.scale.iter().map(|scale| scale * deviation).collect(),
        scale: found.scale,
        log_evidence: found.log_likelihood,
        rule,
    })
}

/// The most likely length scale between two bounds, by posteriors as a function of it.
///
/// Only length scales at which all nodes are chosen are compared: on fewer nodes the likelihood is
/// one of other data, so the search ends where double precision does. Some 30 posteriors.
///
/// # Errors
/// [`Error::Value`] naming `ell` for bounds that are not positive and ascending, or between which no
/// length scale of the first look keeps all nodes; whatever `posterior` returns.
pub fn dense_length(
    (shortest, longest): (f64, f64),
    mut posterior: impl FnMut(f64) -> Result<DensePosterior, Error>,
) -> Result<f64, Error> {
    positive("ell", shortest)?;
    positive("ell", longest)?;
    let refused = |rule| {
        let value = format!("[{shortest}, {longest}]");
        Err(Error::Value { argument: "ell", rule, value, index: None })
    };
    if shortest >= longest {
        return refused("between ascending bounds");
    }
    let loss = |log_length: f64| {
        let found = posterior(log_length.exp())?;
        let is_full = found.rule.chosen.len() == found.rule.rule.weights.len();
        Ok(if is_full { -found.log_evidence } else { f64::INFINITY })
    };
    let (log_length, value) = minimise(shortest.ln(), longest.ln(), LOG_TOLERANCE, loss)?;
    if value == f64::INFINITY {
        return refused("between bounds where the kernel has full rank");
    }
    Ok(log_length.exp())
}

/// The factor of a prior, and its rule.
pub(super) fn factorised(
    prior: DensePrior<'_>,
    team: &Team,
    control: &dyn Control,
) -> Result<(PivotedCholesky, DenseRule), Error> {
    let DensePrior { kernel, means, prior_variance, noise } = prior;
    let n = means.len();
    if n == 0 {
        let (expected, found) = ("at least one entry".to_owned(), "none".to_owned());
        return Err(Error::Shape { argument: "means", expected, found });
    }
    require_finite("means", means)?;
    positive("prior_variance", prior_variance)?;
    valid_noise(noise)?;
    let entry = |i: usize, j: usize| kernel(i, j) + if i == j { noise } else { 0.0 };
    let factor = PivotedCholesky::factorise(n, entry, team, control)?;
    let mut coefficients = factor.solve_lower(|i| means[i]);
    let explained: f64 = coefficients.iter().map(|c| c * c).sum();
    factor.solve_upper(&mut coefficients);
    let mut weights = try_vec(n, 0.0)?;
    for (&row, weight) in factor.chosen.iter().zip(&coefficients) {
        weights[row] = *weight;
    }
    let size: f64 = coefficients.iter().map(|w| w.abs()).sum();
    let largest = (0..n).map(|i| entry(i, i)).fold(0.0, f64::max);
    let rounding = factor.chosen.len() as f64 * f64::EPSILON;
    let variance_error = rounding * (largest * size * size + prior_variance);
    let variance = (prior_variance - explained).max(variance_error);
    let rule = DenseRule {
        rule: Rule { weights, variance, prior_variance },
        chosen: factor.chosen.clone(),
        variance_error,
    };
    Ok((factor, rule))
}
