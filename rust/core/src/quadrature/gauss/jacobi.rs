//! Gauss-Jacobi rules by marching.

use super::gamma::{gamma, power_of_two};
use super::march::{Equation, Leg, Root, STEEP, Start, TRIES, look, march, room};
use super::rule::{Rule, no_root, require_above, require_nodes};
use super::scaled::Scaled;
use super::series::Recurrence;
use super::weighted::normalise;
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;

/// The `n`-point rule for `int_{-1}^{1} f(x) (1 - x)^alpha (1 + x)^beta dx`, exact for degree
/// `2n - 1`.
///
/// Marches the Jacobi polynomial in the distance from an end, from the middle to both sides. For
/// alpha and beta up to 80 nodes are accurate to 3e-16 and weights to 4e-13 of their own up to
/// n = 400; where an exponent is close to -1 weights lose up to `8e-16 n / (1 + exponent)`. The rule
/// carries `log_weights`. O(n) time, 64 bytes a node on the way.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, for `alpha` or `beta` that is not finite and above -1, and when a
/// root is not found (parameters far above n); [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_jacobi(
    n: usize,
    alpha: f64,
    beta: f64,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    require_above("alpha", alpha, -1.0, "finite and above -1")?;
    require_above("beta", beta, -1.0, "finite and above -1")?;
    let total = alpha + beta;
    let mass = power_of_two(total + 1.0)
        .times(gamma(alpha + 1.0))
        .times(gamma(beta + 1.0))
        .over(gamma(total + 2.0));
    if n == 1 {
        return normalise(vec![(beta - alpha) / (total + 2.0)], &[mass], mass, team);
    }
    let points = points(n, alpha, beta, team, control)?;
    let nodes = points.iter().map(Point::node).collect();
    let weights: Vec<_> = points.iter().map(|point| point.relative_weight(1.0)).collect();
    normalise(nodes, &weights, mass, team)
}

/// The `n`-point rule for `int_{-1}^{1} f(x) (1 - x^2)^(lambda - 1/2) dx`, exact for degree
/// `2n - 1`: [`gauss_jacobi`] with both parameters `lambda - 1/2`, made symmetric.
///
/// # Errors
/// As [`gauss_jacobi`]: `lambda` must be finite and above -1/2.
pub fn gauss_gegenbauer(
    n: usize,
    lambda: f64,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    require_above("lambda", lambda, -0.5, "finite and above -1/2")?;
    let mut rule = gauss_jacobi(n, lambda - 0.5, lambda - 0.5, team, control)?;
    for i in 0..n / 2 {
        let j = n - 1 - i;
        rule.nodes[j] = 0.5 * (rule.nodes[j] - rule.nodes[i]);
        rule.nodes[i] = -rule.nodes[j];
        let logs = rule.log_weights.iter_mut().map(Vec::as_mut_slice);
        for values in logs.chain([rule.weights.as_mut_slice()]) {
            // Half of each, since the sum may overflow.
            values[i] = 0.5 * values[i] + 0.5 * values[j];
            values[j] = values[i];
        }
    }
    if n % 2 == 1 {
        rule.nodes[n / 2] = 0.0;
    }
    Ok(rule)
}

/// A root by its distance from an end.
pub(super) struct Point {
    root: Root,
    /// Whether the distance is that from 1.
    is_right: bool,
}

impl Point {
    pub(super) fn node(&self) -> f64 {
        if self.is_right {
            (1.0 - self.root.x) - self.root.rest
        } else {
            (self.root.x - 1.0) + self.root.rest
        }
    }

    /// Distances from -1 and from 1.
    pub(super) fn distances(&self) -> (f64, f64) {
        let (near, far) = (self.root.x, 2.0 - self.root.x);
        if self.is_right { (far, near) } else { (near, far) }
    }

    /// `factor / ((1 - x^2) y'(x)^2)` up to a common constant.
    pub(super) fn relative_weight(&self, factor: f64) -> Scaled {
        let Root { x, slope, exponent, .. } = self.root;
        Scaled::new(factor, 0).over(Scaled::new(slope * slope * (x * (2.0 - x)), 2 * exponent))
    }
}

