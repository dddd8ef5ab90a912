//! Gauss-Hermite rules by marching.

use std::f64::consts::{PI, SQRT_2, TAU};

use super::march::{Equation, Leg, Root, STEEP, Start, TERMS, TRIES, look, march, room, starts};
use super::rule::{Rule, no_root, require_nodes};
use super::scaled::Scaled;
use super::weighted::normalise;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;

/// The weight function of a Gauss-Hermite rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HermiteWeight {
    /// `exp(-x^2)`.
    Physicist,
    /// `exp(-x^2 / 2)`.
    Probabilist,
}

/// The `n`-point rule for `int f(x) exp(-x^2) dx` over the line, or `exp(-x^2 / 2)`, exact for
/// polynomials of degree `2n - 1`.
///
/// Marches `u = exp(-x^2 / 2) H_n`, which obeys `u'' = -(2n + 1 - x^2) u`, from 0 outwards. Nodes
/// are accurate to 3e-15 relative to themselves, weights to 2e-13. Weights that underflow (from
/// n = 370 on there are some) are 0 and keep their `log_weights`. O(n) time, 64 bytes a node on the
/// way.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_hermite(
    n: usize,
    weight: HermiteWeight,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    let half = n / 2;
    let roots = room(half)?;
    let legs = legs(n, control)?;
    let roots = march(&legs, roots, team, control)?.ok_or_else(|| no_root(n))?;
    let scale = if weight == HermiteWeight::Physicist { 1.0 } else { SQRT_2 };
    let mass = if weight == HermiteWeight::Physicist { PI } else { TAU };
    let mut nodes = Vec::with_capacity(n);
    let mut weights = Vec::with_capacity(n);
    nodes.extend(roots.iter().rev().map(|root| -scale * root.x));
    weights.extend(roots.iter().rev().map(relative_weight));
    if n % 2 == 1 {
        nodes.push(0.0);
        weights.push(Scaled::new(1.0, 0));
    }
    nodes.extend(roots.iter().map(|root| scale * root.x));
    weights.extend_from_within(..half);
    weights[n - half..].reverse();
    normalise(nodes, &weights, Scaled::new(mass.sqrt(), 0), team)
}

/// `exp(-x^2) / u'(x)^2` in the units of a slope of 1 at the middle.
fn relative_weight(root: &Root) -> Scaled {
    let Root { x, rest, slope, exponent } = *root;
    // The square in two parts, the first exact.
    let high = f64::from(x as f32);
    let low = (x - high) * (x + high);
    Scaled::exp_negative(high * high, low + 2.0 * x * rest)
        .over(Scaled::new(slope * slope, 2 * exponent))
}

/// The march over the positive roots.
fn legs(n: usize, control: &dyn Control) -> Result<Vec<Leg<Hermite>>, Error> {
    let equation = Hermite { size: 2.0 * n as f64 + 1.0 };
    let leg = Leg {
        equation,
        start: Start { x: 0.0, value: 1.0, slope: 0.0 },
        is_upward: true,
        count: n / 2,
        is_reversed: false,
        is_joined: false,
    };
    let mut first = leg;
    if n % 2 == 1 {
        first.start = Start { x: 0.0, value: 0.0, slope: 1.0 };
    }
    let mut legs = vec![first];
    let count = starts(n);
    for k in 1..count {
        let x = equation.size.sqrt() * k as f64 / count as f64;
        let (start, above) = equation.start(n, x, control)?;
        if let Some(before) = legs.last_mut() {
            before.count -= above;
        }
        legs.push(Leg { start, count: above, is_joined: true, ..leg });
    }
    Ok(legs)
}

/// `u'' + (size - x^2) u = 0`, `size = 2n + 1`.
#[derive(Debug, Clone, Copy)]
struct Hermite {
    size: f64,
}

impl Hermite {
    /// A start near x, not too close to a root, and the number of roots above it.
    fn start(self, n: usize, mut x: f64, control: &dyn Control) -> Result<(Start, usize), Error> {
        let mut tries = 0;
        loop {
            // Ratios of successive orthonormal polynomials: as many are negative as roots lie above.
            let mut ratio = SQRT_2 * x;
            let mut above = usize::from(ratio.is_sign_negative());
            for k in 1..n {
                look(k, control)?;
                let next = (k + 1) as f64;
                ratio = (2.0 / next).sqrt() * x - (k as f64 / next).sqrt() / ratio;
                above += usize::from(ratio.is_sign_negative());
            }
            let slope = (2.0 * n as f64).sqrt() / ratio - x;
            tries += 1;
            if self.slant(x, slope).abs() < STEEP || tries == TRIES {
                return Ok((Start { x, value: 1.0, slope }, above));
            }
            x += 0.7 / self.frequency(x).0.sqrt();
        }
    }
}

impl Equation for Hermite {
    fn phase(&self, x: f64) -> f64 {
        x
    }

    fn position(&self, s: f64) -> f64 {
        s
    }

    fn speed(&self, _: f64) -> f64 {
        1.0
    }

    fn tilt(&self, _: f64) -> f64 {
        0.0
    }

    fn frequency(&self, s: f64) -> (f64, f64) {
        let q = self.size - s * s;
        let least = 1e-3 * self.size.cbrt();
        if q > least { (q, -2.0 * s) } else { (least, 0.0) }
    }

    fn expand(&self, x: f64, h: f64, series: &mut [f64; TERMS]) {
        let square = h * h;
        let (c0, c1, c2) = ((x * x - self.size) * square, 2.0 * x * h * square, square * square);
        for k in 0..TERMS - 2 {
            let mut sum = c0 * series[k];
            if k >= 1 {
                sum += c1 * series[k - 1];
            }
            if k >= 2 {
                sum += c2 * series[k - 2];
            }
            series[k + 2] = sum / ((k + 1) * (k + 2)) as f64;
        }
    }
}
