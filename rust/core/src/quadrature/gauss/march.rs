//! From root to root of a solution of a second-order equation, by Taylor series.
//!
//! A. Glaser, X. Liu, V. Rokhlin, "A fast algorithm for the calculation of the roots of special
//! functions", SIAM J. Sci. Comput. 29, 2007. The phase of the Pruefer transformation predicts the
//! next root; the Taylor series about the last one, whose coefficients the equation gives, corrects
//! it by Newton's method and yields the slope there. Each root costs the same.
//!
//! Where roots run smoothly they are found several at a time, see [`stride`].

use std::f64::consts::FRAC_PI_2;

use super::scaled::{exponent_of, scaled};
use super::series::{Recurrence, expand};
use super::stride::{LANES, stride};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;

/// Steps of Heun's method in a prediction.
const STEPS: usize = 12;

/// Newton steps that a root may take; three are the rule.
const NEWTON: usize = 24;

/// Tries to start away from a root, each about a fifth of the distance of two roots further on.
pub(super) const TRIES: usize = 8;

/// The largest [`Equation::slant`] of a start: there the nearest root is a sixth of the way off.
pub(super) const STEEP: f64 = 2.0;

/// Shorter legs go from root to root: they take microseconds, and each root keeps the last digit.
const SHORT: usize = 64;

/// Roots of each leg between two looks at the caller's wish to stop: some milliseconds.
const ROOTS_AT_ONCE: usize = 4096;

/// Steps of a recurrence between two such looks: some milliseconds.
const STEPS_AT_ONCE: usize = 1 << 20;

/// A linear differential equation of second order with polynomial coefficients in `x`, and its
/// normal form `u'' + q(s) u = 0` in a phase variable `s(x)`.
pub(super) trait Equation: Copy + Send + Sync {
    /// The phase variable at `x`.
    fn phase(&self, x: f64) -> f64;
    /// The point with phase variable `s`.
    fn position(&self, s: f64) -> f64;
    /// `dx / ds`.
    fn speed(&self, s: f64) -> f64;
    /// The derivative in s of the logarithm of `u / y`, where y is the solution that is marched.
    fn tilt(&self, s: f64) -> f64;
    /// `q` and `dq / ds`, with `q` kept positive.
    fn frequency(&self, s: f64) -> (f64, f64);
    /// `u' / u` at x in units of the frequency, from `y' / y`.
    fn slant(&self, x: f64, ratio: f64) -> f64 {
        let s = self.phase(x);
        (ratio * self.speed(s) + self.tilt(s)) / self.frequency(s).0.sqrt()
    }
    /// How many coefficients before it a Taylor coefficient depends on.
    const REACH: usize;
    /// How Taylor coefficients about `x` in units of the step `h` follow from each other.
    fn recurrence(&self, x: f64, h: f64) -> Recurrence;
    /// The factor of the coefficient before the last in it.
    fn factor(&self, degree: f64) -> f64;
}

/// A root `x + rest` and the slope there, `slope * 2^exponent`, up to a factor common to all roots.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Root {
    pub(super) x: f64,
    pub(super) rest: f64,
    pub(super) slope: f64,
    pub(super) exponent: i64,
}

/// Where a leg starts: value and slope of the solution at a point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) x: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// A march from one start in one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg<E> {
    pub(super) equation: E,
    pub(super) start: Start,
    /// Whether `x` grows along the way.
    pub(super) is_upward: bool,
    /// The number of roots to be found.
    pub(super) count: usize,
    /// Whether the roots are kept in the order opposite to that of the march.
    pub(super) is_reversed: bool,
}

/// Look at the caller's wish to stop every now and then in a long recurrence.
pub(super) fn look(step: usize, control: &dyn Control) -> Result<(), Error> {
    if step.is_multiple_of(STEPS_AT_ONCE) { control.check() } else { Ok(()) }
}

/// Room for n roots.
pub(super) fn room(n: usize) -> Result<Vec<Root>, Error> {
    try_vec(n, Root::default())
}

/// The roots of all legs, one leg after the other; `None` when a root is not found.
///
/// They are written to `roots`, as many as the legs count: what does not fit into memory is refused
/// before the legs are made.
pub(super) fn march<E: Equation>(
    legs: &[Leg<E>],
    mut roots: Vec<Root>,
    team: &Team,
    control: &dyn Control,
) -> Result<Option<Vec<Root>>, Error> {
    let mut walks = Vec::with_capacity(legs.len());
    let mut rest = roots.as_mut_slice();
    for leg in legs {
        let (own, others) = rest.split_at_mut(leg.count);
        rest = others;
        walks.push(Walk {
            leg,
            roots: own,
            found: 0,
            last: Root::default(),
            history: [0.0; LANES],
            is_lost: false,
        });
    }
    loop {
        control.check()?;
        if walks.iter().any(|walk| walk.is_lost) {
            return Ok(None);
        }
        let under_way: Vec<_> = walks.iter_mut().filter(|walk| walk.is_under_way()).collect();
        if under_way.is_empty() {
            return Ok(Some(roots));
        }
        team.for_each_part(under_way, Walk::advance);
    }
}

