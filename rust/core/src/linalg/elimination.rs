//! Elimination of conductances in a dense front, and the inverse back out of it.
//!
//! A front holds the conductances between some unknowns, its columns, and these and further
//! unknowns, its rows. Eliminating a column replaces the star of its conductances by a mesh between
//! its neighbours (`c_ij += c_ik c_jk / d_k`); the pivot `d_k` is the sum of the conductances left at
//! the column, the one to the ground included. That is Cholesky's method for the Laplacian, in the
//! form `(I - L) diag(d) (I - L)^T`, but every operation adds, multiplies or divides positive
//! numbers: each entry of the factor has a small relative error however far apart the conductances
//! are, and only a front without any way to the ground breaks it. (Diagonally dominant M-matrices:
//! Alfa, Xue and Ye, "Accurate computation of the smallest eigenvalue of a diagonally dominant
//! M-matrix", 2002.)

use super::{add_product, columns, columns_mut};

/// Smaller conductances count as absent: products with them leave the range of `f64`.
pub(crate) const FLOOR: f64 = 1e-290;

/// Columns that are eliminated one by one before a dense product applies them to the rest.
const WIDTH: usize = 32;

/// Columns of the inverse that are computed at once by dense products.
const INVERSE_WIDTH: usize = 96;

/// A panel while its columns are eliminated.
pub(crate) struct Panel<'a> {
    /// The factor where it is finished, conductances elsewhere, by columns.
    pub(crate) lower: &'a mut [f64],
    /// The columns before they were divided by their pivots.
    pub(crate) undivided: &'a mut [f64],
    /// Conductances from the rows to the ground.
    pub(crate) grounded: &'a mut [f64],
    pub(crate) pivot: &'a mut [f64],
}

impl Panel<'_> {
    /// Eliminate every column. The error is the first one without a pivot.
    pub(crate) fn eliminate(mut self) -> Result<(), usize> {
        self.eliminate_range(0, self.pivot.len())
    }

    /// Eliminate the columns `start..end`, to which those before have been applied.
    ///
    /// Halving the range (to a depth of the logarithm of its length) leaves most of the work to
    /// products of large blocks.
    fn eliminate_range(&mut self, start: usize, end: usize) -> Result<(), usize> {
        if end - start <= WIDTH {
            return (start..end).try_for_each(|k| self.eliminate_column(k, end));
        }
        let front = self.grounded.len();
        let middle = start + ((end - start) / 2).next_multiple_of(WIDTH);
        self.eliminate_range(start, middle)?;
        let (done, rest) = self.lower.split_at_mut(middle * front);
        let block = start * front..middle * front;
        add_product(
            columns_mut(&mut rest[..(end - middle) * front], front)
                .subrows_mut(middle, front - middle),
            columns(&done[block.clone()], front).subrows(middle, front - middle),
            columns(&self.undivided[block], front).subrows(middle, end - middle).transpose(),
        );
        self.eliminate_range(middle, end)
    }

    /// Replace the star of column `k` by a mesh, as far as it lies in the columns before `end`.
    fn eliminate_column(&mut self, k: usize, end: usize) -> Result<(), usize> {
        let front = self.grounded.len();
        let (done, rest) = self.lower.split_at_mut((k + 1) * front);
        let lower = &mut done[k * front + k + 1..];
        let star = &mut self.undivided[k * front + k + 1..(k + 1) * front];
        let share = self.grounded[k];
        let d = lower.iter().sum::<f64>() + share;
        if !(d >= FLOOR && d.is_finite()) {
            return Err(k);
        }
        self.pivot[k] = d;
        for ((l, c), g) in lower.iter_mut().zip(&mut *star).zip(&mut self.grounded[k + 1..]) {
            *c = *l;
            *l /= d;
            *g += *l * share;
        }
        for (j, column) in (k + 1..end).zip(rest.chunks_exact_mut(front)) {
            let c = star[j - k - 1];
            for (x, l) in column[j + 1..].iter_mut().zip(&lower[j - k..]) {
                *x += l * c;
            }
        }
        Ok(())
    }
}

/// Memory for [`extend_inverse`].
#[derive(Default)]
pub(crate) struct InverseScratch {
    inverse: Vec<f64>,
    scaled: Vec<f64>,
    applied: Vec<f64>,
    corner: Vec<f64>,
}

/// Extend the inverse in a front from the rows below its columns to the columns.
///
/// `z` is square, by columns, and complete for the rows below; `panel` and `pivot` are the factor.
pub(crate) fn extend_inverse(
    z: &mut [f64],
    panel: &[f64],
    pivot: &[f64],
    scratch: &mut InverseScratch,
) {
    let width = pivot.len();
    let front = panel.len().checked_div(width).unwrap_or(0);
    for start in (0..width).step_by(INVERSE_WIDTH).rev() {
        let end = width.min(start + INVERSE_WIDTH);
        let block = &panel[start * front..end * front];
        extend_to_block(z, block, front, start, &pivot[start..end], scratch);
    }
}

/// Extend the inverse from the rows after one block of columns to the block itself.
///
/// `panel` holds the factor from the block's first column, number `start` of the front. With B the
/// block, A what follows, `M = (I - L_BB)^-1` and `T = L_AB M`:
/// `Z_AB = Z_AA T` and `Z_BB = M^T diag(1 / pivot) M + T^T Z_AB`.
fn extend_to_block(
    z: &mut [f64],
    panel: &[f64],
    front: usize,
    start: usize,
    pivot: &[f64],
    scratch: &mut InverseScratch,
) {
    let width = pivot.len();
    let end = start + width;
    let after = front - end;
    let InverseScratch { inverse, scaled, applied, corner } = scratch;
    for (buffer, len) in
        [(&mut *inverse, width * width), (applied, after * width), (corner, width * width)]
    {
        buffer.clear();
        buffer.resize(len, 0.0);
    }
    for k in 0..width {
        let column = &mut inverse[k * width..(k + 1) * width];
        column[k] = 1.0;
        for j in k..width {
            let known = column[j];
            let lower = &panel[j * front + start + j + 1..j * front + end];
            for (m, l) in column[j + 1..].iter_mut().zip(lower) {
                *m += l * known;
            }
        }
    }
    add_product(
        columns_mut(applied, after),
        columns(&panel[..width * front], front).subrows(end, after),
        columns(inverse, width),
    );
    let (before, following) = z.split_at_mut(end * front);
    let block = &mut before[start * front..];
    add_product(
        columns_mut(block, front).subrows_mut(end, after),
        columns(following, front).subrows(end, after),
        columns(applied, after),
    );
    for (k, column) in block.chunks_exact(front).enumerate() {
        for (value, row) in column[end..].iter().zip(following.chunks_exact_mut(front)) {
            row[start + k] = *value;
        }
    }
    scaled.clear();
    scaled.extend(inverse.iter().zip(pivot.iter().cycle()).map(|(m, pivot)| m / pivot));
    add_product(
        columns_mut(corner, width),
        columns(scaled, width).transpose(),
        columns(inverse, width),
    );
    add_product(
        columns_mut(corner, width),
        columns(applied, after).transpose(),
        columns(block, front).subrows(end, after),
    );
    for (column, corner) in block.chunks_exact_mut(front).zip(corner.chunks_exact(width)) {
        column[start..end].copy_from_slice(corner);
    }
}
