//! Inference at a fit, whatever its model.

use hasten_core::error::Error;
use hasten_core::ranking::inference::{
    self as core, BootstrapParams, Fitted, Kind, RankMethod, RankParams, Resample, Resampling,
};
use hasten_core::ranking::paired::PairedResample;
use hasten_core::ranking::plackett_luce::RankingsResample;
use hasten_core::rng::Stream;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::cells::{Cells, PairedModel, prior};
use super::plackett_luce::Rankings;
use crate::arrays::slice;
use crate::call::{self, Call};

/// A tagged tuple: the name of a family of models, then its data, model, parameters and groups.
pub(super) enum Fit<'py> {
    Paired {
        cells: Cells<'py>,
        model: PairedModel,
        parameters: PyReadonlyArray1<'py, f64>,
        groups: Option<PyReadonlyArray1<'py, u32>>,
    },
    PlackettLuce {
        rankings: Rankings<'py>,
        prior: Option<(String, f64)>,
        parameters: PyReadonlyArray1<'py, f64>,
        groups: Option<PyReadonlyArray1<'py, u32>>,
    },
}

impl<'a, 'py> FromPyObject<'a, 'py> for Fit<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let tag: String = object.get_item(0)?.extract()?;
        match tag.as_str() {
            "paired" => {
                let (_, cells, model, parameters, groups): (String, _, _, _, _) =
                    object.extract()?;
                Ok(Self::Paired { cells, model, parameters, groups })
            }
            "plackett-luce" => {
                let (_, rankings, prior, parameters, groups): (String, _, _, _, _) =
                    object.extract()?;
                Ok(Self::PlackettLuce { rankings, prior, parameters, groups })
            }
            other => Err(unknown("fit", "'paired', 'plackett-luce'", other)),
        }
    }
}

/// A fit whose data can be drawn anew, as the core sees it.
enum View<'a> {
    Paired(PairedResample<'a>),
    PlackettLuce(RankingsResample<'a>),
}

impl View<'_> {
    fn resample(&self) -> &dyn Resample {
        match self {
            Self::Paired(fit) => fit,
            Self::PlackettLuce(fit) => fit,
        }
    }

    fn strength(&self) -> &[f64] {
        match self {
            Self::Paired(fit) => fit.strength(),
            Self::PlackettLuce(fit) => fit.strength(),
        }
    }
}

impl Fit<'_> {
    fn view(&self, py: Python<'_>) -> PyResult<View<'_>> {
        match self {
            Self::Paired { cells, model, parameters, groups } => {
                let groups = groups.as_ref().map(|groups| slice(groups, "groups")).transpose()?;
                let parameters = slice(parameters, "parameters")?;
                let fit = PairedResample::new(cells.view()?, &model.model()?, parameters, groups);
                Ok(View::Paired(fit))
            }
            Self::PlackettLuce { rankings, prior, parameters, groups } => {
                let slices = rankings.slices()?;
                let options = Call { n_threads: Some(1), callback: None, work: f64::INFINITY };
                let rankings = call::run(py, options, |_, _| slices.view())?;
                let groups =
                    groups.as_ref().map_or(Ok(&[][..]), |groups| slice(groups, "groups"))?;
                let parameters = slice(parameters, "parameters")?;
                let prior = self::prior(prior.as_ref())?;
                let fit = RankingsResample::new(rankings, prior, parameters, groups);
                Ok(View::PlackettLuce(fit))
            }
        }
    }

    /// Run `work` on the fit's information.
    fn infer<T: Send>(
        &self,
        py: Python<'_>,
        n_threads: Option<usize>,
        work: impl FnOnce(
            &mut dyn Fitted,
            &hasten_core::parallel::Team,
            &dyn hasten_core::control::Control,
        ) -> Result<T, Error>
        + Send,
    ) -> PyResult<T> {
        let view = self.view(py)?;
        let options = Call { n_threads, callback: None, work: f64::INFINITY };
        call::run(py, options, |team, control| {
            let mut fitted = view.resample().fitted(team, control)?;
            work(fitted.as_mut(), team, control)
        })
    }
}

fn kind(name: &str) -> PyResult<Kind> {
    match name {
        "model" => Ok(Kind::Model),
        "sandwich" => Ok(Kind::Sandwich),
        _ => Err(unknown("kind", "'model', 'sandwich'", name)),
    }
}

fn resampling(name: &str) -> PyResult<Resampling> {
    match name {
        "games" => Ok(Resampling::Games),
        "parametric" => Ok(Resampling::Parametric),
        _ => Err(unknown("kind", "'games', 'parametric'", name)),
    }
}

fn unknown(argument: &str, names: &str, found: &str) -> PyErr {
    PyValueError::new_err(format!("`{argument}` must be one of {names}; got {found:?}"))
}

/// Standard errors of all parameters or of `items`, with their relative accuracy.
#[pyfunction]
#[pyo3(signature = (fit, kind, reference, items, n_threads, /))]
pub(super) fn standard_error<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    reference: Option<usize>,
    items: Option<PyReadonlyArray1<'py, u32>>,
    n_threads: Option<usize>,
) -> PyResult<(Bound<'py, PyArray1<f64>>, f64)> {
    let kind = self::kind(kind)?;
    let items = items.as_ref().map(|items| slice(items, "items")).transpose()?;
    let found = fit.infer(py, n_threads, |fitted, team, control| {
        core::standard_error(fitted, kind, reference, items, team, control)
    })?;
    Ok((found.values.into_pyarray(py), found.relative_error))
}

