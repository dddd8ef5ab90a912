//! Plans as matrices, as sparse matrices, and applied to vectors.

use hasten_core::ot::{Passing, apply_plan, apply_transposed_plan, dense_plan, sparse_plan};
use hasten_core::parallel::Team;
use proptest::prelude::*;

use crate::dense::{Owned, go_on, problems, random, uniform};

fn assert_consistent(owned: &Owned, f: &[f64], g: &[f64], threshold: f64, k: usize) {
    let (n, m) = (owned.n(), owned.m());
    let values = owned.matrix();
    let problem = owned.problem(&values);
    let team = Team::sequential();
    let passing = Passing { team: &team, check: &go_on };
    let plan: Vec<f64> = dense_plan(&problem, (f, g), passing).unwrap();
    for (found, exact) in plan.iter().zip(owned.plan(f, g)) {
        assert!((found - exact).abs() <= 1e-13 * exact, "{found} {exact}");
    }
    let single: Vec<f32> = dense_plan(&problem, (f, g), passing).unwrap();
    assert!(single.iter().zip(&plan).all(|(x, y)| *x == *y as f32));

    let sparse = sparse_plan(&problem, (f, g), threshold, passing).unwrap();
    assert_eq!(sparse.offsets.len(), n + 1);
    assert_eq!(sparse.offsets[n], sparse.masses.len() as i64);
    assert_eq!(sparse.columns.len(), sparse.masses.len());
    let (mut at, mut dropped) = (0, 0.0);
    for i in 0..n {
        assert_eq!(sparse.offsets[i], at as i64);
        for j in 0..m {
            let mass = plan[i * m + j];
            if mass >= threshold {
                assert_eq!((sparse.columns[at], sparse.masses[at]), (j as i32, mass));
                at += 1;
            } else {
                dropped += mass;
            }
        }
    }
    assert_eq!(at, sparse.masses.len());
    assert!((sparse.dropped - dropped).abs() <= 1e-14 * (n * m) as f64 * dropped);

    let right: Vec<f64> = uniform(m * k, 1).iter().map(|x| x - 0.5).collect();
    let left: Vec<f64> = uniform(n * k, 2).iter().map(|x| x - 0.5).collect();
    let forward = apply_plan(&problem, (f, g), (&right, k), passing).unwrap();
    let backward = apply_transposed_plan(&problem, (f, g), (&left, k), passing).unwrap();
    assert_eq!((forward.len(), backward.len()), (n * k, m * k));
    for c in 0..k {
        for i in 0..n {
            let terms = (0..m).map(|j| plan[i * m + j] * right[j * k + c]);
            let size: f64 = terms.clone().map(f64::abs).sum();
            assert!((forward[i * k + c] - terms.sum::<f64>()).abs() <= 1e-15 * m as f64 * size);
        }
        for j in 0..m {
            let terms = (0..n).map(|i| plan[i * m + j] * left[i * k + c]);
            let size: f64 = terms.clone().map(f64::abs).sum();
            assert!((backward[j * k + c] - terms.sum::<f64>()).abs() <= 1e-15 * n as f64 * size);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn small_plans_agree(owned in problems(), threshold in 0.0..0.1_f64, k in 0..4_usize) {
        let f: Vec<f64> = uniform(owned.n(), 3);
        let g: Vec<f64> = uniform(owned.m(), 4).iter().map(|x| -x).collect();
        assert_consistent(&owned, &f, &g, threshold, k);
    }
}

#[test]
fn plans_of_many_chunks_and_tiles_agree() {
    // More than one tile of 512 columns, more than one chunk of 16 rows, and both with a rest.
    let owned = random(37, 1030, 0.3, 5);
    let (f, g) = (uniform(37, 6), uniform(1030, 7));
    for threshold in [0.0, 1e-4, 1.0] {
        assert_consistent(&owned, &f, &g, threshold, 3);
    }
    let tall = random(1100, 3, 0.3, 8);
    assert_consistent(&tall, &uniform(1100, 6), &uniform(3, 7), 1e-3, 2);
}

#[test]
fn weights_of_zero_give_rows_and_columns_of_zeros() {
    let mut owned = random(5, 6, 0.3, 9);
    owned.a[2] = 0.0;
    owned.b[4] = 0.0;
    assert_consistent(&owned, &uniform(5, 1), &uniform(6, 2), 1e-3, 2);
    let team = Team::sequential();
    let passing = Passing { team: &team, check: &go_on };
    let values = owned.matrix();
    let potentials = (&*uniform(5, 1), &*uniform(6, 2));
    let plan: Vec<f64> = dense_plan(&owned.problem(&values), potentials, passing).unwrap();
    assert!((0..30).all(|k| (plan[k] == 0.0) == (k / 6 == 2 || k % 6 == 4)));
}
