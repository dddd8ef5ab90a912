//! Sets of rows, counted against `det(U_S)^2` for every subset.

use std::collections::HashMap;

use hasten_core::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::determinantal::{Method, ProjectionDpp, orthonormalize};

use crate::chi_square_limit;

fn matrix(n: usize, m: usize) -> Vec<f64> {
    (0..n * m)
        .map(|k| ((k * k) as f64 * 0.37 + k as f64).sin() + if k % 7 == 0 { 1.0 } else { 0.0 })
        .collect()
}

fn orthonormal(n: usize, m: usize) -> Vec<f64> {
    orthonormalize(&matrix(n, m), m, &Team::sequential(), &mut ()).unwrap()
}

/// The determinant by elimination with pivots.
fn determinant(mut rows: Vec<Vec<f64>>) -> f64 {
    let m = rows.len();
    let mut product = 1.0;
    for k in 0..m {
        let pivot = (k..m).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs())).unwrap();
        if rows[pivot][k] == 0.0 {
            return 0.0;
        }
        if pivot != k {
            rows.swap(pivot, k);
            product = -product;
        }
        product *= rows[k][k];
        for i in k + 1..m {
            let factor = rows[i][k] / rows[k][k];
            for j in k..m {
                rows[i][j] -= factor * rows[k][j];
            }
        }
    }
    product
}

fn subsets(n: u64, m: usize) -> Vec<Vec<u64>> {
    (0..1_u64 << n)
        .filter(|mask| mask.count_ones() as usize == m)
        .map(|mask| (0..n).filter(|i| mask >> i & 1 == 1).collect())
        .collect()
}

#[test]
fn every_subset_comes_as_often_as_its_squared_determinant() {
    let size = 30_000;
    for (n, m) in [(6, 2), (7, 3), (5, 5), (8, 1), (9, 6)] {
        let u = orthonormal(n, m);
        let process = ProjectionDpp::new(&u, m, &Team::sequential(), &mut ()).unwrap();
        for (method, key) in [(Method::Rejection, 1), (Method::Sequential, 2), (Method::Auto, 3)] {
            let sets = process.sample(size, method, key, &Team::sequential(), &mut ()).unwrap();
            let mut counts: HashMap<&[u64], usize> = HashMap::new();
            sets.chunks(m).for_each(|set| *counts.entry(set).or_default() += 1);
            let (mut square, mut total, mut cells) = (0.0, 0.0, 0);
            for set in subsets(n as u64, m) {
                let rows = set.iter().map(|&i| u[i as usize * m..][..m].to_vec()).collect();
                let probability = determinant(rows).powi(2);
                total += probability;
                let expected = probability * size as f64;
                let found = counts.get(&set[..]).copied().unwrap_or(0) as f64;
                if expected >= 5.0 {
                    square += (found - expected).powi(2) / expected;
                    cells += 1;
                } else {
                    assert!(found <= expected + 6.0 * expected.sqrt() + 6.0);
                }
            }
            assert!((total - 1.0).abs() < 1e-12, "Cauchy and Binet");
            assert!(square <= chi_square_limit(cells), "{n} {m} {method:?}: {square} of {cells}");
        }
    }
}

#[test]
fn rows_come_with_their_leverage_scores() {
    let (n, m, size) = (3000, 30, 400);
    let u = orthonormal(n, m);
    let process = ProjectionDpp::new(&u, m, &Team::sequential(), &mut ()).unwrap();
    for method in [Method::Rejection, Method::Auto] {
        let sets = process.sample(size, method, 4, &Team::sequential(), &mut ()).unwrap();
        // In 30 groups of rows: the count in a group has a variance of at most its mean.
        let mut square = 0.0;
        for group in 0..30 {
            let range = group * 100..(group + 1) * 100;
            let mean: f64 =
                range.clone().map(|i| u[i * m..][..m].iter().map(|x| x * x).sum::<f64>()).sum();
            let found = sets.iter().filter(|&&i| range.contains(&(i as usize))).count();
            square += (found as f64 - mean * size as f64).powi(2) / (mean * size as f64);
        }
        assert!(square <= chi_square_limit(30), "{method:?} {square}");
        for set in sets.chunks(m) {
            assert!(set.windows(2).all(|pair| pair[0] < pair[1]), "ascending and different");
        }
    }
}

