//! Weights of Bayesian quadrature in time linear in the number of nodes.

use super::filter::{Update, filter};
use super::kernel::{Kernel, Measure, Smoothness, positive, valid_noise};
use super::kernel_means::prior_variance;
use super::nodes::{Gaps, Nodes};
use super::steps::Steps;
use super::transition::apply_transposed;
use crate::control::Control;
use crate::error::{Error, try_vec};

/// A Gaussian process of Matern correlation, seen through noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaternPrior {
    /// Smoothness.
    pub smoothness: Smoothness,
    /// Length scale, in the unit of the nodes.
    pub length: f64,
    /// Variance of the noise of each value, in units of the variance of the process.
    pub noise: f64,
}

/// A quadrature rule and its posterior variance.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Weights, one a node.
    pub weights: Vec<f64>,
    /// Posterior variance of the integral at unit scale. Without noise its root is the largest error
    /// among functions of norm 1 in the reproducing kernel Hilbert space.
    pub variance: f64,
    /// Variance of the integral before any value is known, at unit scale.
    pub prior_variance: f64,
}

/// Length scales that neither overflow nor underflow, as parts of the mean spacing and the domain.
const LENGTHS: (f64, f64) = (1e-30, 1e6);

impl MaternPrior {
    pub(super) fn validate(&self, (lower, upper): (f64, f64), n: usize) -> Result<(), Error> {
        positive("ell", self.length)?;
        valid_noise(self.noise)?;
        let width = upper - lower;
        if self.length >= LENGTHS.0 * width / n as f64 && self.length <= LENGTHS.1 * width {
            return Ok(());
        }
        let rule = "between 1e-30 times the mean spacing and 1e6 times the length of the domain";
        let value = self.length.to_string();
        Err(Error::Value { argument: "ell", rule, value, index: None })
    }
}

/// The Bayesian quadrature rule for the integral over `[lower, upper]` of a Matern process.
///
/// The posterior mean of the integral is the weighted sum of the values, its variance
/// `kappa - z^T K^-1 z`, both computed without forming `K`: the weights by the adjoint of the filter,
/// `w_i = r^T K_i`, `r <- A_i^T (r - w_i e_f)`, backwards. Sarkka and Solin, "Applied stochastic
/// differential equations" (2019), chapters 10 and 12, for the state space form. Nodes may come in
/// any order; a node that repeats an earlier one gets weight 0 unless there is noise. O(N) time and
/// `8 (p + 2) N` bytes.
///
/// # Errors
/// [`Error::Value`], [`Error::NotFinite`] or [`Error::Shape`] naming `domain`, `nodes`, `ell` or
/// `noise`; [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn matern_rule(
    nodes: &[f64],
    domain: (f64, f64),
    prior: MaternPrior,
    control: &dyn Control,
) -> Result<Rule, Error> {
    Measure::Lebesgue { lower: domain.0, upper: domain.1 }.validate()?;
    prior.validate(domain, nodes.len().max(1))?;
    let distinct = Nodes::new(nodes, domain, &[], 0, prior.noise)?;
    let rule = sorted_rule(&Gaps::new(&distinct.x, domain)?, domain, prior, control)?;
    let mut weights = try_vec(nodes.len(), 0.0)?;
    for (weight, source) in rule.weights.iter().zip(distinct.source) {
        weights[source] = *weight;
    }
    Ok(Rule { weights, ..rule })
}

/// The rule of distinct nodes in ascending order.
pub(super) fn sorted_rule(
    gaps: &Gaps,
    (lower, upper): (f64, f64),
    prior: MaternPrior,
    control: &dyn Control,
) -> Result<Rule, Error> {
    let (mut weights, variance) = match prior.smoothness {
        Smoothness::Half => adjoint::<2>(gaps, prior, control),
        Smoothness::ThreeHalves => adjoint::<3>(gaps, prior, control),
        Smoothness::FiveHalves => adjoint::<4>(gaps, prior, control),
        Smoothness::SevenHalves => adjoint::<5>(gaps, prior, control),
    }?;
    if gaps.symmetric {
        symmetrise(&mut weights);
    }
    let measure = Measure::Lebesgue { lower, upper };
    let prior_variance = prior_variance(Kernel::Matern(prior.smoothness), prior.length, measure);
    Ok(Rule { weights, variance, prior_variance })
}

fn adjoint<const D: usize>(
    gaps: &Gaps,
    prior: MaternPrior,
    control: &dyn Control,
) -> Result<(Vec<f64>, f64), Error> {
    let rate = prior.smoothness.rate(prior.length) * gaps.unit;
    let n = gaps.n();
    let mut gains = try_vec(n, [0.0; D])?;
    let mut next = 0;
    let mut steps = Steps::new(rate);
    let variance = filter(gaps, &mut steps, prior.noise, control, |update: &Update<'_, D>| {
        gains[next] = update.gain;
        next += 1;
    })?;
    let mut weights = try_vec(n, 0.0)?;
    let mut row = [0.0; D];
    row[0] = 1.0;
    let mut latest = (0.0, [[0.0; D]; D]);
    for i in (0..=n).rev() {
        if i < n {
            let weight: f64 = row.iter().zip(&gains[i]).map(|(r, k)| r * k).sum();
            row[1] -= weight;
            weights[i] = gaps.unit * weight;
        }
        if gaps.lengths[i] > 0.0 {
            steps.transition(gaps.lengths[i], &mut latest);
            row = apply_transposed(&latest.1, &row);
        }
        if i % 4096 == 0 {
            control.check()?;
        }
    }
    Ok((weights, gaps.unit * gaps.unit * variance))
}

/// Make what is symmetric to rounding symmetric.
fn symmetrise(weights: &mut [f64]) {
    let n = weights.len();
    for i in 0..n / 2 {
        let mean = 0.5 * (weights[i] + weights[n - 1 - i]);
        (weights[i], weights[n - 1 - i]) = (mean, mean);
    }
}
