//! The levels of tanh-sinh integration, asked and told from Python.

use hasten_core::error::{Error, try_vec};
use hasten_core::quadrature::adaptive::{
    Components, Params as RoundParams, SetAside, Tolerance, segments,
};
use hasten_core::quadrature::tanh_sinh::{Params, Piece, TanhSinh};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::adaptive::{call, ending, norm, signs};
use crate::arrays::slice;
use crate::call::run;
use crate::progress::Info;

/// Most points of an integral for each interval that its limit allows.
const POINTS: usize = 21;

/// Work of finding how far the nodes of a piece reach, in that of values.
const REACH: usize = 2000;

/// Integrals that are refined together; Python evaluates the integrand.
#[pyclass(module = "hasten._core.quadrature")]
pub(crate) struct Levels {
    inner: TanhSinh,
    n_iter: usize,
}

impl Levels {
    pub(super) fn inner(&self) -> &TanhSinh {
        &self.inner
    }

    /// Integrals over intervals that were set aside, each to a share of its integral's tolerance.
    pub(super) fn of_ends(
        py: Python<'_>,
        aside: &[SetAside],
        params: &RoundParams,
        share: f64,
        distances: bool,
        n_threads: Option<usize>,
    ) -> PyResult<Self> {
        let pieces = aside.iter().enumerate().map(|(k, end)| Piece {
            integral: k as u32,
            arguments: end.owner,
            range: end.range,
            interval: end.interval,
            segment: end.segment,
        });
        let tolerance = |end: &SetAside| Tolerance { rtol: 0.0, atol: share * end.tolerance };
        let params = Params {
            tolerances: aside.iter().map(tolerance).collect(),
            max_points: params.limit.saturating_mul(POINTS),
            norm: params.norm,
            trials: aside.iter().map(|end| end.is_trial).collect(),
            distances,
            signs: vec![1.0; aside.len()],
        };
        let pieces: Vec<_> = pieces.collect();
        let work = call(n_threads, REACH * pieces.len());
        let inner = run(py, work, |team, control| TanhSinh::new(pieces, params, team, control))?;
        Ok(Self { inner, n_iter: 0 })
    }
}

#[pymethods]
impl Levels {
    /// Whether an integral has not ended.
    #[getter]
    fn is_running(&self) -> bool {
        self.inner.is_running()
    }

    /// Pieces that wait for values.
    #[getter]
    fn n_pending(&self) -> usize {
        self.inner.n_pending()
    }

    /// Points of a piece in this level.
    #[getter]
    fn n_points(&self) -> usize {
        self.inner.n_points()
    }

