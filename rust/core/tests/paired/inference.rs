//! What inference is built on: solves, diagonals, products and draws.

use hasten_core::parallel::Team;
use hasten_core::ranking::paired::{Model, PairedFit, Prior, Ties};
use hasten_core::ranking::{Fitted, Kind, Noise};
use hasten_core::rng::Stream;

use crate::dense::{Dense, Owned, Random, center, models, product, random_cells};

fn fit<'a>(owned: &'a Owned, model: &Model, x: &[f64], groups: Option<&[u32]>) -> PairedFit<'a> {
    PairedFit::new(owned.cells(), model, x, groups, &Team::sequential(), &()).unwrap()
}

/// Parameters of moderate size, the tie parameter positive.
fn parameters(owned: &Owned, model: &Model, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    let k = model.n_shared(owned.n_covariates);
    let mut x: Vec<f64> = (0..owned.n_items + k).map(|_| random.signed()).collect();
    if model.ties != Ties::Half {
        x[owned.n_items] = 0.3 + random.uniform();
    }
    for a in 0..owned.n_covariates {
        x[owned.n_items + k - owned.n_covariates + a] /= 10_f64.powi(a as i32);
    }
    x
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    let size = expected.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
    assert_eq!(found.len(), expected.len());
    for (k, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * size, "{k}: {a} {b}\n{found:?}\n{expected:?}");
    }
}

/// Groups of a fit: none with a prior.
fn frame(model: &Model, groups: &[u32]) -> Vec<u32> {
    if model.prior.is_some() { Vec::new() } else { groups.to_vec() }
}

/// Compare every method with dense linear algebra.
fn check(owned: &Owned, model: &Model, groups: Option<&[u32]>) {
    let x = parameters(owned, model, 5);
    let dense = Dense::new(owned, model, &x);
    let team = Team::sequential();
    let mut fit = fit(owned, model, &x, groups);
    let one_group = vec![0; owned.n_items];
    let groups = frame(model, groups.unwrap_or(&one_group));
    assert_eq!(fit.groups(), groups);
    let p = x.len();
    assert_eq!(fit.n_items() + fit.n_shared(), p);

    let mut random = Random(9);
    // Scaled so that no entry is lost beside the others.
    let scale: Vec<f64> = (0..p).map(|a| dense.information[a][a].sqrt()).collect();
    for _ in 0..3 {
        let rhs: Vec<f64> = scale.iter().map(|s| s * random.signed()).collect();
        let mut centered = rhs.clone();
        center(&mut centered, &groups);
        let expected = dense.solve(&centered, &groups);
        let mut found = vec![f64::NAN; p];
        fit.solve(&rhs, &mut found, &team, &()).unwrap();
        let scaled = |x: &[f64]| x.iter().zip(&scale).map(|(x, s)| x * s).collect::<Vec<_>>();
        close(&scaled(&found), &scaled(&expected), 1e-10);

        for kind in [Kind::Model, Kind::Sandwich] {
            let direction: Vec<f64> = scale.iter().map(|s| random.signed() / s).collect();
            fit.multiply(kind, &direction, &mut found, &team);
            let expected = product(dense.matrix(kind), &direction);
            let unscaled = |x: &[f64]| x.iter().zip(&scale).map(|(x, s)| x / s).collect::<Vec<_>>();
            close(&unscaled(&found), &unscaled(&expected), 1e-12);
        }
    }
    let diagonal = fit.diagonal(&team, &()).unwrap().unwrap();
    let expected: Vec<f64> = (0..p)
        .map(|a| {
            let mut axis = vec![0.0; p];
            axis[a] = 1.0;
            center(&mut axis, &groups);
            dense.solve(&axis, &groups)[a] * scale[a] * scale[a]
        })
        .collect();
    let diagonal: Vec<f64> = diagonal.iter().zip(&scale).map(|(d, s)| d * s * s).collect();
    close(&diagonal, &expected, 1e-10);
}

#[test]
fn every_model_agrees_with_dense_algebra() {
    for n_covariates in [0, 2] {
        let owned = random_cells(9, 40, n_covariates, 1);
        for model in models() {
            check(&owned, &model, None);
        }
    }
}

