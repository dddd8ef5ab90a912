//! Estimates and certificates against a dense Newton iteration.

use hasten_core::parallel::Team;
use hasten_core::ranking::paired::{Model, PairedParams, PairedSolution, Prior, Ties, fit_paired};
use hasten_core::{Error, Status};

use crate::dense::{Dense, Owned, Random, models, product, random_cells};

fn fit(owned: &Owned, model: &Model, params: &PairedParams<'_>) -> Result<PairedSolution, Error> {
    fit_paired(owned.cells(), model, None, params, &Team::sequential(), &mut ())
}

fn parameters(solution: &PairedSolution) -> Vec<f64> {
    solution.strength.iter().chain(&solution.shared).copied().collect()
}

/// The exact estimate, to rounding, from a point near it.
fn polish(owned: &Owned, model: &Model, mut x: Vec<f64>) -> Vec<f64> {
    let groups = if model.prior.is_some() { vec![] } else { vec![0; owned.n_items] };
    for _ in 0..8 {
        let dense = Dense::new(owned, model, &x);
        let d = dense.solve(&dense.gradient, &groups);
        for (x, d) in x.iter_mut().zip(d) {
            *x += d;
        }
    }
    x
}

/// Largest `|u' (x - exact)| / se(u)` over everything that the data determine.
fn true_error(owned: &Owned, model: &Model, x: &[f64], exact: &[f64]) -> f64 {
    let e: Vec<f64> = x.iter().zip(exact).map(|(a, b)| a - b).collect();
    let he = product(&Dense::new(owned, model, x).information, &e);
    e.iter().zip(he).map(|(e, he)| e * he).sum::<f64>().max(0.0).sqrt()
}

#[test]
fn every_model_reaches_the_dense_estimate() {
    for n_covariates in [0, 2] {
        for (n_items, n_extra) in [(2, 3), (9, 40), (40, 20)] {
            let owned = random_cells(n_items, n_extra, n_covariates, 1);
            for model in models() {
                let solution = fit(&owned, &model, &PairedParams::default()).unwrap();
                assert_eq!(solution.status, Status::Converged, "{model:?}");
                let x = parameters(&solution);
                let exact = polish(&owned, &model, x.clone());
                let error = true_error(&owned, &model, &x, &exact);
                assert!(error <= solution.certificate.error, "{model:?} {error} {solution:?}");
                assert!(solution.certificate.error <= 1e-6);
                let dense = Dense::new(&owned, &model, &x);
                let gap = (solution.log_likelihood - dense.log_likelihood).abs();
                assert!(gap <= 1e-12 * dense.log_likelihood.abs(), "{model:?} {gap}");
                let worst = dense.gradient[..n_items].iter().fold(0.0_f64, |w, g| w.max(g.abs()));
                assert!(worst <= solution.certificate.residual + 1e-12, "{model:?}");
            }
        }
    }
}

#[test]
fn the_certificate_bounds_the_true_error_wherever_the_iteration_ends() {
    for (seed, n_covariates) in [(1, 0), (2, 2), (3, 0)] {
        let owned = random_cells(12, 10, n_covariates, seed);
        for model in models() {
            let best = fit(&owned, &model, &PairedParams::default()).unwrap();
            let exact = polish(&owned, &model, parameters(&best));
            let maximum = Dense::new(&owned, &model, &exact).objective;
            for max_iter in 1..14 {
                let params =
                    PairedParams { max_iter: Some(max_iter), tol: 1e-9, ..Default::default() };
                let solution = fit(&owned, &model, &params).unwrap();
                let x = parameters(&solution);
                let error = true_error(&owned, &model, &x, &exact);
                assert!(error <= solution.certificate.error, "{model:?} {max_iter} {error}");
                let gap = maximum - Dense::new(&owned, &model, &x).objective;
                let bound = solution.certificate.log_likelihood_gap;
                assert!(gap <= bound + 1e-12 * maximum.abs(), "{model:?} {gap} {bound}");
                if solution.status == Status::Converged {
                    assert!(solution.certificate.error <= 1e-9);
                } else {
                    assert_eq!(solution.status, Status::MaxIter);
                }
            }
        }
    }
}

