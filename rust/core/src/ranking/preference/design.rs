//! The data as the solver sees them: columns scaled, cut into blocks of sets.

use std::ops::Range;

use super::choices::Choices;
use super::piece::{Cursor, Piece, Rows};
use super::{PreferenceKind, PreferenceParams};
use crate::control::Control;
use crate::error::Error;
use crate::float::Float;
use crate::parallel::Team;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// Multiplications of a block, about: long enough to hide the hand-over, short enough to look up
/// from between two rounds.
const BLOCK_WORK: f64 = 4e8;

/// Rows of a block.
const BLOCK_ROWS: (f64, f64) = (64.0, 8192.0);

/// Seconds that a round of blocks should take on each thread.
const ROUND: f64 = 0.05;

/// Sets per block of the passes that need no Hessian.
const SETS: usize = 4096;

/// Largest exponent of a scale: its square stays in range.
const MAX_EXPONENT: f64 = 400.0;

/// Choices with the scale of each feature.
///
/// Inside the solver every feature is multiplied by a power of two that brings its largest
/// difference within a set between 1/2 and 1; coefficients are divided by it. Nothing is rounded.
pub(super) struct Design<'a, T> {
    pub(super) choices: &'a Choices<'a, T>,
    pub(super) scale: Vec<f64>,
    pub(super) rows: Rows,
    pub(super) ridge: f64,
    all_pairs: bool,
}

impl<'a, T: Float> Design<'a, T> {
    /// Find the scales in one pass.
    ///
    /// # Errors
    /// [`Error::NotFinite`] naming the first feature that is not, and [`Error::Interrupted`].
    pub(super) fn new(
        choices: &'a Choices<'a, T>,
        params: &PreferenceParams<'_>,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let n_blocks = choices.n_sets().div_ceil(SETS);
        let round = 64 * team.n_threads();
        let mut half_ranges = vec![0.0_f64; choices.n_features()];
        for start in (0..n_blocks).step_by(round) {
            control.check()?;
            let parts = team.map_blocks(n_blocks.min(start + round) - start, 1, |k| {
                let first = (start + k.start) * SETS;
                largest_half_ranges(choices, first..choices.n_sets().min(first + SETS))
            });
            for part in parts {
                match part {
                    Some(part) => {
                        half_ranges.iter_mut().zip(part).for_each(|(x, part)| *x = x.max(part));
                    }
                    None => choices.require_finite()?,
                }
            }
        }
        let scale = half_ranges.into_iter().map(scale_of).collect();
        let is_pairs = params.kind == PreferenceKind::Split || choices.n_alternatives() == 2;
        let rows = if is_pairs { Rows::Pairs } else { Rows::Sequential };
        Ok(Self { choices, scale, rows, ridge: params.ridge, all_pairs: choices.all_pairs() })
    }

    pub(super) fn n_features(&self) -> usize {
        self.scale.len()
    }

    /// Most rows that one set is taken apart into.
    fn rows_per_set(&self) -> usize {
        let n_others = self.choices.n_alternatives() - 1;
        match self.rows {
            Rows::Sequential => n_others,
            Rows::Pairs => {
                (0..self.choices.n_placed().min(n_others)).map(|level| n_others - level).sum()
            }
        }
    }

