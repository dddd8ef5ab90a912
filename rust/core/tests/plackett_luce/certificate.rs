//! The certificate is never below the true error.

use hasten_core::Status;
use hasten_core::ranking::Method;
use hasten_core::ranking::paired::Prior;
use hasten_core::ranking::plackett_luce::PlackettLuceParams;
use hasten_core::rng::Stream;
use proptest::prelude::*;

use crate::dense::{Owned, PRIORS, connected, reference, solve, true_error};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn certificate_bounds_the_true_error(owned in connected(), method in 0..4_usize,
                                         prior in 0..3_usize, max_iter in 1..40_usize,
                                         exponent in -9..0_i32) {
        let mut method = [Method::Auto, Method::Newman, Method::Zermelo, Method::Newton][method];
        let prior = PRIORS[prior];
        if matches!(prior, Some(Prior::Gaussian(_))) {
            method = Method::Auto;
        }
        let exact = reference(&owned, prior);
        let tol = 10_f64.powi(exponent);
        let max_iter = Some(max_iter);
        let params = PlackettLuceParams { method, prior, tol, max_iter, ..Default::default() };
        let solution = solve(&owned, &params).unwrap();
        let truth = true_error(&owned, prior, &solution.strength, &exact);
        prop_assert!(truth <= solution.certificate.error + 1e-10, "{truth} > {:?}", solution);
        prop_assert_eq!(solution.status == Status::Converged, solution.certificate.error <= tol);
    }

    #[test]
    fn certificate_bounds_the_error_of_any_start(owned in connected(), prior in 0..3_usize,
                                                 seed in 0..1000_u64, exponent in -6..1_i32) {
        let prior = PRIORS[prior];
        let exact = reference(&owned, prior);
        let mut noise = vec![0.0_f64; owned.n_items];
        Stream::new(seed, 0, 0).fill_normal(0, &mut noise);
        let size = 10_f64.powi(exponent);
        let start: Vec<f64> = exact.iter().zip(noise).map(|(s, z)| s + size * z).collect();
        let params = PlackettLuceParams {
            prior, init: Some(&start), max_iter: Some(1), tol: 1e-12, ..Default::default()
        };
        let solution = solve(&owned, &params).unwrap();
        for (found, given) in solution.strength.iter().zip(&start) {
            let shift = solution.strength[0] - start[0];
            prop_assert!((found - given - shift).abs() < 1e-9);
        }
        let truth = true_error(&owned, prior, &solution.strength, &exact);
        prop_assert!(truth <= solution.certificate.error + 1e-10, "{truth} > {:?}", solution);
    }
}

#[test]
fn the_path_from_the_deepest_item_to_the_shallowest_is_no_bound() {
    // Choices among strengths 10, 1, 1: the weak two are farthest apart, by way of the strong one.
    let set = |first: u32| {
        let mut set = vec![0, 1, 2];
        set.swap(0, first as usize);
        set
    };
    let owned = Owned::new(3, &[(set(0), 1, 10.0), (set(1), 1, 1.0), (set(2), 1, 1.0)]);
    let exact = reference(&owned, None);
    for size in [1e-4, 1e-2, 0.1, 0.3, 1.0] {
        for direction in [[0.0, 1.0, -1.0], [1.0, -1.0, 0.0], [2.0, -1.0, -1.0]] {
            let start: Vec<f64> = exact.iter().zip(direction).map(|(s, d)| s + size * d).collect();
            let params = PlackettLuceParams {
                init: Some(&start),
                max_iter: Some(1),
                tol: 1e-12,
                ..Default::default()
            };
            let solution = solve(&owned, &params).unwrap();
            let truth = true_error(&owned, None, &solution.strength, &exact);
            assert!(truth <= solution.certificate.error, "{truth} > {:?}", solution.certificate);
        }
    }
}
