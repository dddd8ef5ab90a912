//! The Hessian, its solves and the selection of entries against dense matrices.

use super::{Dense, normalised, uniforms};
use crate::ot::newton::conjugate::{self, Workspace};
use crate::ot::newton::hessian::ReducedHessian;
use crate::ot::newton::selection::keep_largest;
use crate::ot::run::Run;
use crate::ot::semi_dual::{Pass, SemiDual};
use crate::parallel::Team;

fn problem(n: usize, m: usize) -> Dense {
    let cost = uniforms(5, n * m);
    let weights = |key, len| normalised(uniforms(key, len).iter().map(|u| u + 0.01).collect());
    Dense::new(weights(6, n), weights(7, m), |i, j| cost[i * m + j])
}

fn passed(problem: &mut Dense, threshold: f64) -> Pass {
    let psi: Vec<f64> = problem.log_b().iter().zip(uniforms(8, 9999)).map(|(x, u)| x + u).collect();
    let mut pass = Pass::default();
    problem
        .pass(&|| Ok(()), 0.1, &psi, Some(threshold), &mut pass)
        .expect("a dense pass does not fail");
    pass
}

/// The matrix of the Hessian by its definition.
fn dense(pass: &Pass, a: &[f64], lump: bool, shift: f64) -> Vec<Vec<f64>> {
    let (n, m) = (a.len(), pass.column_sums.len());
    let kept = &pass.kept;
    let dropped: f64 = kept.row_rest.iter().sum();
    let mut plan = vec![vec![0.0; m]; n];
    for i in 0..n {
        for j in 0..m {
            if lump && dropped > 0.0 {
                plan[i][j] = kept.row_rest[i] * kept.column_rest[j] / dropped;
            }
        }
        for k in kept.offsets[i]..kept.offsets[i + 1] {
            plan[i][kept.columns[k] as usize] += kept.values[k];
        }
    }
    let entry = |j: usize, k: usize| {
        let own = if j == k { (1.0 + shift) * pass.column_sums[j] } else { 0.0 };
        own - (0..n).map(|i| plan[i][j] * plan[i][k] / a[i]).sum::<f64>()
    };
    (0..m).map(|j| (0..m).map(|k| entry(j, k)).collect()).collect()
}

fn product(matrix: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| row.iter().zip(x).map(|(s, x)| s * x).sum()).collect()
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }
}

#[test]
fn products_and_diagonal_are_those_of_the_dense_matrix() {
    for (n, m) in [(30, 30), (50, 20), (20, 50), (1, 7), (7, 1)] {
        for (threshold, lump) in [(1e-3, true), (1e-3, false), (0.0, true), (1.0, true)] {
            let mut problem = problem(n, m);
            let pass = passed(&mut problem, threshold);
            let shift = 1e-3;
            let matrix = dense(&pass, &problem.a, lump, shift);
            let hessian = ReducedHessian::new(&pass, &problem.a, lump, shift);
            let mut scratch = vec![0.0; hessian.scratch_len()];
            let x: Vec<f64> = uniforms(9, m).iter().map(|u| u - 0.5).collect();
            let mut out = vec![0.0; m];
            hessian.multiply(&Team::sequential(), &x, &mut out, &mut scratch);
            assert_near(&out, &product(&matrix, &x), 1e-15);
            hessian.diagonal(&Team::sequential(), &mut out, &mut scratch);
            let diagonal: Vec<f64> = (0..m).map(|j| matrix[j][j]).collect();
            assert_near(&out, &diagonal, 1e-15);
            if lump {
                hessian.multiply(&Team::sequential(), &vec![1.0; m], &mut out, &mut scratch);
                let shifted: Vec<f64> = pass.column_sums.iter().map(|c| shift * c).collect();
                assert_near(&out, &shifted, 1e-15);
            }
        }
    }
}

