//! The CUDA C++ sources, embedded so that they are compiled on the machine that runs them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Families in alphabetical order, each with its source: shared device code, then its own kernels.
const SOURCES: [(&str, &str); 1] = [(
    "random",
    concat!(
        include_str!("../../../cuda/common.cuh"),
        include_str!("../../../cuda/elementary.cuh"),
        include_str!("../../../cuda/philox.cuh"),
        include_str!("../../../cuda/random.cu"),
    ),
)];

/// The complete source of a family's kernels.
#[pyfunction]
#[pyo3(signature = (family, /))]
pub(crate) fn cuda_source(family: &str) -> PyResult<&'static str> {
    let found = SOURCES.iter().find(|(name, _)| *name == family);
    found.map(|(_, source)| *source).ok_or_else(|| {
        let known = SOURCES.map(|(name, _)| format!("{name:?}")).join(", ");
        PyValueError::new_err(format!("`family` must be one of {known}; got {family:?}"))
    })
}
