//! `hasten._core.quadrature`: determinantal sampling and least squares.

use hasten_core::parallel::Team;
use hasten_core::quadrature::determinantal::{
    self as core, Base, Family, Fit, IndexSet, Method, Observations, Offer, PolynomialBasis,
    ProjectionDpp, Reduced, Scheme, Span, Triangle,
};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::slice;
use crate::call::{self, Call};

/// Seconds of one multiplication in dense products.
const MULTIPLICATION: f64 = 3e-10;

fn unknown<T>(argument: &str, value: &str) -> PyResult<T> {
    Err(PyValueError::new_err(format!("`{argument}` must be a known name; got {value:?}")))
}

fn family(kind: &str, (alpha, beta): (f64, f64)) -> PyResult<Family> {
    match kind {
        "legendre" => Ok(Family::Legendre),
        "chebyshev" => Ok(Family::Chebyshev),
        "jacobi" => Ok(Family::Jacobi { alpha, beta }),
        "hermite" => Ok(Family::Hermite),
        "laguerre" => Ok(Family::Laguerre),
        other => unknown("kind", other),
    }
}

/// A polynomial basis, made once.
#[pyclass(frozen, module = "hasten._core.quadrature")]
pub(super) struct Polynomials {
    basis: PolynomialBasis,
}

#[pymethods]
impl Polynomials {
    /// From shift (d,), scale (d,) and multi-indices (m, d).
    #[new]
    #[pyo3(signature = (kind, exponents, shift, scale, indices, /))]
    fn new(
        py: Python<'_>,
        kind: &str,
        exponents: (f64, f64),
        shift: PyReadonlyArray1<'_, f64>,
        scale: PyReadonlyArray1<'_, f64>,
        indices: PyReadonlyArray2<'_, u32>,
    ) -> PyResult<Self> {
        let family = family(kind, exponents)?;
        let (shift, scale) = (slice(&shift, "shift")?, slice(&scale, "scale")?);
        let indices = slice(&indices, "indices")?;
        let call = Call { n_threads: Some(1), callback: None, work: 0.0 };
        let basis =
            call::run(py, call, |_, _| PolynomialBasis::new(family, shift, scale, indices))?;
        Ok(Self { basis })
    }
}

fn rows_of(py: Python<'_>, values: Vec<f64>, width: usize) -> PyResult<Bound<'_, PyArray2<f64>>> {
    let n = values.len().checked_div(width).unwrap_or(0);
    values.into_pyarray(py).reshape([n, width])
}

/// The multi-indices (m, d) of an index set.
#[pyfunction]
#[pyo3(signature = (index, degrees, /))]
pub(super) fn multi_indices<'py>(
    py: Python<'py>,
    index: &str,
    degrees: Vec<u32>,
) -> PyResult<Bound<'py, PyArray2<u32>>> {
    let set = match index {
        "total" => IndexSet::Total,
        "tensor" => IndexSet::Tensor,
        "hyperbolic" => IndexSet::Hyperbolic,
        other => return unknown("index", other),
    };
    let d = degrees.len();
    let call = Call { n_threads: Some(1), callback: None, work: 0.0 };
    let found = call::run(py, call, |_, _| core::multi_indices(set, &degrees))?;
    let m = found.len().checked_div(d).unwrap_or(0);
    found.into_pyarray(py).reshape([m, d])
}

/// The functions (n, m) of a polynomial basis at points (n, d).
#[pyfunction]
#[pyo3(signature = (basis, points, n_threads, /))]
pub(super) fn polynomial_values<'py>(
    py: Python<'py>,
    basis: &Bound<'py, Polynomials>,
    points: PyReadonlyArray2<'py, f64>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let basis = &basis.get().basis;
    let points = slice(&points, "X")?;
    let work = points.len() as f64 * basis.len() as f64 * 2e-9;
    let values = call::run(py, Call { n_threads, callback: None, work }, |team, control| {
        basis.evaluate(points, team, &|| control.check())
    })?;
    rows_of(py, values, basis.len())
}

