//! A problem of entropic transport: cost, weights, regularisation, and what holds the marginals.

use crate::error::{Error, require_finite};
use crate::pairs::PairValues;
use crate::parallel::pairwise_sum;

/// What holds the marginals of a plan: infinity fixes them, a finite number is the weight of a
/// Kullback-Leibler penalty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marginals {
    /// Weight of the penalty on the row sums.
    pub rows: f64,
    /// Weight of the penalty on the column sums.
    pub columns: f64,
}

impl Marginals {
    /// Both marginals are fixed.
    pub const FIXED: Self = Self { rows: f64::INFINITY, columns: f64::INFINITY };

    /// Whether both marginals are fixed.
    pub fn are_fixed(self) -> bool {
        self == Self::FIXED
    }
}

/// Minimise `<P, C> + reg KL(P | a b^T)` over plans with marginals `a` and `b`.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The cost.
    pub values: &'a dyn PairValues,
    /// Weights of the rows (n,).
    pub a: &'a [f64],
    /// Weights of the columns (m,).
    pub b: &'a [f64],
    /// Entropic regularisation, in the units of the cost.
    pub reg: f64,
    /// What holds the marginals.
    pub marginals: Marginals,
}

/// Relative difference of the sums of fixed marginals that counts as rounding.
const SAME_MASS: f64 = 1e-6;

/// A potential in log units, `potential / reg + log weight`.
pub(super) fn log_potential(potential: &[f64], weights: &[f64], reg: f64) -> Vec<f64> {
    potential.iter().zip(weights).map(|(p, w)| p / reg + w.ln()).collect()
}

/// Refuse another length than `expected`.
pub(super) fn require_len(
    argument: &'static str,
    values: &[f64],
    expected: usize,
) -> Result<(), Error> {
    if values.len() == expected {
        return Ok(());
    }
    let expected = format!("{expected} entries");
    Err(Error::Shape { argument, expected, found: values.len().to_string() })
}

impl Problem<'_> {
    /// Check lengths and signs; `positive`, for a solve, refuses weights of zero, and fixed marginals
    /// of different mass.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Value`] or [`Error::NotFinite`] naming the argument.
    pub fn validate(&self, positive: bool) -> Result<(), Error> {
        let sides = [("a", self.a, self.values.n_rows()), ("b", self.b, self.values.n_columns())];
        for (argument, weights, expected) in sides {
            if weights.len() != expected || weights.is_empty() {
                return Err(Error::Shape {
                    argument,
                    expected: format!("{expected} entries, at least one"),
                    found: weights.len().to_string(),
                });
            }
            require_finite(argument, weights)?;
            let is_bad = |w: &f64| *w < 0.0 || (positive && *w == 0.0);
            if let Some(index) = weights.iter().position(is_bad) {
                return Err(Error::Value {
                    argument,
                    rule: if positive { "positive" } else { "at least 0" },
                    value: weights[index].to_string(),
                    index: Some(index),
                });
            }
        }
        let numbers = [
            ("reg", self.reg, true),
            ("reg_marginals", self.marginals.rows, false),
            ("reg_marginals", self.marginals.columns, false),
        ];
        for (argument, value, finite) in numbers {
            // Written so that NaN is refused.
            if !(value > 0.0 && (value.is_finite() || !finite)) {
                return Err(Error::Value {
                    argument,
                    rule: if finite { "positive and finite" } else { "positive" },
                    value: value.to_string(),
                    index: None,
                });
            }
        }
        if positive { self.require_same_mass() } else { Ok(()) }
    }

    /// Refuse fixed marginals of different mass, which no plan has.
    pub(super) fn require_same_mass(&self) -> Result<(), Error> {
        let (a, b) = (pairwise_sum(self.a), pairwise_sum(self.b));
        // Written so that NaN is refused.
        if !self.marginals.are_fixed() || (a - b).abs() <= SAME_MASS * a.max(b) {
            return Ok(());
        }
        Err(Error::Value {
            argument: "b",
            rule: "of the same sum as `a`, with both marginals fixed",
            value: format!("{b} beside {a}"),
            index: None,
        })
    }

    /// Check the problem, its weights perhaps zero, and that potentials have its lengths.
    pub(super) fn validate_with(&self, (f, g): (&[f64], &[f64])) -> Result<(), Error> {
        self.validate(false)?;
        require_len("f", f, self.a.len())?;
        require_len("g", g, self.b.len())
    }

    /// Potentials in log units, `f / reg + log a` and `g / reg + log b`.
    pub(super) fn log_potentials(&self, f: &[f64], g: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (log_potential(f, self.a, self.reg), log_potential(g, self.b, self.reg))
    }
}
