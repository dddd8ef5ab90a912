//! `hasten._core.random`: draws of one stream, as arrays.

use hasten_core::error::{Error, try_vec};
use hasten_core::rng::{Sample, Stream};
use numpy::{Element, IntoPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::call::{Call, run};

/// One kind of draw as Python asks for it: a range of a stream, float64 or float32.
struct Request<'a> {
    stream: Stream,
    start: u64,
    n: usize,
    dtype: &'a str,
}

/// The fill of one kind of draw, in both precisions.
struct Kind {
    double: fn(&Stream, u64, &mut [f64]),
    single: fn(&Stream, u64, &mut [f32]),
}

impl Request<'_> {
    fn answer<'py>(&self, py: Python<'py>, kind: &Kind) -> PyResult<Bound<'py, PyAny>> {
        match self.dtype {
            "float64" => self.fill(py, kind.double),
            "float32" => self.fill(py, kind.single),
            other => {
                let message = format!("`dtype` must be 'float64' or 'float32'; got {other:?}");
                Err(PyValueError::new_err(message))
            }
        }
    }

    fn fill<'py, T: Sample + Element>(
        &self,
        py: Python<'py>,
        fill: fn(&Stream, u64, &mut [T]),
    ) -> PyResult<Bound<'py, PyAny>> {
        // A draw costs a few nanoseconds.
        let work = self.n as f64 * 4e-9;
        let draws = run(py, Call { n_threads: Some(1), callback: None, work }, |_, _| {
            let mut out = try_vec(self.n, T::default())?;
            fill(&self.stream, self.start, &mut out);
            Ok::<_, Error>(out)
        })?;
        Ok(draws.into_pyarray(py).into_any())
    }
}

/// Draws of one stream.
#[pymodule(submodule)]
pub(crate) mod random {
    use super::{Bound, Kind, PyAny, PyResult, Python, Request, Stream, pyfunction};

    /// The four words of one block.
    #[pyfunction]
    #[pyo3(signature = (key, index, task, purpose, /))]
    fn philox(key: u64, index: u64, task: u32, purpose: u32) -> (u32, u32, u32, u32) {
        Stream::new(key, task, purpose).block(index).into()
    }

    /// Uniforms in [0, 1).
    #[pyfunction]
    #[pyo3(signature = (key, task, purpose, start, n, dtype, /))]
    fn uniform<'py>(
        py: Python<'py>,
        key: u64,
        task: u32,
        purpose: u32,
        start: u64,
        n: usize,
        dtype: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stream = Stream::new(key, task, purpose);
        let kind = Kind { double: Stream::fill_uniform, single: Stream::fill_uniform };
        Request { stream, start, n, dtype }.answer(py, &kind)
    }

    /// Uniforms in (0, 1].
    #[pyfunction]
    #[pyo3(signature = (key, task, purpose, start, n, dtype, /))]
    fn positive_uniform<'py>(
        py: Python<'py>,
        key: u64,
        task: u32,
        purpose: u32,
        start: u64,
        n: usize,
        dtype: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stream = Stream::new(key, task, purpose);
        let kind =
            Kind { double: Stream::fill_positive_uniform, single: Stream::fill_positive_uniform };
        Request { stream, start, n, dtype }.answer(py, &kind)
    }

    /// Standard normals.
    #[pyfunction]
    #[pyo3(signature = (key, task, purpose, start, n, dtype, /))]
    fn normal<'py>(
        py: Python<'py>,
        key: u64,
        task: u32,
        purpose: u32,
        start: u64,
        n: usize,
        dtype: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stream = Stream::new(key, task, purpose);
        let kind = Kind { double: Stream::fill_normal, single: Stream::fill_normal };
        Request { stream, start, n, dtype }.answer(py, &kind)
    }
}
