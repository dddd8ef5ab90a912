//! Sine and cosine of rational angles.

use crate::simd::{Arithmetic, Elementary};

/// Sine and cosine of `part / whole` turns, both integers, for at most a quarter turn.
///
/// What is near 0 is computed from the distance to its zero, an exact ratio, and so keeps its
/// relative accuracy.
#[inline(always)]
pub(super) fn sin_cos_ratio<A: Arithmetic>(part: f64, whole: f64) -> (f64, f64) {
    let rest = whole - 4.0 * part;
    let is_near = 4.0 * part <= rest;
    let turns = if is_near { part / whole } else { rest / (4.0 * whole) };
    let (s, c) = f64::sin_cos_turns_lane::<A>(turns);
    if is_near { (s, c) } else { (c, s) }
}