/// The integral (m,) of each function of a polynomial basis.
#[pyfunction]
#[pyo3(signature = (basis, /))]
pub(super) fn polynomial_integrals<'py>(
    py: Python<'py>,
    basis: &Bound<'py, Polynomials>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let basis = &basis.get().basis;
    let call = Call { n_threads: Some(1), callback: None, work: 0.0 };
    let values = call::run(py, call, |_, control| basis.integrals(control))?;
    Ok(values.into_pyarray(py))
}

/// Points (n, d), weights (n,), deviation of G from the identity (or None), sets that were drawn.
type Drawn<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>, Option<f64>, u32);

/// Points for least squares; `n` counts points, or sets for `"repeated_dpp"`.
#[pyfunction]
#[pyo3(signature = (basis, scheme, n, condition, key, n_threads, /))]
pub(super) fn polynomial_sample<'py>(
    py: Python<'py>,
    basis: &Bound<'py, Polynomials>,
    scheme: &str,
    n: usize,
    condition: Option<f64>,
    key: u64,
    n_threads: Option<usize>,
) -> PyResult<Drawn<'py>> {
    let basis = &basis.get().basis;
    let (m, d) = (basis.len() as f64, basis.n_dimensions());
    let (scheme, sets) = match scheme {
        "christoffel" => (Scheme::Christoffel { n }, 0.0),
        "volume" => (Scheme::Volume { n, base: Base::Christoffel }, 1.0),
        "volume-mu" => (Scheme::Volume { n, base: Base::Measure }, 1.0),
        "repeated_dpp" => (Scheme::Repeated { repeats: n }, n as f64),
        other => return unknown("scheme", other),
    };
    let process = sets * m * m * (m * MULTIPLICATION * (1.0 + m.ln()) + 1e-7);
    let work = process + n as f64 * d as f64 * 2e-7;
    let drawn = call::run(py, Call { n_threads, callback: None, work }, |team, control| {
        core::sample(basis, scheme, condition, key, team, control)
    })?;
    let points = rows_of(py, drawn.points, d)?;
    Ok((points, drawn.weights.into_pyarray(py), drawn.deviation, drawn.n_tries))
}

/// Sets (size, m) of rows of a matrix with orthonormal columns, from the projection process.
#[pyfunction]
#[pyo3(signature = (features, size, method, key, n_threads, /))]
pub(super) fn dpp_sample<'py>(
    py: Python<'py>,
    features: PyReadonlyArray2<'py, f64>,
    size: usize,
    method: &str,
    key: u64,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let method = match method {
        "auto" => Method::Auto,
        "rejection" => Method::Rejection,
        "sequential" => Method::Sequential,
        other => return unknown("method", other),
    };
    let width = features.shape()[1];
    let n = features.shape()[0] as f64;
    let features = slice(&features, "features")?;
    let m = width as f64;
    let a_set = m * m * m * (1.0 + m.max(1.0).ln());
    let work = MULTIPLICATION * (10.0 * n * m + size as f64 * a_set);
    let sets = call::run(py, Call { n_threads, callback: None, work }, |team, control| {
        ProjectionDpp::new(features, width, team, control)?.sample(size, method, key, team, control)
    })?;
    let indices: Vec<i64> = sets.into_iter().map(|i| i as i64).collect();
    indices.into_pyarray(py).reshape([size, width])
}

/// An orthonormal basis (n, m) of the columns of a matrix.
#[pyfunction]
#[pyo3(signature = (features, n_threads, /))]
pub(super) fn orthonormalize<'py>(
    py: Python<'py>,
    features: PyReadonlyArray2<'py, f64>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let width = features.shape()[1];
    let features = slice(&features, "features")?;
    let work = 6.0 * MULTIPLICATION * features.len() as f64 * width as f64;
    let out = call::run(py, Call { n_threads, callback: None, work }, |team, control| {
        core::orthonormalize(features, width, team, control)
    })?;
    rows_of(py, out, width)
}

