//! Triangular factors of tall matrices, block by block.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, MatMut, Par};

use super::draws::Watch;
use crate::error::{Error, try_zeroed};
use crate::linalg::columns;
use crate::parallel::Team;

/// An upper triangular factor `R` (m, m), by columns, of a matrix that is `Q R`.
#[derive(Debug, Clone, PartialEq)]
pub struct Triangle {
    /// Its order m.
    pub order: usize,
    /// The entries by columns; those below the diagonal are zero.
    pub entries: Vec<f64>,
}

fn no_memory(bytes: usize) -> Error {
    Error::TooLarge { bytes: bytes as u128 }
}

/// The factor of a matrix of at least as many rows as columns, given by columns, which is lost.
fn factorise(matrix: &mut [f64], n_rows: usize, order: usize) -> Result<Triangle, Error> {
    let block = recommended_block_size::<f64>(n_rows, order).max(1);
    let request =
        qr_in_place_scratch::<f64>(n_rows, order, block, Par::Seq, faer::prelude::default());
    let mut memory = MemBuffer::try_new(request).map_err(|_| no_memory(request.size_bytes()))?;
    let mut reflectors = Mat::<f64>::zeros(block, order);
    qr_in_place(
        MatMut::from_column_major_slice_mut(matrix, n_rows, order),
        reflectors.as_mut(),
        Par::Seq,
        MemStack::new(&mut memory),
        faer::prelude::default(),
    );
    let mut entries = try_zeroed(order * order)?;
    for column in 0..order {
        // The sign that makes the diagonal positive, so that factors are unique.
        for row in 0..=column {
            let sign = if matrix[row * n_rows + row] < 0.0 { -1.0 } else { 1.0 };
            entries[column * order + row] = sign * matrix[column * n_rows + row];
        }
    }
    Ok(Triangle { order, entries })
}

/// The factor of all rows of a matrix, which `fill(row, out)` writes one at a time.
///
/// Blocks of at least four times as many rows as columns, then factors of pairs of factors: the
/// data stream once, and the cut depends on the shape alone. O(n m^2) time.
pub(super) fn triangle(
    n: usize,
    order: usize,
    fill: impl Fn(usize, &mut [f64]) + Sync,
    team: &Team,
    watch: &Watch<'_>,
) -> Result<Triangle, Error> {
    let height = (4 * order).max(512);
    let mut factors = team
        .map_blocks(n, height, |rows| {
            watch.check()?;
            let n_rows = rows.len().max(order);
            let size = n_rows.checked_mul(order).ok_or(Error::TooLarge { bytes: u128::MAX })?;
            let mut matrix = try_zeroed(size)?;
            let mut buffer = vec![0.0; order];
            for (k, row) in rows.enumerate() {
                fill(row, &mut buffer);
                for (column, value) in buffer.iter().enumerate() {
                    matrix[column * n_rows + k] = *value;
                }
            }
            factorise(&mut matrix, n_rows, order)
        })
        .into_iter()
        .collect::<Result<Vec<_>, Error>>()?;
    while factors.len() > 1 {
        factors = team
            .map_blocks(factors.len(), 2, |pair| {
                watch.check()?;
                match &factors[pair] {
                    [first, second] => stack(first, second),
                    others => Ok(others[0].clone()),
                }
            })
            .into_iter()
            .collect::<Result<Vec<_>, Error>>()?;
    }
    let factor = factors.pop().map_or_else(|| zero(order), Ok)?;
    if factor.entries.iter().all(|x| x.is_finite()) {
        return Ok(factor);
    }
    Err(Error::Value {
        argument: "X",
        rule: "such that squares of weighted values do not overflow",
        value: "a factor that is not finite".into(),
        index: None,
    })
}

fn zero(order: usize) -> Result<Triangle, Error> {
    Ok(Triangle { order, entries: try_zeroed(order * order)? })
}

/// The factor of two matrices on top of each other, from their factors.
///
/// # Errors
/// [`Error::Shape`] when they have different orders, [`Error::TooLarge`].
pub fn stack(first: &Triangle, second: &Triangle) -> Result<Triangle, Error> {
    let order = first.order;
    if second.order != order {
        return Err(Error::Shape {
            argument: "other",
            expected: format!("a factor of order {order}"),
            found: format!("order {}", second.order),
        });
    }
    let mut both = try_zeroed(2 * order * order)?;
    for (column, out) in both.chunks_mut((2 * order).max(1)).enumerate() {
        let entries = column * order..(column + 1) * order;
        out[..order].copy_from_slice(&first.entries[entries.clone()]);
        out[order..].copy_from_slice(&second.entries[entries]);
    }
    factorise(&mut both, 2 * order, order)
}

impl Triangle {
    /// The leading triangle of an order.
    pub(super) fn leading(&self, order: usize) -> Result<Self, Error> {
        let mut entries = try_zeroed(order * order)?;
        for (column, out) in entries.chunks_mut(order.max(1)).enumerate() {
            out.copy_from_slice(&self.entries[column * self.order..column * self.order + order]);
        }
        Ok(Self { order, entries })
    }

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
            let known: f64 = row[..column].iter().zip(entries).map(|(x, r)| x * r).sum();
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

    fn entry(i: usize, j: usize) -> f64 {
        ((i * 7 + j * 13 + i * j) as f64).sin() + if i % 11 == j { 2.0 } else { 0.0 }
    }

    #[test]
    fn factors_keep_the_gram_matrix_and_do_not_depend_on_threads() {
        for (n, m) in [(5, 5), (40, 7), (3000, 9), (1300, 300)] {
            let fill = |i: usize, out: &mut [f64]| {
                out.iter_mut().enumerate().for_each(|(j, x)| *x = entry(i, j));
            };
            let with = |team: &Team| {
                let mut control = ();
                triangle(n, m, fill, team, &Watch::new(&mut control)).unwrap()
            };
            let factor = with(&Team::sequential());
            assert!(factor == with(&Team::lease(3)));
            for a in (0..m).step_by(3) {
                for b in (0..m).step_by(5) {
                    let gram: f64 = (0..n).map(|i| entry(i, a) * entry(i, b)).sum();
                    let column = |j: usize| &factor.entries[j * m..(j + 1) * m];
                    let found: f64 = column(a).iter().zip(column(b)).map(|(x, y)| x * y).sum();
                    assert!((gram - found).abs() < 1e-9 * n as f64, "{n} {m} {a} {b}");
                }
            }
        }
    }

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
