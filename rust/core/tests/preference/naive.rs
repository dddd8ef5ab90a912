//! Rankings, and their likelihood written down from its definition.

use hasten_core::Error;
use hasten_core::parallel::Team;
use hasten_core::ranking::{
    Choices, NOT_PLACED, PreferenceKind, PreferenceParams, PreferenceSolution,
    preference_regression,
};
use proptest::prelude::*;

/// Rankings with everything that a call may vary.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) shape: (usize, usize, usize),
    pub(crate) features: Vec<f64>,
    pub(crate) chosen: Vec<u32>,
    pub(crate) sizes: Vec<u32>,
    pub(crate) weights: Vec<f64>,
}

impl Data {
    pub(crate) fn choices(&self) -> Choices<'_, f64> {
        Choices::sets(
            &self.features,
            self.shape,
            &self.chosen,
            Some(&self.sizes),
            Some(&self.weights),
        )
        .unwrap()
    }

    pub(crate) fn row(&self, set: usize, k: usize) -> &[f64] {
        let (_, n_alternatives, d) = self.shape;
        let start = (set * n_alternatives + k) * d;
        &self.features[start..start + d]
    }

    /// The ranked positions of a set, and all of its positions that are not ranked.
    pub(crate) fn ranking(&self, set: usize) -> (Vec<usize>, Vec<usize>) {
        let n_placed = self.chosen.len() / self.shape.0;
        let placed: Vec<usize> = self.chosen[set * n_placed..(set + 1) * n_placed]
            .iter()
            .filter(|&&k| k != NOT_PLACED)
            .map(|&k| k as usize)
            .collect();
        let rest = (0..self.sizes[set] as usize).filter(|k| !placed.contains(k)).collect();
        (placed, rest)
    }

    /// Choices as (set, chosen alternative, all alternatives it was chosen from).
    pub(crate) fn events(&self) -> Vec<(usize, usize, Vec<usize>)> {
        let mut out = Vec::new();
        for set in 0..self.shape.0 {
            let (placed, rest) = self.ranking(set);
            for v in 0..placed.len() {
                let from: Vec<usize> = placed[v..].iter().chain(&rest).copied().collect();
                out.push((set, placed[v], from));
            }
        }
        out
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Log-likelihood by definition, with the ridge.
pub(crate) fn objective(data: &Data, kind: PreferenceKind, ridge: f64, theta: &[f64]) -> f64 {
    let score = |set, k| dot(theta, data.row(set, k));
    let mut sum = -0.5 * ridge * dot(theta, theta);
    for (set, chosen, from) in data.events() {
        let weight = data.weights[set];
        sum += weight
            * match kind {
                PreferenceKind::PlackettLuce => -from
                    .iter()
                    .map(|&k| (score(set, k) - score(set, chosen)).exp())
                    .sum::<f64>()
                    .ln(),
                PreferenceKind::Split => from
                    .iter()
                    .filter(|&&k| k != chosen)
                    .map(|&k| -(score(set, k) - score(set, chosen)).exp().ln_1p())
                    .sum(),
            };
    }
    sum
}

/// Gradient and negative Hessian by definition, with the ridge; and `sum w s s'`.
pub(crate) fn derivatives(
    data: &Data,
    kind: PreferenceKind,
    ridge: f64,
    theta: &[f64],
) -> (Vec<f64>, Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let d = theta.len();
    let mut gradient: Vec<f64> = theta.iter().map(|x| -ridge * x).collect();
    let mut hessian = vec![vec![0.0; d]; d];
    let mut middle = vec![vec![0.0; d]; d];
    (0..d).for_each(|i| hessian[i][i] += ridge);
    let mut scores = vec![vec![0.0; d]; data.shape.0];
    for (set, chosen, from) in data.events() {
        let groups: Vec<Vec<usize>> = match kind {
            PreferenceKind::PlackettLuce => vec![from],
            PreferenceKind::Split => {
                from.iter().filter(|&&k| k != chosen).map(|&k| vec![chosen, k]).collect()
            }
        };
        for group in groups {
            let exps: Vec<f64> =
                group.iter().map(|&k| dot(theta, data.row(set, k)).exp()).collect();
            let total: f64 = exps.iter().sum();
            let mean: Vec<f64> = (0..d)
                .map(|i| {
                    group.iter().zip(&exps).map(|(&k, e)| e / total * data.row(set, k)[i]).sum()
                })
                .collect();
            for i in 0..d {
                scores[set][i] += data.row(set, chosen)[i] - mean[i];
                for j in 0..d {
                    for (&k, e) in group.iter().zip(&exps) {
                        let x = data.row(set, k);
                        hessian[i][j] +=
                            data.weights[set] * e / total * (x[i] - mean[i]) * (x[j] - mean[j]);
                    }
                }
            }
        }
    }
    for (set, score) in scores.iter().enumerate() {
        for i in 0..d {
            gradient[i] += data.weights[set] * score[i];
            for j in 0..d {
                middle[i][j] += data.weights[set] * score[i] * score[j];
            }
        }
    }
    (gradient, hessian, middle)
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

/// The exact estimate, to rounding.
pub(crate) fn reference(data: &Data, kind: PreferenceKind, ridge: f64) -> Vec<f64> {
    let mut theta = vec![0.0; data.shape.2];
    for _ in 0..200 {
        let (gradient, hessian, _) = derivatives(data, kind, ridge, &theta);
        let d = dense_solve(hessian, gradient);
        let range = (0..data.shape.0)
            .map(|set| {
                let scores = (0..data.sizes[set] as usize).map(|k| dot(&d, data.row(set, k)));
                let (low, high) =
                    scores.fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
                high - low
            })
            .fold(0.0, f64::max);
        let t = if range > 1e-9 { range.ln_1p() / range } else { 1.0 };
        theta.iter_mut().zip(&d).for_each(|(x, d)| *x += t * d);
    }
    theta
}

pub(crate) fn solve(
    data: &Data,
    params: &PreferenceParams<'_>,
) -> Result<PreferenceSolution, Error> {
    preference_regression(&data.choices(), params, &Team::sequential(), &mut ())
}

/// Rankings of each set in every rotation, with different weights: every alternative comes first
/// once, so that an estimate exists.
pub(crate) fn rankings() -> impl Strategy<Value = Data> {
    (2_usize..5, 2_usize..6, 1_usize..4, any::<bool>()).prop_flat_map(|(n, k, d, ragged)| {
        (
            prop::collection::vec(-1.5..1.5_f64, n * k * d),
            prop::collection::vec(0.0..1.0_f64, n * k),
            prop::collection::vec(0.1..3.0_f64, k * n),
            prop::collection::vec(2..=k, n),
            1..=k,
        )
            .prop_map(move |(rows, keys, weights, sizes, n_placed)| {
                let mut data = Data {
                    shape: (k * n, k, d),
                    features: vec![],
                    chosen: vec![],
                    sizes: vec![],
                    weights,
                };
                for set in 0..n {
                    let size = if ragged { sizes[set] } else { k };
                    let mut order: Vec<u32> = (0..size as u32).collect();
                    order.sort_by(|&a, &b| {
                        keys[set * k + a as usize].total_cmp(&keys[set * k + b as usize])
                    });
                    for _ in 0..k {
                        order.rotate_left(1);
                        let mut row = order.clone();
                        row.resize(k, NOT_PLACED);
                        data.chosen.extend(&row[..n_placed]);
                        data.sizes.push(size as u32);
                        data.features.extend(&rows[set * k * d..(set + 1) * k * d]);
                    }
                }
                data
            })
    })
}

pub(crate) fn kinds() -> impl Strategy<Value = PreferenceKind> {
    prop_oneof![Just(PreferenceKind::PlackettLuce), Just(PreferenceKind::Split)]
}

/// Can the features of some set be told apart in every direction?
pub(crate) fn is_well_posed(data: &Data, kind: PreferenceKind) -> bool {
    let (_, hessian, _) = derivatives(data, kind, 0.0, &vec![0.0; data.shape.2]);
    let d = hessian.len();
    // The least pivot relative to its diagonal.
    let mut a = hessian.clone();
    (0..d).all(|k| {
        let ok = a[k][k] > 1e-4 * hessian[k][k];
        for i in k + 1..d {
            let factor = a[i][k] / a[k][k];
            for j in k..d {
                a[i][j] -= factor * a[k][j];
            }
        }
        ok
    })
}

/// Rankings of random alternatives by random keys, in a fixed stream.
pub(crate) fn random_rankings(shape: (usize, usize, usize), n_placed: usize) -> Data {
    let mut state = 1_u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (n, k, d) = shape;
    let features: Vec<f64> = (0..n * k * d).map(|_| uniform() - 0.5).collect();
    let mut chosen = Vec::new();
    for _ in 0..n {
        let keys: Vec<f64> = (0..k).map(|_| uniform()).collect();
        let mut order: Vec<u32> = (0..k as u32).collect();
        order.sort_by(|&a, &b| keys[a as usize].total_cmp(&keys[b as usize]));
        chosen.extend(&order[..n_placed]);
    }
    Data { shape, features, chosen, sizes: vec![k as u32; n], weights: vec![1.0; n] }
}
