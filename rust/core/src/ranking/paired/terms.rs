//! The likelihood of one cell as a function of its linear predictor and the tie parameter.
//!
//! Every sum is arranged so that its terms have one sign, or so that only the two sides of an upset
//! cancel: probabilities near 1 are never subtracted from 1.

use super::Ties;
use crate::ranking::likelihood::win_loss;

/// Weights of the outcomes of a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    /// Left won.
    pub wins: f64,
    /// Right won.
    pub losses: f64,
    /// Neither.
    pub ties: f64,
}

impl Counts {
    /// Weight of all games.
    pub(super) fn total(&self) -> f64 {
        self.wins + self.losses + self.ties
    }
}

/// First and second derivatives of a cell's log-likelihood.
///
/// `information` entries are those of the negative Hessian in (linear predictor, tie parameter).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Term {
    /// Derivative by the linear predictor.
    pub score: f64,
    /// Sum of the absolute values that `score` is a difference of.
    pub magnitude: f64,
    /// Derivative by the tie parameter.
    pub tie_score: f64,
    /// Sum of the absolute values that `tie_score` is a difference of.
    pub tie_magnitude: f64,
    /// Negative second derivative by the linear predictor.
    pub information: f64,
    /// Negative mixed second derivative.
    pub cross: f64,
    /// Negative second derivative by the tie parameter.
    pub tie_information: f64,
}

/// Scores (by linear predictor, by tie parameter) of one game of each outcome: left won, right won,
/// tie.
pub(super) type Scores = [(f64, f64); 3];

/// A model's outcome probabilities as functions of the linear predictor, at one tie parameter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Half a win each for a tie.
    Half,
    /// Weights `exp(eta / 2)`, `exp(-eta / 2)` and `level` of left, right and tie.
    Davidson {
        /// `2 nu`.
        level: f64,
    },
    /// Two logistic curves, `ln theta` to either side.
    RaoKupper {
        /// `theta`.
        theta: f64,
        /// First derivative of `ln(exp(2 tau) - 1)`.
        gain: f64,
        /// Negative second derivative of the same.
        curvature: f64,
    },
}

impl Shape {
    /// The model at tie parameter `tie`.
    pub(super) fn new(ties: Ties, tie: f64) -> Self {
        // Beyond this range, which no estimate comes near, all is as at its ends.
        let bounded = tie.clamp(-600.0, 600.0);
        match ties {
            Ties::Half => Self::Half,
            Ties::Davidson => Self::Davidson { level: 2.0 * bounded.exp() },
            Ties::RaoKupper => Self::RaoKupper {
                theta: bounded.exp(),
                gain: tie_gain(1.0, tie),
                curvature: bounded.sinh().powi(2).recip(),
            },
        }
    }

    /// The number at most 0 whose exponential [`term`](Self::term) is to be given.
    #[inline(always)]
    pub(super) fn exponent(&self, eta: f64) -> f64 {
        match self {
            Self::Davidson { .. } => -0.5 * eta.abs(),
            Self::Half | Self::RaoKupper { .. } => -eta.abs(),
        }
    }

    /// Derivatives of a cell's log-likelihood at linear predictor `eta`.
    #[inline(always)]
    pub(super) fn term(&self, counts: Counts, eta: f64, decay: f64) -> Term {
        match *self {
            Self::Half => {
                let wins = counts.wins + 0.5 * counts.ties;
                let losses = counts.losses + 0.5 * counts.ties;
                let large = 1.0 / (1.0 + decay);
                let (win, loss) = by_sign(eta, large, decay * large);
                let (up, down) = (wins * loss, losses * win);
                Term {
                    score: up - down,
                    magnitude: up + down,
                    information: (wins + losses) * (win * loss),
                    ..Term::default()
                }
            }
            Self::Davidson { level } => {
                // Relative to the larger of the weights of left and right.
                let (small, level) = (decay * decay, level * decay);
                let share = 1.0 / (1.0 + small + level);
                let (left, right) = by_sign(eta, share, small * share);
                let level = level * share;
                let games = counts.wins + counts.losses + counts.ties;
                let decided = counts.wins + counts.losses;
                let up = counts.wins * (right + 0.5 * level) + 0.5 * counts.ties * right;
                let down = counts.losses * (left + 0.5 * level) + 0.5 * counts.ties * left;
                let (more, less) = (counts.ties * (left + right), decided * level);
                Term {
                    score: up - down,
                    magnitude: up + down,
                    tie_score: more - less,
                    tie_magnitude: more + less,
                    information: games * (left * right + 0.25 * (left + right) * level),
                    cross: games * 0.5 * (right - left) * level,
                    tie_information: games * level * (left + right),
                }
            }
            Self::RaoKupper { theta, gain, curvature } => {
                let (wins, losses) = (counts.wins + counts.ties, counts.losses + counts.ties);
                // The side that is favoured wins, or does not; the other one does, or does not.
                let favoured = 1.0 / (1.0 + theta * decay);
                let other = 1.0 / (theta + decay);
                let (win, loss) = by_sign(eta, favoured, decay * other);
                let (not_win, not_loss) = by_sign(eta, theta * decay * favoured, theta * other);
                let (up, down) = (wins * not_win, losses * not_loss);
                let more = counts.ties * gain;
                let (left, right) = (wins * (win * not_win), losses * (loss * not_loss));
                Term {
                    score: up - down,
                    magnitude: up + down,
                    tie_score: more - (up + down),
                    tie_magnitude: more + up + down,
                    information: left + right,
                    cross: right - left,
                    tie_information: left + right + counts.ties * curvature,
                }
            }
        }
    }
}

