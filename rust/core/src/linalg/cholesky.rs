//! A dense Cholesky factor of a symmetric positive definite matrix.

use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::{MatMut, Par};

use super::{columns, columns_mut, subtract_lower_product};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::parallel::Team;

/// Columns that are eliminated one by one before dense products apply them to the rest.
const WIDTH: usize = 64;

/// Columns that one task updates: the cut depends on the order of the matrix alone.
const TASK_WIDTH: usize = 128;

/// The factor `A = L L^T`. Bits do not depend on the number of threads.
#[derive(Debug, Clone)]
pub struct DenseCholesky {
    order: usize,
    /// Square, by columns; only the lower triangle has a meaning.
    lower: Vec<f64>,
}

impl DenseCholesky {
    /// Factorise a matrix given by columns, of which only the lower triangle is read.
    ///
    /// A pivot of at most `min_pivot` times its diagonal entry counts as zero. O(n^3 / 6)
    /// multiplications, in place but for 512 n bytes.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] with the first row without a pivot, [`Error::TooLarge`] and
    /// [`Error::Interrupted`].
    pub fn factorise(
        mut matrix: Vec<f64>,
        order: usize,
        min_pivot: f64,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        debug_assert_eq!(matrix.len(), order * order);
        let floors: Vec<f64> =
            matrix.iter().step_by(order + 1).map(|diagonal| min_pivot * diagonal).collect();
        for start in (0..order).step_by(WIDTH) {
            control.check()?;
            let end = order.min(start + WIDTH);
            let (done, rest) = matrix.split_at_mut(end * order);
            let panel = &mut done[start * order..];
            eliminate(panel, order, start, &floors)
                .map_err(|row| Error::NotPositiveDefinite { argument: "matrix", row })?;
            let panel = columns(panel, order);
            let tasks = rest.chunks_mut(TASK_WIDTH * order).enumerate().collect();
            team.for_each_part(tasks, |(k, task)| {
                let first = end + k * TASK_WIDTH;
                let width = task.len() / order;
                subtract_lower_product(
                    columns_mut(task, order).subrows_mut(first, order - first),
                    panel.subrows(first, order - first),
                    panel.subrows(first, width).transpose(),
                );
            });
        }
        Ok(Self { order, lower: matrix })
    }

    /// `L^-1 b` in place. O(n^2).
    pub fn solve_lower(&self, rhs: &mut [f64]) {
        self.solve_lower_columns(columns_mut(rhs, self.order));
    }

    /// `L^-T b` in place. O(n^2).
    pub fn solve_upper(&self, rhs: &mut [f64]) {
        let lower = columns(&self.lower, self.order);
        solve_upper_triangular_in_place(lower.transpose(), columns_mut(rhs, self.order), Par::Seq);
    }

    /// `L^-1 B` in place.
    pub(crate) fn solve_lower_columns(&self, rhs: MatMut<'_, f64>) {
        if rhs.ncols() > 0 {
            solve_lower_triangular_in_place(columns(&self.lower, self.order), rhs, Par::Seq);
        }
    }

    /// The inverse of the matrix, both triangles. O(n^3) time, 8 n^2 bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had, and [`Error::Interrupted`].
    pub fn inverse(&self, team: &Team, control: &dyn Control) -> Result<Vec<f64>, Error> {
        let order = self.order;
        let lower = columns(&self.lower, order);
        let mut inverse = try_zeroed(order * order)?;
        let round = team.n_threads() * TASK_WIDTH * order;
        for (k, columns_of_round) in inverse.chunks_mut(round.max(1)).enumerate() {
            control.check()?;
            let before = k * team.n_threads() * TASK_WIDTH;
            team.for_each_chunk_mut(columns_of_round, TASK_WIDTH * order, |start, task| {
                let first = before + start / order;
                for (j, column) in task.chunks_mut(order).enumerate() {
                    column[first + j] = 1.0;
                }
                // Rows above the first unit stay zero under the forward substitution.
                let below = order - first;
                solve_lower_triangular_in_place(
                    lower.submatrix(first, first, below, below),
                    columns_mut(task, order).subrows_mut(first, below),
                    Par::Seq,
                );
                solve_upper_triangular_in_place(
                    lower.transpose(),
                    columns_mut(task, order),
                    Par::Seq,
                );
            });
        }
        symmetrise(&mut inverse, order);
        Ok(inverse)
    }
}

