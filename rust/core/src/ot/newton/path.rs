//! The default: Newton's method along a path of falling regularisation.

use super::evaluation::{Evaluation, Point};
use super::steps::{Halt, Limits, Newton};
use super::{End, NewtonParams, Outcome, Start};
use crate::error::Error;
use crate::ot::run::{Run, Stage};
use crate::ot::semi_dual::SemiDual;
use crate::parallel::Team;

/// Sinkhorn iterations at the start of each level; 5 took a fifth more passes on most problems
/// tried, for about as many products with the Hessian.
const N_SINKHORN: usize = 2;

/// Most Newton steps at a level above the last.
const MAX_STEPS: usize = 40;

/// Steps without a halving of a small error after which a first attempt is given up.
const MAX_IDLE: usize = 10;

/// The same for the last attempt.
const MAX_IDLE_AT_LAST: usize = 40;

/// Ratio of levels after one of them has failed.
const CAREFUL_RATIO: f64 = 2.0;

/// Solve at the regularisation `reg` to the relative marginal error `tol`.
///
/// `psi` is the start, if asked for, and the best iterate at the end: of those at `reg` the one with
/// the smallest error, or, if the solve was ended on its way there, the last one above it. Each pass
/// is entered in `run`; the kept entries take 12 bytes each, in up to three copies.
///
/// # Errors
/// [`Error::Interrupted`], and whatever the passes return.
#[allow(clippy::too_many_arguments)]
pub(in crate::ot) fn solve_path<P: SemiDual>(
    problem: &mut P,
    reg: f64,
    psi: &mut Vec<f64>,
    tol: f64,
    params: &NewtonParams,
    team: &Team,
    run: &mut Run<'_>,
    start: Start,
) -> Result<Outcome, Error> {
    let mut descent = Descent {
        evaluation: Evaluation::new(problem, reg, team, run),
        newton: Newton::new(params.delta),
        point: Point { psi: std::mem::take(psi), ..Point::default() },
        level: reg,
        tol,
    };
    let halt = descent.run(params, start);
    let Descent { evaluation, point, level, .. } = descent;
    let error = evaluation.best_error;
    // Above `reg` the potential in the units of the cost is what carries over.
    let carried = || {
        let logs = &evaluation.log_weights;
        point.psi.iter().zip(logs).map(|(psi, log)| log + level / reg * (psi - log)).collect()
    };
    *psi = if error.is_finite() { Vec::new() } else { carried() };
    if let Some(best) = evaluation.into_best() {
        *psi = best;
    }
    let end = match halt? {
        _ if error <= tol => End::Converged,
        Halt::Over => End::Limit,
        Halt::Reached | Halt::Failed => End::Stalled,
    };
    Ok(Outcome { end, error })
}

/// Potentials of a level that is done, in the units of the cost.
struct Level {
    reg: f64,
    potential: Vec<f64>,
}

/// How one walk down the path goes.
#[derive(Clone, Copy)]
struct Walk {
    top: f64,
    ratio: f64,
    stage_tol: f64,
    settled: f64,
    max_idle: usize,
}

struct Descent<'s, 'c, P> {
    evaluation: Evaluation<'s, 'c, P>,
    newton: Newton,
    point: Point,
    /// Regularisation of `point`.
    level: f64,
    tol: f64,
}

impl<P: SemiDual> Descent<'_, '_, P> {
    fn run(&mut self, params: &NewtonParams, start: Start) -> Result<Halt, Error> {
        let patient = Limits {
            target: self.tol,
            max_steps: usize::MAX,
            settled: params.stage_tol,
            max_idle: MAX_IDLE_AT_LAST,
            wary: false,
        };
        match start {
            Start::Path => {}
            Start::Only { error } => return self.direct(error, patient),
            Start::Direct { error } => {
                let settled = f64::INFINITY;
                let limits = Limits { settled, max_idle: MAX_IDLE, wary: true, ..patient };
                let halt = self.direct(error, limits)?;
                if halt != Halt::Failed {
                    return Ok(halt);
                }
            }
        }
        if self.evaluation.run.n_left() <= 2 {
            return Ok(Halt::Over);
        }
        let run = &*self.evaluation.run;
        let top = self.evaluation.problem.mean_reduced_cost(&|| run.check())? / 4.0;
        self.evaluation.run.n_iter += 2;
        let mut walk = Walk {
            top,
            ratio: params.ratio,
            stage_tol: params.stage_tol,
            settled: params.stage_tol,
            max_idle: MAX_IDLE,
        };
        let halt = self.walk(walk)?;
        if halt != Halt::Failed {
            return Ok(halt);
        }
        // Parts of the problem that hardly exchange mass can hide their imbalance until here.
        if self.point.error > walk.stage_tol {
            walk.ratio = walk.ratio.min(CAREFUL_RATIO);
        }
        self.walk(Walk { stage_tol: self.tol, max_idle: MAX_IDLE_AT_LAST, ..walk })
    }

