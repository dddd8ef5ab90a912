//! Compiled callbacks: C functions of the user, evaluated on all threads without the interpreter.
//!
//! Python hands over the address of a function, the form of its arguments and the address of its
//! user data, and keeps what owns them alive for the duration of the call.

#![allow(unsafe_code, reason = "only the caller knows that an address is a function")]

use std::ffi::{c_int, c_void};
use std::mem::transmute;

use hasten_core::error::Error;
use hasten_core::integrand::Integrand;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// `double (double)`
type Scalar = unsafe extern "C" fn(f64) -> f64;
/// `double (double, void *)`
type ScalarData = unsafe extern "C" fn(f64, *mut c_void) -> f64;
/// `double (int, double *)`
type Row = unsafe extern "C" fn(c_int, *const f64) -> f64;
/// `double (int, double *, void *)`
type RowData = unsafe extern "C" fn(c_int, *const f64, *mut c_void) -> f64;
/// `void (int64, double *, double *, void *)`
type Batch = unsafe extern "C" fn(i64, *const f64, *mut f64, *mut c_void);

/// The forms of arguments that are accepted.
#[derive(Clone, Copy)]
enum Form {
    Scalar(Scalar),
    ScalarData(ScalarData),
    Row(Row),
    RowData(RowData),
    Batch(Batch),
}

/// A C function and its user data.
pub(crate) struct Compiled {
    form: Form,
    user_data: *mut c_void,
}

// SAFETY: the user promises that the function may be called from several threads at once; the
// address of its data is passed on and never read here.
unsafe impl Sync for Compiled {}
// SAFETY: as above; nothing about the address belongs to the thread that made it.
unsafe impl Send for Compiled {}

impl<'a, 'py> FromPyObject<'a, 'py> for Compiled {
    type Error = PyErr;

    /// From `(form, address, user_data)`; `hasten._callbacks` has checked the signature.
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (form, address, user_data): (String, usize, usize) = object.extract()?;
        let address = address as *const ();
        if address.is_null() {
            return Err(PyValueError::new_err("`f` must be a compiled function; got address 0"));
        }
        // SAFETY: Python takes the address from an object that declares this very signature, and
        // function pointers have the size of data pointers on every platform that CPython runs on.
        let form = unsafe {
            match form.as_str() {
                "scalar" => Form::Scalar(transmute::<*const (), Scalar>(address)),
                "scalar_data" => Form::ScalarData(transmute::<*const (), ScalarData>(address)),
                "row" => Form::Row(transmute::<*const (), Row>(address)),
                "row_data" => Form::RowData(transmute::<*const (), RowData>(address)),
                "batch" => Form::Batch(transmute::<*const (), Batch>(address)),
                other => {
                    let message = format!("`f` has an unknown form of arguments: {other:?}");
                    return Err(PyValueError::new_err(message));
                }
            }
        };
        Ok(Self { form, user_data: user_data as *mut c_void })
    }
}

impl Integrand for Compiled {
    fn evaluate(&self, rows: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let width = (rows.len() / out.len().max(1)).max(1);
        debug_assert_eq!(rows.len(), width * out.len());
        let data = self.user_data;
        let each = rows.chunks_exact(width).zip(out.iter_mut());
        let columns = width as c_int;
        // SAFETY: a row has `width` numbers, which a function of rows is told, and a function of one
        // number is given the first of them; `out` has a place for each row of a batch. The
        // function lives as long as the Python object that the caller holds, and may be called
        // from any thread, as the documentation of `f` demands.
        unsafe {
            match self.form {
                Form::Scalar(f) => each.for_each(|(row, value)| *value = f(row[0])),
                Form::ScalarData(f) => each.for_each(|(row, value)| *value = f(row[0], data)),
                Form::Row(f) => each.for_each(|(row, value)| *value = f(columns, row.as_ptr())),
                Form::RowData(f) => {
                    each.for_each(|(row, value)| *value = f(columns, row.as_ptr(), data));
                }
                Form::Batch(f) => {
                    f(out.len() as i64, rows.as_ptr(), out.as_mut_ptr(), data);
                }
            }
        }
        Ok(())
    }
}