/// Covariance matrix of the parameters `items`.
#[pyfunction]
#[pyo3(signature = (fit, kind, reference, items, n_threads, /))]
pub(super) fn covariance<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    reference: Option<usize>,
    items: PyReadonlyArray1<'py, u32>,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let kind = self::kind(kind)?;
    let items = slice(&items, "items")?;
    let found = fit.infer(py, n_threads, |fitted, team, control| {
        core::covariance(fitted, kind, reference, items, team, control)
    })?;
    found.into_pyarray(py).reshape([items.len(), items.len()])
}

/// Normal draws of the estimate's error, those with numbers from `start` to `stop`.
#[pyfunction]
#[pyo3(signature = (fit, kind, key, start, stop, n_threads, /))]
pub(super) fn draws<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    key: u64,
    start: u32,
    stop: u32,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let kind = self::kind(kind)?;
    let n_parameters = fit.view(py)?.resample().estimate().len();
    let found = fit.infer(py, n_threads, |fitted, team, control| {
        core::draws(fitted, kind, key, start..stop, team, control)
    })?;
    found.into_pyarray(py).reshape([stop.saturating_sub(start) as usize, n_parameters])
}

type Ranks<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>);

/// Smallest and largest rank of each item.
#[pyfunction]
#[pyo3(signature = (fit, kind, method, level, critical, n_samples, key, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn rank_sets<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    method: &str,
    level: f64,
    critical: f64,
    n_samples: u32,
    key: u64,
    n_threads: Option<usize>,
) -> PyResult<Ranks<'py>> {
    let method = match method {
        "simultaneous" => RankMethod::Simultaneous,
        "marginal" => RankMethod::Marginal,
        "bonferroni" => RankMethod::Critical(critical),
        "arena" => RankMethod::Intervals(critical),
        _ => {
            let names = "'simultaneous', 'marginal', 'bonferroni', 'arena'";
            return Err(unknown("method", names, method));
        }
    };
    let params = RankParams { kind: self::kind(kind)?, method, level, n_samples, key };
    let strength = fit.view(py)?.strength().to_vec();
    let found = fit.infer(py, n_threads, |fitted, team, control| {
        core::rank_sets(fitted, &strength, &params, team, control)
    })?;
    Ok((found.low.into_pyarray(py), found.high.into_pyarray(py)))
}

/// The critical value of intervals that cover all strengths together.
#[pyfunction]
#[pyo3(signature = (fit, kind, errors, reference, level, n_samples, key, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn simultaneous_critical_value<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    errors: PyReadonlyArray1<'py, f64>,
    reference: Option<usize>,
    level: f64,
    n_samples: u32,
    key: u64,
    n_threads: Option<usize>,
) -> PyResult<f64> {
    let method = RankMethod::Simultaneous;
    let params = RankParams { kind: self::kind(kind)?, method, level, n_samples, key };
    let errors = slice(&errors, "errors")?;
    fit.infer(py, n_threads, |fitted, team, control| {
        core::simultaneous_critical_value(fitted, errors, reference, &params, team, control)
    })
}

/// Estimates of the replicates from `start` to `stop`, and how many of them have none.
#[pyfunction]
#[pyo3(signature = (fit, kind, key, start, stop, n_threads, /))]
pub(super) fn bootstrap<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    key: u64,
    start: u32,
    stop: u32,
    n_threads: Option<usize>,
) -> PyResult<(Bound<'py, PyArray2<f64>>, usize)> {
    let resampling = resampling(kind)?;
    let params = BootstrapParams { resampling, key, replicates: start..stop };
    let view = fit.view(py)?;
    let options = Call { n_threads, callback: None, work: f64::INFINITY };
    let found = call::run(py, options, |team, control| {
        core::bootstrap(view.resample(), &params, team, control)
    })?;
    let shape = [params.replicates.len(), view.resample().estimate().len()];
    Ok((found.estimates.into_pyarray(py).reshape(shape)?, found.n_failed))
}

/// What one replicate of the bootstrap draws: smaller item, larger item, and by row the weights of
/// the former's wins, the latter's wins and ties.
#[pyfunction]
#[pyo3(signature = (fit, kind, key, replicate, /))]
#[expect(clippy::type_complexity)]
pub(super) fn resampled_outcomes<'py>(
    py: Python<'py>,
    fit: Fit<'py>,
    kind: &str,
    key: u64,
    replicate: u32,
) -> PyResult<(Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray2<f64>>)> {
    let resampling = resampling(kind)?;
    let view = fit.view(py)?;
    let View::Paired(view) = view else {
        return Err(unknown("fit", "'paired'", "plackett-luce"));
    };
    let stream = Stream::new(key, replicate, core::BOOTSTRAP);
    let options = Call { n_threads: Some(1), callback: None, work: f64::INFINITY };
    let cells = call::run(py, options, |_, _| view.outcomes(resampling, &stream))?;
    let (low, high): (Vec<u32>, Vec<u32>) = cells.iter().map(|&(i, j, _)| (i, j)).unzip();
    let counts: Vec<f64> = cells.iter().flat_map(|&(_, _, counts)| counts).collect();
    let counts = counts.into_pyarray(py).reshape([cells.len(), 3])?;
    Ok((low.into_pyarray(py), high.into_pyarray(py), counts))
}
