//! The entries of an inverse where the Cholesky factor has entries.

use crate::error::{Error, try_vec};

/// The diagonal of the inverse of `(I - lower) diag(pivot) (I - lower)^T`, `lower` not negative.
///
/// Takahashi, Fagan and Chin, "Formation of a sparse bus impedance matrix and its application to
/// short circuit study" (1973): for the inverse Z, going through the columns from the last,
/// `Z_ij = sum over k of Z_ik lower_kj` for the rows i of column j, and
/// `Z_jj = 1 / pivot_j + sum over k of lower_kj Z_kj`; all the Z on the right are on the pattern.
/// The sums are of positive numbers and lose nothing. Rows ascend in each column.
pub(crate) fn selected_inverse_diagonal(
    offsets: &[usize],
    rows: &[u32],
    lower: &[f64],
    pivot: &[f64],
) -> Result<Vec<f64>, Error> {
    let n = pivot.len();
    let mut inverse = try_vec(rows.len(), 0.0)?;
    let mut diagonal = try_vec(n, 0.0)?;
    // Dense copies of column j of the factor and of the inverse. Sums in rows outside the pattern
    // are wasted but harmless: each is cleared before its row is used.
    let mut factor_column = try_vec(n, 0.0)?;
    let mut inverse_column = try_vec(n, 0.0)?;
    for j in (0..n).rev() {
        let own = offsets[j]..offsets[j + 1];
        for (&i, &l) in rows[own.clone()].iter().zip(&lower[own.clone()]) {
            factor_column[i as usize] = l;
            inverse_column[i as usize] = 0.0;
        }
        for &k in &rows[own.clone()] {
            let k = k as usize;
            let l = factor_column[k];
            let mut sum = diagonal[k] * l;
            let column = offsets[k]..offsets[k + 1];
            for (&i, &z) in rows[column.clone()].iter().zip(&inverse[column]) {
                sum += z * factor_column[i as usize];
                inverse_column[i as usize] += z * l;
            }
            inverse_column[k] += sum;
        }
        let mut total = 1.0 / pivot[j];
        for (z, &i) in inverse[own.clone()].iter_mut().zip(&rows[own.clone()]) {
            *z = inverse_column[i as usize];
            total += factor_column[i as usize] * *z;
        }
        diagonal[j] = total;
        for &i in &rows[own] {
            factor_column[i as usize] = 0.0;
        }
    }
    Ok(diagonal)
}
