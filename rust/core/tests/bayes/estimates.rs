//! Posteriors, length scales, averages over smoothness and their certificates.

use hasten_core::parallel::Team;
use hasten_core::quadrature::bayes::{
    DensePrior, Estimate, Observations, Params, Smoothness, bayes_quadrature, dense_rule,
    matern_rule,
};
use hasten_core::{Control, Error, Flow, Info};

use crate::references::{DENSE, NODES, VALUES};
use crate::rules::{close, even, prior};

fn solve(nodes: &[f64], values: &[f64], params: &Params) -> Estimate {
    solve_on(nodes, values, values.len() / nodes.len(), params, 1)
}

fn solve_on(
    nodes: &[f64],
    values: &[f64],
    n_components: usize,
    params: &Params,
    n_threads: usize,
) -> Estimate {
    let data = Observations { nodes, values, n_components, domain: (0.0, 1.0) };
    bayes_quadrature(&data, params, &Team::lease(n_threads), &mut ()).unwrap()
}

fn given(p: usize, length: f64, noise: f64) -> Params {
    let smoothness = Some(Smoothness::ALL[p]);
    Params { smoothness, length: Some(length), scale: None, noise }
}

const AVERAGE: Params = Params { smoothness: None, length: None, scale: None, noise: 0.0 };

#[test]
fn posterior_and_evidence_match_dense_solves() {
    let nodes = NODES.map(|x| x / 1024.0);
    let values = VALUES.map(|y| y / 4.0);
    for dense in &DENSE {
        let found = solve(&nodes, &values, &given(dense.p, dense.length, dense.noise));
        let model = &found.models[0];
        close(model.log_evidence, dense.log_evidence, 1e-11);
        close(model.scale[0].powi(2), dense.square_scale, 1e-9);
        // The mean cancels: compare with the largest possible sum.
        let size: f64 = found.weights.iter().zip(&values).map(|(w, y)| (w * y).abs()).sum();
        assert!((found.value[0] - dense.mean).abs() <= 1e-12 * size);
        close(found.standard_deviation[0].powi(2), dense.square_scale * dense.variance, 1e-9);
    }
}

#[test]
fn given_scales_enter_evidence_and_deviation() {
    let nodes = NODES.map(|x| x / 1024.0);
    let values = VALUES.map(|y| y / 4.0);
    let free = solve(&nodes, &values, &given(2, 0.5, 0.0));
    let best = free.models[0].scale[0];
    let with = |scale| solve(&nodes, &values, &Params { scale: Some(scale), ..given(2, 0.5, 0.0) });
    close(with(best).models[0].log_evidence, free.models[0].log_evidence, 1e-13);
    close(with(2.0 * best).standard_deviation[0], 2.0 * free.standard_deviation[0], 1e-13);
    // With n = 20 values: -n/2 (1/4 + 2 log 2) against -n/2.
    let change = with(2.0 * best).models[0].log_evidence - free.models[0].log_evidence;
    close(change, -10.0 * (0.25 + 2.0 * 2f64.ln() - 1.0), 1e-12);
}

#[test]
fn length_scale_is_a_maximum_of_the_likelihood() {
    let nodes = even(25, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| (9.0 * x).sin() + (4.0 * x).cos()).collect();
    for p in 0..4 {
        let free = Params { length: None, ..given(p, 1.0, 0.0) };
        let model = &solve(&nodes, &values, &free).models[0];
        for factor in [0.25, 0.9, 1.0 / 0.9, 4.0] {
            let length = model.lengths[0] * factor;
            let other = solve(&nodes, &values, &given(p, length, 0.0));
            assert!(other.models[0].log_evidence < model.log_evidence, "{p} {factor}");
        }
    }
}

#[test]
fn average_weighs_models_by_their_evidence() {
    let nodes = even(21, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| (x - 0.37).abs()).collect();
    let found = solve(&nodes, &values, &AVERAGE);
    assert_eq!(found.models.len(), 4);
    close(found.models.iter().map(|m| m.probability).sum(), 1.0, 1e-15);
    for model in &found.models[1..] {
        let first = &found.models[0];
        let ratio = (model.log_evidence - first.log_evidence).exp();
        close(model.probability / first.probability, ratio, 1e-12);
    }
    let mean: f64 = found.models.iter().map(|m| m.probability * m.value[0]).sum();
    close(found.value[0], mean, 1e-14);
    let sum: f64 = found.weights.iter().zip(&values).map(|(w, y)| w * y).sum();
    close(found.value[0], sum, 1e-15);
    let within: f64 =
        found.models.iter().map(|m| m.probability * m.standard_deviation[0].powi(2)).sum();
    assert!(found.standard_deviation[0].powi(2) >= within);
}

