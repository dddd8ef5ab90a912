//! Inference against dense linear algebra, for a fit whose matrices are written down.

use hasten_core::Error;
use hasten_core::control::Control;
use hasten_core::parallel::Team;
use hasten_core::ranking::inference::{
    Fitted, Kind, Noise, RankMethod, RankParams, covariance, draws, rank_sets,
    simultaneous_critical_value, standard_error,
};
use hasten_core::rng::Stream;

/// A fit with dense `H` and scores of single observations, `V` their sum of squares.
struct Dense {
    n_items: usize,
    groups: Vec<u32>,
    information: Vec<Vec<f64>>,
    /// Rows whose squares sum to `H`.
    roots: Vec<Vec<f64>>,
    /// Rows whose squares sum to `V`.
    scores: Vec<Vec<f64>>,
    factorised: bool,
}

fn outer(rows: &[Vec<f64>], p: usize) -> Vec<Vec<f64>> {
    let mut sum = vec![vec![0.0; p]; p];
    for row in rows {
        for i in 0..p {
            for j in 0..p {
                sum[i][j] += row[i] * row[j];
            }
        }
    }
    sum
}

/// Uniform numbers in `[0, 1)`.
fn uniforms(seed: u64, len: usize) -> Vec<f64> {
    let mut out = vec![0.0; len];
    Stream::new(seed, 0, 0).fill_uniform(0, &mut out);
    out
}

impl Dense {
    /// Random edges inside groups of consecutive items, with `n_shared` loadings on each.
    fn random(sizes: &[usize], n_shared: usize, seed: u64) -> Self {
        let n_items = sizes.iter().sum();
        let p = n_items + n_shared;
        let (mut groups, mut roots, mut scores) = (vec![], vec![], vec![]);
        let mut first = 0;
        let mut u = uniforms(seed, 40 * n_items * (2 + n_shared)).into_iter();
        for (g, &size) in sizes.iter().enumerate() {
            groups.extend(std::iter::repeat_n(g as u32, size));
            for i in 0..size {
                for step in [1, 2, 5] {
                    let mut row = vec![0.0; p];
                    let (a, b) = (first + i, first + (i + step) % size);
                    if a == b {
                        continue;
                    }
                    let weight = 0.5 + 3.0 * u.next().unwrap();
                    row[a] += weight;
                    row[b] -= weight;
                    for z in &mut row[n_items..] {
                        *z = weight * (u.next().unwrap() - 0.3);
                    }
                    let factor = 0.5 + u.next().unwrap();
                    scores.push(row.iter().map(|x| factor * x).collect());
                    roots.push(row);
                }
            }
            first += size;
        }
        let information = outer(&roots, p);
        Self { n_items, groups, information, roots, scores, factorised: true }
    }

    fn p(&self) -> usize {
        self.information.len()
    }

    fn rows(&self, kind: Kind) -> &[Vec<f64>] {
        if kind == Kind::Model { &self.roots } else { &self.scores }
    }

    /// `H^+`, whose strengths sum to zero in each group.
    fn inverse(&self) -> Vec<Vec<f64>> {
        let p = self.p();
        (0..p)
            .map(|i| {
                let mut unit = vec![0.0; p];
                unit[i] = 1.0;
                self.solution(&unit)
            })
            .collect()
    }

    fn solution(&self, rhs: &[f64]) -> Vec<f64> {
        let p = self.p();
        let n_groups = self.groups.iter().max().map_or(0, |g| *g as usize + 1);
        let mut a = self.information.clone();
        let mut b = rhs.to_vec();
        for g in 0..n_groups {
            let members: Vec<usize> =
                (0..self.n_items).filter(|&i| self.groups[i] as usize == g).collect();
            let mean = members.iter().map(|&i| b[i]).sum::<f64>() / members.len() as f64;
            for &i in &members {
                b[i] -= mean;
                for &j in &members {
                    a[i][j] += 1.0;
                }
            }
        }
        for k in 0..p {
            let pivot = (k..p).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
            a.swap(k, pivot);
            b.swap(k, pivot);
            for i in k + 1..p {
                let factor = a[i][k] / a[k][k];
                for j in k..p {
                    a[i][j] -= factor * a[k][j];
                }
                b[i] -= factor * b[k];
            }
        }
        for k in (0..p).rev() {
            for j in k + 1..p {
                b[k] -= a[k][j] * b[j];
            }
            b[k] /= a[k][k];
        }
        b
    }

    /// `H^+ V H^+`.
    fn covariance(&self, kind: Kind) -> Vec<Vec<f64>> {
        let inverse = self.inverse();
        let images: Vec<Vec<f64>> = self
            .rows(kind)
            .iter()
            .map(|row| inverse.iter().map(|column| product(column, row)).collect())
            .collect();
        outer(&images, self.p())
    }
}

