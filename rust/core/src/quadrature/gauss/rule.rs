//! What a rule is, and the checks of arguments that all rules share.

use crate::error::{Error, try_zeroed};

/// Nodes and weights of `int f(x) pi(x) dx ~ sum_i weights[i] f(nodes[i])`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The nodes, ascending (n,).
    pub nodes: Vec<f64>,
    /// The weights (n,).
    pub weights: Vec<f64>,
    /// The angles of the nodes, `nodes = cos(theta)`, where they were asked for (n,).
    ///
    /// Near the ends of `[-1, 1]` they keep the accuracy that `1 - x` loses:
    /// `1 - x = 2 sin^2(theta / 2)`.
    pub theta: Option<Vec<f64>>,
    /// Logarithms of the weights, where weights can leave the range of doubles (n,).
    pub log_weights: Option<Vec<f64>>,
}

impl Rule {
    /// A rule of `n` nodes at 0 with weight 0, to be written over.
    pub(super) fn zeros(n: usize) -> Result<Self, Error> {
        let (nodes, weights) = (try_zeroed(n)?, try_zeroed(n)?);
        Ok(Self { nodes, weights, theta: None, log_weights: None })
    }
}

/// Refuse fewer than `least` nodes.
pub(super) fn require_nodes(n: usize, least: usize, rule: &'static str) -> Result<(), Error> {
    if n < least {
        return Err(Error::Value { argument: "n", rule, value: n.to_string(), index: None });
    }
    Ok(())
}

/// Refuse a parameter that is not a finite number above `bound`.
pub(super) fn require_above(
    argument: &'static str,
    value: f64,
    bound: f64,
    rule: &'static str,
) -> Result<(), Error> {
    // Written so that NaN is refused.
    if value > bound && value.is_finite() {
        return Ok(());
    }
    Err(Error::Value { argument, rule, value: value.to_string(), index: None })
}

/// What is said when a march loses its way.
pub(super) fn no_root(n: usize) -> Error {
    let rule = "such that all roots are found, with parameters not too large for it";
    Error::Value { argument: "n", rule, value: n.to_string(), index: None }
}
