//! The space of the rows chosen so far, and the choice among candidates.

use faer::{Accum, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};

use crate::error::{Error, require_finite};
use crate::linalg::columns_mut;

/// Orthonormal rows (k, m).
#[derive(Debug, Clone)]
pub struct Span {
    width: usize,
    rows: Vec<f64>,
}

/// Rows that are offered, their squared norms and a uniform in `[0, 1)` for each.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    /// The rows (b, m).
    pub(super) rows: &'a [f64],
    /// Their squared norms (b,).
    pub(super) scores: &'a [f64],
    /// What decides about each (b,).
    pub(super) uniforms: &'a [f64],
}

/// Rows from outside, whose squared norms are computed here.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    rows: &'a [f64],
    uniforms: &'a [f64],
    scores: Vec<f64>,
}

impl<'a> Offer<'a> {
    /// Take rows (b, m) and a uniform for each.
    ///
    /// # Errors
    /// [`Error::Shape`] when they do not fit together, [`Error::NotFinite`].
    pub fn new(rows: &'a [f64], width: usize, uniforms: &'a [f64]) -> Result<Self, Error> {
        if rows.len() != uniforms.len().saturating_mul(width) {
            return Err(Error::Shape {
                argument: "candidates",
                expected: format!("{} rows, one for each of `uniforms`", uniforms.len()),
                found: format!("{} entries", rows.len()),
            });
        }
        require_finite("candidates", rows)?;
        let mut scores = vec![0.0; uniforms.len()];
        squared_norms(rows, width, &mut scores);
        Ok(Self { rows, uniforms, scores })
    }

    /// The candidates.
    pub fn candidates(&self) -> Candidates<'_> {
        Candidates { rows: self.rows, scores: &self.scores, uniforms: self.uniforms }
    }
}

/// Inner product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four accumulators, so that the sum vectorises in a fixed order.
    let mut sums = [0.0; 4];
    let (blocks_a, blocks_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = blocks_a.remainder().iter().zip(blocks_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in blocks_a.zip(blocks_b) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The squared norm of each row.
pub(super) fn squared_norms(rows: &[f64], width: usize, out: &mut [f64]) {
    for (out, row) in out.iter_mut().zip(rows.chunks_exact(width)) {
        *out = dot(row, row);
    }
}

impl Span {
    /// The span of nothing, in a space of `width` dimensions.
    pub fn new(width: usize) -> Self {
        Self { width, rows: Vec::new() }
    }

    /// Take up a span where it was left.
    ///
    /// # Errors
    /// [`Error::Shape`] when `rows` are no rows of this width.
    pub fn from_rows(width: usize, rows: Vec<f64>) -> Result<Self, Error> {
        if width == 0 || !rows.len().is_multiple_of(width) {
            return Err(Error::Shape {
                argument: "rows",
                expected: format!("rows of {width} entries"),
                found: format!("{} entries", rows.len()),
            });
        }
        Ok(Self { width, rows })
    }

    /// The orthonormal rows (k, m).
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// Number of rows k.
    pub fn len(&self) -> usize {
        self.rows.len() / self.width
    }

    /// Whether nothing has been chosen.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Add a row, made orthogonal twice; `false` when rounding is all that is left of it.
    pub(super) fn extend(&mut self, row: &[f64]) -> bool {
        let mut rest = row.to_vec();
        for _ in 0..2 {
            Arch::new().dispatch(Remove { rows: &self.rows, rest: &mut rest });
        }
        let (left, size) = (dot(&rest, &rest).sqrt(), dot(row, row).sqrt());
        let rounding = 8.0 * f64::EPSILON * (self.width as f64).sqrt() * size;
        // Written so that NaN is refused.
        let is_new = left > rounding;
        if !is_new {
            return false;
        }
        self.rows.extend(rest.iter().map(|x| x / left));
        true
    }

    /// Squared norms of the projections of rows onto the span.
    fn squared_projections(&self, rows: &[f64], scratch: &mut Vec<f64>, out: &mut [f64]) {
        out.fill(0.0);
        let (count, chosen) = (out.len(), self.len());
        if chosen == 0 {
            return;
        }
        scratch.resize(chosen * count, 0.0);
        faer::linalg::matmul::matmul(
            columns_mut(scratch, chosen),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.rows, chosen, self.width),
            MatRef::from_row_major_slice(rows, count, self.width).transpose(),
            1.0,
            Par::Seq,
        );
        squared_norms(scratch, chosen, out);
    }

    /// Accept each candidate with the share of its squared norm that lies outside the span, which
    /// grows with it, until there are `target` rows. `keep` learns the places of the accepted.
    ///
    /// Candidates drawn in proportion to their squared norms thus follow the chain rule of the
    /// projection process; those not looked at when a row is added are still independent, so they
    /// are tried against the longer span.
    pub fn accept(
        &mut self,
        candidates: Candidates<'_>,
        target: usize,
        scratch: &mut Vec<f64>,
        mut keep: impl FnMut(usize),
    ) {
        let Candidates { rows, scores, uniforms } = candidates;
        let mut along = vec![0.0; scores.len()];
        self.squared_projections(rows, scratch, &mut along);
        for slot in 0..scores.len() {
            if self.len() >= target {
                return;
            }
            let row = &rows[slot * self.width..(slot + 1) * self.width];
            // Written so that a row without a norm is refused.
            let inside = uniforms[slot] * scores[slot] < scores[slot] - along[slot];
            if !inside || !self.extend(row) {
                continue;
            }
            keep(slot);
            let latest = &self.rows[self.rows.len() - self.width..];
            for later in slot + 1..scores.len() {
                along[later] +=
                    dot(latest, &rows[later * self.width..(later + 1) * self.width]).powi(2);
            }
        }
    }
}

/// Take from a vector its parts along rows, one after the other.
struct Remove<'a> {
    rows: &'a [f64],
    rest: &'a mut [f64],
}