    /// Newton's method at the start, until it fails.
    fn direct(&mut self, error: f64, limits: Limits) -> Result<Halt, Error> {
        if self.evaluation.run.is_over() {
            return Ok(Halt::Over);
        }
        let threshold = self.newton.threshold(&self.evaluation, error);
        let Self { evaluation, newton, point, level, .. } = self;
        evaluation.evaluate(point, *level, Stage::Newton, Some(threshold))?;
        newton.descend(evaluation, point, *level, limits)
    }

    /// Walk down the path from its top, with a prediction of each level from the two above it.
    fn walk(&mut self, walk: Walk) -> Result<Halt, Error> {
        let goal = self.evaluation.reg;
        let mut ratio = walk.ratio;
        self.level = level_above(goal, ratio, walk.top);
        self.point.psi.clone_from(&self.evaluation.log_weights);
        let mut above: Option<Level> = None;
        loop {
            let halt = self.solve_level(walk)?;
            if halt == Halt::Over || self.level <= goal {
                return Ok(halt);
            }
            if halt == Halt::Failed {
                ratio = ratio.min(CAREFUL_RATIO);
            }
            let logs = &self.evaluation.log_weights;
            let potential: Vec<f64> = self
                .point
                .psi
                .iter()
                .zip(logs)
                .map(|(psi, log)| self.level * (psi - log))
                .collect();
            let done = Level { reg: self.level, potential };
            self.level = level_below(goal, ratio, done.reg);
            let slope =
                above.as_ref().map_or(0.0, |a| (self.level - done.reg) / (done.reg - a.reg));
            for (j, psi) in self.point.psi.iter_mut().enumerate() {
                let at = done.potential[j];
                let change = above.as_ref().map_or(0.0, |above| slope * (at - above.potential[j]));
                *psi = logs[j] + (at + change) / self.level;
            }
            above = Some(done);
        }
    }

    /// A few Sinkhorn iterations, then Newton steps.
    fn solve_level(&mut self, walk: Walk) -> Result<Halt, Error> {
        let Self { evaluation, newton, point, level, tol } = self;
        let is_last = *level <= evaluation.reg;
        let target = if is_last { *tol } else { walk.stage_tol };
        let mut threshold = None;
        for k in 0..=N_SINKHORN {
            if evaluation.run.is_over() {
                return Ok(Halt::Over);
            }
            evaluation.evaluate(point, *level, Stage::Path, threshold)?;
            if point.error <= target {
                return Ok(Halt::Reached);
            }
            if k == N_SINKHORN {
                break;
            }
            if k + 1 == N_SINKHORN {
                threshold = Some(newton.threshold(evaluation, point.error));
            }
            evaluation.update_columns(point, *level)?;
        }
        let (max_steps, max_idle) =
            if is_last { (usize::MAX, walk.max_idle) } else { (MAX_STEPS, MAX_STEPS) };
        let limits = Limits { target, max_steps, settled: walk.settled, max_idle, wary: false };
        newton.descend(evaluation, point, *level, limits)
    }
}

/// The first of `goal`, `goal ratio`, `goal ratio^2`... that is at least `top`, if that is a number.
fn level_above(goal: f64, ratio: f64, top: f64) -> f64 {
    let top = top.min(f64::MAX / ratio);
    let mut level = goal;
    while level < top {
        level *= ratio;
    }
    level
}

/// The last of `goal`, `goal ratio`, `goal ratio^2`... that is below `level`.
fn level_below(goal: f64, ratio: f64, level: f64) -> f64 {
    // Powers by different ratios may differ by rounding.
    let bound = level * (1.0 - 1e-9);
    let mut below = goal;
    while below * ratio < bound {
        below *= ratio;
    }
    below
}