#[test]
fn the_certificate_holds_where_nothing_is_factorised() {
    let owned = random_cells(150, 9000, 1, 2);
    for ties in [Ties::Half, Ties::Davidson, Ties::RaoKupper] {
        for prior in [None, Some(Prior::Logistic(0.2))] {
            let model = Model { ties, order_effect: true, prior };
            let params = PairedParams { tol: 1e-8, ..Default::default() };
            let best = fit(&owned, &model, &params).unwrap();
            assert!(best.description.contains("conjugate gradients"), "{}", best.description);
            assert_eq!(best.status, Status::Converged, "{:?} {}", best.certificate, best.n_iter);
            let exact = polish(&owned, &model, parameters(&best));
            for (max_iter, tol) in
                [(4, 1e-6), (20, 1e-6), (35, 1e-6), (50, 1e-6), (10_000, 1e-2), (10_000, 1e-6)]
            {
                let params = PairedParams { max_iter: Some(max_iter), tol, ..params };
                let solution = fit(&owned, &model, &params).unwrap();
                let error = true_error(&owned, &model, &parameters(&solution), &exact);
                let bound = solution.certificate.error;
                assert!(error <= bound, "{model:?} {max_iter} {error} {bound}");
                assert!(bound <= tol || solution.status == Status::MaxIter);
            }
        }
    }
}

/// Certificate and true error at a point that is off by a multiple of a direction.
fn at_a_distance(
    owned: &Owned,
    model: &Model,
    exact: &[f64],
    direction: &[f64],
    size: f64,
) -> (f64, f64) {
    let init: Vec<f64> = exact.iter().zip(direction).map(|(x, d)| x + size * d).collect();
    let params =
        PairedParams { init: Some(&init), max_iter: Some(1), tol: 1e-12, ..Default::default() };
    let solution = fit(owned, model, &params).unwrap();
    let error = true_error(owned, model, &parameters(&solution), exact);
    (solution.certificate.error, error)
}

#[test]
fn the_certificate_is_tight_and_never_below_the_true_error() {
    let mut tightest = 0.0_f64;
    for (n_items, n_covariates, seed) in [(2, 0, 1), (5, 0, 2), (8, 2, 3)] {
        let owned = random_cells(n_items, 6, n_covariates, seed);
        for model in models() {
            let best = fit(&owned, &model, &PairedParams::default()).unwrap();
            let exact = polish(&owned, &model, parameters(&best));
            let information = Dense::new(&owned, &model, &exact).information;
            let mut random = Random(17);
            for size in [1e-6, 1e-3, 0.05, 0.4] {
                for _ in 0..6 {
                    let direction: Vec<f64> = (0..exact.len())
                        .map(|a| random.signed() / information[a][a].sqrt())
                        .collect();
                    if model.ties == Ties::RaoKupper
                        && exact[n_items] + size * direction[n_items] <= 0.0
                    {
                        continue;
                    }
                    let (bound, error) = at_a_distance(&owned, &model, &exact, &direction, size);
                    assert!(error <= bound * (1.0 + 1e-8), "{model:?} {size} {error} {bound}");
                    tightest = tightest.max(error / bound);
                }
            }
        }
    }
    assert!(tightest > 0.999, "{tightest}");
}

#[test]
fn few_ties_need_the_functionals_of_the_tie_parameter() {
    // With differences of strengths alone as functionals the bound fails here: the tie parameter
    // is known to no more than a factor, and far off its terms are far from quadratic.
    let mut owned = Owned { n_items: 3, ..Owned::default() };
    for (i, j) in [(0, 1), (1, 2), (2, 0)] {
        owned.push(i, j, [1000.0, 1000.0, 0.0], &[]);
    }
    owned.ties[0] = 1.0;
    let model = Model { ties: Ties::Davidson, ..Model::default() };
    let best = fit(&owned, &model, &PairedParams::default()).unwrap();
    let exact = polish(&owned, &model, parameters(&best));
    let mut failures_of_the_pairs_alone = 0;
    for size in [-0.8, -0.5, -0.2, 0.2, 0.5, 0.8] {
        let direction = [0.0, 0.0, 0.0, 1.0];
        let (bound, error) = at_a_distance(&owned, &model, &exact, &direction, size);
        assert!(error <= bound, "{size} {error} {bound}");
        // The bound that pairs alone would give: c from the resistance of a pair that met.
        let x: Vec<f64> = exact.iter().zip(direction).map(|(x, d)| x + size * d).collect();
        let dense = Dense::new(&owned, &model, &x);
        let d = dense.solve(&dense.gradient, &[0; 3]);
        let decrement: f64 = d.iter().zip(&dense.gradient).map(|(d, g)| d * g).sum::<f64>().sqrt();
        let pair = dense.solve(&[1.0, -1.0, 0.0, 0.0], &[0; 3]);
        let c = (pair[0] - pair[1]).sqrt();
        let pairs_alone = -(-c * decrement).ln_1p() / c;
        failures_of_the_pairs_alone += usize::from(error > pairs_alone);
    }
    assert!(failures_of_the_pairs_alone > 0);
}

