//! The certificate of any potentials, converged or not, against dense plans.

use hasten_core::ot::{Certificate, Marginals, certify};
use hasten_core::parallel::Team;
use proptest::prelude::*;

use crate::dense::{Owned, balanced, distance, go_on, problems, random};

pub(crate) fn certificate(owned: &Owned, f: &[f64], g: &[f64]) -> Certificate {
    let values = owned.matrix();
    certify(&owned.problem(&values), f, g, &Team::sequential(), &go_on).unwrap()
}

/// A problem and potentials that have nothing to do with it.
fn with_potentials(
    problems: impl Strategy<Value = Owned>,
) -> impl Strategy<Value = (Owned, Vec<f64>, Vec<f64>)> {
    problems.prop_flat_map(|owned| {
        let potentials = |len| prop::collection::vec(-2.0..2.0_f64, len);
        let (n, m) = (owned.n(), owned.m());
        (Just(owned), potentials(n), potentials(m))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_optimum_lies_between_the_bounds((owned, f, g) in with_potentials(problems())) {
        let found = certificate(&owned, &f, &g);
        let (best_f, best_g) = owned.reference();
        let optimum = owned.dual(&best_f, &best_g);
        let rounding = 1e-13 * (owned.size(&f, &g) + owned.size(&best_f, &best_g));
        prop_assert!(found.value <= optimum + rounding, "{} > {optimum}", found.value);
        prop_assert!(optimum <= found.value + found.gap + rounding);
        prop_assert!(found.gap >= 0.0);
    }

    #[test]
    fn what_is_reported_is_what_dense_sums_give((owned, f, g) in with_potentials(problems())) {
        let found = certificate(&owned, &f, &g);
        let plan = owned.plan(&f, &g);
        let mass: f64 = plan.iter().sum();
        let rounding = 1e-13 * owned.size(&f, &g);
        prop_assert!((found.value - owned.dual(&f, &g)).abs() <= rounding);
        prop_assert!((found.value_linear - owned.linear(&plan)).abs() <= rounding);
        prop_assert!(distance(&found.row_sums, &owned.row_sums(&plan)) <= 1e-13 * mass);
        prop_assert!(distance(&found.column_sums, &owned.column_sums(&plan)) <= 1e-13 * mass);
        let error = owned.marginal_error(&f, &g);
        prop_assert!((found.marginal_error - error).abs() <= 1e-12 * (1.0 + error + mass));
    }

    #[test]
    fn the_gap_is_primal_less_dual((owned, f, g) in with_potentials(problems())) {
        let found = certificate(&owned, &f, &g);
        let plan = owned.plan(&f, &g);
        let Marginals { rows, columns } = owned.marginals;
        let m = owned.m();
        let feasible: Vec<f64> = match (rows.is_finite(), columns.is_finite()) {
            (true, true) => plan,
            (false, false) => owned.rounded(&plan),
            (false, true) => {
                let sums = owned.row_sums(&plan);
                (0..plan.len()).map(|k| plan[k] * owned.a[k / m] / sums[k / m]).collect()
            }
            (true, false) => {
                let sums = owned.column_sums(&plan);
                (0..plan.len()).map(|k| plan[k] * owned.b[k % m] / sums[k % m]).collect()
            }
        };
        let gap = owned.primal(&feasible) - owned.dual(&f, &g);
        let rounding = 1e-12 * (owned.size(&f, &g) + gap.abs());
        prop_assert!((found.gap - gap).abs() <= rounding, "{} {gap}", found.gap);
        if owned.marginals.are_fixed() {
            let linear = owned.linear(&feasible);
            prop_assert!((found.rounded_linear - linear).abs() <= rounding);
        } else {
            prop_assert!(found.rounded_linear.is_nan());
        }
    }

    #[test]
    fn weights_of_zero_carry_no_mass(
        (mut owned, f, g) in with_potentials(balanced()), row in 0..8_usize, column in 0..8_usize,
    ) {
        let (n, m) = (owned.n(), owned.m());
        prop_assume!(n > 1 && m > 1);
        owned.a[row % n] = 0.0;
        owned.b[column % m] = 0.0;
        let ratio = owned.a.iter().sum::<f64>() / owned.b.iter().sum::<f64>();
        owned.b.iter_mut().for_each(|b| *b *= ratio);
        let found = certificate(&owned, &f, &g);
        let plan = owned.plan(&f, &g);
        let rounding = 1e-12 * owned.size(&f, &g);
        prop_assert!((found.value - owned.dual(&f, &g)).abs() <= rounding);
        prop_assert_eq!(found.row_sums[row % n], 0.0);
        prop_assert_eq!(found.column_sums[column % m], 0.0);
        // The same without the row and the column.
        let keep = |values: &[f64], out: usize| -> Vec<f64> {
            let others = values.iter().enumerate().filter(|(k, _)| *k != out);
            others.map(|(_, x)| *x).collect()
        };
        let entries = owned.cost.iter().enumerate();
        let entries = entries.filter(|(k, _)| k / m != row % n && k % m != column % m);
        let smaller = Owned {
            a: keep(&owned.a, row % n),
            b: keep(&owned.b, column % m),
            cost: entries.map(|(_, x)| *x).collect(),
            ..owned
        };
        let same = certificate(&smaller, &keep(&f, row % n), &keep(&g, column % m));
        prop_assert!((found.gap - same.gap).abs() <= rounding);
        prop_assert!((found.rounded_linear - same.rounded_linear).abs() <= rounding);
        prop_assert!(plan.iter().all(|mass| mass.is_finite()));
    }
}

#[test]
fn bounds_hold_where_masses_underflow() {
    // Nothing moves: of the two masses on the diagonal the plan of these potentials knows nothing.
    let owned = Owned {
        a: vec![0.5, 0.5],
        b: vec![0.5, 0.5],
        cost: vec![0.0, 1.0, 1.0, 0.0],
        reg: 1e-4,
        marginals: Marginals::FIXED,
    };
    let found = certificate(&owned, &[-1.0, -1.0], &[0.0, 0.0]);
    // The optimum is 1e-4 log 2 to within exp(-1e4).
    let optimum = 1e-4 * 2.0_f64.ln();
    assert!(found.value <= optimum && optimum <= found.value + found.gap);
    assert!(found.gap.is_finite());
    assert_eq!(found.marginal_error, 2.0);
}

#[test]
fn an_overflow_is_no_proof() {
    for marginals in [
        Marginals::FIXED,
        Marginals { rows: 1.0, columns: f64::INFINITY },
        Marginals { rows: f64::INFINITY, columns: 1.0 },
        Marginals { rows: 1.0, columns: 1.0 },
    ] {
        let owned = Owned { marginals, ..random(3, 4, 1.0, 1) };
        let best = owned.reference();
        let optimum = owned.dual(&best.0, &best.1);
        for f in [[2000.0; 3], [2000.0, -2000.0, 0.0], [-2000.0; 3]] {
            for g in [[0.0; 4], [0.0, 3000.0, -3000.0, 0.0]] {
                let found = certificate(&owned, &f, &g);
                assert!(found.value <= optimum, "{f:?} {g:?} {marginals:?}");
                let upper = if found.gap.is_finite() { found.value + found.gap } else { found.gap };
                assert!(
                    optimum <= upper,
                    "{} {} {f:?} {g:?} {marginals:?}",
                    found.value,
                    found.gap
                );
            }
        }
    }
}

#[test]
fn a_tiny_error_gives_a_gap_of_its_square() {
    // KL(G | P) of plans that differ by a share t is about t^2 / 2, which no difference of the
    // values would resolve.
    let owned = Owned {
        a: vec![1.0],
        b: vec![1.0],
        cost: vec![3.0],
        reg: 2.0,
        marginals: Marginals::FIXED,
    };
    for t in [1e-4_f64, 1e-7, 1e-10] {
        for sign in [1.0, -1.0] {
            let found = certificate(&owned, &[2.0 * (sign * t).ln_1p()], &[3.0]);
            let exact = 2.0 * t * t / 2.0;
            assert!((found.gap - exact).abs() <= (t + 1e-15 / t) * exact, "{t} {}", found.gap);
        }
    }
}
