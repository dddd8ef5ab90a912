//! The model written down from its definition, dense and slow.

use hasten_core::Error;
use hasten_core::parallel::Team;
use hasten_core::ranking::paired::Prior;
use hasten_core::ranking::plackett_luce::{
    PlackettLuceParams, PlackettLuceSolution, Rankings, plackett_luce,
};
use proptest::prelude::*;

/// A ranking: its set, best first, the number of items placed, and its weight.
pub(crate) type Ranking = (Vec<u32>, u32, f64);

#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) n_items: usize,
    pub(crate) offsets: Vec<usize>,
    pub(crate) items: Vec<u32>,
    pub(crate) n_placed: Vec<u32>,
    pub(crate) weights: Vec<f64>,
}

impl Owned {
    pub(crate) fn new(n_items: usize, rankings: &[Ranking]) -> Self {
        let mut owned =
            Self { n_items, offsets: vec![0], items: vec![], n_placed: vec![], weights: vec![] };
        for (set, n_placed, weight) in rankings {
            owned.items.extend(set);
            owned.offsets.push(owned.items.len());
            owned.n_placed.push(*n_placed);
            owned.weights.push(*weight);
        }
        owned
    }

    pub(crate) fn rankings(&self) -> Rankings<'_> {
        let Self { n_items, offsets, items, n_placed, weights } = self;
        Rankings::new(*n_items, offsets, items, n_placed, weights).unwrap()
    }
}

pub(crate) fn solve(
    owned: &Owned,
    params: &PlackettLuceParams<'_>,
) -> Result<PlackettLuceSolution, Error> {
    plackett_luce(&owned.rankings(), params, &Team::sequential(), &mut ())
}

/// Solve `a x = b` by Gaussian elimination with partial pivoting.
pub(crate) fn dense_solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            for j in k..n {
                a[i][j] -= factor * a[k][j];
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        for j in k + 1..n {
            b[k] -= a[k][j] * b[j];
        }
        b[k] /= a[k][k];
    }
    b
}

/// Gradient and Hessian of the negative log-posterior, choice by choice.
pub(crate) fn derivatives(
    owned: &Owned,
    prior: Option<Prior>,
    s: &[f64],
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = s.len();
    let mut gradient = vec![0.0; n];
    let mut hessian = vec![vec![0.0; n]; n];
    let rankings = owned.rankings();
    for r in 0..rankings.len() {
        let (set, weight) = (rankings.set(r), rankings.weight(r));
        for v in 0..rankings.n_choices(r) {
            let left = &set[v..];
            let largest = left.iter().map(|&i| s[i as usize]).fold(f64::MIN, f64::max);
            let total: f64 = left.iter().map(|&i| (s[i as usize] - largest).exp()).sum();
            let x = |i: u32| (s[i as usize] - largest).exp() / total;
            for &i in left {
                let others: f64 = left.iter().filter(|&&j| j != i).map(|&j| x(j)).sum();
                gradient[i as usize] += weight * if i == set[v] { others } else { -x(i) };
                for &j in left.iter().filter(|&&j| j != i) {
                    hessian[i as usize][i as usize] += weight * x(i) * x(j);
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
    (gradient, hessian)
}

/// The exact estimate, to rounding.
pub(crate) fn reference(owned: &Owned, prior: Option<Prior>) -> Vec<f64> {
    let n = owned.n_items;
    let mut s = vec![0.0; n];
    for _ in 0..300 {
        let (mut gradient, mut hessian) = derivatives(owned, prior, &s);
        if prior.is_none() {
            let scale = (0..n).map(|i| hessian[i][i]).sum::<f64>() / n as f64;
            let mean = gradient.iter().sum::<f64>() / n as f64;
            for g in &mut gradient {
                *g -= mean;
            }
            for h in hessian.iter_mut().flatten() {
                *h += scale / n as f64;
            }
        }
        let d = dense_solve(hessian, gradient);
        let mut range = d.iter().copied().fold(0.0_f64, |worst, x| worst.max(x.abs()));
        range *= 2.0;
        let t = if range > 1e-12 { range.ln_1p() / range } else { 1.0 };
        s.iter_mut().zip(&d).for_each(|(s, d)| *s += t * d);
    }
    s
}

/// Largest `|u'(s - exact)| / se(u)` over all contrasts: the energy norm of the error.
pub(crate) fn true_error(owned: &Owned, prior: Option<Prior>, s: &[f64], exact: &[f64]) -> f64 {
    let (_, hessian) = derivatives(owned, prior, s);
    let e: Vec<f64> = s.iter().zip(exact).map(|(a, b)| a - b).collect();
    let mut energy = 0.0;
    for (i, row) in hessian.iter().enumerate() {
        let mut rest = row[i];
        for (j, h) in row.iter().enumerate().filter(|(j, _)| *j != i) {
            energy -= 0.5 * h * (e[i] - e[j]).powi(2);
            rest += h;
        }
        if prior.is_some() {
            energy += rest * e[i].powi(2);
        }
    }
    energy.sqrt()
}

pub(crate) const PRIORS: [Option<Prior>; 3] =
    [None, Some(Prior::Logistic(0.5)), Some(Prior::Gaussian(0.25))];

/// Partial rankings of up to nine items; a cycle of wins joins them all.
pub(crate) fn connected() -> impl Strategy<Value = Owned> {
    (3_usize..10).prop_flat_map(|n| {
        let ranking = (
            prop::collection::vec(0.0..1.0_f64, n),
            2..=n,
            0..=n as u32,
            prop_oneof![3 => Just(1.0), 2 => 0.1..5.0, 1 => 0.0..300.0],
        );
        (prop::collection::vec(ranking, 1..12), 1e-2..1e2_f64).prop_map(move |(drawn, weight)| {
            let mut rankings: Vec<Ranking> = drawn
                .into_iter()
                .map(|(keys, size, placed, weight)| {
                    let mut order: Vec<u32> = (0..n as u32).collect();
                    order.sort_by(|&i, &j| keys[i as usize].total_cmp(&keys[j as usize]));
                    order.truncate(size);
                    (order, placed.min(size as u32), weight)
                })
                .collect();
            let cycle = (0..n as u32).map(|i| (vec![i, (i + 1) % n as u32], 1, weight));
            rankings.extend(cycle);
            Owned::new(n, &rankings)
        })
    })
}
