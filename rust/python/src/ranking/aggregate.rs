//! `hasten._core.ranking.aggregate`: recorded games to the table of pairs that met.

use hasten_core::ranking::{self, AnyTally, Games, Tally};
use numpy::{Element, IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::call::{self, Call};

/// Seconds to aggregate one game, roughly.
const SECONDS_PER_GAME: f64 = 4e-8;

/// Sum the games of each pair: `(offsets, opponents, wins, losses, ties or None)`.
#[pyfunction]
#[pyo3(signature = (n_items, left, right, outcome, weight, n_threads, /))]
pub(super) fn aggregate<'py>(
    py: Python<'py>,
    n_items: usize,
    left: PyReadonlyArray1<'py, u32>,
    right: PyReadonlyArray1<'py, u32>,
    outcome: Option<PyReadonlyArray1<'py, u8>>,
    weight: Option<PyReadonlyArray1<'py, f64>>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let (left, right) = (left.as_slice()?, right.as_slice()?);
    let outcome = outcome.as_ref().map(|array| array.as_slice()).transpose()?;
    let weight = weight.as_ref().map(|array| array.as_slice()).transpose()?;
    let work = left.len() as f64 * SECONDS_PER_GAME;
    let tally = call::run(py, Call { n_threads, callback: None, work }, |team, control| {
        let games = Games::new(n_items, left, right, outcome, weight)?;
        ranking::aggregate(&games, team, control)
    })?;
    match tally {
        AnyTally::Single(tally) => arrays(py, tally),
        AnyTally::Double(tally) => arrays(py, tally),
    }
}

fn arrays<T: Element>(py: Python<'_>, tally: Tally<T>) -> PyResult<Bound<'_, PyAny>> {
    let Tally { offsets, opponents, wins, losses, ties } = tally;
    (
        offsets.into_pyarray(py),
        opponents.into_pyarray(py),
        wins.into_pyarray(py),
        losses.into_pyarray(py),
        ties.map(|ties| ties.into_pyarray(py)),
    )
        .into_pyobject(py)
        .map(Bound::into_any)
}
