//! The cost of a problem as Python hands it over: a matrix, or two clouds of points.

use hasten_core::error::Error;
use hasten_core::float::Float;
use hasten_core::pairs::{Matrix, Metric, PairValues, Points};
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arrays::{not_float, slice};

/// Entries up to which a kernel is stored also for points: 32 MiB of doubles.
const STORED: usize = 1 << 22;

/// A cost that lives in Python.
pub(super) enum Cost<'py> {
    Double(PyReadonlyArray2<'py, f64>),
    Single(PyReadonlyArray2<'py, f32>),
    DoublePoints(PyReadonlyArray2<'py, f64>, PyReadonlyArray2<'py, f64>, Metric),
    SinglePoints(PyReadonlyArray2<'py, f32>, PyReadonlyArray2<'py, f32>, Metric),
}

impl<'py> Cost<'py> {
    pub(super) fn new(cost: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(parts) = cost.cast::<PyTuple>() else {
            if let Ok(array) = cost.extract() {
                return Ok(Self::Double(array));
            }
            return cost.extract().map(Self::Single).map_err(|_| not_float(cost, "cost", 2));
        };
        let (x, y, name): (Bound<'py, PyAny>, Bound<'py, PyAny>, String) = parts.extract()?;
        let metric = metric(&name)?;
        if let (Ok(x), Ok(y)) = (x.extract(), y.extract()) {
            return Ok(Self::DoublePoints(x, y, metric));
        }
        let x = x.extract().map_err(|_| not_float(&x, "X", 2))?;
        let y = y.extract().map_err(|_| not_float(&y, "Y", 2))?;
        Ok(Self::SinglePoints(x, y, metric))
    }

    /// The numbers, borrowed, for use without the interpreter.
    pub(super) fn borrow(&self) -> PyResult<CostRef<'_>> {
        let shape = |array: &dyn Fn(usize) -> usize| (array(0), array(1));
        Ok(match self {
            Self::Double(cost) => {
                CostRef::Double(slice(cost, "cost")?, shape(&|k| cost.shape()[k]))
            }
            Self::Single(cost) => {
                CostRef::Single(slice(cost, "cost")?, shape(&|k| cost.shape()[k]))
            }
            Self::DoublePoints(x, y, metric) => {
                let d = same_width(x.shape(), y.shape())?;
                CostRef::DoublePoints(slice(x, "X")?, slice(y, "Y")?, d, *metric)
            }
            Self::SinglePoints(x, y, metric) => {
                let d = same_width(x.shape(), y.shape())?;
                CostRef::SinglePoints(slice(x, "X")?, slice(y, "Y")?, d, *metric)
            }
        })
    }
}

fn same_width(x: &[usize], y: &[usize]) -> PyResult<usize> {
    if x[1] == y[1] {
        return Ok(x[1]);
    }
    let message = format!("`Y` must have {} columns to match `X`; got {}", x[1], y[1]);
    Err(PyValueError::new_err(message))
}

fn metric(name: &str) -> PyResult<Metric> {
    match name {
        "sqeuclidean" => Ok(Metric::SquaredEuclidean),
        "euclidean" => Ok(Metric::Euclidean),
        "cosine" => Ok(Metric::Cosine),
        "cityblock" => Ok(Metric::CityBlock),
        _ => Err(PyValueError::new_err(format!(
            "`metric` must be one of 'sqeuclidean', 'euclidean', 'cosine', 'cityblock'; got {name:?}"
        ))),
    }
}

/// A cost borrowed from Python.
#[derive(Clone, Copy)]
pub(super) enum CostRef<'a> {
    Double(&'a [f64], (usize, usize)),
    Single(&'a [f32], (usize, usize)),
    DoublePoints(&'a [f64], &'a [f64], usize, Metric),
    SinglePoints(&'a [f32], &'a [f32], usize, Metric),
}

impl CostRef<'_> {
    /// Numbers of rows and columns.
    pub(super) fn shape(&self) -> (usize, usize) {
        let count = |len: usize, d: usize| len.checked_div(d).unwrap_or(0);
        match *self {
            Self::Double(_, shape) | Self::Single(_, shape) => shape,
            Self::DoublePoints(x, y, d, _) => (count(x.len(), d), count(y.len(), d)),
            Self::SinglePoints(x, y, d, _) => (count(x.len(), d), count(y.len(), d)),
        }
    }

    /// Whether the numbers are in single precision.
    pub(super) fn is_single(&self) -> bool {
        matches!(self, Self::Single(..) | Self::SinglePoints(..))
    }

    /// Whether a kernel would take memory that points are meant to spare.
    pub(super) fn is_large_cloud(&self) -> bool {
        let (n, m) = self.shape();
        let is_cloud = matches!(self, Self::DoublePoints(..) | Self::SinglePoints(..));
        is_cloud && n.saturating_mul(m) > STORED
    }

    /// Seconds that some passes take on one thread, roughly.
    pub(super) fn seconds(&self, passes: f64) -> f64 {
        let (n, m) = self.shape();
        let d = match *self {
            Self::Double(..) | Self::Single(..) => 0,
            Self::DoublePoints(_, _, d, _) | Self::SinglePoints(_, _, d, _) => d,
        };
        n as f64 * m as f64 * passes * (3e-9 + 0.3e-9 * d as f64)
    }

    /// Do some work on the costs: in double precision, and as iterations read them.
    ///
    /// With `mixed`, iterations compute distances in single precision.
    pub(super) fn apply<R>(
        self,
        mixed: bool,
        work: impl FnOnce(&dyn PairValues, &dyn PairValues) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self {
            Self::Double(values, shape) => {
                let matrix = Matrix::new("cost", values, shape)?;
                work(&matrix, &matrix)
            }
            Self::Single(values, shape) => {
                let matrix = Matrix::new("cost", values, shape)?;
                work(&matrix, &matrix)
            }
            Self::DoublePoints(x, y, d, metric) => on_points(x, y, d, metric, mixed, work),
            Self::SinglePoints(x, y, d, metric) => on_points(x, y, d, metric, mixed, work),
        }
    }
}

fn on_points<T: Float, R>(
    x: &[T],
    y: &[T],
    d: usize,
    metric: Metric,
    mixed: bool,
    work: impl FnOnce(&dyn PairValues, &dyn PairValues) -> Result<R, Error>,
) -> Result<R, Error> {
    let points = Points::<f64>::new(x, y, d, metric)?;
    if mixed {
        work(&points, &Points::<f32>::new(x, y, d, metric)?)
    } else {
        work(&points, &points)
    }
}