fn product(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

impl Fitted for Dense {
    fn n_items(&self) -> usize {
        self.n_items
    }

    fn n_shared(&self) -> usize {
        self.p() - self.n_items
    }

    fn n_terms(&self) -> usize {
        self.roots.len()
    }

    fn groups(&self) -> &[u32] {
        &self.groups
    }

    fn solve(&mut self, b: &[f64], x: &mut [f64], _: &Team, _: &dyn Control) -> Result<(), Error> {
        x.copy_from_slice(&self.solution(b));
        Ok(())
    }

    fn is_factorised(&self) -> bool {
        self.factorised
    }

    fn diagonal(&mut self, _: &Team, _: &dyn Control) -> Result<Option<Vec<f64>>, Error> {
        let inverse = self.inverse();
        Ok(self.factorised.then(|| (0..self.p()).map(|i| inverse[i][i]).collect()))
    }

    fn multiply(&self, kind: Kind, x: &[f64], out: &mut [f64], _: &Team) {
        out.fill(0.0);
        for row in self.rows(kind) {
            let value = product(row, x);
            out.iter_mut().zip(row).for_each(|(out, r)| *out += value * r);
        }
    }

    fn draw(&self, kind: Kind, noise: Noise, stream: &Stream, out: &mut [f64], _: &Team) {
        let mut xi = vec![0.0; self.rows(kind).len()];
        match noise {
            Noise::Normal => stream.fill_normal(0, &mut xi),
            Noise::Sign => {
                stream.fill_uniform(0, &mut xi);
                for x in &mut xi {
                    *x = if *x < 0.5 { -1.0 } else { 1.0 };
                }
            }
        }
        out.fill(0.0);
        for (row, xi) in self.rows(kind).iter().zip(xi) {
            out.iter_mut().zip(row).for_each(|(out, r)| *out += xi * r);
        }
    }
}

const KINDS: [Kind; 2] = [Kind::Model, Kind::Sandwich];

/// Functional of reported parameter `i` with the reference in its group.
fn functional(fit: &Dense, i: usize, reference: Option<usize>) -> Vec<f64> {
    let mut u = vec![0.0; fit.p()];
    u[i] = 1.0;
    if let Some(r) = reference.filter(|&r| i < fit.n_items && fit.groups[i] == fit.groups[r]) {
        u[r] -= 1.0;
    }
    u
}

fn quadratic(matrix: &[Vec<f64>], u: &[f64], v: &[f64]) -> f64 {
    matrix.iter().zip(u).map(|(row, u)| u * product(row, v)).sum()
}

#[test]
fn standard_errors_and_covariances_are_those_of_the_dense_matrices() {
    let team = Team::sequential();
    for (sizes, n_shared) in [(vec![9], 0), (vec![8], 2), (vec![6, 7], 1)] {
        let mut fit = Dense::random(&sizes, n_shared, 3);
        let p = fit.p();
        let all: Vec<u32> = (0..p as u32).collect();
        for kind in KINDS {
            let dense = fit.covariance(kind);
            for reference in [None, Some(2)] {
                let u: Vec<Vec<f64>> = (0..p).map(|i| functional(&fit, i, reference)).collect();
                let exact = |i: usize| quadratic(&dense, &u[i], &u[i]).max(0.0).sqrt();
                for items in [None, Some(&all[..]), Some(&all[3..5])] {
                    let found =
                        standard_error(&mut fit, kind, reference, items, &team, &()).unwrap();
                    assert_eq!(found.relative_error, 0.0);
                    let items = items.unwrap_or(&all);
                    assert_eq!(found.values.len(), items.len());
                    for (value, &i) in found.values.iter().zip(items) {
                        let exact = exact(i as usize);
                        assert!((value - exact).abs() < 1e-6 * (1.0 + exact), "{value} {exact}");
                    }
                }
                let chosen = [5, 0, p as u32 - 1, 2];
                let matrix = covariance(&mut fit, kind, reference, &chosen, &team, &()).unwrap();
                for (a, &i) in chosen.iter().enumerate() {
                    for (b, &j) in chosen.iter().enumerate() {
                        let exact = quadratic(&dense, &u[i as usize], &u[j as usize]);
                        assert!((matrix[a * 4 + b] - exact).abs() < 1e-11, "{kind:?}");
                        assert_eq!(matrix[a * 4 + b].to_bits(), matrix[b * 4 + a].to_bits());
                    }
                }
            }
        }
    }
}

#[test]
fn a_sketch_says_its_accuracy_and_keeps_it() {
    let team = Team::sequential();
    let mut fit = Dense::random(&[60], 1, 4);
    for kind in KINDS {
        fit.factorised = true;
        let exact = standard_error(&mut fit, kind, Some(3), None, &team, &()).unwrap().values;
        fit.factorised = false;
        let found = standard_error(&mut fit, kind, Some(3), None, &team, &()).unwrap();
        assert!((found.relative_error - 0.05).abs() < 1e-12);
        // With 200 combinations the squares are, by more than chi-square's margin, within these.
        for (value, exact) in found.values.iter().zip(&exact) {
            assert!(*exact == 0.0 && *value == 0.0 || (0.75..1.26).contains(&(value / exact)));
        }
        let spread: f64 = found
            .values
            .iter()
            .zip(&exact)
            .filter(|(_, e)| **e > 0.0)
            .map(|(v, e)| (v / e - 1.0).powi(2))
            .sum::<f64>()
            / 60.0;
        assert!(spread.sqrt() < 0.075, "{spread}");
        let chosen = standard_error(&mut fit, kind, Some(3), Some(&[7]), &team, &()).unwrap();
        assert!((chosen.values[0] / exact[7] - 1.0).abs() < 1e-9 && chosen.relative_error == 0.0);
    }
}

#[test]
fn a_draw_is_a_function_of_its_number_alone() {
    let team = Team::sequential();
    let mut fit = Dense::random(&[6, 5], 1, 5);
    let p = fit.p();
    let whole = draws(&mut fit, Kind::Model, 9, 0..40, &team, &()).unwrap();
    let mut parts = draws(&mut fit, Kind::Model, 9, 0..17, &team, &()).unwrap();
    parts.extend(draws(&mut fit, Kind::Model, 9, 17..40, &team, &()).unwrap());
    assert_eq!(whole, parts);
    assert_ne!(whole[..p], draws(&mut fit, Kind::Model, 10, 0..1, &team, &()).unwrap());
    for row in whole.chunks(p) {
        assert!(row[..6].iter().sum::<f64>().abs() < 1e-12);
        assert!(row[6..11].iter().sum::<f64>().abs() < 1e-12);
    }
}

#[test]
fn draws_have_the_covariance_of_the_estimate() {
    const N: u32 = 20_000;
    let team = Team::sequential();
    let mut fit = Dense::random(&[5], 1, 6);
    let p = fit.p();
    for kind in KINDS {
        let dense = fit.covariance(kind);
        let rows = draws(&mut fit, kind, 1, 0..N, &team, &()).unwrap();
        for i in 0..p {
            for j in 0..p {
                let mean = rows.chunks(p).map(|row| row[i] * row[j]).sum::<f64>() / f64::from(N);
                // The product of two normals has variance c_ii c_jj + c_ij^2.
                let spread =
                    ((dense[i][i] * dense[j][j] + dense[i][j].powi(2)) / f64::from(N)).sqrt();
                assert!((mean - dense[i][j]).abs() < 5.5 * spread, "{i} {j} {kind:?}");
            }
        }
    }
}

fn params(method: RankMethod) -> RankParams {
    RankParams { kind: Kind::Sandwich, method, level: 0.9, n_samples: 500, key: 7 }
}

/// Rank sets straight from their definition.
fn naive_rank_sets(fit: &mut Dense, s: &[f64], params: &RankParams) -> (Vec<u32>, Vec<u32>) {
    let team = Team::sequential();
    let (n, p) = (fit.n_items, fit.p());
    let dense = fit.covariance(params.kind);
    let rows = draws(fit, params.kind, params.key, 0..params.n_samples, &team, &()).unwrap();
    let error = |i: usize, j: usize| (dense[i][i] + dense[j][j] - 2.0 * dense[i][j]).sqrt();
    let pairs = |i: usize| {
        (0..n)
            .filter(move |&j| j != i)
            .filter(|&j| fit.groups[i] == fit.groups[j])
            .collect::<Vec<_>>()
    };
    let largest = |row: &[f64], i: usize| {
        pairs(i).iter().map(|&j| (row[i] - row[j]).abs() / error(i, j)).fold(0.0, f64::max)
    };
    let quantile = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        // 0.9 times 501 is 450.9.
        assert_eq!((params.level, params.n_samples), (0.9, 500));
        values[450]
    };
    let critical = |i: usize| match params.method {
        RankMethod::Marginal => quantile(rows.chunks(p).map(|row| largest(row, i)).collect()),
        RankMethod::Simultaneous => quantile(
            rows.chunks(p).map(|row| (0..n).map(|i| largest(row, i)).fold(0.0, f64::max)).collect(),
        ),
        RankMethod::Critical(value) => value,
        RankMethod::Intervals(_) => unreachable!(),
    };
    (0..n)
        .map(|i| {
            let critical = critical(i);
            let above = pairs(i).iter().filter(|&&j| s[j] - s[i] > critical * error(i, j)).count();
            let below = pairs(i).iter().filter(|&&j| s[i] - s[j] > critical * error(i, j)).count();
            ((1 + above) as u32, (pairs(i).len() + 1 - below) as u32)
        })
        .unzip()
}

