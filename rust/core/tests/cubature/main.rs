//! Adaptive integration over boxes, and the loop over functions that the solver evaluates itself.

mod first_boxes;
mod genz;
mod loops;

use hasten_core::parallel::Team;
use hasten_core::quadrature::adaptive::{
    Boxes, Family, GaussKronrod, GenzMalik, Integrator, Params, RegionRule, Round, box_list,
    integrate,
};

/// The rule for a number of axes.
fn rule(n_axes: usize) -> Box<dyn RegionRule> {
    if n_axes == 1 { Box::new(GaussKronrod) } else { Box::new(GenzMalik::new(n_axes).unwrap()) }
}

/// Integrals over boxes before the first round.
fn begin(boxes: &Boxes<'_>, params: Params) -> Integrator {
    let (ranges, first) = box_list(boxes).unwrap();
    Integrator::new(rule(boxes.n_axes), ranges, first, params).unwrap()
}

/// Integrate a function of rows over boxes without break points.
fn solve(
    f: &(dyn Fn(&[f64]) -> f64 + Sync),
    n_axes: usize,
    ends: (&[f64], &[f64]),
    parameters: &[f64],
    params: Params,
) -> (Integrator, Vec<Round>) {
    let boxes = Boxes { n_axes, a: ends.0, b: ends.1, points: &[], each: false };
    let mut integrals = begin(&boxes, params);
    let family = Family { integrand: &f, parameters, zero_nonfinite: false };
    let rounds = integrate(&mut integrals, &family, &Team::sequential(), &mut ()).unwrap();
    (integrals, rounds)
}
