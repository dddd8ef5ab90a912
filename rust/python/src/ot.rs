//! `hasten._core.ot`: entropic optimal transport.

mod cost;
mod plan;
mod several;

use hasten_core::ot::{
    self as core, Certificate, Marginals, Method, NewtonParams, Precision, Problem, SinkhornParams,
    SinkhornSolution, Stage,
};
use hasten_core::pairs::PairValues;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::slice;
use crate::call::{self, Call};
use crate::solution::status;
use cost::Cost;

/// Passes that a solve is expected to take at least.
const PASSES: f64 = 20.0;

fn marginals((rows, columns): (f64, f64)) -> Marginals {
    Marginals { rows, columns }
}

fn method(name: &str) -> PyResult<Method> {
    match name {
        "auto" => Ok(Method::Auto),
        "sinkhorn" => Ok(Method::Sinkhorn),
        "log" => Ok(Method::Log),
        "sns" => Ok(Method::Newton),
        "sns_paper" => Ok(Method::NewtonAsPublished),
        _ => Err(PyValueError::new_err(format!(
            "`method` must be one of 'auto', 'sinkhorn', 'log', 'sns', 'sns_paper'; got {name:?}"
        ))),
    }
}

/// Whether iterations are done in mixed precision.
fn is_mixed(name: &str, is_single: bool) -> PyResult<bool> {
    match name {
        "auto" => Ok(is_single),
        "float64" => Ok(false),
        "mixed" => Ok(true),
        _ => Err(PyValueError::new_err(format!(
            "`precision` must be one of 'auto', 'float64', 'mixed'; got {name:?}"
        ))),
    }
}

fn precision(mixed: bool) -> Precision {
    if mixed { Precision::Mixed } else { Precision::Double }
}

fn stage(stage: Stage) -> u8 {
    match stage {
        Stage::Log => 0,
        Stage::Scaling => 1,
        Stage::Path => 2,
        Stage::Newton => 3,
    }
}

fn set_certificate(out: &Bound<'_, PyDict>, certificate: Certificate) -> PyResult<()> {
    let py = out.py();
    out.set_item("value", certificate.value)?;
    out.set_item("gap", certificate.gap)?;
    out.set_item("value_linear", certificate.value_linear)?;
    out.set_item("marginal_error", certificate.marginal_error)?;
    out.set_item("row_sums", certificate.row_sums.into_pyarray(py))?;
    out.set_item("column_sums", certificate.column_sums.into_pyarray(py))
}

fn to_dict(py: Python<'_>, solution: SinkhornSolution) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    set_certificate(&out, solution.certificate)?;
    out.set_item("f", solution.f.into_pyarray(py))?;
    out.set_item("g", solution.g.into_pyarray(py))?;
    out.set_item("status", status(solution.status))?;
    out.set_item("n_iter", solution.n_iter)?;
    out.set_item("n_newton", solution.n_newton)?;
    out.set_item("n_cg", solution.n_cg)?;
    out.set_item("density", solution.density)?;
    out.set_item("method", solution.method)?;
    let records = &solution.history;
    let traced = !records.is_empty();
    let column = |field: &dyn Fn(&core::PassRecord) -> f64| {
        traced.then(|| records.iter().map(field).collect::<Vec<f64>>().into_pyarray(py))
    };
    let n_iter: Vec<u64> = records.iter().map(|record| record.n_iter as u64).collect();
    let stages: Vec<u8> = records.iter().map(|record| stage(record.stage)).collect();
    out.set_item("history_n_iter", traced.then(|| n_iter.into_pyarray(py)))?;
    out.set_item("history_error", column(&|record| record.error))?;
    out.set_item("history_value", column(&|record| record.value))?;
    out.set_item("history_reg", column(&|record| record.reg))?;
    out.set_item("history_stage", traced.then(|| stages.into_pyarray(py)))?;
    Ok(out)
}

/// Weights, regularisation and marginals of a problem, borrowed.
#[derive(Clone, Copy)]
struct Terms<'a> {
    a: &'a [f64],
    b: &'a [f64],
    reg: f64,
    marginals: Marginals,
}

impl<'a> Terms<'a> {
    fn problem(self, values: &'a dyn PairValues) -> Problem<'a> {
        let Self { a, b, reg, marginals } = self;
        Problem { values, a, b, reg, marginals }
    }
}

/// Potentials with their certificate, as a dictionary.
///
/// `options` are the Sinkhorn iterations and the share of all entries of the published Newton stage,
/// and the dropped mass, stage tolerance and ratio of levels of the default one.
#[pyfunction]
#[pyo3(signature = (
    cost, a, b, reg, reg_marginals, method, options, init, tol, max_iter, eps_scaling, precision,
    low_memory, n_threads, callback, trace, /
))]
#[expect(clippy::too_many_arguments)]
fn sinkhorn<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: PyReadonlyArray1<'py, f64>,
    b: PyReadonlyArray1<'py, f64>,
    reg: f64,
    reg_marginals: (f64, f64),
    method: &str,
    options: (usize, Option<f64>, f64, f64, f64),
    init: Option<(PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>)>,
    tol: f64,
    max_iter: usize,
    eps_scaling: Option<bool>,
    precision: &str,
    low_memory: bool,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
    trace: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let init = match &init {
        Some((f, g)) => Some((slice(f, "init")?, slice(g, "init")?)),
        None => None,
    };
    let mixed = is_mixed(precision, cost.is_single())?;
    let (n_sinkhorn, sparsity, delta, stage_tol, ratio) = options;
    let params = SinkhornParams {
        method: self::method(method)?,
        tol,
        max_iter,
        init,
        eps_scaling,
        precision: self::precision(mixed),
        low_memory: low_memory || cost.is_large_cloud(),
        newton: NewtonParams { n_sinkhorn, sparsity, delta, stage_tol, ratio },
        trace,
    };
    let terms =
        Terms { a: slice(&a, "a")?, b: slice(&b, "b")?, reg, marginals: marginals(reg_marginals) };
    let call = Call { n_threads, callback, work: cost.seconds(PASSES) };
    let solution = call::run(py, call, |team, control| {
        cost.apply(mixed, |values, working| {
            core::sinkhorn(&terms.problem(values), working, &params, team, control)
        })
    })?;
    to_dict(py, solution)
}

#[pymodule(submodule)]
pub(crate) mod ot {
    #[pymodule_export]
    use super::plan::{
        apply_plan, certificate, exact_bounds, plan, plan_sparse, point_gradient, soft_transform,
    };
    #[pymodule_export]
    use super::several::{barycenter, sinkhorn_batch, symmetric};
    #[pymodule_export]
    use super::sinkhorn;
}
