//! Orthonormal polynomials in one variable, each under its own probability measure.

use crate::error::Error;

/// Points that are worked on side by side.
pub(super) const LANES: usize = 8;

/// Highest degrees on unbounded ranges: squares of higher ones overflow where points are drawn.
const MAX_HERMITE: usize = 300;
const MAX_LAGUERRE: usize = 150;

/// A probability measure and the polynomials that are orthonormal under it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Family {
    /// The uniform measure on `[-1, 1]`.
    Legendre,
    /// The density `1 / (pi sqrt(1 - x^2))` on `[-1, 1]`: polynomials of the first kind.
    Chebyshev,
    /// The density in proportion to `(1 - x)^alpha (1 + x)^beta` on `[-1, 1]`.
    Jacobi {
        /// Exponent at 1, in `[-1/2, 1/2]`.
        alpha: f64,
        /// Exponent at -1, in `[-1/2, 1/2]`.
        beta: f64,
    },
    /// The standard normal measure.
    Hermite,
    /// The density `exp(-x)` on `[0, inf)`.
    Laguerre,
}

impl Family {
    /// Refuse exponents without a sampler, and degrees whose values overflow.
    pub(super) fn check(self, degree: usize) -> Result<(), Error> {
        if let Self::Jacobi { alpha, beta } = self {
            for (argument, value) in [("alpha", alpha), ("beta", beta)] {
                if !(-0.5..=0.5).contains(&value) {
                    return Err(Error::Value {
                        argument,
                        rule: "between -1/2 and 1/2",
                        value: value.to_string(),
                        index: None,
                    });
                }
            }
        }
        let (highest, rule) = match self {
            Self::Hermite => (MAX_HERMITE, "at most 300 for kind 'hermite'"),
            Self::Laguerre => (MAX_LAGUERRE, "at most 150 for kind 'laguerre'"),
            _ => return Ok(()),
        };
        if degree > highest {
            let value = degree.to_string();
            return Err(Error::Value { argument: "degree", rule, value, index: None });
        }
        Ok(())
    }

    /// The recurrence `x p_k = b_{k+1} p_{k+1} + a_k p_k + b_k p_{k-1}`: `a_k` and `b_{k+1}`.
    fn coefficients(self, k: usize) -> (f64, f64) {
        let x = k as f64;
        let next = x + 1.0;
        match self {
            Self::Legendre => (0.0, next / (4.0 * next * next - 1.0).sqrt()),
            Self::Chebyshev => (0.0, if k == 0 { 0.5_f64.sqrt() } else { 0.5 }),
            Self::Hermite => (0.0, next.sqrt()),
            Self::Laguerre => (2.0 * x + 1.0, next),
            Self::Jacobi { alpha, beta } => {
                let (s, t) = (alpha + beta, 2.0 * x + alpha + beta);
                if k == 0 {
                    let square =
                        4.0 * (1.0 + alpha) * (1.0 + beta) / ((2.0 + s).powi(2) * (3.0 + s));
                    return ((beta - alpha) / (s + 2.0), square.sqrt());
                }
                let centre = (beta - alpha) * s / (t * (t + 2.0));
                let u = t + 2.0;
                let square = 4.0 * next * (next + alpha) * (next + beta) * (next + s)
                    / (u * u * (u + 1.0) * (u - 1.0));
                (centre, square.sqrt())
            }
        }
    }

    /// The steps of the recurrence up to a degree.
    pub(super) fn recurrence(self, degree: usize) -> Recurrence {
        let mut before = 0.0;
        let steps = (0..degree)
            .map(|k| {
                let (centre, after) = self.coefficients(k);
                let step = Step { slope: 1.0 / after, centre, back: before / after };
                before = after;
                step
            })
            .collect();
        Recurrence { steps }
    }
}

#[derive(Debug, Clone, Copy)]
struct Step {
    slope: f64,
    centre: f64,
    back: f64,
}

/// The three-term recurrence of orthonormal polynomials.
#[derive(Debug, Clone)]
pub(super) struct Recurrence {
    steps: Vec<Step>,
}

