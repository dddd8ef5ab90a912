//! Estimates against Bradley-Terry, closed forms and a naive dense Newton iteration.

use hasten_core::error::Separation;
use hasten_core::parallel::Team;
use hasten_core::ranking::paired::Prior;
use hasten_core::ranking::plackett_luce::{
    PlackettLuceParams, PlackettLuceSolution, comparable_in_rankings, merge_rankings,
    plackett_luce, restrict_rankings,
};
use hasten_core::ranking::{BradleyTerryParams, Method, PairTable, bradley_terry};
use hasten_core::rng::Stream;
use hasten_core::sparse::Graph;
use hasten_core::{Error, Status};
use proptest::prelude::*;

use crate::dense::{Owned, PRIORS, Ranking, connected, reference, solve, true_error};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_method_reaches_the_reference(owned in connected(), prior in 0..3_usize) {
        let prior = PRIORS[prior];
        let exact = reference(&owned, prior);
        for method in [Method::Auto, Method::Newton, Method::Newman, Method::Zermelo] {
            let sweeps = matches!(method, Method::Newman | Method::Zermelo);
            if sweeps && matches!(prior, Some(Prior::Gaussian(_))) {
                continue;
            }
            let params =
                PlackettLuceParams { method, prior, tol: 1e-8, max_iter: Some(5_000),
                                     ..Default::default() };
            let solution = solve(&owned, &params).unwrap();
            if method != Method::Zermelo {
                prop_assert_eq!(solution.status, Status::Converged);
            }
            if solution.status == Status::Converged {
                let truth = true_error(&owned, prior, &solution.strength, &exact);
                prop_assert!(truth < 1e-7, "{truth} {method:?}");
            }
        }
    }

    #[test]
    fn merging_changes_no_estimate(owned in connected()) {
        let mut twice = owned.clone();
        twice.items.extend(&owned.items);
        twice.offsets.extend(owned.offsets[1..].iter().map(|end| end + owned.items.len()));
        twice.n_placed.extend(&owned.n_placed);
        twice.weights.extend(&owned.weights);
        let merged = merge_rankings(&twice.rankings(), &()).unwrap();
        prop_assert!(merged.weights.len() <= owned.weights.len());
        let params = PlackettLuceParams { tol: 1e-9, ..Default::default() };
        let alone = solve(&twice, &params).unwrap();
        let merged = plackett_luce(&merged.view().unwrap(), &params, &Team::sequential(), &mut ())
            .unwrap();
        for (a, b) in alone.strength.iter().zip(&merged.strength) {
            prop_assert!((a - b).abs() < 1e-5);
        }
        let scale = alone.log_likelihood.abs();
        prop_assert!((alone.log_likelihood - merged.log_likelihood).abs() < 1e-10 * (1.0 + scale));
    }
}

#[test]
fn rankings_of_two_are_bradley_terry() {
    let wins =
        [[0.0, 3.0, 1.0, 5.0], [2.0, 0.0, 4.0, 0.0], [6.0, 1.0, 0.0, 2.0], [1.0, 0.0, 3.0, 0.0]];
    let (mut offsets, mut opponents, mut won, mut lost) = (vec![0], vec![], vec![], vec![]);
    let mut rankings = Vec::new();
    for i in 0..4 {
        for j in (0..4).filter(|&j| j != i) {
            if wins[i][j] + wins[j][i] > 0.0 {
                opponents.push(j as u32);
                won.push(wins[i][j]);
                lost.push(wins[j][i]);
            }
            rankings.push((vec![i as u32, j as u32], 2, wins[i][j]));
        }
        offsets.push(opponents.len());
    }
    let table = PairTable::new(Graph::new(&offsets, &opponents).unwrap(), &won, &lost).unwrap();
    let params = BradleyTerryParams { tol: 1e-10, ..Default::default() };
    let pairs = bradley_terry(&table, &params, &Team::sequential(), &mut ()).unwrap();
    let params = PlackettLuceParams { tol: 1e-10, ..Default::default() };
    let found = solve(&Owned::new(4, &rankings), &params).unwrap();
    for (a, b) in pairs.strength.iter().zip(&found.strength) {
        assert!((a - b).abs() < 1e-10);
    }
    assert!((pairs.log_likelihood - found.log_likelihood).abs() < 1e-10);
}

