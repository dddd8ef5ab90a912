//! How likely the values are under a prior, and the scale that they suggest.

use std::f64::consts::PI;

use super::filter::{Update, filter};
use super::kernel::Smoothness;
use super::nodes::{Gaps, Nodes};
use super::rule::MaternPrior;
use super::steps::Steps;
use super::transition::apply;
use crate::control::Control;
use crate::error::{Error, try_vec};

/// Values at ascending nodes, each component divided by its largest magnitude.
#[derive(Debug)]
pub(super) struct Series {
    /// Component by component within each node.
    pub(super) values: Vec<f64>,
    /// The divisors; 0 for a component that is zero throughout.
    pub(super) units: Vec<f64>,
}

impl Series {
    pub(super) fn new(nodes: &Nodes, values: &[f64], n_components: usize) -> Result<Self, Error> {
        let units = units(values, n_components)?;
        let mut scaled = try_vec(nodes.x.len() * n_components, 0.0)?;
        for (out, &source) in scaled.chunks_exact_mut(n_components).zip(&nodes.source) {
            let row = &values[source * n_components..][..n_components];
            for ((out, value), unit) in out.iter_mut().zip(row).zip(&units) {
                *out = if *unit > 0.0 { value / unit } else { 0.0 };
            }
        }
        Ok(Self { values: scaled, units })
    }

    /// No component says anything about the prior.
    pub(super) fn is_zero(&self) -> bool {
        self.units.iter().all(|&unit| unit == 0.0)
    }
}

/// Largest magnitudes of values (N, V), a component each.
pub(super) fn units(values: &[f64], n_components: usize) -> Result<Vec<f64>, Error> {
    let mut units = try_vec(n_components, 0.0_f64)?;
    for row in values.chunks_exact(n_components) {
        for (unit, value) in units.iter_mut().zip(row) {
            *unit = unit.max(value.abs());
        }
    }
    Ok(units)
}

/// The logarithm of the marginal likelihood of all components, and their scales.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    pub(super) log_likelihood: f64,
    /// Standard deviation of the process, a component each.
    pub(super) scale: Vec<f64>,
}

/// Likelihood of the series, with innovations `e_i` of unit-scale variance `S_i`.
///
/// A scale that is not given is the maximum likelihood estimate `s^2 = mean(e_i^2 / S_i)` of each
/// component. `-2 log L = sum e_i^2 / (s^2 S_i) + N log s^2 + sum log S_i + N log 2 pi`, summed over
/// the components that are not zero throughout. O(N V).
pub(super) fn evidence(
    gaps: &Gaps,
    series: &Series,
    prior: MaternPrior,
    scale: Option<f64>,
    control: &dyn Control,
) -> Result<Evidence, Error> {
    let (squares, log_variances) = match prior.smoothness {
        Smoothness::Half => innovations::<2>(gaps, series, prior, control),
        Smoothness::ThreeHalves => innovations::<3>(gaps, series, prior, control),
        Smoothness::FiveHalves => innovations::<4>(gaps, series, prior, control),
        Smoothness::SevenHalves => innovations::<5>(gaps, series, prior, control),
    }?;
    Ok(profile(&squares, log_variances, gaps.n(), &series.units, scale))
}

/// The likelihood from sums over innovations: `squares` of a component in its unit.
pub(super) fn profile(
    squares: &[f64],
    log_variances: f64,
    n: usize,
    units: &[f64],
    scale: Option<f64>,
) -> Evidence {
    let count = n as f64;
    let mut twice = 0.0;
    let mut scales = Vec::with_capacity(units.len());
    for (square, &unit) in squares.iter().zip(units) {
        let estimate = unit * (square / count).sqrt();
        let used = scale.unwrap_or(estimate);
        scales.push(used);
        if unit > 0.0 {
            let ratio = estimate / used;
            twice += count * (ratio * ratio + 2.0 * used.ln() + (2.0 * PI).ln()) + log_variances;
        }
    }
    Evidence { log_likelihood: -0.5 * twice, scale: scales }
}

/// `sum e_i^2 / S_i` of each component and `sum log S_i`.
fn innovations<const D: usize>(
    gaps: &Gaps,
    series: &Series,
    prior: MaternPrior,
    control: &dyn Control,
) -> Result<(Vec<f64>, f64), Error> {
    let n_components = series.units.len();
    let rate = prior.smoothness.rate(prior.length) * gaps.unit;
    let mut means = try_vec(n_components, [0.0; D])?;
    let mut squares = try_vec(n_components, 0.0)?;
    let mut log_variances = 0.0;
    let mut rows = series.values.chunks_exact(n_components);
    filter(gaps, &mut Steps::new(rate), prior.noise, control, |update: &Update<'_, D>| {
        let row = rows.next().unwrap_or_default();
        for ((mean, square), value) in means.iter_mut().zip(&mut squares).zip(row) {
            if let Some(transition) = update.transition {
                *mean = apply(transition, mean);
            }
            let innovation = value - mean[1];
            *square += innovation * innovation / update.variance;
            for (mean, gain) in mean.iter_mut().zip(update.gain) {
                *mean += gain * innovation;
            }
        }
        log_variances += update.variance.ln();
    })?;
    Ok((squares, log_variances))
}
