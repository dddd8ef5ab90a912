//! Damped Newton steps on the log-likelihood.
//!
//! The full step is tried first and kept if the gradient at its end still points along it: by
//! concavity the likelihood is then at least as high as at any shorter step. Otherwise the step is
//! damped by generalised self-concordance (Bach 2010; Sun and Tran-Dinh 2019, "Generalized
//! self-concordant functions", Mathematical Programming 178), which needs no line search.

use super::DEFAULT_MAX_ITER;
use super::PreferenceParams;
use super::certificate::{PreferenceCertificate, certify, norm};
use super::design::Design;
use super::existence::{Outlook, min_pivot, require_independent, unbounded};
use super::likelihood::{Derivatives, gradient_rounding};
use super::piece::Rows;
use crate::control::{Control, Flow, Info, Record, Status};
use crate::error::Error;
use crate::float::Float;
use crate::linalg::DenseCholesky;
use crate::parallel::Team;

/// Largest range of a step at which the full step is kept without further ado: the bound that the
/// damped step minimises is then lower by a ten-thousandth at most.
const SHORT_STEP: f64 = 0.02;

/// Difference of scores from which on a choice counts as one that may be certain in the limit.
const SUSPICIOUS: f64 = 30.0;

/// Steps without progress after which rounding is taken to be the limit.
const MAX_IDLE_STEPS: usize = 3;

/// Where the iteration ended, in scaled coefficients.
pub(super) struct Maximum {
    pub(super) coef: Vec<f64>,
    pub(super) log_likelihood: f64,
    pub(super) certificate: PreferenceCertificate,
    pub(super) status: Status,
    pub(super) n_iter: usize,
    pub(super) n_steps: usize,
    pub(super) n_damped: usize,
    pub(super) inverse: Vec<f64>,
    pub(super) data_covariance: Option<Vec<f64>>,
    pub(super) history: Vec<Record>,
}

/// Coefficients with all that is known there.
struct Point {
    coef: Vec<f64>,
    derivatives: Derivatives,
}

struct Step {
    point: Point,
    factor: DenseCholesky,
    damped: bool,
}

struct Solver<'a, T> {
    design: &'a Design<'a, T>,
    team: &'a Team,
    n_iter: usize,
}

