//! Cells in the order of their pairs, those that a model cannot tell apart added up.

use super::Cells;
use super::pairs::{is_reversed, sorted_cells};
use crate::control::Control;
use crate::error::Error;

/// Cells that are merged between two looks at the caller's wish to stop.
const CHECK_CELLS: usize = 1 << 20;

/// Merged cells, seen from the smaller of their items.
pub(super) struct MergedCells {
    /// The smaller item of each pair.
    pub low: Vec<u32>,
    /// The larger item of each pair.
    pub high: Vec<u32>,
    /// First cell of each pair, and the end of the last.
    pub first_cell: Vec<u32>,
    /// Weight of the smaller item's wins.
    pub wins: Vec<f64>,
    /// Weight of its losses.
    pub losses: Vec<f64>,
    /// Weight of the ties; empty where there are none.
    pub ties: Vec<f64>,
    /// Whether the larger item was on the left; empty where the side does not matter.
    pub reversed: Vec<bool>,
    /// The caller's cell behind each cell; empty without covariates.
    pub source: Vec<u32>,
}

impl MergedCells {
    /// Sort and merge; cells of the two orders of a pair stay apart if `by_side`, and all cells with
    /// covariates. O(N + n).
    ///
    /// # Errors
    /// [`Error::Value`] where no cell has weight, [`Error::TooLarge`], and whatever
    /// [`Control::check`] returns.
    pub(super) fn new(
        cells: &Cells<'_>,
        by_side: bool,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let order = sorted_cells(cells, control)?;
        if order.is_empty() {
            return Err(Error::Value {
                argument: "comparisons",
                rule: "of positive total weight",
                value: "none".into(),
                index: None,
            });
        }
        let n = order.len();
        let any_ties = cells.ties.iter().any(|&t| t > 0.0);
        let mut merged = Self {
            low: try_empty(n)?,
            high: try_empty(n)?,
            first_cell: try_empty(n + 1)?,
            wins: try_empty(n)?,
            losses: try_empty(n)?,
            ties: try_empty(if any_ties { n } else { 0 })?,
            reversed: try_empty(if by_side { n } else { 0 })?,
            source: try_empty(if cells.n_covariates > 0 { n } else { 0 })?,
        };
        for (place, &c) in order.iter().enumerate() {
            if place % CHECK_CELLS == 0 {
                control.check()?;
            }
            merged.add(cells, c as usize, any_ties, by_side);
        }
        merged.first_cell.push(merged.wins.len() as u32);
        for items in [&mut merged.low, &mut merged.high, &mut merged.first_cell] {
            items.shrink_to_fit();
        }
        for weights in [&mut merged.wins, &mut merged.losses, &mut merged.ties] {
            weights.shrink_to_fit();
        }
        Ok(merged)
    }

    /// Add the next cell in order.
    #[inline(always)]
    fn add(&mut self, cells: &Cells<'_>, cell: usize, any_ties: bool, by_side: bool) {
        let turned = is_reversed(cells, cell);
        let (i, j) = (cells.left[cell], cells.right[cell]);
        let (i, j) = if turned { (j, i) } else { (i, j) };
        let (up, down) = (cells.wins[cell], cells.losses[cell]);
        let (up, down) = if turned { (down, up) } else { (up, down) };
        let is_new_pair = self.low.last() != Some(&i) || self.high.last() != Some(&j);
        let is_same = !is_new_pair
            && cells.n_covariates == 0
            && (!by_side || self.reversed.last() == Some(&turned));
        if let (true, Some(wins), Some(losses)) =
            (is_same, self.wins.last_mut(), self.losses.last_mut())
        {
            *wins += up;
            *losses += down;
            if let Some(ties) = self.ties.last_mut() {
                *ties += cells.tie(cell);
            }
            return;
        }
        if is_new_pair {
            self.low.push(i);
            self.high.push(j);
            self.first_cell.push(self.wins.len() as u32);
        }
        self.wins.push(up);
        self.losses.push(down);
        if any_ties {
            self.ties.push(cells.tie(cell));
        }
        if by_side {
            self.reversed.push(turned);
        }
        if cells.n_covariates > 0 {
            self.source.push(cell as u32);
        }
    }
}

/// An empty vector with room for `len` elements.
fn try_empty<T>(len: usize) -> Result<Vec<T>, Error> {
    let mut vec = Vec::new();
    let bytes = len as u128 * size_of::<T>() as u128;
    vec.try_reserve_exact(len).map_err(|_| Error::TooLarge { bytes })?;
    Ok(vec)
}
