//! Bayesian quadrature of values at any points, of any dimension, by the dense equations.

use super::average::{Estimate, Model, average, share};
use super::dense::{DensePosterior, DensePrior, DenseRule, dense_posterior, dense_rule};
use super::estimate::LONGEST;
use super::grid::{ProductParams, extent};
use super::kernel::{Kernel, Measure};
use super::nodes::lower_median;
use super::normal_rbf::NormalRbf;
use super::product::{Axis, ProductPrior};
use super::search::{LOG_TOLERANCE, minimise};
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::Team;

/// A measure in several dimensions.
#[derive(Debug, Clone)]
pub enum JointMeasure {
    /// A product of measures, an axis each.
    Product(Vec<Measure>),
    /// A normal distribution by its mean (d,) and covariance (d, d); the kernel must be RBF.
    Normal(Vec<f64>, Vec<f64>),
}

/// Points (N, d), row by row, and what to integrate against.
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    /// Coordinates (N, d).
    pub nodes: &'a [f64],
    /// The measure, which says d.
    pub measure: &'a JointMeasure,
}

/// A kernel with its integrals.
enum Prior {
    Product(ProductPrior),
    Normal(NormalRbf),
}

impl Prior {
    fn new(measure: &JointMeasure, kernel: Kernel, lengths: &[f64]) -> Result<Self, Error> {
        match (measure, kernel) {
            (JointMeasure::Product(measures), _) => {
                let axis = |(&measure, &length)| Axis { kernel, length, measure };
                let axes = measures.iter().zip(lengths).map(axis).collect();
                Ok(Self::Product(ProductPrior::new(axes)?))
            }
            (JointMeasure::Normal(mean, covariance), Kernel::Rbf) => {
                Ok(Self::Normal(NormalRbf::new(lengths, mean, covariance)?))
            }
            (JointMeasure::Normal(..), Kernel::Matern(_)) => {
                let rule = "'rbf' where axes of the measure are correlated";
                let value = "'matern'".to_owned();
                Err(Error::Value { argument: "kernel", rule, value, index: None })
            }
        }
    }

    fn correlation(&self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Self::Product(prior) => prior.correlation(x, y),
            Self::Normal(prior) => prior.correlation(x, y),
        }
    }

    fn mean(&self, x: &[f64]) -> f64 {
        match self {
            Self::Product(prior) => prior.mean(x),
            Self::Normal(prior) => prior.mean(x),
        }
    }

    fn variance(&self) -> f64 {
        match self {
            Self::Product(prior) => prior.variance(),
            Self::Normal(prior) => prior.variance(),
        }
    }

    /// Hand the dense equations of these points to `solve`.
    fn solve<R>(
        &self,
        nodes: &[f64],
        d: usize,
        noise: f64,
        solve: impl FnOnce(DensePrior<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let row = |i: usize| &nodes[i * d..(i + 1) * d];
        let kernel = |i: usize, j: usize| self.correlation(row(i), row(j));
        let means: Vec<f64> = nodes.chunks_exact(d).map(|x| self.mean(x)).collect();
        let prior_variance = self.variance();
        solve(DensePrior { kernel: &kernel, means: &means, prior_variance, noise })
    }
}

impl JointMeasure {
    /// Number of axes.
    fn dimension(&self) -> usize {
        match self {
            Self::Product(measures) => measures.len(),
            Self::Normal(mean, _) => mean.len(),
        }
    }

    /// What length scales are multiples of, an axis each.
    fn extents(&self) -> Vec<f64> {
        match self {
            Self::Product(measures) => measures.iter().map(|&measure| extent(measure)).collect(),
            Self::Normal(mean, covariance) => {
                let diagonal = covariance.iter().step_by(mean.len() + 1);
                diagonal.map(|variance| variance.sqrt()).collect()
            }
        }
    }

