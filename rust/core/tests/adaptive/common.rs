//! A caller that evaluates an integrand where it is asked to.

use hasten_core::parallel::Team;
use hasten_core::quadrature::adaptive::{
    Components, Ending, GaussKronrod, Integrator, Params, interval_list, segments,
};
use hasten_core::quadrature::tanh_sinh::{self, Piece, TanhSinh};

/// What an integration comes to.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) values: Vec<f64>,
    pub(crate) errors: Vec<f64>,
    pub(crate) endings: Vec<Ending>,
    pub(crate) n_evaluations: Vec<u64>,
    pub(crate) n_calls: usize,
}

/// An integrand of x, the distance to the nearer end, and the number of the integral.
pub(crate) type F<'a> = &'a dyn Fn(f64, f64, usize) -> f64;

macro_rules! evaluate {
    ($state:expr, $f:expr, $team:expr) => {{
        let (m, n) = ($state.n_pending(), $state.n_points());
        let (mut x, mut distances) = (vec![0.0; m * n], vec![0.0; m * n]);
        $state.fill_points(0..m, &mut x, $team);
        $state.fill_distances(0..m, &mut distances, $team);
        let owners = $state.owners().to_vec();
        let values: Vec<f64> =
            (0..m * n).map(|k| $f(x[k], distances[k], owners[k / n] as usize)).collect();
        $state.tell(0..m, &values, Components::real(1), $team).unwrap();
    }};
}

/// Integrate by subdivision, with tanh-sinh at singular ends if `params` set them aside.
pub(crate) fn rounds(
    f: F<'_>,
    a: &[f64],
    b: &[f64],
    points: &[f64],
    params: Params,
    team: &Team,
) -> Found {
    let (ranges, first) = interval_list(a, b, points, false).unwrap();
    let mut state = Integrator::new(Box::new(GaussKronrod), ranges, first, params).unwrap();
    let mut n_calls = 0;
    while state.is_running() {
        evaluate!(state, f, team);
        n_calls += 1;
        state.advance(team).unwrap();
        for (k, end) in state.set_aside().into_iter().enumerate() {
            let piece = Piece {
                integral: 0,
                arguments: end.owner,
                range: end.range,
                interval: end.interval,
                segment: end.segment,
            };
            let mut tolerance = params.tolerance;
            (tolerance.rtol, tolerance.atol) = (0.0, 0.1 * end.tolerance);
            let mut levels =
                TanhSinh::new(vec![piece], levels_params(tolerance, &[end.is_trial]), team, &())
                    .unwrap();
            while levels.is_running() {
                evaluate!(levels, f, team);
                levels.advance();
            }
            let (error, count) = (levels.errors()[0], levels.n_evaluations()[0]);
            state.settle(k, levels.values(), error, count, levels.endings()[0]);
        }
    }
    Found {
        values: state.values().to_vec(),
        errors: state.errors().to_vec(),
        endings: state.endings().to_vec(),
        n_evaluations: state.n_evaluations().to_vec(),
        n_calls,
    }
}

fn levels_params(
    tolerance: hasten_core::quadrature::adaptive::Tolerance,
    trials: &[bool],
) -> tanh_sinh::Params {
    let count = trials.len();
    tanh_sinh::Params {
        trials: trials.to_vec(),
        tolerances: vec![tolerance; count],
        max_points: 4200,
        norm: hasten_core::quadrature::adaptive::Norm::Max,
        distances: true,
        signs: vec![1.0; count],
    }
}

/// Integrate by tanh-sinh alone.
pub(crate) fn levels(
    f: F<'_>,
    a: &[f64],
    b: &[f64],
    points: &[f64],
    rtol: f64,
    distances: bool,
    team: &Team,
) -> Found {
    let found = segments(a, b, points, false).unwrap();
    let pieces = found.segments.iter().map(|&(owner, segment)| Piece {
        integral: owner,
        arguments: owner,
        range: found.ranges[owner as usize],
        interval: segment,
        segment,
    });
    let tolerance = hasten_core::quadrature::adaptive::Tolerance { rtol, atol: 0.0 };
    let params = tanh_sinh::Params { distances, ..levels_params(tolerance, &vec![false; a.len()]) };
    let mut state = TanhSinh::new(pieces.collect(), params, team, &()).unwrap();
    let mut n_calls = 0;
    while state.is_running() {
        evaluate!(state, f, team);
        n_calls += 1;
        state.advance();
    }
    Found {
        values: state.values().to_vec(),
        errors: state.errors().to_vec(),
        endings: state.endings().to_vec(),
        n_evaluations: state.n_evaluations().to_vec(),
        n_calls,
    }
}
