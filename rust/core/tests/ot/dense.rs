//! Problems of transport, and their plans, values and solutions from the definitions.

use hasten_core::Error;
use hasten_core::ot::{Marginals, Problem, SinkhornParams, SinkhornSolution, sinkhorn};
use hasten_core::pairs::{Matrix, Metric, PairValues};
use hasten_core::parallel::Team;
use hasten_core::rng::Stream;
use proptest::prelude::*;

pub(crate) const METRICS: [Metric; 4] =
    [Metric::SquaredEuclidean, Metric::Euclidean, Metric::Cosine, Metric::CityBlock];

/// No interruption.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a check")]
pub(crate) fn go_on() -> Result<(), Error> {
    Ok(())
}

/// A problem with a stored cost.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) a: Vec<f64>,
    pub(crate) b: Vec<f64>,
    pub(crate) cost: Vec<f64>,
    pub(crate) reg: f64,
    pub(crate) marginals: Marginals,
}

impl Owned {
    pub(crate) fn n(&self) -> usize {
        self.a.len()
    }

    pub(crate) fn m(&self) -> usize {
        self.b.len()
    }

    pub(crate) fn matrix(&self) -> Matrix<'_, f64> {
        Matrix::new("cost", &self.cost, (self.n(), self.m())).unwrap()
    }

    /// The same weights and penalties with any cost.
    pub(crate) fn problem<'a>(&'a self, values: &'a dyn PairValues) -> Problem<'a> {
        let (reg, marginals) = (self.reg, self.marginals);
        Problem { values, a: &self.a, b: &self.b, reg, marginals }
    }

    pub(crate) fn solve(&self, params: &SinkhornParams<'_>) -> SinkhornSolution {
        let values = self.matrix();
        sinkhorn(&self.problem(&values), &values, params, &Team::sequential(), &mut ()).unwrap()
    }

    /// What marginal errors are relative to.
    pub(crate) fn mass(&self) -> f64 {
        (self.a.iter().sum::<f64>() * self.b.iter().sum::<f64>()).sqrt()
    }

    /// `a_i b_j exp((f_i + g_j - C_ij) / reg)`.
    pub(crate) fn plan(&self, f: &[f64], g: &[f64]) -> Vec<f64> {
        let m = self.m();
        let entry = |k: usize| {
            let (i, j) = (k / m, k % m);
            let weights = self.a[i] * self.b[j];
            // A product of weights may underflow where the mass does not.
            let logs = self.a[i].ln() + self.b[j].ln();
            let exponent = (f[i] + g[j] - self.cost[k]) / self.reg;
            if weights > 1e-300 { weights * exponent.exp() } else { (logs + exponent).exp() }
        };
        (0..self.cost.len()).map(entry).collect()
    }

    pub(crate) fn row_sums(&self, plan: &[f64]) -> Vec<f64> {
        plan.chunks_exact(self.m()).map(|row| row.iter().sum()).collect()
    }

    pub(crate) fn column_sums(&self, plan: &[f64]) -> Vec<f64> {
        (0..self.m()).map(|j| plan.iter().skip(j).step_by(self.m()).sum()).collect()
    }

    /// What the marginals of the plan should be.
    fn targets(&self, f: &[f64], g: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let side = |weights: &[f64], potential: &[f64], rho: f64| -> Vec<f64> {
            weights.iter().zip(potential).map(|(w, p)| w * (-p / rho).exp()).collect()
        };
        (side(&self.a, f, self.marginals.rows), side(&self.b, g, self.marginals.columns))
    }

    /// 1-norm of the error of both marginals.
    pub(crate) fn marginal_error(&self, f: &[f64], g: &[f64]) -> f64 {
        let plan = self.plan(f, g);
        let (rows, columns) = self.targets(f, g);
        distance(&self.row_sums(&plan), &rows) + distance(&self.column_sums(&plan), &columns)
    }

    /// The dual value.
    pub(crate) fn dual(&self, f: &[f64], g: &[f64]) -> f64 {
        let side = |weights: &[f64], potential: &[f64], rho: f64| -> f64 {
            let terms = weights.iter().zip(potential);
            terms
                .map(|(w, p)| if rho.is_finite() { -rho * w * (-p / rho).exp_m1() } else { w * p })
                .sum()
        };
        let mass: f64 = self.plan(f, g).iter().sum();
        let product = self.a.iter().sum::<f64>() * self.b.iter().sum::<f64>();
        side(&self.a, f, self.marginals.rows) + side(&self.b, g, self.marginals.columns)
            - self.reg * (mass - product)
    }

    /// The value of a plan; fixed marginals are taken to be met.
    pub(crate) fn primal(&self, plan: &[f64]) -> f64 {
        let product: Vec<f64> =
            self.a.iter().flat_map(|a| self.b.iter().map(move |b| a * b)).collect();
        let mut value = self.linear(plan) + self.reg * divergence(plan, &product);
        if self.marginals.rows.is_finite() {
            value += self.marginals.rows * divergence(&self.row_sums(plan), &self.a);
        }
        if self.marginals.columns.is_finite() {
            value += self.marginals.columns * divergence(&self.column_sums(plan), &self.b);
        }
        value
    }

    /// `<P, C>`.
    pub(crate) fn linear(&self, plan: &[f64]) -> f64 {
        plan.iter().zip(&self.cost).map(|(p, c)| p * c).sum()
    }

    /// The plan scaled down by rows and columns, and filled up by a matrix of rank one.
    pub(crate) fn rounded(&self, plan: &[f64]) -> Vec<f64> {
        let shrink = |weights: &[f64], sums: &[f64]| -> Vec<f64> {
            weights.iter().zip(sums).map(|(w, s)| if s > w { w / s } else { 1.0 }).collect()
        };
        let (x, y) =
            (shrink(&self.a, &self.row_sums(plan)), shrink(&self.b, &self.column_sums(plan)));
        let m = self.m();
        let mut out: Vec<f64> = (0..plan.len()).map(|k| x[k / m] * plan[k] * y[k % m]).collect();
        let missing = |weights: &[f64], sums: &[f64]| -> Vec<f64> {
            weights.iter().zip(sums).map(|(w, s)| (w - s).max(0.0)).collect()
        };
        let (e_a, e_b) =
            (missing(&self.a, &self.row_sums(&out)), missing(&self.b, &self.column_sums(&out)));
        let total: f64 = e_a.iter().sum();
        if total > 0.0 {
            for (k, out) in out.iter_mut().enumerate() {
                *out += e_a[k / m] * e_b[k % m] / total;
            }
        }
        out
    }

    /// Potentials after thousands of textbook iterations.
    pub(crate) fn reference(&self) -> (Vec<f64>, Vec<f64>) {
        let (n, m, reg) = (self.n(), self.m(), self.reg);
        let damping = |rho: f64| if rho.is_finite() { rho / (rho + reg) } else { 1.0 };
        let (rows, columns) = (damping(self.marginals.rows), damping(self.marginals.columns));
        let (mut f, mut g) = (vec![0.0; n], vec![0.0; m]);
        for _ in 0..20_000 {
            let before = f.clone();
            for i in 0..n {
                let terms = (0..m).map(|j| self.b[j].ln() + (g[j] - self.cost[i * m + j]) / reg);
                f[i] = -rows * reg * log_sum_exp(terms);
            }
            for j in 0..m {
                let terms = (0..n).map(|i| self.a[i].ln() + (f[i] - self.cost[i * m + j]) / reg);
                g[j] = -columns * reg * log_sum_exp(terms);
            }
            if distance(&before, &f) <= 1e-15 * f.iter().map(|f| f.abs()).sum::<f64>() {
                break;
            }
        }
        (f, g)
    }

    /// Size of the numbers that values are made of: what their rounding is relative to.
    pub(crate) fn size(&self, f: &[f64], g: &[f64]) -> f64 {
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x * y).abs()).sum::<f64>();
        let plan = self.plan(f, g);
        let mass = plan.iter().sum::<f64>() + self.mass().powi(2);
        let penalty = |rho: f64| if rho.is_finite() { rho } else { 0.0 };
        let weight = self.reg + penalty(self.marginals.rows) + penalty(self.marginals.columns);
        dot(f, &self.a) + dot(g, &self.b) + dot(&plan, &self.cost) + weight * mass
    }
}

