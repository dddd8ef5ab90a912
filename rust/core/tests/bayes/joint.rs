//! Values on grids and at scattered points, against the line and each other.

use hasten_core::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::bayes::{
    Estimate, GridAxis, JointMeasure, Kernel, Known, Measure, Observations, Params, Points,
    ProductParams, Smoothness, bayes_quadrature, grid_quadrature, grid_rule, predict,
    scattered_quadrature, scattered_rule,
};

use crate::rules::{close, even};

const UNIT: Measure = Measure::Lebesgue { lower: 0.0, upper: 1.0 };

fn free(kernel: Option<Kernel>) -> ProductParams {
    ProductParams { kernel, lengths: None, scale: None, noise: 0.0 }
}

fn matern(p: usize) -> Kernel {
    Kernel::Matern(Smoothness::ALL[p])
}

fn agree(found: &Estimate, expected: &Estimate, relative: f64) {
    close(found.value[0], expected.value[0], relative);
    for (found, expected) in found.models.iter().zip(&expected.models) {
        assert_eq!(found.kernel, expected.kernel);
        close(found.lengths[0], expected.lengths[0], 2e-3);
        close(found.log_evidence, expected.log_evidence, 1e-5);
    }
}

#[test]
fn one_axis_is_a_line() {
    let nodes = even(14, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| (5.0 * x).sin() + x.abs().sqrt()).collect();
    let team = Team::sequential();
    let axes = [GridAxis { nodes: &nodes, measure: UNIT }];
    let data = Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
    let measure = JointMeasure::Product(vec![UNIT]);
    let points = Points { nodes: &nodes, measure: &measure };
    for p in [None, Some(0), Some(2)] {
        let params = Params { smoothness: p.map(|p| Smoothness::ALL[p]), ..Params::default() };
        let line = bayes_quadrature(&data, &params, &team, &mut ()).unwrap();
        let params = free(p.map(matern));
        let grid = grid_quadrature(&axes, &values, 1, &params, &team, &()).unwrap();
        agree(&grid, &line, 1e-5);
        close(grid.certificate.spread[0], line.certificate.spread[0], 1e-2);
        close(grid.certificate.richardson[0], line.certificate.richardson[0], 1e-2);
        let scattered = scattered_quadrature(points, &values, 1, &params, &team, &()).unwrap();
        agree(&scattered, &line, 1e-5);
    }
}

#[test]
fn grids_are_their_points() {
    let (x, y) = ([0.7, 0.1, 0.4], [-1.0, 2.0, 0.5, 1.1]);
    let second = Measure::Normal { mean: 0.4, standard_deviation: 1.3 };
    let axes = [GridAxis { nodes: &x, measure: UNIT }, GridAxis { nodes: &y, measure: second }];
    let points: Vec<f64> = x.iter().flat_map(|&x| y.iter().flat_map(move |&y| [x, y])).collect();
    let values: Vec<f64> = points.chunks_exact(2).map(|p| (p[0] * p[1]).cos() + p[1]).collect();
    let measure = JointMeasure::Product(vec![UNIT, second]);
    let team = Team::sequential();
    let params = ProductParams { lengths: Some(vec![0.6, 1.9]), ..free(Some(matern(1))) };
    let grid = grid_quadrature(&axes, &values, 1, &params, &team, &()).unwrap();
    let points = Points { nodes: &points, measure: &measure };
    let scattered = scattered_quadrature(points, &values, 1, &params, &team, &()).unwrap();
    close(grid.value[0], scattered.value[0], 1e-10);
    close(grid.standard_deviation[0], scattered.standard_deviation[0], 1e-8);
    close(grid.models[0].log_evidence, scattered.models[0].log_evidence, 1e-10);
    let lengths = [0.6, 1.9];
    let rule = grid_rule(&axes, matern(1), &lengths, &team, &()).unwrap();
    let dense = scattered_rule(points, matern(1), &lengths, 0.0, &team, &()).unwrap();
    for (found, expected) in rule.weights.iter().zip(&dense.rule.weights) {
        assert!((found - expected).abs() <= 1e-11, "{found} {expected}");
    }
}

