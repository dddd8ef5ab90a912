//! Covariance matrices of chosen parameters.

use super::fitted::{Fitted, Kind};
use super::frame::{Frame, check_indices};
use super::standard_error::dot;
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
    let p = fitted.n_parameters();
    check_indices("items", parameters, p)?;
    let k = parameters.len();
    let mut out = try_matrix(k, k)?;
    match kind {
        Kind::Model => {
            let (mut u, mut x) = (try_vec(p, 0.0)?, try_vec(p, 0.0)?);
            for (row, &i) in parameters.iter().enumerate() {
                control.check()?;
                if !frame.functional(fitted, i as usize, &mut u) {
                    continue;
                }
                fitted.solve(&u, &mut x, team, control)?;
                for (col, &j) in parameters.iter().enumerate() {
                    out[row * k + col] = frame.value(fitted, &x, j as usize);
                }
            }
            symmetrise(&mut out, k);
        }
        Kind::Sandwich => {
            let mut columns = try_matrix(k, p)?;
            let mut u = try_vec(p, 0.0)?;
            for (&i, x) in parameters.iter().zip(columns.chunks_mut(p.max(1))) {
                control.check()?;
                if frame.functional(fitted, i as usize, &mut u) {
                    fitted.solve(&u, x, team, control)?;
                }
            }
            for row in 0..k {
                control.check()?;
                fitted.multiply(kind, &columns[row * p..(row + 1) * p], &mut u, team);
                let values = team.map_blocks(k - row, 16, |block| {
                    block.map(|c| dot(&u, &columns[(row + c) * p..][..p])).collect::<Vec<_>>()
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
