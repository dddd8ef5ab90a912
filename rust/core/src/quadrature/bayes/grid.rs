//! Bayesian quadrature of values on product grids, an axis at a time.
//!
//! Kernel and measure are products, so weights are outer products of the weights of the axes. The
//! likelihood needs no larger matrix either: whitening the values along one axis after the other
//! whitens them altogether.

use super::average::{Estimate, Model, average, rounding_of_sums, share, weighted_sums};
use super::dense::{DensePrior, DenseRule, factorised};
use super::estimate::LONGEST;
use super::evidence::{Evidence, profile, units};
use super::kernel::{Kernel, Measure, Smoothness, positive};
use super::kernel_means::{kernel_mean, prior_variance};
use super::nodes::{End, Gaps, Nodes, lower_median};
use super::pivoted::PivotedCholesky;
use super::richardson::MIN_NODES;
use super::rule::{MaternPrior, Rule, sorted_rule};
use super::search::{LOG_TOLERANCE, minimise};
use super::tensor::tensor_rule;
use super::whiten::{whiten_by_factor, whiten_by_filter};
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::Team;

/// One axis of a grid.
#[derive(Debug, Clone, Copy)]
pub struct GridAxis<'a> {
    /// Distinct nodes, in any order.
    pub nodes: &'a [f64],
    /// Measure along the axis.
    pub measure: Measure,
}

/// What is known of a product prior; what is not is taken from the values.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductParams {
    /// The kernel of every axis, or an average over Matern kernels of all four smoothnesses.
    pub kernel: Option<Kernel>,
    /// Length scales, an axis each, or the most likely multiple of the extents of the measures: the
    /// lengths of the intervals, or standard deviations.
    pub lengths: Option<Vec<f64>>,
    /// Standard deviation of the process, or the most likely one of each component.
    pub scale: Option<f64>,
    /// Variance of the noise of the values, in units of the squared scale; 0 on grids.
    pub noise: f64,
}

impl ProductParams {
    pub(super) fn kernels(&self) -> Vec<Kernel> {
        let all = || Smoothness::ALL.map(Kernel::Matern).to_vec();
        self.kernel.map_or_else(all, |kernel| vec![kernel])
    }

    pub(super) fn validate(&self, n_axes: usize) -> Result<(), Error> {
        if let Some(scale) = self.scale {
            positive("scale", scale)?;
        }
        match &self.lengths {
            Some(lengths) if lengths.len() != n_axes => Err(Error::Shape {
                argument: "ell",
                expected: format!("{n_axes} entries, an axis each"),
                found: lengths.len().to_string(),
            }),
            Some(lengths) => lengths.iter().try_for_each(|&length| positive("ell", length)),
            None => Ok(()),
        }
    }
}

/// Extent of a measure: what length scales are compared with.
pub(super) fn extent(measure: Measure) -> f64 {
    match measure {
        Measure::Lebesgue { lower, upper } => upper - lower,
        Measure::Normal { standard_deviation, .. } => standard_deviation,
    }
}

/// One axis with its nodes in order.
struct Line {
    measure: Measure,
    n: usize,
    nodes: Nodes,
    /// For a measure on an interval.
    gaps: Option<Gaps>,
}

/// The rule of one axis, and how to whiten along it.
struct AxisFit {
    rule: Rule,
    /// Rounding error of the variance; 0 where it is relative.
    variance_error: f64,
    whitening: Whitening,
}

enum Whitening {
    Filter(MaternPrior),
    Factor(Box<PivotedCholesky>),
}

struct Task<'a> {
    lines: Vec<Line>,
    values: &'a [f64],
    n_components: usize,
    units: Vec<f64>,
    team: &'a Team,
    control: &'a dyn Control,
}

