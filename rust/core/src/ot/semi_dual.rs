//! The semi-dual problem as Newton's method sees it: one pass gives value, gradient and Hessian.
//!
//! In log units `psi_j = g_j / reg + log b_j` and, after the row update,
//! `alpha_i = f_i / reg = -log sum_j exp(psi_j - C_ij / reg)`, the plan is
//! `P_ij = a_i exp(alpha_i + psi_j - C_ij / reg)`, with rows that sum to `a`. Up to a constant the
//! concave function `J(psi) = sum a_i alpha_i + sum b_j psi_j` is the dual value divided by `reg`;
//! its gradient is `b - P^T 1`.

use crate::error::Error;

/// Entries of a plan that a threshold kept, by rows, and the mass of those that it dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    /// First entry of each row, and the number of entries (n + 1,).
    pub(super) offsets: Vec<usize>,
    /// Column by entry, increasing within a row.
    pub(super) columns: Vec<u32>,
    /// Mass by entry.
    pub(super) values: Vec<f64>,
    /// Dropped mass of each row (n,), summed for itself and so without cancellation.
    pub(super) row_rest: Vec<f64>,
    /// Dropped mass of each column (m,).
    pub(super) column_rest: Vec<f64>,
    /// There were more entries than may be kept: none is here.
    pub(super) overflows: bool,
}

/// What one pass found at given column potentials.
#[derive(Debug, Clone, Default)]
pub(super) struct Pass {
    /// Row potentials after the row update, `f / reg` (n,).
    pub(super) alpha: Vec<f64>,
    /// Column sums `P^T 1` of the plan after the row update (m,).
    pub(super) column_sums: Vec<f64>,
    /// Entries of the plan, where a threshold was given.
    pub(super) kept: Kept,
}

/// A transport problem whose plan can be passed over; `check` may end a long pass.
pub(super) trait SemiDual {
    /// Weights of the rows, positive (n,).
    fn row_weights(&self) -> &[f64];

    /// Weights of the columns, positive (m,).
    fn column_weights(&self) -> &[f64];

    /// One fused pass at the column potentials `psi` (log units) and the regularisation `reg`.
    ///
    /// With a `threshold`, entries of at least that mass are kept, unless they are too many.
    fn pass(
        &mut self,
        check: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        threshold: Option<f64>,
        out: &mut Pass,
    ) -> Result<(), Error>;

    /// Logarithm of the sums of some columns, exact also where they underflow: `psi_j` plus the
    /// log-sum-exp of `log a_i + alpha_i - C_ij / reg` over the rows. With the passes that it took,
    /// at most two.
    fn log_column_sums(
        &mut self,
        check: &dyn Fn() -> Result<(), Error>,
        reg: f64,
        psi: &[f64],
        alpha: &[f64],
        columns: &[usize],
    ) -> Result<(Vec<f64>, usize), Error>;

    /// Most entries that a pass keeps.
    fn most_kept(&self) -> usize;

    /// Mean, under the product of the weights, of the cost less its row minima and then less its
    /// column minima. Two passes without exponentials.
    fn mean_reduced_cost(&mut self, check: &dyn Fn() -> Result<(), Error>) -> Result<f64, Error>;
}