impl<T: Float> Solver<'_, T> {
    fn evaluate(&mut self, coef: Vec<f64>, control: &dyn Control) -> Result<Point, Error> {
        self.n_iter += 1;
        let mut derivatives = Derivatives::evaluate(self.design, &coef, self.team, control)?;
        derivatives.penalise(self.design, &coef);
        Ok(Point { coef, derivatives })
    }

    /// None where the Hessian is singular to rounding.
    fn factorise(
        &self,
        point: &Point,
        control: &dyn Control,
    ) -> Result<Option<DenseCholesky>, Error> {
        let d = point.coef.len();
        let hessian = point.derivatives.hessian.clone();
        match DenseCholesky::factorise(hessian, d, min_pivot(d), self.team, control) {
            Ok(factor) => Ok(Some(factor)),
            Err(Error::NotPositiveDefinite { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Go from `point` along `direction`; none where the Hessian is singular at both ends.
    fn step(
        &mut self,
        point: &Point,
        direction: &[f64],
        control: &dyn Control,
    ) -> Result<Option<Step>, Error> {
        let end = |fraction: f64| {
            point.coef.iter().zip(direction).map(|(x, d)| x + fraction * d).collect()
        };
        let full = self.evaluate(end(1.0), control)?;
        let mut range = None;
        if full.derivatives.slope(direction) < 0.0 {
            range = Some(Outlook::along(self.design, direction, self.team, control)?.range);
        }
        if range.is_none_or(|range| range <= SHORT_STEP)
            && let Some(factor) = self.factorise(&full, control)?
        {
            return Ok(Some(Step { point: full, factor, damped: false }));
        }
        let range = match range {
            Some(range) => range,
            None => Outlook::along(self.design, direction, self.team, control)?.range,
        };
        let point = self.evaluate(end(range.ln_1p() / range), control)?;
        let factor = self.factorise(&point, control)?;
        Ok(factor.map(|factor| Step { point, factor, damped: true }))
    }

    fn certify(
        &self,
        point: &Point,
        factor: &DenseCholesky,
        control: &dyn Control,
    ) -> Result<(PreferenceCertificate, Vec<f64>), Error> {
        let Point { coef, derivatives } = point;
        certify(self.design, derivatives, coef, factor, self.team, control)
    }

    /// Is the decrement no more than what rounding may leave?
    fn is_rounding(&self, point: &Point, factor: &DenseCholesky, decrement: f64) -> bool {
        let unit = gradient_rounding(self.design, &point.coef);
        let mut rounding: Vec<f64> =
            point.derivatives.magnitude.iter().map(|magnitude| unit * magnitude).collect();
        factor.solve_lower(&mut rounding);
        decrement <= norm(&rounding)
    }

    /// Stop where the likelihood grows for ever along a direction.
    fn require_bounded(
        &self,
        point: &Point,
        factor: &DenseCholesky,
        direction: &[f64],
        control: &dyn Control,
    ) -> Result<(), Error> {
        let Point { coef, derivatives } = point;
        if self.design.ridge > 0.0 {
            return Ok(());
        }
        // Every choice is likelier than all its alternatives together, by more than rounding.
        if derivatives.least_log_odds > gradient_rounding(self.design, coef) {
            return Err(unbounded(coef));
        }
        if derivatives.largest_difference <= SUSPICIOUS
            || !Outlook::along(self.design, direction, self.team, control)?.separates()
        {
            return Ok(());
        }
        let (certificate, _) = self.certify(point, factor, control)?;
        if certificate.proves_existence() { Ok(()) } else { Err(unbounded(direction)) }
    }

    /// Evaluate at zero, where the features are tested, and at the point to start from.
    fn start(
        &mut self,
        init: Option<&[f64]>,
        control: &dyn Control,
    ) -> Result<(Point, DenseCholesky, Option<Vec<f64>>), Error> {
        let d = self.design.n_features();
        self.n_iter += 1;
        let zeros = vec![0.0; d];
        let mut derivatives = Derivatives::evaluate(self.design, &zeros, self.team, control)?;
        let is_paired =
            self.design.rows == Rows::Pairs && self.design.choices.n_alternatives() == 2;
        let data_covariance = is_paired.then(|| {
            // Every pair has the variance 1/4 at zero.
            let factor = 4.0 / self.design.choices.total_weight();
            let mut mean: Vec<f64> = derivatives.hessian.iter().map(|x| x * factor).collect();
            super::inference::mirror(&mut mean, d);
            self.design.covariance_of_features(mean)
        });
        derivatives.penalise(self.design, &zeros);
        let factor = require_independent(&derivatives.hessian, d, self.team, control)?;
        let origin = (Point { coef: zeros, derivatives }, factor);
        let Some(init) = init.filter(|init| init.iter().any(|&x| x != 0.0)) else {
            return Ok((origin.0, origin.1, data_covariance));
        };
        let start = self.evaluate(self.design.scaled(init), control)?;
        // Far out the Hessian may vanish: the origin is then the better start.
        let is_sound = start.derivatives.largest_difference.is_finite();
        match if is_sound { self.factorise(&start, control)? } else { None } {
            Some(factor) => Ok((start, factor, data_covariance)),
            None => Ok((origin.0, origin.1, data_covariance)),
        }
    }
}

/// Find the maximum.
pub(super) fn maximise<T: Float>(
    design: &Design<'_, T>,
    params: &PreferenceParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Maximum, Error> {
    let max_iter = params.max_iter.unwrap_or(DEFAULT_MAX_ITER);
    let mut solver = Solver { design, team, n_iter: 0 };
    let (mut point, mut factor, data_covariance) = solver.start(params.init, control)?;
    let mut history = Vec::new();
    let (mut n_steps, mut n_damped) = (0, 0);
    let (mut n_idle, mut least) = (0, f64::INFINITY);
    let ((certificate, inverse), status) = loop {
        let mut direction = point.derivatives.gradient.clone();
        factor.solve_lower(&mut direction);
        let decrement = norm(&direction);
        factor.solve_upper(&mut direction);
        if params.trace {
            history.push(Record { n_iter: solver.n_iter, error: decrement });
        }
        let iterate = || design.unscaled(&point.coef);
        let info = Info { n_iter: solver.n_iter, error: decrement, iterate: &iterate };
        let stops = control.step(&info)? == Flow::Stop;
        n_idle = if decrement < 0.9 * least { 0 } else { n_idle + 1 };
        least = least.min(decrement);
        let ended = if stops {
            Some(Status::Stopped)
        } else if solver.n_iter >= max_iter {
            Some(Status::MaxIter)
        } else if n_idle >= MAX_IDLE_STEPS && solver.is_rounding(&point, &factor, decrement) {
            Some(Status::Stalled)
        } else {
            None
        };
        if ended.is_some() || decrement <= params.tol {
            let certified = solver.certify(&point, &factor, control)?;
            let converged = (certified.0.error <= params.tol).then_some(Status::Converged);
            if let Some(status) = converged.or(ended) {
                break (certified, status);
            }
        }
        solver.require_bounded(&point, &factor, &direction, control)?;
        let Some(step) = solver.step(&point, &direction, control)? else {
            // The Hessian vanishes along the direction: for ever, or only to rounding?
            let outlook = Outlook::along(design, &direction, team, control)?;
            if design.ridge == 0.0 && outlook.separates() {
                return Err(unbounded(&direction));
            }
            break (solver.certify(&point, &factor, control)?, Status::Stalled);
        };
        n_steps += 1;
        n_damped += usize::from(step.damped);
        (point, factor) = (step.point, step.factor);
    };
    if params.trace {
        history.pop();
        history.push(Record { n_iter: solver.n_iter, error: certificate.error });
    }
    Ok(Maximum {
        coef: point.coef,
        log_likelihood: point.derivatives.log_likelihood,
        certificate,
        status,
        n_iter: solver.n_iter,
        n_steps,
        n_damped,
        inverse,
        data_covariance,
        history,
    })
}
