//! Linear rewards from preferences: maximum likelihood, with a certificate.
//!
//! Alternative `k` of a set has the score `theta . phi_k`. Choosing the best of a set, then the
//! best of the rest, and so on, gives the Plackett-Luce probability of a ranking; with two
//! alternatives that is logistic regression on the difference of their features. The alternative
//! [`PreferenceKind::Split`] treats all pairs that a ranking implies as independent comparisons (Zhu, Jiao
//! and Jordan 2023, "Principled reinforcement learning with human feedback from pairwise or K-wise
//! comparisons", arXiv 2301.11270).
//!
//! The log-likelihood is concave. Damped Newton steps (`newton`) maximise it, each from one pass
//! over the data (`likelihood`) in which a set of K alternatives costs K - 1 rank-one terms of the
//! Hessian (`terms`).
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::ranking::{Choices, PreferenceParams, preference_regression};
//!
//! // One feature; the alternative with more of it was preferred three times out of four.
//! let differences = [1.0, 1.0, 1.0, -1.0];
//! let choices = Choices::differences(&differences, (4, 1), None, None)?;
//! let params = PreferenceParams::default();
//! let solution = preference_regression(&choices, &params, &Team::sequential(), &mut ())?;
//! assert!((solution.coef[0] - 3.0_f64.ln()).abs() < 1e-9);
//! assert!(solution.certificate.error <= 1e-6);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod certificate;
mod choices;
mod design;
mod existence;
mod inference;
mod likelihood;
mod newton;
mod piece;
mod terms;
mod tile;

use crate::control::{Control, Record, Status};
use crate::error::Error;
use crate::float::Float;
use crate::parallel::Team;

pub use certificate::PreferenceCertificate;
pub use choices::{Choices, NOT_PLACED};
use design::Design;

/// Passes over the data after which a solve gives up, unless the caller says otherwise.
const DEFAULT_MAX_ITER: usize = 500;

/// Which likelihood is maximised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PreferenceKind {
    /// That of Plackett and Luce.
    #[default]
    PlackettLuce,
    /// Every pair that a ranking implies as an independent comparison: consistent, but less
    /// efficient, and its inverse Hessian is not the covariance of the estimate.
    Split,
}

/// Parameters of [`preference_regression`].
#[derive(Debug, Clone, Copy)]
pub struct PreferenceParams<'a> {
    /// The likelihood.
    pub kind: PreferenceKind,
    /// Subtract `ridge / 2 * |theta|^2` from the log-likelihood.
    pub ridge: f64,
    /// Certificate, in standard errors, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the data; `None`: 500.
    pub max_iter: Option<usize>,
    /// Coefficients to start from; `None`: zeros.
    pub init: Option<&'a [f64]>,
    /// Keep a history of the iteration.
    pub trace: bool,
}

impl Default for PreferenceParams<'_> {
    fn default() -> Self {
        Self {
            kind: PreferenceKind::PlackettLuce,
            ridge: 0.0,
            tol: 1e-6,
            max_iter: None,
            init: None,
            trace: false,
        }
    }
}

impl PreferenceParams<'_> {
    /// Check every parameter against its rule.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Shape`] or [`Error::NotFinite`] naming the parameter.
    pub fn validate(&self, n_features: usize) -> Result<(), Error> {
        let value =
            |argument, rule, value: String| Error::Value { argument, rule, value, index: None };
        if !(self.ridge >= 0.0 && self.ridge.is_finite()) {
            return Err(value("ridge", "at least 0 and finite", self.ridge.to_string()));
        }
        if !(self.tol > 0.0 && self.tol.is_finite()) {
            return Err(value("tol", "positive and finite", self.tol.to_string()));
        }
        if self.max_iter == Some(0) {
            return Err(value("max_iter", "at least 1", "0".into()));
        }
        if let Some(init) = self.init {
            if init.len() != n_features {
                return Err(Error::Shape {
                    argument: "init",
                    expected: format!("{n_features} entries, one per feature"),
                    found: init.len().to_string(),
                });
            }
            crate::error::require_finite("init", init)?;
        }
        Ok(())
    }
}

/// The estimate, what is proved of it, and its covariance.
#[derive(Debug, Clone)]
pub struct PreferenceSolution {
    /// Coefficients, by feature.
    pub coef: Vec<f64>,
    /// Log-likelihood at `coef`, without the ridge.
    pub log_likelihood: f64,
    /// How far the estimate can be from the exact one.
    pub certificate: PreferenceCertificate,
    /// How the solve ended.
    pub status: Status,
    /// Passes over the data that evaluated the likelihood.
    pub n_iter: usize,
    /// Newton steps.
    pub n_steps: usize,
    /// Newton steps that were damped.
    pub n_damped: usize,
    /// Inverse of the Hessian, ridge included.
    pub model_covariance: Vec<f64>,
    /// Inverse Hessian, times the sum of outer products of each ranking's gradient, times inverse
    /// Hessian.
    pub sandwich_covariance: Vec<f64>,
    /// Weighted mean of `x x'` over the differences `x`; for pairs only.
    pub data_covariance: Option<Vec<f64>>,
    /// Newton decrements along the way, if asked for; the last record is the certificate.
    pub history: Vec<Record>,
}

/// Find the coefficients under which the observed choices are most likely.
///
/// Each pass over the data costs O(rows (d + d^2)) for d features, with K - 1 rows for each set of
/// K alternatives, or one for each implied pair with [`PreferenceKind::Split`].
///
/// # Errors
/// [`Error::Collinear`] where features are combinations of one another within the sets,
/// [`Error::Unbounded`] where the likelihood has no maximum; otherwise as
/// [`PreferenceParams::validate`], [`Error::NotFinite`], [`Error::TooLarge`] and
/// [`Error::Interrupted`].
pub fn preference_regression<T: Float>(
    choices: &Choices<'_, T>,
    params: &PreferenceParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<PreferenceSolution, Error> {
    params.validate(choices.n_features())?;
    let design = Design::new(choices, params, team, control)?;
    let fit = newton::maximise(&design, params, team, control)?;
    let scores = inference::score_products(&design, &fit.coef, team, control)?;
    let d = design.n_features();
    let sandwich = inference::sandwich(&fit.inverse, &scores, d, team, control)?;
    let solution = PreferenceSolution {
        coef: design.unscaled(&fit.coef),
        log_likelihood: fit.log_likelihood,
        certificate: fit.certificate,
        status: fit.status,
        n_iter: fit.n_iter,
        n_steps: fit.n_steps,
        n_damped: fit.n_damped,
        model_covariance: design.unscaled_covariance(fit.inverse),
        sandwich_covariance: design.unscaled_covariance(sandwich),
        data_covariance: fit.data_covariance,
        history: fit.history,
    };
    crate::error::require_finite("features", &solution.model_covariance)?;
    crate::error::require_finite("features", &solution.sandwich_covariance)?;
    Ok(solution)
}
