//! One fused pass in the log domain: one exponential an entry for a whole Sinkhorn iteration.
//!
//! Tang et al., "Accelerating Sinkhorn algorithm with sparse Newton iterations" (2024), iterate
//! `P = exp(..)` row by row and column by column; after the row update the plan itself is known,
//! and its column sums are all that the column update needs.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::kept_rows::{KeepRule, KeptRows, join};
use super::semi_dual::Kept;
use crate::error::{Error, try_vec};
use crate::pairs::{Chunks, PairValues, TILE, add_columns, sweep};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Elementary, Kernel, dispatch};

/// Row sums outside of this range are computed again, relative to the largest term of the row.
const TRUSTED: Range<f64> = 1e-10..1e10;

/// Independent partial sums of a row.
const LANES: usize = 16;

/// Nanoseconds of an exponential and two additions.
const COST: f64 = 2.0;

/// What a pass makes of the log-sum-exp `L` of a row: `alpha = (1 - omega) alpha - omega damping L`.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowRule {
    /// Over-relaxation: 1 for the plain update, 0 to keep the potential.
    pub(super) omega: f64,
    /// 1 for fixed marginals, `rho / (rho + reg)` for penalised ones.
    pub(super) damping: f64,
}

impl RowRule {
    /// The update of balanced transport.
    pub(super) const PLAIN: Self = Self { omega: 1.0, damping: 1.0 };
}

/// Memory of passes over one cost: a few numbers a column for each chunk of rows.
pub(super) struct LogPass<'a, E> {
    values: &'a dyn PairValues,
    /// Weights of the rows (n,).
    pub(super) weights: &'a [f64],
    chunks: Chunks,
    partial: Vec<f64>,
    terms: Vec<E>,
    kept: Vec<KeptRows>,
    /// Log-sum-exp of each row in the last pass, `log sum_j exp(psi_j - C_ij / reg)`.
    pub(super) row_log_sums: Vec<f64>,
}

struct State<'s, E> {
    first: usize,
    alpha: &'s mut [f64],
    log_sums: &'s mut [f64],
    sums: &'s mut [f64],
    terms: &'s mut [E],
    kept: Option<&'s mut KeptRows>,
}

impl<'a, E: Elementary> LogPass<'a, E> {
    pub(super) fn new(values: &'a dyn PairValues, weights: &'a [f64]) -> Result<Self, Error> {
        let chunks = Chunks::new(values, COST);
        let size = chunks.len() * values.n_columns();
        Ok(Self {
            values,
            weights,
            chunks,
            partial: try_vec(size, 0.0)?,
            terms: try_vec(size, E::zero())?,
            kept: Vec::new(),
            row_log_sums: try_vec(values.n_rows(), 0.0)?,
        })
    }

    /// Update the row potentials at `psi`, and sum the columns of the plan that they give.
    ///
    /// `alpha` is read as a guess of the result, which spares the search for the largest term.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn run(
        &mut self,
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        rule: RowRule,
        alpha: &mut [f64],
        column_sums: &mut [f64],
    ) -> Result<(), Error> {
        self.partial.fill(0.0);
        let (values, weights, chunks) = (self.values, self.weights, self.chunks);
        let mut states = states(
            chunks,
            psi.len(),
            alpha,
            &mut self.row_log_sums,
            &mut self.partial,
            &mut self.terms,
        );
        sweep(team, chunks, &mut states, check, |state, rows| {
            dispatch(Piece { values, weights, rows, inverse: 1.0 / reg, psi, rule, state });
        })?;
        add_columns(team, &self.partial, column_sums);
        Ok(())
    }

    /// As [`LogPass::run`] with the plain rule, keeping entries.
    ///
    /// When they are too many, the potentials and sums are right all the same.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn run_and_keep(
        &mut self,
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        keep: KeepRule,
        alpha: &mut [f64],
        column_sums: &mut [f64],
        out: &mut Kept,
    ) -> Result<(), Error> {
        self.partial.fill(0.0);
        self.kept.resize_with(self.chunks.len(), KeptRows::default);
        let n_columns = psi.len();
        self.kept.iter_mut().for_each(|kept| kept.clear(n_columns));
        let total = AtomicUsize::new(0);
        let (values, weights, chunks) = (self.values, self.weights, self.chunks);
        let mut states = states(
            chunks,
            n_columns,
            alpha,
            &mut self.row_log_sums,
            &mut self.partial,
            &mut self.terms,
        );
        for (state, kept) in states.iter_mut().zip(&mut self.kept) {
            state.kept = Some(kept);
        }
        let rule = RowRule::PLAIN;
        sweep(team, chunks, &mut states, check, |state, rows| {
            let piece = Piece { values, weights, rows, inverse: 1.0 / reg, psi, rule, state };
            dispatch(KeepingPiece { piece, keep, total: &total });
        })?;
        add_columns(team, &self.partial, column_sums);
        join(&self.kept, keep, n_columns, out)?;
        for (sum, dropped) in column_sums.iter_mut().zip(&out.column_rest) {
            *sum += dropped;
        }
        Ok(())
    }
}

