//! Draws from `p_j^2 dmu` for one orthonormal polynomial `p_j` of one variable.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::draws::Draws;
use super::family::{Family, Recurrence};

/// Draws of one family, all degrees.
#[derive(Debug, Clone)]
pub(super) struct Sampler {
    family: Family,
    /// The constant of the arcsine bound for each degree from 1 on, for Jacobi weights.
    bounds: Vec<f64>,
}

impl Sampler {
    /// Prepare for degrees up to `degree`.
    pub(super) fn new(family: Family, degree: usize) -> Self {
        let bounds = match family {
            Family::Jacobi { alpha, beta } => {
                (0..=degree).map(|j| jacobi_bound(alpha, beta, j)).collect()
            }
            _ => Vec::new(),
        };
        Self { family, bounds }
    }

    /// A draw from `p_j^2 dmu`.
    pub(super) fn draw(&self, recurrence: &Recurrence, j: usize, draws: &mut Draws) -> f64 {
        match self.family {
            Family::Legendre if j == 0 => 2.0 * draws.open_uniform() - 1.0,
            // The bound |p_j^2| / 2 <= 2 times the arcsine density is Bernstein's.
            Family::Legendre => loop {
                let (x, sin) = arcsine(draws);
                let value = recurrence.last(x, j, 1.0);
                if draws.uniform() * (4.0 / PI) <= value * value * sin {
                    return x;
                }
            },
            Family::Chebyshev => loop {
                let theta = PI * draws.open_uniform();
                if j == 0 || draws.uniform() <= 0.5 * (1.0 + (2.0 * j as f64 * theta).cos()) {
                    return theta.cos();
                }
            },
            Family::Jacobi { alpha, beta } => loop {
                let theta = PI * draws.open_uniform();
                let (sin, cos) = (0.5 * theta).sin_cos();
                let x = theta.cos();
                let value = recurrence.last(x, j, 1.0);
                let shape =
                    (2.0 * sin * sin).powf(alpha + 0.5) * (2.0 * cos * cos).powf(beta + 0.5);
                if draws.uniform() * self.bounds[j] <= value * value * shape {
                    return x;
                }
            },
            Family::Hermite => {
                let bits = draws.bits();
                let tail = ((bits >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0);
                let x = invert(2.0 * (j as f64).sqrt() + 12.0, tail, |x| {
                    hermite_tail(recurrence, j, x)
                });
                // The lowest bit is not part of the tail, so the sign is independent of it.
                if bits & 1 == 0 { x } else { -x }
            }
            Family::Laguerre => {
                let degree = j as f64;
                let upper = 4.0 * degree + 60.0 + 20.0 * degree.cbrt();
                invert(upper, draws.open_uniform(), |x| laguerre_tail(recurrence, j, x))
            }
        }
    }
}

/// A draw of the arcsine law and the sine of its angle.
fn arcsine(draws: &mut Draws) -> (f64, f64) {
    let (sin, cos) = (PI * draws.open_uniform()).sin_cos();
    (cos, sin)
}

/// The largest value of `p_j^2 (1 - x)^(alpha + 1/2) (1 + x)^(beta + 1/2)`: Chow, Gatteschi and
/// Wong, "A Bernstein-type inequality for the Jacobi polynomial" (1994), for degrees from 1 on.
fn jacobi_bound(alpha: f64, beta: f64, j: usize) -> f64 {
    let (p, q) = (alpha + 0.5, beta + 0.5);
    if j == 0 {
        let sum = p + q;
        return if sum == 0.0 { 1.0 } else { (2.0 * p / sum).powf(p) * (2.0 * q / sum).powf(q) };
    }
    let (s, n, most) = (alpha + beta, j as f64, alpha.max(beta));
    let gamma = libm::lgamma;
    // The squared norm of P_j over the mass of the weight, both without their power of 2.
    let norm = gamma(n + alpha + 1.0) + gamma(n + beta + 1.0)
        - gamma(n + 1.0)
        - gamma(n + s + 1.0)
        - (2.0 * n + s + 1.0).ln();
    let mass = gamma(alpha + 1.0) + gamma(beta + 1.0) - gamma(s + 2.0);
    let bound = gamma(most + n + 1.0)
        - gamma(n + 1.0)
        - 0.5 * PI.ln()
        - (most + 0.5) * (n + 0.5 * (s + 1.0)).ln();
    // The inequality is attained to 1e-5, so rounding of the logarithms needs room.
    2f64.powf(s + 1.0) * (mass + 2.0 * bound - norm).exp() * (1.0 + 1e-12)
}

/// `P(|X| > x)` and its negative derivative under `p_j^2` times the standard normal density.
///
/// With `(p_k p_{k-1} phi)' = sqrt(k) (p_{k-1}^2 - p_k^2) phi` the integral is a finite sum.
fn hermite_tail(recurrence: &Recurrence, j: usize, x: f64) -> (f64, f64) {
    let (mut sum, mut before, mut last) = (0.0, 0.0, 0.0);
    recurrence.walk(x, j, (-0.25 * x * x).exp(), |k, value| {
        if k > 0 {
            sum += value * before / (k as f64).sqrt();
        }
        (before, last) = (value, value);
    });
    let scale = 2.0 / (2.0 * PI).sqrt();
    (libm::erfc(x * FRAC_1_SQRT_2) + scale * sum, scale * last * last)
}

/// `P(X > x)` and its negative derivative under `p_j^2 exp(-x)`.
///
/// `p_k = (-1)^k L_k`, and the tail is `exp(-x) (1 + sum_k (L_k - L_{k-1})^2)`: no cancellation.
fn laguerre_tail(recurrence: &Recurrence, j: usize, x: f64) -> (f64, f64) {
    let (mut sum, mut before, mut last) = (0.0, 0.0, 0.0);
    recurrence.walk(x, j, (-0.5 * x).exp(), |_, value| {
        sum += (value + before) * (value + before);
        (before, last) = (value, value);
    });
    (sum, last * last)
}

/// Where a decreasing tail function from 1 at 0 has a given value, on `[0, upper]`.
///
/// Newton's step, and bisection where it leaves the bracket: near a zero of the density it would.
fn invert(upper: f64, target: f64, tail: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (0.0, upper);
    let mut x = 0.5 * upper;
    for _ in 0..200 {
        let (value, density) = tail(x);
        let excess = value - target;
        if excess > 0.0 {
            low = x;
        } else {
            high = x;
        }
        let step = x + excess / density;
        // Written so that a density of zero leads to bisection.
        let next = if step > low && step < high { step } else { 0.5 * (low + high) };
        if (next - x).abs() <= 1e-14 * (1.0 + x) || next == x {
            return next;
        }
        x = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Kolmogorov's distance of draws to a distribution function, times sqrt(n).
    fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        let gap = |(i, &x): (usize, &f64)| {
            let value = cdf(x);
            (value - i as f64 / n).abs().max(((i + 1) as f64 / n - value).abs())
        };
        draws.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt()
    }

    /// The distribution function by quadrature over the angle of a measure on `[-1, 1]`.
    #[expect(clippy::cast_sign_loss, reason = "an angle is not negative")]
    fn angle_cdf(family: Family, j: usize) -> impl Fn(f64) -> f64 {
        let recurrence = family.recurrence(j);
        let cells = 20_000_usize;
        let density = |theta: f64| {
            let (sin, cos) = (0.5 * theta).sin_cos();
            let shape = match family {
                Family::Legendre => 2.0 * sin * cos,
                Family::Chebyshev => 1.0,
                Family::Jacobi { alpha, beta } => {
                    (sin * sin).powf(alpha + 0.5) * (cos * cos).powf(beta + 0.5)
                }
                _ => unreachable!(),
            };
            recurrence.last(theta.cos(), j, 1.0).powi(2) * shape
        };
        let mut sums = vec![0.0];
        for cell in 0..cells {
            let middle = (cell as f64 + 0.5) / cells as f64 * PI;
            sums.push(sums[cell] + density(middle));
        }
        move |x: f64| {
            let place = x.acos() / PI * cells as f64;
            let cell = (place as usize).min(cells - 1);
            let sum = sums[cell] + (place - cell as f64) * (sums[cell + 1] - sums[cell]);
            1.0 - sum / sums[cells]
        }
    }

    #[test]
    fn draws_follow_the_squared_polynomial() {
        let n = 20_000;
        for (task, family) in [
            Family::Legendre,
            Family::Chebyshev,
            Family::Jacobi { alpha: 0.5, beta: 0.0 },
            Family::Jacobi { alpha: -0.5, beta: 0.25 },
            Family::Jacobi { alpha: -0.3, beta: -0.4 },
        ]
        .into_iter()
        .enumerate()
        {
            for j in [0, 1, 5, 17] {
                let (recurrence, sampler) = (family.recurrence(j), Sampler::new(family, j));
                let mut draws = Draws::new(Stream::new(5, task as u32, j as u32), 0);
                let values = (0..n).map(|_| sampler.draw(&recurrence, j, &mut draws)).collect();
                let found = distance(values, angle_cdf(family, j));
                // Above 2.7 once in a million runs.
                assert!(found < 2.7, "{family:?} {j} {found}");
            }
        }
    }

    #[test]
    fn tails_are_integrals_of_the_density() {
        for (family, j, end) in [
            (Family::Hermite, 0, 12.0),
            (Family::Hermite, 7, 20.0),
            (Family::Hermite, 60, 30.0),
            (Family::Laguerre, 0, 50.0),
            (Family::Laguerre, 9, 120.0),
        ] {
            let recurrence = family.recurrence(j);
            let tail = |x: f64| match family {
                Family::Hermite => hermite_tail(&recurrence, j, x),
                _ => laguerre_tail(&recurrence, j, x),
            };
            assert!((tail(0.0).0 - 1.0).abs() < 1e-13);
            assert!(tail(end).0.abs() < 1e-13);
            // Simpson's rule of the density, whose step is small against its waves.
            let cells = 100_000;
            let step = end / f64::from(cells);
            let mut sum = 0.0;
            for cell in (0..cells).rev() {
                let x = f64::from(cell) * step;
                let middle = tail(x + 0.5 * step).1;
                sum += step / 6.0 * (tail(x).1 + 4.0 * middle + tail(x + step).1);
                if cell % 10_000 == 0 {
                    assert!((sum - tail(x).0).abs() < 1e-11, "{family:?} {j} {x}");
                }
            }
        }
    }

    #[test]
    fn unbounded_draws_invert_their_tail() {
        for family in [Family::Hermite, Family::Laguerre] {
            for j in [0, 1, 6, 40, 150] {
                let (recurrence, sampler) = (family.recurrence(j), Sampler::new(family, j));
                let mut draws = Draws::new(Stream::new(6, 0, j as u32), 0);
                let values: Vec<f64> =
                    (0..4000).map(|_| sampler.draw(&recurrence, j, &mut draws)).collect();
                let found = distance(values, |x| match family {
                    Family::Hermite if x < 0.0 => 0.5 * hermite_tail(&recurrence, j, -x).0,
                    Family::Hermite => 1.0 - 0.5 * hermite_tail(&recurrence, j, x).0,
                    _ => 1.0 - laguerre_tail(&recurrence, j, x).0,
                });
                assert!(found < 2.7, "{family:?} {j} {found}");
            }
        }
    }

    #[test]
    fn jacobi_bounds_hold_and_are_attained() {
        for (alpha, beta) in [(0.5, 0.5), (0.0, 0.0), (-0.5, 0.5), (0.2, -0.4), (-0.5, -0.5)] {
            let recurrence = Family::Jacobi { alpha, beta }.recurrence(30);
            for j in [0, 1, 2, 9, 30] {
                let bound = jacobi_bound(alpha, beta, j);
                let largest = (0..200_001)
                    .map(|i| {
                        let theta = PI * f64::from(i) / 200_000.0;
                        let (sin, cos) = (0.5 * theta).sin_cos();
                        recurrence.last(theta.cos(), j, 1.0).powi(2)
                            * (2.0 * sin * sin).powf(alpha + 0.5)
                            * (2.0 * cos * cos).powf(beta + 0.5)
                    })
                    .fold(0.0, f64::max);
                assert!(largest <= bound, "{alpha} {beta} {j} {largest} {bound}");
                assert!(largest > 0.9 * bound, "{alpha} {beta} {j} {largest} {bound}");
            }
        }
    }
}
