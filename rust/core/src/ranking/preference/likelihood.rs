//! The log-likelihood with its gradient and Hessian, in one pass over the data.

use super::design::Design;
use super::terms::{add_gradient, evaluate_chances};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::float::Float;
use crate::parallel::Team;

/// Additions in a row of which a gradient's sum is made, at most: rows of a lane, tiles of a block,
/// and a few.
const SUMMATION_UNITS: f64 = 192.0;

/// Everything that one pass finds, for scaled coefficients.
pub(super) struct Derivatives {
    /// Log-likelihood of the choices, without the ridge.
    pub(super) log_likelihood: f64,
    /// Gradient of the log-likelihood, with that of the ridge after [`Derivatives::penalise`].
    pub(super) gradient: Vec<f64>,
    /// Sums of the absolute values that the gradient is made of.
    pub(super) magnitude: Vec<f64>,
    /// Negative of the Hessian, likewise: the lower triangle, by columns.
    pub(super) hessian: Vec<f64>,
    /// Least log-odds of an observed choice. If positive, every choice is likelier than all its
    /// alternatives together, and larger multiples of the coefficients fit even better.
    pub(super) least_log_odds: f64,
    /// Largest difference of a score to the last one of its set.
    pub(super) largest_difference: f64,
}

impl Derivatives {
    fn zero(n_features: usize) -> Result<Self, Error> {
        Ok(Self {
            log_likelihood: 0.0,
            gradient: try_zeroed(n_features)?,
            magnitude: try_zeroed(n_features)?,
            hessian: try_zeroed(square(n_features)?)?,
            least_log_odds: f64::INFINITY,
            largest_difference: 0.0,
        })
    }

