//! `hasten._core.ranking`: rankings of sets, merged, cut, and fitted by Plackett-Luce.

use hasten_core::ranking::plackett_luce::{
    self as core, MergedRankings, PlackettLuceParams, PlackettLuceSolution,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::cells::prior;
use crate::arrays::slice;
use crate::call::{self, Call};
use crate::solution::{set_history, status};

/// Entries of rankings that one thread passes over in a second, for choosing how to wait.
const ENTRIES_PER_SECOND: f64 = 5e7;

/// The named tuple `RankingArrays`, its arrays borrowed.
#[derive(FromPyObject)]
pub(super) struct Rankings<'py>(
    usize,
    PyReadonlyArray1<'py, usize>,
    PyReadonlyArray1<'py, u32>,
    PyReadonlyArray1<'py, u32>,
    PyReadonlyArray1<'py, f64>,
);

/// The slices of [`Rankings`], which may cross to other threads.
#[derive(Clone, Copy)]
pub(super) struct Slices<'a> {
    n_items: usize,
    offsets: &'a [usize],
    items: &'a [u32],
    n_placed: &'a [u32],
    weights: &'a [f64],
}

impl Rankings<'_> {
    pub(super) fn slices(&self) -> PyResult<Slices<'_>> {
        let Self(n_items, offsets, items, n_placed, weights) = self;
        Ok(Slices {
            n_items: *n_items,
            offsets: slice(offsets, "offsets")?,
            items: slice(items, "items")?,
            n_placed: slice(n_placed, "n_placed")?,
            weights: slice(weights, "weight")?,
        })
    }
}

impl<'a> Slices<'a> {
    /// The rankings as the core sees them, checked.
    pub(super) fn view(self) -> Result<core::Rankings<'a>, hasten_core::Error> {
        let Self { n_items, offsets, items, n_placed, weights } = self;
        core::Rankings::new(n_items, offsets, items, n_placed, weights)
    }

    fn seconds(self, passes: f64) -> f64 {
        passes * self.items.len() as f64 / ENTRIES_PER_SECOND
    }
}

type MergedArrays<'py> = (
    usize,
    Bound<'py, PyArray1<usize>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<f64>>,
);

fn arrays(py: Python<'_>, merged: MergedRankings) -> (MergedArrays<'_>, usize) {
    let MergedRankings { n_items, offsets, items, n_placed, weights, n_ignored } = merged;
    let arrays = (
        n_items,
        offsets.into_pyarray(py),
        items.into_pyarray(py),
        n_placed.into_pyarray(py),
        weights.into_pyarray(py),
    );
    (arrays, n_ignored)
}

/// The first ranking in which an item stands twice, and that item.
#[pyfunction]
#[pyo3(signature = (rankings, /))]
pub(super) fn first_repetition(
    py: Python<'_>,
    rankings: Rankings<'_>,
) -> PyResult<Option<(usize, u32)>> {
    let slices = rankings.slices()?;
    let options = Call { n_threads: Some(1), callback: None, work: slices.seconds(1.0) };
    call::run(py, options, |_, _| {
        core::first_repetition(slices.n_items, slices.offsets, slices.items)
    })
}

/// Rankings completed by the rest of their sets, as offsets and items; last, the first ranking that
/// places an item from outside its set and that item.
#[pyfunction]
#[pyo3(signature = (n_items, offsets, placed, set_offsets, sets, /))]
#[expect(clippy::type_complexity)]
pub(super) fn complete_rankings<'py>(
    py: Python<'py>,
    n_items: usize,
    offsets: PyReadonlyArray1<'py, usize>,
    placed: PyReadonlyArray1<'py, u32>,
    set_offsets: PyReadonlyArray1<'py, usize>,
    sets: PyReadonlyArray1<'py, u32>,
) -> PyResult<(Bound<'py, PyArray1<usize>>, Bound<'py, PyArray1<u32>>, Option<(usize, u32)>)> {
    let (offsets, placed) = (slice(&offsets, "offsets")?, slice(&placed, "placed")?);
    let (set_offsets, sets) = (slice(&set_offsets, "set_offsets")?, slice(&sets, "sets")?);
    let work = (placed.len() + sets.len()) as f64 / ENTRIES_PER_SECOND;
    let options = Call { n_threads: Some(1), callback: None, work };
    let completed = call::run(py, options, |_, _| {
        core::complete_rankings(n_items, offsets, placed, set_offsets, sets)
    })?;
    let ((offsets, items), outside) = match completed {
        Ok(completed) => (completed, None),
        Err(outside) => (core::Completed::default(), Some(outside)),
    };
    Ok((offsets.into_pyarray(py), items.into_pyarray(py), outside))
}