impl Recurrence {
    /// The values of all degrees at several points, `values[k] = p_k(points)` times `first`.
    #[inline(always)]
    pub(super) fn fill(&self, points: &[f64; LANES], values: &mut [[f64; LANES]]) {
        values[0] = [1.0; LANES];
        let mut before = [0.0; LANES];
        for (k, step) in self.steps.iter().enumerate() {
            let now = values[k];
            let after = &mut values[k + 1];
            for lane in 0..LANES {
                after[lane] = (points[lane] - step.centre) * step.slope * now[lane]
                    - step.back * before[lane];
            }
            before = now;
        }
    }

    /// `first p_k(x)` of each degree up to `degree`, handed to `visit` one after the other.
    pub(super) fn walk(
        &self,
        x: f64,
        degree: usize,
        first: f64,
        mut visit: impl FnMut(usize, f64),
    ) {
        let (mut before, mut now) = (0.0, first);
        visit(0, now);
        for (k, step) in self.steps[..degree].iter().enumerate() {
            let after = (x - step.centre) * step.slope * now - step.back * before;
            (before, now) = (now, after);
            visit(k + 1, now);
        }
    }

    /// `first p_degree(x)`.
    pub(super) fn last(&self, x: f64, degree: usize, first: f64) -> f64 {
        let mut last = first;
        self.walk(x, degree, first, |_, value| last = value);
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Team;
    use crate::quadrature::gauss::gauss_legendre;

    /// A density on an interval that holds all of the measure but what rounding loses, mapped so
    /// that end singularities vanish: `x = g(t)`, density times `g'(t)`.
    fn integral(family: Family, f: impl Fn(f64) -> f64) -> f64 {
        let rule = gauss_legendre(400, false, &Team::sequential(), &()).unwrap();
        let mass = |g: &dyn Fn(f64) -> (f64, f64)| -> (f64, f64) {
            rule.nodes.iter().zip(&rule.weights).fold((0.0, 0.0), |(total, one), (t, w)| {
                let (x, density) = g(*t);
                (total + w * density * f(x), one + w * density)
            })
        };
        let (total, one) = match family {
            Family::Hermite => mass(&|t| (14.0 * t, (-98.0 * t * t).exp())),
            Family::Laguerre => mass(&|t| (60.0 * (t + 1.0), (-60.0 * (t + 1.0)).exp())),
            Family::Legendre => mass(&|t| (t, 1.0)),
            Family::Chebyshev => mass(&|t| ((std::f64::consts::FRAC_PI_2 * t).sin(), 1.0)),
            Family::Jacobi { alpha, beta } => mass(&|t| {
                let angle = std::f64::consts::FRAC_PI_4 * (1.0 - t);
                let (sin, cos) = angle.sin_cos();
                let x = (2.0 * angle).cos();
                (x, sin.powf(2.0 * alpha + 1.0) * cos.powf(2.0 * beta + 1.0))
            }),
        };
        total / one
    }

    #[test]
    fn polynomials_are_orthonormal_under_their_measure() {
        for family in [
            Family::Legendre,
            Family::Chebyshev,
            Family::Hermite,
            Family::Laguerre,
            Family::Jacobi { alpha: 0.5, beta: 0.0 },
            Family::Jacobi { alpha: -0.5, beta: 0.5 },
        ] {
            let recurrence = family.recurrence(12);
            for i in 0..=12 {
                for j in 0..=i {
                    let found = integral(family, |x| {
                        recurrence.last(x, i, 1.0) * recurrence.last(x, j, 1.0)
                    });
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((found - expected).abs() < 1e-10, "{family:?} {i} {j} {found}");
                }
            }
        }
    }

    #[test]
    fn lanes_and_single_points_agree() {
        let family = Family::Jacobi { alpha: 0.3, beta: -0.2 };
        let recurrence = family.recurrence(20);
        let points: [f64; LANES] = std::array::from_fn(|i| (i as f64).sin());
        let mut values = [[0.0; LANES]; 21];
        recurrence.fill(&points, &mut values);
        for (k, row) in values.iter().enumerate() {
            for lane in 0..LANES {
                assert_eq!(row[lane], recurrence.last(points[lane], k, 1.0));
            }
        }
    }
}
