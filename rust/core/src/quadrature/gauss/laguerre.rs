//! Gauss-Laguerre rules by marching.

use super::gamma::gamma;
use super::march::{Equation, Leg, Root, STEEP, Start, TRIES, look, march, room};
use super::rule::{Rule, no_root, require_above, require_nodes};
use super::scaled::Scaled;
use super::series::{Recurrence, TERMS};
use super::weighted::normalise;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;

/// The `n`-point rule for `int_0^inf f(x) x^alpha exp(-x) dx`, exact for degree `2n - 1`.
///
/// Marches `u = exp(-x / 2) L_n^(alpha)`, which obeys
/// `x u'' + (alpha + 1) u' + (n + (alpha + 1) / 2 - x / 4) u = 0`, from the middle to both sides;
/// where alpha is above n and n below 60, the polynomial itself, whose Taylor series ends.
/// For alpha up to 30 nodes are accurate to 2e-14 relative to themselves (the smallest to 1e-13
/// where alpha is near -1), weights to 2e-13. Weights out of the range of doubles are 0, or infinite
/// when alpha is above 170, and keep their `log_weights`. O(n) time, 64 bytes a node on the way.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, for `alpha` that is not finite and above -1, and when a root is not
/// found (alpha far above n, where digits are lost before); [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_laguerre(
    n: usize,
    alpha: f64,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    require_above("alpha", alpha, -1.0, "finite and above -1")?;
    let mass = gamma(alpha + 1.0);
    if n == 1 {
        return normalise(vec![alpha + 1.0], &[mass], mass, team);
    }
    let size = n as f64 + 0.5 * (alpha + 1.0);
    let ends = n < TERMS && alpha > n as f64;
    let equation = Laguerre { alpha, size, degree: ends.then_some(n as f64) };
    let roots = room(n)?;
    let legs = equation.legs(n, control)?;
    let roots = march(&legs, roots, team, control)?.ok_or_else(|| no_root(n))?;
    let nodes = roots.iter().map(|root| root.x).collect();
    let weights: Vec<_> = roots.iter().map(|root| equation.relative_weight(root)).collect();
    normalise(nodes, &weights, mass, team)
}

/// `x u'' + (alpha + 1) u' + (size - x / 4) u = 0`, `size = n + (alpha + 1) / 2`, or
/// `x y'' + (alpha + 1 - x) y' + n y = 0` where a degree n is given.
///
/// Where alpha is above n, roots lie so far apart that the decay of u costs digits of its series.
#[derive(Debug, Clone, Copy)]
struct Laguerre {
    alpha: f64,
    size: f64,
    degree: Option<f64>,
}

impl Laguerre {
    /// `exp(-x) / (x u'(x)^2)`, or `1 / (x y'(x)^2)`, up to a factor.
    fn relative_weight(&self, root: &Root) -> Scaled {
        let Root { x, rest, slope, exponent } = *root;
        let decay = match self.degree {
            None => Scaled::exp_negative(x, rest),
            Some(_) => Scaled::new(1.0, 0),
        };
        decay.over(Scaled::new(slope * slope * x, 2 * exponent))
    }

    /// The march down and up from the middle.
    fn legs(self, n: usize, control: &dyn Control) -> Result<[Leg<Self>; 2], Error> {
        // The turning points, where q(s) = 0: all roots lie between them.
        let middle = 2.0 * self.size;
        let spread = (middle * middle + self.bend()).max(0.0).sqrt();
        let low = (middle - spread).max(0.0).sqrt();
        let high = (middle + spread).sqrt();
        let (start, above) = self.start(n, 0.5 * (low + high), control)?;
        let up = Leg { equation: self, start, is_upward: true, count: above, is_reversed: false };
        let down = Leg { is_upward: false, count: n - above, is_reversed: true, ..up };
        Ok([down, up])
    }

    /// A start near s, not too close to a root, and the number of roots above it.
    fn start(&self, n: usize, mut s: f64, control: &dyn Control) -> Result<(Start, usize), Error> {
        let mut tries = 0;
        loop {
            let x = s * s;
            // Ratios of successive polynomials with positive leading coefficients: as many are
            // negative as roots lie above.
            let mut ratio = x - self.alpha - 1.0;
            let mut above = usize::from(ratio.is_sign_negative());
            for k in 1..n {
                look(k, control)?;
                let k = k as f64;
                ratio = x - (2.0 * k + 1.0 + self.alpha) - k * (k + self.alpha) / ratio;
                above += usize::from(ratio.is_sign_negative());
            }
            // The monic polynomial obeys x p' = n p + n (n + alpha) p_{n-1}.
            let size = n as f64;
            let slope = size * (1.0 + (size + self.alpha) / ratio) / x;
            let slope = if self.degree.is_none() { slope - 0.5 } else { slope };
            tries += 1;
            if self.slant(x, slope).abs() < STEEP || tries == TRIES {
                return Ok((Start { x, value: 1.0, slope }, above));
            }
            s += 0.7 / self.frequency(s).0.sqrt();
        }
    }

    /// The numerator of the last term of q.
    fn bend(&self) -> f64 {
        (0.5 - self.alpha) * (0.5 + self.alpha)
    }
}

impl Equation for Laguerre {
    fn phase(&self, x: f64) -> f64 {
        x.sqrt()
    }

    fn position(&self, s: f64) -> f64 {
        s * s
    }

    fn speed(&self, s: f64) -> f64 {
        2.0 * s
    }

    fn tilt(&self, s: f64) -> f64 {
        let tilt = (self.alpha + 0.5) / s;
        if self.degree.is_none() { tilt } else { tilt - s }
    }

    fn frequency(&self, s: f64) -> (f64, f64) {
        let bend = self.bend() / (s * s);
        let q = 4.0 * self.size - s * s + bend;
        let least = 1e-3 * self.size.cbrt();
        if q > least { (q, -2.0 * (s + bend / s)) } else { (least, 0.0) }
    }

    const REACH: usize = 3;

    #[inline(always)]
    fn recurrence(&self, x: f64, h: f64) -> Recurrence {
        match self.degree {
            None => Recurrence {
                lead: x,
                first: -(self.alpha + 1.0) * h,
                rise: -h,
                second: h * h * (0.25 * x - self.size),
                third: 0.25 * h * h * h,
                fourth: 0.0,
            },
            Some(_) => Recurrence {
                lead: x,
                first: -(self.alpha + 1.0 - x) * h,
                rise: -h,
                second: -h * h,
                ..Recurrence::default()
            },
        }
    }

    #[inline(always)]
    fn factor(&self, degree: f64) -> f64 {
        self.degree.map_or(1.0, |n| n - degree)
    }
}
