//! The Gauss rule of any measure, from the recurrence of its orthogonal polynomials.
//!
//! G. H. Golub and J. H. Welsch, "Calculation of Gauss quadrature rules", Math. Comp. 23, 1969:
//! nodes are the eigenvalues of a symmetric tridiagonal matrix, weights the squared first
//! components of its eigenvectors. The implicit QL iteration carries those components alone.

use super::rule::{Rule, require_above};
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};

/// Rotations between two looks at the caller's wish to stop: a few milliseconds.
const AT_ONCE: usize = 1 << 18;

/// Sweeps that an eigenvalue may take; the iteration converges cubically, in two as a rule.
const SWEEPS: usize = 100;

/// The Gauss rule of the measure of mass `mu0` whose monic orthogonal polynomials obey
/// `p_{k+1} = (x - alpha_k) p_k - beta_k p_{k-1}`.
///
/// `alpha` has n entries, `beta` holds `beta_1, ..., beta_{n-1} > 0`. Nodes are accurate to a few
/// units in the last place of the largest, weights to that of the mass: the smallest weights may
/// have no correct digit. Takes O(n^2) time and O(n) memory.
///
/// # Errors
/// [`Error::Shape`] for `beta` of another length, [`Error::NotFinite`], [`Error::Value`] for an
/// empty `alpha`, `beta` or `mu0` that is not positive, and when the iteration does not converge;
/// [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn golub_welsch(
    alpha: &[f64],
    beta: &[f64],
    mu0: f64,
    control: &dyn Control,
) -> Result<Rule, Error> {
    let n = alpha.len();
    if n == 0 || beta.len() != n - 1 {
        let (argument, expected, found) = if n == 0 {
            ("alpha", "at least 1 entry".into(), n)
        } else {
            ("beta", format!("{} entries, one fewer than `alpha`", n - 1), beta.len())
        };
        return Err(Error::Shape { argument, expected, found: found.to_string() });
    }
    require_finite("alpha", alpha)?;
    require_finite("beta", beta)?;
    if let Some(index) = beta.iter().position(|&b| b <= 0.0) {
        let value = beta[index].to_string();
        return Err(Error::Value { argument: "beta", rule: "positive", value, index: Some(index) });
    }
    require_above("mu0", mu0, 0.0, "positive and finite")?;

    // Scaled to entries of at most 1, no step can overflow.
    let largest = |largest: f64, x: f64| largest.max(x.abs());
    let scale = alpha.iter().copied().fold(0.0, largest);
    let scale = beta.iter().map(|b| b.sqrt()).fold(scale, largest);
    let scale = if scale > 0.0 { scale } else { 1.0 };
    let mut matrix = Tridiagonal {
        diagonal: try_vec(n, 0.0)?,
        off_diagonal: try_vec(n, 0.0)?,
        first: try_vec(n, 0.0)?,
    };
    for (d, a) in matrix.diagonal.iter_mut().zip(alpha) {
        *d = a / scale;
    }
    for (e, b) in matrix.off_diagonal.iter_mut().zip(beta) {
        *e = b.sqrt() / scale;
    }
    matrix.first[0] = 1.0;
    matrix.diagonalise(control)?;

    let mut pairs: Vec<_> = matrix.diagonal.into_iter().zip(matrix.first).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (nodes, weights) = pairs.into_iter().map(|(x, z)| (x * scale, mu0 * z * z)).unzip();
    Ok(Rule { nodes, weights, theta: None, log_weights: None })
}

/// A symmetric tridiagonal matrix on its way to diagonal form.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Entry i couples i and i + 1; the last is not used.
    off_diagonal: Vec<f64>,
    /// First components of the eigenvectors.
    first: Vec<f64>,
}

impl Tridiagonal {
    /// Implicit QL with Wilkinson's shift, eigenvalue by eigenvalue.
    fn diagonalise(&mut self, control: &dyn Control) -> Result<(), Error> {
        let mut rotations = 0;
        for low in 0..self.diagonal.len() {
            for sweep in 0.. {
                let high = self.block_end(low);
                if high == low {
                    break;
                }
                if sweep == SWEEPS {
                    let rule = "such that the eigenvalue iteration converges";
                    let value = self.off_diagonal[low].to_string();
                    return Err(Error::Value { argument: "beta", rule, value, index: Some(low) });
                }
                self.sweep(low, high);
                rotations += high - low;
                if rotations >= AT_ONCE {
                    rotations = 0;
                    control.check()?;
                }
            }
        }
        Ok(())
    }

    /// The last row of the block that starts at `low`: the first with nothing beside it.
    fn block_end(&self, low: usize) -> usize {
        let last = self.diagonal.len() - 1;
        (low..last)
            .find(|&i| {
                let size = self.diagonal[i].abs() + self.diagonal[i + 1].abs();
                self.off_diagonal[i].abs() <= f64::MIN_POSITIVE
                    || self.off_diagonal[i].abs() <= 0.5 * f64::EPSILON * size
            })
            .unwrap_or(last)
    }

    /// One QL step on the rows `low..=high`.
    fn sweep(&mut self, low: usize, high: usize) {
        let Self { diagonal: d, off_diagonal: e, first: z } = self;
        let g = (d[low + 1] - d[low]) / (2.0 * e[low]);
        let r = g.hypot(1.0);
        let mut g = d[high] - d[low] + e[low] / (g + r.copysign(g));
        let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
        for i in (low..high).rev() {
            let (f, b) = (s * e[i], c * e[i]);
            let r = f.hypot(g);
            e[i + 1] = r;
            if r == 0.0 {
                // The block falls apart here: go on with the parts.
                d[i + 1] -= p;
                e[high] = 0.0;
                return;
            }
            (s, c) = (f / r, g / r);
            g = d[i + 1] - p;
            let r = (d[i] - g) * s + 2.0 * c * b;
            p = s * r;
            d[i + 1] = g + p;
            g = c * r - b;
            let upper = z[i + 1];
            z[i + 1] = s * z[i] + c * upper;
            z[i] = c * z[i] - s * upper;
        }
        d[low] -= p;
        e[low] = g;
        e[high] = 0.0;
    }
}
