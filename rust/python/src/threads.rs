//! `hasten._core.threads`: how many threads a call gets.

use pyo3::prelude::*;

/// Thread counts, as the environment decides them.
#[pymodule(submodule)]
pub(crate) mod threads {
    use super::pyfunction;

    /// Number of threads used when nobody says otherwise.
    #[pyfunction]
    fn default_threads() -> usize {
        hasten_core::parallel::default_threads()
    }

    /// Threads that running calls hold at the moment.
    #[pyfunction]
    fn leased_threads() -> usize {
        hasten_core::parallel::leased_threads()
    }
}
