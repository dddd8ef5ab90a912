//! Quasi-Monte Carlo points against SciPy's, closed forms and definitions.

#![allow(clippy::cast_sign_loss, reason = "coordinates and their digits are not negative")]
#![allow(clippy::excessive_precision, reason = "references stand as they were computed")]

mod lattice;
mod normal;
mod sobol;

use hasten_core::Float;
use hasten_core::error::Error;
use hasten_core::qmc::{Coordinate, PointSet};

/// Points made on this thread.
fn points<T: Coordinate>(set: &impl PointSet, start: u64, n: usize) -> Vec<T> {
    let mut out = vec![T::zero(); n * set.dimension()];
    set.fill(start, &mut out).unwrap();
    out
}

fn bits<T: Coordinate>(x: &[T]) -> Vec<u64> {
    x.iter().map(|&x| Float::to_f64(x).to_bits()).collect()
}

/// A caller that never wishes to stop.
#[expect(clippy::unnecessary_wraps, reason = "the signature of those that do")]
fn never() -> Result<(), Error> {
    Ok(())
}
