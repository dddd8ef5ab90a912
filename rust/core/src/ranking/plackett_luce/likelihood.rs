//! The Plackett-Luce log-likelihood with its gradient, and the splits that make up its Hessian.
//!
//! A ranking is a sequence of choices: item `k` from what is left, the items `k..K` with strengths
//! `S_k = p_k + ... + p_{K-1}`. At each place the strength that is left splits into the item's share
//! `y_k = p_k / S_k` and the rest `r_k = S_{k+1} / S_k`, and everything else follows from these,
//! without overflow however far the strengths are apart. With `C_k = sum over choices v <= k of
//! S_k / S_v`, the expected number of choices that get as far as place `k`, the gradient at a placed
//! item is `r_k - y_k (C_k - 1)`: how much of a surprise its own choice was, against the choices
//! that it was expected to win before.
//!
//! Minus the Hessian of a choice is the covariance `diag(x) - x x'` of the indicator of who wins
//! it. Drawing the winner place by place, "is it this one, or one further down?", takes that
//! covariance apart: with `d_k` the difference between `e_k` and the distribution of the winner
//! among the items further down, and `m_k = C_k y_k r_k`,
//!
//! `H = sum over places k of m_k d_k d_k'`.
//!
//! All terms are positive, so diagonals and energies come out without cancellation, and products
//! take O(K) a ranking.

use super::layout::Layout;
use super::rankings::Rankings;
use crate::error::{Error, require_finite, try_vec, try_zeroed};
use crate::parallel::{BLOCK, Team};
use crate::ranking::paired::Prior;

/// Largest `|s|` for which sums of `exp(s)` and their reciprocals stay in range.
pub(super) const EXP_RANGE: f64 = 300.0;

/// Units in the last place to which a share, a rest and what both are multiplied with are known.
const QUOTIENT: f64 = 8.0;

/// How the strength that is left at a place divides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Split {
    /// Share of the item at this place.
    pub share: f64,
    /// Share of all items further down; 1 less `share`, without cancellation.
    pub rest: f64,
}

/// What the rankings say of an item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Weight of its wins, each by how much of a surprise it was.
    pub gain: f64,
    /// Wins that were expected of it in choices that others won.
    pub loss: f64,
    /// Diagonal of the Hessian of the negative log-posterior.
    pub diagonal: f64,
}

impl Row {
    /// Observed minus expected wins.
    pub(super) fn gradient(&self) -> f64 {
        self.gain - self.loss
    }
}

/// Gradient and Hessian at one vector of log-strengths.
pub(super) struct Derivatives {
    /// By entry.
    pub splits: Vec<Split>,
    /// By item.
    pub rows: Vec<Row>,
    /// Second derivative of the negative log-prior by item; empty without a prior.
    pub prior: Vec<f64>,
    terms: Vec<[f64; 3]>,
    strength: Vec<f64>,
}

/// `1 / (1 + exp(-x))`.
pub(super) fn logistic(x: f64) -> f64 {
    let tail = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + tail) } else { tail / (1.0 + tail) }
}

/// `ln(1 + exp(x))`.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

impl Derivatives {
    /// Memory for the derivatives.
    pub(super) fn new(layout: &Layout<'_>, prior: Option<Prior>) -> Result<Self, Error> {
        let (n_items, n_entries) = (layout.n_items(), layout.rankings.n_entries());
        Ok(Self {
            splits: try_vec(n_entries, Split::default())?,
            rows: try_vec(n_items, Row::default())?,
            prior: if prior.is_some() { try_zeroed(n_items)? } else { Vec::new() },
            terms: try_zeroed(n_entries)?,
            strength: try_zeroed(n_items)?,
        })
    }

    /// Evaluate at log-strengths `s`.
    pub(super) fn evaluate(
        &mut self,
        layout: &Layout<'_>,
        prior: Option<Prior>,
        s: &[f64],
        team: &Team,
    ) {
        let exponentiate = s.iter().all(|x| x.abs() <= EXP_RANGE);
        if exponentiate {
            team.for_each_chunk_mut(&mut self.strength, BLOCK, |start, p| {
                for (p, s) in p.iter_mut().zip(&s[start..]) {
                    *p = s.exp();
                }
            });
        }
        let (rankings, p) = (layout.rankings, &self.strength);
        layout.for_each_ranking_pair(
            team,
            &mut self.splits,
            &mut self.terms,
            |r, splits, terms| {
                if exponentiate {
                    split_ratios(rankings.set(r), p, splits);
                } else {
                    split_logarithms(rankings.set(r), s, splits);
                }
                let (n_choices, weight) = (rankings.n_choices(r), rankings.weight(r));
                for (term, place) in terms.iter_mut().zip(Places::new(splits, n_choices, weight)) {
                    *term = [place.gain, place.loss, place.diagonal];
                }
            },
        );
        layout.gather(team, &self.terms, &mut self.rows, |_, [gain, loss, diagonal], row| {
            *row = Row { gain, loss, diagonal };
        });
        self.add_prior(prior, s);
    }

    fn add_prior(&mut self, prior: Option<Prior>, s: &[f64]) {
        for ((row, information), &s) in self.rows.iter_mut().zip(&mut self.prior).zip(s) {
            match prior {
                Some(Prior::Logistic(weight)) => {
                    let (up, down) = (logistic(-s), logistic(s));
                    row.gain += weight * up;
                    row.loss += weight * down;
                    *information = 2.0 * weight * up * down;
                }
                Some(Prior::Gaussian(precision)) => {
                    row.gain += precision * (-s).max(0.0);
                    row.loss += precision * s.max(0.0);
                    *information = precision;
                }
                None => {}
            }
            row.diagonal += *information;
        }
    }

