//! The dense path and grids, against the linear-time rule and each other.

use hasten_core::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::bayes::{
    Axis, DensePrior, Kernel, Measure, NormalRbf, Observations, Params, ProductPrior, Smoothness,
    bayes_quadrature, dense_length, dense_posterior, dense_rule, matern_rule, tensor_rule,
};

use crate::references::{DENSE, NODES, VALUES};
use crate::rules::{close, even, prior};

const UNIT: Measure = Measure::Lebesgue { lower: 0.0, upper: 1.0 };

fn line(kernel: Kernel, length: f64) -> ProductPrior {
    ProductPrior::new(vec![Axis { kernel, length, measure: UNIT }]).unwrap()
}

/// Points (N, d) and a prior, as the dense functions take them.
fn with<R>(
    product: &ProductPrior,
    points: &[Vec<f64>],
    noise: f64,
    f: impl FnOnce(DensePrior<'_>) -> R,
) -> R {
    let means: Vec<f64> = points.iter().map(|x| product.mean(x)).collect();
    let kernel = |i: usize, j: usize| product.correlation(&points[i], &points[j]);
    f(DensePrior { kernel: &kernel, means: &means, prior_variance: product.variance(), noise })
}

#[test]
fn posterior_matches_a_solve_in_many_digits() {
    let points: Vec<Vec<f64>> = NODES.iter().map(|x| vec![x / 1024.0]).collect();
    let values = VALUES.map(|y| y / 4.0);
    for dense in DENSE.iter().filter(|dense| dense.length < 0.1 || dense.noise > 0.0) {
        let kernel = Kernel::Matern(Smoothness::ALL[dense.p]);
        let found = with(&line(kernel, dense.length), &points, dense.noise, |prior| {
            dense_posterior(prior, &values, 1, None, &Team::sequential(), &()).unwrap()
        });
        assert_eq!(found.rule.chosen.len(), 20);
        let error = (found.rule.rule.variance - dense.variance).abs();
        assert!(error <= found.rule.variance_error, "{error:e}");
        // Condition numbers stay below 20 / noise, and without noise below 1e8.
        let rounding = if dense.noise > 0.0 { 1e-10 } else { 1e-7 };
        let size = found.scale[0] * found.rule.rule.prior_variance.sqrt();
        assert!((found.value[0] - dense.mean).abs() <= rounding * size);
        close(found.log_evidence, dense.log_evidence, rounding);
        close(found.scale[0].powi(2), dense.square_scale, rounding);
    }
}

#[test]
fn singular_kernels_are_cut_at_their_rank() {
    let points: Vec<Vec<f64>> = even(60, 1.0).into_iter().map(|x| vec![x]).collect();
    let values: Vec<f64> = points.iter().map(|x| x[0].exp()).collect();
    let found = with(&line(Kernel::Rbf, 0.5), &points, 0.0, |prior| {
        dense_posterior(prior, &values, 1, None, &Team::sequential(), &()).unwrap()
    });
    let rank = found.rule.chosen.len();
    assert!((8..30).contains(&rank), "{rank}");
    assert!((found.value[0] - (1f64.exp() - 1.0)).abs() <= 1e-6);
    let used = found.rule.rule.weights.iter().filter(|&&w| w != 0.0).count();
    assert_eq!(used, rank);
    assert!(found.rule.rule.variance >= 0.0 && found.rule.rule.variance <= 1e-9);
}

#[test]
fn equal_nodes_are_chosen_once() {
    let points = vec![vec![0.25], vec![0.75], vec![0.25]];
    let kernel = Kernel::Matern(Smoothness::ThreeHalves);
    let found = with(&line(kernel, 0.5), &points, 0.0, |prior| {
        dense_rule(prior, &Team::sequential(), &()).unwrap()
    });
    assert_eq!(found.chosen, [0, 1]);
    assert_eq!(found.rule.weights[2], 0.0);
    let linear = matern_rule(&[0.25, 0.75], (0.0, 1.0), prior(1, 0.5, 0.0), &()).unwrap();
    close(found.rule.weights[0], linear.weights[0], 1e-13);
}

#[test]
fn bits_do_not_depend_on_threads() {
    let points: Vec<Vec<f64>> = even(2500, 1.0).into_iter().map(|x| vec![x]).collect();
    let product = line(Kernel::Rbf, 0.2);
    let bits = |n_threads| {
        let team = Team::lease(n_threads);
        with(&product, &points, 0.0, |prior| {
            let found = dense_rule(prior, &team, &()).unwrap();
            found.rule.weights.iter().map(|w| w.to_bits()).collect::<Vec<_>>()
        })
    };
    assert_eq!(bits(1), bits(2));
}

#[test]
fn grids_equal_the_dense_rule_of_their_points() {
    let x = [0.1, 0.4, 0.9];
    let y = [0.0, 0.3, 0.5, 1.0];
    let domain = (0.0, 1.0);
    let rules = [
        matern_rule(&x, domain, prior(1, 0.4, 0.0), &()).unwrap(),
        matern_rule(&y, domain, prior(2, 0.7, 0.0), &()).unwrap(),
    ];
    let grid = tensor_rule(&rules).unwrap();
    let axis =
        |p, length| Axis { kernel: Kernel::Matern(Smoothness::ALL[p]), length, measure: UNIT };
    let product = ProductPrior::new(vec![axis(1, 0.4), axis(2, 0.7)]).unwrap();
    let points: Vec<Vec<f64>> =
        x.iter().flat_map(|&x| y.iter().map(move |&y| vec![x, y])).collect();
    let dense =
        with(&product, &points, 0.0, |prior| dense_rule(prior, &Team::sequential(), &()).unwrap());
    for (found, expected) in grid.weights.iter().zip(&dense.rule.weights) {
        assert!((found - expected).abs() <= 1e-12, "{found} {expected}");
    }
    assert!((grid.variance - dense.rule.variance).abs() <= dense.variance_error);
    close(grid.prior_variance, dense.rule.prior_variance, 1e-15);
}

#[test]
fn grid_variance_does_not_cancel() {
    // Variances of some 3e-16 each: their product form is the sum to first order.
    let rule = matern_rule(&even(15, 0.1), (0.0, 0.1), prior(3, 0.3, 0.0), &()).unwrap();
    let grid = tensor_rule(&[rule.clone(), rule.clone()]).unwrap();
    let share = rule.variance / rule.prior_variance;
    close(grid.variance / grid.prior_variance, 2.0 * share - share * share, 1e-14);
}

#[test]
fn bad_priors_are_refused() {
    let rule = |means: &[f64], diagonal: f64, noise: f64, variance: f64| {
        let kernel = |i: usize, j: usize| if i == j { diagonal } else { 0.0 };
        let prior = DensePrior { kernel: &kernel, means, prior_variance: variance, noise };
        dense_rule(prior, &Team::sequential(), &()).unwrap_err()
    };
    assert!(matches!(rule(&[], 1.0, 0.0, 1.0), Error::Shape { argument: "means", .. }));
    assert!(matches!(rule(&[f64::NAN], 1.0, 0.0, 1.0), Error::NotFinite { argument: "means", .. }));
    let refused = rule(&[1.0, 1.0], f64::NAN, 0.0, 1.0);
    assert_eq!(refused, Error::NotPositiveDefinite { argument: "kernel", row: 0 });
    assert!(matches!(rule(&[1.0], 1.0, -1.0, 1.0), Error::Value { argument: "noise", .. }));
    let refused = rule(&[1.0], 1.0, 0.0, 0.0);
    assert!(matches!(refused, Error::Value { argument: "prior_variance", .. }));
    assert!(matches!(tensor_rule(&[]), Err(Error::Shape { argument: "rules", .. })));
    assert!(matches!(ProductPrior::new(vec![]), Err(Error::Shape { argument: "axes", .. })));
}

#[test]
fn likeliest_length_is_that_of_the_filter() {
    let nodes = even(12, 1.0);
    let points: Vec<Vec<f64>> = nodes.iter().map(|&x| vec![x]).collect();
    let values: Vec<f64> = nodes.iter().map(|x| (9.0 * x).sin()).collect();
    let team = Team::sequential();
    let kernel = Kernel::Matern(Smoothness::ThreeHalves);
    let found = dense_length((0.01, 100.0), |length| {
        let solve = |prior: DensePrior<'_>| dense_posterior(prior, &values, 1, None, &team, &());
        with(&line(kernel, length), &points, 0.0, solve)
    });
    let data = Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
    let params = Params { smoothness: Some(Smoothness::ThreeHalves), ..Params::default() };
    let filter = bayes_quadrature(&data, &params, &team, &mut ()).unwrap();
    close(found.unwrap(), filter.models[0].lengths[0], 1e-3);
}

#[test]
fn length_search_ends_where_the_rank_falls() {
    // The longer the better for an exponential, but twelve nodes lose rank.
    let points: Vec<Vec<f64>> = even(12, 1.0).into_iter().map(|x| vec![x]).collect();
    let values: Vec<f64> = points.iter().map(|x| x[0].exp()).collect();
    let team = Team::sequential();
    let solve = |length: f64| {
        with(&line(Kernel::Rbf, length), &points, 0.0, |prior| {
            dense_posterior(prior, &values, 1, None, &team, &())
        })
    };
    let length = dense_length((0.01, 100.0), solve).unwrap();
    assert_eq!(solve(length).unwrap().rule.chosen.len(), 12);
    assert!(solve(2.0 * length).unwrap().rule.chosen.len() < 12);
    for bounds in [(0.0, 1.0), (1.0, 0.5), (f64::NAN, 1.0), (50.0, 100.0)] {
        let refused = dense_length(bounds, solve);
        assert!(matches!(refused, Err(Error::Value { argument: "ell", .. })), "{bounds:?}");
    }
}

#[test]
fn normal_measures_with_diagonal_covariance_are_products() {
    let axis = |length, mean, standard_deviation| Axis {
        kernel: Kernel::Rbf,
        length,
        measure: Measure::Normal { mean, standard_deviation },
    };
    let product = ProductPrior::new(vec![axis(0.5, 1.0, 0.3), axis(2.0, -1.0, 1.5)]).unwrap();
    let normal = NormalRbf::new(&[0.5, 2.0], &[1.0, -1.0], &[0.09, 0.0, 0.0, 2.25]).unwrap();
    let (x, y) = ([0.2, 0.7], [1.4, -2.0]);
    close(normal.correlation(&x, &y), product.correlation(&x, &y), 1e-14);
    close(normal.mean(&x), product.mean(&x), 1e-14);
    close(normal.variance(), product.variance(), 1e-14);
}

#[test]
fn rotations_leave_isotropic_means_alone() {
    let (cosine, sine) = (0.6, 0.8);
    let rotate = |x: [f64; 2]| [cosine * x[0] - sine * x[1], sine * x[0] + cosine * x[1]];
    // Q diag(4, 0.25) Q^T.
    let (first, second) = (4.0, 0.25);
    let off = (first - second) * cosine * sine;
    let covariance = [
        first * cosine * cosine + second * sine * sine,
        off,
        off,
        first * sine * sine + second * cosine * cosine,
    ];
    let straight = NormalRbf::new(&[0.7; 2], &[0.3, -0.2], &[first, 0.0, 0.0, second]).unwrap();
    let turned = NormalRbf::new(&[0.7; 2], &rotate([0.3, -0.2]), &covariance).unwrap();
    let t = [1.1, 0.4];
    close(turned.mean(&rotate(t)), straight.mean(&t), 1e-14);
    close(turned.variance(), straight.variance(), 1e-14);
}

#[test]
fn covariances_that_are_none_are_refused() {
    let refused = NormalRbf::new(&[1.0; 2], &[0.0; 2], &[1.0, 2.0, 2.0, 1.0]).unwrap_err();
    assert_eq!(refused, Error::NotPositiveDefinite { argument: "measure", row: 1 });
    let refused = NormalRbf::new(&[1.0], &[0.0; 2], &[1.0]).unwrap_err();
    assert!(matches!(refused, Error::Shape { argument: "measure", .. }));
    let refused = NormalRbf::new(&[0.0], &[0.0], &[1.0]).unwrap_err();
    assert!(matches!(refused, Error::Value { argument: "ell", .. }));
}
