//! `hasten._core.ranking`: comparisons of pairs, rankings of sets, linear rewards on features.

mod aggregate;
mod cells;
mod inference;
mod paired;
mod plackett_luce;
mod preference;

use hasten_core::error::Error;
use hasten_core::float::Float;
use hasten_core::ranking::{
    self as core, BradleyTerryParams, BradleyTerrySolution, Method, PairTable,
};
use hasten_core::sparse::Graph;
use numpy::{Element, IntoPyArray, Ix1, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{not_float, slice, with_float_array};
use crate::call::{self, Call};
use crate::solution::{set_history, status};

/// Entries of a table that one thread passes over in a second, for choosing how to wait.
const ENTRIES_PER_SECOND: f64 = 2e8;

/// The four arrays of an aggregated table, borrowed from Python.
struct Arrays<'py, T: Element> {
    offsets: PyReadonlyArray1<'py, usize>,
    opponents: PyReadonlyArray1<'py, u32>,
    wins: PyReadonlyArray1<'py, T>,
    losses: PyReadonlyArray1<'py, T>,
}

impl<'py, T: Element + Float> Arrays<'py, T> {
    fn new(
        offsets: PyReadonlyArray1<'py, usize>,
        opponents: PyReadonlyArray1<'py, u32>,
        wins: PyReadonlyArray1<'py, T>,
        losses: &Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        let losses = losses.extract().map_err(|_| not_float(losses, "losses", 1))?;
        Ok(Self { offsets, opponents, wins, losses })
    }

    fn slices(&self) -> PyResult<Slices<'_, T>> {
        Ok(Slices {
            offsets: slice(&self.offsets, "offsets")?,
            opponents: slice(&self.opponents, "opponents")?,
            wins: slice(&self.wins, "wins")?,
            losses: slice(&self.losses, "losses")?,
        })
    }
}

#[derive(Clone, Copy)]
struct Slices<'a, T> {
    offsets: &'a [usize],
    opponents: &'a [u32],
    wins: &'a [T],
    losses: &'a [T],
}

impl<'a, T: Float> Slices<'a, T> {
    fn table(self) -> Result<PairTable<'a, T>, Error> {
        PairTable::new(Graph::new(self.offsets, self.opponents)?, self.wins, self.losses)
    }

    fn seconds(self, passes: f64) -> f64 {
        passes * self.opponents.len() as f64 / ENTRIES_PER_SECOND
    }
}

fn method(name: &str) -> PyResult<Method> {
    match name {
        "auto" => Ok(Method::Auto),
        "newman" => Ok(Method::Newman),
        "zermelo" => Ok(Method::Zermelo),
        "newton" => Ok(Method::Newton),
        _ => Err(pyo3::exceptions::PyValueError::new_err(format!(
            "`method` must be one of 'auto', 'newman', 'zermelo', 'newton'; got {name:?}"
        ))),
    }
}

fn to_dict(py: Python<'_>, solution: BradleyTerrySolution) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("strength", solution.strength.into_pyarray(py))?;
    out.set_item("log_likelihood", solution.log_likelihood)?;
    out.set_item("residual", solution.certificate.residual)?;
    out.set_item("log_likelihood_gap", solution.certificate.log_likelihood_gap)?;
    out.set_item("error", solution.certificate.error)?;
    out.set_item("status", status(solution.status))?;
    out.set_item("n_iter", solution.n_iter)?;
    out.set_item("method", solution.method)?;
    out.set_item("message_detail", solution.description)?;
    set_history(&out, &solution.history)?;
    Ok(out)
}

/// Strong components of the digraph of wins, winners first: `(labels, n_components)`.
#[pyfunction]
#[pyo3(signature = (offsets, opponents, wins, losses, /))]
fn components<'py>(
    py: Python<'py>,
    offsets: PyReadonlyArray1<'py, usize>,
    opponents: PyReadonlyArray1<'py, u32>,
    wins: &Bound<'py, PyAny>,
    losses: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyArray1<u32>>, usize)> {
    fn inner<'py, T: Element + Float>(
        py: Python<'py>,
        arrays: &Arrays<'py, T>,
    ) -> PyResult<(Bound<'py, PyArray1<u32>>, usize)> {
        let slices = arrays.slices()?;
        let options = Call { n_threads: Some(1), callback: None, work: slices.seconds(4.0) };
        let groups = call::run(py, options, |_, _| Ok(core::comparable_groups(&slices.table()?)))?;
        Ok((groups.labels.into_pyarray(py), groups.n_components))
    }
    with_float_array!(wins, "wins", Ix1, 1, |wins| {
        inner(py, &Arrays::new(offsets, opponents, wins, losses)?)
    })
}

/// The maximum-likelihood estimate with its certificate, as a dictionary.
#[pyfunction]
#[pyo3(signature = (
    offsets, opponents, wins, losses, method, init, reference, tol, max_iter, n_threads, callback,
    trace, /
))]
#[expect(clippy::too_many_arguments)]
fn bradley_terry<'py>(
    py: Python<'py>,
    offsets: PyReadonlyArray1<'py, usize>,
    opponents: PyReadonlyArray1<'py, u32>,
    wins: &Bound<'py, PyAny>,
    losses: &Bound<'py, PyAny>,
    method: &str,
    init: Option<PyReadonlyArray1<'py, f64>>,
    reference: Option<usize>,
    tol: f64,
    max_iter: Option<usize>,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
    trace: bool,
) -> PyResult<Bound<'py, PyDict>> {
    fn inner<'py, T: Element + Float>(
        py: Python<'py>,
        arrays: &Arrays<'py, T>,
        params: &BradleyTerryParams<'_>,
        n_threads: Option<usize>,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let slices = arrays.slices()?;
        let options = Call { n_threads, callback, work: slices.seconds(30.0) };
        let solution = call::run(py, options, |team, control| {
            core::bradley_terry(&slices.table()?, params, team, control)
        })?;
        to_dict(py, solution)
    }
    let init = init.as_ref().map(|init| slice(init, "init")).transpose()?;
    let method = self::method(method)?;
    let params = BradleyTerryParams { method, tol, max_iter, init, reference, trace };
    with_float_array!(wins, "wins", Ix1, 1, |wins| {
        inner(py, &Arrays::new(offsets, opponents, wins, losses)?, &params, n_threads, callback)
    })
}

/// `hasten._core.ranking`.
#[pymodule(submodule)]
pub(crate) mod ranking {
    #[pymodule_export]
    use super::aggregate::aggregate;
    #[pymodule_export]
    use super::inference::{
        bootstrap, covariance, draws, rank_sets, resampled_outcomes, simultaneous_critical_value,
        standard_error,
    };
    #[pymodule_export]
    use super::paired::fit_paired;
    #[pymodule_export]
    use super::plackett_luce::{
        comparable_in_rankings, complete_rankings, first_repetition, merge_rankings, plackett_luce,
        rankings_log_likelihood, restrict_rankings,
    };
    #[pymodule_export]
    use super::preference::preference_regression;
    #[pymodule_export]
    use super::{bradley_terry, components};
}