    /// Compute `work` on blocks of sets and hand each result to `take`, in order.
    ///
    /// Blocks depend on the data alone. How many are computed before the next look at `control`
    /// depends on the threads, but not the order in which they are taken.
    pub(super) fn for_each_block<R: Send>(
        &self,
        team: &Team,
        control: &dyn Control,
        work: impl Fn(&mut Piece, Cursor<'_, T>) -> Result<R, Error> + Sync,
        mut take: impl FnMut(R),
    ) -> Result<(), Error> {
        let d = self.n_features() as f64;
        let rows = (2.0 * BLOCK_WORK / (d * d)).clamp(BLOCK_ROWS.0, BLOCK_ROWS.1);
        let seconds = rows * (d * d * 2e-10 + d * 4e-9 + 2e-8);
        #[expect(clippy::cast_sign_loss, reason = "both are positive")]
        let (rows, blocks) = (rows as usize, (ROUND / seconds).clamp(1.0, 64.0) as usize);
        let sets = (rows / self.rows_per_set()).max(1);
        let (n_sets, round) = (self.choices.n_sets(), blocks * team.n_threads());
        let n_blocks = n_sets.div_ceil(sets);
        for start in (0..n_blocks).step_by(round) {
            control.check()?;
            let results = team.map_blocks(n_blocks.min(start + round) - start, 1, |k| {
                let first = (start + k.start) * sets;
                let sets = first..n_sets.min(first + sets);
                let cursor = Cursor::new(self.choices, &self.scale, self.all_pairs, sets);
                work(&mut Piece::new(self.choices, self.rows)?, cursor)
            });
            for result in results {
                take(result?);
            }
        }
        control.check()
    }

    /// Coefficients of the caller's features.
    pub(super) fn unscaled(&self, coef: &[f64]) -> Vec<f64> {
        coef.iter().zip(&self.scale).map(|(x, s)| x * s).collect()
    }

    /// Coefficients of the scaled features.
    pub(super) fn scaled(&self, coef: &[f64]) -> Vec<f64> {
        coef.iter().zip(&self.scale).map(|(x, s)| x / s).collect()
    }

    /// The covariance of [`Self::unscaled`] coefficients.
    pub(super) fn unscaled_covariance(&self, mut covariance: Vec<f64>) -> Vec<f64> {
        for (column, t) in covariance.chunks_exact_mut(self.scale.len()).zip(&self.scale) {
            column.iter_mut().zip(&self.scale).for_each(|(x, s)| *x *= s * t);
        }
        covariance
    }

    /// A second moment of scaled features as one of the caller's.
    pub(super) fn covariance_of_features(&self, mut moment: Vec<f64>) -> Vec<f64> {
        for (column, t) in moment.chunks_exact_mut(self.scale.len()).zip(&self.scale) {
            column.iter_mut().zip(&self.scale).for_each(|(x, s)| *x = *x / s / t);
        }
        moment
    }

    /// Ridge of a scaled coefficient.
    pub(super) fn ridges(&self) -> impl Iterator<Item = f64> {
        self.scale.iter().map(|s| self.ridge * s * s)
    }
}

/// The power of two that brings twice `half_range` between 1/2 and 1.
fn scale_of(half_range: f64) -> f64 {
    if half_range == 0.0 {
        return 1.0;
    }
    (-half_range.log2().ceil() - 1.0).min(MAX_EXPONENT).exp2()
}

/// Half of each feature's largest difference within a set, or none where a feature is not finite.
fn largest_half_ranges<T: Float>(choices: &Choices<'_, T>, sets: Range<usize>) -> Option<Vec<f64>> {
    let d = choices.n_features();
    let (mut largest, mut poison) = (vec![0.0; d], vec![0.0; d]);
    dispatch(HalfRanges { choices, sets, largest: &mut largest, poison: &mut poison });
    poison.iter().all(|&x| x == 0.0).then_some(largest)
}

struct HalfRanges<'a, 'b, T> {
    choices: &'a Choices<'b, T>,
    sets: Range<usize>,
    largest: &'a mut [f64],
    /// Sums of zeros, or NaN where a feature was not finite.
    poison: &'a mut [f64],
}

impl<T: Float> Kernel for HalfRanges<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { choices, sets, largest, poison } = self;
        let d = largest.len();
        let (mut low, mut high) = (vec![0.0; d], vec![0.0; d]);
        for set in sets {
            let first = choices.alternative(set, 0);
            for ((low, high), x) in low.iter_mut().zip(&mut high).zip(first) {
                (*low, *high) = (0.5 * x.to_f64(), 0.5 * x.to_f64());
            }
            for position in 1..choices.size(set) {
                let row = choices.alternative(set, position);
                for (((low, high), poison), x) in
                    low.iter_mut().zip(&mut high).zip(poison.iter_mut()).zip(row)
                {
                    let half = 0.5 * x.to_f64();
                    *poison += half * 0.0;
                    *low = if half < *low { half } else { *low };
                    *high = if half > *high { half } else { *high };
                }
            }
            let ends = low.iter().zip(&high);
            for ((largest, poison), (low, high)) in
                largest.iter_mut().zip(poison.iter_mut()).zip(ends)
            {
                let range = high - low;
                *poison += range * 0.0;
                *largest = if range > *largest { range } else { *largest };
            }
        }
    }
}
