//! The fast component-by-component construction of a generating vector.
//!
//! Nuyens and Cools, "Fast algorithms for component-by-component construction of rank-1 lattice
//! rules in shift-invariant reproducing kernel Hilbert spaces", Math. Comp. 75 (2006), for prime
//! `n`; "Fast component-by-component construction of rank-1 lattice rules with a non-prime number of
//! points", J. Complexity 22 (2006), for powers of two.
//!
//! Given the products `p_k` over the components so far, the next component minimises
//! `sum_k p_k omega(k z / n)` over the units `z` modulo `n`. Multiplication of the `k` with one
//! greatest common divisor with `n` by a unit is, up to a sign that changes nothing, a rotation of
//! a cycle of powers (of 5 modulo `2^q`, of a primitive root modulo a prime): the sums for all `z`
//! are cyclic correlations.

use super::correlation::Correlation;
use super::korobov::{Sum, error, multiplicity, omega, require_weights};
use super::lattice::MAX_POINTS;
use crate::error::{Error, try_vec};

type Check<'a> = &'a dyn Fn() -> Result<(), Error>;

/// Candidates this close to the minimum, relatively, tie; the smallest is taken.
const TIE: f64 = 1e-10;

/// Multiples between two looks at the caller's wish to stop.
const LOOK: usize = 1 << 20;

/// Roundings of a correlation, relative to the product of norms, for each halving of its length.
const ROUNDING: f64 = 2.0 * f64::EPSILON;

/// A generating vector and how good it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Construction {
    /// The generating vector (d,).
    pub generator: Vec<u32>,
    /// Its worst-case error, as [`worst_case_error`](super::worst_case_error) defines it.
    pub worst_case_error: f64,
}

/// One cycle of multiples under the units.
struct Cycle {
    /// `min(k, n - k)` for consecutive powers.
    members: Vec<u32>,
    /// Correlations with `omega(k / n)` over the members.
    correlation: Correlation,
    /// Euclidean norm of `omega(k / n)` over the members.
    norm: f64,
}

impl Cycle {
    /// The multiples `scale base^b modulo n`, `b < len`.
    fn new(n: u32, scale: u32, base: u32, len: usize, check: Check<'_>) -> Result<Self, Error> {
        let mut members = try_vec(len, 0)?;
        let mut k = u64::from(scale);
        for members in members.chunks_mut(LOOK) {
            check()?;
            for member in members {
                *member = fold(k as u32, n);
                k = k * u64::from(base) % u64::from(n);
            }
        }
        let values: Vec<f64> = members.iter().map(|&k| omega(k, n)).collect();
        let norm = values.iter().map(|x| x * x).sum::<f64>().sqrt();
        Ok(Self { members, correlation: Correlation::new(&values, check)?, norm })
    }
}

/// Build a good generating vector for `n` points and weights `gamma` (d,), component by component.
///
/// The first component is 1; each further one minimises the worst-case error of the components so
/// far. Of candidates whose squared errors tie, to 1e-10 or to the rounding of the transforms, the
/// smallest is taken: `z` and `n - z` always tie, others often. O(d n log n) time on the calling
/// thread, O(n) memory (about 40 n bytes); the same vector on every CPU.
///
/// # Errors
/// [`Error::Value`] naming `n` unless it is a power of two or a prime, at most [`MAX_POINTS`], or
/// `weights` when one is negative or not finite; [`Error::TooLarge`], and whatever `check` returns.
///
/// ```
/// use hasten_core::qmc::{component_by_component, inverse_square_weights};
///
/// let lattice = component_by_component(1024, &inverse_square_weights(8), &|| Ok(()))?;
/// assert_eq!(lattice.generator[0], 1);
/// assert!(lattice.worst_case_error < 0.1);
/// # Ok::<(), hasten_core::Error>(())
/// ```
pub fn component_by_component(
    n: u32,
    weights: &[f64],
    check: Check<'_>,
) -> Result<Construction, Error> {
    let cycles = cycles(n, check)?;
    require_weights(weights)?;
    let mut products = try_vec(n as usize / 2 + 1, 1.0)?;
    let mut generator = Vec::with_capacity(weights.len());
    let mut total = sum(&products, n);
    for (j, &weight) in weights.iter().enumerate() {
        check()?;
        let z = if j == 0 { 1 } else { best(&cycles, &products, total, weight, n, check)? };
        let mut k = 0;
        for products in products.chunks_mut(LOOK) {
            check()?;
            for product in products {
                *product *= 1.0 + weight * omega(k, n);
                k = ((u64::from(k) + u64::from(z)) % u64::from(n)) as u32;
            }
        }
        generator.push(z);
        total = sum(&products, n);
    }
    Ok(Construction { generator, worst_case_error: error(total, n) })
}

/// Sum of the products over all points, of which `k` and `n - k` are alike.
fn sum(products: &[f64], n: u32) -> Sum {
    let mut sum = Sum::default();
    products.iter().zip(0..).for_each(|(p, k)| sum.add(multiplicity(k, n) * p));
    sum
}

