//! Least squares problems reduced to as many rows as there are functions.

use std::ops::Range;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder;
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::{Conj, Mat, MatMut, MatRef, Par};

use super::draws::Watch;
use super::factor::{Triangle, no_memory};
use crate::error::{Error, try_zeroed};
use crate::parallel::Team;

/// Outputs that are worked on together.
const PANEL: usize = 64;

/// Blocks of rows whose factors are kept before they become one.
const WAVE: usize = 64;

/// All that features `A = Q R` (n, m) and values `B` (n, v) say about coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    /// The factor `R` (m, m).
    pub triangle: Triangle,
    /// `Q^T B` by columns: m numbers for each output.
    pub projections: Vec<f64>,
    /// `|B - Q Q^T B|` of each output (v,): what no coefficients reach.
    pub residual_norms: Vec<f64>,
}

/// Reduce `n` rows of `order` features and `n_outputs` values side by side, of which
/// `fill(row, first, out)` writes columns from `first` on.
///
/// Blocks of at least four times as many rows as features, then pairs of reduced blocks: the data
/// stream once, and the cut depends on the shape alone. O(n m (m + v)) time and some hundred times
/// m (m + v) numbers.
pub(super) fn reduce(
    n: usize,
    order: usize,
    n_outputs: usize,
    fill: impl Fn(usize, usize, &mut [f64]) + Sync,
    team: &Team,
    watch: &Watch<'_>,
) -> Result<Reduced, Error> {
    let height = (4 * order).max(512);
    let mut waves = Vec::new();
    for start in (0..n).step_by(WAVE * height) {
        let blocks = team.map_blocks((n - start).min(WAVE * height), height, |rows| {
            let rows = start + rows.start..start + rows.end;
            let n_rows = rows.len().max(order);
            let columns = |columns| by_columns(&fill, rows.clone(), columns, n_rows);
            let reflectors = Reflectors::new(columns(0..order)?, n_rows, order)?;
            let panel = |outputs: Range<usize>| {
                watch.check()?;
                columns(order + outputs.start..order + outputs.end)
            };
            reflectors.reduce(n_outputs, panel)
        });
        waves.push(join(blocks.into_iter().collect::<Result<_, _>>()?, team, watch)?);
    }
    if waves.is_empty() {
        let triangle = Triangle { order, entries: zeros(order, order)? };
        let (projections, residual_norms) = (zeros(order, n_outputs)?, zeros(n_outputs, 1)?);
        return Ok(Reduced { triangle, projections, residual_norms });
    }
    let found = join(waves, team, watch)?;
    refuse_overflow("X", &found.triangle.entries)?;
    refuse_overflow("y", &found.projections)?;
    refuse_overflow("y", &found.residual_norms)?;
    Ok(found)
}

/// One from several, of which there is at least one, in pairs.
fn join(mut parts: Vec<Reduced>, team: &Team, watch: &Watch<'_>) -> Result<Reduced, Error> {
    while parts.len() > 1 {
        let pairs = team.map_blocks(parts.len(), 2, |pair| {
            watch.check()?;
            match &parts[pair] {
                [first, second] => first.stack(second),
                others => Ok(others[0].clone()),
            }
        });
        parts = pairs.into_iter().collect::<Result<_, _>>()?;
    }
    Ok(parts.remove(0))
}

