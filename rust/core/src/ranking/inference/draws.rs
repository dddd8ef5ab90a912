//! Random draws of an estimate's error: normal, or combinations of signs for a sketch.

use std::ops::Range;

use super::covariance::try_matrix;
use super::fitted::{Fitted, Kind, Noise};
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::rng::Stream;

/// Purpose tag of the draws of [`draws`].
const DRAWS: u32 = 0x5241_0001;

/// Purpose tag of a sketch, which has a key of its own: 0.
const SKETCH: u32 = 0x5241_0002;

/// Draws that one thread makes together.
const PER_THREAD: usize = 8;

/// Most draws that are held at a time.
const MAX_BATCH: usize = 128;

/// Relative accuracy of the solves of a draw: far below what a quantile or a spread of draws shows.
const SOLVE_RTOL: f64 = 1e-3;

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    kind: Kind,
    noise: Noise,
    key: u64,
    purpose: u32,
}

impl Source {
    /// Normal draws of the estimate's error.
    pub(super) fn normal(kind: Kind, key: u64) -> Self {
        Self { kind, noise: Noise::Normal, key, purpose: DRAWS }
    }

    /// Combinations of signs for a sketch of the covariance.
    pub(super) fn signs(kind: Kind) -> Self {
        Self { kind, noise: Noise::Sign, key: 0, purpose: SKETCH }
    }

    /// Call `take(r, draw)` for each replicate in order; a draw is a function of the source and `r`.
    pub(super) fn for_each(
        &self,
        fitted: &mut dyn Fitted,
        replicates: Range<u32>,
        mut take: impl FnMut(usize, &[f64]),
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let p = fitted.n_parameters().max(1);
        let batch = (PER_THREAD * team.n_threads()).min(MAX_BATCH).min(replicates.len());
        let (mut rhs, mut x) = (try_matrix(batch, p)?, try_matrix(batch, p)?);
        let numbers: Vec<u32> = replicates.collect();
        for (k, tasks) in numbers.chunks(batch.max(1)).enumerate() {
            control.check()?;
            let streams: Vec<Stream> =
                tasks.iter().map(|&task| Stream::new(self.key, task, self.purpose)).collect();
            let size = tasks.len() * p;
            fitted.draw_many(self.kind, self.noise, &streams, &mut rhs[..size], team, control)?;
            fitted.solve_many(&rhs[..size], &mut x[..size], SOLVE_RTOL, team, control)?;
            for (place, x) in x[..size].chunks(p).enumerate() {
                take(k * batch + place, x);
            }
        }
        Ok(())
    }
}

/// Normal draws of the estimate's error, one a row: their covariance is that of the estimate.
///
/// Strengths are in the frame where those of each group sum to zero. Row `r` is a function of the
/// key and of its number in the sequence alone, so ranges drawn apart fit together.
///
/// # Errors
/// [`Error::TooLarge`], and whatever [`Control::check`] returns.
pub fn draws(
    fitted: &mut dyn Fitted,
    kind: Kind,
    key: u64,
    replicates: Range<u32>,
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let p = fitted.n_parameters();
    let mut out = try_matrix(replicates.len(), p)?;
    let take = |r: usize, draw: &[f64]| out[r * p..(r + 1) * p].copy_from_slice(draw);
    Source::normal(kind, key).for_each(fitted, replicates, take, team, control)?;
    Ok(out)
}
