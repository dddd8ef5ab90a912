//! Replicates of the bootstrap against dense algebra, for every model.

use hasten_core::Error;
use hasten_core::control::Control;
use hasten_core::parallel::Team;
use hasten_core::ranking::inference::{
    BOOTSTRAP, BootstrapParams, Fitted, Kind, Noise, Replicate, Resample, Resampling, bootstrap,
};
use hasten_core::ranking::paired::{
    Model, PairedParams, PairedResample, PairedSolution, Prior, Ties, fit_paired,
};
use hasten_core::rng::Stream;

use crate::dense::{Dense, Owned, Random, center, models, product, random_cells};

fn estimate(owned: &Owned, model: &Model, groups: Option<&[u32]>) -> Vec<f64> {
    let params = PairedParams { tol: 1e-9, ..Default::default() };
    let team = Team::sequential();
    let PairedSolution { strength, shared, .. } =
        fit_paired(owned.cells(), model, groups, &params, &team, &mut ()).unwrap();
    [strength, shared].concat()
}

/// Energy norm, under the original information, of the Newton step from `x` for other outcomes:
/// the numerical error of `x` in standard errors, up to second order.
fn error(owned: &Owned, new: &Owned, model: &Model, original: &[f64], x: &[f64]) -> f64 {
    let groups = if model.prior.is_some() { Vec::new() } else { vec![0; owned.n_items] };
    let dense = Dense::new(new, model, x);
    let mut gradient = dense.gradient.clone();
    center(&mut gradient[..groups.len()], &groups);
    let step = dense.solve(&gradient, &groups);
    let information = Dense::new(owned, model, original).information;
    let image = product(&information, &step);
    step.iter().zip(&image).map(|(a, b)| a * b).sum::<f64>().sqrt()
}

/// Cells of whole games in which every ordered pair met several times.
fn games(n_items: usize, n_covariates: usize, seed: u64) -> Owned {
    let mut owned = Owned { n_items, n_covariates, ..Owned::default() };
    let mut random = Random(seed);
    for i in 0..n_items {
        for j in (0..n_items).filter(|&j| j != i) {
            let row: Vec<f64> = (0..n_covariates).map(|_| random.signed()).collect();
            let mut count = || 2.0 + random.below(5) as f64;
            let outcome = [count(), count(), count()];
            owned.push(i as u32, j as u32, outcome, &row);
        }
    }
    owned
}

/// The same cells with the outcomes of a replicate.
fn redrawn(
    owned: &Owned,
    resample: &PairedResample<'_>,
    kind: Resampling,
    replicate: u32,
) -> Owned {
    let stream = Stream::new(77, replicate, BOOTSTRAP);
    let outcomes = resample.outcomes(kind, &stream).unwrap();
    let mut new = Owned { wins: vec![], losses: vec![], ties: vec![], ..owned.clone() };
    let mut used = vec![false; outcomes.len()];
    for c in 0..owned.left.len() {
        let (left, right) = (owned.left[c], owned.right[c]);
        let turned = left > right;
        let pair = (left.min(right), left.max(right));
        // Cells of a pair keep their order, those with the smaller item on the left first.
        let place = (0..outcomes.len())
            .filter(|&k| !used[k] && (outcomes[k].0, outcomes[k].1) == pair)
            .nth(usize::from(turned && !used_forward(&used, &outcomes, pair)))
            .unwrap();
        used[place] = true;
        let [up, down, tied] = outcomes[place].2;
        let (wins, losses) = if turned { (down, up) } else { (up, down) };
        new.wins.push(wins);
        new.losses.push(losses);
        new.ties.push(tied);
    }
    new
}

/// Whether the first cell of a pair is taken.
fn used_forward(used: &[bool], outcomes: &[(u32, u32, [f64; 3])], pair: (u32, u32)) -> bool {
    let first = outcomes.iter().position(|o| (o.0, o.1) == pair).unwrap();
    used[first]
}

const KINDS: [Resampling; 2] = [Resampling::Games, Resampling::Parametric];

