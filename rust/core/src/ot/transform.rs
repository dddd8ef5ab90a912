//! Soft c-transforms: a potential from the other one, at all rows or at all columns.

use crate::error::{Error, try_vec};
use crate::pairs::{Chunks, PairValues, Visitor, add_columns, visit};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Elementary};

use super::log_pass::{LogPass, RowRule};

/// Nanoseconds of an exponential and an addition.
const COST: f64 = 3.0;

/// `log sum_j exp(psi_j - C_ij / reg)` for each row (n,): one pass.
///
/// # Errors
/// [`Error::TooLarge`], and whatever `check` returns.
pub fn row_log_sums(
    values: &dyn PairValues,
    psi: &[f64],
    reg: f64,
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
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
/// [`Error::TooLarge`], and whatever `check` returns.
pub fn column_log_sums(
    values: &dyn PairValues,
    phi: &[f64],
    reg: f64,
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
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
