//! Gauss-Hermite rules by marching.

use std::f64::consts::{PI, SQRT_2, TAU};

use super::march::{Equation, Leg, Root, Start, march, room};
use super::rule::{Rule, no_root, require_nodes};
use super::scaled::Scaled;
use super::series::Recurrence;
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
    let (value, slope) = if n.is_multiple_of(2) { (1.0, 0.0) } else { (0.0, 1.0) };
    let leg = Leg {
        equation: Hermite { size: 2.0 * n as f64 + 1.0 },
        start: Start { x: 0.0, value, slope },
        is_upward: true,
        count: half,
        is_reversed: false,
    };
    let roots = march(&[leg], roots, team, control)?.ok_or_else(|| no_root(n))?;
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

/// `u'' + (size - x^2) u = 0`, `size = 2n + 1`.
#[derive(Debug, Clone, Copy)]
struct Hermite {
    size: f64,
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

    const REACH: usize = 4;

    #[inline(always)]
    fn recurrence(&self, x: f64, h: f64) -> Recurrence {
        let square = h * h;
        Recurrence {
            lead: 1.0,
            second: (x * x - self.size) * square,
            third: 2.0 * x * h * square,
            fourth: square * square,
            ..Recurrence::default()
        }
    }

    #[inline(always)]
    fn factor(&self, _: f64) -> f64 {
        1.0
    }
}