/// The parts of each chunk: slices of its rows and memory of its own.
fn states<'s, E>(
    chunks: Chunks,
    n_columns: usize,
    alpha: &'s mut [f64],
    log_sums: &'s mut [f64],
    partial: &'s mut [f64],
    terms: &'s mut [E],
) -> Vec<State<'s, E>> {
    let rows = chunks.rows();
    let potentials = alpha.chunks_mut(rows).zip(log_sums.chunks_mut(rows));
    let memory = partial.chunks_mut(n_columns).zip(terms.chunks_mut(n_columns));
    potentials
        .zip(memory)
        .enumerate()
        .map(|(k, ((alpha, log_sums), (sums, terms)))| State {
            first: k * rows,
            alpha,
            log_sums,
            sums,
            terms,
            kept: None,
        })
        .collect()
}

/// A piece of the rows of a chunk.
struct Piece<'k, 's, E> {
    values: &'k dyn PairValues,
    weights: &'k [f64],
    rows: Range<usize>,
    inverse: f64,
    psi: &'k [f64],
    rule: RowRule,
    state: &'k mut State<'s, E>,
}

impl<E: Elementary> Piece<'_, '_, E> {
    /// Leave the terms of a row in the scratch, update its potential, return the factor of terms.
    #[inline(always)]
    fn row<A: Arithmetic>(&mut self, row: usize) -> f64 {
        let local = row - self.state.first;
        let old = self.state.alpha[local];
        let mut shift = old;
        let terms = &mut *self.state.terms;
        let mut sum = row_terms::<A, E>(self.values, row, shift, self.inverse, self.psi, terms);
        if !TRUSTED.contains(&sum) {
            shift = -largest::<A>(self.values, row, self.inverse, self.psi);
            sum = row_terms::<A, E>(self.values, row, shift, self.inverse, self.psi, terms);
        }
        let log_sum = sum.ln() - shift;
        let RowRule { omega, damping } = self.rule;
        let new = if omega == 1.0 {
            -damping * log_sum
        } else {
            (1.0 - omega) * old - omega * damping * log_sum
        };
        self.state.alpha[local] = new;
        self.state.log_sums[local] = log_sum;
        self.weights[row] * (new + log_sum).exp() / sum
    }
}

impl<E: Elementary> Kernel for Piece<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        for row in self.rows.clone() {
            let factor = self.row::<A>(row);
            let State { sums, terms, .. } = &mut *self.state;
            for (sum, &term) in sums.iter_mut().zip(&**terms) {
                *sum = A::mul_add(factor, term.to_f64(), *sum);
            }
        }
    }
}

struct KeepingPiece<'k, 's, E> {
    piece: Piece<'k, 's, E>,
    keep: KeepRule,
    /// Entries kept by all chunks.
    total: &'k AtomicUsize,
}

/// Columns that are looked through at once for entries to keep.
const GROUP: usize = 16;

impl<E: Elementary> Kernel for KeepingPiece<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { mut piece, keep: rule, total } = self;
        for row in piece.rows.clone() {
            let factor = piece.row::<A>(row);
            let State { sums, terms, kept, .. } = &mut *piece.state;
            let Some(kept) = kept else { return };
            let (threshold, has_room) = (rule.threshold, kept.has_room(rule, total, terms.len()));
            let before = kept.columns.len();
            let mut keep = |column: usize, mass: f64| {
                if has_room {
                    kept.columns.push(column as u32);
                    kept.values.push(mass);
                }
                sums[column] += mass;
            };
            let mut rest = [0.0; GROUP];
            let (groups, last) = terms.as_chunks::<GROUP>();
            let (dropped, last_dropped) = kept.column_rest.as_chunks_mut::<GROUP>();
            for (k, (terms, dropped)) in groups.iter().zip(dropped).enumerate() {
                let masses = terms.map(|term| factor * term.to_f64());
                let mut n_kept = 0;
                for l in 0..GROUP {
                    let is_kept = masses[l] >= threshold;
                    let small = if is_kept { 0.0 } else { masses[l] };
                    rest[l] += small;
                    dropped[l] += small;
                    n_kept += u64::from(is_kept);
                }
                if n_kept > 0 {
                    for (l, &mass) in masses.iter().enumerate() {
                        if mass >= threshold {
                            keep(k * GROUP + l, mass);
                        }
                    }
                }
            }
            let start = groups.len() * GROUP;
            for (l, (&term, dropped)) in last.iter().zip(last_dropped).enumerate() {
                let mass = factor * term.to_f64();
                if mass >= threshold {
                    keep(start + l, mass);
                } else {
                    rest[l] += mass;
                    *dropped += mass;
                }
            }
            total.fetch_add(kept.columns.len() - before, Ordering::Relaxed);
            kept.counts.push(kept.columns.len());
            kept.row_rest.push(rest.iter().sum());
        }
    }
}