#[test]
fn every_replicate_of_every_model_is_a_full_fit_of_its_outcomes() {
    for n_covariates in [0, 2] {
        for model in models() {
            // Cells of both orders are kept apart only where the order matters.
            if n_covariates == 0 && !model.order_effect {
                continue;
            }
            let owned = games(5, n_covariates, 3);
            let x = estimate(&owned, &model, None);
            let resample = PairedResample::new(owned.cells(), &model, &x, None);
            for resampling in KINDS {
                let params = BootstrapParams { resampling, key: 77, replicates: 0..12 };
                let found = bootstrap(&resample, &params, &Team::sequential(), &mut ()).unwrap();
                assert_eq!(found.n_failed, 0, "{model:?}");
                for (r, estimate) in found.estimates.chunks(x.len()).enumerate() {
                    let new = redrawn(&owned, &resample, resampling, r as u32);
                    let error = error(&owned, &new, &model, &x, estimate);
                    assert!(error < 2e-3, "{model:?} {resampling:?} {r}: {error}");
                }
            }
        }
    }
}

#[test]
fn sparse_data_are_fitted_as_exactly_or_counted_as_failures() {
    let mut n_found = 0;
    for seed in 0..6 {
        let mut owned = random_cells(12, 10, 0, seed);
        owned.ties.fill(0.0);
        for weights in [&mut owned.wins, &mut owned.losses] {
            for w in weights.iter_mut() {
                *w = w.round();
            }
        }
        for prior in [None, Some(Prior::Logistic(0.5))] {
            let model = Model { prior, order_effect: true, ..Model::default() };
            let x = estimate(&owned, &model, None);
            let resample = PairedResample::new(owned.cells(), &model, &x, None);
            let params =
                BootstrapParams { resampling: Resampling::Games, key: 77, replicates: 0..40 };
            let found = bootstrap(&resample, &params, &Team::sequential(), &mut ()).unwrap();
            let mut n_failed = 0;
            for (r, estimate) in found.estimates.chunks(x.len()).enumerate() {
                let low_high =
                    resample.outcomes(params.resampling, &Stream::new(77, r as u32, BOOTSTRAP));
                let new = merged(&owned, &low_high.unwrap());
                let full = fit_paired(
                    new.cells(),
                    &model,
                    None,
                    &PairedParams { tol: 1e-9, ..Default::default() },
                    &Team::sequential(),
                    &mut (),
                );
                if estimate[0].is_nan() {
                    n_failed += 1;
                    assert!(full.is_err(), "{seed} {r} {prior:?}");
                    assert!(estimate.iter().all(|x| x.is_nan()));
                    continue;
                }
                n_found += 1;
                assert!(full.is_ok());
                let error = error(&owned, &new, &model, &x, estimate);
                assert!(error < 2e-3, "{seed} {r} {prior:?}: {error}");
            }
            assert_eq!(found.n_failed, n_failed);
        }
    }
    assert!(n_found > 200, "{n_found}");
}

/// Outcomes as cells, in the order in which they come: smaller item on the left first.
fn merged(owned: &Owned, outcomes: &[(u32, u32, [f64; 3])]) -> Owned {
    let mut new = Owned { n_items: owned.n_items, ..Owned::default() };
    let mut sides: Vec<(u32, u32, bool)> = (0..owned.left.len())
        .filter(|&c| owned.wins[c] + owned.losses[c] + owned.ties[c] > 0.0)
        .map(|c| {
            let (left, right) = (owned.left[c], owned.right[c]);
            (left.min(right), left.max(right), left > right)
        })
        .collect();
    sides.sort_unstable();
    sides.dedup();
    assert_eq!(sides.len(), outcomes.len());
    for (&(low, high, turned), &(i, j, [up, down, tied])) in sides.iter().zip(outcomes) {
        assert_eq!((low, high), (i, j));
        if turned {
            new.push(high, low, [down, up, tied], &[]);
        } else {
            new.push(low, high, [up, down, tied], &[]);
        }
    }
    new
}

/// The same fit, claiming that its solves are slow.
struct Slow<'a>(Box<dyn Fitted + 'a>);

impl Fitted for Slow<'_> {
    fn n_items(&self) -> usize {
        self.0.n_items()
    }

    fn n_shared(&self) -> usize {
        self.0.n_shared()
    }

    fn n_terms(&self) -> usize {
        self.0.n_terms()
    }

    fn groups(&self) -> &[u32] {
        self.0.groups()
    }

    fn solve(&mut self, _: &[f64], _: &mut [f64], _: &Team, _: &dyn Control) -> Result<(), Error> {
        panic!("a refit without a factor solves with the replicate's own diagonal")
    }

    fn is_factorised(&self) -> bool {
        false
    }

    fn diagonal(&mut self, _: &Team, _: &dyn Control) -> Result<Option<Vec<f64>>, Error> {
        Ok(None)
    }

    fn multiply(&self, kind: Kind, x: &[f64], out: &mut [f64], team: &Team) {
        self.0.multiply(kind, x, out, team);
    }

    fn draw(&self, kind: Kind, noise: Noise, stream: &Stream, out: &mut [f64], team: &Team) {
        self.0.draw(kind, noise, stream, out, team);
    }
}