#[test]
fn every_start_leads_to_the_estimate_and_uphill() {
    let owned = random_cells(8, 20, 0, 6);
    for model in models() {
        let params = PairedParams { tol: 1e-9, ..Default::default() };
        let expected = parameters(&fit(&owned, &model, &params).unwrap());
        let k = expected.len() - 8;
        let mut random = Random(3);
        for tie in [1e-3, 0.1, 5.0, 12.0] {
            let mut init: Vec<f64> = (0..8 + k).map(|_| 6.0 * random.signed()).collect();
            if model.ties != Ties::Half {
                init[8] = tie;
            }
            let mut last = f64::NEG_INFINITY;
            for max_iter in 1..80 {
                let params = PairedParams { init: Some(&init), max_iter: Some(max_iter), ..params };
                let solution = fit(&owned, &model, &params).unwrap();
                let x = parameters(&solution);
                let objective = Dense::new(&owned, &model, &x).objective;
                assert!(objective >= last - 1e-9 * last.abs(), "{model:?} {objective} {last}");
                last = objective;
                if solution.status == Status::Converged {
                    break;
                }
            }
            let params = PairedParams { init: Some(&init), ..params };
            let solution = fit(&owned, &model, &params).unwrap();
            assert_eq!(solution.status, Status::Converged);
            for (a, b) in parameters(&solution).iter().zip(&expected) {
                assert!((a - b).abs() < 1e-8, "{model:?}");
            }
        }
    }
}

#[test]
fn groups_are_fitted_jointly() {
    // Two copies of the same data that never met: the same strengths, the same shared parameters.
    let part = random_cells(5, 20, 1, 4);
    let mut both = Owned { n_items: 10, n_covariates: 1, ..Owned::default() };
    for c in 0..part.left.len() {
        for shift in [0, 5] {
            let outcome = [part.wins[c], part.losses[c], part.ties[c]];
            both.push(
                part.left[c] + shift,
                part.right[c] + shift,
                outcome,
                &part.covariates[c..=c],
            );
        }
    }
    let groups = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
    let params = PairedParams { tol: 1e-10, ..Default::default() };
    for ties in [Ties::Half, Ties::Davidson, Ties::RaoKupper] {
        let model = Model { ties, order_effect: true, prior: None };
        let alone = fit(&part, &model, &params).unwrap();
        let team = Team::sequential();
        let joint =
            fit_paired(both.cells(), &model, Some(&groups), &params, &team, &mut ()).unwrap();
        assert_eq!(joint.n_parameters, alone.n_parameters + 4);
        for i in 0..10 {
            assert!((joint.strength[i] - alone.strength[i % 5]).abs() < 1e-9);
        }
        for (a, b) in joint.shared.iter().zip(&alone.shared) {
            assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()));
        }
        assert!(matches!(
            fit(&both, &model, &params),
            Err(Error::NotConnected { n_components: 2, largest: 5, .. })
        ));
    }
}

#[test]
fn without_ties_the_tie_parameter_is_at_its_limit() {
    let mut owned = random_cells(6, 20, 1, 3);
    owned.ties.fill(0.0);
    let plain = Model { order_effect: true, ..Model::default() };
    let expected = fit(&owned, &plain, &PairedParams::default()).unwrap();
    for (ties, limit) in [(Ties::Davidson, f64::NEG_INFINITY), (Ties::RaoKupper, 0.0)] {
        let found = fit(&owned, &Model { ties, ..plain }, &PairedParams::default()).unwrap();
        assert_eq!(found.shared[0], limit);
        assert_eq!(found.shared[1..], expected.shared);
        assert_eq!(found.strength, expected.strength);
        assert_eq!(found.n_parameters, expected.n_parameters);
    }
}

