//! The plan of given potentials: as a matrix, as a sparse matrix, and applied to vectors.

use super::plan_rows::{Plan, PlanTile, PlanVisitor, by_chunk, columns_by_chunk, tile_dot};
use super::problem::Problem;
use crate::error::{Error, try_vec, try_zeroed};
use crate::float::Float;
use crate::pairs::add_columns;
use crate::parallel::Team;
use crate::simd::Arithmetic;

/// What a pass needs beside the problem and its potentials.
#[derive(Clone, Copy)]
pub struct Passing<'a> {
    /// Threads.
    pub team: &'a Team,
    /// Asked every few hundredths of a second whether to go on.
    pub check: &'a dyn Fn() -> Result<(), Error>,
}

/// The plan (n, m), row after row.
///
/// # Errors
/// As [`Problem::validate`]; [`Error::Shape`], [`Error::TooLarge`], [`Error::Interrupted`].
pub fn dense_plan<T: Float>(
    problem: &Problem<'_>,
    (f, g): (&[f64], &[f64]),
    passing: Passing<'_>,
) -> Result<Vec<T>, Error> {
    problem.validate_with((f, g))?;
    let (n, m) = (f.len(), g.len());
    let bytes = n as u128 * m as u128 * size_of::<T>() as u128;
    let mut out: Vec<T> = try_zeroed(n.checked_mul(m).ok_or(Error::TooLarge { bytes })?)?;
    let (phi, psi) = problem.log_potentials(f, g);
    let plan = Plan { values: problem.values, reg: problem.reg, phi: &phi, psi: &psi };
    let chunks = plan.chunks();
    let parts = by_chunk(chunks, &mut out, m).into_iter().enumerate();
    let mut visitors: Vec<_> =
        parts.map(|(k, rows)| Copy { first: k * chunks.rows(), n_columns: m, rows }).collect();
    plan.visit(passing.team, passing.check, &mut visitors)?;
    Ok(out)
}

struct Copy<'k, T> {
    first: usize,
    n_columns: usize,
    rows: &'k mut [T],
}

impl<T: Float> PlanVisitor for Copy<'_, T> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        let first = (tile.row - self.first) * self.n_columns + tile.start;
        for (out, mass) in self.rows[first..].iter_mut().zip(tile.masses) {
            *out = T::from_f64(*mass);
        }
    }
}

/// Entries of a plan that are at least a threshold, as compressed rows.
#[derive(Debug, Clone, Default)]
pub struct SparsePlan {
    /// First entry of each row, and the number of entries (n + 1,).
    pub offsets: Vec<i64>,
    /// Column by entry, increasing within a row.
    pub columns: Vec<i32>,
    /// Mass by entry.
    pub masses: Vec<f64>,
    /// Mass of the entries that were left out.
    pub dropped: f64,
}

/// The entries of the plan that are at least `threshold`.
///
/// # Errors
/// As [`Problem::validate`]; [`Error::Shape`], [`Error::TooLarge`] without memory for the entries or
/// for more columns than 32-bit indices can name, [`Error::Interrupted`].
pub fn sparse_plan(
    problem: &Problem<'_>,
    (f, g): (&[f64], &[f64]),
    threshold: f64,
    passing: Passing<'_>,
) -> Result<SparsePlan, Error> {
    problem.validate_with((f, g))?;
    if i32::try_from(g.len()).is_err() {
        return Err(Error::TooLarge { bytes: 8 * g.len() as u128 });
    }
    let (phi, psi) = problem.log_potentials(f, g);
    let plan = Plan { values: problem.values, reg: problem.reg, phi: &phi, psi: &psi };
    let mut visitors: Vec<_> = (0..plan.chunks().len())
        .map(|_| Keep {
            threshold,
            n_columns: g.len(),
            counts: Vec::new(),
            rows: SparsePlan::default(),
            is_full: false,
        })
        .collect();
    plan.visit(passing.team, passing.check, &mut visitors)?;
    let len: usize = visitors.iter().map(|visitor| visitor.rows.columns.len()).sum();
    let mut out = SparsePlan { offsets: vec![0], ..SparsePlan::default() };
    let is_full = visitors.iter().any(|visitor| visitor.is_full)
        || out.columns.try_reserve_exact(len).is_err()
        || out.masses.try_reserve_exact(len).is_err()
        || out.offsets.try_reserve_exact(f.len()).is_err();
    if is_full {
        return Err(Error::TooLarge { bytes: 12 * len as u128 + 8 * f.len() as u128 });
    }
    for visitor in visitors {
        for count in visitor.counts {
            out.offsets.push(out.offsets[out.offsets.len() - 1] + count);
        }
        out.columns.extend(visitor.rows.columns);
        out.masses.extend(visitor.rows.masses);
        out.dropped += visitor.rows.dropped;
    }
    Ok(out)
}

struct Keep {
    threshold: f64,
    n_columns: usize,
    counts: Vec<i64>,
    rows: SparsePlan,
    /// There was no memory for a row.
    is_full: bool,
}

