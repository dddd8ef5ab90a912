//! Probabilities of choices, and what they add to the gradient and the Hessian.
//!
//! A choice from the alternatives `u, u+1, ..., K` (best first) is read as a cascade: `u` against
//! all behind it together. With `S_u` the sum of `exp(score)` from `u` on and `m_u` the mean of the
//! features under these weights, let `P_u = exp(score_u) / S_u` and
//! `delta_u = phi_u - m_{u+1}`. Then choice `u` has the gradient `(1 - P_u) delta_u`, the mean
//! moves on by `m_u = m_{u+1} + P_u delta_u`, and the covariances of all choices of a ranking add
//! up to `sum_u P_u (1 - P_u) R_u delta_u delta_u'` with `R_u = [u was chosen] +
//! (1 - P_{u-1}) R_{u-1}`: one row for each alternative but the last. Nothing cancels, since
//! `1 - P` is computed on its own and every term of the Hessian is positive.

use super::piece::{Piece, Rows};
use super::tile::product_sum;
use crate::ranking::likelihood::{LANES, add_lanes, lane_sum};
use crate::simd::{Arithmetic, Elementary, Kernel, dispatch};

/// What the rows of one piece say about the scores.
pub(super) struct Chances {
    /// Log-probability of the choices.
    pub(super) log_likelihood: f64,
    /// Least log-odds of a choice against all alternatives to it together.
    pub(super) least_log_odds: f64,
    /// Largest difference of a score to the last one of its set.
    pub(super) largest_difference: f64,
}

/// Fill in `chance`, `upset` and `root` of every row from its score.
pub(super) fn evaluate_chances(piece: &mut Piece) -> Chances {
    match piece.rows {
        Rows::Pairs => dispatch(PairChances { piece }),
        Rows::Sequential => dispatch(SequentialChances { piece }),
    }
}

/// Add the gradient, and the sums of absolute values that bound its rounding error; replace each
/// row by its `delta`.
pub(super) fn add_gradient(piece: &mut Piece, gradient: &mut [f64], magnitude: &mut [f64]) {
    dispatch(Gradient { piece, slope: gradient, magnitude });
}

/// Probability of an alternative from its log-odds, the probability against it, and
/// `log(1 + exp(-|odds|))`; each to full relative accuracy.
#[inline(always)]
fn logistic<A: Arithmetic>(log_odds: f64) -> (f64, f64, f64) {
    let ratio = (-log_odds.abs()).exp_lane::<A>();
    let sum = 1.0 + ratio;
    let large = 1.0 / sum;
    let small = ratio * large;
    // What was lost when the ratio was added to 1.
    let tail = sum.log_lane::<A>() + (ratio - (sum - 1.0)) * large;
    if log_odds >= 0.0 { (large, small, tail) } else { (small, large, tail) }
}

struct PairChances<'a> {
    piece: &'a mut Piece,
}

impl Kernel for PairChances<'_> {
    type Output = Chances;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Chances {
        let Piece { weight, member, score, upset, root, chance, n_rows, .. } = self.piece;
        let n = *n_rows;
        let (score, chance) = (&score[..n], &mut chance[..n]);
        let (upset, root) = (&mut upset[..n], &mut root[..n]);
        // The log-probabilities stand where no probability of a pair is needed later.
        if member.is_empty() {
            upset.copy_from_slice(weight);
        } else {
            for (w, &member) in upset.iter_mut().zip(&*member) {
                *w = weight[member as usize];
            }
        }
        for (((score, term), upset), root) in
            score.iter().zip(&mut *chance).zip(&mut *upset).zip(root)
        {
            let (p, q, tail) = logistic::<A>(*score);
            let w = *upset;
            *term = -w * (tail + (-score).max(0.0));
            *upset = w * q;
            *root = (w * p * q).sqrt();
        }
        Chances {
            log_likelihood: sum(chance),
            least_log_odds: score.iter().copied().fold(f64::INFINITY, f64::min),
            largest_difference: score.iter().map(|x| x.abs()).fold(0.0, f64::max),
        }
    }
}

/// Sum in lanes.
#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    add_lanes(&mut lanes, values);
    lane_sum(&lanes)
}

struct SequentialChances<'a> {
    piece: &'a mut Piece,
}