impl WithSimd for Remove<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, rest } = self;
        let width = rest.len();
        let (rest, rest_tail) = S::as_mut_simd_f64s(rest);
        for row in rows.chunks_exact(width) {
            let (row, row_tail) = S::as_simd_f64s(row);
            let mut sums = [simd.splat_f64s(0.0); 4];
            let ((blocks, last), (row_blocks, row_last)) =
                (rest.as_chunks::<4>(), row.as_chunks::<4>());
            for (x, q) in blocks.iter().zip(row_blocks) {
                for lane in 0..4 {
                    sums[lane] = simd.mul_add_e_f64s(x[lane], q[lane], sums[lane]);
                }
            }
            for (sum, (x, q)) in sums.iter_mut().zip(last.iter().zip(row_last)) {
                *sum = simd.mul_add_e_f64s(*x, *q, *sum);
            }
            let sum =
                simd.add_f64s(simd.add_f64s(sums[0], sums[1]), simd.add_f64s(sums[2], sums[3]));
            let tail: f64 = rest_tail.iter().zip(row_tail).map(|(x, q)| x * q).sum();
            let along = simd.reduce_sum_f64s(sum) + tail;
            let share = simd.splat_f64s(-along);
            for (x, q) in rest.iter_mut().zip(row) {
                *x = simd.mul_add_e_f64s(share, *q, *x);
            }
            rest_tail.iter_mut().zip(row_tail).for_each(|(x, q)| *x -= along * q);
        }
    }
}

/// How many candidates to draw at once: enough to share a pass, few enough to waste little.
pub(super) fn block_length(width: usize) -> usize {
    width.clamp(8, 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_orthonormal_and_copies_are_refused() {
        let mut span = Span::new(5);
        // Nearly parallel rows: what is left after one pass is mostly rounding.
        for k in 0..5 {
            let wave = |i: i32| (f64::from(i * i * (k + 1)) + 0.3 * f64::from(k)).sin();
            let row: Vec<f64> = (0..5).map(|i| 1.0 + 1e-7 * wave(i)).collect();
            assert!(span.extend(&row));
            assert!(!span.extend(&row));
        }
        for (i, a) in span.rows.chunks(5).enumerate() {
            for (j, b) in span.rows.chunks(5).enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((dot(a, b) - expected).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn acceptance_is_the_share_outside_the_span() {
        // The second row lies in the span of the first by cos^2 = 0.36.
        let rows = [1.0, 0.0, 0.6, 0.8, 0.6, 0.8];
        for (uniform, accepted) in [(0.639, true), (0.641, false)] {
            let mut span = Span::new(2);
            let mut kept = Vec::new();
            let candidates =
                Candidates { rows: &rows, scores: &[1.0; 3], uniforms: &[0.0, uniform, 0.999] };
            span.accept(candidates, 2, &mut Vec::new(), |slot| kept.push(slot));
            assert_eq!(kept, if accepted { vec![0, 1] } else { vec![0] });
        }
    }
}