/// Write `exp(shift + psi - C / reg)` of a row to `out` and return the sum.
#[inline(always)]
pub(super) fn row_terms<A: Arithmetic, E: Elementary>(
    values: &dyn PairValues,
    row: usize,
    shift: f64,
    inverse: f64,
    psi: &[f64],
    out: &mut [E],
) -> f64 {
    let mut lanes = [0.0; LANES];
    let mut buffer = [0.0; TILE];
    for ((k, out), psi) in out.chunks_mut(TILE).enumerate().zip(psi.chunks(TILE)) {
        let costs = values.tile(row, k * TILE, &mut buffer[..out.len()]);
        let ((out, out_rest), (costs, costs_rest), (psi, psi_rest)) =
            (out.as_chunks_mut::<LANES>(), costs.as_chunks::<LANES>(), psi.as_chunks::<LANES>());
        for ((out, costs), psi) in out.iter_mut().zip(costs).zip(psi) {
            for l in 0..LANES {
                let exponent = A::mul_add(-costs[l], inverse, psi[l] + shift);
                out[l] = E::from_f64(exponent).exp_normal_lane::<A>();
            }
            for l in 0..LANES {
                lanes[l] += out[l].to_f64();
            }
        }
        let rest = out_rest.iter_mut().zip(costs_rest).zip(psi_rest);
        for (lane, ((out, cost), psi)) in lanes.iter_mut().zip(rest) {
            let exponent = A::mul_add(-*cost, inverse, psi + shift);
            *out = E::from_f64(exponent).exp_normal_lane::<A>();
            *lane += out.to_f64();
        }
    }
    lanes.iter().sum()
}

