//! Cyclic correlations of real sequences.

use crate::error::Error;
use crate::fourier::{Check, Complex, Transform};

/// Correlations with one fixed sequence `w` of any length `L`: `c_a = sum_b x_b w_(a+b mod L)`.
///
/// Where `L` is not a power of two, `w` is continued periodically and both are padded by zeros.
pub(super) struct Correlation {
    len: usize,
    transform: Transform,
    /// Transform of `w`, in bit-reversed order.
    spectrum: Vec<Complex>,
}

impl Correlation {
    /// Prepare for the sequence `w`, in O(L log L).
    pub(super) fn new(w: &[f64], check: Check<'_>) -> Result<Self, Error> {
        let len = w.len();
        let size = if len.is_power_of_two() { len } else { (2 * len - 1).next_power_of_two() };
        let transform = Transform::new(size)?;
        let mut spectrum = transform.zeros()?;
        let used = size.min(2 * len - 1);
        for (z, &re) in spectrum[..used].iter_mut().zip(w.iter().cycle()) {
            z.re = re;
        }
        transform.forward(&mut spectrum, check)?;
        Ok(Self { len, transform, spectrum })
    }

    /// Length of the transforms.
    pub(super) fn size(&self) -> usize {
        self.transform.size()
    }

    /// The correlation of `x` (L,) with the fixed sequence, in O(L log L).
    pub(super) fn with(
        &self,
        x: impl Iterator<Item = f64>,
        check: Check<'_>,
    ) -> Result<Vec<f64>, Error> {
        let mut z = self.transform.zeros()?;
        z.iter_mut().zip(x).for_each(|(z, re)| z.re = re);
        self.transform.forward(&mut z, check)?;
        z.iter_mut().zip(&self.spectrum).for_each(|(z, &w)| *z = z.conjugate().times(w));
        self.transform.inverse(&mut z, check)?;
        let scale = 1.0 / self.size() as f64;
        Ok(z[..self.len].iter().map(|z| z.re * scale).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Each coefficient is a sum of `L` products; transforms err by a few roundings a stage.
    #[test]
    fn correlations_equal_their_definition() -> Result<(), Error> {
        for len in [1, 2, 3, 4, 5, 8, 21, 64, 65, 128] {
            let mut values = vec![0.0; 2 * len];
            Stream::new(len as u64, 0, 0).fill_uniform(0, &mut values);
            let (x, w) = values.split_at(len);
            let found = Correlation::new(w, &|| Ok(()))?.with(x.iter().copied(), &|| Ok(()))?;
            assert_eq!(found.len(), len);
            for a in 0..len {
                let exact: f64 = (0..len).map(|b| x[b] * w[(a + b) % len]).sum();
                let norms: f64 = x.iter().map(|x| x * x).sum::<f64>().sqrt()
                    * w.iter().map(|w| w * w).sum::<f64>().sqrt();
                assert!((found[a] - exact).abs() <= 20.0 * f64::EPSILON * norms, "{len}, {a}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_long_transform_is_interrupted() {
        let stop = || Err(Error::Interrupted);
        assert!(matches!(Correlation::new(&[1.0; 8], &stop), Err(Error::Interrupted)));
    }
}
