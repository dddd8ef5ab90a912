//! Whether the data determine every coefficient.
//!
//! Features that are collinear within the sets leave a direction free whatever was chosen: that is
//! settled first, on the Hessian at zero. Beyond that, no maximum exists if along some direction no
//! observed choice becomes less likely (Albert and Anderson 1984, "On the existence of maximum
//! likelihood estimates in logistic regression models", Biometrika 71).

use super::design::Design;
use super::piece::{Piece, Rows};
use crate::control::Control;
use crate::error::Error;
use crate::float::Float;
use crate::linalg::DenseCholesky;
use crate::parallel::Team;

/// A pivot below this many roundings for each feature is no more than rounding.
const PIVOT_UNITS: f64 = 64.0;

/// Share of a collinear combination from which a feature is named.
const NAMED_SHARE: f64 = 1e-6;

/// Least share of a direction from which a feature with an infinite coefficient is named.
const INFINITE_SHARE: f64 = 0.1;

/// Relative loss of an observed choice along a direction up to which it counts as none.
const SEPARATION: f64 = 1e-9;

/// Least pivot, relative to the diagonal, of a matrix that counts as positive definite.
pub(super) fn min_pivot(n_features: usize) -> f64 {
    PIVOT_UNITS * f64::EPSILON * n_features as f64
}

/// Factorise the Hessian at zero.
///
/// # Errors
/// [`Error::Collinear`] naming features that are combinations of one another.
pub(super) fn require_independent(
    hessian: &[f64],
    n_features: usize,
    team: &Team,
    control: &dyn Control,
) -> Result<DenseCholesky, Error> {
    let min_pivot = min_pivot(n_features);
    match DenseCholesky::factorise(hessian.to_vec(), n_features, min_pivot, team, control) {
        Err(Error::NotPositiveDefinite { row, .. }) => {
            Err(collinear(hessian, n_features, row, team, control)?)
        }
        other => other,
    }
}

/// The error that names column `last` and the columns before it that make it up.
fn collinear(
    hessian: &[f64],
    n_features: usize,
    last: usize,
    team: &Team,
    control: &dyn Control,
) -> Result<Error, Error> {
    let leading: Vec<f64> = hessian
        .chunks_exact(n_features)
        .take(last)
        .flat_map(|column| &column[..last])
        .copied()
        .collect();
    let entry = |i: usize, j: usize| hessian[j * n_features + i];
    let mut share: Vec<f64> = (0..last).map(|j| entry(last, j)).collect();
    let factor = DenseCholesky::factorise(leading, last, 0.0, team, control)?;
    factor.solve_lower(&mut share);
    factor.solve_upper(&mut share);
    let least = NAMED_SHARE * entry(last, last).sqrt();
    let is_named = |&j: &usize| share[j].abs() * entry(j, j).sqrt() > least;
    let mut columns: Vec<usize> = (0..last).filter(is_named).collect();
    columns.push(last);
    Ok(Error::Collinear { columns })
}

/// What happens to the choices along a direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    /// Largest difference within a set.
    pub(super) range: f64,
    /// Least gain of an observed choice over any of its alternatives.
    pub(super) least_gain: f64,
}

impl Outlook {
    /// In one pass over the data.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::Interrupted`].
    pub(super) fn along<T: Float>(
        design: &Design<'_, T>,
        direction: &[f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let mut total = Self { range: 0.0, least_gain: f64::INFINITY };
        design.for_each_block(
            team,
            control,
            |piece, mut cursor| {
                let mut block = Self { range: 0.0, least_gain: f64::INFINITY };
                while cursor.advance(piece) {
                    piece.tile.project(direction, &mut piece.score[..piece.n_rows]);
                    block.join(Self::of_piece(piece));
                }
                Ok(block)
            },
            |block| total.join(block),
        )?;
        Ok(total)
    }

    fn join(&mut self, other: Self) {
        self.range = self.range.max(other.range);
        self.least_gain = self.least_gain.min(other.least_gain);
    }

    fn of_piece(piece: &Piece) -> Self {
        let score = &piece.score[..piece.n_rows];
        if piece.rows == Rows::Pairs {
            return Self {
                range: score.iter().fold(0.0, |range, x| x.abs().max(range)),
                least_gain: score.iter().copied().fold(f64::INFINITY, f64::min),
            };
        }
        let n = piece.n_members();
        let mut outlook = Self { range: 0.0, least_gain: f64::INFINITY };
        for member in 0..n {
            // Scores are relative to the last alternative, whose own is zero.
            let (mut low, mut high) = (0.0_f64, 0.0_f64);
            let size = piece.size[member];
            for level in (0..score.len() / n).rev().filter(|&level| level as f64 + 1.0 < size) {
                let x = score[level * n + member];
                if (level as f64) < piece.n_events[member] {
                    outlook.least_gain = outlook.least_gain.min(x - high);
                }
                low = low.min(x);
                high = high.max(x);
            }
            outlook.range = outlook.range.max(high - low);
        }
        outlook
    }

    /// Does no observed choice lose, but for rounding?
    pub(super) fn separates(&self) -> bool {
        self.range > 0.0 && self.least_gain >= -SEPARATION * self.range
    }
}

/// The error that names the features along whose direction the likelihood grows for ever.
pub(super) fn unbounded(direction: &[f64]) -> Error {
    let largest = direction.iter().fold(0.0_f64, |largest, x| x.abs().max(largest));
    let is_named = |&j: &usize| direction[j].abs() >= INFINITE_SHARE * largest;
    Error::Unbounded { columns: (0..direction.len()).filter(is_named).collect() }
}
