//! Core errors as Python exceptions.

use hasten_core::Error;
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyValueError};

pub(crate) fn to_py(error: &Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::TooLarge { .. } => PyMemoryError::new_err(message),
        Error::Interrupted => PyKeyboardInterrupt::new_err(message),
        Error::Shape { .. }
        | Error::Value { .. }
        | Error::NotFinite { .. }
        | Error::Index { .. }
        | Error::Singular { .. }
        | Error::NotPositiveDefinite { .. }
        | Error::NotConnected { .. } => PyValueError::new_err(message),
    }
}
