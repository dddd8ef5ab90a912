//! Triangular factors of small matrices on the stack.

use pulp::{Arch, Simd, WithSimd};

/// A small square matrix by rows.
pub(super) type Square<const D: usize> = [[f64; D]; D];

/// The upper triangular `R` with `R^T R = F^T F`, for the rows of `F` (at least `D`), in place.
///
/// Householder reflections: the error of each column is relative to the norm of that column, however
/// much smaller than the others it is. `2 m D^2` flops for `m` rows.
pub(super) fn triangularise<const D: usize>(rows: &mut [[f64; D]]) -> Square<D> {
    debug_assert!(rows.len() >= D);
    for k in 0..D {
        let norm = rows[k..].iter().map(|row| row[k] * row[k]).sum::<f64>().sqrt();
        if norm == 0.0 {
            continue;
        }
        let diagonal = rows[k][k];
        let image = if diagonal > 0.0 { -norm } else { norm };
        rows[k][k] -= image;
        let scale = 1.0 / (norm * (norm + diagonal.abs()));
        for j in k + 1..D {
            let product: f64 = rows[k..].iter().map(|row| row[k] * row[j]).sum();
            for row in &mut rows[k..] {
                row[j] -= scale * product * row[k];
            }
        }
        rows[k][k] = image;
        for row in &mut rows[k + 1..] {
            row[k] = 0.0;
        }
    }
    let mut out = [[0.0; D]; D];
    out.copy_from_slice(&rows[..D]);
    out
}

/// Lanes of a row: the largest matrices have five columns.
const LANES: usize = 8;

/// The upper triangular `R` with `R^T R = (S A^T)^T (S A^T) + U^T U`, for an upper triangular `U`.
///
/// [`triangularise`] of both on top of each other, but that each reflection moves only one row of
/// `S A^T` and those of `U` that are not zero there: `2 D^2 (D + 1)` flops.
pub(super) fn moved_factor<const D: usize>(
    factor: &Square<D>,
    matrix: &Square<D>,
    upper: &Square<D>,
) -> Square<D> {
    Arch::new().dispatch(Moved { factor, matrix, upper })
}

struct Moved<'a, const D: usize> {
    factor: &'a Square<D>,
    matrix: &'a Square<D>,
    upper: &'a Square<D>,
}

