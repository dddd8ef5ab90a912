//! Random draws of an estimate's error: normal, or combinations of signs for a sketch.

use std::ops::Range;

use super::fitted::{Fitted, Kind, Noise};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::rng::Stream;

/// Purpose tag of the draws of [`draws`].
const DRAWS: u32 = 0x5241_0001;

/// Purpose tag of a sketch, which has a key of its own: 0.
const SKETCH: u32 = 0x5241_0002;

/// Right-hand sides that are solved for together.
const BATCH: usize = 16;

/// Relative accuracy of the solves of a draw: far below what a quantile or a spread of draws shows.
const SOLVE_RTOL: f64 = 1e-4;

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
        let p = fitted.n_parameters();
        let size = p.saturating_mul(BATCH.min(replicates.len()));
        let (mut rhs, mut x) = (try_vec(size, 0.0)?, try_vec(size, 0.0)?);
        let mut start = replicates.start;
        while start < replicates.end {
            let end = replicates.end.min(start.saturating_add(BATCH as u32));
            let size = (end - start) as usize * p;
            for (task, rhs) in (start..end).zip(rhs.chunks_mut(p.max(1))) {
                control.check()?;
                let stream = Stream::new(self.key, task, self.purpose);
                fitted.draw(self.kind, self.noise, &stream, rhs, team);
            }
            fitted.solve_many(&rhs[..size], &mut x[..size], SOLVE_RTOL, team, control)?;
            for (task, x) in (start..end).zip(x.chunks(p.max(1))) {
                take((task - replicates.start) as usize, x);
            }
            start = end;
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
    let bytes = p as u128 * replicates.len() as u128 * size_of::<f64>() as u128;
    let size = p.checked_mul(replicates.len()).ok_or(Error::TooLarge { bytes })?;
    let mut out = try_vec(size, 0.0)?;
    let take = |r: usize, draw: &[f64]| out[r * p..(r + 1) * p].copy_from_slice(draw);
    Source::normal(kind, key).for_each(fitted, replicates, take, team, control)?;
    Ok(out)
}