    /// Evaluate at scaled coefficients, without the ridge.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::Interrupted`].
    pub(super) fn evaluate<T: Float>(
        design: &Design<'_, T>,
        coef: &[f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let d = design.n_features();
        let mut total = Self::zero(d)?;
        let mut lost = Self::zero(d)?;
        design.for_each_block(
            team,
            control,
            |piece, mut cursor| {
                let mut block = Self::zero(d)?;
                while cursor.advance(piece) {
                    piece.tile.project(coef, &mut piece.score[..piece.n_rows]);
                    let chances = evaluate_chances(piece);
                    block.log_likelihood += chances.log_likelihood;
                    block.least_log_odds = block.least_log_odds.min(chances.least_log_odds);
                    block.largest_difference =
                        block.largest_difference.max(chances.largest_difference);
                    add_gradient(piece, &mut block.gradient, &mut block.magnitude);
                    piece.tile.scale_rows(&piece.root[..piece.n_rows]);
                    piece.tile.add_gram(piece.n_rows, &mut block.hessian);
                }
                Ok(block)
            },
            |block| total.add(&block, &mut lost),
        )?;
        total.finish(&lost);
        Ok(total)
    }

    /// Add a block, keeping what rounding loses.
    fn add(&mut self, block: &Self, lost: &mut Self) {
        add_compensated(&mut self.gradient, &block.gradient, &mut lost.gradient);
        add_compensated(&mut self.hessian, &block.hessian, &mut lost.hessian);
        add_compensated(
            std::slice::from_mut(&mut self.log_likelihood),
            &[block.log_likelihood],
            std::slice::from_mut(&mut lost.log_likelihood),
        );
        for (sum, x) in self.magnitude.iter_mut().zip(&block.magnitude) {
            *sum += x;
        }
        self.least_log_odds = self.least_log_odds.min(block.least_log_odds);
        self.largest_difference = self.largest_difference.max(block.largest_difference);
    }

    fn finish(&mut self, lost: &Self) {
        self.log_likelihood += lost.log_likelihood;
        for (sums, lost) in
            [(&mut self.gradient, &lost.gradient), (&mut self.hessian, &lost.hessian)]
        {
            sums.iter_mut().zip(lost).for_each(|(sum, lost)| *sum += lost);
        }
    }

    /// Add the derivatives of the ridge.
    pub(super) fn penalise<T: Float>(&mut self, design: &Design<'_, T>, coef: &[f64]) {
        let diagonal = self.hessian.iter_mut().step_by(coef.len() + 1);
        let sums = self.gradient.iter_mut().zip(&mut self.magnitude).zip(diagonal);
        for (((gradient, magnitude), diagonal), (ridge, x)) in sums.zip(design.ridges().zip(coef)) {
            *gradient -= ridge * x;
            *magnitude += (ridge * x).abs();
            *diagonal += ridge;
        }
    }

    /// `gradient . direction`.
    pub(super) fn slope(&self, direction: &[f64]) -> f64 {
        self.gradient.iter().zip(direction).map(|(g, d)| g * d).sum()
    }
}

/// Bound of the rounding error of the gradient at `coef`, relative to its `magnitude`.
///
/// Log-odds are sums over features of terms that are at most `|coef|`, because scaled differences
/// are at most 1; an error of the log-odds is one of the probability against a choice. Running
/// means of a set add a few roundings for each alternative.
pub(super) fn gradient_rounding<T: Float>(design: &Design<'_, T>, coef: &[f64]) -> f64 {
    let n_alternatives = design.choices.n_alternatives() as f64;
    let reach: f64 = coef.iter().map(|x| x.abs()).sum();
    let log_odds = 2.0 * (coef.len() as f64 + 4.0) * reach
        + 4.0 * n_alternatives * (2.0 + reach + n_alternatives.ln());
    f64::EPSILON * (SUMMATION_UNITS + 8.0 * n_alternatives + 2.0 * log_odds)
}

/// Entries of a square matrix.
pub(super) fn square(order: usize) -> Result<usize, Error> {
    order
        .checked_mul(order)
        .ok_or(Error::TooLarge { bytes: (order as u128).pow(2) * size_of::<f64>() as u128 })
}

/// Add with a running sum of what rounding loses (Neumaier 1974).
pub(super) fn add_compensated(sums: &mut [f64], terms: &[f64], lost: &mut [f64]) {
    for ((sum, &x), lost) in sums.iter_mut().zip(terms).zip(lost) {
        let next = *sum + x;
        *lost += if sum.abs() >= x.abs() { (*sum - next) + x } else { (x - next) + *sum };
        *sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranking::{Choices, NOT_PLACED, PreferenceKind, PreferenceParams};

    /// Sets of up to four alternatives with two features, some rankings shorter than others.
    const SIZES: [u32; 3] = [4, 3, 4];
    const CHOSEN: [u32; 9] = [2, 0, 3, 1, 2, 0, 3, NOT_PLACED, NOT_PLACED];

    #[test]
    fn derivatives_are_finite_differences() {
        let features: Vec<f64> = (0..24).map(|k| f64::from(k * k % 17) / 8.0 - 1.0).collect();
        let weights = [1.0, 0.5, 2.0];
        let choices =
            Choices::sets(&features, (3, 4, 2), &CHOSEN, Some(&SIZES), Some(&weights)).unwrap();
        for kind in [PreferenceKind::PlackettLuce, PreferenceKind::Split] {
            let params = PreferenceParams { kind, ridge: 0.3, ..Default::default() };
            let team = Team::sequential();
            let design = Design::new(&choices, &params, &team, &()).unwrap();
            let at = |coef: [f64; 2]| {
                let mut found = Derivatives::evaluate(&design, &coef, &team, &()).unwrap();
                found.penalise(&design, &coef);
                let ridge: f64 = design.ridges().zip(coef).map(|(r, x)| r * x * x).sum();
                (found.log_likelihood - 0.5 * ridge, found.gradient, found.hessian)
            };
            let (coef, h) = ([0.7, -1.3], 1e-4);
            let (_, gradient, hessian) = at(coef);
            for j in 0..2 {
                let moved = |step: f64| {
                    let mut coef = coef;
                    coef[j] += step;
                    at(coef)
                };
                let (above, below) = (moved(h), moved(-h));
                let slope = (above.0 - below.0) / (2.0 * h);
                assert!((slope - gradient[j]).abs() < 1e-6, "{slope} {}", gradient[j]);
                for i in j..2 {
                    let curvature = (below.1[i] - above.1[i]) / (2.0 * h);
                    assert!((curvature - hessian[2 * j + i]).abs() < 1e-6);
                }
            }
        }
    }
}