impl PlanVisitor for Keep {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        if tile.start == 0 {
            self.counts.push(0);
            let SparsePlan { columns, masses, .. } = &mut self.rows;
            self.is_full |= columns.try_reserve(self.n_columns).is_err()
                || masses.try_reserve(self.n_columns).is_err();
        }
        if self.is_full {
            return;
        }
        let before = self.rows.columns.len();
        let mut dropped = 0.0;
        for (l, &mass) in tile.masses.iter().enumerate() {
            if mass >= self.threshold {
                self.rows.columns.push((tile.start + l) as i32);
                self.rows.masses.push(mass);
            } else {
                dropped += mass;
            }
        }
        self.rows.dropped += dropped;
        if let Some(count) = self.counts.last_mut() {
            *count += (self.rows.columns.len() - before) as i64;
        }
    }
}

/// The product `P V` (n, k) with `values` (m, k) in rows, without the plan.
///
/// # Errors
/// As [`Problem::validate`]; [`Error::Shape`], [`Error::TooLarge`], [`Error::Interrupted`].
pub fn apply_plan(
    problem: &Problem<'_>,
    (f, g): (&[f64], &[f64]),
    (values, k): (&[f64], usize),
    passing: Passing<'_>,
) -> Result<Vec<f64>, Error> {
    problem.validate_with((f, g))?;
    require_rows(values, g.len(), k)?;
    let mut out = try_vec(product(f.len(), k)?, 0.0)?;
    if k == 0 {
        return Ok(out);
    }
    // By column of `values`, so that a tile is a dot product of two runs of memory.
    let by_column: Vec<f64> =
        (0..k).flat_map(|c| values.iter().skip(c).step_by(k).copied()).collect();
    let (phi, psi) = problem.log_potentials(f, g);
    let plan = Plan { values: problem.values, reg: problem.reg, phi: &phi, psi: &psi };
    let chunks = plan.chunks();
    let parts = by_chunk(chunks, &mut out, k).into_iter().enumerate();
    let mut visitors: Vec<_> = parts
        .map(|(number, rows)| Multiply {
            first: number * chunks.rows(),
            by_column: &by_column,
            n_columns: g.len(),
            k,
            rows,
        })
        .collect();
    plan.visit(passing.team, passing.check, &mut visitors)?;
    Ok(out)
}

/// Refuse a matrix that has not `n_rows` rows of `k` numbers.
fn require_rows(values: &[f64], n_rows: usize, k: usize) -> Result<(), Error> {
    if n_rows.checked_mul(k) == Some(values.len()) {
        return Ok(());
    }
    let expected = format!("{n_rows} times {k} entries");
    Err(Error::Shape { argument: "values", expected, found: values.len().to_string() })
}

/// The length of a matrix of doubles.
fn product(n: usize, m: usize) -> Result<usize, Error> {
    n.checked_mul(m).ok_or(Error::TooLarge { bytes: 8 * n as u128 * m as u128 })
}

struct Multiply<'k> {
    first: usize,
    by_column: &'k [f64],
    n_columns: usize,
    k: usize,
    rows: &'k mut [f64],
}

impl PlanVisitor for Multiply<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        let out = &mut self.rows[(tile.row - self.first) * self.k..][..self.k];
        for (c, out) in out.iter_mut().enumerate() {
            let values = &self.by_column[c * self.n_columns + tile.start..];
            *out += tile_dot::<A>(tile.masses, values);
        }
    }
}

/// The product `P^T U` (m, k) with `values` (n, k) in rows, without the plan.
///
/// # Errors
/// As [`Problem::validate`]; [`Error::Shape`], [`Error::TooLarge`], [`Error::Interrupted`].
pub fn apply_transposed_plan(
    problem: &Problem<'_>,
    (f, g): (&[f64], &[f64]),
    (values, k): (&[f64], usize),
    passing: Passing<'_>,
) -> Result<Vec<f64>, Error> {
    problem.validate_with((f, g))?;
    require_rows(values, f.len(), k)?;
    let m = g.len();
    let mut out = try_vec(product(m, k)?, 0.0)?;
    let (phi, psi) = problem.log_potentials(f, g);
    let plan = Plan { values: problem.values, reg: problem.reg, phi: &phi, psi: &psi };
    // One column of the result at a time: partial sums of all would take chunks times m k numbers.
    for c in 0..k {
        let mut partial = columns_by_chunk(plan.chunks(), m)?;
        let mut visitors: Vec<_> =
            partial.chunks_mut(m).map(|sums| Scatter { values, k, c, sums }).collect();
        plan.visit(passing.team, passing.check, &mut visitors)?;
        let mut sums = try_vec(m, 0.0)?;
        add_columns(passing.team, &partial, &mut sums);
        for (row, sum) in out.chunks_exact_mut(k).zip(sums) {
            row[c] = sum;
        }
    }
    Ok(out)
}

struct Scatter<'k> {
    values: &'k [f64],
    k: usize,
    c: usize,
    sums: &'k mut [f64],
}

impl PlanVisitor for Scatter<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        let factor = self.values[tile.row * self.k + self.c];
        for (sum, mass) in self.sums[tile.start..].iter_mut().zip(tile.masses) {
            *sum = A::mul_add(factor, *mass, *sum);
        }
    }
}
