//! `preference_regression`: linear rewards from choices and rankings.

use hasten_core::float::Float;
use hasten_core::ranking::{
    self as core, Choices, PreferenceKind, PreferenceParams, PreferenceSolution,
};
use numpy::{
    Element, IntoPyArray, Ix2, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{slice, with_float_array};
use crate::call::{self, Call};
use crate::solution::status;

/// Seconds of a pass for each row: a constant part, one for each feature, one for each pair of them.
const SECONDS: (f64, f64, f64) = (2e-8, 4e-9, 2e-10);

/// Passes that a fit is expected to take.
const PASSES: f64 = 10.0;

fn kind(name: &str) -> PyResult<PreferenceKind> {
    match name {
        "plackett-luce" => Ok(PreferenceKind::PlackettLuce),
        "split" => Ok(PreferenceKind::Split),
        _ => Err(pyo3::exceptions::PyValueError::new_err(format!(
            "`kind` must be one of 'plackett-luce', 'split'; got {name:?}"
        ))),
    }
}

fn square(py: Python<'_>, values: Vec<f64>, order: usize) -> PyResult<Bound<'_, PyArray2<f64>>> {
    values.into_pyarray(py).reshape([order, order])
}

fn to_dict(py: Python<'_>, solution: PreferenceSolution) -> PyResult<Bound<'_, PyDict>> {
    let d = solution.coef.len();
    let out = PyDict::new(py);
    out.set_item("coef", solution.coef.into_pyarray(py))?;
    out.set_item("log_likelihood", solution.log_likelihood)?;
    out.set_item("log_likelihood_gap", solution.certificate.log_likelihood_gap)?;
    out.set_item("error", solution.certificate.error)?;
    out.set_item("status", status(solution.status))?;
    out.set_item("n_iter", solution.n_iter)?;
    out.set_item("n_steps", solution.n_steps)?;
    out.set_item("n_damped", solution.n_damped)?;
    out.set_item("model_covariance", square(py, solution.model_covariance, d)?)?;
    out.set_item("sandwich_covariance", square(py, solution.sandwich_covariance, d)?)?;
    let moments = solution.data_covariance.map(|values| square(py, values, d)).transpose()?;
    out.set_item("data_covariance", moments)?;
    let (n_iter, error): (Vec<u64>, Vec<f64>) =
        solution.history.iter().map(|record| (record.n_iter as u64, record.error)).unzip();
    let traced = !n_iter.is_empty();
    out.set_item("history_n_iter", traced.then(|| n_iter.into_pyarray(py)))?;
    out.set_item("history_error", traced.then(|| error.into_pyarray(py)))?;
    Ok(out)
}

/// The maximum-likelihood estimate with its certificate and covariances, as a dictionary.
///
/// `features` has a row for each alternative, set by set; with one alternative a set, rows are the
/// differences of pairs.
#[pyfunction]
#[pyo3(signature = (
    features, n_alternatives, chosen, set_sizes, sample_weight, kind, ridge, init, tol, max_iter,
    n_threads, callback, trace, /
))]
#[expect(clippy::too_many_arguments)]
pub(super) fn preference_regression<'py>(
    py: Python<'py>,
    features: &Bound<'py, PyAny>,
    n_alternatives: usize,
    chosen: Option<PyReadonlyArray2<'py, u32>>,
    set_sizes: Option<PyReadonlyArray1<'py, u32>>,
    sample_weight: Option<PyReadonlyArray1<'py, f64>>,
    kind: &str,
    ridge: f64,
    init: Option<PyReadonlyArray1<'py, f64>>,
    tol: f64,
    max_iter: Option<usize>,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
    trace: bool,
) -> PyResult<Bound<'py, PyDict>> {
    fn inner<'py, T: Element + Float>(
        py: Python<'py>,
        features: &PyReadonlyArray2<'py, T>,
        n_alternatives: usize,
        chosen: Option<&[u32]>,
        set_sizes: Option<&[u32]>,
        sample_weight: Option<&[f64]>,
        params: &PreferenceParams<'_>,
        (n_threads, callback): (Option<usize>, Option<Py<PyAny>>),
    ) -> PyResult<Bound<'py, PyDict>> {
        let (n_rows, d) = (features.shape()[0], features.shape()[1]);
        let features = slice(features, "features")?;
        let size = d as f64;
        let seconds = SECONDS.0 + size * (SECONDS.1 + size * SECONDS.2);
        let work = PASSES * (n_rows as f64 * seconds + size.powi(3) * 1e-9);
        let solution = call::run(py, Call { n_threads, callback, work }, |team, control| {
            let choices = if n_alternatives == 1 {
                Choices::differences(features, (n_rows, d), chosen, sample_weight)?
            } else {
                let n_sets = n_rows.checked_div(n_alternatives).unwrap_or(0);
                let shape = (n_sets, n_alternatives, d);
                Choices::sets(features, shape, chosen.unwrap_or(&[]), set_sizes, sample_weight)?
            };
            core::preference_regression(&choices, params, team, control)
        })?;
        to_dict(py, solution)
    }
    let chosen = chosen.as_ref().map(|chosen| slice(chosen, "chosen")).transpose()?;
    let set_sizes = set_sizes.as_ref().map(|sizes| slice(sizes, "set_sizes")).transpose()?;
    let sample_weight =
        sample_weight.as_ref().map(|weight| slice(weight, "sample_weight")).transpose()?;
    let init = init.as_ref().map(|init| slice(init, "init")).transpose()?;
    let params = PreferenceParams { kind: self::kind(kind)?, ridge, tol, max_iter, init, trace };
    let options = (n_threads, callback);
    with_float_array!(features, "features", Ix2, 2, |features| {
        inner(py, &features, n_alternatives, chosen, set_sizes, sample_weight, &params, options)
    })
}
