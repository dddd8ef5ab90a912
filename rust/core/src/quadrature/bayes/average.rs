//! Averages over models of different smoothness, and how far off a value may be.

use super::kernel::Kernel;
use super::richardson::richardson;

/// Relative rounding error of weights; a third of it was seen.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The posterior under one kernel.
#[derive(Debug, Clone)]
pub struct Model {
    /// Kernel along every axis.
    pub kernel: Kernel,
    /// Length scales, an axis each.
    pub lengths: Vec<f64>,
    /// Logarithm of the marginal likelihood of all components at these lengths and their scales.
    pub log_evidence: f64,
    /// Share in the average, proportional to the evidence.
    pub probability: f64,
    /// Standard deviation of the process (V,).
    pub scale: Vec<f64>,
    /// Posterior mean of the integrals (V,).
    pub value: Vec<f64>,
    /// Posterior standard deviation of the integrals (V,), given length and scale.
    pub standard_deviation: Vec<f64>,
    /// Weights (N,): the value is their sum with the values. Nodes that were not used have 0.
    pub weights: Vec<f64>,
    /// Number of nodes that were used: fewer than there are where double precision cannot tell them
    /// apart.
    pub rank: usize,
    /// Rounding error of the value (V,).
    pub(super) rounding: Vec<f64>,
    /// Integrals on each second and each fourth node, counted from either end, if there are enough.
    pub(super) thinned: Vec<[Vec<f64>; 2]>,
}

/// What is known of the distance of a value to the integral.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Standard deviation about the value (V,): that within the models and that between the models
    /// and the value, averaged by their evidence, and rounding.
    pub spread: Vec<f64>,
    /// Estimate of the error (V,) from the same rule on each second and each fourth node, the larger
    /// of those counted from either end; 0 with too few nodes. It holds more often than not, no more:
    /// see the module.
    pub richardson: Vec<f64>,
}

/// Integrals and their uncertainty.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// Posterior mean of the integrals (V,), averaged over the models.
    pub value: Vec<f64>,
    /// Posterior standard deviation of the integrals (V,): that within the models and that between
    /// them. Conditional on the prior.
    pub standard_deviation: Vec<f64>,
    /// Weights (N,): the value is their sum with the values. Repeated nodes have 0.
    pub weights: Vec<f64>,
    /// Number of distinct nodes: the degrees of freedom of Student's distribution for intervals of
    /// an estimated scale.
    pub n_distinct: usize,
    /// The models, from rough to smooth.
    pub models: Vec<Model>,
    /// How far off the value may be if the prior is not trusted.
    pub certificate: Certificate,
}

/// Give each model its share.
pub(super) fn share(models: &mut [Model]) {
    let largest = models.iter().map(|model| model.log_evidence).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = models.iter().map(|model| (model.log_evidence - largest).exp()).sum();
    for model in models {
        model.probability = (model.log_evidence - largest).exp() / total;
    }
}

/// The average of models that have their shares; without `free` models they are their own judges.
pub(super) fn average(
    models: Vec<Model>,
    free: Option<&[Model]>,
    values: &[f64],
    n_components: usize,
    n_distinct: usize,
) -> Estimate {
    let mut weights = vec![0.0; values.len() / n_components];
    for model in &models {
        for (sum, weight) in weights.iter_mut().zip(&model.weights) {
            *sum += model.probability * weight;
        }
    }
    let value = weighted_sums(&weights, values, n_components);
    let standard_deviation = spread(&models, &value);
    let certificate = certificate(free.unwrap_or(&models), &value);
    Estimate { value, standard_deviation, weights, n_distinct, models, certificate }
}

/// How far the integrals may be from a value, in the eyes of these models.
pub(super) fn certificate(models: &[Model], value: &[f64]) -> Certificate {
    let likeliest = models
        .iter()
        .reduce(|best, model| if model.probability > best.probability { model } else { best });
    let smoothest = |kernel| match kernel {
        Kernel::Matern(smoothness) => smoothness.derivatives(),
        Kernel::Rbf => 3,
    };
    let derivatives = likeliest.map_or(0, |model| smoothest(model.kernel));
    let n_ends = models.iter().map(|model| model.thinned.len()).min().unwrap_or(0);
    let mean = |v: usize, end: usize, k: usize| -> f64 {
        models.iter().map(|model| model.probability * model.thinned[end][k][v]).sum()
    };
    let correction = |(v, value): (usize, &f64)| -> f64 {
        (0..n_ends)
            .map(|end| richardson(*value, mean(v, end, 0), mean(v, end, 1), derivatives))
            .fold(0.0, f64::max)
    };
    let mut spread = spread(models, value);
    for (v, spread) in spread.iter_mut().enumerate() {
        let part = |model: &Model| model.probability.sqrt() * model.rounding[v];
        *spread = models.iter().map(part).fold(*spread, f64::hypot);
    }
    Certificate { spread, richardson: value.iter().enumerate().map(correction).collect() }
}

/// Root mean squares of what the models say, without squares that overflow or vanish.
fn spread(models: &[Model], value: &[f64]) -> Vec<f64> {
    let of_component = |(v, value): (usize, &f64)| {
        let of_model = |model: &Model| {
            let within = model.standard_deviation[v];
            model.probability.sqrt() * within.hypot(model.value[v] - value)
        };
        models.iter().map(of_model).fold(0.0, f64::hypot)
    };
    value.iter().enumerate().map(of_component).collect()
}

/// Rounding error of sums of weights and values (N, V), a component each: a few ulp of each weight.
pub(super) fn rounding_of_sums(weights: &[f64], values: &[f64], n_components: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_components];
    for (weight, row) in weights.iter().zip(values.chunks_exact(n_components)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += (weight * value).abs());
    }
    sums.iter().map(|sum| ROUNDING * sum).collect()
}

/// Sums of weights and values (N, V), a component each.
pub(super) fn weighted_sums(weights: &[f64], values: &[f64], n_components: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_components];
    for (weight, row) in weights.iter().zip(values.chunks_exact(n_components)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
    }
    sums
}