impl Kernel for SequentialChances<'_> {
    type Output = Chances;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Chances {
        let n = self.piece.n_members();
        let Piece { weight, n_events, size, score, chance, upset, root, n_rows, sets, .. } =
            self.piece;
        let n_levels = *n_rows / n;
        let [log_sum, log_likelihood, least, largest] =
            sets.each_mut().map(|values| &mut values[..n]);
        log_sum.fill(0.0);
        log_likelihood.fill(0.0);
        least.fill(f64::INFINITY);
        largest.fill(0.0);
        for level in (0..n_levels).rev() {
            let (position, rows) = (level as f64, level * n..(level + 1) * n);
            let outputs = chance[rows.clone()].iter_mut().zip(&mut upset[rows.clone()]);
            let inputs = score[rows].iter().zip(weight.iter().zip(n_events.iter().zip(&*size)));
            let sums = log_sum.iter_mut().zip(&mut *log_likelihood);
            let extremes = least.iter_mut().zip(&mut *largest);
            for (
                ((score, (w, (events, size))), (chance, upset)),
                ((log_sum, log_likelihood), (least, largest)),
            ) in inputs.zip(outputs).zip(sums.zip(extremes))
            {
                // Levels behind the end of a smaller set leave its sums as they are.
                let exists = position + 1.0 < *size;
                let log_odds = if exists { score - *log_sum } else { f64::NEG_INFINITY };
                let (p, q, tail) = logistic::<A>(log_odds);
                *chance = p;
                *upset = w * q;
                *log_sum += tail + log_odds.max(0.0);
                let chosen = position < *events;
                *log_likelihood -= if chosen { w * (tail + (-log_odds).max(0.0)) } else { 0.0 };
                *least = least.min(if chosen { log_odds } else { f64::INFINITY });
                *largest = largest.max(if exists { score.abs() } else { 0.0 });
            }
        }
        let chances = Chances {
            log_likelihood: sum(log_likelihood),
            least_log_odds: least.iter().copied().fold(f64::INFINITY, f64::min),
            largest_difference: largest.iter().copied().fold(0.0, f64::max),
        };
        // `R_u` of every set.
        let reach = log_sum;
        reach.fill(0.0);
        for level in 0..n_levels {
            let (position, rows) = (level as f64, level * n..(level + 1) * n);
            let outputs = upset[rows.clone()].iter_mut().zip(&mut root[rows.clone()]);
            let inputs = chance[rows].iter().zip(n_events.iter().zip(&*weight));
            for (((p, (events, w)), (upset, root)), reach) in inputs.zip(outputs).zip(&mut *reach) {
                let chosen = if position < *events { 1.0 } else { 0.0 };
                let against = *upset;
                *reach += chosen;
                *root = (p * against * *reach).sqrt();
                *reach *= against / w;
                *upset = against * chosen;
            }
        }
        chances
    }
}

struct Gradient<'a> {
    piece: &'a mut Piece,
    slope: &'a mut [f64],
    magnitude: &'a mut [f64],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { piece, slope, magnitude } = self;
        let (n_rows, n_members) = (piece.n_rows, piece.n_members());
        let upset = &piece.upset[..n_rows];
        let columns = slope.iter_mut().zip(magnitude).enumerate();
        if piece.rows == Rows::Pairs {
            for (j, (slope, magnitude)) in columns {
                let column = &*piece.tile.column_mut(j, n_rows);
                *slope += product_sum::<A>(column, upset);
                *magnitude += absolute_product_sum::<A>(column, upset);
            }
            return;
        }
        let [mean, reach, ..] = piece.sets.each_mut().map(|values| &mut values[..n_members]);
        for (j, (slope, magnitude)) in columns {
            let column = piece.tile.column_mut(j, n_rows);
            mean.fill(0.0);
            reach.fill(0.0);
            let (mut sum, mut bound) = (0.0, 0.0);
            for level in (0..n_rows / n_members).rev() {
                let rows = level * n_members..(level + 1) * n_members;
                let chances = piece.chance[rows.clone()].iter();
                for (((x, mean), reach), p) in
                    column[rows.clone()].iter_mut().zip(&mut *mean).zip(&mut *reach).zip(chances)
                {
                    let size = x.abs();
                    *reach = if size > *reach { size } else { *reach };
                    *x -= *mean;
                    *mean = A::mul_add(*p, *x, *mean);
                }
                sum += product_sum::<A>(&column[rows.clone()], &upset[rows.clone()]);
                bound += product_sum::<A>(reach, &upset[rows]);
            }
            *slope += sum;
            *magnitude += bound;
        }
    }
}

/// Sum of `|left| * right`, in lanes.
#[inline(always)]
fn absolute_product_sum<A: Arithmetic>(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (left_whole, left_rest) = left.as_chunks::<LANES>();
    let (right_whole, right_rest) = right.as_chunks::<LANES>();
    for (a, b) in left_whole.iter().zip(right_whole) {
        for k in 0..LANES {
            lanes[k] = A::mul_add(a[k].abs(), b[k], lanes[k]);
        }
    }
    left_rest
        .iter()
        .zip(right_rest)
        .zip(&mut lanes)
        .for_each(|((a, b), lane)| *lane += a.abs() * b);
    lane_sum(&lanes)
}