    /// `g . d`, in a fixed order.
    pub(super) fn slope(&self, d: &[f64], team: &Team) -> f64 {
        team.sum_blocks(d.len(), |block| {
            self.rows[block.clone()].iter().zip(&d[block]).map(|(row, d)| row.gradient() * d).sum()
        })
    }

    /// `sqrt(sum g_i^2 / H_ii)`: the Newton decrement of the Hessian's diagonal alone.
    pub(super) fn diagonal_decrement(&self, team: &Team) -> f64 {
        let sum = team.sum_blocks(self.rows.len(), |block| {
            self.rows[block]
                .iter()
                .map(|row| row.gradient().powi(2) / row.diagonal.max(f64::MIN_POSITIVE))
                .sum()
        });
        sum.sqrt()
    }

    /// `max_i |g_i|`, in units of wins.
    pub(super) fn residual(&self) -> f64 {
        self.rows.iter().fold(0.0, |worst, row| row.gradient().abs().max(worst))
    }
}

/// Splits through strengths `p = exp(s)`.
fn split_ratios(set: &[u32], p: &[f64], splits: &mut [Split]) {
    let (mut below, mut high, mut low) = (0.0, 0.0, 0.0);
    for (&item, split) in set.iter().zip(splits).rev() {
        let own = p[item as usize];
        // With the rounding errors carried along, a sum of any length is exact to a unit or two.
        let sum = high + own;
        low += if high >= own { (high - sum) + own } else { (own - sum) + high };
        high = sum;
        let total = high + low;
        let inverse = 1.0 / total;
        *split = Split { share: own * inverse, rest: below * inverse };
        below = total;
    }
}

/// Splits through sums relative to the largest strength so far.
fn split_logarithms(set: &[u32], s: &[f64], splits: &mut [Split]) {
    let (mut below, mut largest) = (0.0, f64::NEG_INFINITY);
    for (&item, split) in set.iter().zip(splits).rev() {
        let here = s[item as usize];
        let own = if here > largest {
            below *= (largest - here).exp();
            largest = here;
            1.0
        } else {
            (here - largest).exp()
        };
        let total = below + own;
        *split = Split { share: own / total, rest: below / total };
        below = total;
    }
}

/// What a ranking contributes at each place, from the best item on.
pub(super) struct Places<'a> {
    splits: std::slice::Iter<'a, Split>,
    n_choices: usize,
    weight: f64,
    place: usize,
    /// `C_{k-1} r_{k-1}`: choices made before that get as far as this place.
    arrived: f64,
    /// `sum over j < k of m_j (S_k / S_{j+1})^2`.
    above: f64,
    /// `sum over choices v < k of (k - v) S_k / S_v`.
    distance: f64,
}

/// The contribution of one place.
pub(super) struct Place {
    pub gain: f64,
    pub loss: f64,
    pub diagonal: f64,
    /// `m_k`, with the weight.
    pub information: f64,
    /// `C_k`.
    pub visits: f64,
    /// A bound, in units of the last place, of the rounding errors of `gain` and `loss`: few for a
    /// quotient, two more for each place that a product of quotients spans.
    pub rounding: f64,
}

impl<'a> Places<'a> {
    #[inline(always)]
    pub(super) fn new(splits: &'a [Split], n_choices: usize, weight: f64) -> Self {
        let splits = splits.iter();
        Self { splits, n_choices, weight, place: 0, arrived: 0.0, above: 0.0, distance: 0.0 }
    }
}

impl Iterator for Places<'_> {
    type Item = Place;

    #[inline(always)]
    fn next(&mut self) -> Option<Place> {
        let Split { share, rest } = *self.splits.next()?;
        let own = if self.place < self.n_choices { 1.0 } else { 0.0 };
        let visits = self.arrived + own;
        let information = self.weight * visits * share * rest;
        let place = Place {
            gain: self.weight * own * rest,
            loss: self.weight * share * self.arrived,
            diagonal: information + share * share * self.above,
            information,
            visits,
            rounding: self.weight
                * (QUOTIENT * (own * rest + share * self.arrived) + 2.0 * share * self.distance),
        };
        self.distance = rest * (self.distance + visits);
        self.above = rest * rest * self.above + information;
        self.arrived = rest * visits;
        self.place += 1;
        Some(place)
    }
}

/// The log-likelihood of the rankings at log-strengths `s`, one an item, without a prior.
///
/// # Errors
/// [`Error::Shape`] or [`Error::NotFinite`] naming `strength`.
pub fn rankings_log_likelihood(
    rankings: &Rankings<'_>,
    s: &[f64],
    team: &Team,
) -> Result<f64, Error> {
    if s.len() != rankings.n_items() {
        return Err(Error::Shape {
            argument: "strength",
            expected: format!("{} entries, one per item", rankings.n_items()),
            found: s.len().to_string(),
        });
    }
    require_finite("strength", s)?;
    Ok(log_likelihood(rankings, s, team))
}

pub(super) fn log_likelihood(rankings: &Rankings<'_>, s: &[f64], team: &Team) -> f64 {
    team.sum_blocks(rankings.len(), |block| {
        block.map(|r| rankings.weight(r) * log_probability(rankings, r, s)).sum()
    })
}

/// `ln P(ranking r)`.
fn log_probability(rankings: &Rankings<'_>, r: usize, s: &[f64]) -> f64 {
    let n_choices = rankings.n_choices(r);
    let (mut below, mut sum) = (f64::NEG_INFINITY, 0.0);
    for (place, &item) in rankings.set(r).iter().enumerate().rev() {
        let here = s[item as usize];
        let surprise = if below == f64::NEG_INFINITY { 0.0 } else { softplus(below - here) };
        if place < n_choices {
            sum -= surprise;
        }
        below = here + surprise;
    }
    sum
}
