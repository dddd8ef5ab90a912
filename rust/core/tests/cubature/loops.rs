//! The loop over a function that the solver evaluates itself.

use hasten_core::control::{Control, Flow, Info};
use hasten_core::error::Error;
use hasten_core::parallel::Team;
use hasten_core::quadrature::adaptive::{
    Boxes, Ending, Family, Integrator, Params, Tolerance, integrate,
};

use crate::{begin, solve};

const INFINITY: f64 = f64::INFINITY;

fn tight() -> Params {
    let tolerance = Tolerance { rtol: 1e-9, atol: 0.0 };
    Params { tolerance, limit: 100_000, ..Params::default() }
}

#[test]
fn integrals_in_one_variable_take_their_parameters() {
    let parameters: Vec<f64> = (1..=200).flat_map(|k| [f64::from(k) / 201.0, 0.01]).collect();
    let f = |row: &[f64]| 1.0 / ((row[0] - row[1]).powi(2) + row[2] * row[2]);
    let (found, rounds) = solve(&f, 1, (&[0.0; 200], &[1.0; 200]), &parameters, tight());
    for (own, value) in parameters.chunks(2).zip(found.values()) {
        let (c, s) = (own[0], own[1]);
        let exact = (((1.0 - c) / s).atan() + (c / s).atan()) / s;
        assert!((value - exact).abs() < 1e-9 * exact);
    }
    assert_eq!(rounds.last().unwrap().n_running, 0);
    assert!(rounds.len() < 15);
}

#[test]
fn infinite_boxes_by_maps() {
    let pi = std::f64::consts::PI;
    let gauss = |row: &[f64]| (-row.iter().map(|x| x * x).sum::<f64>()).exp();
    let (found, _) = solve(&gauss, 2, (&[-INFINITY; 2], &[INFINITY; 2]), &[], tight());
    assert!((found.values()[0] - pi).abs() < 1e-9 * pi);
    let mixed = |row: &[f64]| (-row[0]).exp() * row[1] / (1.0 + row[2] * row[2]);
    let ends = ([0.0, 0.0, -INFINITY], [INFINITY, 2.0, 0.0]);
    let (found, _) = solve(
        &mixed,
        3,
        (&ends.0, &ends.1),
        &[],
        Params { tolerance: Tolerance { rtol: 1e-7, atol: 0.0 }, ..tight() },
    );
    assert!((found.values()[0] - pi).abs() < 1e-7 * pi);
}

#[test]
fn bits_do_not_depend_on_the_team() {
    let count = 7;
    let parameters: Vec<f64> = (0..count).map(|k| 3.0 + f64::from(k)).collect();
    let f = |row: &[f64]| (-row[3] * (row[0] * row[1] - row[2]).abs()).exp();
    let run = |team: &Team| {
        let ends = ([0.0; 21], [1.0; 21]);
        let boxes = Boxes { n_axes: 3, a: &ends.0, b: &ends.1, points: &[], each: false };
        let params = Params { tolerance: Tolerance { rtol: 1e-4, atol: 0.0 }, ..tight() };
        let mut integrals = begin(&boxes, params);
        let family = Family { integrand: &f, parameters: &parameters, zero_nonfinite: false };
        integrate(&mut integrals, &family, team, &mut ()).unwrap();
        let bits: Vec<u64> = integrals.values().iter().map(|x| x.to_bits()).collect();
        (bits, integrals.n_evaluations().to_vec())
    };
    let alone = run(&Team::sequential());
    for n_threads in [2, 3] {
        assert_eq!(run(&Team::lease(n_threads)), alone);
    }
}

fn square(params: Params) -> Integrator {
    begin(&Boxes { n_axes: 2, a: &[0.0; 4], b: &[1.0; 4], points: &[], each: false }, params)
}

fn run(
    integrals: &mut Integrator,
    f: &(dyn Fn(&[f64]) -> f64 + Sync),
    zero_nonfinite: bool,
    control: &mut dyn Control,
) -> Result<usize, Error> {
    let family = Family { integrand: &f, parameters: &[1.0, 2.0], zero_nonfinite };
    integrate(integrals, &family, &Team::sequential(), control).map(|rounds| rounds.len())
}

