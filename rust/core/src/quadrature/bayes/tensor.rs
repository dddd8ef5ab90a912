//! Rules on product grids.

use super::rule::Rule;
use crate::error::{Error, try_vec};

/// The Bayesian quadrature rule of a product prior and measure on the product of the nodes.
///
/// Weights are products of weights, the last axis varying fastest, and the variance is
/// `prod kappa_i - prod (kappa_i - v_i)`, computed without cancellation. The rules must be free of
/// noise: that of a grid is not a product. O(number of grid points).
///
/// # Errors
/// [`Error::Shape`] for no rule at all, [`Error::TooLarge`].
pub fn tensor_rule(rules: &[Rule]) -> Result<Rule, Error> {
    if rules.is_empty() {
        let (expected, found) = ("at least one entry".to_owned(), "none".to_owned());
        return Err(Error::Shape { argument: "rules", expected, found });
    }
    let count = |bytes: u128, rule: &Rule| bytes.saturating_mul(rule.weights.len() as u128);
    let bytes = rules.iter().fold(size_of::<f64>() as u128, count);
    let mut weights = vec![1.0];
    let (mut prior_variance, mut log_share) = (1.0, 0.0);
    for rule in rules {
        let n = weights.len().checked_mul(rule.weights.len()).ok_or(Error::TooLarge { bytes })?;
        let mut product = try_vec(n, 0.0)?;
        for (row, weight) in product.chunks_mut(rule.weights.len().max(1)).zip(&weights) {
            row.iter_mut().zip(&rule.weights).for_each(|(out, w)| *out = weight * w);
        }
        weights = product;
        prior_variance *= rule.prior_variance;
        log_share += (-rule.variance / rule.prior_variance).ln_1p();
    }
    Ok(Rule { weights, variance: -prior_variance * log_share.exp_m1(), prior_variance })
}
