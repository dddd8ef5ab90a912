//! The estimate of a resampled data set, found from that of the original one.
//!
//! Chord steps `x += H0^+ g(x)` keep the information `H0` of the original fit. They contract by its
//! relative difference to the new one; where that is too much, Newton steps follow, with conjugate
//! gradients that `H0` preconditions.

use rand_distr::{Binomial, Distribution};

use super::fitted::{Fitted, Kind};
use super::standard_error::dot;
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::rng::{Philox, Stream};

/// Numerical error of a refit that is allowed, for every contrast in units of its standard error in
/// the original fit.
const TOLERANCE: f64 = 1e-3;

/// Factor by which a chord step must reduce the next one.
const SLOW: f64 = 0.5;

/// Most chord steps.
const MAX_CHORD: usize = 20;

/// Most Newton steps; data without an estimate that no test found use them up.
const MAX_NEWTON: usize = 60;

/// Most halvings of a Newton step.
const MAX_HALVINGS: usize = 40;

/// Most conjugate-gradient steps for a Newton step.
const MAX_SOLVE: usize = 1000;

/// Relative accuracy of a Newton step, in the energy norm.
const STEP_RTOL: f64 = 0.03;

/// Relative residual at which a Newton step is exact.
const ROUNDING: f64 = 1e-12;

/// Conjugate-gradient steps whose gains together stand for the error before them.
const DELAY: usize = 6;

/// Fastest and slowest rate of convergence that two steps are taken to show.
const RATES: (f64, f64) = (0.1, 0.9);

/// How data are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// Recorded outcomes are drawn with replacement, as many as were recorded.
    Games,
    /// Outcomes are drawn from the fitted model, as many as were recorded of each kind of game.
    Parametric,
}

/// The likelihood of one resampled data set.
pub trait Replicate: Send {
    /// Draw the data anew; false where they have no estimate.
    ///
    /// # Errors
    /// Whatever makes the model impossible to resample, and whatever [`Control::check`] returns.
    fn draw(
        &mut self,
        resampling: Resampling,
        stream: &Stream,
        control: &dyn Control,
    ) -> Result<bool, Error>;

    /// The gradient of the log-likelihood at `x`, whose information is kept; false outside of the
    /// parameters' domain.
    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> bool;

    /// `out = H v`, with the information at the last point.
    fn multiply(&mut self, v: &[f64], out: &mut [f64]);

    /// The diagonal of `H` at the last point.
    fn diagonal(&self, out: &mut [f64]);
}

/// A fit whose data can be resampled and fitted again.
pub trait Resample: Sync {
    /// The estimate that replicates start from.
    fn estimate(&self) -> &[f64];

    /// Bytes that one [`replicate`](Self::replicate) takes.
    fn n_bytes(&self) -> usize;

    /// The estimate with its information.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever [`Control::check`] returns.
    fn fitted(&self, team: &Team, control: &dyn Control) -> Result<Box<dyn Fitted + '_>, Error>;

    /// Memory for one resampled data set.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    fn replicate(&self) -> Result<Box<dyn Replicate + '_>, Error>;
}

/// Everything that one thread needs for one replicate after the other.
pub(super) struct Refit<'a> {
    fitted: Box<dyn Fitted + 'a>,
    replicate: Box<dyn Replicate + 'a>,
    groups: Groups,
    team: Team,
    gradient: Vec<f64>,
    step: Vec<f64>,
    trial: Vec<f64>,
    product: Vec<f64>,
    solve: Solve,
}

/// Memory of the conjugate gradients.
struct Solve {
    residual: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
    preconditioned: Vec<f64>,
    inverse_diagonal: Vec<f64>,
}

