//! The published rule: a fixed number of entries in the Hessian, no path, no shift.
//!
//! With the rows exact the Newton system of both potentials,
//! `[diag(a), P; P^T, diag(c)] (dx, dy) = (0, b - c)` with all but the largest entries of `P` set
//! to zero, is solved through its Schur complement in `dy`; the row update of the next pass then
//! takes the place of the step along `dx`, and can only gain more.

use super::evaluation::{Evaluation, Point};
use super::selection::keep_largest;
use super::steps::Newton;
use super::{End, NewtonParams, Outcome};
use crate::error::Error;
use crate::ot::run::{Run, Stage};
use crate::ot::semi_dual::SemiDual;
use crate::parallel::Team;

/// Entries per row that are kept if nothing is said.
const SPARSITY: f64 = 2.0;

/// Share of the smallest mass kept before at which the next pass starts to keep.
const MARGIN: f64 = 0.1;

/// Steps without a halving of the error after which the descent counts as stalled.
const MAX_IDLE: usize = 100;

/// Solve at the regularisation `reg` from `psi`: `n_sinkhorn` Sinkhorn iterations, then Newton steps
/// with the `ceil(sparsity n m)` largest entries of the plan.
///
/// `psi` becomes the iterate with the smallest error. A pass that keeps too few entries is made
/// again with a lower threshold. A step that the line search rejects is replaced by a Sinkhorn
/// iteration, where the paper leaves open what to do.
///
/// # Errors
/// [`Error::Interrupted`], and whatever the passes return.
pub(in crate::ot) fn solve_paper<P: SemiDual>(
    problem: &mut P,
    reg: f64,
    psi: &mut Vec<f64>,
    tol: f64,
    params: &NewtonParams,
    team: &Team,
    run: &mut Run<'_>,
) -> Result<Outcome, Error> {
    let (n, m) = (problem.row_weights().len(), problem.column_weights().len());
    let (longest, entries) = (n.max(m) as f64, n as f64 * m as f64);
    let count = params.sparsity.map_or(SPARSITY * longest, |share| share * entries);
    #[expect(clippy::cast_sign_loss, reason = "between 1 and the number of entries")]
    let count = count.ceil().clamp(1.0, entries) as usize;
    let mut evaluation = Evaluation::new(problem, reg, team, run);
    let mut point = Point { psi: psi.clone(), ..Point::default() };
    let halt = descend(&mut evaluation, &mut point, tol, params.n_sinkhorn, count);
    let error = evaluation.best_error;
    if let Some(best) = evaluation.into_best() {
        *psi = best;
    }
    let end = halt?;
    Ok(Outcome { end: if error <= tol { End::Converged } else { end }, error })
}

fn descend<P: SemiDual>(
    evaluation: &mut Evaluation<'_, '_, P>,
    point: &mut Point,
    tol: f64,
    n_sinkhorn: usize,
    count: usize,
) -> Result<End, Error> {
    let reg = evaluation.reg;
    for _ in 0..n_sinkhorn {
        if evaluation.run.is_over() {
            return Ok(End::Limit);
        }
        evaluation.evaluate(point, reg, Stage::Log, None)?;
        if point.error <= tol {
            return Ok(End::Converged);
        }
        evaluation.update_columns(point, reg)?;
    }
    let cells = evaluation.problem.row_weights().len() as f64 * point.psi.len() as f64;
    let mut newton = Newton::new(0.0);
    // Of the entries that could all be equal none is left out.
    let mut border = evaluation.mass / cells;
    let (mut is_known, mut has_room) = (false, true);
    let (mut mark, mut n_idle) = (f64::INFINITY, 0);
    let mut scratch = Vec::new();
    while !evaluation.run.is_over() {
        while !is_known || (has_room && point.pass.kept.values.len() < count) {
            if is_known {
                if border <= f64::MIN_POSITIVE {
                    break;
                }
                let share = border / evaluation.mass;
                border = (0.1 * share * border).max(f64::MIN_POSITIVE);
            }
            if evaluation.run.is_over() {
                return Ok(End::Limit);
            }
            has_room = evaluation.evaluate(point, reg, Stage::Newton, Some(MARGIN * border))?;
            is_known = true;
        }
        if point.error <= tol {
            return Ok(End::Converged);
        }
        if point.error < 0.5 * mark {
            (mark, n_idle) = (point.error, 0);
        }
        if n_idle == MAX_IDLE {
            return Ok(End::Stalled);
        }
        n_idle += 1;
        if point.pass.kept.values.len() >= count {
            border = keep_largest(&mut point.pass, count, &mut scratch);
        }
        let taken = newton.step_published(evaluation, point, reg, MARGIN * border)?;
        if !taken && !evaluation.run.is_over() {
            evaluation.update_columns(point, reg)?;
            is_known = false;
        }
    }
    Ok(End::Limit)
}
