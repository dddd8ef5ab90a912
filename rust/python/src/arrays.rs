//! NumPy arrays as slices, without a copy.

use numpy::ndarray::Dimension;
use numpy::{Element, PyReadonlyArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// The elements of a C-contiguous array in order.
///
/// Take the slice before detaching, and keep `view` alive until the work is done.
pub(crate) fn slice<'a, T: Element, D: Dimension>(
    view: &'a PyReadonlyArray<'_, T, D>,
    argument: &str,
) -> PyResult<&'a [T]> {
    let elements = if view.is_c_contiguous() { view.as_slice().ok() } else { None };
    elements.ok_or_else(|| {
        PyTypeError::new_err(format!("`{argument}` must be a C-contiguous, aligned array"))
    })
}

/// The `TypeError` for an array that is neither float64 nor float32, or not of the right rank.
pub(crate) fn not_float(array: &Bound<'_, PyAny>, argument: &str, dimensions: usize) -> PyErr {
    let found = match array.getattr("dtype").and_then(|dtype| Ok(dtype.str()?.to_string())) {
        Ok(dtype) => format!("an array of {dtype}"),
        Err(_) => format!("{}", array.get_type()),
    };
    PyTypeError::new_err(format!(
        "`{argument}` must be a {dimensions}-dimensional array of float64 or float32; got {found}"
    ))
}

/// Evaluate `$body` with `$view` bound to a read-only view of `$array`, as float64 or as float32.
///
/// `$body` is compiled twice and must have the same type both times.
macro_rules! with_float_array {
    ($array:expr, $argument:literal, $dimension:ty, $n:literal, |$view:ident| $body:expr) => {
        match $array.extract::<numpy::PyReadonlyArray<'_, f64, $dimension>>() {
            Ok($view) => $body,
            Err(_) => match $array.extract::<numpy::PyReadonlyArray<'_, f32, $dimension>>() {
                Ok($view) => $body,
                Err(_) => Err($crate::arrays::not_float($array, $argument, $n)),
            },
        }
    };
}
pub(crate) use with_float_array;