    fn validate(&self, nodes: &[f64]) -> Result<(), Error> {
        let d = self.dimension();
        if d == 0 || nodes.is_empty() || !nodes.len().is_multiple_of(d) {
            return Err(Error::Shape {
                argument: "nodes",
                expected: format!("at least one row of {d} coordinates"),
                found: format!("{} numbers", nodes.len()),
            });
        }
        require_finite("nodes", nodes)?;
        let Self::Product(measures) = self else { return Ok(()) };
        for (k, &measure) in measures.iter().enumerate() {
            measure.validate()?;
            let Measure::Lebesgue { lower, upper } = measure else { continue };
            let outside = |x: &[f64]| x[k] < lower || x[k] > upper;
            if let Some(index) = nodes.chunks_exact(d).position(outside) {
                let value = format!("{} on axis {k}", nodes[index * d + k]);
                let rule = "inside the domain";
                return Err(Error::Value { argument: "nodes", rule, value, index: Some(index) });
            }
        }
        Ok(())
    }
}

/// The Bayesian quadrature rule of a product prior at any points. Time and memory of [`dense_rule`].
///
/// # Errors
/// Those of [`dense_rule`], and [`Error::Shape`] or [`Error::Value`] naming `nodes`, `ell` or
/// `kernel`.
pub fn scattered_rule(
    points: Points<'_>,
    kernel: Kernel,
    lengths: &[f64],
    noise: f64,
    team: &Team,
    control: &dyn Control,
) -> Result<DenseRule, Error> {
    let d = points.measure.dimension();
    points.measure.validate(points.nodes)?;
    let params =
        ProductParams { kernel: None, lengths: Some(lengths.to_vec()), scale: None, noise };
    params.validate(d)?;
    let prior = Prior::new(points.measure, kernel, lengths)?;
    prior.solve(points.nodes, d, noise, |prior| dense_rule(prior, team, control))
}

/// Posterior of the integrals of functions known at any points: values (N, V).
///
/// Without noise repeated points must have the same values and count once. Length scales that are not
/// given are the most likely multiple of the extents at which no point is lost to rounding. The
/// certificate knows no more than the models. O(N^3) time for each of some 30 likelihoods.
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming the argument;
/// [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn scattered_quadrature(
    points: Points<'_>,
    values: &[f64],
    n_components: usize,
    params: &ProductParams,
    team: &Team,
    control: &dyn Control,
) -> Result<Estimate, Error> {
    let d = points.measure.dimension();
    points.measure.validate(points.nodes)?;
    params.validate(d)?;
    let n = points.nodes.len() / d;
    if n_components == 0 || n.checked_mul(n_components) != Some(values.len()) {
        return Err(Error::Shape {
            argument: "values",
            expected: format!("{n} times {n_components} entries"),
            found: values.len().to_string(),
        });
    }
    require_finite("values", values)?;
    let kept = distinct(points.nodes, d, values, n_components, params.noise)?;
    let rows = |from: &[f64], width: usize| -> Vec<f64> {
        kept.iter().flat_map(|&i| from[i * width..(i + 1) * width].iter().copied()).collect()
    };
    let task = Task {
        nodes: rows(points.nodes, d),
        values: rows(values, n_components),
        n_components,
        measure: points.measure,
        params,
        team,
        control,
    };
    let mut models = Vec::new();
    for kernel in params.kernels() {
        let lengths = match &params.lengths {
            Some(lengths) => lengths.clone(),
            None => task.likeliest(kernel)?,
        };
        let found = task.posterior(kernel, &lengths)?;
        let mut weights = try_vec(n, 0.0)?;
        for (&i, weight) in kept.iter().zip(&found.rule.rule.weights) {
            weights[i] = *weight;
        }
        let root = found.rule.variance_error.sqrt();
        let rounding = found.scale.iter().map(|scale| scale * root).collect();
        models.push(Model {
            kernel,
            lengths,
            log_evidence: found.log_evidence,
            probability: 1.0,
            scale: found.scale,
            value: found.value,
            standard_deviation: found.standard_deviation,
            weights,
            rank: found.rule.chosen.len(),
            rounding,
            thinned: Vec::new(),
        });
    }
    if models.len() > 1 {
        // On fewer nodes the likelihood is one of other data.
        models.retain(|model| model.rank == kept.len());
        if models.is_empty() {
            let rule = "short enough for a kernel of full rank";
            let value = format!("{:?}", params.lengths.as_deref().unwrap_or_default());
            return Err(Error::Value { argument: "ell", rule, value, index: None });
        }
    }
    share(&mut models);
    Ok(average(models, None, values, n_components, kept.len()))
}

