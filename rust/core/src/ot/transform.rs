//! Soft c-transforms: a potential from the other one, at all rows or at all columns.

use crate::error::{Error, try_vec};
use crate::pairs::{Chunks, PairValues, Visitor, add_columns, sweep, visit};
use crate::parallel::{Team, pairwise_sum};
use crate::simd::{Arithmetic, Elementary};

use super::log_pass::{LogPass, RowRule};
use super::plan::Passing;
use super::problem::{log_potential, require_len};

/// Nanoseconds of an exponential and an addition.
const COST: f64 = 3.0;

/// Passes of [`column_log_sums`].
pub(super) const PASSES: usize = 2;

/// Share of the columns up to which they are read by themselves: one of them costs several times
/// as much as in a pass over all.
const FEW: usize = 8;

/// Nanoseconds to read a value by itself, beside what the value takes.
const ALONE: f64 = 10.0;

/// The soft c-transform `-reg log sum w exp((potential - C) / reg)` of a potential with its weights.
///
/// At all rows (n,), from weights and a potential of the columns; with `columns` the other way
/// round. Weights of 0 are left out; where all are 0 the transform is infinite.
///
/// # Errors
/// [`Error::Shape`], [`Error::TooLarge`], [`Error::Interrupted`].
pub fn soft_transform(
    values: &dyn PairValues,
    (weights, potential): (&[f64], &[f64]),
    reg: f64,
    columns: bool,
    Passing { team, check }: Passing<'_>,
) -> Result<Vec<f64>, Error> {
    let expected = if columns { values.n_rows() } else { values.n_columns() };
    require_len("weights", weights, expected)?;
    require_len("potential", potential, expected)?;
    let logs = log_potential(potential, weights, reg);
    let transform = if columns { column_log_sums } else { row_log_sums };
    let sums = transform(values, &logs, reg, team, check)?;
    Ok(sums.into_iter().map(|sum| -reg * sum).collect())
}

/// `log sum_j exp(psi_j - C_ij / reg)` for each row (n,): one pass.
///
/// # Errors
/// [`Error::Shape`], [`Error::TooLarge`], and whatever `check` returns.
pub fn row_log_sums(
    values: &dyn PairValues,
    psi: &[f64],
    reg: f64,
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
    require_len("psi", psi, values.n_columns())?;
    // Without a largest term there is nothing to be relative to.
    if psi.iter().all(|psi| *psi == f64::NEG_INFINITY) {
        return try_vec(values.n_rows(), f64::NEG_INFINITY);
    }
    let weights = try_vec(values.n_rows(), 1.0)?;
    let mut pass = LogPass::<f64>::new(values, &weights)?;
    let mut alpha = try_vec(values.n_rows(), 0.0)?;
    let mut sums = try_vec(values.n_columns(), 0.0)?;
    pass.run(team, check, reg, psi, RowRule::PLAIN, &mut alpha, &mut sums)?;
    Ok(pass.row_log_sums)
}

/// `log sum_i exp(phi_i - C_ij / reg)` for each column (m,): two passes, at any scale.
///
/// # Errors
/// [`Error::Shape`], [`Error::TooLarge`], and whatever `check` returns.
pub fn column_log_sums(
    values: &dyn PairValues,
    phi: &[f64],
    reg: f64,
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
    require_len("phi", phi, values.n_rows())?;
    if values.n_columns() == 0 {
        return Ok(Vec::new());
    }
    let chunks = Chunks::new(values, COST);
    let (n_columns, inverse) = (values.n_columns(), 1.0 / reg);
    let mut partial = try_vec(chunks.len() * n_columns, f64::NEG_INFINITY)?;
    let mut visitors: Vec<_> = partial
        .chunks_mut(n_columns)
        .map(|largest| ColumnMaxima { phi, inverse, largest })
        .collect();
    visit(values, team, chunks, check, &mut visitors)?;
    let mut largest = try_vec(n_columns, f64::NEG_INFINITY)?;
    for partial in partial.chunks_exact(n_columns) {
        for (largest, &x) in largest.iter_mut().zip(partial) {
            *largest = if x > *largest { x } else { *largest };
        }
    }
    // A column out of reach of all rows has no scale; any will do, and its sum is 0.
    let shift: Vec<f64> = largest.iter().map(|&x| if x.is_finite() { x } else { 0.0 }).collect();
    partial.fill(0.0);
    let mut visitors: Vec<_> = partial
        .chunks_mut(n_columns)
        .map(|sums| ColumnSums { phi, inverse, shift: &shift, sums })
        .collect();
    visit(values, team, chunks, check, &mut visitors)?;
    let mut sums = try_vec(n_columns, 0.0)?;
    add_columns(team, &partial, &mut sums);
    Ok(sums.iter().zip(&shift).map(|(sum, shift)| sum.ln() + shift).collect())
}

/// [`column_log_sums`] of some columns, and the passes that they took: none where they are few and
/// read by themselves, in O(n) each.
pub(super) fn rescued_log_sums(
    values: &dyn PairValues,
    phi: &[f64],
    reg: f64,
    columns: &[usize],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<(Vec<f64>, usize), Error> {
    if columns.len() * FEW > values.n_columns() {
        let all = column_log_sums(values, phi, reg, team, check)?;
        return Ok((columns.iter().map(|&j| all[j]).collect(), PASSES));
    }
    let chunks = Chunks::of_shape(values.n_rows(), 1, ALONE + values.cost());
    let mut terms = try_vec(values.n_rows(), 0.0)?;
    let column = |&j: &usize| {
        let mut parts: Vec<_> = terms.chunks_mut(chunks.rows()).enumerate().collect();
        sweep(team, chunks, &mut parts, check, |(k, part), rows| {
            for row in rows {
                let mut cost = [0.0];
                values.fill(row, j, &mut cost);
                part[row - *k * chunks.rows()] = phi[row] - cost[0] / reg;
            }
        })?;
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !largest.is_finite() {
            return Ok(largest);
        }
        for term in &mut terms {
            *term = (*term - largest).exp();
        }
        Ok(largest + pairwise_sum(&terms).ln())
    };
    let sums = columns.iter().map(column).collect::<Result<_, Error>>()?;
    Ok((sums, 0))
}

struct ColumnMaxima<'k> {
    phi: &'k [f64],
    inverse: f64,
    largest: &'k mut [f64],
}

impl Visitor for ColumnMaxima<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, row: usize, start: usize, costs: &[f64]) {
        let phi = self.phi[row];
        for (largest, cost) in self.largest[start..].iter_mut().zip(costs) {
            let exponent = A::mul_add(-*cost, self.inverse, phi);
            *largest = if exponent > *largest { exponent } else { *largest };
        }
    }
}

struct ColumnSums<'k> {
    phi: &'k [f64],
    inverse: f64,
    shift: &'k [f64],
    sums: &'k mut [f64],
}

impl Visitor for ColumnSums<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, row: usize, start: usize, costs: &[f64]) {
        let phi = self.phi[row];
        let columns = self.sums[start..].iter_mut().zip(&self.shift[start..]);
        for ((sum, shift), cost) in columns.zip(costs) {
            *sum += (A::mul_add(-*cost, self.inverse, phi) - shift).exp_normal_lane::<A>();
        }
    }
}