/// The Bayesian quadrature rule of a product prior on a grid, last axis varying fastest.
///
/// `O(N_k)` time for a Matern kernel on an interval, `O(N_k^3)` for any other axis, O(N) for the grid.
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming `nodes`, `ell`, `domain` or
/// `measure`; [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn grid_rule(
    axes: &[GridAxis<'_>],
    kernel: Kernel,
    lengths: &[f64],
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    let params = ProductParams {
        kernel: Some(kernel),
        lengths: Some(lengths.to_vec()),
        scale: None,
        noise: 0.0,
    };
    params.validate(axes.len())?;
    let mut rules = Vec::new();
    for (axis, &length) in axes.iter().zip(lengths) {
        let line = Line::new(axis)?;
        rules.push(line.fit(&line.nodes, line.gaps.as_ref(), kernel, length, team, control)?.rule);
    }
    tensor_rule(&rules)
}

/// Posterior of the integrals of functions known on a grid: values (`N_1`, ..., `N_d`, V).
///
/// The certificate averages Matern kernels of all four smoothnesses at their likeliest lengths, and
/// thins all axes at once. O(d N V) time for each of some 30 likelihoods and five kernels.
///
/// # Errors
/// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming the argument;
/// [`Error::TooLarge`]; [`Error::Interrupted`].
pub fn grid_quadrature(
    axes: &[GridAxis<'_>],
    values: &[f64],
    n_components: usize,
    params: &ProductParams,
    team: &Team,
    control: &dyn Control,
) -> Result<Estimate, Error> {
    params.validate(axes.len())?;
    if params.noise != 0.0 {
        let (rule, value) = ("0 on a grid", params.noise.to_string());
        return Err(Error::Value { argument: "noise", rule, value, index: None });
    }
    let lines = axes.iter().map(Line::new).collect::<Result<Vec<_>, Error>>()?;
    let count = |n: Option<usize>, line: &Line| n?.checked_mul(line.n);
    let expected = lines.iter().fold(Some(n_components), count);
    if lines.is_empty() || n_components == 0 || expected != Some(values.len()) {
        return Err(Error::Shape {
            argument: "values",
            expected: format!("the shape of the grid times {n_components} entries"),
            found: values.len().to_string(),
        });
    }
    require_finite("values", values)?;
    let units = units(values, n_components)?;
    let task = Task { lines, values, n_components, units, team, control };
    let all = Smoothness::ALL.map(Kernel::Matern);
    let free = task.models(&all, None, None)?;
    let wanted = params.kernels();
    let mut models: Vec<Model> = if params.lengths.is_none() && params.scale.is_none() {
        free.iter().filter(|model| wanted.contains(&model.kernel)).cloned().collect()
    } else {
        Vec::new()
    };
    if models.is_empty() {
        models = task.models(&wanted, params.lengths.as_deref(), params.scale)?;
    }
    share(&mut models);
    Ok(average(models, Some(&free), values, n_components, values.len() / n_components))
}

impl Line {
    fn new(axis: &GridAxis<'_>) -> Result<Self, Error> {
        axis.measure.validate()?;
        require_finite("nodes", axis.nodes)?;
        let range = match axis.measure {
            Measure::Lebesgue { lower, upper } => (lower, upper),
            Measure::Normal { .. } => axis
                .nodes
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, u), &x| (l.min(x), u.max(x))),
        };
        let nodes = Nodes::new(axis.nodes, range, &[], 0, 0.0)?;
        if nodes.x.len() < axis.nodes.len() {
            let (rule, value) = ("distinct along each axis of a grid", "a repeated one".to_owned());
            return Err(Error::Value { argument: "nodes", rule, value, index: None });
        }
        let gaps = match axis.measure {
            Measure::Lebesgue { .. } => Some(Gaps::new(&nodes.x, range)?),
            Measure::Normal { .. } => None,
        };
        Ok(Self { measure: axis.measure, n: axis.nodes.len(), nodes, gaps })
    }

    /// The rule of these nodes, in the order in which the axis came; the others have weight 0.
    fn fit(
        &self,
        nodes: &Nodes,
        gaps: Option<&Gaps>,
        kernel: Kernel,
        length: f64,
        team: &Team,
        control: &dyn Control,
    ) -> Result<AxisFit, Error> {
        let measure = self.measure;
        let (sorted, variance_error, whitening) =
            if let (Kernel::Matern(smoothness), Some(gaps)) = (kernel, gaps) {
                let prior = MaternPrior { smoothness, length, noise: 0.0 };
                let Measure::Lebesgue { lower, upper } = measure else { unreachable!() };
                prior.validate((lower, upper), gaps.n())?;
                (sorted_rule(gaps, (lower, upper), prior, control)?, 0.0, Whitening::Filter(prior))
            } else {
                let correlation =
                    |i: usize, j: usize| kernel.correlation(length, nodes.x[i] - nodes.x[j]);
                let means: Vec<f64> =
                    nodes.x.iter().map(|&x| kernel_mean(kernel, length, measure, x)).collect();
                let prior = DensePrior {
                    kernel: &correlation,
                    means: &means,
                    prior_variance: prior_variance(kernel, length, measure),
                    noise: 0.0,
                };
                let (factor, DenseRule { rule, variance_error, .. }) =
                    factorised(prior, team, control)?;
                (rule, variance_error, Whitening::Factor(Box::new(factor)))
            };
        let mut weights = try_vec(self.n, 0.0)?;
        for (weight, &source) in sorted.weights.iter().zip(&nodes.source) {
            weights[source] = *weight;
        }
        Ok(AxisFit { rule: Rule { weights, ..sorted }, variance_error, whitening })
    }

    /// The rule of each `stride`-th node, counted from one end.
    fn thinned(
        &self,
        stride: usize,
        end: End,
        kernel: Kernel,
        length: f64,
        task: &Task<'_>,
    ) -> Result<Rule, Error> {
        let some = self.nodes.thinned(stride, end);
        let gaps = match self.measure {
            Measure::Lebesgue { lower, upper } => Some(Gaps::new(&some.x, (lower, upper))?),
            Measure::Normal { .. } => None,
        };
        let fit = self.fit(&some, gaps.as_ref(), kernel, length, task.team, task.control)?;
        Ok(fit.rule)
    }

    /// The median gap as a part of the extent.
    fn median_gap(&self) -> Option<f64> {
        let gaps = self.nodes.x.windows(2).map(|pair| pair[1] - pair[0]);
        lower_median(gaps.collect()).map(|gap| gap / extent(self.measure))
    }
}