struct Task<'a> {
    nodes: Vec<f64>,
    values: Vec<f64>,
    n_components: usize,
    measure: &'a JointMeasure,
    params: &'a ProductParams,
    team: &'a Team,
    control: &'a dyn Control,
}

impl Task<'_> {
    fn posterior(&self, kernel: Kernel, lengths: &[f64]) -> Result<DensePosterior, Error> {
        let prior = Prior::new(self.measure, kernel, lengths)?;
        let ProductParams { scale, noise, .. } = *self.params;
        prior.solve(&self.nodes, self.measure.dimension(), noise, |prior| {
            dense_posterior(prior, &self.values, self.n_components, scale, self.team, self.control)
        })
    }

    fn likeliest(&self, kernel: Kernel) -> Result<Vec<f64>, Error> {
        let extents = self.measure.extents();
        let lengths =
            |multiple: f64| -> Vec<f64> { extents.iter().map(|e| multiple * e).collect() };
        let is_zero = self.values.iter().all(|&value| value == 0.0);
        let spacing = median_spacing(&self.nodes, &extents, self.control)?;
        let Some(spacing) = spacing.filter(|_| !is_zero) else { return Ok(lengths(1.0)) };
        let loss = |log_multiple: f64| {
            let found = self.posterior(kernel, &lengths(log_multiple.exp()))?;
            let is_full = found.rule.chosen.len() == found.rule.rule.weights.len();
            Ok(if is_full { -found.log_evidence } else { f64::INFINITY })
        };
        let (shortest, longest) = (spacing.ln(), LONGEST.max(spacing * LONGEST).ln());
        Ok(lengths(minimise(shortest, longest, LOG_TOLERANCE, loss)?.0.exp()))
    }
}

/// The median distance of a point to the nearest different one, with the extents as units.
fn median_spacing(
    nodes: &[f64],
    extents: &[f64],
    control: &dyn Control,
) -> Result<Option<f64>, Error> {
    let d = extents.len();
    let mut nearest = try_vec(nodes.len() / d, f64::INFINITY)?;
    for (i, x) in nodes.chunks_exact(d).enumerate() {
        control.check()?;
        for (j, y) in nodes.chunks_exact(d).enumerate().skip(i + 1) {
            let pairs = x.iter().zip(y).zip(extents);
            let square: f64 = pairs.map(|((x, y), e)| ((x - y) / e).powi(2)).sum();
            if square > 0.0 {
                nearest[i] = square.min(nearest[i]);
                nearest[j] = square.min(nearest[j]);
            }
        }
    }
    nearest.retain(|square| square.is_finite());
    Ok(lower_median(nearest).map(f64::sqrt))
}

/// Points to use: without noise the first of each group of equal ones, whose values must agree.
fn distinct(
    nodes: &[f64],
    d: usize,
    values: &[f64],
    n_components: usize,
    noise: f64,
) -> Result<Vec<usize>, Error> {
    let mut order: Vec<usize> = (0..nodes.len() / d).collect();
    if noise > 0.0 {
        return Ok(order);
    }
    let row = |i: usize| &nodes[i * d..(i + 1) * d];
    // Adding zero makes -0 equal to 0.
    order.sort_by(|&i, &j| {
        let compare = |(x, y): (&f64, &f64)| (x + 0.0).total_cmp(&(y + 0.0));
        row(i).iter().zip(row(j)).map(compare).find(|c| c.is_ne()).unwrap_or(i.cmp(&j))
    });
    let mut kept: Vec<usize> = Vec::new();
    for i in order {
        match kept.last() {
            Some(&j) if row(i) == row(j) => {
                let value = |i: usize| &values[i * n_components..(i + 1) * n_components];
                if value(i) != value(j) {
                    return Err(Error::Value {
                        argument: "nodes",
                        rule: "distinct where values differ and `noise` is 0",
                        value: format!("{:?} at indices {j} and {i}", row(i)),
                        index: None,
                    });
                }
            }
            _ => kept.push(i),
        }
    }
    kept.sort_unstable();
    Ok(kept)
}
