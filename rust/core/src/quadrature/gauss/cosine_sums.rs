//! Cosine sums of any length, by the fast Fourier transform.

use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::fourier::{Complex, Transform};

/// `sum_k terms[k] cos(2 pi k (j + shift) / n)` for `j = 0, ..., n - 1`, with at most n terms.
///
/// Bluestein's chirp transform (1970) makes a convolution of length a power of two of it, so every
/// n takes O(n log n) time; errors are a few units in the last place of `sum |terms|`.
pub(super) fn cosine_sums(
    terms: &[f64],
    n: usize,
    shift: f64,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let check = || control.check();
    let transform = Transform::new((2 * n).next_power_of_two())?;
    let size = transform.size();
    // exp(i pi k^2 / n) with the square taken modulo 2n, exactly.
    let chirp = |k: usize| {
        let whole = 2 * n as u128;
        Complex::from_turns((k as u128 * k as u128 % whole) as f64 / whole as f64)
    };
    let mut signal = transform.zeros()?;
    for (k, (value, &term)) in signal.iter_mut().zip(terms).enumerate() {
        let twist = Complex::from_turns(shift * k as f64 / n as f64);
        *value = chirp(k).times(twist).times(Complex { re: term, im: 0.0 });
    }
    let mut kernel = transform.zeros()?;
    for k in 0..n {
        let value = chirp(k).conjugate();
        kernel[k] = value;
        kernel[(size - k) % size] = value;
    }
    transform.forward(&mut signal, &check)?;
    transform.forward(&mut kernel, &check)?;
    for (value, &factor) in signal.iter_mut().zip(&kernel) {
        *value = value.times(factor);
    }
    transform.inverse(&mut signal, &check)?;
    let mut sums = try_vec(n, 0.0)?;
    for (j, (sum, value)) in sums.iter_mut().zip(&signal).enumerate() {
        *sum = value.times(chirp(j)).re / size as f64;
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn sums_are_those_of_the_definition() {
        for n in [1, 2, 3, 7, 8, 30, 64, 101] {
            for shift in [0.0, 0.5] {
                let terms: Vec<f64> = (0..=n / 2).map(|k| 1.0 / (k + 1) as f64).collect();
                // Some roundings for each level of the transform, of the size of the largest sum.
                let levels = 1.0 + (n as f64).log2();
                let limit = 4.0 * f64::EPSILON * levels * terms.iter().sum::<f64>();
                let sums = cosine_sums(&terms, n, shift, &()).unwrap();
                for (j, &sum) in sums.iter().enumerate() {
                    let angle = 2.0 * PI * (j as f64 + shift) / n as f64;
                    let direct: f64 =
                        terms.iter().enumerate().map(|(k, t)| t * (k as f64 * angle).cos()).sum();
                    assert!((sum - direct).abs() < limit, "{n} {shift} {j}");
                }
            }
        }
    }
}