#[test]
fn many_blocks_give_the_product_with_the_same_bits_for_any_number_of_threads() {
    let (n, m) = (400, 300);
    let mut problem = problem(n, m);
    let pass = passed(&mut problem, 1e-9);
    assert!(pass.kept.values.len() > 100_000);
    let hessian = ReducedHessian::new(&pass, &problem.a, true, 0.0);
    let x = uniforms(9, m);
    let results: Vec<Vec<u64>> = [1, 2, 3]
        .iter()
        .map(|&n_threads| {
            let team = Team::lease(n_threads);
            let mut scratch = vec![0.0; hessian.scratch_len()];
            let (mut out, mut diagonal) = (vec![0.0; m], vec![0.0; m]);
            hessian.multiply(&team, &x, &mut out, &mut scratch);
            hessian.diagonal(&team, &mut diagonal, &mut scratch);
            if n_threads == 1 {
                assert!(scratch.len() >= 3 * (m + 1));
                assert_near(&out, &product(&dense(&pass, &problem.a, true, 0.0), &x), 1e-14);
            }
            out.iter().chain(&diagonal).map(|x| x.to_bits()).collect()
        })
        .collect();
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

/// Gaussian elimination with row exchanges.
fn eliminate(mut matrix: Vec<Vec<f64>>, mut rhs: Vec<f64>) -> Vec<f64> {
    let n = rhs.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| matrix[i][k].abs().total_cmp(&matrix[j][k].abs()));
        let pivot = pivot.expect("rows are left");
        matrix.swap(k, pivot);
        rhs.swap(k, pivot);
        for i in k + 1..n {
            let factor = matrix[i][k] / matrix[k][k];
            for j in k..n {
                matrix[i][j] -= factor * matrix[k][j];
            }
            rhs[i] -= factor * rhs[k];
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| matrix[k][j] * rhs[j]).sum();
        rhs[k] = (rhs[k] - known) / matrix[k][k];
    }
    rhs
}

#[test]
fn conjugate_gradients_solve_the_dense_system() {
    for (n, m) in [(40, 40), (60, 25), (25, 60)] {
        let mut problem = problem(n, m);
        let pass = passed(&mut problem, 1e-3);
        let shift = 1e-4;
        let hessian = ReducedHessian::new(&pass, &problem.a, true, shift);
        let rhs: Vec<f64> = problem.b.iter().zip(&pass.column_sums).map(|(b, c)| b - c).collect();
        let expected = eliminate(dense(&pass, &problem.a, true, shift), rhs.clone());
        let mut control = ();
        let mut run = Run::new(&mut control, 10, false);
        let (mut x, mut workspace) = (Vec::new(), Workspace::default());
        let team = Team::sequential();
        let weights = &pass.column_sums;
        conjugate::solve(&hessian, weights, &rhs, 1e-12, &mut x, &mut workspace, &team, &mut run)
            .expect("nobody interrupts");
        let scale = expected.iter().fold(0.0_f64, |s, x| s.max(x.abs()));
        assert_near(&x, &expected, 1e-9 * scale);
        let along: f64 = x.iter().zip(weights).map(|(x, c)| x * c).sum();
        assert!(along.abs() <= 1e-15 * scale);
        assert!(run.n_cg > 0 && run.n_cg <= m + 10);
    }
}

#[test]
fn the_largest_entries_stay_and_the_rest_is_accounted_for() {
    let mut problem = problem(20, 30);
    for count in [1, 2, 57, 599, 600, 700] {
        let mut pass = passed(&mut problem, 0.0);
        let mut sorted = pass.kept.values.clone();
        sorted.sort_by(|x, y| y.total_cmp(x));
        let before = pass.clone();
        let border = keep_largest(&mut pass, count, &mut Vec::new());
        let count = count.min(600);
        assert_eq!(border, sorted[count - 1]);
        assert_eq!((pass.kept.values.len(), pass.kept.offsets[20]), (count, count));
        for i in 0..20 {
            let entries = pass.kept.offsets[i]..pass.kept.offsets[i + 1];
            let kept: f64 = pass.kept.values[entries.clone()].iter().sum();
            assert!((kept + pass.kept.row_rest[i] - problem.a[i]).abs() < 1e-15);
            for k in entries {
                let at = i * 30 + pass.kept.columns[k] as usize;
                assert_eq!(pass.kept.values[k], before.kept.values[at]);
            }
        }
        let rest: f64 = pass.kept.column_rest.iter().sum();
        assert!((rest - sorted[count..].iter().sum::<f64>()).abs() < 1e-14);
    }
}

#[test]
fn of_equal_entries_the_first_stay() {
    let mut problem = Dense::new(vec![0.5; 2], vec![0.25; 4], |_, _| 1.0);
    let mut pass = Pass::default();
    let psi = problem.log_b();
    problem.pass(&|| Ok(()), 0.1, &psi, Some(0.0), &mut pass).expect("a dense pass does not fail");
    keep_largest(&mut pass, 5, &mut Vec::new());
    assert_eq!(pass.kept.offsets, [0, 4, 5]);
    assert_eq!(pass.kept.columns, [0, 1, 2, 3, 0]);
    assert_eq!(pass.kept.column_rest, [0.0, 0.125, 0.125, 0.125]);
}