/// Replace both triangles by their mean.
fn symmetrise(matrix: &mut [f64], order: usize) {
    for j in 0..order {
        for i in 0..j {
            let mean = 0.5 * (matrix[j * order + i] + matrix[i * order + j]);
            matrix[j * order + i] = mean;
            matrix[i * order + j] = mean;
        }
    }
}

/// Eliminate the columns of a panel from number `start` on. The error is a row without a pivot.
fn eliminate(panel: &mut [f64], order: usize, start: usize, floors: &[f64]) -> Result<(), usize> {
    for k in 0..panel.len() / order {
        let (done, rest) = panel.split_at_mut((k + 1) * order);
        let row = start + k;
        let column = &mut done[k * order + row..];
        let pivot = column[0];
        if !(pivot > floors[row] && pivot > 0.0 && pivot.is_finite()) {
            return Err(row);
        }
        let root = pivot.sqrt();
        column[0] = root;
        column[1..].iter_mut().for_each(|x| *x /= root);
        for (j, later) in rest.chunks_exact_mut(order).enumerate() {
            let factor = column[j + 1];
            for (x, l) in later[row + j + 1..].iter_mut().zip(&column[j + 1..]) {
                *x -= factor * l;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `B B^T + I / 10` of a matrix with entries in a fixed irregular pattern.
    fn matrix(order: usize) -> Vec<f64> {
        let b = |i: usize, k: usize| ((i * 7 + k * 13 + i * k) as f64).sin();
        let mut out = vec![0.0; order * order];
        for i in 0..order {
            for j in 0..order {
                let product: f64 = (0..order).map(|k| b(i, k) * b(j, k)).sum();
                out[j * order + i] = product + if i == j { 0.1 } else { 0.0 };
            }
        }
        out
    }

    #[test]
    fn the_inverse_times_the_matrix_is_the_identity() {
        for order in [0, 1, 2, 10, 63, 64, 65, 200] {
            let a = matrix(order);
            let factor =
                DenseCholesky::factorise(a.clone(), order, 0.0, &Team::sequential(), &()).unwrap();
            let inverse = factor.inverse(&Team::sequential(), &()).unwrap();
            for i in 0..order {
                for j in 0..order {
                    let entry: f64 =
                        (0..order).map(|k| a[k * order + i] * inverse[j * order + k]).sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((entry - expected).abs() < 1e-9, "{order} {i} {j} {entry}");
                }
            }
        }
    }

    #[test]
    fn two_triangular_solves_are_a_solve() {
        let order = 150;
        let a = matrix(order);
        let exact: Vec<f64> = (0..order).map(|i| (i as f64).cos()).collect();
        let mut x: Vec<f64> =
            (0..order).map(|i| (0..order).map(|k| a[k * order + i] * exact[k]).sum()).collect();
        let factor = DenseCholesky::factorise(a, order, 0.0, &Team::sequential(), &()).unwrap();
        factor.solve_lower(&mut x);
        factor.solve_upper(&mut x);
        assert!(x.iter().zip(&exact).all(|(x, y)| (x - y).abs() < 1e-9));
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let order = 300;
        let run = |team: &Team| {
            let factor = DenseCholesky::factorise(matrix(order), order, 0.0, team, &()).unwrap();
            let inverse = factor.inverse(team, &()).unwrap();
            (factor.lower, inverse)
        };
        assert!(run(&Team::sequential()) == run(&Team::lease(3)));
    }

    #[test]
    fn a_row_without_a_pivot_is_named() {
        // The third column is the sum of the first two.
        let a = vec![2.0, 1.0, 3.0, 1.0, 2.0, 3.0, 3.0, 3.0, 6.0];
        let failure = DenseCholesky::factorise(a, 3, 1e-12, &Team::sequential(), &());
        assert_eq!(failure.unwrap_err(), Error::NotPositiveDefinite { argument: "matrix", row: 2 });
    }
}
