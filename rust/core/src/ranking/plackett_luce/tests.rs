//! Derivatives and pairs against their definitions, written down densely.

use super::hessian::Hessian;
use super::layout::{Index, Layout};
use super::likelihood::{Derivatives, log_likelihood};
use super::pairs::Pairs;
use super::rankings::Rankings;
use crate::parallel::Team;
use crate::ranking::paired::Prior;
use crate::rng::Stream;
use crate::sparse::Operator;

struct Owned {
    n_items: usize,
    offsets: Vec<usize>,
    items: Vec<u32>,
    n_placed: Vec<u32>,
    weights: Vec<f64>,
}

impl Owned {
    fn random(seed: u64, n_items: usize, n_rankings: usize) -> (Self, Vec<f64>) {
        let stream = Stream::new(seed, 0, 0);
        let mut draws = vec![0.0_f64; n_rankings * (n_items + 3) + n_items];
        stream.fill_uniform(0, &mut draws);
        let strength = draws.split_off(n_rankings * (n_items + 3));
        let mut owned = Self {
            n_items,
            offsets: vec![0],
            items: Vec::new(),
            n_placed: Vec::new(),
            weights: Vec::new(),
        };
        for draws in draws.chunks(n_items + 3) {
            let mut order: Vec<u32> = (0..n_items as u32).collect();
            order.sort_by(|&i, &j| draws[i as usize].total_cmp(&draws[j as usize]));
            #[allow(clippy::cast_sign_loss, reason = "a uniform")]
            let size = (draws[n_items] * (n_items as f64 + 1.0)) as usize;
            owned.items.extend(&order[..size]);
            owned.offsets.push(owned.items.len());
            #[allow(clippy::cast_sign_loss, reason = "a uniform")]
            owned.n_placed.push((draws[n_items + 1] * (size as f64 + 1.0)) as u32);
            owned.weights.push(3.0 * draws[n_items + 2]);
        }
        (owned, strength.iter().map(|u| 6.0 * u - 3.0).collect())
    }

    fn rankings(&self) -> Rankings<'_> {
        let Self { n_items, offsets, items, n_placed, weights } = self;
        Rankings::new(*n_items, offsets, items, n_placed, weights).expect("well formed")
    }
}

struct Dense {
    value: f64,
    gradient: Vec<f64>,
    hessian: Vec<Vec<f64>>,
}

/// Choice by choice: `log x_w`, its gradient `e_w - x`, and minus its Hessian `diag(x) - x x'`.
fn by_definition(rankings: &Rankings<'_>, prior: Option<Prior>, s: &[f64]) -> Dense {
    let n = s.len();
    let mut value = 0.0;
    let mut gradient = vec![0.0; n];
    let mut hessian = vec![vec![0.0; n]; n];
    for r in 0..rankings.len() {
        let (set, weight) = (rankings.set(r), rankings.weight(r));
        for v in 0..rankings.n_choices(r) {
            let total: f64 = set[v..].iter().map(|&i| s[i as usize].exp()).sum();
            let x = |i: u32| s[i as usize].exp() / total;
            value += weight * x(set[v]).ln();
            gradient[set[v] as usize] += weight;
            for &i in &set[v..] {
                gradient[i as usize] -= weight * x(i);
                hessian[i as usize][i as usize] += weight * x(i);
                for &j in &set[v..] {
                    hessian[i as usize][j as usize] -= weight * x(i) * x(j);
                }
            }
        }
    }
    for i in 0..n {
        let p = s[i].exp();
        match prior {
            Some(Prior::Logistic(a)) => {
                gradient[i] += a * (1.0 - p) / (1.0 + p);
                hessian[i][i] += 2.0 * a * p / (1.0 + p).powi(2);
            }
            Some(Prior::Gaussian(precision)) => {
                gradient[i] -= precision * s[i];
                hessian[i][i] += precision;
            }
            None => {}
        }
    }
    Dense { value, gradient, hessian }
}

fn assert_close(found: f64, expected: f64, scale: f64) {
    assert!((found - expected).abs() <= 1e-12 * (1.0 + scale), "{found} is not {expected}");
}

