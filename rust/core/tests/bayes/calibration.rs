//! How often truth lies where the posterior and the certificate say.

use hasten_core::parallel::Team;
use hasten_core::quadrature::bayes::{
    Kernel, Observations, Params, Smoothness, bayes_quadrature, matern_rule,
};
use hasten_core::rng::Stream;

use crate::rules::{even, prior};

/// Lower factor of the covariance at `points`, by rows.
fn cholesky(points: &[f64], kernel: Kernel, length: f64) -> Vec<Vec<f64>> {
    let n = points.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = kernel.correlation(length, points[i] - points[j]) - known;
            lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
        }
    }
    lower
}

#[test]
fn draws_of_the_prior_are_covered_as_often_as_promised() {
    const DRAWS: usize = 400;
    const N: usize = 12;
    // The nodes are each 20th point of a grid whose trapezoidal sum is the truth: for once
    // differentiable draws its error is about 1/400 of that on the nodes.
    const FINE: usize = 20 * (N - 1) + 1;
    let grid = even(FINE, 1.0);
    let nodes: Vec<f64> = grid.iter().copied().step_by(20).collect();
    let lower = cholesky(&grid, Kernel::Matern(Smoothness::ThreeHalves), 0.2);
    let rule = matern_rule(&nodes, (0.0, 1.0), prior(1, 0.2, 0.0), &()).unwrap();
    let params = Params {
        smoothness: Some(Smoothness::ThreeHalves),
        length: Some(0.2),
        scale: None,
        noise: 0.0,
    };
    let (mut squares, mut n_known, mut n_estimated) = (0.0, 0, 0);
    for draw in 0..DRAWS {
        let mut normals = [0.0; FINE];
        Stream::new(1, draw as u32, 0).fill_normal(0, &mut normals);
        let f: Vec<f64> =
            lower.iter().map(|row| row.iter().zip(&normals).map(|(l, z)| l * z).sum()).collect();
        let ends = 0.5 * (f[0] + f[FINE - 1]);
        let truth = (f.iter().sum::<f64>() - ends) / (FINE - 1) as f64;
        let values: Vec<f64> = f.iter().copied().step_by(20).collect();
        let value: f64 = rule.weights.iter().zip(&values).map(|(w, y)| w * y).sum();
        let z = (value - truth) / rule.variance.sqrt();
        squares += z * z;
        n_known += usize::from(z.abs() <= 1.959_964);
        let data =
            Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
        let found = bayes_quadrature(&data, &params, &Team::sequential(), &mut ()).unwrap();
        // The 97.5 % quantile of Student's distribution with 12 degrees of freedom.
        let half_width = 2.178_813 * found.standard_deviation[0];
        n_estimated += usize::from((found.value[0] - truth).abs() <= half_width);
    }
    // Five standard deviations of a chi-square mean, and of a binomial share of 0.95; all covered has
    // probability 1e-9.
    assert!((squares / DRAWS as f64 - 1.0).abs() <= 5.0 * (2.0 / DRAWS as f64).sqrt(), "{squares}");
    for n_covered in [n_known, n_estimated] {
        assert!((359..DRAWS).contains(&n_covered), "{n_covered}");
    }
}

/// A function, its integral over [0, 1], and its name.
type Case = (fn(f64) -> f64, f64, &'static str);

#[test]
fn certificate_holds_for_most_of_the_design_set() {
    let spike = ((0.7 / 0.001f64.sqrt()).atan() + (0.3 / 0.001f64.sqrt()).atan()) / 0.001f64.sqrt();
    let cases: [Case; 8] = [
        (f64::exp, 1f64.exp() - 1.0, "exp"),
        (|x| (20.0 * x).sin(), (1.0 - 20f64.cos()) / 20.0, "sine"),
        (|x| 1.0 / (1.0 + 25.0 * x * x), 5f64.atan() / 5.0, "Runge"),
        (|x| (x - 0.37).abs(), f64::midpoint(0.37 * 0.37, 0.63 * 0.63), "kink"),
        (f64::sqrt, 2.0 / 3.0, "root"),
        (|x| f64::from(u8::from(x > 0.61)), 0.39, "step"),
        (|x| x.powf(2.5), 1.0 / 3.5, "power"),
        (|x| 1.0 / ((x - 0.3) * (x - 0.3) + 0.001), spike, "spike"),
    ];
    // Quantiles of Student's distribution at 97.5 %.
    let sizes = [(10, 2.228_139), (20, 2.085_963), (40, 2.021_075), (80, 1.990_063)];
    let params = Params { smoothness: None, ..Params::default() };
    let mut missed = Vec::new();
    for (f, truth, name) in cases {
        for (n, quantile) in sizes {
            let nodes = even(n, 1.0);
            let values: Vec<f64> = nodes.iter().map(|&x| f(x)).collect();
            let data = Observations {
                nodes: &nodes,
                values: &values,
                n_components: 1,
                domain: (0.0, 1.0),
            };
            let found = bayes_quadrature(&data, &params, &Team::sequential(), &mut ()).unwrap();
            let certificate =
                (quantile * found.certificate.spread[0]).max(found.certificate.richardson[0]);
            let error = (found.value[0] - truth).abs();
            if error > certificate {
                missed.push(format!("{name} {n}: {error:.1e} beyond {certificate:.1e}"));
            }
        }
    }
    // 29 of 32 are published; other minimisers of flat likelihoods may differ in two.
    assert!(missed.len() <= 5, "{missed:#?}");
}
