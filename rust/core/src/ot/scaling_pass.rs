//! One fused pass in the scaling domain: one read of a stored kernel for a whole iteration.
//!
//! The kernel absorbs the potentials at which it was computed, `K_ij = exp(alpha_i + psi_j -
//! C_ij / reg)` with rows that sum to about 1, so that scalings stay near 1 at any regularisation
//! (Schmitzer, "Stabilized sparse scaling algorithms", 2019). Rows are still in the cache when they
//! are read again for the column sums.

use std::ops::Range;

use super::log_pass::row_terms;
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::pairs::{Chunks, PairValues, add_columns, sweep};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Elementary, Kernel, dispatch};

/// Rows that share the loads of the column scalings, while four of them fit the cache.
const ROWS: usize = 4;

/// Columns from which on rows are taken one by one.
const LONG: usize = 1 << 14;

/// Independent partial sums of a row.
const LANES: usize = 8;

/// Columns after which sums of single precision are added up in double.
const SINGLE: usize = 1024;

/// Rows after which column sums of single precision are added up in double.
const FLUSH: usize = 32;

/// Nanoseconds of a pass over an entry, roughly.
const COST: f64 = 1.0;

/// A stored kernel with the memory of its passes.
pub(super) struct Kernels<E> {
    /// The kernel, row after row.
    entries: Vec<E>,
    chunks: Chunks,
    partial: Vec<f64>,
    single: Vec<E>,
    n_columns: usize,
}

struct State<'s, E> {
    first: usize,
    u: &'s mut [f64],
    sums: &'s mut [f64],
    single: &'s mut [E],
    row_error: f64,
}

impl<E: Elementary> Kernels<E> {
    /// Memory for a kernel of `n_rows` times `n_columns`, not yet computed.
    pub(super) fn new(n_rows: usize, n_columns: usize) -> Result<Self, Error> {
        let bytes = n_rows as u128 * n_columns as u128 * size_of::<E>() as u128;
        let len = n_rows.checked_mul(n_columns).ok_or(Error::TooLarge { bytes })?;
        let chunks = Chunks::of_shape(n_rows, n_columns, COST);
        let size = chunks.len() * n_columns;
        Ok(Self {
            entries: try_vec(len, E::zero())?,
            chunks,
            partial: try_vec(size, 0.0)?,
            single: try_vec(size, E::zero())?,
            n_columns,
        })
    }

    /// Compute the kernel at the potentials `(alpha, psi)`: one pass over the cost.
    pub(super) fn absorb(
        &mut self,
        values: &dyn PairValues,
        reg: f64,
        (alpha, psi): (&[f64], &[f64]),
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let n_columns = self.n_columns;
        let chunks = Chunks::new(values, COST);
        let size = chunks.rows() * n_columns;
        let mut states: Vec<_> = self.entries.chunks_mut(size).enumerate().collect();
        sweep(team, chunks, &mut states, check, |(k, entries), rows| {
            let first = *k * chunks.rows();
            let entries = &mut entries[(rows.start - first) * n_columns..];
            dispatch(Fill { values, inverse: 1.0 / reg, alpha, psi, rows, entries });
        })
    }

    /// Update `u` (n,) at the column scalings `v` (m,), and sum `u_i K_ij` over the rows.
    ///
    /// `u_i` becomes `u_i (a_i / (u_i s_i))^omega` with `s = K v`. Returns the sum of
    /// `|u_i s_i - a_i|` before the update; with `omega = 1`, where it is not needed, 0.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn run(
        &mut self,
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
        weights: &[f64],
        v: &[E],
        omega: f64,
        u: &mut [f64],
        column_sums: &mut [f64],
    ) -> Result<f64, Error> {
        self.partial.fill(0.0);
        let (chunks, n_columns) = (self.chunks, self.n_columns);
        let memory = self.partial.chunks_mut(n_columns).zip(self.single.chunks_mut(n_columns));
        let mut states: Vec<State<'_, E>> = u
            .chunks_mut(chunks.rows())
            .zip(memory)
            .enumerate()
            .map(|(k, (u, (sums, single)))| State {
                first: k * chunks.rows(),
                u,
                sums,
                single,
                row_error: 0.0,
            })
            .collect();
        let entries = &*self.entries;
        sweep(team, chunks, &mut states, check, |state, rows| {
            dispatch(Piece { entries, n_columns, rows, weights, v, omega, state });
        })?;
        let row_error = states.iter().map(|state| state.row_error).sum();
        add_columns(team, &self.partial, column_sums);
        Ok(row_error)
    }
}

struct Fill<'k, E> {
    values: &'k dyn PairValues,
    inverse: f64,
    alpha: &'k [f64],
    psi: &'k [f64],
    rows: Range<usize>,
    entries: &'k mut [E],
}

impl<E: Elementary> Kernel for Fill<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { values, inverse, alpha, psi, rows, entries } = self;
        for (row, line) in rows.zip(entries.chunks_exact_mut(psi.len())) {
            row_terms::<A, E>(values, row, alpha[row], inverse, psi, line);
        }
    }
}

