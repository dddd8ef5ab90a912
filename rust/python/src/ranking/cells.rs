//! Cells and models of paired comparisons, as the Python layer hands them over.

use hasten_core::ranking::paired::{self, Model, Prior, Ties};
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::slice;

/// The named tuple `Cells`, its arrays borrowed.
#[derive(FromPyObject)]
pub(super) struct Cells<'py>(
    usize,
    PyReadonlyArray1<'py, u32>,
    PyReadonlyArray1<'py, u32>,
    PyReadonlyArray1<'py, f64>,
    PyReadonlyArray1<'py, f64>,
    Option<PyReadonlyArray1<'py, f64>>,
    Option<PyReadonlyArray2<'py, f64>>,
);

impl Cells<'_> {
    /// The cells as the core sees them.
    pub(super) fn view(&self) -> PyResult<paired::Cells<'_>> {
        let Self(n_items, left, right, wins, losses, ties, covariates) = self;
        Ok(paired::Cells {
            n_items: *n_items,
            left: slice(left, "left")?,
            right: slice(right, "right")?,
            wins: slice(wins, "wins")?,
            losses: slice(losses, "losses")?,
            ties: ties.as_ref().map_or(Ok(&[][..]), |ties| slice(ties, "ties"))?,
            covariates: covariates.as_ref().map_or(Ok(&[][..]), |z| slice(z, "covariates"))?,
            n_covariates: covariates.as_ref().map_or(0, |z| z.shape()[1]),
        })
    }
}

/// The named tuple `PairedModel`: ties, order effect, and the prior's name and weight.
#[derive(FromPyObject)]
pub(super) struct PairedModel(String, bool, Option<(String, f64)>);

impl PairedModel {
    /// The model as the core sees it.
    pub(super) fn model(&self) -> PyResult<Model> {
        let Self(ties, order_effect, prior) = self;
        let ties = match ties.as_str() {
            "half" => Ties::Half,
            "davidson" => Ties::Davidson,
            "rao-kupper" => Ties::RaoKupper,
            other => return Err(unknown("ties", "'half', 'davidson', 'rao-kupper'", other)),
        };
        Ok(Model { ties, order_effect: *order_effect, prior: self::prior(prior.as_ref())? })
    }
}

/// The prior with this name and weight.
pub(super) fn prior(named: Option<&(String, f64)>) -> PyResult<Option<Prior>> {
    match named.map(|(name, weight)| (name.as_str(), *weight)) {
        None => Ok(None),
        Some(("logistic", weight)) => Ok(Some(Prior::Logistic(weight))),
        Some(("gaussian", precision)) => Ok(Some(Prior::Gaussian(precision))),
        Some((other, _)) => Err(unknown("prior", "'logistic', 'gaussian'", other)),
    }
}

fn unknown(argument: &str, names: &str, found: &str) -> PyErr {
    PyValueError::new_err(format!("`{argument}` must be one of {names}; got {found:?}"))
}
