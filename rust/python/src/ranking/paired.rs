//! `hasten._core.ranking.fit_paired`: the estimate of a paired model.

use hasten_core::ranking::paired::{self as core, PairedParams, PairedSolution};
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::cells::{Cells, PairedModel};
use crate::arrays::slice;
use crate::call::{self, Call};
use crate::solution::{set_history, status};

/// Seconds that one thread takes for a cell, from the sort to the certificate.
const SECONDS_PER_CELL: f64 = 5e-7;

/// The estimate with its certificate, as a dictionary.
#[pyfunction]
#[pyo3(signature = (
    cells, model, init, tol, max_iter, n_threads, callback, trace, groups=None, /
))]
#[expect(clippy::too_many_arguments)]
pub(super) fn fit_paired<'py>(
    py: Python<'py>,
    cells: Cells<'py>,
    model: PairedModel,
    init: Option<PyReadonlyArray1<'py, f64>>,
    tol: f64,
    max_iter: Option<usize>,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
    trace: bool,
    groups: Option<PyReadonlyArray1<'py, u32>>,
) -> PyResult<Bound<'py, PyDict>> {
    let (cells, model) = (cells.view()?, model.model()?);
    let init = init.as_ref().map(|init| slice(init, "init")).transpose()?;
    let groups = groups.as_ref().map(|groups| slice(groups, "groups")).transpose()?;
    let params = PairedParams { tol, max_iter, init, trace };
    let work = cells.len() as f64 * SECONDS_PER_CELL;
    let solution = call::run(py, Call { n_threads, callback, work }, |team, control| {
        core::fit_paired(cells, &model, groups, &params, team, control)
    })?;
    to_dict(py, solution)
}

fn to_dict(py: Python<'_>, solution: PairedSolution) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("strength", solution.strength.into_pyarray(py))?;
    out.set_item("shared", solution.shared.into_pyarray(py))?;
    out.set_item("n_parameters", solution.n_parameters)?;
    out.set_item("log_likelihood", solution.log_likelihood)?;
    out.set_item("residual", solution.certificate.residual)?;
    out.set_item("log_likelihood_gap", solution.certificate.log_likelihood_gap)?;
    out.set_item("error", solution.certificate.error)?;
    out.set_item("error_kind", "bound")?;
    out.set_item("status", status(solution.status))?;
    out.set_item("n_iter", solution.n_iter)?;
    out.set_item("method", "newton")?;
    out.set_item("message_detail", solution.description)?;
    set_history(&out, &solution.history)?;
    Ok(out)
}