/// The roots of the Jacobi polynomial of degree `n >= 2`, ascending.
pub(super) fn points(
    n: usize,
    alpha: f64,
    beta: f64,
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<Point>, Error> {
    if n == 2 {
        let pair = pair(alpha, beta);
        return if pair[0].node() < pair[1].node() { Ok(pair.into()) } else { Err(no_root(n)) };
    }
    let roots = room(n)?;
    let legs = Jacobi::new(n, alpha, beta).legs(control)?;
    let roots = march(&legs, roots, team, control)?.ok_or_else(|| no_root(n))?;
    let sides = legs.iter().flat_map(|leg| {
        // The march towards -1 stores its roots backwards.
        std::iter::repeat_n(!leg.is_reversed, leg.count)
    });
    Ok(roots.into_iter().zip(sides).map(|(root, is_right)| Point { root, is_right }).collect())
}

/// Both roots for `n = 2`, of a quadratic in the distance from an end: a march from between them
/// would pass over one where an exponent is close to -1.
///
/// No difference is taken, so that distances keep every digit; slopes are opposite to each other.
fn pair(alpha: f64, beta: f64) -> [Point; 2] {
    let sum = alpha + beta + 3.0;
    let distance = |own: f64, other: f64| {
        2.0 * (own + 1.0) / (sum + sum.sqrt() * ((other + 2.0) / (own + 2.0)).sqrt())
    };
    let point = |x, is_right| Point { root: Root { x, slope: 1.0, ..Root::default() }, is_right };
    [point(distance(beta, alpha), false), point(distance(alpha, beta), true)]
}

/// The equation in the distance `t = 1 - x`,
/// `t (2 - t) y'' + (2 alpha + 2 - (alpha + beta + 2) t) y' + n (n + alpha + beta + 1) y = 0`.
///
/// With the parameters exchanged it is the equation in `t = 1 + x`.
#[derive(Debug, Clone, Copy)]
struct Jacobi {
    n: usize,
    alpha: f64,
    beta: f64,
}

impl Jacobi {
    fn new(n: usize, alpha: f64, beta: f64) -> Self {
        Self { n, alpha, beta }
    }

    fn exchanged(self) -> Self {
        Self { alpha: self.beta, beta: self.alpha, ..self }
    }

    /// The march left and right from the middle.
    fn legs(self, control: &dyn Control) -> Result<[Leg<Self>; 2], Error> {
        // The turning points, where q(s) = 0, are roots of a quadratic in cos s.
        let (a, b) = (self.alpha * self.alpha, self.beta * self.beta);
        let square = self.size() * self.size();
        let (linear, constant) = (0.5 * (b - a) / square, 1.0 + (0.5 - a - b) / (2.0 * square));
        let spread = (0.25 * linear * linear + constant).max(0.0).sqrt();
        let least = (0.5 * linear + spread).clamp(-1.0, 1.0).acos();
        let most = (0.5 * linear - spread).clamp(-1.0, 1.0).acos();
        let (x, slope, above) = self.start(0.5 * (least + most), control)?;
        let left = Leg {
            equation: self.exchanged(),
            start: Start { x: 1.0 + x, value: 1.0, slope },
            is_upward: false,
            count: self.n - above,
            is_reversed: true,
        };
        let right = Leg {
            equation: self,
            start: Start { x: 1.0 - x, value: 1.0, slope: -slope },
            count: above,
            is_reversed: false,
            ..left
        };
        Ok([left, right])
    }

    /// A point near `x = cos s`, not too close to a root, where `1 + x` and `1 - x` are exact; the
    /// logarithmic derivative there, and the number of roots above it.
    fn start(&self, mut s: f64, control: &dyn Control) -> Result<(f64, f64, usize), Error> {
        const GRID: f64 = (1_u64 << 40) as f64;
        let total = self.alpha + self.beta;
        let mut tries = 0;
        loop {
            let x = (s.cos() * GRID).round() / GRID;
            // Ratios of successive monic polynomials: as many are negative as roots lie above.
            let mut ratio = x - (self.beta - self.alpha) / (total + 2.0);
            let mut above = usize::from(ratio.is_sign_negative());
            let mut weight = 4.0 * (1.0 + self.alpha) * (1.0 + self.beta)
                / ((2.0 + total) * (2.0 + total) * (3.0 + total));
            for k in 1..self.n {
                look(k, control)?;
                let twice = 2.0 * k as f64 + total;
                let shift = (self.beta - self.alpha) * total / (twice * (twice + 2.0));
                ratio = x - shift - weight / ratio;
                above += usize::from(ratio.is_sign_negative());
                let next = (k + 1) as f64;
                let twice = twice + 2.0;
                weight = 4.0 * next * (next + self.alpha) * (next + self.beta) * (next + total)
                    / (twice * twice * (twice + 1.0) * (twice - 1.0));
            }
            // (1 - x^2) p' = (n (alpha - beta) / (2n + alpha + beta) - n x) p + c p_{n-1}, where c is
            // beta_n (2n + alpha + beta + 1).
            let n = self.n as f64;
            let twice = 2.0 * n + total;
            let slope = (n * ((self.alpha - self.beta) / twice - x)
                + weight * (twice + 1.0) / ratio)
                / ((1.0 - x) * (1.0 + x));
            tries += 1;
            if self.slant(1.0 - x, -slope).abs() < STEEP || tries == TRIES {
                return Ok((x, slope, above));
            }
            s -= 0.7 / self.frequency(s).0.sqrt();
        }
    }

    fn size(&self) -> f64 {
        self.n as f64 + 0.5 * (self.alpha + self.beta + 1.0)
    }
}

impl Equation for Jacobi {
    fn phase(&self, x: f64) -> f64 {
        2.0 * (0.5 * x).sqrt().min(1.0).asin()
    }

    fn position(&self, s: f64) -> f64 {
        let sin = (0.5 * s).sin();
        2.0 * sin * sin
    }

    fn speed(&self, s: f64) -> f64 {
        s.sin()
    }

    fn tilt(&self, s: f64) -> f64 {
        let tan = (0.5 * s).tan();
        0.5 * ((self.alpha + 0.5) / tan - (self.beta + 0.5) * tan)
    }

    fn frequency(&self, s: f64) -> (f64, f64) {
        let (sin, cos) = (0.5 * s).sin_cos();
        let near = (0.5 - self.alpha) * (0.5 + self.alpha) / (4.0 * sin * sin);
        let far = (0.5 - self.beta) * (0.5 + self.beta) / (4.0 * cos * cos);
        let size = self.size();
        let q = size * size + near + far;
        let least = 1e-3 * size;
        if q > least { (q, far * sin / cos - near * cos / sin) } else { (least, 0.0) }
    }

    const REACH: usize = 2;

    #[inline(always)]
    fn recurrence(&self, x: f64, h: f64) -> Recurrence {
        let total = self.alpha + self.beta;
        Recurrence {
            lead: x * (2.0 - x),
            first: -(2.0 * self.alpha + 2.0 - (total + 2.0) * x) * h,
            rise: -2.0 * (1.0 - x) * h,
            second: -h * h,
            ..Recurrence::default()
        }
    }

    #[inline(always)]
    fn factor(&self, degree: f64) -> f64 {
        let n = self.n as f64;
        (n - degree) * (n + degree + self.alpha + self.beta + 1.0)
    }
}