pub(crate) fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if top.is_finite() { top + terms.map(|z| (z - top).exp()).sum::<f64>().ln() } else { top }
}

/// `KL(p | q)`, the sum of `p log(p / q) - p + q`.
pub(crate) fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let term = |(p, q): (&f64, &f64)| if *p > 0.0 { p * (p / q).ln() - p + q } else { *q };
    p.iter().zip(q).map(term).sum()
}

pub(crate) fn distance(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum()
}

/// The distance of two points from its definition.
pub(crate) fn pair_cost(metric: Metric, x: &[f64], y: &[f64]) -> f64 {
    let pairs = || x.iter().zip(y);
    let square: f64 = pairs().map(|(x, y)| (x - y).powi(2)).sum();
    match metric {
        Metric::SquaredEuclidean => square,
        Metric::Euclidean => square.sqrt(),
        Metric::CityBlock => pairs().map(|(x, y)| (x - y).abs()).sum(),
        Metric::Cosine => {
            let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            1.0 - dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
        }
    }
}

pub(crate) fn point_costs(metric: Metric, x: &[f64], y: &[f64], d: usize) -> Vec<f64> {
    let rows = x.chunks_exact(d);
    rows.flat_map(|x| y.chunks_exact(d).map(move |y| pair_cost(metric, x, y))).collect()
}