#[test]
fn components_share_weights_and_keep_their_scales() {
    let nodes = even(12, 1.0);
    let functions: [fn(f64) -> f64; 3] = [f64::exp, |_| 0.0, |x| 1e200 * (5.0 * x).sin()];
    let values: Vec<f64> = nodes.iter().flat_map(|&x| functions.map(|f| f(x))).collect();
    let params = given(1, 0.3, 0.0);
    let all = solve_on(&nodes, &values, 3, &params, 1);
    for (v, f) in functions.iter().enumerate() {
        let alone: Vec<f64> = nodes.iter().map(|&x| f(x)).collect();
        let alone = solve(&nodes, &alone, &params);
        assert_eq!(alone.value[0].to_bits(), all.value[v].to_bits());
        assert_eq!(alone.standard_deviation[0].to_bits(), all.standard_deviation[v].to_bits());
    }
    assert_eq!(
        (all.value[1], all.standard_deviation[1], all.certificate.richardson[1]),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn zero_values_and_single_nodes_have_the_length_of_the_domain() {
    let zero = solve(&even(9, 1.0), &[0.0; 9], &AVERAGE);
    assert!(zero.models.iter().all(|model| model.lengths[0] == 1.0 && model.probability == 0.25));
    assert_eq!(
        (zero.value[0], zero.standard_deviation[0], zero.certificate.richardson[0]),
        (0.0, 0.0, 0.0)
    );
    let one = solve(&[0.3], &[2.0], &AVERAGE);
    assert!(one.models.iter().all(|model| model.lengths[0] == 1.0));
    assert!(one.value[0] > 1.0 && one.value[0] < 2.0 && one.standard_deviation[0] > 0.0);
}

#[test]
fn bits_do_not_depend_on_threads() {
    let nodes = even(30, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| (12.0 * x).sin().exp()).collect();
    let bits = |n_threads| {
        let found = solve_on(&nodes, &values, 1, &AVERAGE, n_threads);
        let numbers =
            [found.value[0], found.standard_deviation[0], found.certificate.richardson[0]];
        numbers.map(f64::to_bits)
    };
    assert_eq!(bits(1), bits(2));
}

#[test]
fn equal_nodes_need_equal_values_unless_there_is_noise() {
    let nodes = [0.5, 0.1, 0.5];
    let same = solve(&nodes, &[2.0, 1.0, 2.0], &given(1, 0.5, 0.0));
    let once = solve(&nodes[..2], &[2.0, 1.0], &given(1, 0.5, 0.0));
    assert_eq!(same.value, once.value);
    assert_eq!((same.n_distinct, same.weights[2]), (2, 0.0));
    let solve = |noise| {
        let values = [2.0, 1.0, 2.5];
        let data =
            Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
        bayes_quadrature(&data, &given(1, 0.5, noise), &Team::sequential(), &mut ())
    };
    let message = solve(0.0).unwrap_err().to_string();
    assert!(message.contains("`nodes`") && message.contains("indices 0 and 2"), "{message}");
    // Two values of the same noise at one node are worth their mean.
    let found = solve(0.1).unwrap();
    close(found.weights[0], found.weights[2], 1e-13);
}

#[test]
fn bad_arguments_are_refused_by_name() {
    let refused = |nodes: &[f64], values: &[f64], domain, params: &Params| {
        let data = Observations { nodes, values, n_components: 1, domain };
        match bayes_quadrature(&data, params, &Team::sequential(), &mut ()).unwrap_err() {
            Error::Value { argument, .. }
            | Error::Shape { argument, .. }
            | Error::NotFinite { argument, .. } => argument,
            other => panic!("{other}"),
        }
    };
    let (unit, good) = ((0.0, 1.0), given(1, 0.5, 0.0));
    assert_eq!(refused(&[], &[], unit, &good), "nodes");
    assert_eq!(refused(&[1.5], &[1.0], unit, &good), "nodes");
    assert_eq!(refused(&[f64::NAN], &[1.0], unit, &good), "nodes");
    assert_eq!(refused(&[0.5], &[1.0, 2.0], unit, &good), "values");
    assert_eq!(refused(&[0.5], &[f64::INFINITY], unit, &good), "values");
    for domain in [(1.0, 0.0), (0.5, 0.5), (0.0, f64::INFINITY), (f64::NAN, 1.0), (-1e308, 1e308)] {
        assert_eq!(refused(&[0.5], &[1.0], domain, &good), "domain");
    }
    for length in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300] {
        assert_eq!(refused(&[0.5], &[1.0], unit, &given(1, length, 0.0)), "ell");
    }
    for noise in [-1e-9, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(&[0.5], &[1.0], unit, &given(1, 0.5, noise)), "noise");
    }
    let bad_scale = Params { scale: Some(0.0), ..good };
    assert_eq!(refused(&[0.5], &[1.0], unit, &bad_scale), "scale");
}

struct Interrupt;

impl Control for Interrupt {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        Err(Error::Interrupted)
    }

    fn check(&self) -> Result<(), Error> {
        Err(Error::Interrupted)
    }
}

#[test]
fn a_wish_to_stop_is_heard() {
    let team = Team::sequential();
    let nodes = [0.2, 0.7];
    let data = Observations { nodes: &nodes, values: &nodes, n_components: 1, domain: (0.0, 1.0) };
    let estimate = bayes_quadrature(&data, &AVERAGE, &team, &mut Interrupt);
    assert!(matches!(estimate, Err(Error::Interrupted)));
    let rule = matern_rule(&nodes, (0.0, 1.0), prior(1, 0.3, 0.0), &Interrupt);
    assert!(matches!(rule, Err(Error::Interrupted)));
    let kernel = |i: usize, j: usize| f64::from(u8::from(i == j));
    let dense = DensePrior { kernel: &kernel, means: &nodes, prior_variance: 1.0, noise: 0.0 };
    assert!(matches!(dense_rule(dense, &team, &Interrupt), Err(Error::Interrupted)));
}

#[test]
fn the_unit_of_the_values_does_not_matter() {
    let nodes = even(40, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| (9.0 * x).sin() + (x - 0.3).abs()).collect();
    let expected = solve(&nodes, &values, &AVERAGE);
    for unit in [2f64.powi(1000), 2f64.powi(-1000)] {
        let scaled: Vec<f64> = values.iter().map(|y| unit * y).collect();
        let found = solve(&nodes, &scaled, &AVERAGE);
        // The logarithm of the unit rounds the likelihood, whose maximum is flat.
        close(found.value[0], unit * expected.value[0], 1e-10);
        close(found.standard_deviation[0], unit * expected.standard_deviation[0], 1e-8);
        close(found.certificate.spread[0], unit * expected.certificate.spread[0], 1e-8);
        close(found.certificate.richardson[0], unit * expected.certificate.richardson[0], 1e-6);
    }
}
