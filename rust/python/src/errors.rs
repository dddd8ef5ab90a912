//! Core errors as Python exceptions.

use hasten_core::error::{Error, Separation};
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyValueError};
use pyo3::prelude::*;

/// The Python exception for a core error; called by the doorway, which holds a pending exception
/// back itself.
pub(crate) fn to_py(py: Python<'_>, error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Shape { .. }
        | Error::Value { .. }
        | Error::NotFinite { .. }
        | Error::Infinite { .. }
        | Error::Index { .. } => PyValueError::new_err(message),
        Error::Singular { .. } | Error::NotPositiveDefinite { .. } => {
            raise(py, "numpy.linalg", "LinAlgError", (message,))
        }
        Error::NotConnected { n_components, largest, offenders } => {
            let offenders: Vec<_> = offenders
                .into_iter()
                .map(|(item, why): (usize, Separation)| (item, why.to_string()))
                .collect();
            raise(
                py,
                "hasten._exceptions",
                "NotConnectedError",
                (message, n_components, largest, offenders),
            )
        }
        Error::Collinear { columns } => undetermined(py, message, "collinear", columns),
        Error::Unbounded { columns } => undetermined(py, message, "unbounded", columns),
        Error::TooLarge { .. } => PyMemoryError::new_err(message),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
    }
}

fn undetermined(py: Python<'_>, message: String, reason: &str, columns: Vec<usize>) -> PyErr {
    raise(py, "hasten._exceptions", "UndeterminedError", (message, reason, columns))
}

/// An instance of an exception class that lives in Python.
fn raise<'py>(
    py: Python<'py>,
    module: &str,
    class: &str,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> PyErr {
    match py.import(module).and_then(|m| m.getattr(class)).and_then(|c| c.call1(arguments)) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}
