//! Projection determinantal point processes on a finite set.

use super::alias::Alias;
use super::draws::{Draws, Watch, purpose};
use super::factor::{rank, triangle};
use super::orthonormality::leverage_scores;
use super::sequential::{complete, tail_length};
use super::span::{Candidates, Span, block_length};
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::{BLOCK, Team, pairwise_sum};
use crate::rng::Stream;

/// Rows that a thread divides between two looks at the caller's wish to stop.
const LOOK: usize = 64;

/// How the points of a projection process are found; each way draws from the same law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By rejection, and one after the other where that costs less.
    Auto,
    /// By rejection: Barthelme, Tremblay and Amblard, "A faster sampler for discrete determinantal
    /// point processes" (2023).
    Rejection,
    /// One after the other from the chain rule on all points.
    Sequential,
}

/// The process with `P(S) = det(U_S)^2` on the rows of a matrix `U` with orthonormal columns.
#[derive(Debug)]
pub struct ProjectionDpp<'a> {
    features: &'a [f64],
    width: usize,
    scores: Vec<f64>,
    alias: Alias,
}

fn shape(features: &[f64], width: usize) -> Result<usize, Error> {
    let n = features.len().checked_div(width).unwrap_or(0);
    if width == 0 || !features.len().is_multiple_of(width) || n < width || u32::try_from(n).is_err()
    {
        return Err(Error::Shape {
            argument: "features",
            expected: "at least one column and at least as many rows, fewer than 2^32".into(),
            found: format!("shape ({n}, {width})"),
        });
    }
    Ok(n)
}

impl<'a> ProjectionDpp<'a> {
    /// Prepare draws from the rows of `features` (n, m): one pass, O(n m).
    ///
    /// # Errors
    /// [`Error::Shape`] when the columns are not orthonormal to 1e-8, [`Error::NotFinite`] and
    /// [`Error::TooLarge`].
    pub fn new(
        features: &'a [f64],
        width: usize,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<Self, Error> {
        shape(features, width)?;
        let scores = leverage_scores(features, width, team, &Watch::new(control))?;
        let alias = Alias::new(&scores, pairwise_sum(&scores));
        Ok(Self { features, width, scores, alias })
    }

    /// Draw `size` sets of m rows each (size, m), every set ascending.
    ///
    /// Expected time O(m^3 log m) a set, or O(n m s) for its last `s` rows where that is less; `key`
    /// makes the draws, one stream for each set.
    ///
    /// # Errors
    /// [`Error::Interrupted`] and [`Error::TooLarge`].
    pub fn sample(
        &self,
        size: usize,
        method: Method,
        key: u64,
        team: &Team,
        control: &mut dyn Control,
    ) -> Result<Vec<u64>, Error> {
        let watch = Watch::new(control);
        let n_entries = size.checked_mul(self.width).ok_or(Error::TooLarge { bytes: u128::MAX })?;
        let mut out = try_vec(n_entries, 0_u64)?;
        let failed = std::sync::Mutex::new(None);
        team.for_each_chunk_mut(&mut out, self.width, |start, set| {
            let replicate = (start / self.width) as u32;
            let draws = Draws::new(Stream::new(key, replicate, purpose::PROCESS), 0);
            if let Err(error) = self.draw(method, draws, &watch, set) {
                failed
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .get_or_insert(error);
            }
        });
        failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(out), Err)
    }

    fn draw(
        &self,
        method: Method,
        mut draws: Draws,
        watch: &Watch<'_>,
        set: &mut [u64],
    ) -> Result<(), Error> {
        // Sets that nobody waits for any more end before they begin.
        watch.check()?;
        let width = self.width;
        let tail = match method {
            Method::Auto => tail_length(self.scores.len(), width),
            Method::Rejection => 0,
            Method::Sequential => width,
        };
        let mut span = Span::new(width);
        let mut chosen = Vec::with_capacity(width);
        let block = block_length(width);
        let (mut rows, mut scores) = (vec![0.0; block * width], vec![0.0; block]);
        let (mut uniforms, mut places) = (vec![0.0; block], vec![0; block]);
        let mut scratch = Vec::new();
        while span.len() < width - tail {
            watch.check()?;
            for slot in 0..block {
                let place = self.alias.draw(&mut draws);
                places[slot] = place;
                uniforms[slot] = draws.uniform();
                scores[slot] = self.scores[place];
                rows[slot * width..(slot + 1) * width]
                    .copy_from_slice(&self.features[place * width..(place + 1) * width]);
            }
            let candidates = Candidates { rows: &rows, scores: &scores, uniforms: &uniforms };
            span.accept(candidates, width - tail, &mut scratch, |slot| chosen.push(places[slot]));
        }
        let check = || watch.check();
        complete(self.features, &mut span, width, &mut draws, &check, |place| chosen.push(place))?;
        chosen.sort_unstable();
        set.iter_mut().zip(chosen).for_each(|(out, place)| *out = place as u64);
        Ok(())
    }
}

/// An orthonormal basis (n, m) of the columns of a matrix, by rows.
///
/// Division by the triangular factor, twice: the second pass takes out what rounding left of the
/// first. O(n m^2) time and one more matrix.
///
/// # Errors
/// [`Error::Shape`] with the rank when columns are combinations of others.
pub fn orthonormalize(
    features: &[f64],
    width: usize,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Vec<f64>, Error> {
    let n = shape(features, width)?;
    require_finite("features", features)?;
    let watch = Watch::new(control);
    let mut out = try_vec(features.len(), 0.0)?;
    // Columns of any size, so that the rank does not depend on their units.
    let mut sizes = vec![0.0_f64; width];
    for row in features.chunks_exact(width) {
        sizes.iter_mut().zip(row).for_each(|(size, x)| *size = size.max(x.abs()));
    }
    for (out, row) in out.chunks_exact_mut(width).zip(features.chunks_exact(width)) {
        for (out, (x, size)) in out.iter_mut().zip(row.iter().zip(&sizes)) {
            *out = if *size > 0.0 { x / size } else { 0.0 };
        }
    }
    for pass in 0..2 {
        let factor = triangle(
            n,
            width,
            |i, row| row.copy_from_slice(&out[i * width..(i + 1) * width]),
            team,
            &watch,
        )?;
        if pass == 0 {
            let found = rank(&factor.singular_values()?, n);
            if found < width {
                return Err(Error::Shape {
                    argument: "features",
                    expected: format!("rank {width}, its number of columns"),
                    found: format!("rank {found}"),
                });
            }
        }
        team.for_each_chunk_mut(&mut out, BLOCK * width, |_, rows| {
            for rows in rows.chunks_mut(LOOK * width) {
                if watch.check().is_err() {
                    return;
                }
                rows.chunks_exact_mut(width).for_each(|row| factor.divide_row(row));
            }
        });
        watch.check()?;
    }
    Ok(out)
}
