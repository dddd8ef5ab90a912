//! Sinkhorn-Newton-Sparse: Newton steps on the semi-dual with the small entries of the plan left
//! out.
//!
//! After Tang, Shavlovsky, Rahmanian, Tardini, Thekumparampil, Xiao and Ying, "Accelerating Sinkhorn
//! algorithm with sparse Newton iterations" (ICLR 2024). The row potential is eliminated by the row
//! update, so that one pass over the cost is one evaluation of value, gradient and Hessian; entries
//! are dropped by their mass, which is lumped into a term of rank one; and hard problems are
//! reached along a path of falling regularisation. [`solve_paper`] is the published rule instead: a
//! fixed number of entries, no path.

mod conjugate;
mod evaluation;
mod hessian;
mod paper;
mod path;
mod selection;
mod steps;
#[cfg(test)]
mod tests;

pub(super) use paper::solve_paper;
pub(super) use path::solve_path;

/// How the Newton stage goes about its work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewtonParams {
    /// Mass that a row or column of the Hessian may lose, relative to the marginal error.
    pub delta: f64,
    /// Relative marginal error to which the levels above the last are solved.
    pub stage_tol: f64,
    /// Ratio of the regularisations of neighbouring levels.
    pub ratio: f64,
    /// Sinkhorn iterations before the published Newton stage.
    pub n_sinkhorn: usize,
    /// Share of the entries kept in the published Newton stage; 2 a row, on average, if not given.
    pub sparsity: Option<f64>,
}

impl Default for NewtonParams {
    /// Loses a hundredth of the error, solves levels to 1e-3 with ratio 4; 20 iterations and 2
    /// entries per row as published.
    fn default() -> Self {
        Self { delta: 0.01, stage_tol: 1e-3, ratio: 4.0, n_sinkhorn: 20, sparsity: None }
    }
}

/// Where the Newton stage begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    /// At the given potentials, whose relative marginal error is known; the path is taken only if
    /// that fails.
    Direct {
        /// Relative marginal error at the given potentials, or of the iterate before them.
        error: f64,
    },
    /// There too, and nowhere else: where that fails the stage has stalled.
    Only {
        /// Relative marginal error at the given potentials, or of the iterate before them.
        error: f64,
    },
    /// At the top of the path, whatever the given potentials.
    Path,
}

/// Why the Newton stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The relative marginal error is at most the tolerance.
    Converged,
    /// The limit of passes was reached, or the caller asked to stop.
    Limit,
    /// The error fell no further.
    Stalled,
}

/// What the Newton stage returns beside the potentials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    /// Why it ended.
    pub(super) end: End,
    /// Relative marginal error of the potentials at the last regularisation; infinite if the stage
    /// ended on its way there.
    pub(super) error: f64,
}
