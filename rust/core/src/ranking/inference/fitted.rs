//! A fitted model as inference sees it, whatever its likelihood.

use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::rng::Stream;

/// Signs in one block of a stream.
const SIGNS: u64 = 128;

/// Whose word is taken for the covariance `V` of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The model's: `V` is the observed information `H`, and the covariance of the estimate `H^+`.
    Model,
    /// The data's: `V` sums the squared score of each recorded outcome, and the covariance of the
    /// estimate is the sandwich `H^+ V H^+` (White 1982, "Maximum likelihood estimation of
    /// misspecified models", Econometrica 50).
    Sandwich,
}

/// Entries of a random combination of scores, independent with mean 0 and variance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Standard normals.
    Normal,
    /// -1 or 1 with equal chance: less variance in a sketch.
    Sign,
}

impl Noise {
    /// Draws `start..start + out.len()` of a stream.
    pub(crate) fn fill(self, stream: &Stream, start: u64, out: &mut [f64]) {
        match self {
            Self::Normal => stream.fill_normal(start, out),
            Self::Sign => {
                let mut words = [0; 4];
                for (k, out) in (start..).zip(out.iter_mut()) {
                    let place = k % SIGNS;
                    if place == 0 || k == start {
                        words = stream.block(k / SIGNS);
                    }
                    let bit = words[(place / 32) as usize] >> (place % 32) & 1;
                    *out = if bit == 0 { 1.0 } else { -1.0 };
                }
            }
        }
    }
}

/// An estimate with its information matrix `H`, ready to be solved with.
///
/// Vectors hold one number an item and then one a shared parameter. Without a prior, strengths are
/// identified only up to a constant in each of the [`groups`](Self::groups): `H^+` is the inverse
/// in the frame where the strengths of each group sum to zero.
pub trait Fitted {
    /// Number of items.
    fn n_items(&self) -> usize;

    /// Number of parameters that all items share.
    fn n_shared(&self) -> usize;

    /// Number of all parameters.
    fn n_parameters(&self) -> usize {
        self.n_items() + self.n_shared()
    }

    /// Number of terms of the likelihood: what one product with `V` passes over.
    fn n_terms(&self) -> usize;

    /// The group of each item, in `0..n_groups`; empty where a prior fixes every strength.
    fn groups(&self) -> &[u32];

    /// `x = H^+ b`, after `b` has been made to sum to zero over the items of each group.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever [`Control::check`] returns.
    fn solve(
        &mut self,
        rhs: &[f64],
        x: &mut [f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error>;

    /// [`solve`](Self::solve) for right-hand sides one after the other in memory, to a relative
    /// accuracy of at least `rtol`.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    fn solve_many(
        &mut self,
        rhs: &[f64],
        x: &mut [f64],
        rtol: f64,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let _ = rtol;
        let n = self.n_parameters().max(1);
        rhs.chunks(n)
            .zip(x.chunks_mut(n))
            .try_for_each(|(rhs, x)| self.solve(rhs, x, team, control))
    }

    /// Whether solves use a factor of `H`, so that each costs little and is exact up to rounding.
    fn is_factorised(&self) -> bool;

    /// The whole diagonal of `H^+` at about the cost of one factorisation; `None` where only
    /// column by column will do.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever [`Control::check`] returns.
    fn diagonal(&mut self, team: &Team, control: &dyn Control) -> Result<Option<Vec<f64>>, Error>;

    /// `out = V x`, in O(data).
    fn multiply(&self, kind: Kind, x: &[f64], out: &mut [f64], team: &Team);

    /// [`multiply`](Self::multiply) for vectors one after the other in memory.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever [`Control::check`] returns.
    fn multiply_many(
        &self,
        kind: Kind,
        x: &[f64],
        out: &mut [f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let n = self.n_parameters().max(1);
        for (x, out) in x.chunks(n).zip(out.chunks_mut(n)) {
            control.check()?;
            self.multiply(kind, x, out, team);
        }
        Ok(())
    }

    /// `out` is a random vector with covariance `V`, a function of the stream alone.
    fn draw(&self, kind: Kind, noise: Noise, stream: &Stream, out: &mut [f64], team: &Team);

    /// [`draw`](Self::draw) from each of several streams, one after the other in memory.
    ///
    /// A vector may differ from [`draw`](Self::draw)'s in rounding, but not with its neighbours.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever [`Control::check`] returns.
    fn draw_many(
        &self,
        kind: Kind,
        noise: Noise,
        streams: &[Stream],
        out: &mut [f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let n = self.n_parameters().max(1);
        for (stream, out) in streams.iter().zip(out.chunks_mut(n)) {
            control.check()?;
            self.draw(kind, noise, stream, out, team);
        }
        Ok(())
    }
}
