//! The best generating vector of Korobov's form, by search.

use super::component_by_component::Construction;
use super::korobov::{Sum, error, multiplicity, omega, require_weights, worst_case_error};
use super::lattice::require_points;
use crate::error::{Error, try_vec};
use crate::parallel::Team;

/// Candidates whose squared errors are this close, relatively, tie; the smallest is taken.
const TIE: f64 = 1e-10;

/// Multiplications and look-ups of a thread between two looks at the caller's wish to stop.
const LOOK: usize = 1 << 22;

/// The best vector `(1, a, a^2, ..., a^(d-1)) mod n` for weights `gamma` (d,), among all units `a`.
///
/// Korobov, "The approximate computation of multiple integrals" (1959). One number describes the
/// vector in any dimension, and `n` may be any; the error is at least that of
/// [`component_by_component`](super::component_by_component), whose vectors are free. `a` and
/// `n - a` tie, and the smallest of those that tie is taken. O(n^2 d / 4) time on all threads of
/// `team`, whose number does not change the answer, and O(n) memory.
///
/// # Errors
/// [`Error::Value`] naming `n` (1 to [`MAX_POINTS`](super::MAX_POINTS)) or `weights`, [`Error::TooLarge`], and whatever
/// `check` returns.
///
/// ```
/// use hasten_core::parallel::Team;
/// use hasten_core::qmc::{inverse_square_weights, korobov_search};
///
/// let weights = inverse_square_weights(3);
/// let lattice = korobov_search(21, &weights, &Team::sequential(), &|| Ok(()))?;
/// let a = lattice.generator[1];
/// assert_eq!(lattice.generator, [1, a, a * a % 21]);
/// # Ok::<(), hasten_core::Error>(())
/// ```
pub fn korobov_search(
    n: u32,
    weights: &[f64],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Construction, Error> {
    require_points(n)?;
    require_weights(weights)?;
    let d = weights.len();
    let mut values = try_vec(n as usize / 2 + 1, 0.0)?;
    values.iter_mut().zip(0..).for_each(|(value, k)| *value = omega(k, n));
    // Every candidate begins with 1, so in one dimension there is nothing to choose.
    let last = if d > 1 { (n / 2).max(1) } else { 1 };
    let (mut best, mut least) = (1, f64::INFINITY);
    let together = (LOOK / values.len() / d.max(1)) * team.n_threads();
    for start in (1..=last as usize).step_by(together.max(1)) {
        check()?;
        let errors = if together == 0 {
            let a = start as u32;
            let alone = || worst_case_error(n, &vector(a, n, d), weights, team, check);
            vec![if gcd(a, n) == 1 { Some(alone()?) } else { None }]
        } else {
            team.map_blocks(together.min(last as usize + 1 - start), 1, |range| {
                let a = (start + range.start) as u32;
                (gcd(a, n) == 1).then(|| one_error(&vector(a, n, d), n, weights, &values))
            })
        };
        for (a, error) in (start as u32..).zip(errors) {
            let squared = error.map_or(f64::INFINITY, |error| error * error);
            if squared < least * (1.0 - TIE) || least == f64::INFINITY && error.is_some() {
                (best, least) = (a, squared);
            }
        }
    }
    let generator = vector(best, n, d);
    Ok(Construction { generator, worst_case_error: least.sqrt() })
}

/// The first `d` powers of `a` modulo `n`.
fn vector(a: u32, n: u32, d: usize) -> Vec<u32> {
    let next = |z: &u32| Some((u64::from(*z) * u64::from(a) % u64::from(n)) as u32);
    std::iter::successors(Some(1), next).take(d).collect()
}

/// The worst-case error of one vector, from `values`, those of the kernel.
fn one_error(generator: &[u32], n: u32, weights: &[f64], values: &[f64]) -> f64 {
    let mut multiples = vec![0_u32; weights.len()];
    let mut sum = Sum::default();
    for k in 0..=n / 2 {
        let mut product = multiplicity(k, n);
        for ((multiple, &z), weight) in multiples.iter_mut().zip(generator).zip(weights) {
            product *= 1.0 + weight * values[(*multiple).min(n - *multiple) as usize];
            // n is at most 2^31, so the sum does not wrap.
            let next = *multiple + z;
            *multiple = if next >= n { next - n } else { next };
        }
        sum.add(product);
    }
    error(sum, n)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
