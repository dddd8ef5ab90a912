//! A stored matrix.

use super::PairValues;
use crate::error::{Error, require_finite};
use crate::float::Float;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// A dense matrix in rows, borrowed from the caller.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    shape: (usize, usize),
}

impl<'a, T: Float> Matrix<'a, T> {
    /// Borrow `values`, row after row; `argument` names them in errors.
    ///
    /// # Errors
    /// [`Error::Shape`] when the length is not the product of `shape`, [`Error::NotFinite`].
    pub fn new(
        argument: &'static str,
        values: &'a [T],
        shape: (usize, usize),
    ) -> Result<Self, Error> {
        if shape.0.checked_mul(shape.1) != Some(values.len()) {
            return Err(Error::Shape {
                argument,
                expected: format!("{} times {} entries", shape.0, shape.1),
                found: values.len().to_string(),
            });
        }
        require_finite(argument, values)?;
        Ok(Self { values, shape })
    }
}

impl<T: Float> PairValues for Matrix<'_, T> {
    fn n_rows(&self) -> usize {
        self.shape.0
    }

    fn n_columns(&self) -> usize {
        self.shape.1
    }

    fn fill(&self, row: usize, start: usize, out: &mut [f64]) {
        let first = row * self.shape.1 + start;
        dispatch(Widen(&self.values[first..first + out.len()], out));
    }

    fn tile<'t>(&'t self, row: usize, start: usize, buffer: &'t mut [f64]) -> &'t [f64] {
        let first = row * self.shape.1 + start;
        if let Some(tile) = T::as_doubles(&self.values[first..first + buffer.len()]) {
            return tile;
        }
        self.fill(row, start, buffer);
        buffer
    }

    fn cost(&self) -> f64 {
        1.0
    }
}

struct Widen<'k, T>(&'k [T], &'k mut [f64]);

impl<T: Float> Kernel for Widen<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        for (out, value) in self.1.iter_mut().zip(self.0) {
            *out = value.to_f64();
        }
    }
}
