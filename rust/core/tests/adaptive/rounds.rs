//! Subdivision.

use std::f64::consts::PI;

use hasten_core::error::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::adaptive::{
    Components, Ending, GaussKronrod, Integrator, Norm, Params, Tolerance, interval_list,
};

use crate::common::rounds;

const INFINITY: f64 = f64::INFINITY;

fn to(rtol: f64) -> Params {
    Params { tolerance: Tolerance { rtol, atol: 0.0 }, ..Params::default() }
}

#[test]
fn known_integrals_are_met_within_their_errors() {
    let gauss = |x: f64, _: f64, _: usize| (-x * x).exp();
    let a = [0.0, -INFINITY, 0.0, -INFINITY];
    let b = [1.0, INFINITY, INFINITY, 0.0];
    let found = rounds(&gauss, &a, &b, &[], to(1e-10), &Team::sequential());
    let exact = [0.746_824_132_812_427, PI.sqrt(), 0.5 * PI.sqrt(), 0.5 * PI.sqrt()];
    for (k, exact) in exact.into_iter().enumerate() {
        assert_eq!(found.endings[k], Ending::Converged);
        assert!((found.values[k] - exact).abs() <= found.errors[k], "{k}");
        assert!(found.errors[k] <= 1e-10 * exact);
    }
}

#[test]
fn peaks_of_all_widths_take_as_few_points_as_promised() {
    let n = 2000;
    let widths: Vec<f64> = (0..n).map(|k| 10f64.powf(-3.0 * k as f64 / n as f64)).collect();
    let centres: Vec<f64> = (0..n).map(|k| (k as f64 * 0.618_033_988_749).fract()).collect();
    let f = |x: f64, _: f64, k: usize| 1.0 / ((x - centres[k]).powi(2) + widths[k].powi(2));
    let found = rounds(&f, &vec![0.0; n], &vec![1.0; n], &[], to(1e-10), &Team::sequential());
    assert!(found.n_calls <= 15);
    assert!(found.n_evaluations.iter().sum::<u64>() <= 330 * n as u64);
    for k in 0..n {
        let (c, s) = (centres[k], widths[k]);
        let exact = (((1.0 - c) / s).atan() + (c / s).atan()) / s;
        assert!((found.values[k] - exact).abs() <= 1e-10 * exact);
        assert!(found.errors[k] >= (found.values[k] - exact).abs() - 4e-16 * exact);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let n = 300;
    let f = |x: f64, _: f64, k: usize| (x - k as f64 / 300.0).abs().sqrt();
    let run = |threads| {
        let params = Params { set_aside: true, ..to(1e-7) };
        rounds(&f, &vec![0.0; n], &vec![1.0; n], &[0.5], params, &Team::lease(threads))
    };
    let alone = run(1);
    for threads in [2, 3, 7] {
        assert_eq!(run(threads), alone);
    }
}

#[test]
fn break_points_and_equal_ends_are_heeded() {
    let f = |x: f64, _: f64, _: usize| (x - 0.3).abs();
    let found = rounds(&f, &[0.0, 2.0], &[1.0, 2.0], &[0.3], to(1e-12), &Team::sequential());
    assert_eq!(found.n_calls, 1);
    assert!((found.values[0] - 0.29).abs() < 1e-16 && found.values[1] == 0.0);
    assert_eq!(found.n_evaluations, [42, 0]);
}

#[test]
fn rounding_and_limits_end_what_cannot_converge() {
    let odd = |x: f64, _: f64, _: usize| x.powi(3);
    let found = rounds(&odd, &[-1.0], &[1.0], &[], to(1e-8), &Team::sequential());
    assert_eq!((found.endings[0], found.n_calls), (Ending::Roundoff, 1));
    let wild = |x: f64, _: f64, _: usize| (1.0 / x).sin();
    let params = Params { limit: 8, ..to(1e-8) };
    let found = rounds(&wild, &[0.0], &[1.0], &[], params, &Team::sequential());
    assert_eq!(found.endings[0], Ending::Limit);
    assert!((found.values[0] - 0.504_067_061_906_928).abs() <= found.errors[0]);
    let infinite = |x: f64, _: f64, _: usize| 1.0 / (x - x);
    let found = rounds(&infinite, &[0.0], &[1.0], &[], to(1e-8), &Team::sequential());
    assert_eq!(found.endings[0], Ending::Overflow);
}

#[test]
fn components_share_the_subdivision() {
    let (ranges, first) = interval_list(&[0.0], &[1.0], &[], false).unwrap();
    let params = Params { norm: Norm::Two, keep: true, ..to(1e-9) };
    let mut state = Integrator::new(Box::new(GaussKronrod), ranges, first, params).unwrap();
    state.orient(&[-1.0]).unwrap();
    let team = Team::sequential();
    while state.is_running() {
        let m = state.n_pending();
        let mut x = vec![0.0; m * 21];
        state.fill_points(0..m, &mut x, &team);
        let values: Vec<f64> = x.iter().flat_map(|x| [x.sqrt(), (x - 0.7).abs()]).collect();
        let components = Components { count: 2, complex: true };
        state.tell(0..m, &values, components, &team).unwrap();
        state.advance(&team).unwrap();
    }
    let value = state.values();
    assert!((value[0] + 2.0 / 3.0).hypot(value[1] + 0.29) <= state.errors()[0]);
    let regions = state.regions().unwrap();
    assert_eq!(regions.len() as u64, state.n_regions()[0]);
    let length: f64 = (0..regions.len()).map(|k| regions.bounds(k)[1] - regions.bounds(k)[0]).sum();
    assert!((length - 1.0).abs() < 1e-14);
}

#[test]
fn what_does_not_match_is_refused() {
    let (ranges, first) = interval_list(&[0.0], &[1.0], &[], false).unwrap();
    let team = Team::sequential();
    let mut state =
        Integrator::new(Box::new(GaussKronrod), ranges, first, Params::default()).unwrap();
    let refused = |found: Result<(), Error>| assert!(matches!(found, Err(Error::Shape { .. })));
    refused(state.tell(0..1, &[0.0; 20], Components::real(1), &team));
    refused(state.tell(0..2, &[0.0; 42], Components::real(1), &team));
    refused(state.tell(0..1, &[], Components::real(0), &team));
    state.tell(0..1, &[0.0; 42], Components::real(2), &team).unwrap();
    refused(state.tell(0..1, &[0.0; 21], Components::real(1), &team));
    refused(state.orient(&[1.0, 1.0]));
    let (_, first) = interval_list(&[0.0, 0.0], &[1.0, 1.0], &[], false).unwrap();
    assert!(Integrator::new(Box::new(GaussKronrod), vec![], first, Params::default()).is_err());
}
