//! How a running solver talks to its caller: progress out, a wish to stop in.

use crate::error::Error;

/// What a solver reports once per iteration.
pub struct Info<'a> {
    /// Passes over the data so far.
    pub n_iter: usize,
    /// The current value, or a cheap estimate, of the certificate.
    pub error: f64,
    /// Computes the current iterate in the caller's terms; costs nothing unless called.
    pub iterate: &'a dyn Fn() -> Vec<f64>,
}

/// The caller's answer to an [`Info`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// End normally with the best iterate so far.
    Stop,
}

/// The caller's hand on a running solver. `()` lets it run undisturbed.
pub trait Control: Send {
    /// Called once per iteration.
    ///
    /// # Errors
    /// [`Error::Interrupted`] ends the solve without a result.
    fn step(&mut self, info: &Info<'_>) -> Result<Flow, Error>;

    /// Called at least every 100 ms inside a long iteration.
    ///
    /// # Errors
    /// [`Error::Interrupted`] ends the solve without a result.
    fn check(&self) -> Result<(), Error>;
}

impl Control for () {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        Ok(Flow::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// How a solve ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The certificate of the returned iterate is at most the tolerance.
    Converged,
    /// The iteration limit was reached first.
    MaxIter,
    /// Rounding errors keep the certificate above the tolerance; more iterations would not help.
    Stalled,
    /// The caller's [`Control`] asked to stop.
    Stopped,
}

/// One line of a solver's history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Passes over the data so far.
    pub n_iter: usize,
    /// The value reported to [`Control::step`].
    pub error: f64,
}
