//! Data without an estimate, and other bad input.

use hasten_core::parallel::Team;
use hasten_core::ranking::{
    Choices, NOT_PLACED, PreferenceParams, PreferenceSolution, preference_regression,
};
use hasten_core::{Error, Status};

use super::naive::{random_rankings, solve};

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
