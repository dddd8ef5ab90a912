//! The rounds of adaptive integration, asked and told from Python.

use hasten_core::error::{Error, try_vec};
use hasten_core::quadrature::adaptive::{
    Components, Ending, GaussKronrod, Integrator, Norm, Params, Tolerance, interval_list,
};
use numpy::{
    IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::tanh_sinh::Levels;
use crate::arrays::slice;
use crate::call::{Call, run};
use crate::progress::Info;

/// Estimated seconds to make a point or to reduce a value.
const SECONDS: f64 = 3e-9;

/// The name of how an integral ended.
pub(super) fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Running => "running",
        Ending::Converged => "converged",
        Ending::Roundoff => "roundoff",
        Ending::Limit => "limit",
        Ending::Overflow => "overflow",
        Ending::Ends => "ends",
        Ending::Stopped => "stopped",
    }
}

/// The norm with a name.
pub(super) fn norm(name: &str) -> PyResult<Norm> {
    match name {
        "max" => Ok(Norm::Max),
        "2" => Ok(Norm::Two),
        _ => Err(PyValueError::new_err(format!("`norm` must be 'max' or '2'; got {name:?}"))),
    }
}

/// A call that is worth several threads only when `count` numbers are many.
pub(super) fn call(n_threads: Option<usize>, count: usize) -> Call {
    Call { n_threads, callback: None, work: count as f64 * SECONDS }
}

/// Integrals that are refined together; Python evaluates the integrand.
#[pyclass(module = "hasten._core.quadrature")]
pub(crate) struct Rounds {
    pub(super) inner: Integrator,
    pub(super) n_iter: usize,
}

impl Rounds {
    pub(super) fn new(inner: Integrator) -> Self {
        Self { inner, n_iter: 0 }
    }
}

#[pymethods]
impl Rounds {
    /// Whether an integral has not ended.
    #[getter]
    fn is_running(&self) -> bool {
        self.inner.is_running()
    }

    /// Regions that wait for values.
    #[getter]
    fn n_pending(&self) -> usize {
        self.inner.n_pending()
    }

    /// Points of a region.
    #[getter]
    fn n_points(&self) -> usize {
        self.inner.n_points()
    }

