//! `hasten._core.quadrature`: Bayesian quadrature.

use hasten_core::quadrature::bayes::{
    self as core, Certificate, DenseRule, Estimate, GridAxis, JointMeasure, Kernel, Known,
    MaternPrior, Measure, Model, Observations, Params, Points, ProductParams, Rule, Smoothness,
};
use numpy::{
    IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::slice;
use crate::call::{self, Call};

/// Likelihoods that a solve is expected to need, of all kernels together.
const LIKELIHOODS: f64 = 120.0;

/// Seconds of one node in one pass of the filter where gaps differ.
const NODE: f64 = 3e-7;

/// Weights, variance and prior variance, and the number of nodes that were used.
type RuleParts<'py> = (Bound<'py, PyArray1<f64>>, f64, f64, usize);

/// The kernel of a smoothness; infinite for RBF.
fn kernel(nu: f64) -> PyResult<Kernel> {
    if nu == f64::INFINITY {
        return Ok(Kernel::Rbf);
    }
    Ok(Kernel::Matern(smoothness(nu)?))
}

fn smoothness(nu: f64) -> PyResult<Smoothness> {
    Smoothness::ALL.into_iter().find(|s| s.nu() == nu).ok_or_else(|| {
        PyValueError::new_err(format!("`nu` must be one of 0.5, 1.5, 2.5, 3.5; got {nu}"))
    })
}

fn smoothness_of(kernel: Kernel) -> f64 {
    match kernel {
        Kernel::Matern(smoothness) => smoothness.nu(),
        Kernel::Rbf => f64::INFINITY,
    }
}

/// A measure along one axis: its name, and its ends or its mean and standard deviation.
fn measure((name, first, second): (String, f64, f64)) -> PyResult<Measure> {
    match name.as_str() {
        "lebesgue" => Ok(Measure::Lebesgue { lower: first, upper: second }),
        "normal" => Ok(Measure::Normal { mean: first, standard_deviation: second }),
        _ => Err(PyValueError::new_err(format!(
            "`measure` must be 'lebesgue' or 'normal'; got {name:?}"
        ))),
    }
}

/// Measures an axis each, or mean (d,) and covariance (d, d) of a normal distribution.
#[derive(FromPyObject)]
pub(super) enum Against<'py> {
    Axes(Vec<(String, f64, f64)>),
    Normal((PyReadonlyArray1<'py, f64>, PyReadonlyArray2<'py, f64>)),
}

impl Against<'_> {
    fn to_core(&self) -> PyResult<JointMeasure> {
        match self {
            Self::Axes(axes) => {
                let axes = axes.iter().cloned().map(measure).collect::<PyResult<_>>()?;
                Ok(JointMeasure::Product(axes))
            }
            Self::Normal((mean, covariance)) => Ok(JointMeasure::Normal(
                slice(mean, "measure")?.to_vec(),
                slice(covariance, "measure")?.to_vec(),
            )),
        }
    }
}

fn set_certificate(out: &Bound<'_, PyDict>, certificate: Certificate) -> PyResult<()> {
    out.set_item("spread", certificate.spread.into_pyarray(out.py()))?;
    out.set_item("richardson", certificate.richardson.into_pyarray(out.py()))
}

fn to_dict(py: Python<'_>, estimate: Estimate) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("value", estimate.value.into_pyarray(py))?;
    out.set_item("standard_deviation", estimate.standard_deviation.into_pyarray(py))?;
    out.set_item("weights", estimate.weights.into_pyarray(py))?;
    out.set_item("n_distinct", estimate.n_distinct)?;
    let models = &estimate.models;
    let column = |field: &dyn Fn(&Model) -> f64| models.iter().map(field).collect::<Vec<f64>>();
    out.set_item("nu", column(&|model| smoothness_of(model.kernel)))?;
    out.set_item("probability", column(&|model| model.probability))?;
    out.set_item("log_evidence", column(&|model| model.log_evidence))?;
    out.set_item("rank", models.iter().map(|model| model.rank).collect::<Vec<_>>())?;
    let arrays = |field: &dyn Fn(&Model) -> Vec<f64>| {
        models.iter().map(|model| field(model).into_pyarray(py)).collect::<Vec<_>>()
    };
    out.set_item("ell", arrays(&|model| model.lengths.clone()))?;
    out.set_item("scale", arrays(&|model| model.scale.clone()))?;
    set_certificate(&out, estimate.certificate)?;
    Ok(out)
}

