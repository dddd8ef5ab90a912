//! Arguments that no answer belongs to are refused by name, and never panic.

use hasten_core::Error;
use hasten_core::ot::{
    Marginals, Method, Passing, Problem, SinkhornParams, apply_plan, apply_transposed_plan,
    certify, column_log_sums, dense_plan, lower_bound, point_gradient, row_log_sums, sinkhorn,
    soft_transform, sparse_plan,
};
use hasten_core::pairs::{Matrix, Metric, Points};
use hasten_core::parallel::Team;

use crate::dense::{Owned, go_on, random};

fn refused(owned: &Owned, params: &SinkhornParams<'_>) -> &'static str {
    let values = owned.matrix();
    let found = sinkhorn(&owned.problem(&values), &values, params, &Team::sequential(), &mut ());
    match found.unwrap_err() {
        Error::Value { argument, .. }
        | Error::Shape { argument, .. }
        | Error::NotFinite { argument, .. } => argument,
        other => panic!("{other}"),
    }
}

#[test]
fn ratios_of_levels_that_lead_nowhere_are_refused() {
    let owned = random(5, 4, 0.1, 1);
    for ratio in [1.0 + 1e-15, 1.0, 1.09, 1001.0, 1e308, f64::INFINITY, f64::NAN, -2.0] {
        let mut params = SinkhornParams::default();
        params.newton.ratio = ratio;
        assert_eq!(refused(&owned, &params), "sns_options", "{ratio}");
    }
    for ratio in [1.1, 1e3] {
        let mut params = SinkhornParams {
            method: Method::Newton,
            eps_scaling: Some(true),
            ..Default::default()
        };
        params.newton.ratio = ratio;
        assert!(owned.solve(&params).certificate.marginal_error <= 1e-9);
    }
}

#[test]
fn starts_beyond_the_numbers_are_refused() {
    let owned = random(3, 2, 1e-10, 1);
    let (f, g) = ([0.0, 1e300, 0.0], [0.0, -1e300]);
    for init in [(&f, &[0.0; 2]), (&[0.0; 3], &g)] {
        let params = SinkhornParams { init: Some((init.0, init.1)), ..Default::default() };
        assert_eq!(refused(&owned, &params), "init");
    }
}

#[test]
fn the_published_stage_has_no_path() {
    let owned = random(3, 2, 0.1, 1);
    let method = Method::NewtonAsPublished;
    let params = SinkhornParams { method, eps_scaling: Some(true), ..Default::default() };
    assert_eq!(refused(&owned, &params), "eps_scaling");
}

#[test]
fn fixed_marginals_of_different_mass_are_refused() {
    let mut owned = random(4, 5, 0.1, 2);
    owned.b[2] += 1e-5;
    assert_eq!(refused(&owned, &SinkhornParams::default()), "b");
    let values = owned.matrix();
    let problem = owned.problem(&values);
    let found = certify(&problem, &[0.0; 4], &[0.0; 5], &Team::sequential(), &go_on);
    assert!(matches!(found, Err(Error::Value { argument: "b", .. })));
    owned.marginals = Marginals { rows: 1.0, columns: f64::INFINITY };
    owned.solve(&SinkhornParams::default());
}

#[test]
fn wrong_lengths_are_shapes() {
    let owned = random(4, 5, 0.1, 3);
    let values = owned.matrix();
    let team = Team::sequential();
    let passing = Passing { team: &team, check: &go_on };
    let problem = owned.problem(&values);
    let short = Problem { a: &owned.a[..3], ..problem };
    let (f, g) = (&[0.0; 4][..], &[0.0; 5][..]);
    for (problem, f, g) in [(problem, &f[..3], g), (problem, f, &g[..4]), (short, &f[..3], g)] {
        let is_shape = |error: Option<Error>| {
            assert!(matches!(error, Some(Error::Shape { .. })), "{error:?}");
        };
        is_shape(certify(&problem, f, g, &team, &go_on).err());
        is_shape(dense_plan::<f64>(&problem, (f, g), passing).err());
        is_shape(sparse_plan(&problem, (f, g), 0.1, passing).err());
        is_shape(apply_plan(&problem, (f, g), (&[0.0; 5], 1), passing).err());
        is_shape(apply_transposed_plan(&problem, (f, g), (&[0.0; 4], 1), passing).err());
        let points = Points::<f64>::new(&[0.0; 4], &[0.0; 5], 1, Metric::SquaredEuclidean).unwrap();
        is_shape(point_gradient(&problem, &points, (f, g), &[0.0; 4], passing).err());
    }
    let shape = |error: Error, name: &str| {
        assert!(matches!(error, Error::Shape { argument, .. } if argument == name), "{error}");
    };
    let both = (f, g);
    shape(apply_plan(&problem, both, (&[0.0; 9], 2), passing).unwrap_err(), "values");
    shape(apply_transposed_plan(&problem, both, (&[0.0; 9], 2), passing).unwrap_err(), "values");
    let points = Points::<f64>::new(&[0.0; 8], &[0.0; 10], 2, Metric::Euclidean).unwrap();
    shape(point_gradient(&problem, &points, both, &[0.0; 7], passing).unwrap_err(), "X");
    shape(row_log_sums(&values, &g[..4], 0.1, &team, &go_on).unwrap_err(), "psi");
    shape(column_log_sums(&values, &f[..3], 0.1, &team, &go_on).unwrap_err(), "phi");
    let weights = (&owned.a[..3], &owned.b[..]);
    shape(lower_bound(&values, weights, f, &team, &go_on).unwrap_err(), "a");
    let weights = (&owned.a[..], &owned.b[..]);
    shape(lower_bound(&values, weights, &f[..3], &team, &go_on).unwrap_err(), "f");
    let found = soft_transform(&values, (&owned.a, g), 0.1, false, passing);
    shape(found.unwrap_err(), "weights");
    let found = soft_transform(&values, (&owned.b, f), 0.1, false, passing);
    shape(found.unwrap_err(), "potential");
}

#[test]
fn matrices_without_columns_are_shapes() {
    let values = Matrix::<f64>::new("cost", &[], (2, 0)).unwrap();
    let (a, marginals) = (&[0.5, 0.5][..], Marginals::FIXED);
    let problem = Problem { values: &values, a, b: &[], reg: 0.1, marginals };
    let team = Team::sequential();
    let passing = Passing { team: &team, check: &go_on };
    let is_shape = |error: Option<Error>| assert!(matches!(error, Some(Error::Shape { .. })));
    let both = (&[0.0; 2][..], &[][..]);
    is_shape(certify(&problem, both.0, both.1, &team, &go_on).err());
    is_shape(dense_plan::<f64>(&problem, both, passing).err());
    is_shape(sparse_plan(&problem, both, 0.1, passing).err());
    is_shape(apply_transposed_plan(&problem, both, (&[0.0; 2], 1), passing).err());
    is_shape(lower_bound(&values, (a, &[]), &[0.0; 2], &team, &go_on).err());
    is_shape(sinkhorn(&problem, &values, &SinkhornParams::default(), &team, &mut ()).err());
    let sums = row_log_sums(&values, &[], 0.1, &team, &go_on).unwrap();
    assert_eq!(sums, [f64::NEG_INFINITY; 2]);
    assert!(column_log_sums(&values, &[0.0; 2], 0.1, &team, &go_on).unwrap().is_empty());
}
