//! What the tests share.

use hasten_core::parallel::Team;
use hasten_core::quadrature::gauss::Rule;

pub(crate) fn alone() -> Team {
    Team::sequential()
}

/// `|a / b - 1|`, or `|a|` where b is 0.
pub(crate) fn relative(a: f64, b: f64) -> f64 {
    if b == 0.0 { a.abs() } else { (a / b - 1.0).abs() }
}

/// A sum whose rounding errors are carried along (Neumaier).
pub(crate) fn compensated(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for term in terms {
        let next = sum + term;
        lost += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    sum + lost
}

pub(crate) fn integrate(rule: &Rule, f: impl Fn(f64) -> f64) -> f64 {
    compensated(rule.nodes.iter().zip(&rule.weights).map(|(&x, &w)| w * f(x)))
}

/// Nodes strictly ascend, and weights are positive.
pub(crate) fn assert_sane(rule: &Rule) {
    assert_eq!(rule.nodes.len(), rule.weights.len());
    assert!(rule.nodes.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(rule.weights.iter().all(|&w| w > 0.0));
}

/// The Chebyshev polynomial `T_k`.
pub(crate) fn chebyshev(k: usize, x: f64) -> f64 {
    (k as f64 * x.acos()).cos()
}

/// `int_{-1}^{1} T_k(x) dx`.
pub(crate) fn chebyshev_integral(k: usize) -> f64 {
    if k.is_multiple_of(2) { 2.0 / (1.0 - (k * k) as f64) } else { 0.0 }
}