/// Numbers in (0, 1).
pub(crate) fn uniform(len: usize, key: u64) -> Vec<f64> {
    let mut out = vec![0.0; len];
    Stream::new(key, 0, 0).fill_positive_uniform(0, &mut out);
    out
}

/// Positive weights of the given sum.
pub(crate) fn weights(len: usize, key: u64, mass: f64) -> Vec<f64> {
    let numbers: Vec<f64> = uniform(len, key).iter().map(|x| 0.1 + x).collect();
    let total: f64 = numbers.iter().sum();
    numbers.iter().map(|x| mass * x / total).collect()
}

/// A balanced problem with uniform costs in (0, 1).
pub(crate) fn random(n: usize, m: usize, reg: f64, key: u64) -> Owned {
    let (a, b) = (weights(n, key + 1, 1.0), weights(m, key + 2, 1.0));
    Owned { a, b, cost: uniform(n * m, key), reg, marginals: Marginals::FIXED }
}

/// Small problems with every kind of marginals.
pub(crate) fn problems() -> impl Strategy<Value = Owned> {
    (1..8_usize, 1..8_usize).prop_flat_map(|(n, m)| of_shape(n, m, true))
}

/// Small balanced problems.
pub(crate) fn balanced() -> impl Strategy<Value = Owned> {
    (1..8_usize, 1..8_usize).prop_flat_map(|(n, m)| of_shape(n, m, false))
}

fn of_shape(n: usize, m: usize, any_marginals: bool) -> impl Strategy<Value = Owned> {
    let rho = move || {
        if any_marginals {
            prop_oneof![Just(f64::INFINITY), 0.05..20.0].boxed()
        } else {
            Just(f64::INFINITY).boxed()
        }
    };
    (
        prop::collection::vec(0.02..1.0_f64, n),
        prop::collection::vec(0.02..1.0_f64, m),
        prop::collection::vec(-1.0..2.0_f64, n * m),
        0.15..3.0_f64,
        (rho(), rho()),
    )
        .prop_map(|(a, mut b, cost, reg, (rows, columns))| {
            let marginals = Marginals { rows, columns };
            if marginals.are_fixed() {
                let ratio = a.iter().sum::<f64>() / b.iter().sum::<f64>();
                for b in &mut b {
                    *b *= ratio;
                }
            }
            Owned { a, b, cost, reg, marginals }
        })
}
