//! Bradley-Terry against closed forms and a naive dense Newton iteration.

use hasten_core::parallel::Team;
use hasten_core::ranking::inference::{Kind, covariance, standard_error};
use hasten_core::ranking::paired::{Cells, Model, PairedFit};
use hasten_core::ranking::{
    BradleyTerryParams, BradleyTerrySolution, Method, PairTable, bradley_terry,
};
use hasten_core::sparse::Graph;
use hasten_core::{Error, Status};
use proptest::prelude::*;

/// Dense win counts, `wins[i][j]` of `i` over `j`.
type Wins = Vec<Vec<f64>>;

struct Owned {
    offsets: Vec<usize>,
    neighbours: Vec<u32>,
    wins: Vec<f64>,
    losses: Vec<f64>,
}

impl Owned {
    fn new(dense: &Wins) -> Self {
        let n = dense.len();
        let mut out = Self { offsets: vec![0], neighbours: vec![], wins: vec![], losses: vec![] };
        for i in 0..n {
            for j in 0..n {
                if i != j && dense[i][j] + dense[j][i] > 0.0 {
                    out.neighbours.push(j as u32);
                    out.wins.push(dense[i][j]);
                    out.losses.push(dense[j][i]);
                }
            }
            out.offsets.push(out.neighbours.len());
        }
        out
    }

    fn table(&self) -> PairTable<'_, f64> {
        let graph = Graph::new(&self.offsets, &self.neighbours).unwrap();
        PairTable::new(graph, &self.wins, &self.losses).unwrap()
    }
}

/// Each pair once, as inference takes it.
struct Upper {
    n_items: usize,
    left: Vec<u32>,
    right: Vec<u32>,
    wins: Vec<f64>,
    losses: Vec<f64>,
}

impl Upper {
    fn new(owned: &Owned) -> Self {
        let n_items = owned.offsets.len() - 1;
        let mut out = Self { n_items, left: vec![], right: vec![], wins: vec![], losses: vec![] };
        for i in 0..n_items {
            for e in (owned.offsets[i]..owned.offsets[i + 1])
                .filter(|&e| owned.neighbours[e] as usize > i)
            {
                out.left.push(i as u32);
                out.right.push(owned.neighbours[e]);
                out.wins.push(owned.wins[e]);
                out.losses.push(owned.losses[e]);
            }
        }
        out
    }

    fn fit(&self, s: &[f64]) -> PairedFit<'_> {
        let cells = Cells {
            n_items: self.n_items,
            left: &self.left,
            right: &self.right,
            wins: &self.wins,
            losses: &self.losses,
            ties: &[],
            covariates: &[],
            n_covariates: 0,
        };
        PairedFit::new(cells, &Model::default(), s, None, &Team::sequential(), &()).unwrap()
    }
}

/// Standard errors of all strengths at `s` under the model.
fn errors(owned: &Owned, s: &[f64], reference: Option<usize>) -> Vec<f64> {
    let upper = Upper::new(owned);
    let mut fit = upper.fit(s);
    let team = Team::sequential();
    let found = standard_error(&mut fit, Kind::Model, reference, None, &team, &()).unwrap();
    assert_eq!(found.relative_error, 0.0);
    found.values
}

fn solve(owned: &Owned, params: &BradleyTerryParams<'_>) -> Result<BradleyTerrySolution, Error> {
    bradley_terry(&owned.table(), params, &Team::sequential(), &mut ())
}

/// Solve `a x = b` by Gaussian elimination with partial pivoting.
fn dense_solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
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

/// Gradient and Hessian of the negative log-likelihood, written down from their definitions.
fn derivatives(wins: &Wins, s: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = s.len();
    let mut gradient = vec![0.0; n];
    let mut hessian = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            let loss = 1.0 / (1.0 + (s[i] - s[j]).exp());
            let win = 1.0 / (1.0 + (s[j] - s[i]).exp());
            gradient[i] += wins[i][j] * loss - wins[j][i] * win;
            let h = (wins[i][j] + wins[j][i]) * win * loss;
            hessian[i][i] += h;
            hessian[i][j] -= h;
        }
    }
    (gradient, hessian)
}

/// `L^+ b` through the invertible `L + 11'/n`.
fn pseudo_solve(hessian: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let n = b.len() as f64;
    let shifted = hessian.iter().map(|row| row.iter().map(|x| x + 1.0 / n).collect()).collect();
    let mean = b.iter().sum::<f64>() / n;
    dense_solve(shifted, b.iter().map(|x| x - mean).collect())
}

