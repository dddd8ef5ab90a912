//! The chain rule itself, on all points: for the picks that rejection makes dear.

use super::draws::Draws;
use super::span::{Span, squared_norms};
use crate::error::{Error, try_zeroed};
use crate::linalg::columns_mut;
use crate::parallel::pairwise_sum;
use faer::{Accum, MatRef, Par};

/// How many of the last picks cost less here: a pick by rejection costs about `m^3 / left`
/// multiplications, one more column of the complement on all points `n m`.
pub(super) fn tail_length(n: usize, m: usize) -> usize {
    (m * m / n.max(1)).min(m)
}

/// Choose rows until the span is full, in proportion to the squares of what is left of them.
///
/// What is left is kept and made orthogonal itself, so no norm is a difference. O(n m s) for the
/// `s` rows that are missing.
pub(super) fn complete(
    features: &[f64],
    span: &mut Span,
    width: usize,
    draws: &mut Draws,
    check: &dyn Fn() -> Result<(), Error>,
    mut keep: impl FnMut(usize),
) -> Result<(), Error> {
    let (n, chosen) = (features.len() / width, span.len());
    let left = width - chosen;
    if left == 0 {
        return Ok(());
    }
    // Any basis of the complement will do.
    while span.len() < width {
        let row: Vec<f64> = (0..width).map(|_| draws.uniform() - 0.5).collect();
        span.extend(&row);
    }
    let complement = &span.rows()[chosen * width..];
    let mut rest: Vec<f64> = try_zeroed(n * left)?;
    // The product has the rows of `rest` as columns.
    faer::linalg::matmul::matmul(
        columns_mut(&mut rest, left),
        Accum::Replace,
        MatRef::from_row_major_slice(complement, left, width),
        MatRef::from_row_major_slice(features, n, width).transpose(),
        1.0,
        Par::Seq,
    );
    let mut norms = try_zeroed(n)?;
    for _ in 0..left {
        check()?;
        squared_norms(&rest, left, &mut norms);
        let pick = choose(&norms, draws.uniform());
        keep(pick);
        let size = norms[pick].sqrt();
        let direction: Vec<f64> =
            rest[pick * left..(pick + 1) * left].iter().map(|x| x / size).collect();
        for row in rest.chunks_exact_mut(left) {
            let along: f64 = row.iter().zip(&direction).map(|(x, q)| x * q).sum();
            row.iter_mut().zip(&direction).for_each(|(x, q)| *x -= along * q);
        }
        rest[pick * left..(pick + 1) * left].fill(0.0);
    }
    Ok(())
}

/// The index where the running sum of weights passes a share of the whole.
fn choose(weights: &[f64], share: f64) -> usize {
    let mut target = share * pairwise_sum(weights);
    let mut last = 0;
    for (i, &weight) in weights.iter().enumerate() {
        if weight > 0.0 {
            last = i;
            target -= weight;
            if target < 0.0 {
                break;
            }
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choice_passes_over_zero_weights() {
        let weights = [0.0, 1.0, 0.0, 3.0, 0.0];
        assert_eq!(choose(&weights, 0.0), 1);
        assert_eq!(choose(&weights, 0.24), 1);
        assert_eq!(choose(&weights, 0.26), 3);
        assert_eq!(choose(&weights, 1.0), 3);
    }

    #[test]
    fn tails_are_long_where_points_are_few() {
        assert_eq!(tail_length(100, 100), 100);
        assert_eq!(tail_length(2000, 100), 5);
        assert_eq!(tail_length(1_000_000, 500), 0);
    }
}