#[test]
fn near_copies_of_rows_are_not_drawn_together() {
    // Each row twice, up to rounding: a set never holds both.
    let (n, m) = (40, 8);
    let half = orthonormal(n, m);
    let root = 0.5_f64.sqrt();
    let twice: Vec<f64> = half
        .chunks(m)
        .flat_map(|row| {
            let copy = row.iter().map(move |x| root * x * (1.0 + f64::EPSILON));
            row.iter().map(move |x| root * x).chain(copy).collect::<Vec<_>>()
        })
        .collect();
    let process = ProjectionDpp::new(&twice, m, &Team::sequential(), &mut ()).unwrap();
    for method in [Method::Rejection, Method::Sequential] {
        let sets = process.sample(3000, method, 5, &Team::sequential(), &mut ()).unwrap();
        for set in sets.chunks(m) {
            assert!(set.windows(2).all(|pair| pair[0] / 2 != pair[1] / 2), "{method:?} {set:?}");
        }
    }
}

#[test]
fn sets_do_not_depend_on_threads_or_on_how_many_are_drawn() {
    let (n, m) = (500, 20);
    let u = orthonormal(n, m);
    for n_threads in [2, 3, 7] {
        let team = Team::lease(n_threads);
        assert!(orthonormalize(&matrix(n, m), m, &team, &mut ()).unwrap() == u);
        let process = ProjectionDpp::new(&u, m, &team, &mut ()).unwrap();
        let many = process.sample(9, Method::Auto, 6, &team, &mut ()).unwrap();
        let alone = ProjectionDpp::new(&u, m, &Team::sequential(), &mut ()).unwrap();
        let few = alone.sample(4, Method::Auto, 6, &Team::sequential(), &mut ()).unwrap();
        assert_eq!(many[..4 * m], few[..]);
    }
}

#[test]
fn bases_are_orthonormal_however_badly_scaled_the_columns_are() {
    let (n, m) = (3000, 10);
    // Powers of x on a short range far from 0: condition 1e10, and units from 1e-200 to 1e124.
    let vander: Vec<f64> = (0..n)
        .flat_map(|i| {
            let x = 1.0 + i as f64 / n as f64;
            (0..m).map(move |k| x.powi(k as i32) * 10f64.powi(36 * k as i32 - 200))
        })
        .collect();
    let u = orthonormalize(&vander, m, &Team::sequential(), &mut ()).unwrap();
    for a in 0..m {
        for b in 0..=a {
            let product: f64 = (0..n).map(|i| u[i * m + a] * u[i * m + b]).sum();
            let expected = if a == b { 1.0 } else { 0.0 };
            assert!((product - expected).abs() < 1e-13, "{a} {b} {product}");
        }
    }
    ProjectionDpp::new(&u, m, &Team::sequential(), &mut ()).unwrap();
}

#[test]
fn each_product_of_columns_counts_whatever_the_shape() {
    let team = Team::sequential();
    // Widths beside multiples of vectors, one row more than a block, an odd number of rows.
    for (n, m) in [(4097, 5), (101, 8), (64, 1)] {
        let u = orthonormal(n, m);
        ProjectionDpp::new(&u, m, &team, &mut ()).unwrap();
        for (a, b) in [(0, 0), (0, m - 1), (m - 1, m - 1), (m / 2, 0)] {
            let mut off = u.clone();
            off.chunks_mut(m).for_each(|row| row[a] += 2e-8 * row[b]);
            let error = ProjectionDpp::new(&off, m, &team, &mut ()).unwrap_err().to_string();
            assert!(error.contains("deviate from the identity by"), "{n} {m} {a} {b}: {error}");
            let mut near = u.clone();
            near.chunks_mut(m).for_each(|row| row[a] += 3e-9 * row[b]);
            ProjectionDpp::new(&near, m, &team, &mut ()).unwrap();
        }
    }
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let team = Team::sequential();
    let refused = |features: &[f64], width| {
        ProjectionDpp::new(features, width, &Team::sequential(), &mut ()).map(|_| ()).unwrap_err()
    };
    for (features, width) in [(&[][..], 1), (&[1.0][..], 0), (&[1.0, 0.0][..], 2)] {
        assert!(matches!(refused(features, width), Error::Shape { .. }));
    }
    let found = refused(&[1.0, 0.0, 0.0, 1.0 + 1e-6], 2).to_string();
    assert!(found.contains("deviate from the identity by 2.000e-6"), "{found}");
    assert!(matches!(refused(&[1.0, f64::NAN], 1), Error::NotFinite { index: 1, .. }));
    let found = refused(&[1e200, 0.0, 0.0, 1.0], 2).to_string();
    assert!(found.contains("`features` must have orthonormal columns"), "{found}");
    let mut singular = matrix(100, 3);
    singular.chunks_mut(3).for_each(|row| row[2] = row[0] - 2.0 * row[1]);
    let found = orthonormalize(&singular, 3, &team, &mut ()).unwrap_err().to_string();
    assert!(found.contains("must have rank 3, its number of columns; got rank 2"), "{found}");
    let zeros = orthonormalize(&[0.0; 6], 2, &team, &mut ()).unwrap_err().to_string();
    assert!(zeros.contains("got rank 0"), "{zeros}");
}
