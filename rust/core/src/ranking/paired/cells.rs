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

    /// Number of groups, after a check that they are numbered without gaps and that no cell joins two.
    pub(super) fn count_groups(&self, groups: &[u32]) -> Result<usize, Error> {
        if groups.is_empty() {
            return Ok(1);
        }
        if groups.len() != self.n_items {
            return Err(Error::Shape {
                argument: "groups",
                expected: format!("{} entries, one per item", self.n_items),
                found: groups.len().to_string(),
            });
        }
        if let Some(position) = groups.iter().position(|&g| g as usize >= self.n_items) {
            let value = i64::from(groups[position]);
            return Err(Error::Index { argument: "groups", position, value, bound: self.n_items });
        }
        let n_groups = groups.iter().max().map_or(1, |&g| g as usize + 1);
        let mut present = vec![false; n_groups];
        for &group in groups {
            present[group as usize] = true;
        }
        let value = |rule, value: String, index| {
            Err(Error::Value { argument: "groups", rule, value, index })
        };
        if let Some(missing) = present.iter().position(|present| !present) {
            return value("numbered without gaps", format!("no item in group {missing}"), None);
        }
        let group = |items: &[u32], c: usize| groups[items[c] as usize];
        let joins = |&c: &usize| group(self.left, c) != group(self.right, c);
        match (0..self.len()).find(joins) {
            Some(c) => {
                value("unions of compared items", "a comparison across groups".into(), Some(c))
            }
            None => Ok(n_groups),
        }
    }

    /// Weighted root mean square of each covariate.
    pub(super) fn scales(&self) -> Vec<f64> {
        (0..self.n_covariates)
            .map(|a| {
                let column = || (0..self.len()).map(|c| (c, self.row(c)[a].abs()));
                let games = |c: usize| self.wins[c] + self.losses[c] + self.tie(c);
                let present = || column().filter(|&(c, _)| games(c) > 0.0);
                let largest = present().fold(0.0_f64, |top, (_, z)| top.max(z));
                if largest == 0.0 {
                    return 1.0;
                }
                let (mut sum, mut total) = (0.0, 0.0);
                for (c, z) in present() {
                    sum += games(c) * (z / largest).powi(2);
                    total += games(c);
                }
                let scale = largest * (sum / total).sqrt();
                if scale >= f64::MIN_POSITIVE { scale } else { largest }
            })
            .collect()
    }
}
