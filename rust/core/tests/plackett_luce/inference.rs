//! Solves, products and draws of a fit against dense matrices.

use hasten_core::parallel::Team;
use hasten_core::ranking::inference::{BootstrapParams, Resampling, bootstrap};
use hasten_core::ranking::paired::Prior;
use hasten_core::ranking::plackett_luce::{FittedRankings, PlackettLuceParams, RankingsResample};
use hasten_core::ranking::{Fitted, Kind, Noise};
use hasten_core::rng::Stream;

use crate::dense::{Owned, PRIORS, dense_solve, derivatives, solve};

/// `H^+` in the frame where each group sums to zero, or the inverse with a prior.
fn inverse(mut hessian: Vec<Vec<f64>>, groups: Option<&[u32]>) -> Vec<Vec<f64>> {
    let n = hessian.len();
    if let Some(groups) = groups {
        for i in 0..n {
            for j in (0..n).filter(|&j| groups[i] == groups[j]) {
                hessian[i][j] += 1.0;
            }
        }
    }
    let mut columns: Vec<Vec<f64>> = (0..n)
        .map(|k| dense_solve(hessian.clone(), (0..n).map(|i| f64::from(i == k)).collect()))
        .collect();
    if let Some(groups) = groups {
        for i in 0..n {
            let size = groups.iter().filter(|&&g| g == groups[i]).count() as f64;
            for j in (0..n).filter(|&j| groups[i] == groups[j]) {
                columns[i][j] -= 1.0 / (size * size);
            }
        }
    }
    columns
}

/// The covariance of the scores: of the model, or summed over whole rankings.
fn score_covariance(owned: &Owned, prior: Option<Prior>, s: &[f64], kind: Kind) -> Vec<Vec<f64>> {
    let n = s.len();
    if kind == Kind::Model {
        return derivatives(owned, prior, s).1;
    }
    let mut total = vec![vec![0.0; n]; n];
    let rankings = owned.rankings();
    for r in 0..rankings.len() {
        let one = Owned::new(n, &[(rankings.set(r).to_vec(), owned.n_placed[r], 1.0)]);
        let (score, _) = derivatives(&one, None, s);
        for i in 0..n {
            for j in 0..n {
                total[i][j] += rankings.weight(r) * score[i] * score[j];
            }
        }
    }
    total
}

fn for_each_fit(mut check: impl FnMut(&Owned, Option<Prior>, &[f64], &[u32])) {
    let whole = Owned::new(
        5,
        &[
            (vec![0, 1, 2, 3, 4], 5, 1.0),
            (vec![4, 2, 0], 1, 2.5),
            (vec![3, 1, 4, 2], 2, 0.5),
            (vec![1, 0], 1, 3.0),
        ],
    );
    let s = [0.3, -1.0, 0.8, 0.1, -0.2];
    for prior in PRIORS {
        check(&whole, prior, &s, &[]);
    }
    let parted = Owned::new(
        5,
        &[
            (vec![0, 3, 4], 3, 1.0),
            (vec![4, 0, 3], 1, 2.0),
            (vec![1, 2], 1, 1.0),
            (vec![2, 1], 1, 2.0),
        ],
    );
    check(&parted, None, &s, &[0, 1, 1, 0, 0]);
    let single = Owned::new(5, &[(vec![0, 3, 4], 3, 1.0), (vec![4, 0, 3], 1, 2.0)]);
    check(&single, None, &s, &[2, 1, 0, 2, 2]);
}

#[test]
fn a_fit_solves_and_multiplies_as_its_dense_matrices_do() {
    for_each_fit(|owned, prior, s, groups| {
        let n = s.len();
        let team = Team::sequential();
        let rankings = owned.rankings();
        let mut fit = FittedRankings::new(&rankings, prior, s, groups, &team, &()).unwrap();
        let alone = vec![0; n];
        let frame = if groups.is_empty() { &alone[..] } else { groups };
        let frame = prior.is_none().then_some(frame);
        assert_eq!(fit.groups(), frame.unwrap_or_default());
        assert_eq!((fit.n_items(), fit.n_shared()), (n, 0));
        let covariance = inverse(derivatives(owned, prior, s).1, frame);
        let variance = fit.diagonal(&team, &()).unwrap().unwrap();
        let rhs = [1.0, -2.0, 0.5, 3.0, 0.25];
        let (mut x, mut product) = (vec![0.0; n], vec![0.0; n]);
        fit.solve(&rhs, &mut x, &team, &()).unwrap();
        for i in 0..n {
            let expected: f64 = covariance[i].iter().zip(&rhs).map(|(c, b)| c * b).sum();
            assert!((x[i] - expected).abs() < 1e-9, "{} {expected} {prior:?} {groups:?}", x[i]);
            assert!((variance[i] - covariance[i][i]).abs() < 1e-9);
        }
        for kind in [Kind::Model, Kind::Sandwich] {
            let dense = score_covariance(owned, prior, s, kind);
            fit.multiply(kind, &rhs, &mut product, &team);
            for i in 0..n {
                let expected: f64 = dense[i].iter().zip(&rhs).map(|(v, x)| v * x).sum();
                assert!((product[i] - expected).abs() < 1e-12, "{kind:?}");
            }
        }
    });
}

