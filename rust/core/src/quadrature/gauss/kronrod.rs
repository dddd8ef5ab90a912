//! Gauss-Kronrod pairs: a Gauss rule and its extension by `n + 1` nodes.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "constants stand as they were computed by tables.py"
)]

use super::golub_welsch::golub_welsch;
use super::legendre::gauss_legendre;
use super::rule::require_nodes;
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;

/// Non-negative nodes and weights of the 21-point rule, the largest node first.
const TWENTY_ONE: [(f64, f64); 11] = [
    (0.9956571630258080807355272806890028, 0.01169463886737187427806439606219205),
    (0.9739065285171717200779640120844521, 0.03255816230796472747881897245938976),
    (0.9301574913557082260012071800595083, 0.05475589657435199603138130024458018),
    (0.865063366688984510732096688423493, 0.07503967481091995276704314091619001),
    (0.7808177265864168970637175783450424, 0.09312545458369760553506546508336634),
    (0.6794095682990244062343273651148736, 0.109387158802297641899210590325805),
    (0.5627571346686046833390000992726941, 0.1234919762620658510779581098310742),
    (0.4333953941292471907992659431657842, 0.1347092173114733259280540017717068),
    (0.2943928627014601981311266031038656, 0.1427759385770600807970942731387171),
    (0.14887433898163121088482600112972, 0.147739104901338491374841515972068),
    (0.0, 0.1494455540029169056649364683898212),
];

/// A Gauss rule with `n` nodes inside a rule with `2n + 1`, for `int_{-1}^{1} f(x) dx`.
#[derive(Debug, Clone, PartialEq)]
pub struct KronrodRule {
    /// All nodes, ascending; those with odd index are the nodes of the Gauss rule (2n + 1,).
    pub nodes: Vec<f64>,
    /// Weights at all nodes (2n + 1,).
    pub weights: Vec<f64>,
    /// Weights of the Gauss rule at its nodes (n,).
    pub gauss_weights: Vec<f64>,
}

/// The Gauss-Kronrod pair that extends the `n`-point Gauss-Legendre rule: `2n + 1` nodes, exact for
/// polynomials of degree `3n + 1`.
///
/// For n = 10 tabulated constants; otherwise the Jacobi-Kronrod matrix of D. P. Laurie,
/// "Calculation of Gauss-Kronrod quadrature rules", Math. Comp. 66, 1997, by [`golub_welsch`]:
/// nodes and weights are then accurate to about 1e-15. O(n^2) time.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_kronrod(n: usize, control: &dyn Control) -> Result<KronrodRule, Error> {
    require_nodes(n, 1, "at least 1")?;
    let gauss = gauss_legendre(n, false, &Team::sequential(), control)?;
    if n == 10 {
        let mirrored = TWENTY_ONE.iter().map(|&(x, w)| (-x, w));
        let rest = TWENTY_ONE[..10].iter().rev().copied();
        let (nodes, weights) = mirrored.chain(rest).map(|(x, w)| (x + 0.0, w)).unzip();
        return Ok(KronrodRule { nodes, weights, gauss_weights: gauss.weights });
    }
    let beta = kronrod_recurrence(n, control)?;
    let rule = golub_welsch(&try_vec(2 * n + 1, 0.0)?, &beta, 2.0, control)?;
    let (mut nodes, mut weights) = (rule.nodes, rule.weights);
    for i in 0..n {
        let j = 2 * n - i;
        nodes[j] = 0.5 * (nodes[j] - nodes[i]);
        nodes[i] = -nodes[j];
        weights[i] = 0.5 * (weights[i] + weights[j]);
        weights[j] = weights[i];
    }
    nodes[n] = 0.0;
    for (node, exact) in nodes.iter_mut().skip(1).step_by(2).zip(gauss.nodes) {
        *node = exact;
    }
    Ok(KronrodRule { nodes, weights, gauss_weights: gauss.weights })
}

/// The coefficients `beta_1, ..., beta_2n` of the Jacobi-Kronrod matrix for weight 1.
///
/// Laurie's mixed moments, for a symmetric weight, whose diagonal is 0.
fn kronrod_recurrence(n: usize, control: &dyn Control) -> Result<Vec<f64>, Error> {
    let mut b = try_vec(2 * n + 1, 0.0)?;
    b[0] = 2.0;
    for (k, b) in b.iter_mut().enumerate().take((3 * n).div_ceil(2) + 1).skip(1) {
        let k = k as f64;
        *b = k * k / (4.0 * k * k - 1.0);
    }
    // Entry j + 1 holds the moment with index j; entry 0 is the moment with index -1, which is 0.
    let mut s = try_vec(n / 2 + 3, 0.0)?;
    let mut t = try_vec(n / 2 + 3, 0.0)?;
    t[1] = b[n + 1];
    for m in 0..n.saturating_sub(1) {
        control.check()?;
        let mut sum = 0.0;
        for k in (0..=m.div_ceil(2)).rev() {
            sum += b[k + n + 1] * s[k] - b[m - k] * s[k + 1];
            s[k + 1] = sum;
        }
        std::mem::swap(&mut s, &mut t);
    }
    for j in (0..=n / 2).rev() {
        s[j + 1] = s[j];
    }
    for m in (n - 1)..(2 * n).saturating_sub(2) {
        control.check()?;
        let mut sum = 0.0;
        for k in m + 1 - n..=(m - 1) / 2 {
            let l = m - k;
            let j = n - 1 - l;
            sum += b[l] * s[j + 2] - b[k + n + 1] * s[j + 1];
            s[j + 1] = sum;
        }
        if m % 2 == 1 {
            let k = m.div_ceil(2);
            let j = n - 1 - (m - (m - 1) / 2);
            b[k + n + 1] = s[j + 1] / s[j + 2];
        }
        std::mem::swap(&mut s, &mut t);
    }
    b.remove(0);
    Ok(b)
}
