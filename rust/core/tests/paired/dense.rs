//! The models in dense form.

use hasten_core::ranking::Kind;
use hasten_core::ranking::paired::{Cells, Model, Prior, Ties};

use crate::jet::Jet;

/// Cells that own their data.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned {
    pub(crate) n_items: usize,
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<u32>,
    pub(crate) wins: Vec<f64>,
    pub(crate) losses: Vec<f64>,
    pub(crate) ties: Vec<f64>,
    pub(crate) covariates: Vec<f64>,
    pub(crate) n_covariates: usize,
}

impl Owned {
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells {
            n_items: self.n_items,
            left: &self.left,
            right: &self.right,
            wins: &self.wins,
            losses: &self.losses,
            ties: &self.ties,
            covariates: &self.covariates,
            n_covariates: self.n_covariates,
        }
    }

    pub(crate) fn push(&mut self, left: u32, right: u32, outcome: [f64; 3], covariates: &[f64]) {
        self.left.push(left);
        self.right.push(right);
        self.wins.push(outcome[0]);
        self.losses.push(outcome[1]);
        self.ties.push(outcome[2]);
        self.covariates.extend(covariates);
    }
}

/// A linear congruential generator: the tests need no more.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.bits() as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.bits() >> 20) as usize % bound
    }

    pub(crate) fn signed(&mut self) -> f64 {
        2.0 * self.uniform() - 1.0
    }
}

/// Data in which everything happens: a cycle of wins both ways, ties, both orders.
pub(crate) fn random_cells(
    n_items: usize,
    n_extra: usize,
    n_covariates: usize,
    seed: u64,
) -> Owned {
    let mut random = Random(seed);
    let mut owned = Owned { n_items, n_covariates, ..Owned::default() };
    let covariates = |random: &mut Random| -> Vec<f64> {
        (0..n_covariates).map(|a| random.signed() * 10_f64.powi(a as i32)).collect()
    };
    for i in 0..n_items {
        let (i, j) = (i as u32, ((i + 1) % n_items) as u32);
        for (left, right) in [(i, j), (j, i)] {
            let row = covariates(&mut random);
            let count = |random: &mut Random| 1.0 + random.below(4) as f64;
            let outcome = [count(&mut random), count(&mut random), 0.5 * count(&mut random)];
            owned.push(left, right, outcome, &row);
        }
    }
    for _ in 0..n_extra {
        let i = random.below(n_items);
        let j = (i + 1 + random.below(n_items - 1)) % n_items;
        let row = covariates(&mut random);
        let mut outcome = [0.0; 3];
        outcome[random.below(3)] = 1.0 + 2.0 * random.uniform();
        owned.push(i as u32, j as u32, outcome, &row);
    }
    owned
}

/// All models without a prior and with each.
pub(crate) fn models() -> Vec<Model> {
    let mut models = Vec::new();
    for ties in [Ties::Half, Ties::Davidson, Ties::RaoKupper] {
        for order_effect in [false, true] {
            for prior in [None, Some(Prior::Logistic(0.7)), Some(Prior::Gaussian(0.3))] {
                models.push(Model { ties, order_effect, prior });
            }
        }
    }
    models
}

/// Logarithms of the probabilities of left, right and tie; of half a win each for `Ties::Half`.
pub(crate) fn log_probabilities(ties: Ties, eta: Jet, tie: Jet) -> [Jet; 3] {
    let one = Jet::constant(1.0);
    let half = Jet::constant(0.5);
    match ties {
        Ties::Half => {
            let left = -(one + (-eta).exp()).ln();
            let right = -(one + eta.exp()).ln();
            [left, right, half * (left + right)]
        }
        Ties::Davidson => {
            let level = Jet::constant(2.0) * tie.exp();
            let total = ((half * eta).exp() + (-half * eta).exp() + level).ln();
            [half * eta - total, -half * eta - total, level.ln() - total]
        }
        Ties::RaoKupper => {
            let left = one / (one + (tie - eta).exp());
            let right = one / (one + (tie + eta).exp());
            let theta = tie.exp();
            [left.ln(), right.ln(), ((theta * theta - one) * left * right).ln()]
        }
    }
}

/// What a model says at one vector of parameters.
pub(crate) struct Dense {
    pub(crate) log_likelihood: f64,
    /// With the prior's term.
    pub(crate) objective: f64,
    pub(crate) gradient: Vec<f64>,
    /// Negative Hessian.
    pub(crate) information: Vec<Vec<f64>>,
    /// Sum of the outer products of the scores of single outcomes.
    pub(crate) sandwich: Vec<Vec<f64>>,
}