const PRIORS: [Option<Prior>; 3] = [None, Some(Prior::Logistic(0.7)), Some(Prior::Gaussian(1.3))];

#[test]
fn derivatives_are_those_of_the_definition() {
    for seed in 0..30 {
        let (owned, s) = Owned::random(seed, 3 + seed as usize % 6, 12);
        let rankings = owned.rankings();
        let index = Index::new(&rankings).expect("indexed");
        let layout = Layout::new(rankings, &index);
        let n = owned.n_items;
        for prior in PRIORS {
            let team = Team::sequential();
            let mut derivatives = Derivatives::new(&layout, prior).expect("memory");
            derivatives.evaluate(&layout, prior, &s, &team);
            let dense = by_definition(&rankings, prior, &s);
            assert_close(
                log_likelihood(&layout.rankings, &s, &team),
                dense.value,
                dense.value.abs(),
            );
            let hessian = Hessian::new(&layout, &derivatives).expect("memory");
            let x: Vec<f64> = (0..n).map(|i| ((i * i + 1) as f64).sin()).collect();
            let mut at_nodes = x.clone();
            at_nodes.resize(hessian.n_nodes(), 0.0);
            let mut product = vec![0.0; hessian.n_nodes()];
            hessian.multiply(&team, &at_nodes, &mut product);
            let mut energy = 0.0;
            for i in 0..n {
                let scale = dense.hessian[i][i];
                assert_close(derivatives.rows[i].gradient(), dense.gradient[i], 50.0);
                assert_close(derivatives.rows[i].diagonal, scale, scale);
                let row: f64 = dense.hessian[i].iter().zip(&x).map(|(h, x)| h * x).sum();
                assert_close(product[i], row, scale);
                energy += x[i] * row;
            }
            assert_close(hessian.energy(&x, &team), energy, energy);
            if prior.is_some() {
                let total: f64 = product.iter().sum();
                assert_close(total, 0.0, energy);
            }
        }
    }
}

#[test]
fn a_gradient_is_the_slope_of_the_likelihood() {
    let (owned, s) = Owned::random(7, 6, 20);
    let index = Index::new(&owned.rankings()).expect("indexed");
    let layout = Layout::new(owned.rankings(), &index);
    let team = Team::sequential();
    let mut derivatives = Derivatives::new(&layout, None).expect("memory");
    derivatives.evaluate(&layout, None, &s, &team);
    let step = 1e-6;
    for i in 0..owned.n_items {
        let at = |shift: f64| {
            let mut s = s.clone();
            s[i] += shift;
            log_likelihood(&layout.rankings, &s, &team)
        };
        let slope = (at(step) - at(-step)) / (2.0 * step);
        assert!((derivatives.rows[i].gradient() - slope).abs() < 1e-7, "item {i}");
    }
}

#[test]
fn both_kernels_agree_and_neither_breaks_at_any_spread() {
    for seed in 0..10 {
        let (owned, mut s) = Owned::random(seed, 6, 15);
        let index = Index::new(&owned.rankings()).expect("indexed");
        let layout = Layout::new(owned.rankings(), &index);
        let team = Team::sequential();
        let mut derivatives = Derivatives::new(&layout, None).expect("memory");
        derivatives.evaluate(&layout, None, &s, &team);
        let ratios: Vec<_> = derivatives.rows.iter().map(|row| (row.gain, row.loss)).collect();
        // A common shift changes nothing, but leads to sums of logarithms.
        for s in &mut s {
            *s += 1024.0;
        }
        derivatives.evaluate(&layout, None, &s, &team);
        for (row, (gain, loss)) in derivatives.rows.iter().zip(ratios) {
            assert_close(row.gain, gain, gain);
            assert_close(row.loss, loss, loss);
        }
        for s in &mut s {
            *s = 1000.0 * (*s - 1024.0);
        }
        derivatives.evaluate(&layout, None, &s, &team);
        let total: f64 = derivatives.rows.iter().map(super::likelihood::Row::gradient).sum();
        assert!(total.abs() < 1e-9);
        assert!(derivatives.rows.iter().all(|row| row.diagonal.is_finite() && row.diagonal >= 0.0));
        assert!(derivatives.splits.iter().all(|y| (y.share + y.rest - 1.0).abs() < 1e-12));
        assert!(log_likelihood(&layout.rankings, &s, &team).is_finite());
        let hessian = Hessian::new(&layout, &derivatives).expect("memory");
        assert!(hessian.energy(&s, &team).is_finite());
    }
}