    /// Points of some of the pieces that wait.
    #[pyo3(signature = (first, end, n_threads, /))]
    fn points<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        end: usize,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (m, n) = (end - first, self.inner.n_points());
        let points = run(py, call(n_threads, m * n), |team, _| {
            let mut points = try_vec(m * n, 0.0)?;
            self.inner.fill_points(first..end, &mut points, team);
            Ok::<_, Error>(points)
        })?;
        points.into_pyarray(py).reshape([m, n])
    }

    /// Distances of these points to the nearer ends of their segments.
    #[pyo3(signature = (first, end, n_threads, /))]
    fn distances<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        end: usize,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (m, n) = (end - first, self.inner.n_points());
        let distances = run(py, call(n_threads, m * n), |team, _| {
            let mut distances = try_vec(m * n, 0.0)?;
            self.inner.fill_distances(first..end, &mut distances, team);
            Ok::<_, Error>(distances)
        })?;
        distances.into_pyarray(py).reshape([m, n])
    }

    /// The integrals whose arguments some of the pieces that wait have.
    #[pyo3(signature = (first, end, /))]
    fn owners<'py>(&self, py: Python<'py>, first: usize, end: usize) -> Bound<'py, PyArray1<i64>> {
        let owners = &self.inner.owners()[first..end];
        owners.iter().map(|&owner| i64::from(owner)).collect::<Vec<_>>().into_pyarray(py)
    }

    /// Take values (m, n, v) at the points of some of the pieces that wait.
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

    /// End a level: integrals that go on, pieces that were judged, the largest error.
    #[pyo3(signature = (n_threads, /))]
    fn advance(
        &mut self,
        py: Python<'_>,
        n_threads: Option<usize>,
    ) -> PyResult<(usize, usize, f64)> {
        let inner = &mut self.inner;
        let work = 40 * inner.n_pending();
        let round = run(py, call(n_threads, work), |_, _| Ok::<_, Error>(inner.advance()))?;
        self.n_iter += 1;
        Ok((round.n_running, round.n_regions, round.error))
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
        let integers = |counts: Vec<i64>| counts.into_pyarray(py);
        let mut pieces = vec![0; inner.n_integrals()];
        inner.pieces().iter().for_each(|piece| pieces[piece.integral as usize] += 1);
        out.set_item("value", inner.values().to_vec().into_pyarray(py))?;
        out.set_item("error", inner.errors().to_vec().into_pyarray(py))?;
        let status: Vec<_> = inner.endings().iter().map(|&state| ending(state)).collect();
        out.set_item("status", status)?;
        out.set_item("n_intervals", integers(pieces))?;
        let evaluations = inner.n_evaluations().iter().map(|&k| k as i64).collect();
        out.set_item("n_evaluations", integers(evaluations))?;
        out.set_item("n_iter", self.n_iter)?;
        Ok(out)
    }

    /// Bounds in x (r, 2, 1), errors (NaN: pieces have none of their own) and integrals of pieces.
    fn regions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let pieces = self.inner.pieces();
        let bounds: Vec<f64> = pieces
            .iter()
            .flat_map(|piece| {
                [piece.interval.low, piece.interval.high].map(|s| piece.range.place(s).x)
            })
            .collect();
        let owners: Vec<i64> = pieces.iter().map(|piece| i64::from(piece.integral)).collect();
        let out = PyDict::new(py);
        out.set_item("bounds", bounds.into_pyarray(py).reshape([pieces.len(), 2, 1])?)?;
        out.set_item("errors", vec![f64::NAN; pieces.len()].into_pyarray(py))?;
        out.set_item("owners", owners.into_pyarray(py))?;
        Ok(out)
    }
}

/// How many integrals over intervals begin: tanh-sinh between ends and break points.
#[pyfunction]
#[pyo3(signature = (a, b, points, each, rtol, atol, limit, norm, distances, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn tanh_sinh_levels(
    py: Python<'_>,
    a: PyReadonlyArray1<'_, f64>,
    b: PyReadonlyArray1<'_, f64>,
    points: PyReadonlyArray1<'_, f64>,
    each: bool,
    rtol: f64,
    atol: f64,
    limit: usize,
    norm: &str,
    distances: bool,
    n_threads: Option<usize>,
) -> PyResult<Levels> {
    let norm = self::norm(norm)?;
    let (a, b, points) = (slice(&a, "a")?, slice(&b, "b")?, slice(&points, "points")?);
    let inner = run(py, call(n_threads, REACH * a.len()), |team, control| {
        let found = segments(a, b, points, each)?;
        let pieces = found.segments.iter().map(|&(owner, segment)| Piece {
            integral: owner,
            arguments: owner,
            range: found.ranges[owner as usize],
            interval: segment,
            segment,
        });
        let params = Params {
            tolerances: try_vec(a.len(), Tolerance { rtol, atol })?,
            max_points: limit.saturating_mul(POINTS),
            norm,
            trials: try_vec(a.len(), false)?,
            distances,
            signs: signs(a, b),
        };
        TanhSinh::new(pieces.collect(), params, team, control)
    })?;
    Ok(Levels { inner, n_iter: 0 })
}
