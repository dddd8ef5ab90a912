//! Properties that hold for rankings of every shape.

use hasten_core::Status;
use hasten_core::parallel::Team;
use hasten_core::ranking::{Choices, PreferenceParams, preference_regression};
use proptest::prelude::*;

use super::naive::{
    dense_solve, derivatives, dot, is_well_posed, kinds, objective, rankings, reference, solve,
};

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
