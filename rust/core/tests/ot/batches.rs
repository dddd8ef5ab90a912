//! Batches against single solves.

use hasten_core::Error;
use hasten_core::ot::{Batch, Marginals, Method, SinkhornParams, sinkhorn_batch};
use hasten_core::parallel::Team;

use crate::dense::{Owned, random};

fn params(method: Method) -> SinkhornParams<'static> {
    SinkhornParams { method, ..Default::default() }
}

#[test]
fn a_batch_is_its_problems_one_by_one() {
    let (n, m, count) = (9, 7, 10);
    let owned: Vec<Owned> =
        (0..count).map(|k| random(n, m, 0.02 * (k + 1) as f64, 10 * k as u64)).collect();
    let join =
        |part: &dyn Fn(&Owned) -> Vec<f64>| -> Vec<f64> { owned.iter().flat_map(part).collect() };
    let (a, b) = (join(&|p| p.a.clone()), join(&|p| p.b.clone()));
    let (costs, reg) = (join(&|p| p.cost.clone()), join(&|p| vec![p.reg]));
    for method in [Method::Auto, Method::Sinkhorn, Method::Log] {
        for rho in [f64::INFINITY, 0.7] {
            for is_shared in [false, true] {
                let marginals = Marginals { rows: rho, columns: rho };
                let costs = if is_shared { &owned[0].cost } else { &costs };
                let batch = Batch { costs, a: &a, b: &b, shape: (n, m), reg: &reg, marginals };
                let found =
                    sinkhorn_batch(&batch, &params(method), &Team::lease(2), &mut ()).unwrap();
                assert_eq!(found.len(), count);
                for (solution, owned) in found.iter().zip(&owned) {
                    let mut owned = Owned { marginals, ..owned.clone() };
                    if is_shared {
                        owned.cost.clone_from(costs);
                    }
                    let alone = owned.solve(&params(method));
                    assert_eq!((&solution.f, &solution.g), (&alone.f, &alone.g));
                    assert_eq!(solution.status, alone.status);
                    assert_eq!(solution.certificate.gap, alone.certificate.gap);
                }
            }
        }
    }
}

#[test]
fn the_first_bad_problem_is_named() {
    let owned = random(3, 3, 0.1, 1);
    let (mut a, b) = (owned.a.repeat(9), owned.b.repeat(9));
    let mut batch = Batch {
        costs: &owned.cost,
        a: &a.clone(),
        b: &b,
        shape: (3, 3),
        reg: &[0.1; 9],
        marginals: Marginals::FIXED,
    };
    let solve = |batch: &Batch<'_, f64>| {
        sinkhorn_batch(batch, &params(Method::Auto), &Team::sequential(), &mut ())
    };
    a[4] = -1.0;
    batch.a = &a;
    assert!(matches!(solve(&batch), Err(Error::Value { argument: "a", .. })));
    batch.a = &a[..8];
    assert!(matches!(solve(&batch), Err(Error::Shape { argument: "a", .. })));
    batch.a = &b;
    batch.costs = &owned.cost[..5];
    assert!(matches!(solve(&batch), Err(Error::Shape { argument: "cost", .. })));
    batch.costs = &owned.cost;
    let reg = [0.1, 0.1, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
    batch.reg = &reg;
    assert!(matches!(solve(&batch), Err(Error::Value { argument: "reg", .. })));
}