#[test]
fn groups_have_frames_of_their_own() {
    // Items 0, 2, 4, 6 and 1, 3, 5 and 7, 8: three groups that never met.
    let parts = [vec![0_u32, 2, 4, 6], vec![1, 3, 5], vec![7, 8]];
    let mut owned = Owned { n_items: 9, n_covariates: 1, ..Owned::default() };
    let mut groups = vec![0; 9];
    for (g, items) in parts.iter().enumerate() {
        let part = random_cells(items.len(), 12, 1, 20 + g as u64);
        for c in 0..part.left.len() {
            let (left, right) = (items[part.left[c] as usize], items[part.right[c] as usize]);
            let outcome = [part.wins[c], part.losses[c], part.ties[c]];
            owned.push(left, right, outcome, &part.covariates[c..=c]);
        }
        for &i in items {
            groups[i as usize] = g as u32;
        }
    }
    for model in models() {
        check(&owned, &model, Some(&groups));
    }
}

#[test]
fn a_dropped_tie_parameter_keeps_its_place() {
    let mut owned = random_cells(6, 20, 1, 3);
    owned.ties.fill(0.0);
    let plain = Model { order_effect: true, ..Model::default() };
    let x = parameters(&owned, &plain, 5);
    let mut without = fit(&owned, &plain, &x, None);
    let team = Team::sequential();
    for (ties, dropped) in [(Ties::Davidson, f64::NEG_INFINITY), (Ties::RaoKupper, 0.0)] {
        let model = Model { ties, ..plain };
        let mut longer = x.clone();
        longer.insert(6, dropped);
        let mut with = fit(&owned, &model, &longer, None);
        assert_eq!(with.n_shared(), without.n_shared() + 1);
        let mut rhs: Vec<f64> = (0..x.len()).map(|a| (a as f64).sin()).collect();
        let (mut short, mut long) = (vec![0.0; x.len()], vec![f64::NAN; x.len() + 1]);
        without.solve(&rhs, &mut short, &team, &()).unwrap();
        rhs.insert(6, 3.0);
        with.solve(&rhs, &mut long, &team, &()).unwrap();
        assert_eq!(long.remove(6), 0.0);
        assert_eq!(long, short);
        let mut diagonal = with.diagonal(&team, &()).unwrap().unwrap();
        assert_eq!(diagonal.remove(6), 0.0);
        assert_eq!(Some(diagonal), without.diagonal(&team, &()).unwrap());
    }
}

#[test]
fn draws_have_the_covariance_of_the_scores() {
    let owned = random_cells(5, 15, 1, 8);
    let n_draws = 4000;
    for model in [
        Model { ties: Ties::Half, order_effect: false, prior: None },
        Model { ties: Ties::Davidson, order_effect: true, prior: Some(Prior::Logistic(0.7)) },
        Model { ties: Ties::RaoKupper, order_effect: true, prior: Some(Prior::Gaussian(2.0)) },
    ] {
        let x = parameters(&owned, &model, 5);
        let dense = Dense::new(&owned, &model, &x);
        let fit = fit(&owned, &model, &x, None);
        let mut random = Random(2);
        let axes: Vec<Vec<f64>> = (0..4)
            .map(|_| {
                (0..x.len()).map(|a| random.signed() / dense.information[a][a].sqrt()).collect()
            })
            .collect();
        for kind in [Kind::Model, Kind::Sandwich] {
            for noise in [Noise::Normal, Noise::Sign] {
                let mut sums = vec![0.0; axes.len()];
                let mut draw = vec![0.0; x.len()];
                for task in 0..n_draws {
                    let stream = Stream::new(77, task, 3);
                    fit.draw(kind, noise, &stream, &mut draw, &Team::sequential());
                    for (sum, axis) in sums.iter_mut().zip(&axes) {
                        *sum += axis.iter().zip(&draw).map(|(a, d)| a * d).sum::<f64>().powi(2);
                    }
                }
                for (sum, axis) in sums.iter().zip(&axes) {
                    let v = product(dense.matrix(kind), axis);
                    let expected: f64 = axis.iter().zip(&v).map(|(a, v)| a * v).sum();
                    // Relative standard deviation sqrt(2 / 4000) = 0.022 or less, times 5.5.
                    let ratio = sum / f64::from(n_draws) / expected;
                    assert!((ratio - 1.0).abs() < 0.125, "{model:?} {kind:?} {noise:?} {ratio}");
                }
            }
        }
    }
}

