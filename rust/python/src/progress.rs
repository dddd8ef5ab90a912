//! What a callback is given.

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

/// State of a running solve.
#[pyclass(frozen, get_all, module = "hasten._core")]
pub(crate) struct Info {
    /// Passes over the data so far.
    n_iter: usize,
    /// The current value, or a cheap estimate, of the certificate.
    error: f64,
    /// The current iterate; the array belongs to the callback.
    x: Py<PyArray1<f64>>,
}

impl Info {
    pub(crate) fn new(
        py: Python<'_>,
        n_iter: usize,
        error: f64,
        x: Vec<f64>,
    ) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, Self { n_iter, error, x: x.into_pyarray(py).unbind() })
    }
}

#[pymethods]
impl Info {
    fn __repr__(&self) -> String {
        format!("Info(n_iter={}, error={:e})", self.n_iter, self.error)
    }
}
