//! `hasten._core.quadrature`: adaptive integration over boxes, and the loop over compiled functions.

use hasten_core::error::try_vec;
use hasten_core::integrand::{CHUNK, evaluate};
use hasten_core::quadrature::adaptive::{
    Boxes, Family, GaussKronrod, GenzMalik, Integrator, Params, RegionRule, Tolerance, box_list,
    integrate,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use super::adaptive::{Rounds, call, norm};
use crate::arrays::slice;
use crate::call::{Call, run};
use crate::compiled::Compiled;

/// Most regions of one integral that are split in one round: what is split is decided anew with
/// better estimates, and memory is bounded.
const SPLIT_LIMIT: usize = 1 << 16;

/// How many integrals over boxes begin: Genz-Malik, or Gauss-Kronrod for one axis.
#[pyfunction]
#[pyo3(signature = (n_axes, a, b, points, each, rtol, atol, limit, norm, keep, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn genz_malik_rounds(
    py: Python<'_>,
    n_axes: usize,
    a: PyReadonlyArray1<'_, f64>,
    b: PyReadonlyArray1<'_, f64>,
    points: PyReadonlyArray1<'_, f64>,
    each: bool,
    rtol: f64,
    atol: f64,
    limit: usize,
    norm: &str,
    keep: bool,
) -> PyResult<Rounds> {
    let params = Params {
        tolerance: Tolerance { rtol, atol },
        limit,
        split_limit: SPLIT_LIMIT,
        norm: self::norm(norm)?,
        keep,
        ..Params::default()
    };
    let (a, b, points) = (slice(&a, "a")?, slice(&b, "b")?, slice(&points, "points")?);
    let boxes = Boxes { n_axes, a, b, points, each };
    let inner = run(py, call(Some(1), 20 * a.len()), |_, _| {
        let rule: Box<dyn RegionRule> =
            if n_axes == 1 { Box::new(GaussKronrod) } else { Box::new(GenzMalik::new(n_axes)?) };
        let (ranges, first) = box_list(&boxes)?;
        let mut integrals = Integrator::new(rule, ranges, first, params)?;
        integrals.orient(&boxes.signs())?;
        Ok(integrals)
    })?;
    Ok(Rounds::new(inner))
}

/// Refine integrals of a compiled function until all ended; (running, regions, error) of each round.
///
/// Parameters (p q,) follow the coordinates of the points of each integral.
#[pyfunction]
#[pyo3(signature = (rounds, function, parameters, zero_nonfinite, n_threads, callback, /))]
pub(super) fn integrate_compiled(
    py: Python<'_>,
    mut rounds: PyRefMut<'_, Rounds>,
    function: Compiled,
    parameters: PyReadonlyArray1<'_, f64>,
    zero_nonfinite: bool,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
) -> PyResult<Vec<(usize, usize, f64)>> {
    let parameters = slice(&parameters, "parameters")?;
    let inner = &mut rounds.inner;
    let family = Family { integrand: &function, parameters, zero_nonfinite };
    // Nobody knows what the function costs, and how often it will be asked.
    let found = run(py, Call { n_threads, callback, work: f64::INFINITY }, |team, control| {
        integrate(inner, &family, team, control)
    })?;
    rounds.n_iter += found.len();
    Ok(found.into_iter().map(|round| (round.n_running, round.n_regions, round.error)).collect())
}

/// Values (n,) of a compiled function at rows (n w,) of coordinates and parameters.
#[pyfunction]
#[pyo3(signature = (function, rows, width, n_threads, /))]
pub(super) fn evaluate_compiled<'py>(
    py: Python<'py>,
    function: Compiled,
    rows: PyReadonlyArray1<'py, f64>,
    width: usize,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let rows = slice(&rows, "rows")?;
    let n = rows.len() / width.max(1);
    // Nobody knows what the function costs; one chunk of rows needs one thread all the same.
    let work = if n > CHUNK { f64::INFINITY } else { 0.0 };
    let values = run(py, Call { n_threads, callback: None, work }, |team, control| {
        let mut values = try_vec(n, 0.0)?;
        evaluate(&function, &rows[..n * width], &mut values, team, control)?;
        Ok(values)
    })?;
    Ok(values.into_pyarray(py))
}
