//! The same bits for any number of threads.

use hasten_core::ot::{
    Barycenter, BarycenterParams, Batch, Certificate, Histograms, Marginals, Method, Passing,
    Precision, SinkhornParams, SinkhornSolution, SymmetricParams, apply_plan,
    apply_transposed_plan, barycenter, certify, column_log_sums, dense_plan, lower_bound,
    point_gradient, row_log_sums, sinkhorn, sinkhorn_batch, sparse_plan, symmetric,
};
use hasten_core::pairs::{Metric, Points};
use hasten_core::parallel::Team;

use crate::dense::{Owned, go_on, point_costs, random, uniform};

type Bits = Vec<u64>;

fn passing(team: &Team) -> Passing<'_> {
    Passing { team, check: &go_on }
}

fn bits(values: &[f64]) -> Bits {
    values.iter().map(|x| x.to_bits()).collect()
}

fn of_certificate(found: &Certificate) -> Bits {
    let numbers = [found.value, found.gap, found.value_linear, found.rounded_linear];
    bits(&[&numbers[..], &[found.marginal_error], &found.row_sums, &found.column_sums].concat())
}

fn of_solution(found: &SinkhornSolution) -> Bits {
    let counts = [found.n_iter as u64, found.n_newton as u64, found.n_cg as u64];
    [bits(&found.f), bits(&found.g), of_certificate(&found.certificate), counts.to_vec()].concat()
}

fn assert_same(name: &str, compute: impl Fn(&Team) -> Bits) {
    let one = compute(&Team::sequential());
    for n_threads in [2, 3] {
        assert_eq!(one, compute(&Team::lease(n_threads)), "{name} with {n_threads} threads");
    }
}

#[test]
fn solves() {
    // Several chunks of rows, and tiles with a rest.
    let owned = random(90, 70, 0.004, 1);
    let values = owned.matrix();
    let methods =
        [Method::Auto, Method::Sinkhorn, Method::Log, Method::Newton, Method::NewtonAsPublished];
    for method in methods {
        for (precision, eps_scaling) in
            [(Precision::Double, None), (Precision::Mixed, None), (Precision::Double, Some(true))]
        {
            if method == Method::NewtonAsPublished && eps_scaling == Some(true) {
                continue;
            }
            let params = SinkhornParams {
                method,
                precision,
                eps_scaling,
                max_iter: 150,
                ..Default::default()
            };
            assert_same(&format!("{params:?}"), |team| {
                let problem = owned.problem(&values);
                of_solution(&sinkhorn(&problem, &values, &params, team, &mut ()).unwrap())
            });
        }
    }
    for (rows, columns) in [(1.0, 2.0), (f64::INFINITY, 0.5), (0.5, f64::INFINITY)] {
        let owned = Owned { marginals: Marginals { rows, columns }, ..owned.clone() };
        let params = SinkhornParams { max_iter: 150, ..Default::default() };
        assert_same("penalised", |team| {
            let problem = owned.problem(&values);
            of_solution(&sinkhorn(&problem, &values, &params, team, &mut ()).unwrap())
        });
    }
}

#[test]
fn passes() {
    let (n, m, d, k) = (90, 70, 3, 2);
    let owned = random(n, m, 0.1, 2);
    let (x, y) = (uniform(n * d, 3), uniform(m * d, 4));
    let points = Points::<f64>::new(&x, &y, d, Metric::Euclidean).unwrap();
    let problem = owned.problem(&points);
    let (f, g) = (uniform(n, 5), uniform(m, 6));
    let potentials = (&*f, &*g);
    let (left, right) = (uniform(n * k, 7), uniform(m * k, 8));
    let weights = (&*owned.a, &*owned.b);
    assert_same("certify", |team| {
        of_certificate(&certify(&problem, &f, &g, team, &go_on).unwrap())
    });
    for (rows, columns) in [(1.0, 2.0), (f64::INFINITY, 0.5), (0.5, f64::INFINITY)] {
        let owned = Owned { marginals: Marginals { rows, columns }, ..owned.clone() };
        let problem = owned.problem(&points);
        assert_same("certify", |team| {
            of_certificate(&certify(&problem, &f, &g, team, &go_on).unwrap())
        });
    }
    assert_same("dense_plan", |team| {
        bits(&dense_plan::<f64>(&problem, potentials, passing(team)).unwrap())
    });
    assert_same("sparse_plan", |team| {
        let plan = sparse_plan(&problem, potentials, 1e-4, passing(team)).unwrap();
        let places = plan.offsets.iter().map(|x| x.cast_unsigned());
        let columns = plan.columns.iter().map(|x| u64::from(x.cast_unsigned()));
        let places = places.chain(columns);
        [bits(&plan.masses), bits(&[plan.dropped]), places.collect()].concat()
    });
    assert_same("apply_plan", |team| {
        bits(&apply_plan(&problem, potentials, (&right, k), passing(team)).unwrap())
    });
    assert_same("apply_transposed_plan", |team| {
        bits(&apply_transposed_plan(&problem, potentials, (&left, k), passing(team)).unwrap())
    });
    assert_same("point_gradient", |team| {
        bits(&point_gradient(&problem, &points, potentials, &x, passing(team)).unwrap())
    });
    assert_same("row_log_sums", |team| {
        bits(&row_log_sums(&points, &g, 0.1, team, &go_on).unwrap())
    });
    assert_same("column_log_sums", |team| {
        bits(&column_log_sums(&points, &f, 0.1, team, &go_on).unwrap())
    });
    assert_same("lower_bound", |team| {
        bits(&[lower_bound(&points, weights, &f, team, &go_on).unwrap()])
    });
}

#[test]
fn symmetric_problems_batches_and_barycenters() {
    let n = 70;
    let x = uniform(2 * n, 1);
    let cost = point_costs(Metric::SquaredEuclidean, &x, &x, 2);
    let owned = random(n, n, 0.02, 2);
    let owned = Owned { b: owned.a.clone(), cost, ..owned };
    let values = owned.matrix();
    assert_same("symmetric", |team| {
        let params = SymmetricParams { tol: 1e-10, max_iter: 500 };
        let problem = owned.problem(&values);
        let found = symmetric::<f64>(&problem, &values, &params, team, &mut ()).unwrap();
        [bits(&found.f), of_certificate(&found.certificate)].concat()
    });
    let histograms = [&*owned.a, &*random(n, n, 1.0, 7).a].concat();
    for debiased in [false, true] {
        assert_same("barycenter", |team| {
            let (histograms, weights) = (&*histograms, &[0.3, 0.7][..]);
            let data = Histograms { values: &values, histograms, weights, reg: 0.05 };
            let params = BarycenterParams { debiased, tol: 1e-9, max_iter: 200, trace: false };
            let Barycenter { weights, f, g, error, .. } =
                barycenter(&data, &params, team, &mut ()).unwrap();
            bits(&[&*weights, &f, &g, &[error]].concat())
        });
    }
    let reg: Vec<f64> = (1..12).map(|k| 0.01 * f64::from(k)).collect();
    let (a, b) = (owned.a.repeat(11), owned.b.repeat(11));
    assert_same("batch", |team| {
        let batch = Batch {
            costs: &owned.cost,
            a: &a,
            b: &b,
            shape: (n, n),
            reg: &reg,
            marginals: Marginals::FIXED,
        };
        let found = sinkhorn_batch(&batch, &SinkhornParams::default(), team, &mut ()).unwrap();
        found.iter().flat_map(of_solution).collect()
    });
}
