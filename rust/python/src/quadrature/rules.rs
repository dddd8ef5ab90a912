//! `hasten._core.quadrature`: rules in one variable.

use hasten_core::control::Control;
use hasten_core::error::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::gauss::{self as core, ChebyshevKind, FejerKind, HermiteWeight, Rule};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::slice;
use crate::call::{self, Call};

type Array<'py> = Bound<'py, PyArray1<f64>>;

/// Seconds that a node takes whose values are a closed form.
const CLOSED: f64 = 2e-8;

/// Seconds that a node takes which is found by marching.
const MARCHED: f64 = 1e-7;

/// Seconds that a point takes in Fourier transforms.
const TRANSFORMED: f64 = 2e-7;

/// Seconds that a rotation of an eigenvalue iteration takes, twice for each pair of nodes.
const ROTATED: f64 = 2e-8;

/// Make a rule that takes `work` seconds on one thread.
fn make<T: Send>(
    py: Python<'_>,
    n_threads: Option<usize>,
    work: f64,
    rule: impl FnOnce(&Team, &dyn Control) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let call = Call { n_threads, callback: None, work };
    call::run(py, call, |team, control| rule(team, control))
}

fn pair(py: Python<'_>, rule: Rule) -> (Array<'_>, Array<'_>) {
    (rule.nodes.into_pyarray(py), rule.weights.into_pyarray(py))
}

/// Nodes, weights and their logarithms.
type Weighted<'py> = (Array<'py>, Array<'py>, Option<Array<'py>>);

fn weighted(py: Python<'_>, rule: Rule) -> Weighted<'_> {
    let logs = rule.log_weights.map(|logs| logs.into_pyarray(py));
    (rule.nodes.into_pyarray(py), rule.weights.into_pyarray(py), logs)
}

/// Write nodes, weights and, where asked for, angles (n,) of the Legendre rule.
///
/// NumPy allocates large arrays in huge pages, which takes a fraction of the time of small ones.
#[pyfunction]
#[pyo3(signature = (nodes, weights, theta, n_threads, /))]
pub(super) fn gauss_legendre(
    py: Python<'_>,
    mut nodes: PyReadwriteArray1<'_, f64>,
    mut weights: PyReadwriteArray1<'_, f64>,
    mut theta: Option<PyReadwriteArray1<'_, f64>>,
    n_threads: Option<usize>,
) -> PyResult<()> {
    let (nodes, weights) = (nodes.as_slice_mut()?, weights.as_slice_mut()?);
    let theta = theta.as_mut().map(|theta| theta.as_slice_mut()).transpose()?;
    make(py, n_threads, nodes.len() as f64 * CLOSED, |team, control| {
        core::gauss_legendre_into(nodes, weights, theta, team, control)
    })
}

/// The rule of the Chebyshev weight of kind 1, 2, 3 or 4.
#[pyfunction]
#[pyo3(signature = (n, kind, n_threads, /))]
pub(super) fn gauss_chebyshev(
    py: Python<'_>,
    n: usize,
    kind: u8,
    n_threads: Option<usize>,
) -> PyResult<(Array<'_>, Array<'_>)> {
    let kind = match kind {
        1 => ChebyshevKind::First,
        2 => ChebyshevKind::Second,
        3 => ChebyshevKind::Third,
        4 => ChebyshevKind::Fourth,
        _ => return Err(no_kind("1, 2, 3, 4", kind)),
    };
    let work = n as f64 * CLOSED;
    let rule =
        make(py, n_threads, work, |team, control| core::gauss_chebyshev(n, kind, team, control))?;
    Ok(pair(py, rule))
}

fn no_kind(kinds: &str, kind: u8) -> PyErr {
    PyValueError::new_err(format!("`kind` must be one of {kinds}; got {kind}"))
}

#[pyfunction]
#[pyo3(signature = (n, alpha, beta, n_threads, /))]
pub(super) fn gauss_jacobi(
    py: Python<'_>,
    n: usize,
    alpha: f64,
    beta: f64,
    n_threads: Option<usize>,
) -> PyResult<Weighted<'_>> {
    let rule = make(py, n_threads, n as f64 * MARCHED, |team, control| {
        core::gauss_jacobi(n, alpha, beta, team, control)
    })?;
    Ok(weighted(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, lam, n_threads, /))]