impl Task<'_> {
    fn models(
        &self,
        kernels: &[Kernel],
        lengths: Option<&[f64]>,
        scale: Option<f64>,
    ) -> Result<Vec<Model>, Error> {
        let mut models = Vec::new();
        for &kernel in kernels {
            let lengths = match lengths {
                Some(lengths) => lengths.to_vec(),
                None => self.likeliest(kernel, scale)?,
            };
            models.push(self.model(kernel, lengths, scale)?);
        }
        share(&mut models);
        Ok(models)
    }

    fn fits(&self, kernel: Kernel, lengths: &[f64]) -> Result<Vec<AxisFit>, Error> {
        let fit = |(line, &length): (&Line, &f64)| {
            line.fit(&line.nodes, line.gaps.as_ref(), kernel, length, self.team, self.control)
        };
        self.lines.iter().zip(lengths).map(fit).collect()
    }

    fn model(&self, kernel: Kernel, lengths: Vec<f64>, scale: Option<f64>) -> Result<Model, Error> {
        let fits = self.fits(kernel, &lengths)?;
        let (Evidence { log_likelihood, scale }, rank) = self.evidence(&fits, scale)?;
        let others: f64 = fits.iter().map(|fit| fit.rule.prior_variance).product();
        let share = |fit: &AxisFit| others / fit.rule.prior_variance * fit.variance_error;
        let variance_error: f64 = fits.iter().map(share).sum();
        let rules: Vec<Rule> = fits.into_iter().map(|fit| fit.rule).collect();
        let Rule { weights, variance, .. } = tensor_rule(&rules)?;
        let on = |stride: usize, end: End| -> Result<Vec<f64>, Error> {
            let rule =
                |(line, &length): (&Line, &f64)| line.thinned(stride, end, kernel, length, self);
            let rules = self.lines.iter().zip(&lengths).map(rule).collect::<Result<Vec<_>, _>>()?;
            Ok(weighted_sums(&tensor_rule(&rules)?.weights, self.values, self.n_components))
        };
        let fewest = self.lines.iter().map(|line| line.n).min().unwrap_or(0);
        let ends = if fewest < MIN_NODES { &[][..] } else { &[End::Left, End::Right] };
        let thinned =
            ends.iter().map(|&end| Ok([on(2, end)?, on(4, end)?])).collect::<Result<_, Error>>()?;
        // Variances of dense axes round more; those of filters do not.
        let mut rounding = rounding_of_sums(&weights, self.values, self.n_components);
        for (rounding, scale) in rounding.iter_mut().zip(&scale) {
            *rounding = rounding.hypot(scale * variance_error.sqrt());
        }
        Ok(Model {
            kernel,
            lengths,
            log_evidence: log_likelihood,
            probability: 1.0,
            standard_deviation: scale.iter().map(|scale| scale * variance.sqrt()).collect(),
            scale,
            value: weighted_sums(&weights, self.values, self.n_components),
            rounding,
            weights,
            rank,
            thinned,
        })
    }

    /// Likelihood of the values at the nodes that all axes use, and their number.
    fn evidence(&self, fits: &[AxisFit], scale: Option<f64>) -> Result<(Evidence, usize), Error> {
        let v = self.n_components;
        let mut whitened = try_vec(self.values.len(), 0.0)?;
        for (out, row) in whitened.chunks_exact_mut(v).zip(self.values.chunks_exact(v)) {
            for ((out, value), unit) in out.iter_mut().zip(row).zip(&self.units) {
                *out = if *unit > 0.0 { value / unit } else { 0.0 };
            }
        }
        let mut inner = self.values.len();
        let (mut outer, mut log_parts) = (1, Vec::new());
        for (line, fit) in self.lines.iter().zip(fits) {
            inner /= line.n;
            let shape = [outer, line.n, inner];
            let (found, log_determinant, rank) = match (&fit.whitening, &line.gaps) {
                (Whitening::Filter(prior), Some(gaps)) => {
                    let source = &line.nodes.source;
                    let (out, log) =
                        whiten_by_filter(&whitened, shape, gaps, source, *prior, self.control)?;
                    (out, log, line.n)
                }
                (Whitening::Factor(factor), _) => {
                    let source = &line.nodes.source;
                    let out = whiten_by_factor(&whitened, shape, factor, source, self.control)?;
                    (out, factor.log_determinant(), factor.chosen.len())
                }
                (Whitening::Filter(_), None) => unreachable!(),
            };
            whitened = found;
            log_parts.push(log_determinant / rank as f64);
            outer *= rank;
        }
        let mut squares = try_vec(v, 0.0)?;
        for row in whitened.chunks_exact(v) {
            squares.iter_mut().zip(row).for_each(|(sum, e)| *sum += e * e);
        }
        let log_determinant = log_parts.iter().sum::<f64>() * outer as f64;
        Ok((profile(&squares, log_determinant, outer, &self.units, scale), outer))
    }

    /// Length scales: the most likely multiple of the extents.
    fn likeliest(&self, kernel: Kernel, scale: Option<f64>) -> Result<Vec<f64>, Error> {
        let lengths = |multiple: f64| -> Vec<f64> {
            self.lines.iter().map(|line| multiple * extent(line.measure)).collect()
        };
        let spacing = self.lines.iter().filter_map(Line::median_gap).reduce(f64::min);
        let is_zero = self.units.iter().all(|&unit| unit == 0.0);
        let Some(spacing) = spacing.filter(|_| !is_zero) else { return Ok(lengths(1.0)) };
        let full = self.values.len() / self.n_components;
        let (shortest, longest) = (spacing.ln(), LONGEST.max(spacing * LONGEST).ln());
        let loss = |log_multiple: f64| {
            let fits = self.fits(kernel, &lengths(log_multiple.exp()))?;
            let (found, rank) = self.evidence(&fits, scale)?;
            // On fewer nodes the likelihood is one of other data.
            Ok(if rank == full { -found.log_likelihood } else { f64::INFINITY })
        };
        let (log_multiple, _) = minimise(shortest, longest, LOG_TOLERANCE, loss)?;
        Ok(lengths(log_multiple.exp()))
    }
}
