//! Bounds of unregularised transport against all permutations.

use hasten_core::ot::{Marginals, SinkhornParams, lower_bound};
use hasten_core::parallel::Team;
use proptest::prelude::*;

use crate::certificates::certificate;
use crate::dense::{Owned, go_on};

/// Units of mass: each is moved as a whole in one of the optimal plans.
const UNITS: usize = 6;

/// The least mean cost over all ways to assign the units of the rows to those of the columns.
fn exact(owned: &Owned, rows: &[usize], columns: &[usize]) -> f64 {
    fn least(cost: &dyn Fn(usize, usize) -> f64, unit: usize, taken: &mut [bool]) -> f64 {
        if unit == taken.len() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for j in 0..taken.len() {
            if !taken[j] {
                taken[j] = true;
                best = best.min(cost(unit, j) + least(cost, unit + 1, taken));
                taken[j] = false;
            }
        }
        best
    }
    let cost = |i: usize, j: usize| owned.cost[rows[i] * owned.m() + columns[j]];
    least(&cost, 0, &mut [false; UNITS]) / UNITS as f64
}

/// A problem whose weights are multiples of 1/6, zero included, and the owner of each unit.
fn problems() -> impl Strategy<Value = (Owned, Vec<usize>, Vec<usize>, Vec<f64>)> {
    (1..7_usize, 1..7_usize).prop_flat_map(|(n, m)| {
        (
            prop::collection::vec(0..n, UNITS),
            prop::collection::vec(0..m, UNITS),
            prop::collection::vec(-1.0..1.0_f64, n * m),
            prop::collection::vec(-2.0..2.0_f64, n),
        )
            .prop_map(move |(rows, columns, cost, f)| {
                let count = |owners: &[usize], len: usize| -> Vec<f64> {
                    let of = |k| owners.iter().filter(|&&owner| owner == k).count();
                    (0..len).map(|k| of(k) as f64 / UNITS as f64).collect()
                };
                let (a, b) = (count(&rows, n), count(&columns, m));
                let marginals = Marginals::FIXED;
                (Owned { a, b, cost, reg: 0.3, marginals }, rows, columns, f)
            })
    })
}

fn lower(owned: &Owned, f: &[f64]) -> f64 {
    let weights = (&*owned.a, &*owned.b);
    lower_bound(&owned.matrix(), weights, f, &Team::sequential(), &go_on).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_potentials_bound_the_exact_value((owned, rows, columns, f) in problems()) {
        let exact = exact(&owned, &rows, &columns);
        let g: Vec<f64> = (0..owned.m()).map(|j| f[j % f.len()] / 2.0).collect();
        prop_assert!(lower(&owned, &f) <= exact + 1e-14);
        prop_assert!(exact <= certificate(&owned, &f, &g).rounded_linear + 1e-14);
    }

    #[test]
    fn bounds_close_with_the_regularisation((owned, rows, columns, _) in problems()) {
        // Weights of zero are left out, as solves want them.
        let kept = |owners: &[usize]| {
            let mut kept = owners.to_vec();
            kept.sort_unstable();
            kept.dedup();
            kept
        };
        let (n_rows, n_columns) = (kept(&rows), kept(&columns));
        let cost = n_rows.iter().flat_map(|&i| {
            let owned = &owned;
            n_columns.iter().map(move |&j| owned.cost[i * owned.m() + j])
        });
        let small = Owned {
            a: n_rows.iter().map(|&i| owned.a[i]).collect(),
            b: n_columns.iter().map(|&j| owned.b[j]).collect(),
            cost: cost.collect(),
            reg: 0.02,
            marginals: Marginals::FIXED,
        };
        let exact = exact(&owned, &rows, &columns);
        let solution = small.solve(&SinkhornParams::default());
        let upper = solution.certificate.rounded_linear;
        let lower = lower(&small, &solution.f);
        prop_assert!(lower <= exact + 1e-14 && exact <= upper + 1e-14);
        // The entropy of a plan relative to a b^T is between 0 and the logarithm of 6.
        prop_assert!(upper <= exact + 0.02 * (UNITS as f64).ln() + 1e-7, "{upper} {exact}");
        prop_assert!(exact - lower <= 0.02 * 2.0 * (UNITS as f64).ln() + 1e-7, "{lower} {exact}");
    }
}