#[test]
fn rank_sets_follow_their_definition_for_any_number_of_threads() {
    for sizes in [vec![23], vec![9, 14]] {
        let mut fit = Dense::random(&sizes, 1, 8);
        let s: Vec<f64> = uniforms(1, 23).into_iter().map(|u| 2.0 * u).collect();
        for method in [RankMethod::Marginal, RankMethod::Simultaneous, RankMethod::Critical(2.5)] {
            let params = params(method);
            let (low, high) = naive_rank_sets(&mut fit, &s, &params);
            for n_threads in [1, 3] {
                let team = Team::lease(n_threads);
                let found = rank_sets(&mut fit, &s, &params, &team, &()).unwrap();
                assert_eq!((&found.low, &found.high), (&low, &high), "{method:?}");
            }
        }
    }
}

#[test]
fn interval_ranks_count_intervals_apart() {
    let team = Team::sequential();
    let mut fit = Dense::random(&[9, 14], 0, 8);
    let s: Vec<f64> = uniforms(2, 23).into_iter().map(|u| 3.0 * u).collect();
    let params = params(RankMethod::Intervals(1.5));
    let found = rank_sets(&mut fit, &s, &params, &team, &()).unwrap();
    let errors = standard_error(&mut fit, params.kind, None, None, &team, &()).unwrap().values;
    let end = |i: usize, sign: f64| s[i] + sign * 1.5 * errors[i];
    for i in 0..23 {
        let group: Vec<usize> = (0..23).filter(|&j| fit.groups[j] == fit.groups[i]).collect();
        let above = group.iter().filter(|&&j| end(j, -1.0) > end(i, 1.0)).count();
        let below = group.iter().filter(|&&j| end(j, 1.0) < end(i, -1.0)).count();
        assert_eq!(found.low[i] as usize, 1 + above);
        assert_eq!(found.high[i] as usize, group.len() - below);
    }
}

