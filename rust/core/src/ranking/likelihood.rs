//! The Bradley-Terry log-likelihood with its gradient and Hessian, in one pass over the pairs.
//!
//! With `P_ij = 1 / (1 + exp(s_j - s_i))` the gradient of item `i` is
//! `g_i = sum_j w_ij P_ji - sum_j w_ji P_ij`, a difference of two sums over upsets, and the Hessian
//! of the negative log-likelihood is the Laplacian of the graph with conductances
//! `h_ij = (w_ij + w_ji) P_ij P_ji` (Hunter 2004, section 2).

use std::ops::Range;

use super::table::PairTable;
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::parallel::{BLOCK, Team};
use crate::simd::{self, Arithmetic, Elementary, Kernel};

/// Entries per block of rows: small enough to share out, large enough to hide the hand-over.
const BLOCK_ENTRIES: usize = 1 << 16;

/// Largest `|s|` for which `exp(s)` and all products of two of them stay in range.
pub(super) const EXP_RANGE: f64 = 300.0;

/// Independent partial sums per row, so that the additions vectorise.
pub(super) const LANES: usize = 8;

/// Entries gathered at a time: the terms of a tile are computed in one vectorised loop.
pub(super) const TILE: usize = 128;

/// Rows per block for this graph; depends on the data alone, never on the number of threads.
pub(super) fn rows_per_block<T: Float>(table: &PairTable<'_, T>) -> usize {
    let graph = &table.graph;
    (BLOCK_ENTRIES * graph.n_nodes() / graph.n_entries().max(1)).clamp(1, BLOCK)
}

/// What one pass over the pairs finds at an item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Observed minus expected wins.
    pub gradient: f64,
    /// Sum of the absolute values that the gradient is a difference of.
    pub magnitude: f64,
    /// Diagonal of the Hessian of the negative log-likelihood.
    pub diagonal: f64,
}

impl Row {
    /// Add another part of the same sums.
    #[inline(always)]
    pub(super) fn add(&mut self, part: &Self) {
        self.gradient += part.gradient;
        self.magnitude += part.magnitude;
        self.diagonal += part.diagonal;
    }
}

/// Gradient and Hessian at one vector of log-strengths.
pub(super) struct Derivatives {
    /// Per item.
    pub rows: Vec<Row>,
    /// Hessian conductance `h` per entry.
    pub conductance: Vec<f64>,
    strength: Vec<f64>,
}

impl Derivatives {
    /// Memory for the derivatives of `table`.
    pub(super) fn new<T: Float>(table: &PairTable<'_, T>) -> Result<Self, Error> {
        let (n, entries) = (table.graph.n_nodes(), table.graph.n_entries());
        Ok(Self {
            rows: try_vec(n, Row::default())?,
            conductance: try_vec(entries, 0.0)?,
            strength: try_vec(n, 0.0)?,
        })
    }

    /// Evaluate at log-strengths `s`, sharing rows between the threads of `team`.
    pub(super) fn evaluate<T: Float>(&mut self, table: &PairTable<'_, T>, s: &[f64], team: &Team) {
        let exponentiate = s.iter().all(|x| x.abs() <= EXP_RANGE);
        if exponentiate {
            team.for_each_chunk_mut(&mut self.strength, BLOCK, |start, p| {
                for (p, s) in p.iter_mut().zip(&s[start..]) {
                    *p = s.exp();
                }
            });
        }
        let strength = &self.strength;
        let step = rows_per_block(table);
        let parts = split(table, step, &mut self.rows, &mut self.conductance);
        team.for_each_part(parts, |(start, rows, conductance)| {
            let block = start..start + rows.len();
            if exponentiate {
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || ratio_rows(table, block, strength, rows, conductance),
                );
            } else {
                logistic_rows(table, block, s, rows, conductance);
            }
        });
    }

    /// `g . d`, in a fixed order.
    pub(super) fn slope(&self, d: &[f64], team: &Team) -> f64 {
        team.sum_blocks(d.len(), |block| {
            self.rows[block.clone()].iter().zip(&d[block]).map(|(row, d)| row.gradient * d).sum()
        })
    }

    /// `sqrt(sum g_i^2 / H_ii)`: the Newton decrement of the Hessian's diagonal alone.
    pub(super) fn diagonal_decrement(&self, team: &Team) -> f64 {
        let sum = team.sum_blocks(self.rows.len(), |block| {
            self.rows[block]
                .iter()
                .map(|row| row.gradient.powi(2) / row.diagonal.max(f64::MIN_POSITIVE))
                .sum()
        });
        sum.sqrt()
    }

    /// `max_i |g_i|`, in units of wins.
    pub(super) fn residual(&self) -> f64 {
        self.rows.iter().fold(0.0, |worst, row| row.gradient.abs().max(worst))
    }
}

/// Cut the outputs into blocks of `step` rows with their entries.
fn split<'a, T: Float>(
    table: &PairTable<'_, T>,
    step: usize,
    rows: &'a mut [Row],
    mut conductance: &'a mut [f64],
) -> Vec<(usize, &'a mut [Row], &'a mut [f64])> {
    let mut parts = Vec::with_capacity(rows.len().div_ceil(step));
    for (k, rows) in rows.chunks_mut(step).enumerate() {
        let start = k * step;
        let entries = table.entries(start..start + rows.len());
        let (head, tail) = conductance.split_at_mut(entries.len());
        conductance = tail;
        parts.push((start, rows, head));
    }
    parts
}

