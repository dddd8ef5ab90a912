//! Paired comparisons with everything that couples the items: ties as outcomes of their own, an
//! effect of the order, covariates, priors.
//!
//! The linear predictor of a comparison of `i` (left) with `j` (right) is
//! `eta = s_i - s_j + gamma + z' beta`; the shared parameters follow the strengths in the order
//! tie parameter, order effect `gamma`, coefficients `beta`, each only where the model has it.

mod cell_sums;
mod cells;
mod certificate;
mod derivatives;
mod elimination;
mod existence;
mod fitted;
mod lanes;
mod merged_cells;
mod newton;
mod pairs;
mod resample;
mod scores;
mod solve;
mod system;
mod terms;

pub use cells::Cells;
pub use fitted::PairedFit;
pub use resample::PairedResample;
pub use solve::{PairedParams, PairedSolution, fit_paired};

use crate::error::Error;

/// What becomes of ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Half a win for each side: a convention, not a likelihood of the ties.
    #[default]
    Half,
    /// `P(left) : P(right) : P(tie) = p_i : p_j : 2 nu sqrt(p_i p_j)` with the shared parameter
    /// `ln nu` (Davidson 1970, in the parametrisation of Newman 2023).
    Davidson,
    /// `P(left) = p_i / (p_i + theta p_j)`, `P(right)` likewise, the rest are ties; the shared
    /// parameter is `ln theta > 0` (Rao and Kupper 1967).
    RaoKupper,
}

/// What is known of the strengths beforehand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// Each item wins and loses this weight of games against an opponent of strength 0.
    Logistic(f64),
    /// Each strength is normal with mean 0 and this precision.
    Gaussian(f64),
}

/// A model of paired comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Model {
    /// What becomes of ties.
    pub ties: Ties,
    /// Whether the left side has an advantage `gamma` to be estimated.
    pub order_effect: bool,
    /// Prior of the strengths; `None`: maximum likelihood.
    pub prior: Option<Prior>,
}

impl Model {
    /// Number of parameters that all items share, with `n_covariates` coefficients.
    pub fn n_shared(&self, n_covariates: usize) -> usize {
        self.first_linear() + usize::from(self.order_effect) + n_covariates
    }

    /// Position among the shared parameters of the first that enters the linear predictor: 1 where
    /// a tie parameter stands before it.
    fn first_linear(&self) -> usize {
        usize::from(self.ties != Ties::Half)
    }

    /// Check the weight of the prior.
    ///
    /// # Errors
    /// [`Error::Value`] naming `prior`.
    pub fn validate(&self) -> Result<(), Error> {
        let Some(Prior::Logistic(weight) | Prior::Gaussian(weight)) = self.prior else {
            return Ok(());
        };
        if weight > 0.0 && weight.is_finite() {
            return Ok(());
        }
        Err(Error::Value {
            argument: "prior",
            rule: "positive and finite",
            value: weight.to_string(),
            index: None,
        })
    }
}
