//! Bayesian quadrature of given values: the prior from the evidence, and how far off it may be.

use std::sync::Mutex;

use super::average::{Certificate, Estimate, Model, average, certificate, rounding_of_sums, share};
use super::evidence::{Evidence, Series, evidence};
use super::kernel::{Kernel, Measure, Smoothness, positive, valid_noise};
use super::nodes::{End, Gaps, Nodes};
use super::rule::{MaternPrior, Rule, sorted_rule};
use super::search::{LOG_TOLERANCE, minimise};
use crate::control::{Control, Flow, Info};
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::Team;

/// Longest length scale of the search, in units of the domain: beyond, the likelihood is flat.
pub(super) const LONGEST: f64 = 100.0;

/// Values of one or several functions at nodes of an interval.
#[derive(Debug, Clone, Copy)]
pub struct Observations<'a> {
    /// Nodes (N,), in any order.
    pub nodes: &'a [f64],
    /// Values (N, V), node by node.
    pub values: &'a [f64],
    /// Number V of functions.
    pub n_components: usize,
    /// The interval.
    pub domain: (f64, f64),
}

/// What is known of the prior; what is not is taken from the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Smoothness, or an average over all four by their evidence.
    pub smoothness: Option<Smoothness>,
    /// Length scale, or the most likely one of each smoothness.
    pub length: Option<f64>,
    /// Standard deviation of the process, or the most likely one of each component.
    pub scale: Option<f64>,
    /// Variance of the noise of the values, in units of the squared scale.
    pub noise: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { smoothness: Some(Smoothness::FiveHalves), length: None, scale: None, noise: 0.0 }
    }
}

/// One control that the threads ask in turn; who finds it taken leaves the question to the other.
struct Shared<'a>(Mutex<&'a mut dyn Control>);

impl Control for Shared<'_> {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        Ok(Flow::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        self.0.try_lock().map_or(Ok(()), |control| control.check())
    }
}

/// Data of all fits.
struct Task<'a> {
    data: &'a Observations<'a>,
    noise: f64,
    nodes: Nodes,
    gaps: Gaps,
    series: Series,
    thinned: Vec<[(Nodes, Gaps); 2]>,
}

impl Observations<'_> {
    fn validate(&self, noise: f64) -> Result<(), Error> {
        Measure::Lebesgue { lower: self.domain.0, upper: self.domain.1 }.validate()?;
        valid_noise(noise)?;
        let expected = self.nodes.len().checked_mul(self.n_components);
        if self.n_components == 0 || expected != Some(self.values.len()) {
            return Err(Error::Shape {
                argument: "values",
                expected: format!("{} times {} entries", self.nodes.len(), self.n_components),
                found: self.values.len().to_string(),
            });
        }
        require_finite("values", self.values)
    }
}

/// Posterior of the integrals over an interval of functions with a Matern prior.
///
/// Every length scale that is not given is the maximum of the likelihood between the median gap and
/// a hundred times the domain: two nodes that nearly coincide say nothing of shorter lengths; for one node or values that are all zero, where it has none, it is the
/// length of the domain. All components share smoothness and length scale, and each has its own
/// scale. The certificate does not trust what is given: it is that of [`line_certificate`]. O(N V)
/// time for each of some 30 likelihoods and each smoothness; the four run on different threads.
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming the argument;
/// [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn bayes_quadrature(
    data: &Observations<'_>,
    params: &Params,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Estimate, Error> {
    let task = Task::new(data, params.noise)?;
    if let Some(scale) = params.scale {
        positive("scale", scale)?;
    }
    if let Some(length) = params.length {
        let prior = MaternPrior { smoothness: Smoothness::Half, length, noise: params.noise };
        prior.validate(data.domain, task.gaps.n())?;
    }
    let control = Shared(Mutex::new(control));
    let free = task.fits(&Smoothness::ALL, None, None, team, &control)?;
    let wanted = params.smoothness.map_or(Smoothness::ALL.to_vec(), |one| vec![one]);
    let mut models = if params.length.is_none() && params.scale.is_none() {
        let is_wanted = |model: &&Model| wanted.iter().any(|&s| model.kernel == Kernel::Matern(s));
        free.iter().filter(is_wanted).cloned().collect()
    } else {
        task.fits(&wanted, params.length, params.scale, team, &control)?
    };
    share(&mut models);
    Ok(average(models, Some(&free), data.values, data.n_components, task.nodes.x.len()))
}

/// How far values for the integrals (V,) may be off, whatever they came from.
///
/// Matern processes of all four smoothnesses, each at its likeliest length and scale, are averaged
/// by their evidence. Time of [`bayes_quadrature`].
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming the argument;
/// [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn line_certificate(
    data: &Observations<'_>,
    noise: f64,
    value: &[f64],
    team: &Team,
    control: &mut dyn Control,
) -> Result<Certificate, Error> {
    let task = Task::new(data, noise)?;
    if value.len() != data.n_components {
        return Err(Error::Shape {
            argument: "value",
            expected: format!("{} entries", data.n_components),
            found: value.len().to_string(),
        });
    }
    let control = Shared(Mutex::new(control));
    Ok(certificate(&task.fits(&Smoothness::ALL, None, None, team, &control)?, value))
}