struct Piece<'k, 's, E> {
    entries: &'k [E],
    n_columns: usize,
    rows: Range<usize>,
    weights: &'k [f64],
    v: &'k [E],
    omega: f64,
    state: &'k mut State<'s, E>,
}

impl<E: Elementary> Kernel for Piece<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        let n = self.n_columns;
        let is_double = size_of::<E>() == size_of::<f64>();
        if !is_double {
            self.state.single.fill(E::zero());
        }
        let (mut row, mut since) = (self.rows.start, 0);
        while row < self.rows.end {
            let together = if n < LONG { ROWS.min(self.rows.end - row) } else { 1 };
            let block = &self.entries[row * n..(row + together) * n];
            if together == ROWS {
                let (first, rest) = block.split_at(n);
                let (second, rest) = rest.split_at(n);
                let (third, fourth) = rest.split_at(n);
                let lines = [first, second, third, fourth];
                let mut factors = four_sums::<A, E>(lines, self.v);
                for (l, factor) in factors.iter_mut().enumerate() {
                    *factor = self.scale(row + l, *factor);
                }
                self.add_four::<A>(lines, factors);
            } else {
                for (l, line) in block.chunks_exact(n).enumerate() {
                    let factor = self.scale(row + l, one_sum::<A, E>(line, self.v));
                    self.add_one::<A>(line, factor);
                }
            }
            row += together;
            since += together;
            if !is_double && since >= FLUSH {
                self.flush();
                since = 0;
            }
        }
        if !is_double {
            self.flush();
        }
    }
}

impl<E: Elementary> Piece<'_, '_, E> {
    /// Update the scaling of a row whose product with `v` is `sum`.
    #[inline(always)]
    fn scale(&mut self, row: usize, sum: f64) -> f64 {
        let u = &mut self.state.u[row - self.state.first];
        let (weight, old) = (self.weights[row], *u);
        *u = if self.omega == 1.0 {
            weight / sum
        } else {
            let ratio = weight / (old * sum);
            self.state.row_error += (old * sum - weight).abs();
            old * ratio.powf(self.omega)
        };
        *u
    }

    /// Add four scaled rows to the column sums.
    #[inline(always)]
    fn add_four<A: Arithmetic>(&mut self, [a, b, c, d]: [&[E]; ROWS], factors: [f64; ROWS]) {
        if size_of::<E>() == size_of::<f64>() {
            let [p, q, r, s] = factors;
            let rows = a.iter().zip(b).zip(c).zip(d);
            for (sum, (((a, b), c), d)) in self.state.sums.iter_mut().zip(rows) {
                let half = A::mul_add(Float::to_f64(*b), q, A::mul_add(Float::to_f64(*a), p, *sum));
                *sum = A::mul_add(Float::to_f64(*d), s, A::mul_add(Float::to_f64(*c), r, half));
            }
        } else {
            let [p, q, r, s] = factors.map(E::from_f64);
            let rows = a.iter().zip(b).zip(c).zip(d);
            for (sum, (((a, b), c), d)) in self.state.single.iter_mut().zip(rows) {
                let half = A::mul_add(*b, q, A::mul_add(*a, p, *sum));
                *sum = A::mul_add(*d, s, A::mul_add(*c, r, half));
            }
        }
    }

    /// Add a scaled row to the column sums.
    #[inline(always)]
    fn add_one<A: Arithmetic>(&mut self, line: &[E], factor: f64) {
        if size_of::<E>() == size_of::<f64>() {
            for (sum, &x) in self.state.sums.iter_mut().zip(line) {
                *sum = A::mul_add(factor, Float::to_f64(x), *sum);
            }
        } else {
            let factor = E::from_f64(factor);
            for (sum, &x) in self.state.single.iter_mut().zip(line) {
                *sum = A::mul_add(factor, x, *sum);
            }
        }
    }

    /// Move column sums of single precision to those of double precision.
    #[inline(always)]
    fn flush(&mut self) {
        for (sum, single) in self.state.sums.iter_mut().zip(&mut *self.state.single) {
            *sum += Float::to_f64(*single);
            *single = E::zero();
        }
    }
}

/// Inner products of four rows with `v`.
#[inline(always)]
fn four_sums<A: Arithmetic, E: Elementary>(lines: [&[E]; ROWS], v: &[E]) -> [f64; ROWS] {
    let mut totals = [0.0; ROWS];
    let step = if size_of::<E>() == size_of::<f64>() { v.len() } else { SINGLE };
    for start in (0..v.len()).step_by(step) {
        let part = start..v.len().min(start + step);
        let (v, v_rest) = v[part.clone()].as_chunks::<LANES>();
        let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] =
            lines.map(|line| line[part.clone()].as_chunks::<LANES>());
        let mut sums = [[E::zero(); LANES]; ROWS];
        // Written out, so that the sums stay in registers.
        for ((((v, a), b), c), d) in v.iter().zip(a).zip(b).zip(c).zip(d) {
            for l in 0..LANES {
                sums[0][l] = A::mul_add(a[l], v[l], sums[0][l]);
            }
            for l in 0..LANES {
                sums[1][l] = A::mul_add(b[l], v[l], sums[1][l]);
            }
            for l in 0..LANES {
                sums[2][l] = A::mul_add(c[l], v[l], sums[2][l]);
            }
            for l in 0..LANES {
                sums[3][l] = A::mul_add(d[l], v[l], sums[3][l]);
            }
        }
        let rests = [a_rest, b_rest, c_rest, d_rest];
        for ((total, sums), rest) in totals.iter_mut().zip(sums).zip(rests) {
            *total += widened_sum(&sums) + rest_sum::<A, E>(rest, v_rest);
        }
    }
    totals
}