struct SlowResample<'a>(PairedResample<'a>);

impl Resample for SlowResample<'_> {
    fn estimate(&self) -> &[f64] {
        self.0.estimate()
    }

    fn n_bytes(&self) -> usize {
        self.0.n_bytes()
    }

    fn fitted(&self, team: &Team, control: &dyn Control) -> Result<Box<dyn Fitted + '_>, Error> {
        Ok(Box::new(Slow(self.0.fitted(team, control)?)))
    }

    fn replicate(&self) -> Result<Box<dyn Replicate + '_>, Error> {
        self.0.replicate()
    }
}

#[test]
fn without_a_factor_replicates_are_fitted_as_exactly() {
    for model in models().into_iter().filter(|model| model.order_effect) {
        let owned = games(6, 1, 9);
        let x = estimate(&owned, &model, None);
        let resample = PairedResample::new(owned.cells(), &model, &x, None);
        let resampling = Resampling::Games;
        let params = BootstrapParams { resampling, key: 77, replicates: 0..10 };
        let slow = SlowResample(resample);
        let found = bootstrap(&slow, &params, &Team::sequential(), &mut ()).unwrap();
        assert_eq!(found.n_failed, 0, "{model:?}");
        for (r, estimate) in found.estimates.chunks(x.len()).enumerate() {
            let new = redrawn(&owned, &resample, resampling, r as u32);
            let error = error(&owned, &new, &model, &x, estimate);
            assert!(error < 2e-3, "{model:?} {r}: {error}");
        }
    }
}

#[test]
fn groups_are_resampled_together_and_fitted_apart() {
    let mut owned = games(4, 0, 5);
    let second = games(3, 0, 6);
    for c in 0..second.left.len() {
        let outcome = [second.wins[c], second.losses[c], second.ties[c]];
        owned.push(second.left[c] + 4, second.right[c] + 4, outcome, &[]);
    }
    owned.n_items = 7;
    let groups = [0, 0, 0, 0, 1, 1, 1];
    let model = Model { ties: Ties::Davidson, order_effect: true, prior: None };
    let x = estimate(&owned, &model, Some(&groups));
    let resample = PairedResample::new(owned.cells(), &model, &x, Some(&groups));
    let params = BootstrapParams { resampling: Resampling::Games, key: 77, replicates: 0..10 };
    let found = bootstrap(&resample, &params, &Team::sequential(), &mut ()).unwrap();
    assert_eq!(found.n_failed, 0);
    for (r, estimate) in found.estimates.chunks(x.len()).enumerate() {
        assert!(estimate[..4].iter().sum::<f64>().abs() < 1e-12);
        assert!(estimate[4..7].iter().sum::<f64>().abs() < 1e-12);
        let new = redrawn(&owned, &resample, params.resampling, r as u32);
        let dense = Dense::new(&new, &model, estimate);
        let mut gradient = dense.gradient.clone();
        center(&mut gradient[..7], &groups);
        let step = dense.solve(&gradient, &groups);
        let image = product(&Dense::new(&owned, &model, &x).information, &step);
        let error = step.iter().zip(&image).map(|(a, b)| a * b).sum::<f64>().sqrt();
        assert!(error < 2e-3, "{r}: {error}");
    }
}

#[test]
fn replicates_are_the_same_for_any_threads_and_ranges() {
    let owned = games(6, 1, 8);
    let model = Model { ties: Ties::RaoKupper, order_effect: true, prior: None };
    let x = estimate(&owned, &model, None);
    let resample = PairedResample::new(owned.cells(), &model, &x, None);
    let run = |replicates, n_threads| {
        let params = BootstrapParams { resampling: Resampling::Games, key: 1, replicates };
        bootstrap(&resample, &params, &Team::lease(n_threads), &mut ()).unwrap().estimates
    };
    let whole = run(0..20, 1);
    for n_threads in [2, 3, 7] {
        assert_eq!(whole, run(0..20, n_threads));
    }
    assert_eq!(whole, [run(0..7, 3), run(7..20, 2)].concat());
}
