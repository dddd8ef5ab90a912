//! Points of a continuum: exact means of Gram matrices, and pairs in cells.

use hasten_core::parallel::Team;
use hasten_core::quadrature::determinantal::{
    Base, Family, IndexSet, PolynomialBasis, Scheme, multi_indices, sample,
};

use crate::chi_square_limit;

fn basis(family: Family, set: IndexSet, degrees: &[u32]) -> PolynomialBasis {
    let indices = multi_indices(set, degrees).unwrap();
    let d = degrees.len();
    PolynomialBasis::new(family, &vec![0.0; d], &vec![1.0; d], &indices).unwrap()
}

/// The inverse of a small matrix by rows.
fn inverse(matrix: &[f64], m: usize) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = (0..m)
        .map(|i| {
            let unit = (0..m).map(|j| if i == j { 1.0 } else { 0.0 });
            matrix[i * m..(i + 1) * m].iter().copied().chain(unit).collect()
        })
        .collect();
    for k in 0..m {
        let pivot = (k..m).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs())).unwrap();
        rows.swap(pivot, k);
        let head = rows[k][k];
        rows[k].iter_mut().for_each(|x| *x /= head);
        for i in (0..m).filter(|&i| i != k) {
            let factor = rows[i][k];
            let known = rows[k].clone();
            rows[i].iter_mut().zip(known).for_each(|(x, y)| *x -= factor * y);
        }
    }
    rows.iter().flat_map(|row| row[m..].iter().copied()).collect()
}

/// G of one sample, by rows.
fn gram(basis: &PolynomialBasis, scheme: Scheme, key: u64) -> Vec<f64> {
    let m = basis.len();
    let drawn = sample(basis, scheme, None, key, &Team::sequential(), &mut ()).unwrap();
    let features = basis.evaluate(&drawn.points, &Team::sequential(), &|| Ok(())).unwrap();
    let n = drawn.weights.len();
    let mut out = vec![0.0; m * m];
    for (row, w) in features.chunks(m).zip(&drawn.weights) {
        for i in 0..m {
            for j in 0..m {
                out[i * m + j] += w * row[i] * row[j] / n as f64;
            }
        }
    }
    out
}

/// Means of matrices and the standard errors of the means.
fn means(matrices: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let count = matrices.len() as f64;
    (0..matrices[0].len())
        .map(|k| {
            let mean = matrices.iter().map(|matrix| matrix[k]).sum::<f64>() / count;
            let square = matrices.iter().map(|matrix| (matrix[k] - mean).powi(2)).sum::<f64>();
            (mean, (square / (count * (count - 1.0))).sqrt())
        })
        .collect()
}

fn assert_multiple_of_identity(matrices: &[Vec<f64>], m: usize, multiple: f64, what: &str) {
    for (k, (mean, error)) in means(matrices).into_iter().enumerate() {
        let expected = if k / m == k % m { multiple } else { 0.0 };
        // Five standard errors; 1e-12 where there is no variance.
        assert!(
            (mean - expected).abs() <= 5.0 * error + 1e-12,
            "{what} {k}: {mean} {expected} {error}"
        );
    }
}

#[test]
fn the_mean_of_the_gram_matrix_is_the_identity() {
    let cases = [
        basis(Family::Legendre, IndexSet::Total, &[5]),
        basis(Family::Chebyshev, IndexSet::Total, &[2, 2]),
        basis(Family::Hermite, IndexSet::Hyperbolic, &[3, 3]),
        basis(Family::Laguerre, IndexSet::Tensor, &[1, 2]),
        basis(Family::Jacobi { alpha: 0.5, beta: -0.25 }, IndexSet::Total, &[4]),
    ];
    for (number, basis) in cases.iter().enumerate() {
        for scheme in [Scheme::Christoffel { n: 12 }, Scheme::Repeated { repeats: 2 }] {
            let grams: Vec<_> = (0..1500).map(|key| gram(basis, scheme, key)).collect();
            let what = format!("{number} {scheme:?}");
            assert_multiple_of_identity(&grams, basis.len(), 1.0, &what);
        }
    }
}

#[test]
fn volume_sampling_makes_the_mean_inverse_known() {
    let basis = basis(Family::Legendre, IndexSet::Total, &[3]);
    let (m, n) = (4, 12);
    let scheme = Scheme::Volume { n, base: Base::Christoffel };
    let inverses: Vec<_> = (0..6000).map(|key| inverse(&gram(&basis, scheme, key), m)).collect();
    let expected = n as f64 / (n - m + 1) as f64;
    assert_multiple_of_identity(&inverses, m, expected, "inverse");
}

#[test]
fn volume_sampling_with_the_measure_itself_is_unbiased() {
    // Its coefficients of x^4, fitted with weights 1, have those of the projection as their mean.
    let basis = basis(Family::Legendre, IndexSet::Total, &[1]);
    let scheme = Scheme::Volume { n: 5, base: Base::Measure };
    let coefficients: Vec<_> = (0..8000)
        .map(|key| {
            let drawn = sample(&basis, scheme, None, key, &Team::sequential(), &mut ()).unwrap();
            let x = &drawn.points;
            assert!(drawn.weights.iter().all(|&w| w == 1.0));
            let n = x.len() as f64;
            let (mean_x, mean_y) =
                (x.iter().sum::<f64>() / n, x.iter().map(|x| x.powi(4)).sum::<f64>() / n);
            let cross: f64 = x.iter().map(|x| (x - mean_x) * (x.powi(4) - mean_y)).sum();
            let slope = cross / x.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>();
            vec![mean_y - slope * mean_x, slope]
        })
        .collect();
    for ((mean, error), expected) in means(&coefficients).into_iter().zip([0.2, 0.0]) {
        assert!((mean - expected).abs() <= 5.0 * error, "{mean} {error}");
    }
}