#[test]
fn extreme_weights_and_wide_ranges_are_solved() {
    for scale in [1e-9, 1.0, 1e9] {
        let mut owned = random_cells(7, 10, 0, 5);
        for weights in [&mut owned.wins, &mut owned.losses, &mut owned.ties] {
            for weight in weights {
                *weight *= scale;
            }
        }
        for mut model in models() {
            model.prior = model.prior.map(|prior| match prior {
                Prior::Logistic(weight) => Prior::Logistic(weight * scale),
                Prior::Gaussian(precision) => Prior::Gaussian(precision * scale),
            });
            let solution = fit(&owned, &model, &PairedParams::default()).unwrap();
            assert_eq!(solution.status, Status::Converged, "{scale} {model:?} {solution:?}");
        }
    }
    // A chain in which each item is three times as strong as the next.
    let n = 400;
    let mut owned = Owned { n_items: n, ..Owned::default() };
    for i in 1..n as u32 {
        owned.push(i - 1, i, [3.0, 1.0, 1.0], &[]);
        owned.push(i, i - 1, [1.0, 3.0, 1.0], &[]);
    }
    for ties in [Ties::Half, Ties::Davidson, Ties::RaoKupper] {
        let model = Model { ties, ..Model::default() };
        let solution = fit(&owned, &model, &PairedParams::default()).unwrap();
        assert_eq!(solution.status, Status::Converged);
        let expected = match ties {
            Ties::Half => (7.0_f64 / 3.0).ln(),
            Ties::Davidson => 3.0_f64.ln(),
            Ties::RaoKupper => continue,
        };
        for pair in solution.strength.windows(2) {
            assert!((pair[0] - pair[1] - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn a_prior_needs_no_connection() {
    let mut owned = Owned { n_items: 4, ..Owned::default() };
    owned.push(0, 1, [3.0, 0.0, 0.0], &[]);
    for prior in [Prior::Logistic(1.0), Prior::Gaussian(0.5)] {
        let model = Model { prior: Some(prior), ..Model::default() };
        let solution = fit(&owned, &model, &PairedParams::default()).unwrap();
        assert_eq!(solution.status, Status::Converged);
        // The item that beat the other is as far above the prior's middle as that is below it.
        assert!((solution.strength[0] + solution.strength[1]).abs() < 1e-6);
        assert!(solution.strength[0] > 0.1);
        assert_eq!(&solution.strength[2..], [0.0, 0.0]);
    }
}

#[test]
fn dependent_covariates_are_named() {
    let base = random_cells(6, 30, 1, 8);
    let with = |second: &dyn Fn(usize) -> f64| {
        let mut owned = Owned { n_covariates: 2, covariates: vec![], ..base.clone() };
        for c in 0..base.left.len() {
            owned.covariates.extend([base.covariates[c], second(c)]);
        }
        owned
    };
    let strength = [0.3, -1.0, 0.5, 2.0, 0.0, 1.0];
    let order = Model { order_effect: true, ..Model::default() };
    let column = |owned: &Owned, model: &Model| match fit(owned, model, &PairedParams::default()) {
        Err(Error::Value { argument: "covariates", index, .. }) => index,
        other => panic!("{other:?}"),
    };
    for model in [Model::default(), order] {
        assert_eq!(column(&with(&|c| -3.0 * base.covariates[c]), &model), Some(1));
        assert_eq!(column(&with(&|_| 0.0), &model), Some(1));
        // A difference of strengths.
        let difference =
            |c: usize| strength[base.left[c] as usize] - strength[base.right[c] as usize];
        assert_eq!(column(&with(&difference), &model), Some(1));
    }
    assert_eq!(column(&with(&|_| 2.0), &order), Some(1));
    assert!(fit(&with(&|_| 2.0), &Model::default(), &PairedParams::default()).is_ok());
}

#[test]
fn separated_covariates_are_refused() {
    let mut owned = random_cells(5, 30, 0, 9);
    owned.ties.fill(0.0);
    owned.n_covariates = 1;
    // One game a cell, and a covariate whose sign tells who won.
    let mut single = Owned { n_items: 5, n_covariates: 1, ..Owned::default() };
    for c in 0..owned.left.len() {
        for (won, weight) in [(true, owned.wins[c]), (false, owned.losses[c])] {
            if weight > 0.0 {
                let outcome = if won { [weight, 0.0, 0.0] } else { [0.0, weight, 0.0] };
                let z = if won { 1.0 } else { -1.0 } * (1.0 + 0.1 * c as f64);
                single.push(owned.left[c], owned.right[c], outcome, &[z]);
            }
        }
    }
    let infinite = |owned: &Owned, model: &Model| {
        matches!(
            fit(owned, model, &PairedParams::default()),
            Err(Error::Infinite { parameter: "coefficient of a covariate", .. })
        )
    };
    assert!(infinite(&single, &Model::default()));
    assert!(infinite(&single, &Model { prior: Some(Prior::Logistic(1.0)), ..Model::default() }));
    // With every game played again with the other outcome, nothing separates.
    let mut both = single.clone();
    for c in 0..single.left.len() {
        let outcome = [single.losses[c], single.wins[c], 0.0];
        both.push(single.left[c], single.right[c], outcome, &single.covariates[c..=c]);
    }
    let solution = fit(&both, &Model::default(), &PairedParams::default()).unwrap();
    assert!(solution.strength.iter().chain(&solution.shared).all(|x| x.abs() < 1e-6));
}

#[test]
fn bad_parameters_are_named() {
    let owned = random_cells(4, 5, 0, 9);
    let model = Model { ties: Ties::RaoKupper, ..Model::default() };
    let message = |params: PairedParams<'_>| fit(&owned, &model, &params).unwrap_err().to_string();
    let default = PairedParams::default();
    assert!(message(PairedParams { tol: 0.0, ..default }).starts_with("`tol`"));
    assert!(message(PairedParams { max_iter: Some(0), ..default }).starts_with("`max_iter`"));
    for init in [&[0.0; 3][..], &[f64::NAN; 4], &[0.0; 5]] {
        assert!(message(PairedParams { init: Some(init), ..default }).starts_with("`init`"));
    }
}