impl<'a> Refit<'a> {
    /// Factorise the original information and take memory.
    pub(super) fn new(model: &'a dyn Resample, control: &dyn Control) -> Result<Self, Error> {
        let team = Team::sequential();
        let fitted = model.fitted(&team, control)?;
        let p = fitted.n_parameters();
        let vector = || try_vec(p, 0.0);
        Ok(Self {
            groups: Groups::new(fitted.groups()),
            fitted,
            replicate: model.replicate()?,
            team,
            gradient: vector()?,
            step: vector()?,
            trial: vector()?,
            product: vector()?,
            solve: Solve {
                residual: vector()?,
                direction: vector()?,
                product: vector()?,
                preconditioned: vector()?,
                inverse_diagonal: vector()?,
            },
        })
    }

    /// Resample, and move `x` from the original estimate to that of the new data.
    ///
    /// False where there is none, or none was reached: `x` then has no meaning.
    pub(super) fn run(
        &mut self,
        resampling: Resampling,
        stream: &Stream,
        x: &mut [f64],
        control: &dyn Control,
    ) -> Result<bool, Error> {
        if !self.replicate.draw(resampling, stream, control)? {
            return Ok(false);
        }
        if !self.replicate.evaluate(x, &mut self.gradient) {
            return Ok(false);
        }
        let found =
            (self.fitted.is_factorised() && self.chord(x, control)?) || self.newton(x, control)?;
        self.groups.centre(x);
        // A parameter at its limit, minus infinity, stays there.
        Ok(found && !x.iter().any(|x| x.is_nan()))
    }

    /// Chord steps from `x`; false where they contract too slowly.
    fn chord(&mut self, x: &mut [f64], control: &dyn Control) -> Result<bool, Error> {
        let mut last = f64::INFINITY;
        for _ in 0..MAX_CHORD {
            control.check()?;
            self.fitted.solve(&self.gradient, &mut self.step, &self.team, control)?;
            let length = dot(&self.gradient, &self.step).max(0.0).sqrt();
            if length > SLOW * last {
                return Ok(false);
            }
            for ((trial, x), d) in self.trial.iter_mut().zip(&*x).zip(&self.step) {
                *trial = x + d;
            }
            if !self.replicate.evaluate(&self.trial, &mut self.gradient) {
                self.replicate.evaluate(x, &mut self.gradient);
                return Ok(false);
            }
            x.copy_from_slice(&self.trial);
            if remaining(length, last) <= TOLERANCE {
                return Ok(true);
            }
            last = length;
        }
        Ok(false)
    }

    /// Newton steps from `x`, where the gradient was evaluated; false where they lead nowhere.
    fn newton(&mut self, x: &mut [f64], control: &dyn Control) -> Result<bool, Error> {
        let mut last = f64::INFINITY;
        for _ in 0..MAX_NEWTON {
            self.newton_step(control)?;
            let slope = dot(&self.gradient, &self.step);
            if !slope.is_finite() {
                return Ok(false);
            }
            let mut t = 1.0;
            let mut n_halvings = 0;
            loop {
                for ((trial, x), d) in self.trial.iter_mut().zip(&*x).zip(&self.step) {
                    *trial = x + t * d;
                }
                // Along a line a concave function has passed its maximum where its slope is negative.
                if self.replicate.evaluate(&self.trial, &mut self.gradient)
                    && dot(&self.gradient, &self.step) >= -0.1 * slope
                {
                    break;
                }
                n_halvings += 1;
                if n_halvings > MAX_HALVINGS {
                    return Ok(false);
                }
                t *= 0.5;
            }
            x.copy_from_slice(&self.trial);
            self.fitted.multiply(Kind::Model, &self.step, &mut self.product, &self.team);
            let length = t * dot(&self.step, &self.product).max(0.0).sqrt();
            if t == 1.0 && remaining(length, last) <= TOLERANCE {
                return Ok(true);
            }
            last = length;
        }
        Ok(false)
    }

