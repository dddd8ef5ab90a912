//! Item-by-item iterations: Newman's and Zermelo's, always with the newest values.
//!
//! Newman (2023), "Efficient computation of rankings from pairwise comparisons", JMLR 24(238),
//! equation 14; Zermelo (1929). The synchronous form of Newman's iteration oscillates on bipartite
//! data, so only the item-by-item order is offered.

use super::likelihood::{EXP_RANGE, LANES, TILE, add_lanes, lane_sum, win_loss};
use super::table::PairTable;
use crate::control::Control;
use crate::error::Error;
use crate::float::Float;

/// Sweeps between two rescalings of the strengths to geometric mean one.
const RESCALE_EVERY: usize = 16;

/// Strengths are kept within this and its reciprocal, whatever the weights: beyond `EXP_RANGE`, so
/// that the logarithmic form takes over.
const CEILING: f64 = 1e200;

/// Entries swept between two looks at the caller's wish to stop.
const CHECK_ENTRIES: usize = 1 << 22;

/// Which fixed-point iteration a sweep applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Update {
    /// `p_i <- sum_j w_ij p_j / (p_i + p_j)  /  sum_j w_ji / (p_i + p_j)`.
    Newman,
    /// `p_i <- sum_j w_ij  /  sum_j (w_ij + w_ji) / (p_i + p_j)`.
    Zermelo,
}

/// The state of an item-by-item iteration.
pub(super) struct Sweeper {
    update: Update,
    n_sweeps: usize,
    strength: Vec<f64>,
    /// Strengths are held as `exp(s)`; false once their ratios could overflow.
    exponential: bool,
}

impl Sweeper {
    /// Start from log-strengths `s`.
    pub(super) fn new(update: Update, s: &[f64]) -> Self {
        let exponential = s.iter().all(|x| x.abs() <= EXP_RANGE);
        let strength = if exponential { s.iter().map(|x| x.exp()).collect() } else { s.to_vec() };
        Self { update, n_sweeps: 0, strength, exponential }
    }

    /// The current log-strengths.
    pub(super) fn log_strength(&self) -> Vec<f64> {
        if self.exponential {
            self.strength.iter().map(|p| p.ln()).collect()
        } else {
            self.strength.clone()
        }
    }

    /// Update every item once and return `sqrt(sum g_i^2 / N_i)`, which near the solution is the
    /// Newton decrement of the Hessian's diagonal.
    ///
    /// Directions alternate, so two sweeps together are a symmetric one.
    pub(super) fn sweep<T: Float>(
        &mut self,
        table: &PairTable<'_, T>,
        control: &dyn Control,
    ) -> Result<f64, Error> {
        let n = self.strength.len();
        let forward = self.n_sweeps.is_multiple_of(2);
        let mut decrement = 0.0;
        let mut done = 0;
        while done < n {
            let first = done;
            let mut entries = 0;
            while done < n && entries < CHECK_ENTRIES {
                entries += table.graph.degree(if forward { done } else { n - 1 - done });
                done += 1;
            }
            let items = (first..done).map(|k| if forward { k } else { n - 1 - k });
            decrement += if self.exponential {
                let (update, p) = (self.update, &mut self.strength[..]);
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || sweep_ratios(update, table, p, items),
                )
            } else {
                sweep_logistic(self.update, table, &mut self.strength, items)
            };
            control.check()?;
        }
        self.n_sweeps += 1;
        if self.n_sweeps.is_multiple_of(RESCALE_EVERY) || !self.in_range() {
            self.rescale();
        }
        Ok(decrement.sqrt())
    }

    fn in_range(&self) -> bool {
        let limit = EXP_RANGE.exp();
        !self.exponential || self.strength.iter().all(|&p| p < limit && p > limit.recip())
    }

    /// Set the mean log-strength to zero; leave the exponential form if the range asks for it.
    fn rescale(&mut self) {
        let mut s = self.log_strength();
        let mean = crate::parallel::pairwise_sum(&s) / s.len() as f64;
        for x in &mut s {
            *x -= mean;
        }
        let n_sweeps = self.n_sweeps;
        *self = Self::new(self.update, &s);
        self.n_sweeps = n_sweeps;
    }
}

#[inline(always)]
fn sweep_ratios<T: Float>(
    update: Update,
    table: &PairTable<'_, T>,
    p: &mut [f64],
    items: impl Iterator<Item = usize>,
) -> f64 {
    let mut decrement = 0.0;
    for i in items {
        let (numerator, denominator) = ratio_sums(table, i, p);
        let gradient = numerator - p[i] * denominator;
        // What is not a number, because both sums underflow, counts as large.
        decrement += (gradient * gradient / numerator).min(f64::MAX);
        let next = match update {
            Update::Newman => numerator / denominator,
            Update::Zermelo => {
                let (wins, reach) = zermelo_sums(table, i, p);
                wins / reach
            }
        };
        p[i] = next.max(CEILING.recip()).min(CEILING);
    }
    decrement
}

