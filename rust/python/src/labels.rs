//! `hasten._core.labels`: labels of items to codes.

use hasten_core::labels::{self as core, Character, Encoding, Integer, Texts};
use numpy::{Element, IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::call::{self, Call};

/// Seconds to code one label, roughly.
const SECONDS_PER_LABEL: f64 = 1e-8;

type Column<'py, T> = PyReadonlyArray1<'py, T>;

fn options(n_labels: usize) -> Call {
    Call { n_threads: Some(1), callback: None, work: n_labels as f64 * SECONDS_PER_LABEL }
}

/// Call `$function::<$type>` for the first type that the array `$array` holds.
macro_rules! for_type_of {
    ($array:expr, [$($type:ty),+], $function:ident $arguments:tt) => {
        $(if $array.extract::<Column<'_, $type>>().is_ok() {
            $function::<$type> $arguments
        } else)+ {
            Err(PyTypeError::new_err("labels have an unsupported dtype"))
        }
    };
}

fn columns<'py, T: Element, const K: usize>(
    arrays: [&Bound<'py, PyAny>; K],
) -> PyResult<[Column<'py, T>; K]> {
    let mut columns = Vec::with_capacity(K);
    for array in arrays {
        columns.push(array.extract()?);
    }
    columns.try_into().map_err(|_| PyTypeError::new_err("labels must be one-dimensional arrays"))
}

/// Code two columns of integers: `(items, left, right)`, codes `None` if labels are codes.
#[pyfunction]
#[pyo3(signature = (left, right, /))]
fn encode_integers<'py>(
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    fn typed<'py, T: Integer + Element>(
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = left.py();
        let [left, right] = columns::<T, 2>([left, right])?;
        let (l, r) = (left.as_slice()?, right.as_slice()?);
        let Encoding { items, codes } = call::run(py, options(l.len() + r.len()), |_, control| {
            core::encode_integers(l, r, control)
        })?;
        let codes = codes.map(|codes| codes.map(|side| side.into_pyarray(py)));
        let [left, right] = codes.map_or([None, None], |codes| codes.map(Some));
        (items.into_pyarray(py), left, right).into_pyobject(py).map(Bound::into_any)
    }
    for_type_of!(left, [i32, i64, u32, u64], typed(left, right))
}

/// Code two columns of integers by their places in `items`.
#[pyfunction]
#[pyo3(signature = (items, left, right, /))]
fn find_integers<'py>(
    items: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    fn typed<'py, T: Integer + Element>(
        items: &Bound<'py, PyAny>,
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = left.py();
        let [items, left, right] = columns::<T, 3>([items, left, right])?;
        let (items, l, r) = (items.as_slice()?, left.as_slice()?, right.as_slice()?);
        let [left, right] = call::run(py, options(l.len() + r.len()), |_, control| {
            core::find_integers(items, l, r, control)
        })?;
        (left.into_pyarray(py), right.into_pyarray(py)).into_pyobject(py).map(Bound::into_any)
    }
    for_type_of!(left, [i32, i64, u32, u64], typed(items, left, right))
}

/// Code two columns of texts of fixed width: `(items, width, left, right)`.
#[pyfunction]
#[pyo3(signature = (left, left_width, right, right_width, /))]
fn encode_texts<'py>(
    left: &Bound<'py, PyAny>,
    left_width: usize,
    right: &Bound<'py, PyAny>,
    right_width: usize,
) -> PyResult<Bound<'py, PyAny>> {
    fn typed<'py, C: Character + Element>(
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
        widths: [usize; 2],
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = left.py();
        let [left, right] = columns::<C, 2>([left, right])?;
        let (l, r) = (left.as_slice()?, right.as_slice()?);
        let encoding = call::run(py, options(l.len() + r.len()), |_, control| {
            core::encode_texts(Texts::new(l, widths[0])?, Texts::new(r, widths[1])?, control)
        })?;
        let [left, right] = encoding.codes.map(|side| side.into_pyarray(py));
        let items = encoding.items.into_pyarray(py);
        (items, encoding.width, left, right).into_pyobject(py).map(Bound::into_any)
    }
    for_type_of!(left, [u8, u32], typed(left, right, [left_width, right_width]))
}

/// Code two columns of texts of fixed width by their places in `items`.
#[pyfunction]
#[pyo3(signature = (items, items_width, left, left_width, right, right_width, /))]
fn find_texts<'py>(
    items: &Bound<'py, PyAny>,
    items_width: usize,
    left: &Bound<'py, PyAny>,
    left_width: usize,
    right: &Bound<'py, PyAny>,
    right_width: usize,
) -> PyResult<Bound<'py, PyAny>> {
    fn typed<'py, C: Character + Element>(
        arrays: [&Bound<'py, PyAny>; 3],
        widths: [usize; 3],
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = arrays[0].py();
        let [items, left, right] = columns::<C, 3>(arrays)?;
        let (items, l, r) = (items.as_slice()?, left.as_slice()?, right.as_slice()?);
        let [left, right] = call::run(py, options(l.len() + r.len()), |_, control| {
            let [items, l, r] = [
                Texts::new(items, widths[0])?,
                Texts::new(l, widths[1])?,
                Texts::new(r, widths[2])?,
            ];
            core::find_texts(items, l, r, control)
        })?;
        (left.into_pyarray(py), right.into_pyarray(py)).into_pyobject(py).map(Bound::into_any)
    }
    let widths = [items_width, left_width, right_width];
    for_type_of!(left, [u8, u32], typed([items, left, right], widths))
}

/// `hasten._core.labels`.
#[pymodule(submodule)]
pub(crate) mod labels {
    #[pymodule_export]
    use super::{encode_integers, encode_texts, find_integers, find_texts};
}