#[test]
fn the_band_of_all_strengths_uses_the_quantile_of_the_largest_draw() {
    let team = Team::sequential();
    let mut fit = Dense::random(&[12], 1, 9);
    for reference in [None, Some(4)] {
        let params = params(RankMethod::Simultaneous);
        let errors =
            standard_error(&mut fit, params.kind, reference, None, &team, &()).unwrap().values;
        let errors = &errors[..12];
        let found =
            simultaneous_critical_value(&mut fit, errors, reference, &params, &team, &()).unwrap();
        let rows = draws(&mut fit, params.kind, params.key, 0..500, &team, &()).unwrap();
        let mut largest: Vec<f64> = rows
            .chunks(fit.p())
            .map(|row| {
                (0..12)
                    .filter(|&i| errors[i] > 0.0)
                    .map(|i| (row[i] - reference.map_or(0.0, |r| row[r])).abs() / errors[i])
                    .fold(0.0, f64::max)
            })
            .collect();
        largest.sort_by(f64::total_cmp);
        assert!((found / largest[450] - 1.0).abs() < 1e-12);
    }
}

#[test]
fn bad_arguments_are_named() {
    let team = Team::sequential();
    let mut fit = Dense::random(&[6], 1, 2);
    let message = |result: Result<(), Error>| result.unwrap_err().to_string();
    let items = standard_error(&mut fit, Kind::Model, None, Some(&[0, 7]), &team, &());
    assert!(message(items.map(|_| ())).contains("`items` must hold indices below 7; got 7 at"));
    let reference = covariance(&mut fit, Kind::Model, Some(6), &[0], &team, &());
    assert!(message(reference.map(|_| ())).contains("`reference` must hold indices below 6"));
    let few = RankParams { n_samples: 8, ..params(RankMethod::Marginal) };
    let samples = rank_sets(&mut fit, &[0.0; 6], &few, &team, &());
    assert!(message(samples.map(|_| ())).contains("`n_samples` must be"));
    let length = rank_sets(&mut fit, &[0.0; 5], &few, &team, &());
    assert!(message(length.map(|_| ())).contains("`strength` must have 6 entries"));
    let finite = rank_sets(&mut fit, &[f64::NAN; 6], &few, &team, &());
    assert!(message(finite.map(|_| ())).contains("`strength` must be finite"));
}