/// The smallest of the units, up to sign, that lead to the least error.
fn best(
    cycles: &[Cycle],
    products: &[f64],
    total: Sum,
    weight: f64,
    n: u32,
    check: Check<'_>,
) -> Result<u32, Error> {
    // The last cycle is that of the units.
    let Some(units) = cycles.last() else { return Ok(1) };
    let mut sums = try_vec(units.members.len(), 0.0)?;
    let mut rounding = 0.0;
    for cycle in cycles {
        let x = || cycle.members.iter().map(|&k| products[k as usize]);
        let correlation = cycle.correlation.with(x(), check)?;
        for (sum, c) in sums.iter_mut().zip(correlation.iter().cycle()) {
            *sum += 2.0 * c;
        }
        let stages = f64::from(cycle.correlation.size().ilog2() + 1);
        rounding += 2.0 * stages * cycle.norm * x().map(|x| x * x).sum::<f64>().sqrt();
    }
    let least = sums.iter().copied().fold(f64::INFINITY, f64::min);
    let mut squared_error = total;
    squared_error.add(-f64::from(n));
    for k in fixed(n) {
        squared_error.add(multiplicity(k, n) * weight * products[k as usize] * omega(k, n));
    }
    squared_error.add(weight * least);
    let tie = TIE * squared_error.value().max(0.0) + weight * ROUNDING * rounding;
    let tied = |&(&sum, _): &(&f64, &u32)| weight * (sum - least) <= tie;
    let smallest = sums.iter().zip(&units.members).filter(tied).map(|(_, &z)| z).min();
    Ok(smallest.unwrap_or(1))
}

/// The multiples, up to sign, that no unit moves: they lie in no cycle.
fn fixed(n: u32) -> Vec<u32> {
    if n.is_power_of_two() {
        let mut fixed = vec![0];
        fixed.extend([4, 2].iter().filter(|&&q| n >= q).map(|q| n / q));
        fixed
    } else {
        vec![0]
    }
}

/// The cycles of multiples, that of the units last.
fn cycles(n: u32, check: Check<'_>) -> Result<Vec<Cycle>, Error> {
    if n.is_power_of_two() && n <= MAX_POINTS {
        // Modulo 2^q the units are plus and minus the 2^(q-2) powers of 5.
        return (3..=n.ilog2()).map(|q| Cycle::new(n, n >> q, 5, 1 << (q - 2), check)).collect();
    }
    match primitive_root(n) {
        Some(root) if n < MAX_POINTS => Ok(vec![Cycle::new(n, 1, root, n as usize / 2, check)?]),
        _ => Err(Error::Value {
            argument: "n",
            rule: "a power of two or a prime, at most 2147483648",
            value: n.to_string(),
            index: None,
        }),
    }
}

/// The smaller of `k` and `n - k`.
fn fold(k: u32, n: u32) -> u32 {
    k.min(n - k)
}

/// The smallest primitive root modulo an odd prime; none for other numbers.
fn primitive_root(n: u32) -> Option<u32> {
    if n < 3 || prime_factors(n) != [n] {
        return None;
    }
    let factors = prime_factors(n - 1);
    (2..n).find(|&g| factors.iter().all(|&f| power(g, (n - 1) / f, n) != 1))
}

/// The distinct prime factors, ascending.
fn prime_factors(mut n: u32) -> Vec<u32> {
    let (mut factors, mut f) = (Vec::new(), 2);
    while u64::from(f) * u64::from(f) <= u64::from(n) {
        if n.is_multiple_of(f) {
            factors.push(f);
            while n.is_multiple_of(f) {
                n /= f;
            }
        }
        f += 1;
    }
    if n > 1 {
        factors.push(n);
    }
    factors
}

/// `base^exponent modulo n`.
fn power(base: u32, mut exponent: u32, n: u32) -> u32 {
    let n = u64::from(n);
    let (mut square, mut result) = (u64::from(base) % n, 1);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * square % n;
        }
        square = square * square % n;
        exponent /= 2;
    }
    result as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitive_roots() {
        // OEIS A046147: the least primitive roots of 3, 5, 7, 11, 13, 17, 23, 41, 191, 409.
        for (prime, root) in [
            (3, 2),
            (5, 2),
            (7, 3),
            (11, 2),
            (13, 2),
            (17, 3),
            (23, 5),
            (41, 6),
            (191, 19),
            (409, 21),
        ] {
            assert_eq!(primitive_root(prime), Some(root));
        }
        assert_eq!(primitive_root(2_147_483_647), Some(7));
        for other in [0, 1, 2, 4, 9, 15, 561, 65_536, 2_147_483_649] {
            assert_eq!(primitive_root(other), None);
        }
    }

    /// Cycles and fixed multiples together hold each multiple once, up to sign.
    #[test]
    fn cycles_cover_all_multiples() -> Result<(), Error> {
        for n in [1, 2, 3, 4, 5, 7, 8, 16, 31, 128, 257] {
            let mut seen = fixed(n);
            for cycle in cycles(n, &|| Ok(()))? {
                seen.extend(cycle.members);
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..=n / 2).collect::<Vec<_>>(), "{n}");
        }
        Ok(())
    }
}
