//! The fast Fourier transform of a power of two, below what convolves and correlates.
//!
//! Plain arithmetic on one thread: the same bits on every CPU, because what is chosen by comparing
//! results must not depend on the machine.

use crate::error::{Error, try_vec};
use crate::simd::{Elementary, Plain};

/// Asks between two passes over the data whether to go on.
pub(crate) type Check<'a> = &'a dyn Fn() -> Result<(), Error>;

/// A complex number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Complex {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Complex {
    /// `exp(2 pi i turns)` for `turns` in `[0, 1]`.
    pub(crate) fn from_turns(turns: f64) -> Self {
        let (sin, cos) = f64::sin_cos_turns_lane::<Plain>(turns);
        Self { re: cos, im: sin }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    pub(crate) fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }

    pub(crate) fn conjugate(self) -> Self {
        Self { re: self.re, im: -self.im }
    }
}

/// Transforms of one length, a power of two.
pub(crate) struct Transform {
    size: usize,
    /// `exp(-2 pi i k / size)` for `k < size / 2`.
    roots: Vec<Complex>,
}

impl Transform {
    /// Prepare for transforms of length `size`, a power of two.
    pub(crate) fn new(size: usize) -> Result<Self, Error> {
        let mut roots = try_vec(size / 2, Complex::default())?;
        for (k, root) in roots.iter_mut().enumerate() {
            *root = Complex::from_turns(k as f64 / size as f64).conjugate();
        }
        Ok(Self { size, roots })
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Zeros of the right length, to be filled and transformed.
    pub(crate) fn zeros(&self) -> Result<Vec<Complex>, Error> {
        try_vec(self.size, Complex::default())
    }

    /// Transform in place, from natural to bit-reversed order (Gentleman and Sande, 1966).
    pub(crate) fn forward(&self, z: &mut [Complex], check: Check<'_>) -> Result<(), Error> {
        let mut half = z.len() / 2;
        while half > 0 {
            check()?;
            let stride = self.roots.len() / half;
            for block in z.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (k, (a, b)) in low.iter_mut().zip(high).enumerate() {
                    let difference = a.minus(*b);
                    *a = a.plus(*b);
                    *b = difference.times(self.roots[k * stride]);
                }
            }
            half /= 2;
        }
        Ok(())
    }

    /// The inverse of [`Self::forward`] times the length, from bit-reversed to natural order (Cooley
    /// and Tukey, 1965).
    pub(crate) fn inverse(&self, z: &mut [Complex], check: Check<'_>) -> Result<(), Error> {
        let mut half = 1;
        while half < z.len() {
            check()?;
            let stride = self.roots.len() / half;
            for block in z.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (k, (a, b)) in low.iter_mut().zip(high).enumerate() {
                    let turned = b.times(self.roots[k * stride].conjugate());
                    *b = a.minus(turned);
                    *a = a.plus(turned);
                }
            }
            half *= 2;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn a_transform_is_its_definition_and_comes_back() -> Result<(), Error> {
        for size in [1, 2, 4, 8, 64] {
            let transform = Transform::new(size)?;
            let mut values = vec![0.0; 2 * size];
            Stream::new(size as u64, 0, 0).fill_uniform(0, &mut values);
            let signal: Vec<_> =
                values.chunks_exact(2).map(|pair| Complex { re: pair[0], im: pair[1] }).collect();
            let mut z = signal.clone();
            transform.forward(&mut z, &|| Ok(()))?;
            let unused = usize::BITS - size.trailing_zeros();
            for j in 0..size {
                let exact = (0..size).fold(Complex::default(), |sum, k| {
                    let turns = (j * k % size) as f64 / size as f64;
                    sum.plus(signal[k].times(Complex::from_turns(turns).conjugate()))
                });
                let found = z[if size == 1 { 0 } else { j.reverse_bits() >> unused }];
                let error = found.minus(exact);
                assert!(error.re.hypot(error.im) < 4e-15 * size as f64, "{size} {j}");
            }
            transform.inverse(&mut z, &|| Ok(()))?;
            for (found, exact) in z.iter().zip(&signal) {
                assert!((found.re / size as f64 - exact.re).abs() < 2e-15);
                assert!((found.im / size as f64 - exact.im).abs() < 2e-15);
            }
        }
        Ok(())
    }
}
