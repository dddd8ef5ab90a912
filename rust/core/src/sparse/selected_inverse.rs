//! The diagonal of an inverse, from the entries of the inverse where the factor has entries.

use super::multifrontal::Multifrontal;
use super::supernodes::Supernodes;
use crate::error::{Error, try_vec};
use crate::linalg::{InverseScratch, extend_inverse};

impl Multifrontal {
    /// The diagonal of the inverse of the matrix that was factorised, in the order of elimination.
    ///
    /// Takahashi, Fagan and Chin, "Formation of a sparse bus impedance matrix and its application
    /// to short circuit study" (1973): for the inverse Z, from the last column to the first,
    /// `Z_ij = sum over k of Z_ik lower_kj` for the rows i of column j, and
    /// `Z_jj = 1 / pivot_j + sum over k of lower_kj Z_kj`; every Z on the right belongs to the front
    /// of the parent. The sums are of positive numbers and lose nothing. Time of the order of a
    /// factorisation; memory for the fronts between a leaf and the root.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking.
    pub(crate) fn inverse_diagonal(&self) -> Result<Vec<f64>, Error> {
        let supernodes = &self.supernodes;
        let mut diagonal = try_vec(self.pivot.len(), 0.0)?;
        let mut fronts: Vec<Vec<f64>> = try_vec(supernodes.count(), Vec::new())?;
        let mut scratch = InverseScratch::default();
        for s in (0..supernodes.count()).rev() {
            let range = supernodes.columns(s);
            let width = range.len();
            let front = width + supernodes.below(s).len();
            let mut z = try_vec(front * front, 0.0)?;
            if let Some(parent) = supernodes.parent(s) {
                gather(supernodes, s, parent, &fronts[parent], &mut z);
                // The children come in descending order, so the first of the list is the last.
                if supernodes.children(parent).next() == Some(s) {
                    fronts[parent] = Vec::new();
                }
            }
            let panel = &self.panels[supernodes.panel(s)];
            extend_inverse(&mut z, panel, &self.pivot[range.clone()], &mut scratch);
            for (k, column) in range.enumerate() {
                diagonal[column] = z[k * front + k];
            }
            if supernodes.children(s).next().is_some() {
                fronts[s] = z;
            }
        }
        Ok(diagonal)
    }
}

/// Copy the inverse between the rows below supernode `s` out of the front of its parent.
fn gather(supernodes: &Supernodes, s: usize, parent: usize, from: &[f64], z: &mut [f64]) {
    let own = supernodes.columns(parent);
    let rows = supernodes.below(parent);
    let width = supernodes.columns(s).len();
    let front = width + supernodes.below(s).len();
    let parent_front = own.len() + rows.len();
    let places: Vec<usize> = supernodes
        .below(s)
        .iter()
        .map(|&row| {
            let inside = row as usize - own.start;
            let outside = || own.len() + rows.partition_point(|&other| other < row);
            if inside < own.len() { inside } else { outside() }
        })
        .collect();
    for (to, &column) in z.chunks_exact_mut(front).skip(width).zip(&places) {
        let from = &from[column * parent_front..(column + 1) * parent_front];
        for (to, &row) in to[width..].iter_mut().zip(&places) {
            *to = from[row];
        }
    }
}
