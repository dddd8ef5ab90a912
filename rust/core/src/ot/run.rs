//! The account of one solve: passes, limits, history, and the caller's wish to stop.

use crate::control::{Control, Flow, Info};
use crate::error::Error;

/// What a pass belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Sinkhorn iterations by log-sum-exp.
    Log,
    /// Sinkhorn iterations by products with a stored kernel.
    Scaling,
    /// Sinkhorn iterations on the way down in the regularisation, or at its end before Newton steps.
    Path,
    /// Newton steps.
    Newton,
}

/// One line of the history of a solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassRecord {
    /// Passes over the cost so far, among them those that find no error and have no line: for a
    /// kernel, for the scale of the cost, or for row potentials alone.
    pub n_iter: usize,
    /// Marginal error relative to the mass.
    pub error: f64,
    /// Value of the dual problem at the regularisation of this pass.
    pub value: f64,
    /// Regularisation of this pass.
    pub reg: f64,
    /// What the pass belonged to.
    pub stage: Stage,
}

/// The account of one solve.
pub(super) struct Run<'c> {
    control: &'c mut dyn Control,
    /// Passes over the cost so far.
    pub(super) n_iter: usize,
    /// Most passes.
    pub(super) max_iter: usize,
    /// Accepted Newton steps.
    pub(super) n_newton: usize,
    /// Steps of conjugate gradients.
    pub(super) n_cg: usize,
    /// Share of the entries of the plan that the last Newton step kept; NaN before the first.
    pub(super) density: f64,
    /// The caller asked to stop.
    pub(super) stopped: bool,
    /// Some pass of the Newton stage met more entries than may be kept.
    pub(super) crowded: bool,
    trace: bool,
    /// What each pass found, if asked for.
    pub(super) history: Vec<PassRecord>,
}

impl<'c> Run<'c> {
    pub(super) fn new(control: &'c mut dyn Control, max_iter: usize, trace: bool) -> Self {
        Self {
            control,
            n_iter: 0,
            max_iter,
            n_newton: 0,
            n_cg: 0,
            density: f64::NAN,
            stopped: false,
            crowded: false,
            trace,
            history: Vec::new(),
        }
    }

    /// Enter a pass that has been made; `false` when the solve must end with what it has.
    ///
    /// `potential` computes the column potential of the iterate, in the units of the cost.
    pub(super) fn pass(
        &mut self,
        stage: Stage,
        reg: f64,
        error: f64,
        value: f64,
        potential: &dyn Fn() -> Vec<f64>,
    ) -> Result<bool, Error> {
        self.n_iter += 1;
        if self.trace {
            self.history.push(PassRecord { n_iter: self.n_iter, error, value, reg, stage });
        }
        let info = Info { n_iter: self.n_iter, error, iterate: potential };
        if self.control.step(&info)? == Flow::Stop {
            self.stopped = true;
        }
        Ok(!self.is_over())
    }

    /// Whether a history is kept.
    pub(super) fn is_traced(&self) -> bool {
        self.trace
    }

    /// Whether the limit is reached or the caller asked to stop.
    pub(super) fn is_over(&self) -> bool {
        self.stopped || self.n_iter >= self.max_iter
    }

    /// Passes that may still be made.
    pub(super) fn n_left(&self) -> usize {
        if self.stopped { 0 } else { self.max_iter.saturating_sub(self.n_iter) }
    }

    /// Ask the caller within a long operation whether to go on.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.control.check()
    }
}
