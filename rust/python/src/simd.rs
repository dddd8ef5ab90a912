//! `hasten._core.simd`: vector kernels on arrays, for tests against references in many digits.

use hasten_core::{Float, simd};
use numpy::{Element, IntoPyArray, Ix1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{slice, with_float_array};

/// The inner product with a second array, which must have the element type of the first.
fn dot_with<T: Float + Element>(
    a: &PyReadonlyArray1<'_, T>,
    b: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let b: PyReadonlyArray1<'_, T> = b.extract()?;
    let (a, b) = (slice(a, "a")?, slice(&b, "b")?);
    if a.len() != b.len() {
        return Err(PyValueError::new_err("`a` and `b` must have the same length"));
    }
    Ok(simd::dot(a, b))
}

/// Vector kernels on arrays, which only tests call from Python.
#[pymodule(submodule, name = "simd")]
pub(crate) mod simd_hooks {
    use super::{
        Bound, IntoPyArray, Ix1, PyAny, PyAnyMethods, PyResult, dot_with, pyfunction, simd, slice,
        with_float_array,
    };

    /// The instruction set in use.
    #[pyfunction]
    fn level() -> &'static str {
        simd::level()
    }

    /// Exponential of each element.
    #[pyfunction]
    #[pyo3(signature = (x, /))]
    fn exp<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        with_float_array!(x, "x", Ix1, 1, |view| {
            let mut values = slice(&view, "x")?.to_vec();
            simd::exp_in_place(&mut values);
            Ok(values.into_pyarray(py).into_any())
        })
    }

    /// Natural logarithm of each element.
    #[pyfunction]
    #[pyo3(signature = (x, /))]
    fn log<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        with_float_array!(x, "x", Ix1, 1, |view| {
            let mut values = slice(&view, "x")?.to_vec();
            simd::log_in_place(&mut values);
            Ok(values.into_pyarray(py).into_any())
        })
    }

    /// Inner product.
    #[pyfunction]
    #[pyo3(signature = (a, b, /))]
    fn dot(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<f64> {
        with_float_array!(a, "a", Ix1, 1, |view| dot_with(&view, b))
    }

    /// Logarithm of the sum of exponentials.
    #[pyfunction]
    #[pyo3(signature = (x, /))]
    fn log_sum_exp(x: &Bound<'_, PyAny>) -> PyResult<f64> {
        with_float_array!(x, "x", Ix1, 1, |view| Ok(simd::log_sum_exp(slice(&view, "x")?)))
    }
}
