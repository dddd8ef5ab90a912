//! Extreme costs, weights and regularisations: no NaN, no panic, and an honest status.

use hasten_core::Status;
use hasten_core::ot::{
    Marginals, Method, Precision, SinkhornParams, SinkhornSolution, SymmetricParams, symmetric,
};
use hasten_core::parallel::Team;

use crate::dense::{METRICS, Owned, point_costs, random, uniform};

/// What must hold of any solution.
fn assert_honest(name: &str, owned: &Owned, params: &SinkhornParams<'_>) -> SinkhornSolution {
    let solution = owned.solve(params);
    let name = format!("{name} reg {} {params:?}", owned.reg);
    assert!(solution.f.iter().chain(&solution.g).all(|p| p.is_finite()), "{name}");
    let certificate = &solution.certificate;
    let numbers = [certificate.value, certificate.value_linear, certificate.marginal_error];
    assert!(numbers.iter().all(|x| x.is_finite()), "{name} {certificate:?}");
    assert!(certificate.gap >= 0.0, "{name} {}", certificate.gap);
    if solution.status == Status::Converged {
        let (f, g) = (&solution.f, &solution.g);
        let error = owned.marginal_error(f, g);
        // Exponents are rounded relative to the numbers they are differences of.
        let size = |values: &[f64]| values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let exponent = (size(f) + size(g) + size(&owned.cost)) / owned.reg + 1400.0;
        let rounding = (4.0 * f64::EPSILON * exponent).exp_m1();
        let allowed = (params.tol + 2.0 * rounding) * owned.mass();
        assert!(error <= allowed, "{error} {allowed} {name}");
    }
    solution
}

/// Weights from 1e-300 to 1.
fn spread(n: usize, key: u64) -> Vec<f64> {
    let weights: Vec<f64> = uniform(n, key).iter().map(|x| 10.0_f64.powf(-300.0 * x)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

fn all() -> Vec<(&'static str, Owned)> {
    let plain = random(12, 10, 1.0, 1);
    let x = uniform(24, 5);
    let with_cost = |cost: Vec<f64>| Owned { cost, ..plain.clone() };
    let mut outlier = plain.cost.clone();
    outlier[17] = 1e8;
    let mut far_row = plain.cost.clone();
    far_row[..10].iter_mut().for_each(|c| *c += 1e8);
    let mut far_column = plain.cost.clone();
    far_column.iter_mut().step_by(10).for_each(|c| *c += 1e8);
    let square = random(12, 12, 1.0, 1);
    vec![
        ("constant", with_cost(vec![3.0; 120])),
        ("zero", with_cost(vec![0.0; 120])),
        ("outlier", with_cost(outlier)),
        ("far row", with_cost(far_row)),
        ("far column", with_cost(far_column)),
        ("spread", Owned { a: spread(12, 2), b: spread(10, 3), ..plain.clone() }),
        ("one row", random(1, 10, 1.0, 4)),
        ("one column", random(12, 1, 1.0, 4)),
        ("one pair", random(1, 1, 1.0, 4)),
        ("same points", Owned { cost: point_costs(METRICS[0], &x, &x, 2), ..square.clone() }),
        (
            "all at one place",
            Owned { cost: point_costs(METRICS[1], &[0.5; 24], &[0.5; 24], 2), ..square },
        ),
        ("plain", plain),
    ]
}

const REGS: [f64; 6] = [1e-8, 1e-5, 1e-2, 1.0, 1e3, 1e6];

#[test]
fn balanced_solves_are_honest() {
    for (name, owned) in all() {
        for reg in REGS {
            let owned = Owned { reg, ..owned.clone() };
            for method in [
                Method::Auto,
                Method::Sinkhorn,
                Method::Log,
                Method::Newton,
                Method::NewtonAsPublished,
            ] {
                for (precision, eps_scaling) in [
                    (Precision::Double, None),
                    (Precision::Mixed, None),
                    (Precision::Double, Some(true)),
                    (Precision::Double, Some(false)),
                ] {
                    if method == Method::NewtonAsPublished && eps_scaling == Some(true) {
                        continue;
                    }
                    let params = SinkhornParams {
                        method,
                        precision,
                        eps_scaling,
                        max_iter: 200,
                        ..Default::default()
                    };
                    let solution = assert_honest(name, &owned, &params);
                    let easy = name != "outlier" && name != "far row" && name != "far column";
                    if reg >= 1.0 && easy {
                        assert_eq!(solution.status, Status::Converged, "{name} {reg} {params:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn penalised_solves_are_honest() {
    for (name, owned) in all() {
        for reg in REGS {
            for (rows, columns) in
                [(1e-6, 1e-6), (1.0, 1e6), (1e8, f64::INFINITY), (f64::INFINITY, 1e-6)]
            {
                let marginals = Marginals { rows, columns };
                let owned = Owned { reg, marginals, ..owned.clone() };
                let params = SinkhornParams { max_iter: 100, ..Default::default() };
                assert_honest(&format!("{name} {marginals:?}"), &owned, &params);
            }
        }
    }
}

#[test]
fn constant_costs_and_single_rows_are_products_at_once() {
    for (name, owned) in all() {
        if !["constant", "zero", "one row", "one column", "one pair"].contains(&name) {
            continue;
        }
        let solution = owned.solve(&SinkhornParams::default());
        assert_eq!(solution.status, Status::Converged);
        assert!(solution.n_iter <= 2, "{name} {}", solution.n_iter);
        let plan = owned.plan(&solution.f, &solution.g);
        for (k, mass) in plan.iter().enumerate() {
            let product = owned.a[k / owned.m()] * owned.b[k % owned.m()];
            assert!((mass - product).abs() <= 1e-13 * product, "{name}");
        }
    }
}

#[test]
fn a_start_out_of_this_world_does_no_harm() {
    let owned = random(6, 5, 0.1, 3);
    for size in [1e3, 1e10, 1e100] {
        for marginals in [Marginals::FIXED, Marginals { rows: 1.0, columns: 1.0 }] {
            let owned = Owned { marginals, ..owned.clone() };
            let f: Vec<f64> = uniform(6, 1).iter().map(|x| size * (x - 0.5)).collect();
            let g: Vec<f64> = uniform(5, 2).iter().map(|x| size * (x - 0.5)).collect();
            let params =
                SinkhornParams { init: Some((&f, &g)), max_iter: 400, ..Default::default() };
            assert_honest("start", &owned, &params);
        }
    }
}

#[test]
fn symmetric_solves_are_honest() {
    let x = uniform(24, 5);
    let cost = point_costs(METRICS[0], &x, &x, 2);
    for (a, reg) in [(spread(12, 2), 0.1), (vec![1.0 / 12.0; 12], 1e-8), (spread(12, 3), 1e6)] {
        for rho in [f64::INFINITY, 1.0] {
            let marginals = Marginals { rows: rho, columns: rho };
            let owned = Owned { a: a.clone(), b: a.clone(), cost: cost.clone(), reg, marginals };
            let values = owned.matrix();
            let params = SymmetricParams { tol: 1e-9, max_iter: 300 };
            let team = Team::sequential();
            let problem = owned.problem(&values);
            let found = symmetric::<f64>(&problem, &values, &params, &team, &mut ()).unwrap();
            assert_eq!(found.status, Status::Converged, "{reg} {rho}");
            assert!(owned.marginal_error(&found.f, &found.f) <= 1.01e-9 * owned.mass() + 1e-14);
        }
    }
}
