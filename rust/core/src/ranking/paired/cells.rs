//! Aggregated outcomes of ordered pairs.

use crate::error::{Error, require_finite};

/// How often the left item of a pair won, lost and tied; one cell for each ordered pair, or for
/// each combination of an ordered pair with covariates.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    /// Number of items.
    pub n_items: usize,
    /// The left item, by cell.
    pub left: &'a [u32],
    /// The right item, by cell.
    pub right: &'a [u32],
    /// Weight of the games that left won.
    pub wins: &'a [f64],
    /// Weight of the games that right won.
    pub losses: &'a [f64],
    /// Weight of the ties; empty where there are none.
    pub ties: &'a [f64],
    /// Covariates, row by row; empty where there are none.
    pub covariates: &'a [f64],
    /// Covariates of a cell.
    pub n_covariates: usize,
}

impl<'a> Cells<'a> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.left.len()
    }

    /// True where there are no cells.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Weight of ties in a cell.
    #[inline(always)]
    pub fn tie(&self, cell: usize) -> f64 {
        if self.ties.is_empty() { 0.0 } else { self.ties[cell] }
    }

    /// Covariates of a cell.
    #[inline(always)]
    pub fn row(&self, cell: usize) -> &'a [f64] {
        &self.covariates[cell * self.n_covariates..(cell + 1) * self.n_covariates]
    }

    /// Check lengths, items, weights and covariates in one pass.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`], [`Error::Value`] or [`Error::NotFinite`] naming what is
    /// malformed.
    pub fn validate(&self) -> Result<(), Error> {
        let n = self.len();
        let covariates = n.saturating_mul(self.n_covariates);
        for (argument, found, expected) in [
            ("right", self.right.len(), n),
            ("wins", self.wins.len(), n),
            ("losses", self.losses.len(), n),
            ("ties", self.ties.len(), if self.ties.is_empty() { 0 } else { n }),
            ("covariates", self.covariates.len(), covariates),
        ] {
            if found != expected {
                return Err(Error::Shape {
                    argument,
                    expected: format!("{expected} entries"),
                    found: found.to_string(),
                });
            }
        }
        for (argument, items) in [("left", self.left), ("right", self.right)] {
            if let Some(position) = items.iter().position(|&i| i as usize >= self.n_items) {
                let value = i64::from(items[position]);
                return Err(Error::Index { argument, position, value, bound: self.n_items });
            }
        }
        if let Some(index) = self.left.iter().zip(self.right).position(|(i, j)| i == j) {
            return Err(Error::Value {
                argument: "right",
                rule: "another item than `left`",
                value: self.right[index].to_string(),
                index: Some(index),
            });
        }
        for (argument, weights) in
            [("wins", self.wins), ("losses", self.losses), ("ties", self.ties)]
        {
            require_finite(argument, weights)?;
            if let Some(index) = weights.iter().position(|&w| w < 0.0) {
                return Err(Error::Value {
                    argument,
                    rule: "at least 0",
                    value: weights[index].to_string(),
                    index: Some(index),
                });
            }
        }
        require_finite("covariates", self.covariates)
    }
}