fn parts(py: Python<'_>, rule: Rule, rank: usize) -> RuleParts<'_> {
    (rule.weights.into_pyarray(py), rule.variance, rule.prior_variance, rank)
}

fn line_call(n_values: usize, n_threads: Option<usize>) -> Call {
    Call { n_threads, callback: None, work: n_values as f64 * LIKELIHOODS * NODE }
}

fn dense_call(n: usize, n_solves: f64, n_threads: Option<usize>) -> Call {
    Call { n_threads, callback: None, work: (n as f64).powi(3) * n_solves * 3e-10 }
}

/// Posterior of integrals over an interval under Matern priors.
#[pyfunction]
#[pyo3(signature = (nodes, values, domain, nu, ell, scale, noise, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn bayes_line<'py>(
    py: Python<'py>,
    nodes: PyReadonlyArray1<'py, f64>,
    values: PyReadonlyArray2<'py, f64>,
    domain: (f64, f64),
    nu: Option<f64>,
    ell: Option<f64>,
    scale: Option<f64>,
    noise: f64,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let n_components = values.shape()[1];
    let (nodes, values) = (slice(&nodes, "nodes")?, slice(&values, "values")?);
    let params = Params { smoothness: nu.map(smoothness).transpose()?, length: ell, scale, noise };
    let estimate = call::run(py, line_call(values.len(), n_threads), |team, control| {
        let data = Observations { nodes, values, n_components, domain };
        core::bayes_quadrature(&data, &params, team, control)
    })?;
    to_dict(py, estimate)
}

/// How far integrals over an interval may be off, whatever they came from.
#[pyfunction]
#[pyo3(signature = (nodes, values, domain, noise, value, n_threads, /))]
pub(super) fn bayes_certificate<'py>(
    py: Python<'py>,
    nodes: PyReadonlyArray1<'py, f64>,
    values: PyReadonlyArray2<'py, f64>,
    domain: (f64, f64),
    noise: f64,
    value: PyReadonlyArray1<'py, f64>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let n_components = values.shape()[1];
    let (nodes, values) = (slice(&nodes, "nodes")?, slice(&values, "values")?);
    let value = slice(&value, "value")?;
    let found = call::run(py, line_call(values.len(), n_threads), |team, control| {
        let data = Observations { nodes, values, n_components, domain };
        core::line_certificate(&data, noise, value, team, control)
    })?;
    let out = PyDict::new(py);
    set_certificate(&out, found)?;
    Ok(out)
}

/// Posterior of integrals of values on a product grid, last axis varying fastest.
#[pyfunction]
#[pyo3(signature = (nodes, values, measures, nu, ell, scale, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn bayes_grid<'py>(
    py: Python<'py>,
    nodes: Vec<PyReadonlyArray1<'py, f64>>,
    values: PyReadonlyArray2<'py, f64>,
    measures: Vec<(String, f64, f64)>,
    nu: Option<f64>,
    ell: Option<Vec<f64>>,
    scale: Option<f64>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let n_components = values.shape()[1];
    let axes = axes(&nodes, measures)?;
    let values = slice(&values, "values")?;
    let kernel = nu.map(kernel).transpose()?;
    let params = ProductParams { kernel, lengths: ell, scale, noise: 0.0 };
    let estimate = call::run(py, line_call(values.len(), n_threads), |team, control| {
        core::grid_quadrature(&axes, values, n_components, &params, team, control)
    })?;
    to_dict(py, estimate)
}

fn axes<'a>(
    nodes: &'a [PyReadonlyArray1<'_, f64>],
    measures: Vec<(String, f64, f64)>,
) -> PyResult<Vec<GridAxis<'a>>> {
    if nodes.len() != measures.len() {
        let message = format!("`nodes` must have {} axes; got {}", measures.len(), nodes.len());
        return Err(PyValueError::new_err(message));
    }
    let axis =
        |(nodes, axis)| Ok(GridAxis { nodes: slice(nodes, "nodes")?, measure: measure(axis)? });
    nodes.iter().zip(measures).map(axis).collect()
}

/// Posterior of integrals of values at any points.
#[pyfunction]
#[pyo3(signature = (nodes, values, measure, nu, ell, scale, noise, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn bayes_scattered<'py>(
    py: Python<'py>,
    nodes: PyReadonlyArray2<'py, f64>,
    values: PyReadonlyArray2<'py, f64>,
    measure: Against<'py>,
    nu: Option<f64>,
    ell: Option<Vec<f64>>,
    scale: Option<f64>,
    noise: f64,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let [n, n_components] = [values.shape()[0], values.shape()[1]];
    let measure = measure.to_core()?;
    let (nodes, values) = (slice(&nodes, "nodes")?, slice(&values, "values")?);
    let kernel = nu.map(kernel).transpose()?;
    let params = ProductParams { kernel, lengths: ell, scale, noise };
    let call = dense_call(n, if params.lengths.is_some() { 1.0 } else { 30.0 }, n_threads);
    let estimate = call::run(py, call, |team, control| {
        let points = Points { nodes, measure: &measure };
        core::scattered_quadrature(points, values, n_components, &params, team, control)
    })?;
    to_dict(py, estimate)
}

