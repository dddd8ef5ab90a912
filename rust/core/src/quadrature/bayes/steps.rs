//! Transitions and noise across gaps of many lengths.
//!
//! In units of the gap both depend on `r = rate gap` alone, and smoothly. Where many gaps fall into a
//! unit of `r`, the noise and the integral come from polynomials of degree 13 in `r`, to rounding of
//! a whole column. The process itself is `exp(-r)` times a polynomial, which is evaluated as such:
//! what rounding adds to a value must stay far below the innovations of smooth functions.

use std::f64::consts::PI;

use pulp::{Arch, Simd, WithSimd};

use super::householder::Square;
use super::noise_factor::noise_factor;
use super::transition::{BINOMIALS, FACTORIALS, transition};

/// What happens to the state across a gap.
pub(super) struct Step<const D: usize> {
    gap: f64,
    /// The matrix that maps the state to its mean after the gap.
    pub(super) transition: Square<D>,
    /// A factor `R` of the covariance `R^T R` of the noise that enters.
    pub(super) noise: Square<D>,
}

/// Interpolation nodes of a panel, which has a length of 1.
const N_TERMS: usize = 14;

/// Panels, from 0 on. Longer gaps are computed one by one.
const N_PANELS: usize = 32;

/// Gaps in a panel before it pays to interpolate.
const MANY: u32 = 32;

/// Interpolated entries of the largest state: the noise and the row of the integral.
const MOST_ENTRIES: usize = 30;

/// Values of `r` from an integer to the next.
enum Panel {
    /// So few gaps so far.
    Rare(u32),
    /// Chebyshev coefficients, each for all entries.
    Fitted(Vec<f64>),
}

/// All steps at one rate.
pub(super) struct Steps<const D: usize> {
    rate: f64,
    process: ProcessPolynomial<D>,
    panels: Vec<Panel>,
    /// The last one, which the next gap often equals.
    latest: Step<D>,
}

impl<const D: usize> Steps<D> {
    pub(super) fn new(rate: f64) -> Self {
        let latest = Step { gap: 0.0, transition: [[0.0; D]; D], noise: [[0.0; D]; D] };
        Self { rate, process: ProcessPolynomial::new(), panels: Vec::new(), latest }
    }

    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// The step across a positive gap.
    pub(super) fn across(&mut self, gap: f64) -> &Step<D> {
        if self.latest.gap != gap {
            let mut values = [0.0; MOST_ENTRIES];
            let (transition, noise) = if self.interpolate(gap, &mut values[..D * (D + 1)]) {
                (self.transition_from(gap, &values), self.noise_from(gap, &values[D..]))
            } else {
                (transition(self.rate, gap), noise_factor(self.rate, gap))
            };
            self.latest = Step { gap, transition, noise };
        }
        &self.latest
    }

    /// The transition across a positive gap, which may differ from the one of `latest`.
    pub(super) fn transition(&mut self, gap: f64, latest: &mut (f64, Square<D>)) {
        if latest.0 != gap {
            let mut values = [0.0; MOST_ENTRIES];
            let is_known = self.interpolate(gap, &mut values[..D]);
            latest.0 = gap;
            latest.1 = if is_known {
                self.transition_from(gap, &values)
            } else {
                transition(self.rate, gap)
            };
        }
    }

    /// Leading entries of [`fit`]; false where they are not interpolated.
    fn interpolate(&mut self, gap: f64, out: &mut [f64]) -> bool {
        let r = self.rate * gap;
        // Written so that NaN and infinity are refused.
        let is_near = r < N_PANELS as f64;
        if !is_near {
            return false;
        }
        #[allow(clippy::cast_sign_loss, reason = "gaps are positive")]
        let k = r as usize;
        if self.panels.len() <= k {
            self.panels.resize_with(k + 1, || Panel::Rare(0));
        }
        let panel = &mut self.panels[k];
        if let Panel::Rare(count) = panel {
            *count += 1;
            if *count <= MANY {
                return false;
            }
            *panel = Panel::Fitted(fit::<D>(k));
        }
        let Panel::Fitted(coefficients) = panel else { return false };
        let x = 2.0 * (r - k as f64) - 1.0;
        Arch::new().dispatch(Series { x, coefficients, stride: D * (D + 1), out });
        true
    }

    /// Powers of the gap turn its unit into that of the state.
    fn transition_from(&self, gap: f64, integral: &[f64]) -> Square<D> {
        let (gaps, rates) = (powers::<D>(gap), powers::<D>(self.rate));
        let mut out = self.process.at(self.rate * gap);
        // Exact, because what is lost of the integral in each step adds up.
        out[0][0] = 1.0;
        for j in 1..D {
            out[0][j] = gaps[j] * integral[j];
            for i in 1..D {
                out[i][j] *= if j < i { rates[i - j] } else { gaps[j - i] };
            }
        }
        out
    }

    fn noise_from(&self, gap: f64, values: &[f64]) -> Square<D> {
        let (gaps, size) = (powers::<D>(gap), half_power::<D>(self.rate * gap));
        let scale = |j: usize| if j == 0 { size * gap } else { size / gaps[j - 1] };
        let scales: [f64; D] = std::array::from_fn(scale);
        std::array::from_fn(|i| std::array::from_fn(|j| scales[j] * values[i * D + j]))
    }
}

/// The transition of the process across a gap of 1 over `exp(-r)`: coefficients of powers of `r`.
///
/// Entries below the diagonal are divided by the power of `r` that all their terms have.
struct ProcessPolynomial<const D: usize> {
    coefficients: [Square<D>; MOST_POWERS],
}

/// Powers of `r` in the largest state, from 0 on.
const MOST_POWERS: usize = 7;