    /// `step = H^+ gradient`, roughly.
    fn newton_step(&mut self, control: &dyn Control) -> Result<(), Error> {
        let Self { fitted, replicate, groups, team, gradient, step, solve, .. } = self;
        let Solve { residual, direction, product, preconditioned, inverse_diagonal } = solve;
        let factorised = fitted.is_factorised();
        if !factorised {
            replicate.diagonal(inverse_diagonal);
            for d in inverse_diagonal.iter_mut() {
                *d = if *d > f64::MIN_POSITIVE { 1.0 / *d } else { 0.0 };
            }
        }
        let mut precondition = |r: &[f64], z: &mut [f64]| {
            if factorised {
                return fitted.solve(r, z, team, control);
            }
            for ((z, r), d) in z.iter_mut().zip(r).zip(&*inverse_diagonal) {
                *z = r * d;
            }
            // A constant costs no energy: left in, it would grow without bound.
            groups.centre(z);
            Ok(())
        };
        step.fill(0.0);
        residual.copy_from_slice(gradient);
        precondition(residual, preconditioned)?;
        direction.copy_from_slice(preconditioned);
        let mut rho = dot(residual, preconditioned);
        // Small systems are solved before the delay is over; beyond this, steps follow rounding.
        let rounding = rho * ROUNDING * ROUNDING;
        let (mut total, mut gains) = (0.0, [f64::INFINITY; DELAY]);
        for k in 0..MAX_SOLVE {
            control.check()?;
            replicate.multiply(direction, product);
            let curvature = dot(direction, product);
            // The error that is left is at least what the last steps gained (Strakos and Tichy
            // 2002, "On error estimation in the conjugate gradient method", section 3).
            let recent: f64 = gains.iter().sum();
            if curvature <= 0.0 || rho <= rounding || recent <= STEP_RTOL * STEP_RTOL * total {
                break;
            }
            let alpha = rho / curvature;
            gains[k % DELAY] = alpha * rho;
            total += alpha * rho;
            for ((x, p), (r, q)) in
                step.iter_mut().zip(&*direction).zip(residual.iter_mut().zip(&*product))
            {
                *x += alpha * p;
                *r -= alpha * q;
            }
            precondition(residual, preconditioned)?;
            let next = dot(residual, preconditioned);
            let beta = next / rho;
            rho = next;
            for (p, z) in direction.iter_mut().zip(&*preconditioned) {
                *p = z + beta * *p;
            }
        }
        Ok(())
    }
}

/// Groups of items, in each of which strengths are made to sum to zero.
struct Groups {
    labels: Vec<u32>,
    sizes: Vec<f64>,
    sums: Vec<f64>,
}

impl Groups {
    fn new(labels: &[u32]) -> Self {
        let n_groups = labels.iter().max().map_or(0, |&g| g as usize + 1);
        let mut sizes = vec![0.0; n_groups];
        for &g in labels {
            sizes[g as usize] += 1.0;
        }
        Self { labels: labels.to_vec(), sums: vec![0.0; n_groups], sizes }
    }

    fn centre(&mut self, x: &mut [f64]) {
        self.sums.fill(0.0);
        for (x, &g) in x.iter().zip(&self.labels) {
            self.sums[g as usize] += x;
        }
        for (x, &g) in x.iter_mut().zip(&self.labels) {
            *x -= self.sums[g as usize] / self.sizes[g as usize];
        }
    }
}

/// What a linearly converging iteration still has to go after steps of lengths `last` and `length`.
fn remaining(length: f64, last: f64) -> f64 {
    // The rate rises towards its limit; before the second step it is unknown, and assumed.
    let (fast, slow) = RATES;
    let rate = if last.is_finite() { (1.5 * length / last).clamp(fast, slow) } else { 0.5 };
    length * rate / (1.0 - rate)
}

/// Number of successes of `n` trials with chance `p`.
pub(crate) fn binomial(n: u64, p: f64, generator: &mut Philox) -> u64 {
    if n == 0 {
        return 0;
    }
    // Rounding may carry a chance past 1.
    let p = if p > 0.0 { p.min(1.0) } else { 0.0 };
    Binomial::new(n, p).map_or(0, |binomial| binomial.sample(generator).min(n))
}

/// A whole number of recorded outcomes as an integer.
#[allow(clippy::cast_sign_loss, reason = "a count")]
pub(crate) fn whole(count: f64) -> u64 {
    count as u64
}
