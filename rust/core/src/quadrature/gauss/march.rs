//! From root to root of a solution of a second-order equation, by Taylor series.
//!
//! A. Glaser, X. Liu, V. Rokhlin, "A fast algorithm for the calculation of the roots of special
//! functions", SIAM J. Sci. Comput. 29, 2007. The phase of the Pruefer transformation predicts the
//! next root; the Taylor series about the last one, whose coefficients the equation gives, corrects
//! it by Newton's method and yields the slope there. Each root costs the same.
//!
//! A long march is cut into legs that start at points fixed by the problem alone.

use std::f64::consts::FRAC_PI_2;

use super::blocks::in_waves;
use super::scaled::{exponent_of, scaled};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;

/// Terms of a Taylor series; the tail is cut where it no longer counts.
pub(super) const TERMS: usize = 60;

/// Steps of Heun's method in a prediction.
const STEPS: usize = 12;

/// Newton steps that a root may take; three are the rule.
const NEWTON: usize = 24;

/// Rules with more nodes are marched in [`LEGS`] legs.
const LONG: usize = 10_000;

/// Legs of a long march, which may run at once.
const LEGS: usize = 64;

/// Tries to start away from a root, each about a fifth of the distance of two roots further on.
pub(super) const TRIES: usize = 8;

/// The largest [`Equation::slant`] of a start: there the nearest root is a sixth of the way off.
pub(super) const STEEP: f64 = 2.0;

/// Legs between two looks at the caller's wish to stop.
const AT_ONCE: usize = 8;

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
    /// The Taylor coefficients about `x` in units of the step `h`, the first two of which are given.
    fn expand(&self, x: f64, h: f64, series: &mut [f64; TERMS]);
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
    /// Whether the leg goes on where its predecessor ends, which then sets its scale.
    pub(super) is_joined: bool,
}

/// The number of starts of a march over n roots.
pub(super) fn starts(n: usize) -> usize {
    if n > LONG { LEGS } else { 1 }
}

/// Where the k-th of several starts lies, as a share of the way between the turning points.
///
/// The outer tenths are left free: there the recurrence that gives a start is less accurate, and
/// roots near an end need all its digits.
pub(super) fn place(k: usize, count: usize) -> f64 {
    if count == 1 { 0.5 } else { 0.1 + 0.8 * k as f64 / (count - 1) as f64 }
}

/// Look at the caller's wish to stop every now and then in a long recurrence.
pub(super) fn look(step: usize, control: &dyn Control) -> Result<(), Error> {
    if step.is_multiple_of(STEPS_AT_ONCE) { control.check() } else { Ok(()) }
}

/// Room for n roots.
pub(super) fn room(n: usize) -> Result<Vec<Root>, Error> {
    try_vec(n, Root::default())
}

/// The roots of all legs, one leg after the other, with slopes in one scale; `None` when a root is
/// not found.
///
/// They are written to `roots`, as many as the legs count: what does not fit into memory is refused
/// before the legs are made. A leg whose successor is joined to it finds the first root of that one
/// as well: the two slopes there give the scale.
pub(super) fn march<E: Equation>(
    legs: &[Leg<E>],
    mut roots: Vec<Root>,
    team: &Team,
    control: &dyn Control,
) -> Result<Option<Vec<Root>>, Error> {
    let mut ends = vec![None; legs.len()];
    let mut parts = Vec::with_capacity(legs.len());
    let mut rest = roots.as_mut_slice();
    for (k, (leg, end)) in legs.iter().zip(&mut ends).enumerate() {
        let (own, others) = rest.split_at_mut(leg.count);
        rest = others;
        let leads_on = legs.get(k + 1).is_some_and(|next| next.is_joined);
        parts.push((leg, own, leads_on, end));
    }
    in_waves(parts.into_iter(), AT_ONCE, team, control, |(leg, own, leads_on, end)| {
        *end = leg.run(own, leads_on);
    })?;
    let mut at = 0;
    let (mut factor, mut exponent) = (1.0, 0);
    for (k, leg) in legs.iter().enumerate() {
        let Some(end) = ends[k] else { return Ok(None) };
        let own = &mut roots[at..at + leg.count];
        at += leg.count;
        for root in own {
            root.slope *= factor;
            root.exponent += exponent;
        }
        if legs.get(k + 1).is_some_and(|next| next.is_joined && next.count > 0) {
            let next = roots[at];
            factor *= (end.slope / next.slope).abs();
            exponent += end.exponent - next.exponent;
        }
    }
    Ok(Some(roots))
}

impl<E: Equation> Leg<E> {
    /// Find the roots and, where the leg `leads_on`, one more; the last one is returned.
    fn run(&self, roots: &mut [Root], leads_on: bool) -> Option<Root> {
        let mut last = Root::default();
        let Start { mut x, mut value, mut slope } = self.start;
        let mut exponent = 0;
        let mut angle = self.angle();
        for k in 0..self.count + usize::from(leads_on) {
            last = self.next(x, value, slope, angle)?;
            let shift = exponent_of(last.slope);
            last.slope = scaled(last.slope, -shift);
            exponent += shift;
            last.exponent = exponent;
            if k < self.count {
                roots[if self.is_reversed { self.count - 1 - k } else { k }] = last;
            }
            (x, value, slope) = (last.x, -last.slope * last.rest, last.slope);
            angle = -FRAC_PI_2;
        }
        Some(last)
    }

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
        let mut series = [0.0; TERMS];
        (series[0], series[1]) = (value, slope * h);
        self.equation.expand(x, h, &mut series);
        let largest = series.iter().fold(0.0_f64, |largest, a| largest.max(a.abs()));
        let len = series.iter().rposition(|a| a.abs() > 1e-19 * largest)? + 1;
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
