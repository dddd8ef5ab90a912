//! Triangular factors.

use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};

use super::draws::Watch;
use super::reduced::reduce;
use super::span::dot;
use crate::error::Error;
use crate::linalg::columns;
use crate::parallel::Team;

/// An upper triangular factor `R` (m, m), by columns, of a matrix that is `Q R`; its diagonal is not
/// negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Triangle {
    /// Its order m.
    pub order: usize,
    /// The entries by columns; those below the diagonal are zero.
    pub entries: Vec<f64>,
}

pub(super) fn no_memory(bytes: usize) -> Error {
    Error::TooLarge { bytes: bytes as u128 }
}

/// The factor of all rows of a matrix, which `fill(row, out)` writes one at a time. O(n m^2) time.
pub(super) fn triangle(
    n: usize,
    order: usize,
    fill: impl Fn(usize, &mut [f64]) + Sync,
    team: &Team,
    watch: &Watch<'_>,
) -> Result<Triangle, Error> {
    let features = |row: usize, _: usize, out: &mut [f64]| fill(row, out);
    Ok(reduce(n, order, 0, features, team, watch)?.triangle)
}

impl Triangle {
    /// Singular values, descending.
    pub(super) fn singular_values(&self) -> Result<Vec<f64>, Error> {
        let order = self.order;
        let none = ComputeSvdVectors::No;
        let request =
            svd_scratch::<f64>(order, order, none, none, Par::Seq, faer::prelude::default());
        let mut memory =
            MemBuffer::try_new(request).map_err(|_| no_memory(request.size_bytes()))?;
        let mut values = faer::Col::<f64>::zeros(order);
        svd(
            columns(&self.entries, order),
            values.as_mut().as_diagonal_mut(),
            None,
            None,
            Par::Seq,
            MemStack::new(&mut memory),
            faer::prelude::default(),
        )
        .map_err(|_| Error::Value {
            argument: "X",
            rule: "such that singular values converge",
            value: "values that do not".into(),
            index: None,
        })?;
        Ok(values.iter().copied().collect())
    }

    /// `x^T R = row` for one row, in place: the row of `Q`.
    pub(super) fn divide_row(&self, row: &mut [f64]) {
        for column in 0..self.order {
            let entries = &self.entries[column * self.order..];
            let known = dot(&row[..column], &entries[..column]);
            row[column] = (row[column] - known) / entries[column];
        }
    }

    /// `R x = b` in place.
    pub(super) fn solve(&self, x: &mut [f64]) {
        for column in (0..self.order).rev() {
            let entries = &self.entries[column * self.order..];
            x[column] /= entries[column];
            let value = x[column];
            x[..column].iter_mut().zip(entries).for_each(|(x, r)| *x -= r * value);
        }
    }
}

/// Numbers of singular values that `n` rows in double precision tell from zero.
pub(super) fn rank(singular: &[f64], n: usize) -> usize {
    let largest = singular.first().copied().unwrap_or(0.0);
    let floor = largest * f64::EPSILON * n.max(singular.len()) as f64;
    singular.iter().filter(|&&value| value > floor).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_singular_values() {
        let factor = Triangle { order: 2, entries: vec![3.0, 0.0, 4.0, 5.0] };
        let mut x = [11.0, 10.0];
        factor.solve(&mut x);
        assert_eq!(x, [1.0, 2.0]);
        let mut row = [3.0, 14.0];
        factor.divide_row(&mut row);
        assert_eq!(row, [1.0, 2.0]);
        let values = factor.singular_values().unwrap();
        assert!((values[0] - 45f64.sqrt()).abs() < 1e-13);
        assert!((values[1] - 5f64.sqrt()).abs() < 1e-13);
        assert_eq!(rank(&[1.0, 1e-3, 1e-17], 10), 2);
    }
}