/// One more block of candidates (b, m) for a span (k, m): the longer span, the accepted places.
#[pyfunction]
#[pyo3(signature = (span, candidates, uniforms, /))]
pub(super) fn extend_span<'py>(
    py: Python<'py>,
    span: PyReadonlyArray2<'py, f64>,
    candidates: PyReadonlyArray2<'py, f64>,
    uniforms: PyReadonlyArray1<'py, f64>,
) -> PyResult<(Bound<'py, PyArray2<f64>>, Vec<usize>)> {
    let width = candidates.shape()[1];
    let span = slice(&span, "span")?;
    let (rows, uniforms) = (slice(&candidates, "candidates")?, slice(&uniforms, "uniforms")?);
    let work = MULTIPLICATION * rows.len() as f64 * width as f64;
    let call = Call { n_threads: Some(1), callback: None, work };
    let (longer, places) = call::run(py, call, |_: &Team, _| {
        let mut span = Span::from_rows(width, span.to_vec())?;
        let mut places = Vec::new();
        let offer = Offer::new(rows, width, uniforms)?;
        span.accept(offer.candidates(), width, &mut Vec::new(), |slot| places.push(slot));
        Ok((span, places))
    })?;
    Ok((rows_of(py, longer.rows().to_vec(), width)?, places))
}

fn fit_to_dict(py: Python<'_>, fit: Fit, n_outputs: usize) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    let Reduced { triangle, projections, residual_norms } = fit.reduced;
    out.set_item("coefficients", rows_of(py, fit.coefficients, n_outputs)?)?;
    out.set_item("eigenvalues", fit.eigenvalues.into_pyarray(py))?;
    out.set_item("leave_one_out", fit.leave_one_out.into_pyarray(py))?;
    let residual_norms = residual_norms.into_pyarray(py);
    out.set_item("residual_norms", &residual_norms)?;
    let projections = rows_of(py, projections, triangle.order)?;
    let triangle = rows_of(py, triangle.entries, triangle.order)?;
    out.set_item("reduced", (triangle, projections, residual_norms))?;
    Ok(out)
}

/// Weighted least squares of values (n, v) on features (n, m), as a dictionary.
#[pyfunction]
#[pyo3(signature = (features, values, weights, n_threads, /))]
pub(super) fn least_squares<'py>(
    py: Python<'py>,
    features: PyReadonlyArray2<'py, f64>,
    values: PyReadonlyArray2<'py, f64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let (width, n_outputs) = (features.shape()[1], values.shape()[1]);
    let features = slice(&features, "features")?;
    let values = slice(&values, "y")?;
    let weights = weights.as_ref().map(|w| slice(w, "sample_weight")).transpose()?;
    let data = Observations { features, width, values, n_outputs, weights };
    let work = 4.0 * MULTIPLICATION * features.len() as f64 * (width + n_outputs) as f64;
    let fit = call::run(py, Call { n_threads, callback: None, work }, |team, control| {
        core::least_squares(data, team, control)
    })?;
    fit_to_dict(py, fit, n_outputs)
}

/// Columns of the triangle (m, m), projections (v, m) and norms of residuals (v,).
type Parted<'py> =
    (PyReadonlyArray2<'py, f64>, PyReadonlyArray2<'py, f64>, PyReadonlyArray1<'py, f64>);

fn reduced((triangle, projections, norms): &Parted<'_>) -> PyResult<Reduced> {
    let order = triangle.shape()[0];
    if triangle.shape() != [order, order] || projections.shape() != [norms.len(), order] {
        return Err(PyValueError::new_err("`other` must have factors of one problem"));
    }
    Ok(Reduced {
        triangle: Triangle { order, entries: slice(triangle, "triangle")?.to_vec() },
        projections: slice(projections, "projections")?.to_vec(),
        residual_norms: slice(norms, "residual_norms")?.to_vec(),
    })
}

/// The fit of two sets of points from their reduced problems, of `n` points in all, as a dictionary.
#[pyfunction]
#[pyo3(signature = (first, second, n, /))]
pub(super) fn merge_least_squares<'py>(
    py: Python<'py>,
    first: Parted<'py>,
    second: Parted<'py>,
    n: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let (first, second) = (reduced(&first)?, reduced(&second)?);
    let (order, n_outputs) = (first.triangle.order as f64, first.residual_norms.len());
    let work = 4.0 * MULTIPLICATION * order * order * (order + n_outputs as f64);
    let call = Call { n_threads: Some(1), callback: None, work };
    let fit = call::run(py, call, |_, _| core::solve(first.stack(&second)?, n))?;
    fit_to_dict(py, fit, n_outputs)
}