#[test]
fn posterior_of_the_function_meets_its_values() {
    let nodes = even(9, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| x.exp()).collect();
    let known = Known {
        nodes: &nodes,
        values: &values,
        n_components: 1,
        kernel: matern(2),
        lengths: &[0.5],
        noise: 0.0,
    };
    let found = predict(known, &[0.25, 0.3, 9.0], &Team::lease(2), &()).unwrap();
    close(found.mean[0], 0.25_f64.exp(), 1e-10);
    assert!(found.standard_deviation[0] <= 1e-6);
    assert!((found.mean[1] - 0.3_f64.exp()).abs() <= 1e-2);
    // Far outside the prior is left alone.
    assert!(found.mean[2].abs() <= 1e-3 && (found.standard_deviation[2] - 1.0).abs() <= 1e-3);
}

#[test]
fn rounding_is_part_of_the_certificate() {
    let nodes = even(3000, 1.0);
    let values: Vec<f64> = nodes.iter().map(|x| x.exp()).collect();
    let data = Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
    let params = Params { smoothness: Some(Smoothness::SevenHalves), ..Params::default() };
    let found = bayes_quadrature(&data, &params, &Team::sequential(), &mut ()).unwrap();
    let error = (found.value[0] - (1f64.exp() - 1.0)).abs();
    assert!(found.certificate.spread[0] >= error.max(1e-15), "{error:e}");
    assert!(found.certificate.spread[0] <= 1e-12);
}

#[test]
fn an_even_number_of_gaps_is_needed_to_see_the_other_end() {
    // With ten nodes each second one, counted from the left, leaves the last gap as it is.
    let value = |f: fn(f64) -> f64| {
        let nodes = even(10, 1.0);
        let values: Vec<f64> = nodes.iter().map(|&x| f(x)).collect();
        let data =
            Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
        let params = Params::default();
        bayes_quadrature(&data, &params, &Team::sequential(), &mut ()).unwrap().certificate
    };
    let (left, right) = (value(f64::sqrt), value(|x| (1.0 - x).sqrt()));
    close(left.richardson[0], right.richardson[0], 1e-3);
}

#[test]
fn what_grids_and_points_cannot_use_is_refused() {
    let team = Team::sequential();
    let refused = |nodes: &[f64], values: &[f64], params: &ProductParams| {
        let axes = [GridAxis { nodes, measure: UNIT }];
        match grid_quadrature(&axes, values, 1, params, &team, &()).unwrap_err() {
            Error::Value { argument, .. } | Error::Shape { argument, .. } => argument,
            other => panic!("{other}"),
        }
    };
    let good = free(Some(matern(1)));
    assert_eq!(refused(&[0.5, 0.5], &[1.0, 1.0], &good), "nodes");
    assert_eq!(refused(&[0.5, 1.5], &[1.0, 1.0], &good), "nodes");
    assert_eq!(refused(&[0.5], &[1.0, 1.0], &good), "values");
    let noisy = ProductParams { noise: 0.1, ..good.clone() };
    assert_eq!(refused(&[0.5], &[1.0], &noisy), "noise");
    let two = ProductParams { lengths: Some(vec![1.0, 1.0]), ..good.clone() };
    assert_eq!(refused(&[0.5], &[1.0], &two), "ell");
    let measure = JointMeasure::Normal(vec![0.0; 2], vec![1.0, 0.5, 0.5, 1.0]);
    let points = Points { nodes: &[0.0, 0.0], measure: &measure };
    let found = scattered_quadrature(points, &[1.0], 1, &good, &team, &());
    assert!(matches!(found, Err(Error::Value { argument: "kernel", .. })));
    let measure = JointMeasure::Product(vec![UNIT]);
    let points = Points { nodes: &[0.0, -0.0], measure: &measure };
    let found = scattered_quadrature(points, &[1.0, 2.0], 1, &good, &team, &());
    assert!(matches!(found, Err(Error::Value { argument: "nodes", .. })));
}