#[test]
fn draws_have_the_covariance_of_the_scores() {
    const DRAWS: u32 = 20_000;
    for_each_fit(|owned, prior, s, groups| {
        let n = s.len();
        let team = Team::sequential();
        let rankings = owned.rankings();
        let fit = FittedRankings::new(&rankings, prior, s, groups, &team, &()).unwrap();
        for kind in [Kind::Model, Kind::Sandwich] {
            let dense = score_covariance(owned, prior, s, kind);
            for noise in [Noise::Normal, Noise::Sign] {
                let mut found = vec![vec![0.0; n]; n];
                let mut draw = vec![0.0; n];
                for task in 0..DRAWS {
                    fit.draw(kind, noise, &Stream::new(11, task, 0), &mut draw, &team);
                    for i in 0..n {
                        for j in 0..n {
                            found[i][j] += draw[i] * draw[j] / f64::from(DRAWS);
                        }
                    }
                }
                for i in 0..n {
                    for j in 0..n {
                        // A product of normals has a variance of at most twice that of its factors.
                        let spread = (2.0 * dense[i][i] * dense[j][j] / f64::from(DRAWS)).sqrt();
                        let error = (found[i][j] - dense[i][j]).abs();
                        assert!(error <= 6.0 * spread, "{kind:?} {noise:?} {error} {spread}");
                    }
                }
            }
        }
    });
}

#[test]
fn rankings_with_too_many_pairs_are_solved_without_them() {
    // Four million pairs are written down; two rankings of 2,500 items have more.
    let n = 2500_u32;
    let shifted = (0..n).map(|i| (i * 1001 + 17) % n);
    let owned = Owned::new(
        n as usize,
        &[
            ((0..n).collect(), n, 1.0),
            ((0..n).rev().collect(), n, 1.0),
            (shifted.collect(), 9, 1.0),
        ],
    );
    let team = Team::sequential();
    let solution = solve(&owned, &PlackettLuceParams::default()).unwrap();
    assert!(solution.certificate.error <= 1e-6);
    assert!(solution.description.contains("conjugate gradients"));
    let rankings = owned.rankings();
    let mut fit =
        FittedRankings::new(&rankings, None, &solution.strength, &[], &team, &()).unwrap();
    assert!(fit.diagonal(&team, &()).unwrap().is_none());
    let mut rhs = vec![0.0; n as usize];
    (rhs[3], rhs[1700]) = (1.0, -1.0);
    let (mut x, mut product) = (rhs.clone(), rhs.clone());
    fit.solve(&rhs, &mut x, &team, &()).unwrap();
    fit.multiply(Kind::Model, &x, &mut product, &team);
    for (product, rhs) in product.iter().zip(&rhs) {
        assert!((product - rhs).abs() < 1e-9);
    }
}

#[test]
fn replicates_are_the_estimates_of_the_drawn_rankings() {
    let owned = Owned::new(
        5,
        &[
            (vec![0, 1, 2, 3, 4], 5, 20.0),
            (vec![4, 2, 0], 1, 15.0),
            (vec![3, 1, 4, 2], 2, 30.0),
            (vec![1, 0], 1, 25.0),
            (vec![2, 4, 3, 0, 1], 3, 40.0),
        ],
    );
    let team = Team::sequential();
    let params = PlackettLuceParams { tol: 1e-10, ..Default::default() };
    let solution = solve(&owned, &params).unwrap();
    let fit = RankingsResample::new(owned.rankings(), None, &solution.strength, &[]);
    for resampling in [Resampling::Games, Resampling::Parametric] {
        let replicates = 0..400;
        let params = BootstrapParams { resampling, key: 5, replicates };
        let found = bootstrap(&fit, &params, &team, &mut ()).unwrap();
        assert!(found.n_failed < 40);
        let finite: Vec<&[f64]> =
            found.estimates.chunks(5).filter(|row| row[0].is_finite()).collect();
        let kind = if resampling == Resampling::Games { Kind::Sandwich } else { Kind::Model };
        let groups = [0; 5];
        let inverse = inverse(derivatives(&owned, None, &solution.strength).1, Some(&groups));
        let middle = score_covariance(&owned, None, &solution.strength, kind);
        for i in 0..5 {
            let mut expected = 0.0;
            for j in 0..5 {
                for k in 0..5 {
                    expected += inverse[i][j] * middle[j][k] * inverse[k][i];
                }
            }
            let count = finite.len() as f64;
            let mean = finite.iter().map(|row| row[i]).sum::<f64>() / count;
            let variance = finite.iter().map(|row| (row[i] - mean).powi(2)).sum::<f64>() / count;
            // A sample of 400 tells a variance to 7 %, and second-order terms add a few percent.
            let ratio = variance / expected;
            assert!((0.7..1.45).contains(&ratio), "{resampling:?} {i}: {ratio}");
        }
        let again = bootstrap(&fit, &params, &Team::lease(2), &mut ()).unwrap();
        let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&again.estimates), bits(&found.estimates));
    }
}