#[test]
#[expect(clippy::cast_sign_loss, reason = "places are not negative")]
fn pairs_have_the_density_of_the_squared_determinant() {
    // m = 2, phi = (1, sqrt(3) x): the density of an ordered pair is 3 (x - y)^2 / 8 on the square.
    let basis = basis(Family::Legendre, IndexSet::Total, &[1]);
    let cells = 4_usize;
    let size = 40_000;
    let drawn =
        sample(&basis, Scheme::Repeated { repeats: size }, None, 9, &Team::sequential(), &mut ())
            .unwrap();
    let cell = |x: f64| ((f64::midpoint(x, 1.0) * cells as f64) as usize).min(cells - 1);
    let mut counts = vec![0_usize; cells * cells];
    for pair in drawn.points.chunks(2) {
        counts[cell(pair[0]) * cells + cell(pair[1])] += 1;
    }
    let width = 2.0 / cells as f64;
    let mut square = 0.0;
    for (k, &found) in counts.iter().enumerate() {
        let centre = |i: usize| -1.0 + (i as f64 + 0.5) * width;
        let gap = centre(k / cells) - centre(k % cells);
        // The mean of (x - y)^2 over two cells.
        let mean = gap * gap + width * width / 6.0;
        let expected = size as f64 * 3.0 / 8.0 * mean * width * width;
        square += (found as f64 - expected).powi(2) / expected;
    }
    assert!(square <= chi_square_limit(15), "{square}");
}

#[test]
fn conditions_are_met_or_the_best_set_comes_back() {
    let basis = basis(Family::Legendre, IndexSet::Total, &[5, 5]);
    let scheme = Scheme::Christoffel { n: 150 };
    let team = Team::sequential();
    let drawn = sample(&basis, scheme, Some(0.7), 3, &team, &mut ()).unwrap();
    assert!(drawn.deviation.unwrap() <= 0.7 && drawn.n_tries > 1);
    let small = self::basis(Family::Legendre, IndexSet::Total, &[2]);
    let drawn =
        sample(&small, Scheme::Christoffel { n: 3 }, Some(1e-6), 3, &team, &mut ()).unwrap();
    assert_eq!(drawn.n_tries, 1000);
    assert!(drawn.deviation.unwrap() > 1e-6 && drawn.deviation.unwrap() < 1.0);
}

#[test]
fn points_do_not_depend_on_threads() {
    let basis = basis(Family::Hermite, IndexSet::Total, &[4, 4]);
    for scheme in [
        Scheme::Christoffel { n: 3000 },
        Scheme::Volume { n: 2100, base: Base::Christoffel },
        Scheme::Repeated { repeats: 9 },
    ] {
        let with = |team: &Team| sample(&basis, scheme, Some(0.999), 4, team, &mut ()).unwrap();
        let alone = with(&Team::sequential());
        for n_threads in [2, 3, 7] {
            assert!(with(&Team::lease(n_threads)) == alone);
        }
    }
}

#[test]
fn products_and_integrals_are_those_of_the_factors() {
    let indices = multi_indices(IndexSet::Total, &[3, 3]).unwrap();
    let both = PolynomialBasis::new(Family::Chebyshev, &[1.0, 2.0], &[0.5, 3.0], &indices).unwrap();
    let axis = |shift, scale| {
        PolynomialBasis::new(Family::Chebyshev, &[shift], &[scale], &[0, 1, 2, 3]).unwrap()
    };
    let (first, second) = (axis(1.0, 0.5), axis(2.0, 3.0));
    let team = Team::sequential();
    let points: Vec<f64> = (0..2 * 37).map(|k| 1.0 + 0.5 * f64::from(k).sin()).collect();
    let column = |k: usize| -> Vec<f64> { points.iter().skip(k).step_by(2).copied().collect() };
    let values = both.evaluate(&points, &team, &|| Ok(())).unwrap();
    let (a, b) = (
        first.evaluate(&column(0), &team, &|| Ok(())).unwrap(),
        second.evaluate(&column(1), &team, &|| Ok(())).unwrap(),
    );
    let (whole, ia, ib) = (
        both.integrals(&()).unwrap(),
        first.integrals(&()).unwrap(),
        second.integrals(&()).unwrap(),
    );
    for (j, index) in indices.chunks(2).enumerate() {
        let (p, q) = (index[0] as usize, index[1] as usize);
        for i in 0..37 {
            let expected = a[4 * i + p] * b[4 * i + q];
            assert!((values[i * both.len() + j] - expected).abs() <= 1e-14 * expected.abs());
        }
        assert!((whole[j] - ia[p] * ib[q]).abs() < 1e-14);
    }
    // The integral of sqrt(2) T_2 over [0.5, 1.5].
    assert!((ia[2] - -2f64.sqrt() / 3.0).abs() < 1e-15);
    assert!(both.evaluate(&[1e200, 0.0], &team, &|| Ok(())).is_err());
}
