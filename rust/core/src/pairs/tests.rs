use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::error::Error;
use crate::parallel::Team;

fn numbers(len: usize, seed: u64) -> Vec<f64> {
    (0..len as u64).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 97.0 - 5.0).collect()
}

fn naive(metric: Metric, x: &[f64], y: &[f64]) -> f64 {
    let pairs = || x.iter().zip(y);
    let square = pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>();
    match metric {
        Metric::SquaredEuclidean => square,
        Metric::Euclidean => square.sqrt(),
        Metric::CityBlock => pairs().map(|(x, y)| (x - y).abs()).sum(),
        Metric::Cosine => {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            1.0 - dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
        }
    }
}

#[test]
fn distances_agree_with_their_definitions() {
    for metric in [Metric::SquaredEuclidean, Metric::Euclidean, Metric::Cosine, Metric::CityBlock] {
        for (n, m, d) in [(1, 1, 1), (3, 31, 2), (2, 33, 5), (4, 1100, 7)] {
            let (x, y) = (numbers(n * d, 1), numbers(m * d, 2));
            let double = Points::<f64>::new(&x, &y, d, metric).expect("valid");
            let single = Points::<f32>::new(&x, &y, d, metric).expect("valid");
            let mut row = vec![0.0; m];
            for i in 0..n {
                for (tolerance, is_single) in [(1e-14, false), (2e-6, true)] {
                    if is_single {
                        single.fill(i, 0, &mut row);
                    } else {
                        double.fill(i, 0, &mut row);
                    }
                    for j in 0..m {
                        let exact = naive(metric, &x[i * d..][..d], &y[j * d..][..d]);
                        assert!((row[j] - exact).abs() <= tolerance * (1.0 + exact.abs()));
                    }
                }
            }
        }
    }
}

#[test]
fn far_from_the_origin_no_digits_are_lost() {
    let (x, y) = ([1e8 + 1.0, 1e8], [1e8, 1e8 + 3.0]);
    let points = Points::<f64>::new(&x, &y, 2, Metric::SquaredEuclidean).expect("valid");
    let mut row = [0.0];
    points.fill(0, 0, &mut row);
    assert_eq!(row, [10.0]);
}

#[test]
fn doubles_rounded_to_single_precision_are_centred_first() {
    for metric in [Metric::SquaredEuclidean, Metric::Euclidean, Metric::CityBlock] {
        let (x, y): (Vec<f64>, Vec<f64>) = (numbers(20 * 3, 1), numbers(70 * 3, 2));
        let far = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| v + 1e6).collect() };
        let single = Points::<f32>::new(&far(&x), &far(&y), 3, metric).expect("valid");
        let mut row = [0.0; 70];
        for i in 0..20 {
            single.fill(i, 0, &mut row);
            for j in 0..70 {
                let exact = naive(metric, &x[i * 3..][..3], &y[j * 3..][..3]);
                assert!((row[j] - exact).abs() <= 2e-5 * (1.0 + exact), "{} {exact}", row[j]);
            }
        }
    }
}

#[test]
fn cosine_knows_directions_only() {
    let x = [1e-200, 1e-200, 3.0, 0.0];
    let points = Points::<f64>::new(&x, &[2e150, 2e150, -1.0, 0.0], 2, Metric::Cosine);
    let points = points.expect("valid");
    let mut row = [0.0; 2];
    points.fill(0, 0, &mut row);
    assert!(row[0] < 1e-15);
    points.fill(1, 0, &mut row);
    assert_eq!(row[1], 2.0);
    let error = Points::<f64>::new(&[1.0, 0.0], &[1.0, 0.0, 0.0, 0.0], 2, Metric::Cosine);
    assert!(matches!(error, Err(Error::Value { argument: "Y", index: Some(1), .. })));
}

#[test]
fn malformed_input_is_named() {
    let metric = Metric::Euclidean;
    let error = Points::<f64>::new(&[1.0, 2.0, 3.0], &[1.0, 2.0], 2, metric);
    assert!(matches!(error, Err(Error::Shape { argument: "X", .. })));
    let error = Points::<f64>::new(&[1.0], &[1.0, f64::NAN], 1, metric);
    assert!(matches!(error, Err(Error::NotFinite { argument: "Y", index: 1, .. })));
    assert!(matches!(
        Points::<f64>::new::<f64>(&[], &[], 0, metric),
        Err(Error::Shape { argument: "X", .. })
    ));
    let error = Matrix::new("cost", &[1.0_f64; 5], (2, 3));
    assert!(matches!(error, Err(Error::Shape { argument: "cost", .. })));
}

#[test]
fn a_sweep_meets_every_row_once_and_in_order() {
    for (n, m, cost) in [(1, 1, 1.0), (17, 5, 1.0), (1000, 10, 1e6), (5000, 70_000, 30.0)] {
        let chunks = Chunks::of_shape(n, m, cost);
        for team in [Team::sequential(), Team::lease(2)] {
            let mut states: Vec<Vec<usize>> = vec![Vec::new(); chunks.len()];
            let looks = AtomicUsize::new(0);
            let check = || {
                looks.fetch_add(1, Ordering::Relaxed);
                Ok(())
            };
            sweep(&team, chunks, &mut states, &check, Extend::extend).expect("not interrupted");
            assert!(states.concat().into_iter().eq(0..n));
            assert!(looks.into_inner() >= 1);
        }
    }
    // A row of 10 ms: at most four of them between two looks of one thread, where chunks have 64.
    let chunks = Chunks::of_shape(2000, 1, 1e7);
    let mut n_rows = vec![0_usize; chunks.len()];
    let (since, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let check = || {
        most.fetch_max(since.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        Ok(())
    };
    let count = |n_rows: &mut usize, rows: std::ops::Range<usize>| {
        *n_rows += rows.len();
        since.fetch_add(rows.len(), Ordering::Relaxed);
    };
    sweep(&Team::sequential(), chunks, &mut n_rows, &check, count).expect("not interrupted");
    assert_eq!(n_rows.iter().sum::<usize>(), 2000);
    assert!(chunks.len() > 40 && most.into_inner() <= 4);
    let chunks = Chunks::of_shape(100, 10, 1.0);
    let mut states = vec![(); chunks.len()];
    let stop = || Err(Error::Interrupted);
    let outcome = sweep(&Team::sequential(), chunks, &mut states, &stop, |(), _| {});
    assert_eq!(outcome, Err(Error::Interrupted));
}

#[test]
fn columns_add_up() {
    let partial: Vec<f64> = (0..3 * 2000).map(f64::from).collect();
    let mut out = vec![9.0; 2000];
    add_columns(&Team::sequential(), &partial, &mut out);
    assert!((0..2000).all(|j| out[j] == (3 * j + 2000 + 4000) as f64));
}