/// Equal rankings as one, and how many said nothing.
#[pyfunction]
#[pyo3(signature = (rankings, /))]
pub(super) fn merge_rankings<'py>(
    py: Python<'py>,
    rankings: Rankings<'py>,
) -> PyResult<(MergedArrays<'py>, usize)> {
    let slices = rankings.slices()?;
    let options = Call { n_threads: Some(1), callback: None, work: slices.seconds(4.0) };
    let merged =
        call::run(py, options, |_, control| core::merge_rankings(&slices.view()?, control))?;
    Ok(arrays(py, merged))
}

/// Each ranking cut into those of its items with equal labels; 2^32 - 1 leaves an item out.
#[pyfunction]
#[pyo3(signature = (rankings, labels, /))]
pub(super) fn restrict_rankings<'py>(
    py: Python<'py>,
    rankings: Rankings<'py>,
    labels: PyReadonlyArray1<'py, u32>,
) -> PyResult<(MergedArrays<'py>, usize)> {
    let (slices, labels) = (rankings.slices()?, slice(&labels, "labels")?);
    let options = Call { n_threads: Some(1), callback: None, work: slices.seconds(4.0) };
    let merged = call::run(py, options, |_, control| {
        core::restrict_rankings(&slices.view()?, labels, control)
    })?;
    Ok(arrays(py, merged))
}

/// Groups of items that can be compared both ways, winners first: `(labels, n_groups)`.
#[pyfunction]
#[pyo3(signature = (rankings, /))]
pub(super) fn comparable_in_rankings<'py>(
    py: Python<'py>,
    rankings: Rankings<'py>,
) -> PyResult<(Bound<'py, PyArray1<u32>>, usize)> {
    let slices = rankings.slices()?;
    let options = Call { n_threads: Some(1), callback: None, work: slices.seconds(4.0) };
    let groups = call::run(py, options, |team, control| {
        core::comparable_in_rankings(&slices.view()?, team, control)
    })?;
    Ok((groups.labels.into_pyarray(py), groups.n_components))
}

/// The log-likelihood of rankings at log-strengths.
#[pyfunction]
#[pyo3(signature = (rankings, strength, n_threads, /))]
pub(super) fn rankings_log_likelihood(
    py: Python<'_>,
    rankings: Rankings<'_>,
    strength: PyReadonlyArray1<'_, f64>,
    n_threads: Option<usize>,
) -> PyResult<f64> {
    let (slices, strength) = (rankings.slices()?, slice(&strength, "strength")?);
    let options = Call { n_threads, callback: None, work: slices.seconds(4.0) };
    call::run(py, options, |team, _| core::rankings_log_likelihood(&slices.view()?, strength, team))
}

fn to_dict(py: Python<'_>, solution: PlackettLuceSolution) -> PyResult<Bound<'_, PyDict>> {
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

/// The estimate with its certificate, as a dictionary.
#[pyfunction]
#[pyo3(signature = (
    rankings, prior, groups, method, init, tol, max_iter, n_threads, callback, trace, /
))]
#[expect(clippy::too_many_arguments)]
pub(super) fn plackett_luce<'py>(
    py: Python<'py>,
    rankings: Rankings<'py>,
    prior: Option<(String, f64)>,
    groups: Option<PyReadonlyArray1<'py, u32>>,
    method: &str,
    init: Option<PyReadonlyArray1<'py, f64>>,
    tol: f64,
    max_iter: Option<usize>,
    n_threads: Option<usize>,
    callback: Option<Py<PyAny>>,
    trace: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let slices = rankings.slices()?;
    let params = PlackettLuceParams {
        method: super::method(method)?,
        prior: self::prior(prior.as_ref())?,
        groups: groups.as_ref().map_or(Ok(&[][..]), |groups| slice(groups, "groups"))?,
        tol,
        max_iter,
        init: init.as_ref().map(|init| slice(init, "init")).transpose()?,
        trace,
    };
    let options = Call { n_threads, callback, work: slices.seconds(50.0) };
    let solution = call::run(py, options, |team, control| {
        core::plackett_luce(&slices.view()?, &params, team, control)
    })?;
    to_dict(py, solution)
}