/// How far a leg has come.
struct Walk<'a, E> {
    leg: &'a Leg<E>,
    roots: &'a mut [Root],
    found: usize,
    last: Root,
    /// Where the last roots lie.
    history: [f64; LANES],
    is_lost: bool,
}

impl<E: Equation> Walk<'_, E> {
    fn is_under_way(&self) -> bool {
        !self.is_lost && self.found < self.leg.count
    }

    /// Find the next roots.
    fn advance(&mut self) {
        let until = self.leg.count.min(self.found + ROOTS_AT_ONCE);
        while self.found < until {
            if self.found + LANES <= until
                // There is no history at first.
                && self.found >= LANES
                && self.leg.count >= SHORT
                && let Some(roots) = stride(&self.leg.equation, &self.last, &self.history)
            {
                for root in roots {
                    self.keep(root);
                }
                continue;
            }
            let Some(root) = self.step() else {
                self.is_lost = true;
                return;
            };
            self.keep(root);
        }
    }

    /// The next root.
    fn step(&self) -> Option<Root> {
        let Self { leg, last, .. } = self;
        let (Start { x, value, slope }, angle) = if self.found == 0 {
            (leg.start, leg.angle())
        } else {
            let Root { x, rest, slope, .. } = *last;
            (Start { x, value: -slope * rest, slope }, -FRAC_PI_2)
        };
        let root = leg.next(x, value, slope, angle)?;
        Some(Root { exponent: last.exponent, ..root })
    }

    /// Write a root down, with its slope as a number near 1.
    fn keep(&mut self, root: Root) {
        let shift = exponent_of(root.slope);
        let slope = scaled(root.slope, -shift);
        self.last = Root { slope, exponent: root.exponent + shift, ..root };
        let k = if self.leg.is_reversed { self.leg.count - 1 - self.found } else { self.found };
        self.roots[k] = self.last;
        self.history.rotate_left(1);
        self.history[LANES - 1] = root.x;
        self.found += 1;
    }
}

impl<E: Equation> Leg<E> {
    /// The phase at the start: roots have half-turns of it, and it grows along the way.
    fn angle(&self) -> f64 {
        let Start { x, value, slope } = self.start;
        if value == 0.0 {
            return -FRAC_PI_2;
        }
        (-self.sign() * self.equation.slant(x, slope / value)).atan()
    }

    fn sign(&self) -> f64 {
        if self.is_upward { 1.0 } else { -1.0 }
    }

    /// The phase variable at the next root, where the phase is a quarter turn.
    fn predict(&self, x: f64, angle: f64) -> f64 {
        let start = self.equation.phase(x);
        let sign = self.sign();
        let step = (FRAC_PI_2 - angle) / STEPS as f64;
        let rate = |distance: f64, angle: f64| {
            let s = (start + sign * distance).max(1e-3 * start);
            let (q, slope) = self.equation.frequency(s);
            let root = q.sqrt();
            1.0 / (root - sign * slope / (4.0 * q) * (2.0 * angle).sin()).max(0.2 * root)
        };
        let mut distance = 0.0;
        for k in 0..STEPS {
            let here = angle + k as f64 * step;
            let first = rate(distance, here);
            let second = rate(distance + step * first, here + step);
            distance += 0.5 * step * (first + second);
        }
        (start + sign * distance).max(0.1 * start)
    }

    /// The next root after a point with known value and slope.
    fn next(&self, x: f64, value: f64, slope: f64, angle: f64) -> Option<Root> {
        let h = self.equation.position(self.predict(x, angle)) - x;
        let (series, len) = expand(&self.equation, (x, h), (value, slope));
        let series = &series[..len];
        let mut z = 1.0;
        for _ in 0..NEWTON {
            let (p, dp) = horner(series, z);
            let step = p / dp;
            z -= step;
            // Written so that NaN ends the march.
            if !(z > 0.0 && z < 4.0) {
                return None;
            }
            if step.abs() <= 1e-12 {
                let slope = horner(series, z).1;
                // The solution crosses zero the other way than before, or a root was passed over.
                let before = if angle > -FRAC_PI_2 { -value } else { -series[1] };
                if slope * before <= 0.0 {
                    return None;
                }
                let far = h * z;
                let next = x + far;
                let back = next - x;
                let rest = (x - (next - back)) + (far - back);
                return Some(Root { x: next, rest, slope: slope / h, exponent: 0 });
            }
        }
        None
    }
}

/// A polynomial and its derivative.
fn horner(series: &[f64], z: f64) -> (f64, f64) {
    series.iter().rev().fold((0.0, 0.0), |(p, dp), &a| (p * z + a, dp * z + p))
}