impl Reduced {
    /// Two problems on top of each other.
    ///
    /// # Errors
    /// [`Error::Shape`] when they have different numbers of features or outputs,
    /// [`Error::TooLarge`].
    pub fn stack(&self, other: &Self) -> Result<Self, Error> {
        let shape = |part: &Self| (part.triangle.order, part.residual_norms.len());
        let (order, n_outputs) = shape(self);
        if shape(other) != (order, n_outputs) {
            return Err(Error::Shape {
                argument: "other",
                expected: format!("{order} functions and {n_outputs} outputs"),
                found: format!("{:?}", shape(other)),
            });
        }
        let both = |first: &[f64], second: &[f64], n_columns: usize| -> Result<Vec<f64>, Error> {
            let mut out = zeros(2 * order, n_columns)?;
            for (k, out) in out.chunks_exact_mut((2 * order).max(1)).enumerate() {
                let entries = k * order..(k + 1) * order;
                out[..order].copy_from_slice(&first[entries.clone()]);
                out[order..].copy_from_slice(&second[entries]);
            }
            Ok(out)
        };
        let matrix = both(&self.triangle.entries, &other.triangle.entries, order)?;
        let mut out = Reflectors::new(matrix, 2 * order, order)?.reduce(n_outputs, |outputs| {
            let entries = outputs.start * order..outputs.end * order;
            let parts = (&self.projections[entries.clone()], &other.projections[entries]);
            both(parts.0, parts.1, outputs.len())
        })?;
        let known = self.residual_norms.iter().zip(&other.residual_norms);
        for (norm, (first, second)) in out.residual_norms.iter_mut().zip(known) {
            *norm = norm.hypot(first.hypot(*second));
        }
        Ok(out)
    }
}

/// Householder reflections that make a tall matrix triangular.
struct Reflectors {
    /// The vectors below the diagonal, the triangle on and above it, by columns.
    basis: Vec<f64>,
    n_rows: usize,
    factors: Mat<f64>,
    /// Signs of the rows of the triangle that make its diagonal positive, so that it is unique.
    signs: Vec<f64>,
}

impl Reflectors {
    /// Of a matrix by columns, with at least as many rows.
    fn new(mut matrix: Vec<f64>, n_rows: usize, order: usize) -> Result<Self, Error> {
        let block = recommended_block_size::<f64>(n_rows, order).max(1);
        let request =
            qr_in_place_scratch::<f64>(n_rows, order, block, Par::Seq, faer::prelude::default());
        let mut memory =
            MemBuffer::try_new(request).map_err(|_| no_memory(request.size_bytes()))?;
        let mut factors = Mat::<f64>::zeros(block, order);
        qr_in_place(
            MatMut::from_column_major_slice_mut(&mut matrix, n_rows, order),
            factors.as_mut(),
            Par::Seq,
            MemStack::new(&mut memory),
            faer::prelude::default(),
        );
        let sign = |k: usize| if matrix[k * n_rows + k] < 0.0 { -1.0 } else { 1.0 };
        let signs = (0..order).map(sign).collect();
        Ok(Self { basis: matrix, n_rows, factors, signs })
    }

    /// The triangle, and what the reflections make of outputs, which `panel` gives by columns.
    fn reduce(
        &self,
        n_outputs: usize,
        panel: impl Fn(Range<usize>) -> Result<Vec<f64>, Error>,
    ) -> Result<Reduced, Error> {
        let (order, n_rows) = (self.signs.len(), self.n_rows);
        let mut entries = zeros(order, order)?;
        for (k, column) in entries.chunks_exact_mut(order.max(1)).enumerate() {
            let known = self.basis[k * n_rows..].iter().zip(&self.signs);
            column[..=k].iter_mut().zip(known).for_each(|(out, (r, sign))| *out = sign * r);
        }
        let mut projections = zeros(order, n_outputs)?;
        let mut residual_norms = zeros(n_outputs, 1)?;
        for first in (0..n_outputs).step_by(PANEL) {
            let outputs = first..(first + PANEL).min(n_outputs);
            let mut values = panel(outputs.clone())?;
            self.apply(&mut values, outputs.len())?;
            for (k, column) in outputs.zip(values.chunks_exact(n_rows)) {
                let out = &mut projections[k * order..(k + 1) * order];
                for (out, (value, sign)) in out.iter_mut().zip(column.iter().zip(&self.signs)) {
                    *out = sign * value;
                }
                residual_norms[k] = norm(&column[order..]);
            }
        }
        Ok(Reduced { triangle: Triangle { order, entries }, projections, residual_norms })
    }

