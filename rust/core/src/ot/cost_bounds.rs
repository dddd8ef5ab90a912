//! Min-plus passes over the cost: bounds of unregularised transport, and the scale of the cost.

use super::plan_rows::tile_dot;
use super::problem::require_len;
use crate::error::{Error, try_vec};
use crate::pairs::{Chunks, PairValues, TILE, Visitor, visit};
use crate::parallel::{Team, pairwise_sum};
use crate::simd::Arithmetic;

/// Independent partial minima of a row.
const LANES: usize = 8;

/// Nanoseconds of a comparison.
const COST: f64 = 0.5;

/// Rounding of a sum of products of minima and weights, relative to the sum of their sizes.
const ROUNDING: f64 = 24.0 * f64::EPSILON;

/// Row minima of `C_ij - g_j`, where a `g_j` of minus infinity stands for a column to leave out.
struct RowMinima<'k> {
    first: usize,
    g: &'k [f64],
    minima: &'k mut [f64],
}

impl Visitor for RowMinima<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, row: usize, start: usize, costs: &[f64]) {
        let g = &self.g[start..start + costs.len()];
        let ((costs, costs_rest), (g, g_rest)) =
            (costs.as_chunks::<LANES>(), g.as_chunks::<LANES>());
        let mut lanes = [f64::INFINITY; LANES];
        for (costs, g) in costs.iter().zip(g) {
            for l in 0..LANES {
                let value = costs[l] - g[l];
                lanes[l] = if value < lanes[l] { value } else { lanes[l] };
            }
        }
        for (lane, (cost, g)) in lanes.iter_mut().zip(costs_rest.iter().zip(g_rest)) {
            *lane = lane.min(cost - g);
        }
        let minimum = &mut self.minima[row - self.first];
        *minimum = lanes.into_iter().fold(*minimum, f64::min);
    }
}

/// `min over columns of C_ij - g_j` (n,); columns with `g_j` of minus infinity are left out.
pub(super) fn row_minima(
    values: &dyn PairValues,
    g: &[f64],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
    let chunks = Chunks::new(values, COST);
    let mut out = try_vec(values.n_rows(), f64::INFINITY)?;
    let mut visitors: Vec<_> = out
        .chunks_mut(chunks.rows())
        .enumerate()
        .map(|(k, minima)| RowMinima { first: k * chunks.rows(), g, minima })
        .collect();
    visit(values, team, chunks, check, &mut visitors)?;
    Ok(out)
}

/// Column minima of `C_ij - f_i`, and the mean of the rows of that matrix.
struct ColumnMinima<'k> {
    f: &'k [f64],
    row_weights: &'k [f64],
    column_weights: &'k [f64],
    minima: &'k mut [f64],
    total: f64,
}

impl Visitor for ColumnMinima<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, row: usize, start: usize, costs: &[f64]) {
        let f = self.f[row];
        let mut values = [0.0; TILE];
        let values = &mut values[..costs.len()];
        let minima = &mut self.minima[start..start + costs.len()];
        for ((value, minimum), cost) in values.iter_mut().zip(minima).zip(costs) {
            *value = cost - f;
            *minimum = if *value < *minimum { *value } else { *minimum };
        }
        // A row that is left out has a potential of minus infinity and the weight zero.
        if self.row_weights[row] > 0.0 {
            let weights = &self.column_weights[start..];
            self.total += self.row_weights[row] * tile_dot::<A>(values, weights);
        }
    }
}

/// `min over rows of C_ij - f_i` (m,), and `sum a_i b_j (C_ij - f_i)`.
///
/// Rows with `f_i` of minus infinity are left out.
pub(super) fn column_minima(
    values: &dyn PairValues,
    weights: (&[f64], &[f64]),
    f: &[f64],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<(Vec<f64>, f64), Error> {
    let chunks = Chunks::new(values, COST);
    let n_columns = values.n_columns();
    let mut partial = try_vec(chunks.len() * n_columns, f64::INFINITY)?;
    let mut visitors: Vec<_> = partial
        .chunks_mut(n_columns)
        .map(|minima| ColumnMinima {
            f,
            row_weights: weights.0,
            column_weights: weights.1,
            minima,
            total: 0.0,
        })
        .collect();
    visit(values, team, chunks, check, &mut visitors)?;
    let total = visitors.iter().map(|visitor| visitor.total).sum();
    let mut out = try_vec(n_columns, f64::INFINITY)?;
    for minima in partial.chunks_exact(n_columns) {
        for (out, minimum) in out.iter_mut().zip(minima) {
            *out = out.min(*minimum);
        }
    }
    Ok((out, total))
}

/// Mean, under the product of the weights, of the cost less its row minima and column minima.
pub(super) fn mean_reduced_cost(
    values: &dyn PairValues,
    weights: (&[f64], &[f64]),
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<f64, Error> {
    let rows = row_minima(values, &vec![0.0; values.n_columns()], team, check)?;
    let (columns, total) = column_minima(values, weights, &rows, team, check)?;
    let (a, b) = (weights.0.iter().sum::<f64>(), weights.1.iter().sum::<f64>());
    let reduced: f64 = columns.iter().zip(weights.1).map(|(c, b)| c * b).sum();
    Ok((total / (a * b) - reduced / b).max(0.0))
}

/// A lower bound of unregularised transport, from any row potential.
///
/// The potentials are made feasible by two c-transforms over the support of the weights.
///
/// # Errors
/// [`Error::Shape`], [`Error::TooLarge`], and whatever `check` returns.
pub fn lower_bound(
    values: &dyn PairValues,
    weights: (&[f64], &[f64]),
    f: &[f64],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<f64, Error> {
    require_len("a", weights.0, values.n_rows())?;
    require_len("b", weights.1, values.n_columns())?;
    require_len("f", f, values.n_rows())?;
    if weights.1.is_empty() {
        let expected = "at least one entry".into();
        return Err(Error::Shape { argument: "b", expected, found: "none".into() });
    }
    let on_support = |potential: &[f64], weights: &[f64]| -> Vec<f64> {
        let pairs = potential.iter().zip(weights);
        pairs.map(|(&p, &w)| if w > 0.0 { p } else { f64::NEG_INFINITY }).collect()
    };
    let rows = on_support(f, weights.0);
    let (columns, _) = column_minima(values, weights, &rows, team, check)?;
    let rows = row_minima(values, &on_support(&columns, weights.1), team, check)?;
    let terms = |potential: &[f64], weights: &[f64]| -> Vec<f64> {
        let pairs = potential.iter().zip(weights).filter(|(_, w)| **w > 0.0);
        pairs.map(|(p, w)| p * w).collect()
    };
    let terms = [terms(&rows, weights.0), terms(&columns, weights.1)].concat();
    let sizes: Vec<f64> = terms.iter().map(|term| term.abs()).collect();
    let bound = pairwise_sum(&terms) - ROUNDING * pairwise_sum(&sizes);
    // What overflow made of it bounds nothing.
    Ok(if bound.is_nan() { f64::NEG_INFINITY } else { bound })
}
