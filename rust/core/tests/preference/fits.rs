//! Fits that must agree with one another, or with a direct solution.

use hasten_core::Status;
use hasten_core::parallel::Team;
use hasten_core::ranking::{
    Choices, NOT_PLACED, PreferenceKind, PreferenceParams, preference_regression,
};

use super::naive::{Data, dense_solve, derivatives, dot, random_rankings, reference, solve};

#[test]
fn bits_do_not_depend_on_threads() {
    for (shape, n_placed) in [((30_000, 2, 3), 1), ((6_000, 4, 5), 4), ((300, 3, 120), 1)] {
        let data = random_rankings(shape, n_placed);
        for kind in [PreferenceKind::PlackettLuce, PreferenceKind::Split] {
            let params = PreferenceParams { kind, ..Default::default() };
            let run = |team: &Team| {
                let s = preference_regression(&data.choices(), &params, team, &mut ()).unwrap();
                (s.coef, s.sandwich_covariance, s.certificate.error.to_bits(), s.n_iter)
            };
            let alone = run(&Team::sequential());
            for n_threads in [2, 3] {
                assert!(run(&Team::lease(n_threads)) == alone);
            }
        }
    }
}

#[test]
fn many_alternatives_are_split_in_pieces() {
    // Sets whose pairs do not fit in one tile, among smaller ones.
    let mut data = random_rankings((6, 40, 2), 40);
    data.sizes = vec![40, 3, 40, 40, 2, 40];
    for (set, size) in [(1, 3), (4, 2)] {
        let row = &mut data.chosen[set * 40..(set + 1) * 40];
        row.fill(NOT_PLACED);
        (0..size).for_each(|k| row[k] = k as u32);
    }
    let kind = PreferenceKind::Split;
    let solution =
        solve(&data, &PreferenceParams { kind, tol: 1e-9, ..Default::default() }).unwrap();
    let exact = reference(&data, kind, 0.0);
    let (_, hessian, middle) = derivatives(&data, kind, 0.0, &exact);
    let inverse: Vec<Vec<f64>> =
        [[1.0, 0.0], [0.0, 1.0]].iter().map(|e| dense_solve(hessian.clone(), e.to_vec())).collect();
    for i in 0..2 {
        assert!((solution.coef[i] - exact[i]).abs() < 1e-8);
        let half: Vec<f64> = middle.iter().map(|row| dot(row, &inverse[i])).collect();
        let variance = dot(&inverse[i], &half);
        assert!((solution.sandwich_covariance[3 * i] / variance - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_pair_and_its_difference_are_the_same() {
    let data = random_rankings((500, 2, 3), 1);
    let differences: Vec<f64> = (0..500)
        .flat_map(|set| {
            let (a, b) = (data.row(set, 0).to_vec(), data.row(set, 1).to_vec());
            a.into_iter().zip(b).map(|(a, b)| a - b)
        })
        .collect();
    let pairs = solve(&data, &PreferenceParams::default()).unwrap();
    let choices = Choices::differences(&differences, (500, 3), Some(&data.chosen), None).unwrap();
    let single =
        preference_regression(&choices, &PreferenceParams::default(), &Team::sequential(), &mut ())
            .unwrap();
    assert_eq!(pairs.coef, single.coef);
    let moments = pairs.data_covariance.unwrap();
    for i in 0..3 {
        for j in 0..3 {
            let mean: f64 = differences.chunks(3).map(|x| x[i] * x[j]).sum::<f64>() / 500.0;
            assert!((moments[3 * i + j] - mean).abs() < 1e-13);
        }
    }
}

#[test]
fn features_of_any_scale_give_the_same_predictions() {
    let data = random_rankings((400, 3, 3), 1);
    let plain = solve(&data, &PreferenceParams::default()).unwrap();
    let mut scaled = data.clone();
    let factors = [2.0_f64.powi(-300), 1.0, 2.0_f64.powi(500)];
    scaled.features.chunks_mut(3).for_each(|row| {
        row.iter_mut().zip(factors).for_each(|(x, f)| *x *= f);
    });
    let odd = solve(&scaled, &PreferenceParams::default()).unwrap();
    for j in 0..3 {
        assert!((odd.coef[j] * factors[j] / plain.coef[j] - 1.0).abs() < 1e-12);
    }
    assert_eq!(odd.status, Status::Converged);
}

#[test]
fn a_common_offset_of_a_set_changes_nothing() {
    let data = random_rankings((300, 3, 2), 3);
    let plain = solve(&data, &PreferenceParams::default()).unwrap();
    let mut moved = data.clone();
    // Features are multiples of 2^-53: an offset of 2^20 leaves 33 bits of each.
    moved.features.iter_mut().for_each(|x| *x += 2.0_f64.powi(20));
    let odd = solve(&moved, &PreferenceParams::default()).unwrap();
    for j in 0..2 {
        assert!((odd.coef[j] - plain.coef[j]).abs() < 1e-7);
    }
}

#[test]
fn a_far_start_comes_back() {
    let data = random_rankings((200, 3, 2), 1);
    let plain = solve(&data, &PreferenceParams::default()).unwrap();
    for init in [[1.0, -2.0], [50.0, 80.0], [-3e3, 1e4], [1e200, 1e200], [1e308, -1e308]] {
        let params = PreferenceParams { init: Some(&init), ..Default::default() };
        let solution = solve(&data, &params).unwrap();
        assert_eq!(solution.status, Status::Converged, "{init:?}");
        for j in 0..2 {
            assert!((solution.coef[j] - plain.coef[j]).abs() < 1e-6);
        }
    }
}

#[test]
fn single_precision_data_are_read_as_they_are() {
    let data = random_rankings((300, 3, 2), 1);
    let single: Vec<f32> = data.features.iter().map(|&x| x as f32).collect();
    let widened = Data { features: single.iter().map(|&x| f64::from(x)).collect(), ..data.clone() };
    let choices = Choices::sets(&single, data.shape, &data.chosen, None, None).unwrap();
    let solution =
        preference_regression(&choices, &PreferenceParams::default(), &Team::sequential(), &mut ())
            .unwrap();
    assert_eq!(solution.coef, solve(&widened, &PreferenceParams::default()).unwrap().coef);
}