/// What belongs to the left and to the right side, from what belongs to the favoured and the other.
#[inline(always)]
fn by_sign(eta: f64, favoured: f64, other: f64) -> (f64, f64) {
    if eta >= 0.0 { (favoured, other) } else { (other, favoured) }
}

/// Derivatives of a cell's log-likelihood at linear predictor `eta` and tie parameter `tie`.
pub(super) fn term(ties: Ties, counts: Counts, eta: f64, tie: f64) -> Term {
    let shape = Shape::new(ties, tie);
    shape.term(counts, eta, shape.exponent(eta).exp())
}

/// Probabilities of left, right and tie under Davidson's model.
#[inline(always)]
fn davidson(eta: f64, log_nu: f64) -> (f64, f64, f64) {
    // Divided by the largest of the three weights, nothing overflows.
    let (left, right, tie) = (0.5 * eta, -0.5 * eta, log_nu + std::f64::consts::LN_2);
    let top = left.abs().max(tie);
    let (left, right, tie) = ((left - top).exp(), (right - top).exp(), (tie - top).exp());
    let total = left + right + tie;
    (left / total, right / total, tie / total)
}

/// `t d/dtau ln(exp(2 tau) - 1)`.
#[inline(always)]
fn tie_gain(ties: f64, tau: f64) -> f64 {
    if ties > 0.0 { 2.0 * ties / -(-2.0 * tau).exp_m1() } else { 0.0 }
}

/// Scores of single games at linear predictor `eta` and tie parameter `tie`.
#[inline(always)]
pub(super) fn scores(ties: Ties, eta: f64, tie: f64) -> Scores {
    match ties {
        Ties::Half => {
            let (win, loss) = win_loss(eta);
            [(loss, 0.0), (-win, 0.0), (0.5 * (loss - win), 0.0)]
        }
        Ties::Davidson => {
            let (left, right, level) = davidson(eta, tie);
            [
                (right + 0.5 * level, -level),
                (-(left + 0.5 * level), -level),
                (0.5 * (right - left), left + right),
            ]
        }
        Ties::RaoKupper => {
            let (_, not_win) = win_loss(eta - tie);
            let (not_loss, _) = win_loss(eta + tie);
            let gain = tie_gain(1.0, tie);
            [
                (not_win, -not_win),
                (-not_loss, -not_loss),
                (not_win - not_loss, gain - (not_win + not_loss)),
            ]
        }
    }
}

/// Probabilities of left, right and tie at linear predictor `eta` and tie parameter `tie`; halves
/// of a win are no outcomes.
pub(super) fn probabilities(ties: Ties, eta: f64, tie: f64) -> [f64; 3] {
    match ties {
        Ties::Half => {
            let (win, loss) = win_loss(eta);
            [win, loss, 0.0]
        }
        Ties::Davidson => davidson(eta, tie).into(),
        Ties::RaoKupper => {
            let (win, _) = win_loss(eta - tie);
            let (_, loss) = win_loss(eta + tie);
            // (theta^2 - 1) P(left) P(right), where the large factor may overflow before the small
            // ones.
            let level = -(-2.0 * tie).exp_m1() * (tie.exp() * win) * (tie.exp() * loss);
            [win, loss, level]
        }
    }
}