/// The exact estimate, to rounding.
fn reference(wins: &Wins) -> Vec<f64> {
    let n = wins.len();
    let mut s = vec![0.0; n];
    for _ in 0..300 {
        let (gradient, hessian) = derivatives(wins, &s);
        let d = pseudo_solve(&hessian, &gradient);
        let range =
            d.iter().copied().fold(f64::MIN, f64::max) - d.iter().copied().fold(f64::MAX, f64::min);
        let t = if range > 1e-12 { range.ln_1p() / range } else { 1.0 };
        s.iter_mut().zip(&d).for_each(|(s, d)| *s += t * d);
    }
    s
}

/// Largest `|u'(s - exact)| / se(u)` over all contrasts: the energy norm of the error.
fn true_error(wins: &Wins, s: &[f64], exact: &[f64]) -> f64 {
    let (_, hessian) = derivatives(wins, s);
    let e: Vec<f64> = s.iter().zip(exact).map(|(a, b)| a - b).collect();
    let mut energy = 0.0;
    for (i, row) in hessian.iter().enumerate() {
        for (j, h) in row.iter().enumerate().filter(|(j, _)| *j != i) {
            energy -= 0.5 * h * (e[i] - e[j]).powi(2);
        }
    }
    energy.sqrt()
}

/// Win tables that have an estimate: a cycle of single wins beneath random counts.
fn connected_wins() -> impl Strategy<Value = Wins> {
    (3_usize..14).prop_flat_map(|n| {
        (
            prop::collection::vec(prop_oneof![3 => Just(0.0), 2 => 0.0..5.0, 1 => 0.0..1e3], n * n),
            1e-2..1e2_f64,
            Just(n),
        )
            .prop_map(|(counts, weight, n)| {
                let mut wins = vec![vec![0.0; n]; n];
                for i in 0..n {
                    for j in (0..n).filter(|&j| j != i) {
                        wins[i][j] = counts[i * n + j];
                    }
                    wins[i][(i + 1) % n] += weight;
                }
                wins
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn certificate_bounds_the_true_error(wins in connected_wins(), method in 0..4_usize,
                                         max_iter in 1..40_usize, exponent in -9..0_i32) {
        let method = [Method::Auto, Method::Newman, Method::Zermelo, Method::Newton][method];
        let exact = reference(&wins);
        let tol = 10_f64.powi(exponent);
        let params = BradleyTerryParams { method, tol, max_iter: Some(max_iter), ..Default::default() };
        let solution = solve(&Owned::new(&wins), &params).unwrap();
        let truth = true_error(&wins, &solution.strength, &exact);
        prop_assert!(truth <= solution.certificate.error + 1e-10, "{truth} > {:?}", solution);
        prop_assert_eq!(solution.status == Status::Converged, solution.certificate.error <= tol);
    }

    #[test]
    fn every_method_reaches_the_reference(wins in connected_wins()) {
        let exact = reference(&wins);
        let owned = Owned::new(&wins);
        for method in [Method::Auto, Method::Newton] {
            let params = BradleyTerryParams { method, tol: 1e-8, ..Default::default() };
            let solution = solve(&owned, &params).unwrap();
            prop_assert_eq!(solution.status, Status::Converged);
            for (s, e) in solution.strength.iter().zip(&exact) {
                prop_assert!((s - e).abs() < 1e-5, "{s} {e} {method:?}");
            }
        }
    }

    #[test]
    fn standard_errors_are_those_of_the_pseudo_inverse(wins in connected_wins()) {
        let owned = Owned::new(&wins);
        let s = reference(&wins);
        let n = s.len();
        let (_, hessian) = derivatives(&wins, &s);
        let (centred, to_first) = (errors(&owned, &s, None), errors(&owned, &s, Some(0)));
        let all: Vec<u32> = (0..n as u32).collect();
        let upper = Upper::new(&owned);
        let mut fit = upper.fit(&s);
        let matrix =
            covariance(&mut fit, Kind::Model, None, &all, &Team::sequential(), &()).unwrap();
        for i in 0..n {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            let column = pseudo_solve(&hessian, &unit);
            prop_assert!((centred[i] / column[i].sqrt() - 1.0).abs() < 1e-7);
            for j in 0..n {
                prop_assert!((matrix[i * n + j] - column[j]).abs() < 1e-7 * (1.0 + column[i]));
            }
            unit[0] -= 1.0;
            let difference = pseudo_solve(&hessian, &unit);
            let variance = difference[i] - difference[0];
            prop_assert!((to_first[i] - variance.max(0.0).sqrt()).abs() < 1e-6 * (1.0 + to_first[i]));
        }
    }
}

fn chain(n: usize, up: f64, down: f64) -> Owned {
    let mut out = Owned { offsets: vec![0], neighbours: vec![], wins: vec![], losses: vec![] };
    for i in 0..n {
        if i > 0 {
            out.neighbours.push(i as u32 - 1);
            out.wins.push(down);
            out.losses.push(up);
        }
        if i + 1 < n {
            out.neighbours.push(i as u32 + 1);
            out.wins.push(up);
            out.losses.push(down);
        }
        out.offsets.push(out.neighbours.len());
    }
    out
}

#[test]
fn chain_is_solved_in_closed_form_beyond_the_range_of_exp() {
    let owned = chain(2000, 3.0, 1.0);
    let solution = solve(&owned, &BradleyTerryParams::default()).unwrap();
    assert_eq!(solution.status, Status::Converged);
    let range = solution.strength[0] - solution.strength[1999];
    assert!((range / (1999.0 * 3.0_f64.ln()) - 1.0).abs() < 1e-9);
    let errors = errors(&owned, &solution.strength, Some(0));
    let expected = (1999.0 * (1.0 + 1.0 / 3.0_f64)).sqrt();
    assert!((errors[1999] / expected - 1.0).abs() < 1e-9, "{}", errors[1999]);
}

#[test]
fn long_cycle_with_wide_range_needs_the_logistic_form() {
    // A chain of 1500 items at 9:1, closed by one tie between the ends: no reduction applies.
    let mut owned = chain(1500, 9.0, 1.0);
    owned.neighbours.insert(1, 1499);
    owned.wins.insert(1, 0.5);
    owned.losses.insert(1, 0.5);
    owned.offsets[1..].iter_mut().for_each(|o| *o += 1);
    owned.neighbours.push(0);
    owned.wins.push(0.5);
    owned.losses.push(0.5);
    owned.offsets[1500] += 1;
    let params = BradleyTerryParams::default();
    let solution = solve(&owned, &params).unwrap();
    assert_eq!(solution.status, Status::Converged, "{solution:?}");
    assert!(solution.certificate.error <= 1e-6);
    // By symmetry all steps of the chain are equal: 10 sigma(-x) - 1 = -(sigma(1499 x) - 1/2).
    let step = solution.strength[0] - solution.strength[1];
    let balance = 9.0 - 10.0 / (1.0 + (-step).exp()) - 0.5;
    assert!(balance.abs() < 1e-6, "{balance}");
}

#[test]
fn complete_round_robin_of_equals() {
    let (n, k) = (9, 4.0);
    let wins: Wins =
        (0..n).map(|i| (0..n).map(|j| if i == j { 0.0 } else { k }).collect()).collect();
    let owned = Owned::new(&wins);
    let solution = solve(&owned, &BradleyTerryParams::default()).unwrap();
    assert!(solution.strength.iter().all(|s| s.abs() < 1e-12));
    let errors = errors(&owned, &solution.strength, None);
    let (m, n) = (2.0 * k, f64::from(n));
    let expected = (4.0 * (n - 1.0) / (m * n * n)).sqrt();
    assert!(errors.iter().all(|e| (e / expected - 1.0).abs() < 1e-12));
}

#[test]
fn an_item_that_never_won_is_named() {
    let wins = vec![vec![0.0, 2.0, 1.0], vec![1.0, 0.0, 3.0], vec![0.0, 0.0, 0.0]];
    let error = solve(&Owned::new(&wins), &BradleyTerryParams::default()).unwrap_err();
    let Error::NotConnected { n_components, largest, offenders } = error else {
        panic!("{error}");
    };
    assert_eq!((n_components, largest), (2, 2));
    assert_eq!(offenders, [(2, hasten_core::error::Separation::NeverWon)]);
}

#[test]
fn bad_parameters_are_named() {
    let owned = chain(3, 1.0, 1.0);
    for (params, name) in [
        (BradleyTerryParams { tol: 0.0, ..Default::default() }, "tol"),
        (BradleyTerryParams { tol: f64::NAN, ..Default::default() }, "tol"),
        (BradleyTerryParams { max_iter: Some(0), ..Default::default() }, "max_iter"),
        (BradleyTerryParams { init: Some(&[0.0]), ..Default::default() }, "init"),
        (BradleyTerryParams { init: Some(&[0.0, f64::NAN, 0.0]), ..Default::default() }, "init"),
    ] {
        let message = solve(&owned, &params).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
}