#[test]
fn pairs_hold_the_hessian_and_the_skeleton_a_part_of_it() {
    for seed in 0..20 {
        let (owned, s) = Owned::random(seed, 4 + seed as usize % 5, 10);
        let rankings = owned.rankings();
        let index = Index::new(&rankings).expect("indexed");
        let layout = Layout::new(rankings, &index);
        let (team, n) = (Team::sequential(), owned.n_items);
        for prior in [None, Some(Prior::Logistic(0.7))] {
            let mut derivatives = Derivatives::new(&layout, prior).expect("memory");
            derivatives.evaluate(&layout, prior, &s, &team);
            let dense = by_definition(&rankings, prior, &s).hessian;
            let entries = |pairs: &Pairs| {
                let graph = pairs.graph();
                let mut matrix = vec![vec![0.0; n + 1]; n + 1];
                for i in 0..graph.n_nodes() {
                    for entry in graph.row(i) {
                        matrix[i][graph.neighbour(entry) as usize] += pairs.conductance[entry];
                    }
                }
                matrix
            };
            let all = Pairs::all(&layout, &derivatives, &[], &team, &()).expect("joined");
            let all = entries(&all.expect("few pairs"));
            let skeleton = Pairs::skeleton(&layout, &derivatives, &team, &()).expect("joined");
            let skeleton = entries(&skeleton);
            for i in 0..n {
                for j in (0..n).filter(|&j| j != i) {
                    assert_close(all[i][j], -dense[i][j], dense[i][i]);
                    assert!(skeleton[i][j] <= all[i][j] * (1.0 + 1e-12));
                    assert!(skeleton[i][j] == skeleton[j][i]);
                }
                assert!(skeleton[i][n] == all[i][n] && all[i][n] == all[n][i]);
                let joined = all[i][..n].iter().any(|&c| c > 0.0);
                assert_eq!(joined, skeleton[i][..n].iter().any(|&c| c > 0.0));
            }
        }
    }
}

#[test]
fn rounding_errors_stay_within_their_bound() {
    // Gradients sum to zero, but for rounding.
    for (n_items, shift) in [(6, 0.0), (300, 0.0), (300, 1024.0)] {
        let (owned, mut s) = Owned::random(4, n_items, 200);
        for s in &mut s {
            *s += shift;
        }
        let index = Index::new(&owned.rankings()).expect("indexed");
        let layout = Layout::new(owned.rankings(), &index);
        let team = Team::sequential();
        let mut derivatives = Derivatives::new(&layout, None).expect("memory");
        derivatives.evaluate(&layout, None, &s, &team);
        let bound = super::certificate::rounding(&layout, &derivatives, &s, None, &team);
        let bound: f64 = bound.expect("memory").iter().sum();
        let total: f64 = derivatives.rows.iter().map(super::likelihood::Row::gradient).sum();
        assert!(total.abs() <= bound, "{total} {bound}");
        // A bound that is of no use would pass as well.
        assert!(bound < 1e-6);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (owned, s) = Owned::random(3, 40, 4000);
    let index = Index::new(&owned.rankings()).expect("indexed");
    let layout = Layout::new(owned.rankings(), &index);
    let run = |team: &Team| {
        let mut derivatives = Derivatives::new(&layout, None).expect("memory");
        derivatives.evaluate(&layout, None, &s, team);
        let hessian = Hessian::new(&layout, &derivatives).expect("memory");
        let mut product = vec![0.0; s.len()];
        hessian.multiply(team, &s, &mut product);
        product.push(hessian.energy(&s, team));
        product.push(log_likelihood(&layout.rankings, &s, team));
        product.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(run(&Team::sequential()), run(&Team::lease(3)));
}
