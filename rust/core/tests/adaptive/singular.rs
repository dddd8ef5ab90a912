//! Singular ends.

use std::f64::consts::PI;

use hasten_core::parallel::Team;
use hasten_core::quadrature::adaptive::{Ending, Params, Tolerance};

use crate::common::{levels, rounds};

#[test]
fn distances_keep_all_digits_of_strong_singularities() {
    let team = Team::sequential();
    let exponents = [-0.95, -0.9, -0.5, 0.25];
    let f = |x: f64, distance: f64, k: usize| {
        (if x < 5.5 { distance } else { x - 5.0 }).powf(exponents[k])
    };
    let found = levels(&f, &[5.0; 4], &[6.0; 4], &[], 1e-13, true, &team);
    for (k, p) in exponents.into_iter().enumerate() {
        let exact = 1.0 / (1.0 + p);
        assert_eq!(found.endings[k], Ending::Converged, "{p}");
        assert!((found.values[k] / exact - 1.0).abs() < 2e-14, "{p}");
    }
}

#[test]
fn what_lies_beyond_the_last_number_is_in_the_error() {
    let team = Team::sequential();
    let f = |x: f64, _: f64, k: usize| if k == 0 { x.powf(-0.99) } else { (1.0 - x).powf(-0.9) };
    let found = levels(&f, &[0.0; 2], &[1.0; 2], &[], 1e-8, false, &team);
    for (k, exact) in [100.0, 10.0].into_iter().enumerate() {
        assert_eq!(found.endings[k], Ending::Ends);
        assert!((found.values[k] - exact).abs() <= found.errors[k]);
    }
}

#[test]
fn infinite_ranges_and_break_points_are_heeded() {
    let team = Team::sequential();
    let f = |x: f64, _: f64, k: usize| match k {
        0 => (-x).exp() / x.sqrt(),
        1 => 1.0 / (1.0 + x * x),
        _ => (x - 2.0).abs().sqrt(),
    };
    let infinity = f64::INFINITY;
    let (a, b) = ([0.0, -infinity, 0.0], [infinity, infinity, 4.0]);
    let found = levels(&f, &a, &b, &[2.0], 1e-10, false, &team);
    let exact = [PI.sqrt(), PI, 8.0 / 3.0 * 2f64.sqrt()];
    for (k, exact) in exact.into_iter().enumerate() {
        assert_eq!(found.endings[k], Ending::Converged, "{k}");
        assert!((found.values[k] - exact).abs() <= found.errors[k], "{k}");
    }
}

#[test]
fn bisection_hands_singular_ends_over() {
    let team = Team::sequential();
    let tolerance = Tolerance { rtol: 1e-12, atol: 0.0 };
    let params = Params { tolerance, set_aside: true, ..Params::default() };
    // One singular end at 0, one away from it, one at a break point, one at infinity.
    let f = |x: f64, distance: f64, k: usize| match k {
        0 => x.powf(-0.8),
        1 | 2 => distance.powf(-0.8),
        _ => x.powf(-1.125),
    };
    let (a, b) = ([0.0, 3.0, 0.0, 1.0], [1.0, 4.0, 4.0, f64::INFINITY]);
    let found = rounds(&f, &a, &b, &[2.0], params, &team);
    let exact = [5.0, 10.0 * 0.5_f64.powf(0.2), 20.0, 8.0];
    for (k, exact) in exact.into_iter().enumerate() {
        assert_eq!(found.endings[k], Ending::Converged, "{k}");
        assert!((found.values[k] - exact).abs() <= found.errors[k], "{k}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let n = 200;
    let f = |x: f64, _: f64, k: usize| x.powf(k as f64 / 100.0 - 0.9);
    let run = |threads| {
        levels(&f, &vec![0.0; n], &vec![2.0; n], &[0.5], 1e-9, true, &Team::lease(threads))
    };
    let alone = run(1);
    for threads in [2, 3, 7] {
        assert_eq!(run(threads), alone);
    }
}
