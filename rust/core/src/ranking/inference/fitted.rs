//! A fitted model as inference sees it, whatever its likelihood.

use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::rng::Stream;

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

    /// The whole diagonal of `H^+` at about the cost of one factorisation; `None` where only
    /// column by column will do.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever [`Control::check`] returns.
    fn diagonal(&mut self, team: &Team, control: &dyn Control) -> Result<Option<Vec<f64>>, Error>;

    /// `out = V x`, in O(data).
    fn multiply(&self, kind: Kind, x: &[f64], out: &mut [f64], team: &Team);

    /// `out` is a random vector with covariance `V`, a function of the stream alone.
    fn draw(&self, kind: Kind, noise: Noise, stream: &Stream, out: &mut [f64], team: &Team);
}