#[test]
fn values_that_are_not_finite_name_the_point_and_the_integral() {
    let f = |row: &[f64]| if row[2] > 1.5 && row[0] > 0.9 { f64::NAN } else { 1.0 };
    let error = run(&mut square(tight()), &f, false, &mut ()).unwrap_err().to_string();
    assert!(error.contains("`f` must be finite; got NaN at x = [0.97"), "{error}");
    assert!(error.ends_with("of integral 1"), "{error}");
    let mut integrals = square(Params { limit: 100, ..tight() });
    run(&mut integrals, &f, true, &mut ()).unwrap();
    assert_eq!(integrals.values()[0], 1.0);
    assert!((integrals.values()[1] - 0.9).abs() < 0.05);
}

struct StopAfter(usize, Vec<f64>);

impl Control for StopAfter {
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error> {
        self.1 = (info.iterate)();
        Ok(if info.n_iter == self.0 { Flow::Stop } else { Flow::Continue })
    }

    fn check(&self) -> Result<(), Error> {
        if self.0 == 0 { Err(Error::Interrupted) } else { Ok(()) }
    }
}

#[test]
fn the_caller_may_end_it() {
    let kink = |row: &[f64]| (row[0] * row[2] - row[1]).abs();
    let mut integrals = square(tight());
    let mut control = StopAfter(3, Vec::new());
    assert_eq!(run(&mut integrals, &kink, false, &mut control), Ok(3));
    assert_eq!(integrals.endings(), [Ending::Stopped; 2]);
    assert_eq!(control.1, integrals.values());
    let mut control = StopAfter(0, Vec::new());
    let found = run(&mut square(tight()), &kink, false, &mut control);
    assert_eq!(found, Err(Error::Interrupted));
}

#[test]
fn intervals_that_are_set_aside_are_handed_back() {
    let boxes = Boxes { n_axes: 1, a: &[0.0], b: &[1.0], points: &[], each: false };
    let mut integrals = begin(&boxes, Params { set_aside: true, ..tight() });
    let root = |row: &[f64]| row[0].powf(-0.75);
    let family = Family { integrand: &root, parameters: &[], zero_nonfinite: false };
    let team = Team::sequential();
    let rounds = integrate(&mut integrals, &family, &team, &mut ()).unwrap();
    assert_eq!(integrals.set_aside().len(), 1);
    let high = integrals.set_aside()[0].interval.high;
    integrals.settle(0, &[4.0 * high.powf(0.25)], 1e-12, 21, Ending::Converged);
    let more = integrate(&mut integrals, &family, &team, &mut ()).unwrap();
    assert_eq!(integrals.endings(), [Ending::Converged]);
    assert!((integrals.values()[0] - 4.0).abs() < 1e-8);
    assert!(rounds.len() == 5 && !more.is_empty());
}

#[test]
fn bisection_goes_on_where_a_trial_fails() {
    let boxes = Boxes { n_axes: 1, a: &[0.0], b: &[1.0], points: &[], each: false };
    let mut integrals = begin(&boxes, Params { set_aside: true, ..tight() });
    let root = |row: &[f64]| row[0].powf(-0.75);
    let family = Family { integrand: &root, parameters: &[], zero_nonfinite: false };
    let team = Team::sequential();
    integrate(&mut integrals, &family, &team, &mut ()).unwrap();
    assert!(integrals.set_aside()[0].is_trial);
    // What it found is not taken, and the next occasion is the last one.
    integrals.settle(0, &[0.0], 0.0, 21, Ending::Limit);
    integrate(&mut integrals, &family, &team, &mut ()).unwrap();
    let aside = integrals.set_aside()[0];
    assert!(!aside.is_trial && aside.interval.high == 0.5_f64.powi(20));
    assert!((integrals.values()[0] - 4.0).abs() <= integrals.errors()[0]);
}

#[test]
fn limits_and_parameters_are_respected() {
    let kink = |row: &[f64]| (row[0] * row[2] - row[1]).abs();
    let mut integrals = square(Params { limit: 50, ..tight() });
    run(&mut integrals, &kink, false, &mut ()).unwrap();
    assert_eq!(integrals.endings(), [Ending::Limit; 2]);
    assert_eq!(integrals.n_regions(), [50; 2]);
    let family = Family { integrand: &kink, parameters: &[1.0; 3], zero_nonfinite: false };
    let found = integrate(&mut square(tight()), &family, &Team::sequential(), &mut ());
    assert!(matches!(found, Err(Error::Shape { argument: "parameters", .. })));
}