/// The log-likelihood of a cell, as a sum of terms of one sign (of Rao-Kupper's two signs).
#[inline(always)]
pub(super) fn log_likelihood(ties: Ties, counts: Counts, eta: f64, tie: f64) -> f64 {
    match ties {
        Ties::Half => {
            let (wins, losses) =
                (counts.wins + 0.5 * counts.ties, counts.losses + 0.5 * counts.ties);
            wins * log_sigmoid(eta) + losses * log_sigmoid(-eta)
        }
        Ties::Davidson => {
            let level = tie + std::f64::consts::LN_2;
            let top = (0.5 * eta).abs().max(level);
            let total = (0.5 * eta - top).exp() + (-0.5 * eta - top).exp() + (level - top).exp();
            let log_total = top + total.ln();
            counts.wins * (0.5 * eta - log_total)
                + counts.losses * (-0.5 * eta - log_total)
                + if counts.ties > 0.0 { counts.ties * (level - log_total) } else { 0.0 }
        }
        Ties::RaoKupper => {
            let tied = if counts.ties > 0.0 {
                // ln(exp(2 tau) - 1), without overflow.
                counts.ties * (2.0 * tie + (-(-2.0 * tie).exp_m1()).ln())
            } else {
                0.0
            };
            (counts.wins + counts.ties) * log_sigmoid(eta - tie)
                + (counts.losses + counts.ties) * log_sigmoid(-eta - tie)
                + tied
        }
    }
}

/// `ln(1 / (1 + exp(-x)))`.
#[inline(always)]
fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: [Ties; 3] = [Ties::Half, Ties::Davidson, Ties::RaoKupper];

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
    }

    #[test]
    fn derivatives_are_those_of_the_log_likelihood() {
        let step = 1e-5;
        for ties in MODELS {
            for counts in [
                Counts { wins: 3.0, losses: 1.0, ties: 2.0 },
                Counts { wins: 0.0, losses: 2.5, ties: 0.0 },
                Counts { wins: 0.0, losses: 0.0, ties: 4.0 },
            ] {
                for (eta, tie) in [(0.0, 0.4), (1.3, 0.1), (-2.0, 1.5), (6.0, 0.8)] {
                    let value = |e: f64, t: f64| log_likelihood(ties, counts, e, t);
                    let exact = term(ties, counts, eta, tie);
                    let score = (value(eta + step, tie) - value(eta - step, tie)) / (2.0 * step);
                    assert!(close(exact.score, score, 1e-7), "{ties:?} {exact:?} {score}");
                    let up = term(ties, counts, eta + step, tie);
                    let down = term(ties, counts, eta - step, tie);
                    let information = (down.score - up.score) / (2.0 * step);
                    assert!(close(exact.information, information, 1e-7), "{ties:?} {exact:?}");
                    if ties == Ties::Half {
                        continue;
                    }
                    let tie_score =
                        (value(eta, tie + step) - value(eta, tie - step)) / (2.0 * step);
                    assert!(close(exact.tie_score, tie_score, 1e-6), "{ties:?} {exact:?}");
                    let cross = (down.tie_score - up.tie_score) / (2.0 * step);
                    assert!(close(exact.cross, cross, 1e-6), "{ties:?} {exact:?} {cross}");
                    let up = term(ties, counts, eta, tie + step);
                    let down = term(ties, counts, eta, tie - step);
                    let tie_information = (down.tie_score - up.tie_score) / (2.0 * step);
                    assert!(close(exact.tie_information, tie_information, 1e-6), "{exact:?}");
                }
            }
        }
    }

    #[test]
    fn a_cell_scores_what_its_games_score() {
        for ties in MODELS {
            let counts = Counts { wins: 3.0, losses: 1.0, ties: 2.0 };
            let (eta, tie) = (0.7, 0.3);
            let [win, loss, level] = scores(ties, eta, tie);
            let exact = term(ties, counts, eta, tie);
            let sum = 3.0 * win.0 + loss.0 + 2.0 * level.0;
            assert!(close(exact.score, sum, 1e-14), "{ties:?}");
            let sum = 3.0 * win.1 + loss.1 + 2.0 * level.1;
            assert!(close(exact.tie_score, sum, 1e-14), "{ties:?}");
        }
    }

    #[test]
    fn nothing_overflows_at_the_ends_of_the_range() {
        let counts = Counts { wins: 1.0, losses: 1.0, ties: 1.0 };
        for ties in MODELS {
            for eta in [-2000.0, 2000.0] {
                let term = term(ties, counts, eta, 0.5);
                assert!(term.score.is_finite() && term.information >= 0.0, "{ties:?} {term:?}");
                assert!(term.tie_score.is_finite() && term.tie_information >= 0.0);
                assert!(log_likelihood(ties, counts, eta, 0.5).is_finite());
            }
        }
    }
}