impl Dense {
    pub(crate) fn new(owned: &Owned, model: &Model, x: &[f64]) -> Self {
        let p = x.len();
        let n = owned.n_items;
        let has_tie = model.ties != Ties::Half;
        let mut dense = Self {
            log_likelihood: 0.0,
            objective: 0.0,
            gradient: vec![0.0; p],
            information: vec![vec![0.0; p]; p],
            sandwich: vec![vec![0.0; p]; p],
        };
        for c in 0..owned.left.len() {
            // Derivatives of the linear predictor and of the tie parameter.
            let mut design = vec![vec![0.0; p]; 2];
            design[0][owned.left[c] as usize] = 1.0;
            design[0][owned.right[c] as usize] = -1.0;
            let mut place = n;
            if has_tie {
                design[1][place] = 1.0;
                place += 1;
            }
            if model.order_effect {
                design[0][place] = 1.0;
                place += 1;
            }
            for a in 0..owned.n_covariates {
                design[0][place + a] = owned.covariates[c * owned.n_covariates + a];
            }
            let dot = |row: &[f64]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
            let eta = Jet::variable(dot(&design[0]), 0);
            let tie = Jet::variable(dot(&design[1]), 1);
            let counts = [owned.wins[c], owned.losses[c], owned.ties[c]];
            for (count, outcome) in counts.into_iter().zip(log_probabilities(model.ties, eta, tie))
            {
                if count > 0.0 {
                    dense.add(count, &outcome, &design);
                }
            }
        }
        dense.objective = dense.log_likelihood;
        for i in 0..n {
            match model.prior {
                None => {}
                Some(Prior::Logistic(weight)) => {
                    let s = Jet::variable(x[i], 0);
                    let [win, loss, _] = log_probabilities(Ties::Half, s, Jet::constant(0.0));
                    dense.objective += weight * (win.value + loss.value);
                    dense.gradient[i] += weight * (win.gradient[0] + loss.gradient[0]);
                    dense.information[i][i] -= weight * (win.hessian[0] + loss.hessian[0]);
                }
                Some(Prior::Gaussian(precision)) => {
                    dense.objective -= 0.5 * precision * x[i] * x[i];
                    dense.gradient[i] -= precision * x[i];
                    dense.information[i][i] += precision;
                }
            }
        }
        dense
    }

    fn add(&mut self, count: f64, outcome: &Jet, design: &[Vec<f64>]) {
        let p = self.gradient.len();
        self.log_likelihood += count * outcome.value;
        let [h00, h01, h11] = outcome.hessian;
        let score =
            |a: usize| outcome.gradient[0] * design[0][a] + outcome.gradient[1] * design[1][a];
        let present: Vec<usize> =
            (0..p).filter(|&a| design[0][a] != 0.0 || design[1][a] != 0.0).collect();
        for &a in &present {
            self.gradient[a] += count * score(a);
            for &b in &present {
                let (u, v) = ([design[0][a], design[1][a]], [design[0][b], design[1][b]]);
                let second =
                    h00 * u[0] * v[0] + h01 * (u[0] * v[1] + u[1] * v[0]) + h11 * u[1] * v[1];
                self.information[a][b] -= count * second;
                self.sandwich[a][b] += count * score(a) * score(b);
            }
        }
    }

    pub(crate) fn matrix(&self, kind: Kind) -> &[Vec<f64>] {
        match kind {
            Kind::Model => &self.information,
            Kind::Sandwich => &self.sandwich,
        }
    }

    /// Solve with the information in the frame where each group sums to zero; `rhs` must do so.
    pub(crate) fn solve(&self, rhs: &[f64], groups: &[u32]) -> Vec<f64> {
        let mut shifted = self.information.clone();
        for i in 0..groups.len() {
            for j in (0..groups.len()).filter(|&j| groups[j] == groups[i]) {
                shifted[i][j] += 1.0;
            }
        }
        gauss(shifted, rhs.to_vec())
    }
}

/// Subtract the mean of each group from the items' entries.
pub(crate) fn center(x: &mut [f64], groups: &[u32]) {
    for g in 0..groups.iter().max().map_or(0, |g| g + 1) {
        let members: Vec<usize> = (0..groups.len()).filter(|&i| groups[i] == g).collect();
        let mean = members.iter().map(|&i| x[i]).sum::<f64>() / members.len() as f64;
        for i in members {
            x[i] -= mean;
        }
    }
}

/// Solve `a x = b` by elimination with partial pivoting.
pub(crate) fn gauss(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
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

/// `a x`.
pub(crate) fn product(a: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    a.iter().map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum()).collect()
}