/// The rule of a Matern prior on an interval.
#[pyfunction]
#[pyo3(signature = (nodes, domain, nu, ell, noise, /))]
pub(super) fn bayes_line_rule<'py>(
    py: Python<'py>,
    nodes: PyReadonlyArray1<'py, f64>,
    domain: (f64, f64),
    nu: f64,
    ell: f64,
    noise: f64,
) -> PyResult<RuleParts<'py>> {
    let nodes = slice(&nodes, "nodes")?;
    let prior = MaternPrior { smoothness: smoothness(nu)?, length: ell, noise };
    let call = Call { n_threads: Some(1), callback: None, work: nodes.len() as f64 * NODE };
    let rule = call::run(py, call, |_, control| core::matern_rule(nodes, domain, prior, control))?;
    Ok(parts(py, rule, nodes.len()))
}

/// The rule of a product prior on a grid, last axis varying fastest.
#[pyfunction]
#[pyo3(signature = (nodes, measures, nu, ell, n_threads, /))]
pub(super) fn bayes_grid_rule<'py>(
    py: Python<'py>,
    nodes: Vec<PyReadonlyArray1<'py, f64>>,
    measures: Vec<(String, f64, f64)>,
    nu: f64,
    ell: Vec<f64>,
    n_threads: Option<usize>,
) -> PyResult<RuleParts<'py>> {
    let axes = axes(&nodes, measures)?;
    let kernel = kernel(nu)?;
    let longest = axes.iter().map(|axis| axis.nodes.len()).max().unwrap_or(0);
    let rule = call::run(py, dense_call(longest, 1.0, n_threads), |team, control| {
        core::grid_rule(&axes, kernel, &ell, team, control)
    })?;
    let rank = rule.weights.iter().filter(|&&weight| weight != 0.0).count();
    Ok(parts(py, rule, rank))
}

/// The rule of a product prior at any points.
#[pyfunction]
#[pyo3(signature = (nodes, measure, nu, ell, noise, n_threads, /))]
pub(super) fn bayes_scattered_rule<'py>(
    py: Python<'py>,
    nodes: PyReadonlyArray2<'py, f64>,
    measure: Against<'py>,
    nu: f64,
    ell: Vec<f64>,
    noise: f64,
    n_threads: Option<usize>,
) -> PyResult<RuleParts<'py>> {
    let n = nodes.shape()[0];
    let (nodes, measure, kernel) = (slice(&nodes, "nodes")?, measure.to_core()?, kernel(nu)?);
    let DenseRule { rule, chosen, .. } =
        call::run(py, dense_call(n, 1.0, n_threads), |team, control| {
            let points = Points { nodes, measure: &measure };
            core::scattered_rule(points, kernel, &ell, noise, team, control)
        })?;
    Ok(parts(py, rule, chosen.len()))
}

/// Posterior mean (M, V) and standard deviation at unit scale (M,) of functions at points.
#[pyfunction]
#[pyo3(signature = (nodes, values, nu, ell, noise, points, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn bayes_predict<'py>(
    py: Python<'py>,
    nodes: PyReadonlyArray2<'py, f64>,
    values: PyReadonlyArray2<'py, f64>,
    nu: f64,
    ell: Vec<f64>,
    noise: f64,
    points: PyReadonlyArray2<'py, f64>,
    n_threads: Option<usize>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyArray1<f64>>)> {
    let (n, n_components, n_points) = (values.shape()[0], values.shape()[1], points.shape()[0]);
    let known = Known {
        nodes: slice(&nodes, "nodes")?,
        values: slice(&values, "values")?,
        n_components,
        kernel: kernel(nu)?,
        lengths: &ell,
        noise,
    };
    let points = slice(&points, "points")?;
    let n_solves = 1.0 + n_points as f64 / n.max(1) as f64;
    let found = call::run(py, dense_call(n, n_solves, n_threads), |team, control| {
        core::predict(known, points, team, control)
    })?;
    let mean = found.mean.into_pyarray(py).reshape([n_points, n_components])?;
    Ok((mean.into_any(), found.standard_deviation.into_pyarray(py)))
}