pub(super) fn gauss_gegenbauer(
    py: Python<'_>,
    n: usize,
    lam: f64,
    n_threads: Option<usize>,
) -> PyResult<Weighted<'_>> {
    let rule = make(py, n_threads, n as f64 * MARCHED, |team, control| {
        core::gauss_gegenbauer(n, lam, team, control)
    })?;
    Ok(weighted(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, weight, n_threads, /))]
pub(super) fn gauss_hermite<'py>(
    py: Python<'py>,
    n: usize,
    weight: &str,
    n_threads: Option<usize>,
) -> PyResult<Weighted<'py>> {
    let weight = match weight {
        "physicist" => HermiteWeight::Physicist,
        "probabilist" => HermiteWeight::Probabilist,
        _ => {
            return Err(PyValueError::new_err(format!(
                "`weight` must be one of 'physicist', 'probabilist'; got {weight:?}"
            )));
        }
    };
    let rule = make(py, n_threads, n as f64 * MARCHED, |team, control| {
        core::gauss_hermite(n, weight, team, control)
    })?;
    Ok(weighted(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, alpha, n_threads, /))]
pub(super) fn gauss_laguerre(
    py: Python<'_>,
    n: usize,
    alpha: f64,
    n_threads: Option<usize>,
) -> PyResult<Weighted<'_>> {
    let rule = make(py, n_threads, n as f64 * MARCHED, |team, control| {
        core::gauss_laguerre(n, alpha, team, control)
    })?;
    Ok(weighted(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, n_threads, /))]
pub(super) fn gauss_lobatto(
    py: Python<'_>,
    n: usize,
    n_threads: Option<usize>,
) -> PyResult<(Array<'_>, Array<'_>)> {
    let work = n as f64 * MARCHED;
    let rule = make(py, n_threads, work, |team, control| core::gauss_lobatto(n, team, control))?;
    Ok(pair(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, n_threads, /))]
pub(super) fn gauss_radau(
    py: Python<'_>,
    n: usize,
    n_threads: Option<usize>,
) -> PyResult<(Array<'_>, Array<'_>)> {
    let work = n as f64 * MARCHED;
    let rule = make(py, n_threads, work, |team, control| core::gauss_radau(n, team, control))?;
    Ok(pair(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, n_threads, /))]
pub(super) fn clenshaw_curtis(
    py: Python<'_>,
    n: usize,
    n_threads: Option<usize>,
) -> PyResult<(Array<'_>, Array<'_>)> {
    let work = n as f64 * TRANSFORMED;
    let rule = make(py, n_threads, work, |team, control| core::clenshaw_curtis(n, team, control))?;
    Ok(pair(py, rule))
}

/// The Fejer rule of kind 1 or 2.
#[pyfunction]
#[pyo3(signature = (n, kind, n_threads, /))]
pub(super) fn fejer(
    py: Python<'_>,
    n: usize,
    kind: u8,
    n_threads: Option<usize>,
) -> PyResult<(Array<'_>, Array<'_>)> {
    let kind = match kind {
        1 => FejerKind::First,
        2 => FejerKind::Second,
        _ => return Err(no_kind("1, 2", kind)),
    };
    let work = n as f64 * TRANSFORMED;
    let rule = make(py, n_threads, work, |team, control| core::fejer(n, kind, team, control))?;
    Ok(pair(py, rule))
}

#[pyfunction]
#[pyo3(signature = (n, /))]
pub(super) fn gauss_kronrod(py: Python<'_>, n: usize) -> PyResult<(Array<'_>, Array<'_>)> {
    let size = 2.0 * n as f64 + 1.0;
    let work = size * size * ROTATED;
    let rule = make(py, Some(1), work, |_, control| core::gauss_kronrod(n, control))?;
    Ok((rule.nodes.into_pyarray(py), rule.weights.into_pyarray(py)))
}

#[pyfunction]
#[pyo3(signature = (alpha, beta, mu0, /))]
#[expect(clippy::needless_pass_by_value, reason = "the signature of a Python function")]
pub(super) fn golub_welsch<'py>(
    py: Python<'py>,
    alpha: PyReadonlyArray1<'py, f64>,
    beta: PyReadonlyArray1<'py, f64>,
    mu0: f64,
) -> PyResult<(Array<'py>, Array<'py>)> {
    let (alpha, beta) = (slice(&alpha, "alpha")?, slice(&beta, "beta")?);
    let work = (alpha.len() as f64).powi(2) * ROTATED;
    let rule = make(py, Some(1), work, |_, control| core::golub_welsch(alpha, beta, mu0, control))?;
    Ok(pair(py, rule))
}
