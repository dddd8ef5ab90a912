//! Parameters of a solve.

use std::ops::RangeInclusive;

use super::newton::NewtonParams;
use super::problem::Problem;
use crate::error::{Error, require_finite};

/// Ratios of neighbouring levels that lead down in a number of levels worth the name.
const RATIOS: RangeInclusive<f64> = 1.1..=1e3;

/// How a problem is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Sinkhorn iterations, over-relaxed as they allow, and Newton steps where those are faster.
    #[default]
    Auto,
    /// Sinkhorn iterations, on a stored kernel where memory allows.
    Sinkhorn,
    /// Sinkhorn iterations in the log domain.
    Log,
    /// Sparse Newton steps on the semi-dual from the start.
    Newton,
    /// Sinkhorn-Newton-Sparse as published: a fixed number of entries, no path.
    NewtonAsPublished,
}

/// The arithmetic of iterations; certificates are always in double precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Double precision throughout.
    #[default]
    Double,
    /// Kernels in single and sums in double precision, as far as that leads.
    Mixed,
}

/// Parameters of [`sinkhorn`](super::sinkhorn()).
#[derive(Debug, Clone, Copy)]
pub struct SinkhornParams<'a> {
    /// The method.
    pub method: Method,
    /// Marginal error, relative to the mass, at which the solve has converged.
    pub tol: f64,
    /// Most passes over the cost.
    pub max_iter: usize,
    /// Potentials `(f, g)` to start from, in the units of the cost.
    pub init: Option<(&'a [f64], &'a [f64])>,
    /// Whether the regularisation falls to its value step by step; `None`: where it pays.
    pub eps_scaling: Option<bool>,
    /// Arithmetic of the iterations.
    pub precision: Precision,
    /// Never store a kernel.
    pub low_memory: bool,
    /// Settings of Newton's method.
    pub newton: NewtonParams,
    /// Keep a history of the passes.
    pub trace: bool,
}

impl Default for SinkhornParams<'_> {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            tol: 1e-9,
            max_iter: 10_000,
            init: None,
            eps_scaling: None,
            precision: Precision::Double,
            low_memory: false,
            newton: NewtonParams::default(),
            trace: false,
        }
    }
}

impl SinkhornParams<'_> {
    pub(super) fn validate(&self, problem: &Problem<'_>) -> Result<(), Error> {
        let value = |argument, rule, value: String| {
            Err(Error::Value { argument, rule, value, index: None })
        };
        require_limits(self.tol, self.max_iter)?;
        let options = self.newton;
        let positive = |x: f64| x > 0.0 && x.is_finite();
        if !(positive(options.delta)
            && positive(options.stage_tol)
            && RATIOS.contains(&options.ratio)
            && options.sparsity.is_none_or(positive))
        {
            let rule = "positive numbers, with a ratio from 1.1 to 1000";
            return value("sns_options", rule, format!("{options:?}"));
        }
        let is_newton = matches!(self.method, Method::Newton | Method::NewtonAsPublished);
        if is_newton && !problem.marginals.are_fixed() {
            let rule = "infinite with Newton's method, which needs fixed marginals";
            let rho = problem.marginals;
            return value("reg_marginals", rule, format!("({}, {})", rho.rows, rho.columns));
        }
        if let Some((f, g)) = self.init {
            for (part, expected) in [(f, problem.a.len()), (g, problem.b.len())] {
                if part.len() != expected {
                    return Err(Error::Shape {
                        argument: "init",
                        expected: format!("{expected} entries"),
                        found: part.len().to_string(),
                    });
                }
                require_finite("init", part)?;
                if let Some(index) = part.iter().position(|x| !(x / problem.reg).is_finite()) {
                    return Err(Error::Value {
                        argument: "init",
                        rule: "finite in units of `reg`",
                        value: part[index].to_string(),
                        index: Some(index),
                    });
                }
            }
        }
        if self.method == Method::NewtonAsPublished && self.eps_scaling == Some(true) {
            let rule = "false or left out with the published Newton stage, which has no path";
            return value("eps_scaling", rule, "true".into());
        }
        Ok(())
    }
}

/// Refuse a tolerance or a limit of passes that no solve can go by.
pub(super) fn require_limits(tol: f64, max_iter: usize) -> Result<(), Error> {
    let value =
        |argument, rule, value: String| Err(Error::Value { argument, rule, value, index: None });
    // Written so that NaN is refused.
    if !(tol > 0.0 && tol.is_finite()) {
        return value("tol", "positive and finite", tol.to_string());
    }
    if max_iter == 0 {
        return value("max_iter", "at least 1", "0".into());
    }
    Ok(())
}
