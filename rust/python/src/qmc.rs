//! `hasten._core.qmc`: points of low discrepancy.

use hasten_core::control::Control;
use hasten_core::error::Error;
use hasten_core::parallel::Team;
use hasten_core::qmc::{Coordinate, Normal, PointSet, Scramble};
use numpy::{Element, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::call::{Call, run};

/// Seconds that a coordinate takes on one thread, roughly: most of it is memory seen first.
const COORDINATE: f64 = 2e-9;

/// Seconds of a normal coordinate.
const NORMAL: f64 = 1e-8;

/// The array that points are written to.
enum Target<'py> {
    Double(PyReadwriteArray2<'py, f64>),
    Single(PyReadwriteArray2<'py, f32>),
}

impl<'py> Target<'py> {
    /// Borrow `out` (n, d) of a set of `dimension` coordinates.
    fn new(out: &Bound<'py, PyAny>, dimension: usize) -> PyResult<Self> {
        let (target, width, contiguous) = if let Ok(array) = out.extract() {
            let array: PyReadwriteArray2<'py, f64> = array;
            let (width, contiguous) = (array.shape()[1], array.is_c_contiguous());
            (Self::Double(array), width, contiguous)
        } else {
            let array: PyReadwriteArray2<'py, f32> = out.extract().map_err(|_| refusal())?;
            let (width, contiguous) = (array.shape()[1], array.is_c_contiguous());
            (Self::Single(array), width, contiguous)
        };
        if !contiguous {
            return Err(refusal());
        }
        if width != dimension {
            let message = format!("`out` must have {dimension} columns; got {width}");
            return Err(PyValueError::new_err(message));
        }
        Ok(target)
    }

    /// Write points `start..` of a set that `make` builds.
    fn fill<P: PointSet>(
        &mut self,
        py: Python<'_>,
        make: impl FnOnce() -> Result<P, Error> + Send,
        start: u64,
        normal: Option<Normal>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        match self {
            Self::Double(array) => fill(py, array, make, start, normal, n_threads),
            Self::Single(array) => fill(py, array, make, start, normal, n_threads),
        }
    }
}

fn fill<T: Coordinate + Element, P: PointSet>(
    py: Python<'_>,
    array: &mut PyReadwriteArray2<'_, T>,
    make: impl FnOnce() -> Result<P, Error> + Send,
    start: u64,
    normal: Option<Normal>,
    n_threads: Option<usize>,
) -> PyResult<()> {
    let out = array.as_slice_mut().map_err(|_| refusal())?;
    let cost = if normal.is_some() { NORMAL } else { COORDINATE };
    let work = out.len() as f64 * cost;
    let options = Call { n_threads, callback: None, work };
    run(py, options, move |team: &Team, control: &mut dyn Control| {
        make()?.points_into(start, out, normal, team, &|| control.check())
    })
}

fn refusal() -> PyErr {
    PyTypeError::new_err(
        "`out` must be a writeable, C-contiguous, aligned array of float64 or float32 with 2 \
         dimensions that no other call is writing to",
    )
}

fn scramble(name: Option<&str>) -> PyResult<Scramble> {
    match name {
        None => Ok(Scramble::None),
        Some("shift") => Ok(Scramble::Shift),
        Some("lms") => Ok(Scramble::LinearMatrix),
        Some("owen") => Ok(Scramble::Owen),
        Some(other) => Err(PyValueError::new_err(format!(
            "`scramble` must be one of 'owen', 'lms', 'shift' or None; got {other:?}"
        ))),
    }
}

fn normal(name: Option<&str>) -> PyResult<Option<Normal>> {
    match name {
        None => Ok(None),
        Some("inverse") => Ok(Some(Normal::Inverse)),
        Some("box-muller") => Ok(Some(Normal::BoxMuller)),
        Some(other) => Err(PyValueError::new_err(format!(
            "`method` must be one of 'inverse', 'box-muller' or None; got {other:?}"
        ))),
    }
}

/// Points of low discrepancy.
#[pymodule(submodule)]
pub(crate) mod qmc {
    use hasten_core::qmc::{Construction, Lattice, Sobol};
    use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};

    use super::{
        Bound, Call, Control, Error, PyAny, PyResult, Python, Target, Team, normal, pyfunction,
        run, scramble,
    };
    use crate::arrays::slice;

    #[pymodule_export]
    const MAX_DIMENSION: usize = hasten_core::qmc::MAX_DIMENSION;

    /// Write Sobol' points `start..` of randomisation `task` to `out` (n, d).
    #[pyfunction]
    #[pyo3(signature = (out, d, start, bits, scrambling, key, task, method, n_threads, /))]
    #[expect(clippy::too_many_arguments, reason = "Python hands them over one by one")]
    fn sobol(
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        d: usize,
        start: u64,
        bits: u32,
        scrambling: Option<&str>,
        key: u64,
        task: u32,
        method: Option<&str>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let (scramble, normal) = (scramble(scrambling)?, normal(method)?);
        let make = move || Sobol::new(d, bits, scramble, key, task);
        Target::new(out, d)?.fill(py, make, start, normal, n_threads)
    }

    /// Write points `start..` of a lattice of `n` points to `out`; of its odd multiples if `odd`.
    ///
    /// The shift is that of replicate `task` under `key`; without a key there is none.
    #[pyfunction]
    #[pyo3(signature = (out, n, generator, start, key, task, baker, odd, n_threads, /))]
    #[expect(clippy::too_many_arguments, reason = "Python hands them over one by one")]
    fn lattice(
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        n: u32,
        generator: PyReadonlyArray1<'_, u32>,
        start: u64,
        key: Option<u64>,
        task: u32,
        baker: bool,
        odd: bool,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let generator = slice(&generator, "generator")?;
        let make = move || {
            let mut lattice = Lattice::new(n, generator)?;
            if let Some(key) = key {
                lattice = lattice.shifted(key, task);
            }
            if baker {
                lattice = lattice.folded();
            }
            if odd { lattice.refinement() } else { Ok(lattice) }
        };
        Target::new(out, generator.len())?.fill(py, make, start, None, n_threads)
    }

    /// The generating vector built component by component, and its worst-case error.
    #[pyfunction]
    #[pyo3(signature = (n, weights, /))]
    fn component_by_component<'py>(
        py: Python<'py>,
        n: u32,
        weights: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<(Bound<'py, PyArray1<u32>>, f64)> {
        let weights = slice(&weights, "weights")?;
        construct(py, n, weights, Some(1), |_, control| {
            hasten_core::qmc::component_by_component(n, weights, &|| control.check())
        })
    }

    /// The best generating vector of Korobov's form, and its worst-case error.
    #[pyfunction]
    #[pyo3(signature = (n, weights, n_threads, /))]
    fn korobov_search<'py>(
        py: Python<'py>,
        n: u32,
        weights: PyReadonlyArray1<'py, f64>,
        n_threads: Option<usize>,
    ) -> PyResult<(Bound<'py, PyArray1<u32>>, f64)> {
        let weights = slice(&weights, "weights")?;
        construct(py, n, weights, n_threads, |team, control| {
            hasten_core::qmc::korobov_search(n, weights, team, &|| control.check())
        })
    }

    fn construct<'py>(
        py: Python<'py>,
        n: u32,
        weights: &[f64],
        n_threads: Option<usize>,
        work: impl FnOnce(&Team, &mut dyn Control) -> Result<Construction, Error> + Send,
    ) -> PyResult<(Bound<'py, PyArray1<u32>>, f64)> {
        let seconds = f64::from(n) * f64::from(n) * weights.len() as f64 * 0.5e-9;
        let options = Call { n_threads, callback: None, work: seconds };
        let lattice = run(py, options, work)?;
        Ok((lattice.generator.into_pyarray(py), lattice.worst_case_error))
    }

    /// The worst-case error of a lattice of `n` points.
    #[pyfunction]
    #[pyo3(signature = (n, generator, weights, n_threads, /))]
    fn worst_case_error(
        py: Python<'_>,
        n: u32,
        generator: PyReadonlyArray1<'_, u32>,
        weights: PyReadonlyArray1<'_, f64>,
        n_threads: Option<usize>,
    ) -> PyResult<f64> {
        let generator = slice(&generator, "generator")?;
        let weights = slice(&weights, "weights")?;
        let seconds = f64::from(n) * weights.len() as f64 * 2e-9;
        let options = Call { n_threads, callback: None, work: seconds };
        run(py, options, |team, control| {
            let check = || control.check();
            hasten_core::qmc::worst_case_error(n, generator, weights, team, &check)
        })
    }
}