impl<const D: usize> ProcessPolynomial<D> {
    /// As in [`transition`]: `k! / j! sum_i binom(i, k) r^(i - k) d^j/dt^j (t^i exp(-r t) / i!)` at
    /// `t = 1` from derivative `k` to derivative `j`.
    fn new() -> Self {
        let p = D - 2;
        let mut coefficients = [[[0.0; D]; D]; MOST_POWERS];
        for j in 0..=p {
            for k in 0..=p {
                for i in k..=p {
                    for m in 0..=i.min(j) {
                        let power = i - k + j - m - j.saturating_sub(k);
                        let sign = if (j - m).is_multiple_of(2) { 1.0 } else { -1.0 };
                        coefficients[power][j + 1][k + 1] += sign
                            * BINOMIALS[i][k]
                            * BINOMIALS[j][m]
                            * (FACTORIALS[k] / (FACTORIALS[j] * FACTORIALS[i - m]));
                    }
                }
            }
        }
        Self { coefficients }
    }

    fn at(&self, r: f64) -> Square<D> {
        let decay = (-r).exp();
        let mut out = [[0.0; D]; D];
        for coefficients in self.coefficients[..=2 * (D - 2)].iter().rev() {
            for (out, c) in out.as_flattened_mut().iter_mut().zip(coefficients.as_flattened()) {
                *out = *out * r + c;
            }
        }
        out.map(|row| row.map(|x| decay * x))
    }
}

fn powers<const D: usize>(x: f64) -> [f64; D] {
    let mut powers = [1.0; D];
    for j in 1..D {
        powers[j] = powers[j - 1] * x;
    }
    powers
}

/// `r^(p + 1/2)`, to which the noise is proportional.
fn half_power<const D: usize>(r: f64) -> f64 {
    r.powi(D as i32 - 2) * r.sqrt()
}

/// Chebyshev coefficients for `r` between `k` and `k + 1`, across a gap of 1: of the row of the
/// integral in the transition, then of the noise divided by [`half_power`].
fn fit<const D: usize>(k: usize) -> Vec<f64> {
    let n_entries = D * (D + 1);
    let angle = |i: usize| PI * (i as f64 + 0.5) / N_TERMS as f64;
    let mut out = vec![0.0; N_TERMS * n_entries];
    for i in 0..N_TERMS {
        let r = k as f64 + 0.5 * (1.0 + angle(i).cos());
        let mut noise = noise_factor::<D>(r, 1.0);
        for (row, j) in noise.iter_mut().zip(0..) {
            // The sign of a row of a factor is free; smooth functions of `r` keep it.
            let scale = if row[j] < 0.0 { -1.0 } else { 1.0 } / half_power::<D>(r);
            *row = row.map(|x| scale * x);
        }
        let integral = transition::<D>(r, 1.0)[0];
        let values: Vec<f64> = integral.into_iter().chain(noise.into_iter().flatten()).collect();
        for (term, out) in out.chunks_exact_mut(n_entries).enumerate() {
            let share = if term == 0 { 1.0 } else { 2.0 } / N_TERMS as f64;
            let weight = share * (term as f64 * angle(i)).cos();
            out.iter_mut().zip(&values).for_each(|(out, value)| *out += weight * value);
        }
    }
    out
}

/// A Chebyshev series of each of the leading entries at a point in [-1, 1].
struct Series<'a> {
    x: f64,
    coefficients: &'a [f64],
    /// Coefficients of a term.
    stride: usize,
    out: &'a mut [f64],
}

impl WithSimd for Series<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, coefficients, stride, out } = self;
        let n_entries = out.len();
        let (vectors, tail) = S::as_mut_simd_f64s(out);
        let (mut before, mut term) = (x, 1.0);
        for row in coefficients.chunks_exact(stride) {
            let (row, row_tail) = S::as_simd_f64s(&row[..n_entries]);
            let factor = simd.splat_f64s(term);
            for (out, c) in vectors.iter_mut().zip(row) {
                *out = simd.mul_add_e_f64s(factor, *c, *out);
            }
            tail.iter_mut().zip(row_tail).for_each(|(out, c)| *out += term * c);
            (before, term) = (term, 2.0 * x * term - before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare<const D: usize>() {
        for rate in [1e-3, 0.7, 40.0] {
            let mut steps = Steps::<D>::new(rate);
            for i in 0..4000 {
                // From far below 1 to the end of the panels, crowded where short gaps are.
                let r = 1e-6 + 33.0 * (f64::from(i) * 0.618_033_988_75).fract().powi(3);
                let gap = r / rate;
                let (moved, noise) = (transition::<D>(rate, gap), noise_factor::<D>(rate, gap));
                let found = steps.across(gap);
                for a in 0..D {
                    for b in 0..D {
                        let power = if b < a {
                            rate.powi((a - b) as i32)
                        } else {
                            gap.powi((b - a) as i32)
                        };
                        let error = (found.transition[a][b] - moved[a][b]).abs();
                        assert!(error <= 4e-15 * power, "{D} {r} {a} {b} {error:e}");
                        let gram = |m: &Square<D>, x: usize, y: usize| -> f64 {
                            m.iter().map(|row| row[x] * row[y]).sum()
                        };
                        let size = (gram(&noise, a, a) * gram(&noise, b, b)).sqrt();
                        let error = (gram(&found.noise, a, b) - gram(&noise, a, b)).abs();
                        assert!(error <= 2e-14 * size, "{D} {r} {a} {b} {error:e}");
                    }
                }
            }
            let n_fitted = steps.panels.iter().filter(|p| matches!(p, Panel::Fitted(_))).count();
            assert!(n_fitted > 20, "{n_fitted}");
        }
    }

    #[test]
    fn interpolation_agrees_with_each_step() {
        compare::<2>();
        compare::<3>();
        compare::<4>();
        compare::<5>();
    }
}