#[test]
fn large_graphs_without_a_factor_are_solved_iteratively() {
    let owned = random_cells(16_000, 210_000, 1, 4);
    for model in [
        Model::default(),
        Model { ties: Ties::Davidson, order_effect: true, prior: None },
        Model { ties: Ties::RaoKupper, order_effect: true, prior: Some(Prior::Logistic(0.5)) },
    ] {
        let x = parameters(&owned, &model, 5);
        let team = Team::lease(2);
        let mut fit = PairedFit::new(owned.cells(), &model, &x, None, &team, &()).unwrap();
        assert!(fit.diagonal(&team, &()).unwrap().is_none());
        let mut rhs: Vec<f64> = (0..x.len()).map(|a| (a as f64).sin()).collect();
        if model.prior.is_none() {
            center(&mut rhs, &vec![0; owned.n_items]);
        }
        let (mut solution, mut back) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        fit.solve(&rhs, &mut solution, &team, &()).unwrap();
        fit.multiply(Kind::Model, &solution, &mut back, &team);
        close(&back, &rhs, 1e-7);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let owned = random_cells(300, 30_000, 2, 6);
    let model =
        Model { ties: Ties::Davidson, order_effect: true, prior: Some(Prior::Logistic(1.0)) };
    let x = parameters(&owned, &model, 5);
    let run = |team: &Team| {
        let mut fit = PairedFit::new(owned.cells(), &model, &x, None, team, &()).unwrap();
        let mut out = vec![vec![0.0; x.len()]; 3];
        fit.solve(&x, &mut out[0], team, &()).unwrap();
        fit.multiply(Kind::Sandwich, &x, &mut out[1], team);
        fit.draw(Kind::Model, Noise::Normal, &Stream::new(1, 2, 3), &mut out[2], team);
        out.push(fit.diagonal(team, &()).unwrap().unwrap());
        out
    };
    let alone = run(&Team::sequential());
    for n_threads in [2, 4] {
        assert_eq!(run(&Team::lease(n_threads)), alone);
    }
}

#[test]
fn malformed_fits_are_named() {
    let owned = random_cells(5, 10, 2, 6);
    let model = Model { order_effect: true, ..Model::default() };
    let x = parameters(&owned, &model, 5);
    let error = |x: &[f64], groups: Option<&[u32]>| {
        let fit = PairedFit::new(owned.cells(), &model, x, groups, &Team::sequential(), &());
        fit.err().unwrap().to_string()
    };
    assert!(error(&x[1..], None).starts_with("`parameters`"));
    assert!(error(&vec![f64::NAN; x.len()], None).starts_with("`parameters`"));
    assert!(error(&x, Some(&[0; 4])).starts_with("`groups`"));
    assert!(error(&x, Some(&[0, 0, 0, 1, 1])).contains("across groups"));
    assert!(error(&x, Some(&[0, 0, 0, 0, 2])).contains("no item in group 1"));
}

#[test]
fn several_vectors_at_once_give_what_each_gives_alone() {
    let team = Team::sequential();
    for n_covariates in [0, 2] {
        let owned = random_cells(9, 400, n_covariates, 4);
        for model in models() {
            let x = parameters(&owned, &model, 6);
            let mut fit = fit(&owned, &model, &x, None);
            let p = x.len();
            let mut random = Random(3);
            let vectors: Vec<f64> = (0..11 * p).map(|_| random.signed()).collect();
            let streams: Vec<Stream> = (0..11).map(|r| Stream::new(5, r, 1)).collect();
            let (mut together, mut alone) = (vec![0.0; 11 * p], vec![0.0; 11 * p]);
            for kind in [Kind::Model, Kind::Sandwich] {
                fit.multiply_many(kind, &vectors, &mut together, &Team::lease(2), &()).unwrap();
                for (x, out) in vectors.chunks(p).zip(alone.chunks_mut(p)) {
                    fit.multiply(kind, x, out, &team);
                }
                close(&together, &alone, 1e-13);
                for noise in [Noise::Normal, Noise::Sign] {
                    fit.draw_many(kind, noise, &streams, &mut together, &Team::lease(2), &())
                        .unwrap();
                    for (stream, out) in streams.iter().zip(alone.chunks_mut(p)) {
                        fit.draw(kind, noise, stream, out, &team);
                    }
                    close(&together, &alone, 1e-13);
                }
            }
            fit.solve_many(&vectors, &mut together, 1e-10, &Team::lease(2), &()).unwrap();
            for (x, out) in vectors.chunks(p).zip(alone.chunks_mut(p)) {
                fit.solve(x, out, &team, &()).unwrap();
            }
            assert_eq!(together, alone);
        }
    }
}