    /// Reflect columns.
    fn apply(&self, columns: &mut [f64], n_columns: usize) -> Result<(), Error> {
        let (order, n_rows) = (self.signs.len(), self.n_rows);
        let request =
            householder::apply_block_householder_sequence_transpose_on_the_left_in_place_scratch::<
                f64,
            >(n_rows, self.factors.nrows(), n_columns);
        let mut memory =
            MemBuffer::try_new(request).map_err(|_| no_memory(request.size_bytes()))?;
        householder::apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj(
            MatRef::from_column_major_slice(&self.basis, n_rows, order),
            self.factors.as_ref(),
            Conj::No,
            MatMut::from_column_major_slice_mut(columns, n_rows, n_columns),
            Par::Seq,
            MemStack::new(&mut memory),
        );
        Ok(())
    }
}

/// Some columns of some rows, by columns of `height` entries: zeros below the rows.
fn by_columns(
    fill: &impl Fn(usize, usize, &mut [f64]),
    rows: Range<usize>,
    columns: Range<usize>,
    height: usize,
) -> Result<Vec<f64>, Error> {
    let mut out = zeros(height, columns.len())?;
    let mut buffer = vec![0.0; columns.len()];
    for (k, row) in rows.enumerate() {
        fill(row, columns.start, &mut buffer);
        for (j, value) in buffer.iter().enumerate() {
            out[j * height + k] = *value;
        }
    }
    Ok(out)
}

fn zeros(n_rows: usize, n_columns: usize) -> Result<Vec<f64>, Error> {
    try_zeroed(n_rows.checked_mul(n_columns).ok_or(Error::TooLarge { bytes: u128::MAX })?)
}

/// The Euclidean norm, whose squares neither overflow nor vanish.
fn norm(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if largest == 0.0 {
        return if values.iter().any(|x| x.is_nan()) { f64::NAN } else { 0.0 };
    }
    largest * values.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
}

fn refuse_overflow(argument: &'static str, values: &[f64]) -> Result<(), Error> {
    if values.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(Error::Value {
        argument,
        rule: "such that squares of weighted values do not overflow",
        value: "a factor that is not finite".into(),
        index: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(i: usize, j: usize) -> f64 {
        ((i * 7 + j * 13 + i * j) as f64).sin() + if i % 11 == j { 2.0 } else { 0.0 }
    }

    fn reduced(n: usize, m: usize, v: usize, team: &Team) -> Reduced {
        let fill = |i: usize, first: usize, out: &mut [f64]| {
            out.iter_mut().enumerate().for_each(|(j, x)| *x = entry(i, first + j));
        };
        reduce(n, m, v, fill, team, &Watch::new(&mut ())).unwrap()
    }

    #[test]
    fn products_and_norms_are_kept_and_do_not_depend_on_threads() {
        // Several panels, several blocks, several waves.
        for (n, m, v) in [(5, 5, 1), (40, 7, 70), (3000, 9, 3), (1300, 300, 2), (40_000, 2, 2)] {
            let found = reduced(n, m, v, &Team::sequential());
            assert!(found == reduced(n, m, v, &Team::lease(3)));
            let column = |j: usize| &found.triangle.entries[j * m..(j + 1) * m];
            let close = |a: usize, b: usize, product: f64| {
                let expected: f64 = (0..n).map(|i| entry(i, a) * entry(i, b)).sum();
                assert!((product - expected).abs() < 1e-9 * n as f64, "{n} {m} {a} {b}");
            };
            let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            for a in (0..m).step_by(3) {
                for b in (0..m).step_by(5) {
                    close(a, b, dot(column(a), column(b)));
                }
                for k in 0..v {
                    close(a, m + k, dot(column(a), &found.projections[k * m..(k + 1) * m]));
                }
            }
            for k in 0..v {
                let projection = &found.projections[k * m..(k + 1) * m];
                let norm = found.residual_norms[k];
                close(m + k, m + k, dot(projection, projection) + norm * norm);
            }
        }
    }

    #[test]
    fn norms_have_the_whole_range() {
        assert!((norm(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
        assert!((norm(&[3e-300, 4e-300]) / 5e-300 - 1.0).abs() < 1e-15);
        assert_eq!(norm(&[]), 0.0);
        assert!(norm(&[0.0, f64::NAN]).is_nan());
    }
}