impl<'a> Task<'a> {
    fn new(data: &'a Observations<'a>, noise: f64) -> Result<Self, Error> {
        data.validate(noise)?;
        let nodes = Nodes::new(data.nodes, data.domain, data.values, data.n_components, noise)?;
        let gaps = Gaps::new(&nodes.x, data.domain)?;
        let series = Series::new(&nodes, data.values, data.n_components)?;
        let thin = |stride: usize, end: End| {
            let some = nodes.thinned(stride, end);
            let gaps = Gaps::new(&some.x, data.domain)?;
            Ok((some, gaps))
        };
        let thinned = End::to_thin_from(nodes.x.len())
            .iter()
            .map(|&end| Ok([thin(2, end)?, thin(4, end)?]))
            .collect::<Result<_, Error>>()?;
        Ok(Self { data, noise, nodes, gaps, series, thinned })
    }

    /// A model of each smoothness, with their shares.
    fn fits(
        &self,
        smoothness: &[Smoothness],
        length: Option<f64>,
        scale: Option<f64>,
        team: &Team,
        control: &Shared<'_>,
    ) -> Result<Vec<Model>, Error> {
        let mut models = team
            .map_blocks(smoothness.len(), 1, |range| {
                self.fit(smoothness[range.start], length, scale, control)
            })
            .into_iter()
            .collect::<Result<Vec<Model>, Error>>()?;
        share(&mut models);
        Ok(models)
    }

    fn fit(
        &self,
        smoothness: Smoothness,
        length: Option<f64>,
        scale: Option<f64>,
        control: &dyn Control,
    ) -> Result<Model, Error> {
        let length = length.map_or_else(|| self.length(smoothness, scale, control), Ok)?;
        let prior = self.prior(smoothness, length);
        let Evidence { log_likelihood, scale } =
            evidence(&self.gaps, &self.series, prior, scale, control)?;
        let rule = |gaps: &Gaps| sorted_rule(gaps, self.data.domain, prior, control);
        let Rule { weights: sorted, variance, .. } = rule(&self.gaps)?;
        let on = |(nodes, gaps): &(Nodes, Gaps)| -> Result<Vec<f64>, Error> {
            Ok(self.integrals(nodes, &rule(gaps)?.weights))
        };
        let thinned = self
            .thinned
            .iter()
            .map(|[half, quarter]| Ok([on(half)?, on(quarter)?]))
            .collect::<Result<_, Error>>()?;
        let mut weights = try_vec(self.data.nodes.len(), 0.0)?;
        for (weight, &source) in sorted.iter().zip(&self.nodes.source) {
            weights[source] = *weight;
        }
        Ok(Model {
            kernel: Kernel::Matern(smoothness),
            lengths: vec![length],
            log_evidence: log_likelihood,
            probability: 1.0,
            standard_deviation: scale.iter().map(|scale| scale * variance.sqrt()).collect(),
            scale,
            value: self.integrals(&self.nodes, &sorted),
            rounding: rounding_of_sums(&weights, self.data.values, self.data.n_components),
            weights,
            rank: sorted.len(),
            thinned,
        })
    }

    fn prior(&self, smoothness: Smoothness, length: f64) -> MaternPrior {
        MaternPrior { smoothness, length, noise: self.noise }
    }

    /// The most likely length scale.
    fn length(
        &self,
        smoothness: Smoothness,
        scale: Option<f64>,
        control: &dyn Control,
    ) -> Result<f64, Error> {
        let (lower, upper) = self.data.domain;
        let width = upper - lower;
        match self.gaps.median() {
            Some(median) if !self.series.is_zero() => {
                let (lower, upper) = (median.ln(), (LONGEST * width).ln());
                let loss = |log_length: f64| {
                    let prior = self.prior(smoothness, log_length.exp());
                    let found = evidence(&self.gaps, &self.series, prior, scale, control)?;
                    Ok(-found.log_likelihood)
                };
                Ok(minimise(lower, upper, LOG_TOLERANCE, loss)?.0.exp())
            }
            _ => Ok(width),
        }
    }

    /// Sums of weights and values, a component each.
    fn integrals(&self, nodes: &Nodes, weights: &[f64]) -> Vec<f64> {
        let n_components = self.data.n_components;
        let mut sums = vec![0.0; n_components];
        for (weight, &source) in weights.iter().zip(&nodes.source) {
            let row = &self.data.values[source * n_components..][..n_components];
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
        }
        sums
    }
}
