//! Problems beside the plain one: batches, symmetric problems, barycenters.

use hasten_core::ot::{
    self as core, BarycenterParams, Batch, Histograms, Problem, SinkhornParams, SymmetricParams,
};
use numpy::{
    IntoPyArray, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::cost::Cost;
use super::{PASSES, is_mixed, marginals, method, precision, set_certificate};
use crate::arrays::{not_float, slice};
use crate::call::{self, Call};
use crate::solution::{set_history, status};

/// Every problem of a batch; those after a stop are NaN.
#[pyfunction]
#[pyo3(signature = (
    cost, a, b, reg, reg_marginals, method, tol, max_iter, precision, n_threads, callback, /
))]
#[expect(clippy::too_many_arguments)]
pub(super) fn sinkhorn_batch<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: PyReadonlyArray2<'py, f64>,
    b: PyReadonlyArray2<'py, f64>,
    reg: PyReadonlyArray1<'py, f64>,
    reg_marginals: (f64, f64),
    method: &str,
    tol: f64,
    max_iter: usize,
    precision: &str,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let (n, m, count) = (a.shape()[1], b.shape()[1], a.shape()[0]);
    let double: Option<PyReadonlyArrayDyn<'py, f64>> = cost.extract().ok();
    let single: Option<PyReadonlyArrayDyn<'py, f32>> = cost.extract().ok();
    let mixed = is_mixed(precision, single.is_some())?;
    let params = SinkhornParams {
        method: self::method(method)?,
        tol,
        max_iter,
        precision: self::precision(mixed),
        ..SinkhornParams::default()
    };
    let (a, b, reg) = (slice(&a, "a")?, slice(&b, "b")?, slice(&reg, "reg")?);
    let work = count as f64 * n as f64 * m as f64 * PASSES * 3e-9;
    let call = Call { n_threads, callback, work };
    let (shape, marginals) = ((n, m), marginals(reg_marginals));
    let solutions = if let Some(costs) = &double {
        let costs = slice(costs, "cost")?;
        call::run(py, call, |team, control| {
            let batch = Batch { costs, a, b, shape, reg, marginals };
            core::sinkhorn_batch(&batch, &params, team, control)
        })?
    } else if let Some(costs) = &single {
        let costs = slice(costs, "cost")?;
        call::run(py, call, |team, control| {
            let batch = Batch { costs, a, b, shape, reg, marginals };
            core::sinkhorn_batch(&batch, &params, team, control)
        })?
    } else {
        return Err(not_float(cost, "cost", 3));
    };
    let out = PyDict::new(py);
    let mut f = vec![f64::NAN; count * n];
    let mut g = vec![f64::NAN; count * m];
    let mut n_iter = vec![0_u64; count];
    let mut steps = vec![[0_i64; 2]; count];
    let mut states = vec!["stopped"; count];
    let mut methods = vec![""; count];
    let mut numbers = vec![[f64::NAN; 5]; count];
    for (k, solution) in solutions.into_iter().enumerate() {
        f[k * n..(k + 1) * n].copy_from_slice(&solution.f);
        g[k * m..(k + 1) * m].copy_from_slice(&solution.g);
        n_iter[k] = solution.n_iter as u64;
        steps[k] = [solution.n_newton as i64, solution.n_cg as i64];
        states[k] = status(solution.status);
        methods[k] = solution.method;
        let c = solution.certificate;
        numbers[k] = [c.value, c.gap, c.value_linear, c.marginal_error, solution.density];
    }
    out.set_item("f", f.into_pyarray(py).reshape([count, n])?)?;
    out.set_item("g", g.into_pyarray(py).reshape([count, m])?)?;
    let names = ["value", "gap", "value_linear", "marginal_error", "density"];
    for (k, name) in names.into_iter().enumerate() {
        let column: Vec<f64> = numbers.iter().map(|numbers| numbers[k]).collect();
        out.set_item(name, column.into_pyarray(py))?;
    }
    for (k, name) in ["n_newton", "n_cg"].into_iter().enumerate() {
        let column: Vec<i64> = steps.iter().map(|steps| steps[k]).collect();
        out.set_item(name, column.into_pyarray(py))?;
    }
    out.set_item("methods", methods)?;
    out.set_item("status", states)?;
    out.set_item("n_iter", n_iter.into_pyarray(py))?;
    Ok(out)
}

/// The potential of weights transported to themselves.
#[pyfunction]
#[pyo3(signature = (
    cost, a, reg, reg_marginal, tol, max_iter, precision, n_threads, callback, /
))]
#[expect(clippy::too_many_arguments)]
pub(super) fn symmetric<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: PyReadonlyArray1<'py, f64>,
    reg: f64,
    reg_marginal: f64,
    tol: f64,
    max_iter: usize,
    precision: &str,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let mixed = is_mixed(precision, cost.is_single())?;
    let params = SymmetricParams { tol, max_iter };
    let (a, marginals) = (slice(&a, "a")?, marginals((reg_marginal, reg_marginal)));
    let call = Call { n_threads, callback, work: cost.seconds(PASSES) };
    let solution = call::run(py, call, |team, control| {
        cost.apply(mixed, |values, working| {
            let problem = Problem { values, a, b: a, reg, marginals };
            if mixed {
                core::symmetric::<f32>(&problem, working, &params, team, control)
            } else {
                core::symmetric::<f64>(&problem, working, &params, team, control)
            }
        })
    })?;
    let out = PyDict::new(py);
    set_certificate(&out, solution.certificate)?;
    out.set_item("f", solution.f.into_pyarray(py))?;
    out.set_item("status", status(solution.status))?;
    out.set_item("n_iter", solution.n_iter)?;
    Ok(out)
}

/// The barycenter of histograms.
#[pyfunction]
#[pyo3(signature = (
    cost, histograms, weights, reg, debiased, tol, max_iter, n_threads, callback, trace, /
))]
#[expect(clippy::too_many_arguments)]
pub(super) fn barycenter<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    histograms: PyReadonlyArray2<'py, f64>,
    weights: PyReadonlyArray1<'py, f64>,
    reg: f64,
    debiased: bool,
    tol: f64,
    max_iter: usize,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
    trace: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let shape = [histograms.shape()[0], histograms.shape()[1]];
    let (histograms, weights) = (slice(&histograms, "histograms")?, slice(&weights, "weights")?);
    let params = BarycenterParams { debiased, tol, max_iter, trace };
    let call = Call { n_threads, callback, work: cost.seconds(PASSES * shape[0] as f64) };
    let solution = call::run(py, call, |team, control| {
        cost.apply(false, |values, _| {
            let data = Histograms { values, histograms, weights, reg };
            core::barycenter(&data, &params, team, control)
        })
    })?;
    let out = PyDict::new(py);
    out.set_item("weights", solution.weights.into_pyarray(py))?;
    out.set_item("error", solution.error)?;
    out.set_item("status", status(solution.status))?;
    out.set_item("n_iter", solution.n_iter)?;
    set_history(&out, &solution.history)?;
    Ok(out)
}