/// Inner product of one row with `v`.
#[inline(always)]
fn one_sum<A: Arithmetic, E: Elementary>(line: &[E], v: &[E]) -> f64 {
    let mut total = 0.0;
    for (line, v) in line.chunks(SINGLE).zip(v.chunks(SINGLE)) {
        let (v, v_rest) = v.as_chunks::<LANES>();
        let (line, line_rest) = line.as_chunks::<LANES>();
        let mut sums = [[E::zero(); LANES]; 2];
        for (k, (line, v)) in line.iter().zip(v).enumerate() {
            let sums = &mut sums[k % 2];
            for l in 0..LANES {
                sums[l] = A::mul_add(line[l], v[l], sums[l]);
            }
        }
        total += widened_sum(&sums[0]) + widened_sum(&sums[1]);
        total += rest_sum::<A, E>(line_rest, v_rest);
    }
    total
}

/// The sum of the partial sums of a row.
// Never inlined: the compiler would otherwise join the sums of four rows in one vector, and
// shuffle all that it loads; a pass over a large kernel then takes 1.5 times as long.
#[inline(never)]
fn widened_sum<E: Elementary>(lanes: &[E; LANES]) -> f64 {
    lanes.iter().map(|&x| Float::to_f64(x)).sum()
}

#[inline(always)]
fn rest_sum<A: Arithmetic, E: Elementary>(line: &[E], v: &[E]) -> f64 {
    let mut sum = E::zero();
    for (&x, &v) in line.iter().zip(v) {
        sum = A::mul_add(x, v, sum);
    }
    Float::to_f64(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairs::Matrix;
    use crate::rng::Stream;

    fn uniform(len: usize, key: u64) -> Vec<f64> {
        let mut out = vec![0.0; len];
        Stream::new(key, 0, 0).fill_positive_uniform(0, &mut out);
        out
    }

    /// Absorb a kernel and make one pass; everything against plain loops.
    fn assert_pass<E: Elementary>(n: usize, m: usize, omega: f64, tolerance: f64) {
        let (cost, weights) = (uniform(n * m, 1), uniform(n, 2));
        let values = Matrix::new("cost", &cost, (n, m)).expect("valid");
        let (alpha, psi, reg) = (uniform(n, 3), uniform(m, 4), 0.2);
        let v: Vec<E> = uniform(m, 5).into_iter().map(E::from_f64).collect();
        let team = Team::sequential();
        let mut kernels = Kernels::<E>::new(n, m).expect("small");
        kernels.absorb(&values, reg, (&alpha, &psi), &team, &|| Ok(())).expect("not interrupted");
        let before = uniform(n, 6);
        let (mut u, mut sums) = (before.clone(), vec![0.0; m]);
        let row_error = kernels
            .run(&team, &|| Ok(()), &weights, &v, omega, &mut u, &mut sums)
            .expect("not interrupted");
        let (mut exact, mut exact_error) = (vec![0.0; m], 0.0);
        for i in 0..n {
            let kernel: Vec<f64> =
                (0..m).map(|j| (alpha[i] + psi[j] - cost[i * m + j] / reg).exp()).collect();
            let sum: f64 =
                kernel.iter().zip(&v).map(|(k, v)| k * crate::float::Float::to_f64(*v)).sum();
            let scaling = before[i] * (weights[i] / (before[i] * sum)).powf(omega);
            assert!((u[i] - scaling).abs() <= tolerance * scaling, "{n} {m} {i}");
            exact_error += (before[i] * sum - weights[i]).abs();
            for (sum, k) in exact.iter_mut().zip(&kernel) {
                *sum += scaling * k;
            }
        }
        assert!(sums.iter().zip(&exact).all(|(x, y)| (x - y).abs() <= tolerance * y), "{n} {m}");
        let expected = if omega == 1.0 { 0.0 } else { exact_error };
        assert!((row_error - expected).abs() <= tolerance * exact_error, "{n} {m}");
    }

    #[test]
    fn passes_are_those_of_plain_loops() {
        // Blocks of rows and columns with rests, several chunks, sums that are flushed, long rows.
        for (n, m) in [(1, 1), (3, 7), (5, 2100), (2100, 5), (2, LONG + 3)] {
            for omega in [1.0, 1.5] {
                assert_pass::<f64>(n, m, omega, 1e-12);
                assert_pass::<f32>(n, m, omega, 1e-5);
            }
        }
    }
}
