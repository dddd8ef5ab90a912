//! Linear rewards against closed forms and likelihoods written from their definitions.

use hasten_core::parallel::Team;
use hasten_core::ranking::{
    Choices, NOT_PLACED, PreferenceKind, PreferenceParams, PreferenceSolution,
    preference_regression,
};
use hasten_core::{Error, Status};
use proptest::prelude::*;

/// Rankings with everything that a call may vary.
#[derive(Debug, Clone)]
struct Data {
    shape: (usize, usize, usize),
    features: Vec<f64>,
    chosen: Vec<u32>,
    sizes: Vec<u32>,
    weights: Vec<f64>,
}

impl Data {
    fn choices(&self) -> Choices<'_, f64> {
        Choices::sets(
            &self.features,
            self.shape,
            &self.chosen,
            Some(&self.sizes),
            Some(&self.weights),
        )
        .unwrap()
    }

    fn row(&self, set: usize, k: usize) -> &[f64] {
        let (_, n_alternatives, d) = self.shape;
        let start = (set * n_alternatives + k) * d;
        &self.features[start..start + d]
    }

    /// The ranked positions of a set, and all of its positions that are not ranked.
    fn ranking(&self, set: usize) -> (Vec<usize>, Vec<usize>) {
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
    fn events(&self) -> Vec<(usize, usize, Vec<usize>)> {
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

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Log-likelihood by definition, with the ridge.
fn objective(data: &Data, kind: PreferenceKind, ridge: f64, theta: &[f64]) -> f64 {
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
fn derivatives(
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

/// The exact estimate, to rounding.
fn reference(data: &Data, kind: PreferenceKind, ridge: f64) -> Vec<f64> {
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

fn solve(data: &Data, params: &PreferenceParams<'_>) -> Result<PreferenceSolution, Error> {
    preference_regression(&data.choices(), params, &Team::sequential(), &mut ())
}

/// Rankings of each set in every rotation, with different weights: every alternative comes first
/// once, so that an estimate exists.
fn rankings() -> impl Strategy<Value = Data> {
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

fn kinds() -> impl Strategy<Value = PreferenceKind> {
    prop_oneof![Just(PreferenceKind::PlackettLuce), Just(PreferenceKind::Split)]
}

/// Can the features of some set be told apart in every direction?
fn is_well_posed(data: &Data, kind: PreferenceKind) -> bool {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_certificate_bounds_the_true_error(data in rankings(), kind in kinds(),
                                             ridge in prop_oneof![Just(0.0), 1e-3..2.0_f64],
                                             max_iter in 1..12_usize, exponent in -9..0_i32) {
        prop_assume!(is_well_posed(&data, kind));
        let exact = reference(&data, kind, ridge);
        let tol = 10_f64.powi(exponent);
        let params =
            PreferenceParams { kind, ridge, tol, max_iter: Some(max_iter), ..Default::default() };
        let solution = solve(&data, &params).unwrap();
        let (_, hessian, _) = derivatives(&data, kind, ridge, &solution.coef);
        let e: Vec<f64> = solution.coef.iter().zip(&exact).map(|(a, b)| a - b).collect();
        let energy: f64 = hessian.iter().zip(&e).map(|(row, x)| x * dot(row, &e)).sum();
        let truth = energy.max(0.0).sqrt();
        prop_assert!(truth <= solution.certificate.error + 1e-11, "{truth} > {:?}", solution);
        prop_assert_eq!(solution.status == Status::Converged, solution.certificate.error <= tol);
        let gap = objective(&data, kind, ridge, &exact) - objective(&data, kind, ridge, &solution.coef);
        prop_assert!(gap <= solution.certificate.log_likelihood_gap + 1e-11);
    }

    #[test]
    fn likelihood_and_covariances_are_those_of_the_definition(data in rankings(), kind in kinds(),
                                                              ridge in prop_oneof![Just(0.0), 0.1..2.0_f64]) {
        prop_assume!(is_well_posed(&data, kind));
        let params = PreferenceParams { kind, ridge, ..Default::default() };
        let solution = solve(&data, &params).unwrap();
        let theta = &solution.coef;
        let value = objective(&data, kind, 0.0, theta);
        prop_assert!((solution.log_likelihood - value).abs() < 1e-10 * value.abs());
        let (_, hessian, middle) = derivatives(&data, kind, ridge, theta);
        let d = theta.len();
        let unit = |j: usize| (0..d).map(|i| if i == j { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
        let inverse: Vec<Vec<f64>> = (0..d).map(|j| dense_solve(hessian.clone(), unit(j))).collect();
        for i in 0..d {
            for j in 0..d {
                let scale = (inverse[i][i] * inverse[j][j]).sqrt();
                prop_assert!((solution.model_covariance[i * d + j] - inverse[i][j]).abs() < 1e-8 * scale);
                let half: Vec<f64> = middle.iter().map(|row| dot(row, &inverse[j])).collect();
                let sandwich = dot(&inverse[i], &half);
                prop_assert!((solution.sandwich_covariance[i * d + j] - sandwich).abs()
                    < 1e-8 * scale * (1.0 + middle[0][0] * inverse[0][0]));
            }
        }
    }

    #[test]
    fn the_gradient_vanishes_by_finite_differences(data in rankings(), kind in kinds()) {
        prop_assume!(is_well_posed(&data, kind));
        let params = PreferenceParams { kind, tol: 1e-10, ..Default::default() };
        let solution = solve(&data, &params).unwrap();
        let total: f64 = data.weights.iter().sum();
        for j in 0..solution.coef.len() {
            let at = |h: f64| {
                let mut theta = solution.coef.clone();
                theta[j] += h;
                objective(&data, kind, 0.0, &theta)
            };
            let h = 1e-5;
            let slope = (at(h) - at(-h)) / (2.0 * h);
            // Third derivatives are at most 27 a pair, and a set has at most 10 pairs.
            prop_assert!(slope.abs() < 1e-7 + 270.0 * total * h * h, "{slope}");
        }
    }

    #[test]
    fn malformed_input_is_an_error(shape in (0..4_usize, 0..4_usize, 0..3_usize),
                                   features in prop::collection::vec(any::<f64>(), 0..30),
                                   chosen in prop::collection::vec(any::<u32>().prop_map(|x| x % 5), 0..12),
                                   sizes in prop::collection::vec(0..5_u32, 0..4),
                                   weights in prop::collection::vec(any::<f64>(), 0..4),
                                   kind in kinds()) {
        let sizes = (!sizes.is_empty()).then_some(&sizes[..]);
        let weights = (!weights.is_empty()).then_some(&weights[..]);
        if let Ok(choices) = Choices::sets(&features, shape, &chosen, sizes, weights) {
            let params = PreferenceParams { kind, max_iter: Some(20), ..Default::default() };
            if let Ok(solution) = preference_regression(&choices, &params, &Team::sequential(), &mut ()) {
                prop_assert!(solution.coef.iter().all(|x| x.is_finite()));
            }
        }
    }
}

/// Rankings of random alternatives by random keys, in a fixed stream.
fn random_rankings(shape: (usize, usize, usize), n_placed: usize) -> Data {
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

#[test]
fn bits_do_not_depend_on_threads() {
    for (shape, n_placed) in [((30_000, 2, 3), 1), ((6_000, 4, 5), 4), ((300, 3, 120), 1)] {
        let data = random_rankings(shape, n_placed);
        for kind in [PreferenceKind::PlackettLuce, PreferenceKind::Split] {
            let params = PreferenceParams { kind, ..Default::default() };
            let run = |team: &Team| {
                let s = preference_regression(&data.choices(), &params, team, &mut ()).unwrap();
                (s.coef, s.sandwich_covariance, s.certificate.error.to_bits(), s.n_iter)
            };
            let alone = run(&Team::sequential());
            for n_threads in [2, 3] {
                assert!(run(&Team::lease(n_threads)) == alone);
            }
        }
    }
}

#[test]
fn many_alternatives_are_split_in_pieces() {
    // Sets whose pairs do not fit in one tile, among smaller ones.
    let mut data = random_rankings((6, 40, 2), 40);
    data.sizes = vec![40, 3, 40, 40, 2, 40];
    for (set, size) in [(1, 3), (4, 2)] {
        let row = &mut data.chosen[set * 40..(set + 1) * 40];
        row.fill(NOT_PLACED);
        (0..size).for_each(|k| row[k] = k as u32);
    }
    let kind = PreferenceKind::Split;
    let solution =
        solve(&data, &PreferenceParams { kind, tol: 1e-9, ..Default::default() }).unwrap();
    let exact = reference(&data, kind, 0.0);
    let (_, hessian, middle) = derivatives(&data, kind, 0.0, &exact);
    let inverse: Vec<Vec<f64>> =
        [[1.0, 0.0], [0.0, 1.0]].iter().map(|e| dense_solve(hessian.clone(), e.to_vec())).collect();
    for i in 0..2 {
        assert!((solution.coef[i] - exact[i]).abs() < 1e-8);
        let half: Vec<f64> = middle.iter().map(|row| dot(row, &inverse[i])).collect();
        let variance = dot(&inverse[i], &half);
        assert!((solution.sandwich_covariance[3 * i] / variance - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_pair_and_its_difference_are_the_same() {
    let data = random_rankings((500, 2, 3), 1);
    let differences: Vec<f64> = (0..500)
        .flat_map(|set| {
            let (a, b) = (data.row(set, 0).to_vec(), data.row(set, 1).to_vec());
            a.into_iter().zip(b).map(|(a, b)| a - b)
        })
        .collect();
    let pairs = solve(&data, &PreferenceParams::default()).unwrap();
    let choices = Choices::differences(&differences, (500, 3), Some(&data.chosen), None).unwrap();
    let single =
        preference_regression(&choices, &PreferenceParams::default(), &Team::sequential(), &mut ())
            .unwrap();
    assert_eq!(pairs.coef, single.coef);
    let moments = pairs.data_covariance.unwrap();
    for i in 0..3 {
        for j in 0..3 {
            let mean: f64 = differences.chunks(3).map(|x| x[i] * x[j]).sum::<f64>() / 500.0;
            assert!((moments[3 * i + j] - mean).abs() < 1e-13);
        }
    }
}

#[test]
fn features_of_any_scale_give_the_same_predictions() {
    let data = random_rankings((400, 3, 3), 1);
    let plain = solve(&data, &PreferenceParams::default()).unwrap();
    let mut scaled = data.clone();
    let factors = [2.0_f64.powi(-300), 1.0, 2.0_f64.powi(500)];
    scaled.features.chunks_mut(3).for_each(|row| {
        row.iter_mut().zip(factors).for_each(|(x, f)| *x *= f);
    });
    let odd = solve(&scaled, &PreferenceParams::default()).unwrap();
    for j in 0..3 {
        assert!((odd.coef[j] * factors[j] / plain.coef[j] - 1.0).abs() < 1e-12);
    }
    assert_eq!(odd.status, Status::Converged);
}

#[test]
fn a_common_offset_of_a_set_changes_nothing() {
    let data = random_rankings((300, 3, 2), 3);
    let plain = solve(&data, &PreferenceParams::default()).unwrap();
    let mut moved = data.clone();
    // Features are multiples of 2^-53: an offset of 2^20 leaves 33 bits of each.
    moved.features.iter_mut().for_each(|x| *x += 2.0_f64.powi(20));
    let odd = solve(&moved, &PreferenceParams::default()).unwrap();
    for j in 0..2 {
        assert!((odd.coef[j] - plain.coef[j]).abs() < 1e-7);
    }
}

fn differences(features: &[f64], d: usize) -> Result<PreferenceSolution, Error> {
    let choices = Choices::differences(features, (features.len() / d, d), None, None)?;
    preference_regression(&choices, &PreferenceParams::default(), &Team::sequential(), &mut ())
}

#[test]
fn data_without_an_estimate_are_refused() {
    // Separated: the second feature is positive in every preferred alternative.
    let separated = [1.0, 0.5, -1.0, 0.25, 0.3, 1.0, -0.2, 2.0];
    assert!(matches!(differences(&separated, 2), Err(Error::Unbounded { .. })));
    // Separated but for ties in that direction: the first feature alone has an estimate.
    let quasi = [1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 1.0, 1.0, -1.0, 1.0];
    assert_eq!(differences(&quasi, 2).unwrap_err(), Error::Unbounded { columns: vec![1] });
}

#[test]
fn rare_upsets_keep_the_estimate_finite() {
    let features = [1.0, -1.0];
    for weight in [1e-6, 1e-12, 1e-18] {
        let weights = [1.0, weight];
        let choices = Choices::differences(&features, (2, 1), None, Some(&weights)).unwrap();
        let solution = preference_regression(
            &choices,
            &PreferenceParams::default(),
            &Team::sequential(),
            &mut (),
        )
        .unwrap();
        assert_eq!(solution.status, Status::Converged);
        let error = (solution.coef[0] + weight.ln()).abs();
        let bound = solution.certificate.error * solution.model_covariance[0].sqrt();
        assert!(error <= bound, "{error} {solution:?}");
    }
}

#[test]
fn collinear_features_are_named() {
    let rows = [1.0, 2.0, 1.0, 3.0, 0.5, 1.0, 5.0, 1.5, -1.0, 2.0, -3.0, 1.0, 2.0, 1.0, 1.0, 3.0];
    // Column 3 is the sum of columns 0 and 1.
    assert_eq!(differences(&rows, 4).unwrap_err(), Error::Collinear { columns: vec![0, 1, 3] });
    let constant = [1.0, 0.0, -1.0, 0.0];
    assert_eq!(differences(&constant, 2).unwrap_err(), Error::Collinear { columns: vec![1] });
}

#[test]
fn a_far_start_comes_back() {
    let data = random_rankings((200, 3, 2), 1);
    let plain = solve(&data, &PreferenceParams::default()).unwrap();
    for init in [[1.0, -2.0], [50.0, 80.0], [-3e3, 1e4], [1e200, 1e200], [1e308, -1e308]] {
        let params = PreferenceParams { init: Some(&init), ..Default::default() };
        let solution = solve(&data, &params).unwrap();
        assert_eq!(solution.status, Status::Converged, "{init:?}");
        for j in 0..2 {
            assert!((solution.coef[j] - plain.coef[j]).abs() < 1e-6);
        }
    }
}

#[test]
fn single_precision_data_are_read_as_they_are() {
    let data = random_rankings((300, 3, 2), 1);
    let single: Vec<f32> = data.features.iter().map(|&x| x as f32).collect();
    let widened = Data { features: single.iter().map(|&x| f64::from(x)).collect(), ..data.clone() };
    let choices = Choices::sets(&single, data.shape, &data.chosen, None, None).unwrap();
    let solution =
        preference_regression(&choices, &PreferenceParams::default(), &Team::sequential(), &mut ())
            .unwrap();
    assert_eq!(solution.coef, solve(&widened, &PreferenceParams::default()).unwrap().coef);
}

#[test]
fn bad_parameters_are_named() {
    let data = random_rankings((50, 3, 2), 1);
    for (params, name) in [
        (PreferenceParams { ridge: -1.0, ..Default::default() }, "ridge"),
        (PreferenceParams { ridge: f64::NAN, ..Default::default() }, "ridge"),
        (PreferenceParams { tol: 0.0, ..Default::default() }, "tol"),
        (PreferenceParams { max_iter: Some(0), ..Default::default() }, "max_iter"),
        (PreferenceParams { init: Some(&[0.0]), ..Default::default() }, "init"),
        (PreferenceParams { init: Some(&[0.0, f64::NAN]), ..Default::default() }, "init"),
    ] {
        let message = solve(&data, &params).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn bad_data_are_named() {
    let features = [0.5, 1.0, -1.0, 2.0, 0.0, 1.5];
    let shape = (2, 3, 1);
    let sets = |chosen: &[u32], sizes: Option<&[u32]>, weights: Option<&[f64]>| {
        Choices::sets(&features, shape, chosen, sizes, weights).unwrap_err().to_string()
    };
    for (message, part) in [
        (sets(&[0], None, None), "`chosen` must have 1 to 3 positions for each set"),
        (sets(&[0, 3], None, None), "`chosen` must hold indices below 3; got 3 at index 1"),
        (sets(&[0, NOT_PLACED], None, None), "got -1 at index 1"),
        (sets(&[0, 1, 2, 2], None, None), "named twice in one ranking; got 2 at index 1"),
        (sets(&[0, 1, NOT_PLACED, 0], None, None), "got -1 at index 2"),
        (sets(&[0, NOT_PLACED, 1, 0, NOT_PLACED, 2], None, None), "behind the end of a ranking"),
        (sets(&[0, 2], Some(&[3, 2]), None), "indices below 2; got 2 at index 1"),
        (sets(&[0, 2], Some(&[3, 4]), None), "`set_sizes` must be at least 1"),
        (sets(&[0, 2], Some(&[3]), None), "`set_sizes` must have 2 entries, one per set; got 1"),
        (sets(&[0, 2], None, Some(&[1.0])), "`sample_weight` must have 2 entries"),
        (sets(&[0, 2], None, Some(&[1.0, -1.0])), "`sample_weight` must be at least 0; got -1"),
        (sets(&[0, 2], None, Some(&[1.0, f64::NAN])), "`sample_weight` must be finite; got NaN"),
        (sets(&[0, 2], None, Some(&[0.0, 0.0])), "of a positive and finite sum; got 0"),
    ] {
        assert!(message.contains(part), "{message} / {part}");
    }
    let infinite = [0.5, 1.0, f64::INFINITY, 2.0, 0.0, 1.5];
    let choices = Choices::sets(&infinite, shape, &[0, 2], None, None).unwrap();
    let params = PreferenceParams::default();
    let error = preference_regression(&choices, &params, &Team::sequential(), &mut ()).unwrap_err();
    assert_eq!(error.to_string(), "`features` must be finite; got +inf at index 2");
}
