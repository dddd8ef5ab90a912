//! The doorway from Python to the core.

use hasten_core::parallel::Team;
use hasten_core::{Control, Error};
use pyo3::prelude::*;

use crate::errors::to_py;

/// How a call runs.
pub(crate) struct Call {
    pub(crate) n_threads: Option<usize>,
    pub(crate) callback: Option<Py<PyAny>>,
    /// Estimated seconds of work.
    pub(crate) work: f64,
}

/// Run `work` with the interpreter detached.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    _: Call,
    work: impl FnOnce(&Team, &mut dyn Control) -> Result<T, Error> + Send,
) -> PyResult<T> {
    py.detach(|| work(&Team::sequential(), &mut ())).map_err(|error| to_py(&error))
}
