//! Fixed-point sweeps over all items at once.
//!
//! Both move each log-strength by the logarithm of a quotient. Newman's form takes observed over
//! expected surprises (Newman 2023, extended to rankings): near the estimate a Newton step with
//! the diagonal of the Hessian, so all items at once it may overshoot and never settle. Zermelo's
//! form takes observed over expected wins (Hunter 2004, equation 30): short steps that never lower
//! the likelihood.

use super::layout::Layout;
use super::likelihood::Derivatives;
use crate::ranking::paired::Prior;

/// Which quotient moves a strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Update {
    /// `ln(surprising wins / unsurprising losses)`.
    Newman,
    /// `ln(observed wins / expected wins)`.
    Zermelo,
}

/// A sweep and what decides whether to go on with it.
pub(super) struct Sweeper {
    update: Update,
    /// Observed wins, those of a logistic prior included; needed by Zermelo's form only.
    wins: Vec<f64>,
    /// Diagonal decrement before each sweep.
    pub decrements: Vec<f64>,
}

impl Sweeper {
    pub(super) fn new(layout: &Layout<'_>, prior: Option<Prior>, update: Update) -> Self {
        let fictitious = match prior {
            Some(Prior::Logistic(weight)) => weight,
            _ => 0.0,
        };
        let mut wins = vec![fictitious; layout.n_items()];
        let rankings = layout.rankings;
        for r in 0..rankings.len() {
            for &item in &rankings.set(r)[..rankings.n_choices(r)] {
                wins[item as usize] += rankings.weight(r);
            }
        }
        Self { update, wins, decrements: Vec::new() }
    }

    /// Move `s`, where `derivatives` are current; false, and `s` unchanged, where a quotient has no
    /// logarithm.
    pub(super) fn sweep(&self, derivatives: &Derivatives, s: &mut [f64]) -> bool {
        let steps: Vec<f64> = derivatives
            .rows
            .iter()
            .zip(&self.wins)
            .map(|(row, &wins)| {
                // Nothing observed and nothing expected, as of an item without a ranking.
                if row.gain == row.loss {
                    return 0.0;
                }
                match self.update {
                    Update::Newman => (row.gain / row.loss).ln(),
                    Update::Zermelo => (wins / (wins - row.gradient())).ln(),
                }
            })
            .collect();
        if !steps.iter().all(|step| step.is_finite()) {
            return false;
        }
        for (s, step) in s.iter_mut().zip(steps) {
            *s += step;
        }
        true
    }

    /// True while sweeps make progress: the last two must have shrunk the decrement by a tenth.
    pub(super) fn progresses(&self) -> bool {
        let n = self.decrements.len();
        self.update == Update::Zermelo
            || n < 3
            || self.decrements[n - 1] < 0.9 * self.decrements[n - 3]
    }

    /// True where the decrement has stopped falling at the level of rounding.
    pub(super) fn has_stalled(&self) -> bool {
        const WINDOW: usize = 64;
        let n = self.decrements.len();
        n > 2 * WINDOW && self.decrements[n - 1] < 1e-6 && {
            let least = |range: &[f64]| range.iter().copied().fold(f64::INFINITY, f64::min);
            least(&self.decrements[n - WINDOW..]) >= least(&self.decrements[..n - WINDOW])
        }
    }
}