/// Rows through ratios of strengths `p = exp(s)`: one division and no exponential per entry.
#[inline(always)]
fn ratio_rows<T: Float>(
    table: &PairTable<'_, T>,
    block: Range<usize>,
    p: &[f64],
    rows: &mut [Row],
    conductance: &mut [f64],
) {
    let base = table.entries(block.clone()).start;
    for (i, row) in block.zip(rows) {
        let entries = table.graph.row(i);
        let out = &mut conductance[entries.start - base..entries.end - base];
        let (opponents, wins, losses) = table.row(i);
        let pi = p[i];
        let (mut upset, mut expected, mut diagonal) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let (mut u, mut x) = ([0.0; TILE], [0.0; TILE]);
        let tiles = opponents
            .chunks(TILE)
            .zip(wins.chunks(TILE))
            .zip(losses.chunks(TILE))
            .zip(out.chunks_mut(TILE));
        for (((j, w), l), h) in tiles {
            let (u, x) = (&mut u[..j.len()], &mut x[..j.len()]);
            for (pj, &j) in u.iter_mut().zip(j) {
                *pj = p[j as usize];
            }
            for ((((u, x), h), w), l) in
                u.iter_mut().zip(x.iter_mut()).zip(h.iter_mut()).zip(w).zip(l)
            {
                let r = 1.0 / (pi + *u);
                let (win, loss) = (pi * r, *u * r);
                let (w, l) = (w.to_f64(), l.to_f64());
                *u = w * loss;
                *x = l * win;
                *h = (w + l) * (win * loss);
            }
            add_lanes(&mut upset, u);
            add_lanes(&mut expected, x);
            add_lanes(&mut diagonal, h);
        }
        let (upset, expected) = (lane_sum(&upset), lane_sum(&expected));
        *row = Row {
            gradient: upset - expected,
            magnitude: upset + expected,
            diagonal: lane_sum(&diagonal),
        };
    }
}

/// Rows through the logistic function of differences: for strengths whose ratios overflow.
fn logistic_rows<T: Float>(
    table: &PairTable<'_, T>,
    block: Range<usize>,
    s: &[f64],
    rows: &mut [Row],
    conductance: &mut [f64],
) {
    let base = table.entries(block.clone()).start;
    for (i, row) in block.zip(rows) {
        let entries = table.graph.row(i);
        let out = &mut conductance[entries.start - base..entries.end - base];
        let (opponents, wins, losses) = table.row(i);
        let (mut upset, mut expected, mut diagonal) = (0.0, 0.0, 0.0);
        for (e, &j) in opponents.iter().enumerate() {
            let (w, l) = (wins[e].to_f64(), losses[e].to_f64());
            let (win, loss) = win_loss(s[i] - s[j as usize]);
            upset += w * loss;
            expected += l * win;
            out[e] = (w + l) * (win * loss);
            diagonal += out[e];
        }
        *row = Row { gradient: upset - expected, magnitude: upset + expected, diagonal };
    }
}

/// `(P, 1 - P)` of a difference of log-strengths, each to full relative accuracy.
#[inline(always)]
pub(super) fn win_loss(difference: f64) -> (f64, f64) {
    let ratio = (-difference.abs()).exp();
    let large = 1.0 / (1.0 + ratio);
    let small = ratio * large;
    if difference >= 0.0 { (large, small) } else { (small, large) }
}

/// Add values to the lanes in turn.
#[inline(always)]
pub(super) fn add_lanes(lanes: &mut [f64; LANES], values: &[f64]) {
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for k in 0..LANES {
            lanes[k] += chunk[k];
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += value;
    }
}

/// Add the lanes in a fixed tree order.
#[inline(always)]
pub(super) fn lane_sum(lanes: &[f64; LANES]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// The log-likelihood at `s`, without binomial coefficients.
///
/// Each pair contributes `-n ln(1 + exp(-|d|)) - |d| * (weight against the stronger side)`: terms
/// of one sign, so nothing cancels.
pub(super) fn log_likelihood<T: Float>(table: &PairTable<'_, T>, s: &[f64], team: &Team) -> f64 {
    let step = rows_per_block(table);
    let parts = team
        .map_blocks(s.len(), step, |block| simd::dispatch(LogLikelihood { table, s, rows: block }));
    crate::parallel::pairwise_sum(&parts)
}

/// The log-likelihood of the pairs whose lower item is one of `rows`.
struct LogLikelihood<'a, T> {
    table: &'a PairTable<'a, T>,
    s: &'a [f64],
    rows: Range<usize>,
}

impl<T: Float> Kernel for LogLikelihood<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f64 {
        let mut sums = [0.0; LANES];
        let (mut ahead, mut games, mut against) = ([0.0; TILE], [0.0; TILE], [0.0; TILE]);
        for i in self.rows {
            let (opponents, wins, losses) = self.table.row(i);
            let tiles = opponents.chunks(TILE).zip(wins.chunks(TILE)).zip(losses.chunks(TILE));
            for ((opponents, wins), losses) in tiles {
                let mut n = 0;
                for ((&j, w), l) in opponents.iter().zip(wins).zip(losses) {
                    if (j as usize) > i {
                        let d = self.s[i] - self.s[j as usize];
                        let (w, l) = (w.to_f64(), l.to_f64());
                        (ahead[n], games[n]) = (d.abs(), w + l);
                        against[n] = if d >= 0.0 { l } else { w };
                        n += 1;
                    }
                }
                let terms = &mut against[..n];
                for ((term, d), n) in terms.iter_mut().zip(&ahead).zip(&games) {
                    let ratio = (-d).exp_lane::<A>();
                    // The logarithm of 1 + ratio, with what the sum lost to rounding put back.
                    let sum = 1.0 + ratio;
                    let lost = ratio - (sum - 1.0);
                    *term = n * (sum.log_lane::<A>() + lost / sum) + d * *term;
                }
                add_lanes(&mut sums, terms);
            }
        }
        -lane_sum(&sums)
    }
}