impl<const D: usize> WithSimd for Moved<'_, D> {
    type Output = Square<D>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Square<D> {
        let Self { factor, matrix, upper } = self;
        let parts = D.div_ceil(S::F64_LANES);
        let mut transposed = [[0.0; LANES]; D];
        // The rows of `S A^T`, then those of `U`.
        let mut rows = [[[0.0; LANES]; D]; 2];
        for i in 0..D {
            for j in 0..D {
                transposed[i][j] = matrix[j][i];
            }
            rows[1][i][..D].copy_from_slice(&upper[i]);
        }
        let [full, upper] = &mut rows;
        for (out, row) in full.iter_mut().zip(factor) {
            for (part, out) in S::as_mut_simd_f64s(out).0[..parts].iter_mut().enumerate() {
                for (x, column) in row.iter().zip(&transposed) {
                    let column = S::as_simd_f64s(column).0[part];
                    *out = simd.mul_add_e_f64s(simd.splat_f64s(*x), column, *out);
                }
            }
        }
        for k in 0..D {
            let mut products = [0.0; LANES];
            for (part, product) in
                S::as_mut_simd_f64s(&mut products).0[..parts].iter_mut().enumerate()
            {
                for row in full[k..].iter().chain(&upper[..=k]) {
                    let entry = simd.splat_f64s(row[k]);
                    *product = simd.mul_add_e_f64s(entry, S::as_simd_f64s(row).0[part], *product);
                }
            }
            let norm = products[k].sqrt();
            if norm == 0.0 {
                continue;
            }
            let diagonal = full[k][k];
            let image = if diagonal > 0.0 { -norm } else { norm };
            let scale = 1.0 / (norm * (norm + diagonal.abs()));
            let mut shares = [0.0; LANES];
            for j in k + 1..D {
                shares[j] = scale * (products[j] - image * full[k][j]);
            }
            full[k][k] -= image;
            for row in full[k..].iter_mut().chain(&mut upper[..=k]) {
                let entry = simd.splat_f64s(-row[k]);
                let vectors = S::as_mut_simd_f64s(row).0[..parts].iter_mut();
                for (x, share) in vectors.zip(S::as_simd_f64s(&shares).0) {
                    *x = simd.mul_add_e_f64s(entry, *share, *x);
                }
                row[k] = 0.0;
            }
            full[k][k] = image;
        }
        std::array::from_fn(|i| std::array::from_fn(|j| full[i][j]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_move_column_by_column_to_rounding() {
        let sizes = [1e-40, 1.0, 1e-20, 1e10, 1e3];
        let entry = |i: usize, j: usize| ((3 * i + 5 * j * j + 1) as f64).sin() * sizes[j];
        let square = |first: usize| -> Square<5> {
            std::array::from_fn(|i| std::array::from_fn(|j| entry(first + i, j)))
        };
        let mut upper = square(7);
        (0..5).for_each(|i| upper[i][..i].fill(0.0));
        // A matrix that mixes no columns, so that each keeps its size.
        let matrix: Square<5> = std::array::from_fn(|i| {
            std::array::from_fn(|j| if i == j { 1.5 + i as f64 } else { 0.0 })
        });
        let factor = moved_factor(&square(0), &matrix, &upper);
        let moved = square(0).map(|row| std::array::from_fn(|j| matrix[j][j] * row[j]));
        let mut rows: Vec<[f64; 5]> = moved.into_iter().chain(upper).collect();
        let expected = triangularise(&mut rows);
        for i in 0..5 {
            for j in 0..5 {
                let size = expected.iter().map(|row| row[j] * row[j]).sum::<f64>().sqrt();
                // The sign of a row is free.
                let error = (factor[i][j].abs() - expected[i][j].abs()).abs();
                assert!(error <= 32.0 * f64::EPSILON * size, "{i} {j} {error:e}");
                assert!(j >= i || factor[i][j] == 0.0);
            }
        }
        let mix = [[1.0, 2.0], [0.0, 1.0]];
        let found = moved_factor(&[[0.0, 0.0], [0.0, 3.0]], &mix, &[[0.0; 2]; 2]);
        assert!((found[0][0].abs() - 6.0).abs() < 1e-14 && (found[0][1].abs() - 3.0).abs() < 1e-14);
        assert!(found[1][0] == 0.0 && found[1][1].abs() < 1e-14);
    }

    #[test]
    fn factor_keeps_the_gram_matrix_of_graded_columns() {
        let mut rows: Vec<[f64; 3]> = (0..7)
            .map(|i| {
                let x = f64::from(i) * 0.37;
                [1e-40 * (1.0 + x).sin(), 1e-20 * (2.0 * x).cos(), 1.0 - x]
            })
            .collect();
        let before = rows.clone();
        let factor = triangularise(&mut rows);
        let gram = |rows: &[[f64; 3]], i: usize, j: usize| -> f64 {
            rows.iter().map(|row| row[i] * row[j]).sum()
        };
        for i in 0..3 {
            for j in 0..3 {
                let size = (gram(&before, i, i) * gram(&before, j, j)).sqrt();
                let error = (gram(&factor, i, j) - gram(&before, i, j)).abs();
                assert!(error <= 8.0 * f64::EPSILON * size, "{i} {j}");
                assert!(j >= i || factor[i][j] == 0.0);
            }
        }
    }

    #[test]
    fn zero_columns_stay_zero() {
        let mut rows = [[0.0, 1.0], [0.0, 2.0], [0.0, 2.0]];
        let factor = triangularise(&mut rows);
        assert_eq!(factor[0][0], 0.0);
        assert!((factor[0][1].hypot(factor[1][1]) - 3.0).abs() <= 1e-15);
    }
}