#[test]
fn choices_from_one_set_have_the_shares_as_estimate() {
    // With weights c the chance of i is c_i / sum c, whatever the order of the set.
    let counts = [5.0, 1.0, 3.0, 11.0];
    let rankings: Vec<Ranking> = (0..4)
        .map(|i| {
            let mut set: Vec<u32> = (0..4).collect();
            set.swap(0, i);
            (set, 1, counts[i])
        })
        .collect();
    let solution = solve(&Owned::new(4, &rankings), &PlackettLuceParams::default()).unwrap();
    for i in 0..4 {
        let ratio = (solution.strength[i] - solution.strength[0]).exp();
        assert!((ratio - counts[i] / counts[0]).abs() < 1e-6 * ratio);
    }
    let total: f64 = counts.iter().sum();
    let entropy: f64 = counts.iter().map(|c| c * (c / total).ln()).sum();
    assert!((solution.log_likelihood - entropy).abs() < 1e-9);
}

#[test]
fn items_that_stand_apart_are_named() {
    // 0, 1 and 6 beat each other, 2 never won, 3 never lost, 4 and 5 met nobody else.
    let owned = Owned::new(
        7,
        &[
            (vec![3, 0, 1, 6, 2], 3, 1.0),
            (vec![6, 1, 0], 2, 1.0),
            (vec![4, 5], 2, 1.0),
            (vec![5, 4], 2, 1.0),
        ],
    );
    let Err(Error::NotConnected { n_components, largest, offenders }) =
        solve(&owned, &PlackettLuceParams::default())
    else {
        panic!("there is no estimate")
    };
    assert_eq!((n_components, largest), (4, 3));
    assert_eq!(
        offenders,
        [
            (2, Separation::NeverWon),
            (3, Separation::NeverLost),
            (4, Separation::Unconnected),
            (5, Separation::Unconnected)
        ]
    );
    let groups = comparable_in_rankings(&owned.rankings(), &Team::sequential(), &()).unwrap();
    assert_eq!(groups.n_components, 4);
    assert!(groups.labels[3] < groups.labels[0] && groups.labels[0] < groups.labels[2]);
    let with_prior = PlackettLuceParams { prior: Some(Prior::Logistic(1.0)), ..Default::default() };
    assert_eq!(solve(&owned, &with_prior).unwrap().status, Status::Converged);
}

#[test]
fn groups_are_the_limit_of_a_vanishing_prior() {
    let owned = Owned::new(
        7,
        &[
            (vec![5, 0, 1, 2, 3], 3, 1.0),
            (vec![1, 0, 5, 2], 4, 2.0),
            (vec![0, 1, 3, 4, 2], 5, 1.0),
            (vec![5, 1, 2, 4], 2, 1.5),
            (vec![4, 2], 1, 3.0),
            (vec![2, 4, 3], 2, 1.0),
        ],
    );
    let groups = comparable_in_rankings(&owned.rankings(), &Team::sequential(), &()).unwrap();
    let parts = restrict_rankings(&owned.rankings(), &groups.labels, &()).unwrap();
    let params = PlackettLuceParams { groups: &groups.labels, tol: 1e-10, ..Default::default() };
    let found = plackett_luce(&parts.view().unwrap(), &params, &Team::sequential(), &mut ());
    let found = found.unwrap();
    assert_eq!(found.status, Status::Converged);
    assert!(groups.n_components > 2 && groups.n_components < 7, "{groups:?}");
    let prior = Some(Prior::Logistic(1e-8));
    let limit = solve(&owned, &PlackettLuceParams { prior, ..Default::default() }).unwrap();
    for i in 0..7 {
        for j in (0..7).filter(|&j| groups.labels[i] == groups.labels[j]) {
            let difference = found.strength[i] - found.strength[j];
            assert!((difference - (limit.strength[i] - limit.strength[j])).abs() < 1e-5);
        }
    }
    for group in 0..groups.n_components as u32 {
        let members = (0..7).filter(|&i| groups.labels[i] == group);
        assert!(members.map(|i| found.strength[i]).sum::<f64>().abs() < 1e-12);
    }
}