    /// Points of some of the regions that wait.
    #[pyo3(signature = (first, end, n_threads, /))]
    fn points<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        end: usize,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (m, n, d) = (end - first, self.inner.n_points(), self.inner.n_axes());
        let points = run(py, call(n_threads, m * n * d), |team, _| {
            let mut points = try_vec(m * n * d, 0.0)?;
            self.inner.fill_points(first..end, &mut points, team);
            Ok::<_, Error>(points)
        })?;
        let points = points.into_pyarray(py);
        if d == 1 {
            return Ok(points.reshape([m, n])?.into_any());
        }
        Ok(points.reshape([m, n, d])?.into_any())
    }

    /// Distances of these points to the nearer ends of their segments.
    #[pyo3(signature = (first, end, n_threads, /))]
    fn distances<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        end: usize,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (m, n) = (end - first, self.inner.n_points());
        let distances = run(py, call(n_threads, m * n), |team, _| {
            let mut distances = try_vec(m * n, 0.0)?;
            self.inner.fill_distances(first..end, &mut distances, team);
            Ok::<_, Error>(distances)
        })?;
        Ok(distances.into_pyarray(py).reshape([m, n])?.into_any())
    }

    /// The integrals of some of the regions that wait.
    #[pyo3(signature = (first, end, /))]
    fn owners<'py>(&self, py: Python<'py>, first: usize, end: usize) -> Bound<'py, PyArray1<i64>> {
        let owners: Vec<i64> =
            self.inner.owners()[first..end].iter().map(|&owner| i64::from(owner)).collect();
        owners.into_pyarray(py)
    }

    /// Take values (m, n, v) at the points of some of the regions that wait.
    #[pyo3(signature = (first, end, values, is_complex, n_threads, /))]
    fn tell(
        &mut self,
        py: Python<'_>,
        first: usize,
        end: usize,
        values: PyReadonlyArrayDyn<'_, f64>,
        is_complex: bool,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let count = values.shape().last().copied().unwrap_or(1);
        let values = slice(&values, "values")?;
        let inner = &mut self.inner;
        run(py, call(n_threads, values.len()), |team, _| {
            inner.tell(first..end, values, Components { count, complex: is_complex }, team)
        })
    }

    /// End a round: integrals that go on, regions that were judged, the largest error.
    #[pyo3(signature = (n_threads, /))]
    fn advance(
        &mut self,
        py: Python<'_>,
        n_threads: Option<usize>,
    ) -> PyResult<(usize, usize, f64)> {
        let inner = &mut self.inner;
        // Sorting and copying a region costs as much as reducing some tens of values.
        let work = 40 * (inner.n_pending() + inner.n_integrals());
        let round = run(py, call(n_threads, work), |team, _| inner.advance(team))?;
        self.n_iter += 1;
        Ok((round.n_running, round.n_regions, round.error))
    }

    /// Integrals over intervals at singular ends, to be settled before the next advance, if any.
    ///
    /// Each is asked for to a share of the tolerance of the integral that it belongs to.
    #[pyo3(signature = (share, distances, n_threads, /))]
    fn set_aside(
        &self,
        py: Python<'_>,
        share: f64,
        distances: bool,
        n_threads: Option<usize>,
    ) -> PyResult<Option<Levels>> {
        let aside = self.inner.set_aside();
        if aside.is_empty() {
            return Ok(None);
        }
        Levels::of_ends(py, &aside, self.inner.params(), share, distances, n_threads).map(Some)
    }

    /// Take what was found over the intervals that were set aside.
    #[pyo3(signature = (integrals, /))]
    fn settle(&mut self, integrals: PyRef<'_, Levels>) {
        let found = integrals.inner();
        let v = found.components().map_or(0, |components| components.count);
        for k in 0..found.n_integrals() {
            let value = &found.values()[k * v..(k + 1) * v];
            let (error, count) = (found.errors()[k], found.n_evaluations()[k]);
            self.inner.settle(k, value, error, count, found.endings()[k]);
        }
    }

    /// End what still runs.
    fn stop(&mut self) {
        self.inner.stop();
    }

    /// What a callback is given: the values of all integrals, real and imaginary parts in turn.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Info>> {
        let error = self.inner.errors().iter().fold(0.0, |most: f64, &error| most.max(error));
        Info::new(py, self.n_iter, error, self.inner.values().to_vec())
    }

    /// Values (p v,), errors, endings and counts of all integrals (p,).
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let inner = &self.inner;
        let out = PyDict::new(py);
        let integers =
            |counts: &[u64]| counts.iter().map(|&k| k as i64).collect::<Vec<_>>().into_pyarray(py);
        out.set_item("value", inner.values().to_vec().into_pyarray(py))?;
        out.set_item("error", inner.errors().to_vec().into_pyarray(py))?;
        let status: Vec<_> = inner.endings().iter().map(|&state| ending(state)).collect();
        out.set_item("status", status)?;
        out.set_item("n_intervals", integers(inner.n_regions()))?;
        out.set_item("n_evaluations", integers(inner.n_evaluations()))?;
        out.set_item("n_iter", self.n_iter)?;
        Ok(out)
    }

    /// Bounds in the coordinates of x (r, 2, d), errors and integrals of the regions at the end.
    fn regions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let list = self.inner.regions().map_err(|error| crate::errors::to_py(py, error))?;
        let d = self.inner.n_axes();
        let mut bounds = list.all_bounds().to_vec();
        for (region, bounds) in bounds.chunks_exact_mut(2 * d).enumerate() {
            let first = list.owners()[region] as usize * d;
            for (k, bound) in bounds.iter_mut().enumerate() {
                *bound = self.inner.ranges()[first + k % d].place(*bound).x;
            }
        }
        let owners: Vec<i64> = list.owners().iter().map(|&owner| i64::from(owner)).collect();
        let out = PyDict::new(py);
        out.set_item("bounds", bounds.into_pyarray(py).reshape([list.len(), 2, d])?)?;
        out.set_item("errors", list.errors().to_vec().into_pyarray(py))?;
        out.set_item("owners", owners.into_pyarray(py))?;
        Ok(out)
    }
}

/// -1 where ends come in descending order.
pub(super) fn signs(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| if a > b { -1.0 } else { 1.0 }).collect()
}

/// How many integrals over intervals begin: Gauss-Kronrod with 21 points.
#[pyfunction]
#[pyo3(signature = (a, b, points, each, rtol, atol, limit, norm, set_aside, keep, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn gauss_kronrod_rounds(
    py: Python<'_>,
    a: PyReadonlyArray1<'_, f64>,
    b: PyReadonlyArray1<'_, f64>,
    points: PyReadonlyArray1<'_, f64>,
    each: bool,
    rtol: f64,
    atol: f64,
    limit: usize,
    norm: &str,
    set_aside: bool,
    keep: bool,
) -> PyResult<Rounds> {
    let params = Params {
        tolerance: Tolerance { rtol, atol },
        limit,
        norm: self::norm(norm)?,
        set_aside,
        keep,
        ..Params::default()
    };
    let (a, b, points) = (slice(&a, "a")?, slice(&b, "b")?, slice(&points, "points")?);
    let inner = run(py, call(Some(1), 20 * a.len()), |_, _| {
        let (ranges, first) = interval_list(a, b, points, each)?;
        let mut inner = Integrator::new(Box::new(GaussKronrod), ranges, first, params)?;
        inner.orient(&signs(a, b))?;
        Ok::<_, Error>(inner)
    })?;
    Ok(Rounds::new(inner))
}
