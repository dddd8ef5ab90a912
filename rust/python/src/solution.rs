//! What the results of all solvers hand back to Python alike.

use hasten_core::Status;
use hasten_core::control::Record;
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The name of how a solve ended.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Converged => "converged",
        Status::MaxIter => "max_iter",
        Status::Stalled => "stalled",
        Status::Stopped => "stopped",
    }
}

/// Enter a history, or None where none was kept.
pub(crate) fn set_history(out: &Bound<'_, PyDict>, history: &[Record]) -> PyResult<()> {
    let (n_iter, error): (Vec<u64>, Vec<f64>) =
        history.iter().map(|record| (record.n_iter as u64, record.error)).unzip();
    let (py, traced) = (out.py(), !n_iter.is_empty());
    out.set_item("history_n_iter", traced.then(|| n_iter.into_pyarray(py)))?;
    out.set_item("history_error", traced.then(|| error.into_pyarray(py)))
}
