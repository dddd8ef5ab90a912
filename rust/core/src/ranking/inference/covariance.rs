//! Covariance matrices of chosen parameters.

use super::fitted::{Fitted, Kind};
use super::frame::{Frame, check_indices};
use super::standard_error::{BATCH, SOLVE_RTOL, dot};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;

/// Covariance matrix of `parameters` (strengths, then shared ones), row by row; symmetric exactly.
///
/// In the frame of [`standard_error`](super::standard_error()). One solve a parameter, and for the
/// sandwich one product with `V`; memory for one column of `H^+` a parameter.
///
/// # Errors
/// [`Error::Index`] naming `reference` or `items`, [`Error::TooLarge`], and whatever
/// [`Control::check`] returns.
pub fn covariance(
    fitted: &mut dyn Fitted,
    kind: Kind,
    reference: Option<usize>,
    parameters: &[u32],
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let frame = Frame::new(fitted, reference)?;
    let p = fitted.n_parameters().max(1);
    check_indices("items", parameters, fitted.n_parameters())?;
    let k = parameters.len();
    let mut out = try_matrix(k, k)?;
    match kind {
        Kind::Model => {
            let (mut u, mut x) = (try_matrix(BATCH.min(k), p)?, try_matrix(BATCH.min(k), p)?);
            for (batch, chosen) in parameters.chunks(BATCH).enumerate() {
                control.check()?;
                let (u, x) = (&mut u[..chosen.len() * p], &mut x[..chosen.len() * p]);
                for (&i, u) in chosen.iter().zip(u.chunks_mut(p)) {
                    frame.functional(fitted, i as usize, u);
                }
                fitted.solve_many(u, x, SOLVE_RTOL, team, control)?;
                for (row, x) in (batch * BATCH..).zip(x.chunks(p)) {
                    for (col, &j) in parameters.iter().enumerate() {
                        out[row * k + col] = frame.value(fitted, x, j as usize);
                    }
                }
            }
            symmetrise(&mut out, k);
        }
        Kind::Sandwich => {
            let mut columns = try_matrix(k, p)?;
            let mut products = try_matrix(BATCH.min(k), p)?;
            for (chosen, columns) in parameters.chunks(BATCH).zip(columns.chunks_mut(BATCH * p)) {
                control.check()?;
                let u = &mut products[..columns.len()];
                for (&i, u) in chosen.iter().zip(u.chunks_mut(p)) {
                    frame.functional(fitted, i as usize, u);
                }
                fitted.solve_many(u, columns, SOLVE_RTOL, team, control)?;
            }
            for row in 0..k {
                if row % BATCH == 0 {
                    control.check()?;
                    let end = k.min(row + BATCH);
                    let products = &mut products[..(end - row) * p];
                    fitted.multiply_many(
                        kind,
                        &columns[row * p..end * p],
                        products,
                        team,
                        control,
                    )?;
                }
                let u = &products[row % BATCH * p..][..p];
                let values = team.map_blocks(k - row, 16, |block| {
                    block.map(|c| dot(u, &columns[(row + c) * p..][..p])).collect::<Vec<_>>()
                });
                for (c, value) in values.into_iter().flatten().enumerate() {
                    out[row * k + row + c] = value;
                    out[(row + c) * k + row] = value;
                }
            }
        }
    }
    Ok(out)
}

/// Replace each entry by its mean with the mirrored one: they differ by the rounding of two solves.
fn symmetrise(matrix: &mut [f64], k: usize) {
    for row in 0..k {
        for col in 0..row {
            let mean = 0.5 * (matrix[row * k + col] + matrix[col * k + row]);
            matrix[row * k + col] = mean;
            matrix[col * k + row] = mean;
        }
    }
}

/// A matrix of zeros.
pub(super) fn try_matrix(rows: usize, columns: usize) -> Result<Vec<f64>, Error> {
    let bytes = rows as u128 * columns as u128 * size_of::<f64>() as u128;
    try_vec(rows.checked_mul(columns).ok_or(Error::TooLarge { bytes })?, 0.0)
}