#[test]
fn groups_must_be_connected_and_uncrossed() {
    let owned = Owned::new(3, &[(vec![0, 1], 1, 1.0), (vec![1, 0], 1, 1.0)]);
    let with = |groups: &[u32]| {
        solve(&owned, &PlackettLuceParams { groups, ..Default::default() }).map(|s| s.strength)
    };
    assert_eq!(with(&[0, 0, 1]).unwrap(), [0.0; 3]);
    assert!(matches!(with(&[0, 0, 0]), Err(Error::Value { argument: "groups", .. })));
    assert!(matches!(with(&[0, 1, 1]), Err(Error::Value { argument: "groups", .. })));
    assert!(matches!(with(&[0, 0]), Err(Error::Shape { argument: "groups", .. })));
    assert!(matches!(with(&[0, 0, 3]), Err(Error::Index { argument: "groups", .. })));
}

#[test]
fn a_chain_of_wide_sets_does_not_overflow() {
    // Each item and the next two, all three orders of the best: 64 : 8 : 1.
    let n = 400;
    let mut rankings = Vec::new();
    for i in 0..n - 2 {
        rankings.push((vec![i, i + 1, i + 2], 1, 64.0));
        rankings.push((vec![i + 1, i, i + 2], 1, 8.0));
        rankings.push((vec![i + 2, i, i + 1], 1, 1.0));
    }
    let owned = Owned::new(n as usize, &rankings);
    let solution = solve(&owned, &PlackettLuceParams::default()).unwrap();
    assert_eq!(solution.status, Status::Converged);
    for pair in solution.strength.windows(2) {
        assert!((pair[0] - pair[1] - 8_f64.ln()).abs() < 1e-5);
    }
    assert!(solution.strength[0] - solution.strength[n as usize - 1] > 800.0);
}

/// Rankings of five neighbours in strength out of `n`, drawn from the model.
#[allow(clippy::cast_sign_loss, reason = "uniforms")]
fn local(n: usize, n_rankings: usize, window: usize, seed: u64) -> Owned {
    let stream = Stream::new(seed, 0, 0);
    let mut draws = vec![0.0_f64; 16];
    let mut rankings = Vec::new();
    for r in 0..n_rankings {
        stream.fill_positive_uniform(16 * r as u64, &mut draws);
        // Windows over the ends are pushed back inside, so that nobody stands alone there.
        let start = (draws[0] * (n + window) as f64) as usize;
        let start = start.saturating_sub(window).min(n - window);
        let mut pool: Vec<usize> = (start..start + window).collect();
        let mut keyed: Vec<(f64, u32)> = (0..5)
            .map(|k| {
                let pick = (draws[1 + k] * pool.len() as f64) as usize;
                let item = pool.swap_remove(pick.min(pool.len() - 1));
                let strength = 8.0 * item as f64 / n as f64;
                (strength - (-draws[8 + k].ln()).ln(), item as u32)
            })
            .collect();
        keyed.sort_by(|a, b| b.0.total_cmp(&a.0));
        rankings.push((keyed.into_iter().map(|(_, item)| item).collect(), 5, 1.0));
    }
    Owned::new(n, &rankings)
}

#[test]
fn neighbours_in_skill_converge_and_threads_change_no_bit() {
    let owned = local(600, 12_000, 30, 5);
    let run = |n_threads| {
        let team = Team::lease(n_threads);
        plackett_luce(&owned.rankings(), &PlackettLuceParams::default(), &team, &mut ()).unwrap()
    };
    let alone = run(1);
    assert_eq!(alone.status, Status::Converged);
    assert!(alone.certificate.error <= 1e-6);
    let several = run(3);
    let bits = |solution: &PlackettLuceSolution| {
        solution.strength.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(bits(&alone), bits(&several));
    assert_eq!(alone.certificate.error.to_bits(), several.certificate.error.to_bits());
}

#[test]
fn nothing_recorded_is_refused() {
    let owned = Owned::new(2, &[(vec![0], 1, 1.0), (vec![0, 1], 0, 1.0)]);
    assert!(matches!(
        solve(&owned, &PlackettLuceParams::default()),
        Err(Error::Shape { argument: "rankings", .. })
    ));
    let params = PlackettLuceParams { method: Method::Newman, ..Default::default() };
    let params = PlackettLuceParams { prior: Some(Prior::Gaussian(1.0)), ..params };
    assert!(matches!(solve(&owned, &params), Err(Error::Value { argument: "method", .. })));
}