/// `N_i = sum_j w_ij p_j / (p_i + p_j)` and `D_i = sum_j w_ji / (p_i + p_j)`.
#[inline(always)]
fn ratio_sums<T: Float>(table: &PairTable<'_, T>, i: usize, p: &[f64]) -> (f64, f64) {
    let (opponents, wins, losses) = table.row(i);
    let pi = p[i];
    let mut numerator = [0.0; LANES];
    let mut denominator = [0.0; LANES];
    let mut upset = [0.0; TILE];
    let mut expected = [0.0; TILE];
    let tiles = opponents.chunks(TILE).zip(wins.chunks(TILE)).zip(losses.chunks(TILE));
    for ((j, w), l) in tiles {
        let (upset, expected) = (&mut upset[..j.len()], &mut expected[..j.len()]);
        for (pj, &j) in upset.iter_mut().zip(j) {
            *pj = p[j as usize];
        }
        for (((a, b), w), l) in upset.iter_mut().zip(expected.iter_mut()).zip(w).zip(l) {
            let r = 1.0 / (pi + *a);
            *a *= r * w.to_f64();
            *b = l.to_f64() * r;
        }
        add_lanes(&mut numerator, upset);
        add_lanes(&mut denominator, expected);
    }
    (lane_sum(&numerator), lane_sum(&denominator))
}

/// `sum_j w_ij` and `sum_j (w_ij + w_ji) / (p_i + p_j)`.
#[inline(always)]
fn zermelo_sums<T: Float>(table: &PairTable<'_, T>, i: usize, p: &[f64]) -> (f64, f64) {
    let (opponents, wins, losses) = table.row(i);
    let mut sums = (0.0, 0.0);
    for ((&j, w), l) in opponents.iter().zip(wins).zip(losses) {
        sums.0 += w.to_f64();
        sums.1 += (w.to_f64() + l.to_f64()) / (p[i] + p[j as usize]);
    }
    sums
}

/// The same updates on log-strengths, for ratios that overflow.
fn sweep_logistic<T: Float>(
    update: Update,
    table: &PairTable<'_, T>,
    s: &mut [f64],
    items: impl Iterator<Item = usize>,
) -> f64 {
    let mut decrement = 0.0;
    for i in items {
        let (opponents, wins, losses) = table.row(i);
        let (mut upset, mut expected, mut expected_wins, mut total_wins) = (0.0, 0.0, 0.0, 0.0);
        for ((&j, w), l) in opponents.iter().zip(wins).zip(losses) {
            let (win, loss) = win_loss(s[i] - s[j as usize]);
            upset += w.to_f64() * loss;
            expected += l.to_f64() * win;
            expected_wins += (w.to_f64() + l.to_f64()) * win;
            total_wins += w.to_f64();
        }
        decrement += ((upset - expected).powi(2) / upset).min(f64::MAX);
        let step = match update {
            Update::Newman => (upset / expected).ln(),
            Update::Zermelo => (total_wins / expected_wins).ln(),
        };
        s[i] += if step.is_finite() { step } else { far_step(update, table, s, i) };
    }
    decrement
}

/// The logarithmic step of item `i` where its sums underflow.
fn far_step<T: Float>(update: Update, table: &PairTable<'_, T>, s: &[f64], i: usize) -> f64 {
    let (opponents, wins, losses) = table.row(i);
    let difference = |e: usize| s[i] - s[opponents[e] as usize];
    let log_win = |e: usize| -softplus(-difference(e));
    let log_loss = |e: usize| -softplus(difference(e));
    let entries = 0..opponents.len();
    match update {
        Update::Newman => {
            log_sum(entries.clone().map(|e| wins[e].to_f64().ln() + log_loss(e)))
                - log_sum(entries.map(|e| losses[e].to_f64().ln() + log_win(e)))
        }
        Update::Zermelo => {
            log_sum(entries.clone().map(|e| wins[e].to_f64().ln()))
                - log_sum(
                    entries.map(|e| (wins[e].to_f64() + losses[e].to_f64()).ln() + log_win(e)),
                )
        }
    }
}

/// `ln(1 + exp(x))`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The logarithm of a sum of exponentials.
fn log_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + logs.map(|x| (x - largest).exp()).sum::<f64>().ln()
}
