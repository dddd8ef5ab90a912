//! Triangular factors of small matrices on the stack.

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

#[cfg(test)]
mod tests {
    use super::*;

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