/// The largest `psi - C / reg` of a row.
#[inline(always)]
pub(super) fn largest<A: Arithmetic>(
    values: &dyn PairValues,
    row: usize,
    inverse: f64,
    psi: &[f64],
) -> f64 {
    let mut lanes = [f64::NEG_INFINITY; LANES];
    let mut buffer = [0.0; TILE];
    for (k, psi) in psi.chunks(TILE).enumerate() {
        let costs = values.tile(row, k * TILE, &mut buffer[..psi.len()]);
        let ((costs, costs_rest), (psi, psi_rest)) =
            (costs.as_chunks::<LANES>(), psi.as_chunks::<LANES>());
        for (costs, psi) in costs.iter().zip(psi) {
            for l in 0..LANES {
                let exponent = A::mul_add(-costs[l], inverse, psi[l]);
                lanes[l] = if exponent > lanes[l] { exponent } else { lanes[l] };
            }
        }
        for (lane, (cost, psi)) in lanes.iter_mut().zip(costs_rest.iter().zip(psi_rest)) {
            let exponent = A::mul_add(-*cost, inverse, *psi);
            *lane = if exponent > *lane { exponent } else { *lane };
        }
    }
    lanes.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairs::Matrix;
    use crate::rng::Stream;

    const N: usize = 40;
    const M: usize = 530;
    const REG: f64 = 0.05;

    fn uniform(len: usize, key: u64) -> Vec<f64> {
        let mut out = vec![0.0; len];
        Stream::new(key, 0, 0).fill_positive_uniform(0, &mut out);
        out
    }

    #[test]
    fn kept_entries_and_the_rest_are_the_whole_plan() -> Result<(), Error> {
        let (cost, weights) = (uniform(N * M, 1), uniform(N, 2));
        let values = Matrix::new("cost", &cost, (N, M))?;
        let psi: Vec<f64> = uniform(M, 3).iter().map(|x| 4.0 * x).collect();
        let team = Team::sequential();
        let mut pass = LogPass::<f64>::new(&values, &weights)?;
        let (mut alpha, mut sums) = (vec![0.0; N], vec![0.0; M]);
        let mut kept = Kept::default();
        // None, some and all of the entries; the second call finds the memory of the first.
        for threshold in [1e9, 1e-3, 0.0] {
            let go_on = || Ok(());
            let keep = KeepRule { threshold, most: N * M };
            pass.run_and_keep(&team, &go_on, REG, &psi, keep, &mut alpha, &mut sums, &mut kept)?;
            assert!(!kept.overflows);
            assert_eq!(kept.offsets.len(), N + 1);
            let (mut columns, mut n_kept) = (kept.column_rest.clone(), 0);
            for i in 0..N {
                let entries = kept.offsets[i]..kept.offsets[i + 1];
                let places = &kept.columns[entries.clone()];
                assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
                let mut row = kept.row_rest[i];
                for (&j, &mass) in places.iter().zip(&kept.values[entries]) {
                    let exponent = alpha[i] + psi[j as usize] - cost[i * M + j as usize] / REG;
                    let exact = weights[i] * exponent.exp();
                    assert!((mass - exact).abs() <= 1e-13 * exact && mass >= threshold);
                    row += mass;
                    columns[j as usize] += mass;
                    n_kept += 1;
                }
                assert!((row - weights[i]).abs() <= 1e-13 * weights[i]);
            }
            assert_eq!(n_kept, kept.values.len());
            assert!(columns.iter().zip(&sums).all(|(x, sum)| (x - sum).abs() <= 1e-13 * sum));
            match threshold {
                0.0 => assert_eq!(n_kept, N * M),
                1e9 => assert_eq!(n_kept, 0),
                _ => assert!(n_kept > 0 && n_kept < N * M),
            }
        }
        Ok(())
    }

    #[test]
    fn too_many_entries_leave_the_sums_as_they_are() -> Result<(), Error> {
        let (cost, weights) = (uniform(N * M, 1), uniform(N, 2));
        let values = Matrix::new("cost", &cost, (N, M))?;
        let psi = uniform(M, 3);
        let mut pass = LogPass::<f64>::new(&values, &weights)?;
        let (mut kept, mut expected) = (Kept::default(), vec![0.0; M]);
        pass.run(
            &Team::sequential(),
            &|| Ok(()),
            REG,
            &psi,
            RowRule::PLAIN,
            &mut [0.0; N],
            &mut expected,
        )?;
        for team in [Team::sequential(), Team::lease(3)] {
            for (most, overflows) in [(N * M - 1, true), (N * M, false), (1, true), (0, true)] {
                let keep = KeepRule { threshold: 0.0, most };
                let (mut alpha, mut sums) = ([0.0; N], vec![0.0; M]);
                let go_on = || Ok(());
                pass.run_and_keep(
                    &team, &go_on, REG, &psi, keep, &mut alpha, &mut sums, &mut kept,
                )?;
                assert_eq!(kept.overflows, overflows, "{most}");
                assert_eq!(kept.values.len(), if overflows { 0 } else { N * M });
                assert!(sums.iter().zip(&expected).all(|(x, y)| (x - y).abs() <= 1e-13 * y));
            }
        }
        Ok(())
    }

    /// Row sums in log units and column sums after a pass that starts from the guess `alpha`.
    fn after<E: Elementary>(guess: f64, offset: f64) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let (cost, weights) = (uniform(N * M, 1), uniform(N, 2));
        let values = Matrix::new("cost", &cost, (N, M))?;
        let psi: Vec<f64> = uniform(M, 3).iter().map(|x| 4.0 * x + offset).collect();
        let mut pass = LogPass::<E>::new(&values, &weights)?;
        let (mut alpha, mut sums) = (vec![guess; N], vec![0.0; M]);
        let (team, rule) = (Team::sequential(), RowRule::PLAIN);
        pass.run(&team, &|| Ok(()), REG, &psi, rule, &mut alpha, &mut sums)?;
        Ok((pass.row_log_sums, sums))
    }

    #[test]
    fn a_guess_out_of_range_changes_nothing_but_the_work() -> Result<(), Error> {
        let (rows, columns) = after::<f64>(0.0, 0.0)?;
        for (guess, offset) in
            [(800.0, 0.0), (-800.0, 0.0), (1e6, 0.0), (0.0, 900.0), (0.0, -900.0), (-20.0, 20.0)]
        {
            let double = after::<f64>(guess, offset)?;
            let single = after::<f32>(guess, offset)?;
            for (found, tolerance) in [(double, 1e-12), (single, 2e-6)] {
                let pairs = found.0.iter().zip(&rows);
                assert!(pairs.into_iter().all(|(x, y)| (x - offset - y).abs() <= tolerance));
                let pairs = found.1.iter().zip(&columns);
                assert!(pairs.into_iter().all(|(x, y)| (x - y).abs() <= tolerance * y));
            }
        }
        Ok(())
    }
}
