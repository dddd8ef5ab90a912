//! The worst-case error of a lattice in a Korobov space of periodic functions.

use super::lattice::MAX_POINTS;
use crate::error::Error;
use crate::parallel::{BLOCK, Team};

/// Blocks of a thread between two looks at the caller's wish to stop.
const LOOK: usize = 16;

/// Most factors of a block.
const MOST_WORK: usize = 1 << 20;

/// `2 pi^2 B_2(k / n)` with the Bernoulli polynomial `B_2(t) = t^2 - t + 1/6`, that is
/// `sum over h != 0 of exp(2 pi i h k / n) / h^2`, for `k < n`.
///
/// Exactly symmetric, `omega(k, n) = omega(n - k, n)`, and without a rounded constant inside the
/// difference, whose error would not average out over the points.
#[inline]
pub(super) fn omega(k: u32, n: u32) -> f64 {
    let t = f64::from(k.min(n - k)) / f64::from(n);
    (std::f64::consts::PI * std::f64::consts::PI / 3.0) * (1.0 - 6.0 * t * (1.0 - t))
}

/// A sum and what rounding took from it (Neumaier, 1974).
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub(super) fn add(&mut self, x: f64) {
        let sum = self.high + x;
        let lost =
            if self.high.abs() >= x.abs() { (self.high - sum) + x } else { (x - sum) + self.high };
        *self = Self { high: sum, low: self.low + lost };
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.add(other.high);
        self.low += other.low;
    }

    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }
}

/// The weights `1 / j^2` (d,).
pub fn inverse_square_weights(dimension: usize) -> Vec<f64> {
    (1..=dimension).map(|j| 1.0 / (j as f64 * j as f64)).collect()
}

/// Refuse weights that are negative or not finite.
pub(super) fn require_weights(weights: &[f64]) -> Result<(), Error> {
    match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        None => Ok(()),
        Some(index) => Err(Error::Value {
            argument: "weights",
            rule: "finite and not negative",
            value: weights[index].to_string(),
            index: Some(index),
        }),
    }
}

/// The worst-case error of the lattice of `n` points with generating vector `generator` (d,).
///
/// The mean over its points, shifted or not, differs from the integral of any function of the
/// Korobov space with weights `gamma` (d,) by at most this number times the function's norm:
///
/// ```text
/// error^2 = -1 + (1/n) sum_k prod_j (1 + gamma_j 2 pi^2 B_2(frac(k z_j / n)))
/// ```
///
/// The norm is that of functions with mixed first derivatives in `L2`: a Fourier coefficient at `h`
/// counts `prod over h_j != 0 of |h_j| / sqrt(gamma_j)` times. The sum is compensated, so that its
/// rounding averages out over the points. O(n d) time on all threads of `team`; the bits do not
/// depend on their number.
///
/// # Errors
/// [`Error::Value`] naming `n` (1 to [`MAX_POINTS`]) or `weights`, [`Error::Shape`] when `weights`
/// and `generator` differ in length, and whatever `check` returns.
pub fn worst_case_error(
    n: u32,
    generator: &[u32],
    weights: &[f64],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<f64, Error> {
    if !(1..=MAX_POINTS).contains(&n) {
        let rule = "from 1 to 2147483648";
        return Err(Error::Value { argument: "n", rule, value: n.to_string(), index: None });
    }
    require_weights(weights)?;
    if generator.len() != weights.len() {
        return Err(Error::Shape {
            argument: "weights",
            expected: format!("length {} to match `generator`", generator.len()),
            found: format!("length {}", weights.len()),
        });
    }
    let product = |k: u64| {
        generator.iter().zip(weights).fold(1.0, |product, (&z, &weight)| {
            let multiple = (k * u64::from(z) % u64::from(n)) as u32;
            product * (1.0 + weight * omega(multiple, n))
        })
    };
    // Points k and n - k are alike.
    let (half, mut total) = (n / 2, Sum::default());
    let block = (MOST_WORK / weights.len().max(1)).clamp(1, BLOCK);
    let part = LOOK * block * team.n_threads();
    for start in (0..=half as usize).step_by(part) {
        check()?;
        let len = part.min(half as usize + 1 - start);
        let sums = team.map_blocks(len, block, |range| {
            let mut sum = Sum::default();
            for k in range {
                let k = (start + k) as u32;
                sum.add(multiplicity(k, n) * product(u64::from(k)));
            }
            sum
        });
        for sum in sums {
            total.merge(sum);
        }
    }
    Ok(error(total, n))
}

/// How many of the points `k` and `n - k` there are.
pub(super) fn multiplicity(k: u32, n: u32) -> f64 {
    if k == 0 || 2 * u64::from(k) == u64::from(n) { 1.0 } else { 2.0 }
}

/// The worst-case error where the products over all points sum to `total`.
pub(super) fn error(mut total: Sum, n: u32) -> f64 {
    total.add(-f64::from(n));
    (total.value() / f64::from(n)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_rounding_takes() {
        let mut sum = Sum::default();
        for x in [1.0, 1e100, 1.0, -1e100] {
            sum.add(x);
        }
        assert_eq!(sum.value(), 2.0);
    }

    /// In one dimension the error is `pi sqrt(gamma / 3) / n`: the dual lattice holds the multiples
    /// of n.
    #[test]
    fn one_dimension_has_a_closed_form() -> Result<(), Error> {
        for n in [1, 2, 3, 64, 1009, 1 << 20] {
            let found = worst_case_error(n, &[1], &[0.7], &Team::sequential(), &|| Ok(()))?;
            let exact = std::f64::consts::PI * (0.7_f64 / 3.0).sqrt() / f64::from(n);
            // Terms of order 1 with independent roundings sum to 3e-12 at n = 2^20.
            let rounding = f64::EPSILON / f64::from(n).sqrt() / (exact * exact);
            assert!((found / exact - 1.0).abs() < 4.0 * rounding + 1e-15, "{n}: {found}, {exact}");
        }
        Ok(())
    }
}
