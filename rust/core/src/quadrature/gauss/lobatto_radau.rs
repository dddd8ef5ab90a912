//! Gauss rules of weight 1 with one or both ends of `[-1, 1]` among their nodes.
//!
//! The inner nodes are those of the Gauss rule whose weight function vanishes at the fixed ends,
//! and the inner weights its weights divided by that function (P. J. Davis and P. Rabinowitz,
//! "Methods of numerical integration", 2nd edition, 1984, section 2.7).

use super::jacobi::{Point, points};
use super::rule::{Rule, require_nodes};
use super::scaled::Scaled;
use super::weighted::normalise;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;

/// The `n`-point Gauss-Lobatto rule for `int_{-1}^{1} f(x) dx`, with nodes -1 and 1, exact for
/// polynomials of degree `2n - 3`.
///
/// Nodes and weights are as accurate as those of [`gauss_jacobi`](super::gauss_jacobi). O(n) time.
///
/// # Errors
/// [`Error::Value`] for `n < 2`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_lobatto(n: usize, team: &Team, control: &dyn Control) -> Result<Rule, Error> {
    require_nodes(n, 2, "at least 2")?;
    let size = n as f64;
    let end = 2.0 / (size * (size - 1.0));
    let mut rule = inner(n - 2, (1.0, 1.0), 2.0 - 2.0 * end, team, control)?;
    // Symmetric to the last bit.
    for i in 0..(n - 2) / 2 {
        let j = n - 3 - i;
        rule.nodes[j] = 0.5 * (rule.nodes[j] - rule.nodes[i]);
        rule.nodes[i] = -rule.nodes[j];
        rule.weights[i] = 0.5 * (rule.weights[i] + rule.weights[j]);
        rule.weights[j] = rule.weights[i];
    }
    if n % 2 == 1 {
        rule.nodes[(n - 3) / 2] = 0.0;
    }
    rule.nodes.insert(0, -1.0);
    rule.nodes.push(1.0);
    rule.weights.insert(0, end);
    rule.weights.push(end);
    Ok(rule)
}

/// The `n`-point Gauss-Radau rule for `int_{-1}^{1} f(x) dx`, with node -1, exact for polynomials of
/// degree `2n - 2`.
///
/// Accuracy and cost are those of [`gauss_lobatto`].
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_radau(n: usize, team: &Team, control: &dyn Control) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    let end = 2.0 / (n as f64 * n as f64);
    let mut rule = inner(n - 1, (0.0, 1.0), 2.0 - end, team, control)?;
    rule.nodes.insert(0, -1.0);
    rule.weights.insert(0, end);
    Ok(rule)
}

/// The inner nodes, and weights of the given total.
fn inner(
    n: usize,
    (alpha, beta): (f64, f64),
    total: f64,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    if n == 0 {
        return Rule::zeros(0);
    }
    let total = Scaled::new(total, 0);
    let mut rule = if n == 1 {
        normalise(vec![(beta - alpha) / (alpha + beta + 2.0)], &[total], total, team)?
    } else {
        let points = points(n, alpha, beta, team, control)?;
        let nodes = points.iter().map(Point::node).collect();
        let weights: Vec<_> = points
            .iter()
            .map(|point| {
                let (left, right) = point.distances();
                let vanishing = if alpha == 0.0 { left } else { left * right };
                point.relative_weight(1.0 / vanishing)
            })
            .collect();
        normalise(nodes, &weights, total, team)?
    };
    rule.log_weights = None;
    Ok(rule)
}
