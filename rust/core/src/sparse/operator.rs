//! Symmetric operators whose null space is the constants, however they are stored.

use super::laplacian::Laplacian;
use crate::float::Float;
use crate::parallel::Team;

/// A symmetric positive semidefinite operator that maps constants to zero, as a Laplacian does.
pub trait Operator {
    /// Number of unknowns.
    fn n_nodes(&self) -> usize;

    /// Diagonal of the matrix.
    fn diagonal(&self) -> &[f64];

    /// `y` is the product with `x`; the bits may not depend on the number of threads.
    fn multiply(&self, team: &Team, x: &[f64], y: &mut [f64]);
}

impl<T: Float> Operator for Laplacian<'_, T> {
    fn n_nodes(&self) -> usize {
        Laplacian::n_nodes(self)
    }

    fn diagonal(&self) -> &[f64] {
        self.diagonal
    }

    fn multiply(&self, team: &Team, x: &[f64], y: &mut [f64]) {
        Laplacian::multiply(self, team, x, y);
    }
}
