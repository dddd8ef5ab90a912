//! Elimination of a Laplacian by dense fronts, without a subtraction.

use super::supernodes::Supernodes;
use crate::error::{Error, try_vec};
use crate::linalg::{Panel, add_lower_product, columns, columns_mut};

/// The factor `(I - lower) diag(pivot) (I - lower)^T`, `lower` in the panels of the supernodes.
///
/// In a panel of `columns + below` rows only the part below the diagonal has a meaning.
#[derive(Debug)]
pub(crate) struct Multifrontal {
    pub(crate) supernodes: Supernodes,
    pub(crate) panels: Vec<f64>,
    pub(crate) pivot: Vec<f64>,
    /// Conductance to the ground, of each unknown when it is eliminated.
    to_ground: Vec<f64>,
    /// Place of each row in the current front.
    place: Vec<u32>,
    /// By place: conductance from the rows of the current front to the ground.
    grounded: Vec<f64>,
    /// The columns of the current panel before they are divided by their pivots.
    undivided: Vec<f64>,
    /// What the supernodes leave to their parents, until these are assembled.
    updates: Vec<Vec<f64>>,
}

/// The other end of a conductance.
pub(crate) enum End {
    /// The unknown of this number in the order of elimination.
    Unknown(usize),
    /// The grounded node.
    Ground,
}

impl Multifrontal {
    /// Memory for a factor with this pattern.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it is lacking.
    pub(crate) fn new(offsets: &[usize], rows: &[u32]) -> Result<Self, Error> {
        let n = offsets.len() - 1;
        let supernodes = Supernodes::new(offsets, rows)?;
        let largest = (0..supernodes.count()).map(|s| supernodes.panel(s).len()).max();
        Ok(Self {
            panels: try_vec(supernodes.n_values(), 0.0)?,
            pivot: try_vec(n, 0.0)?,
            to_ground: try_vec(n, 0.0)?,
            place: try_vec(n, 0)?,
            grounded: try_vec(n, 0.0)?,
            undivided: try_vec(largest.unwrap_or(0), 0.0)?,
            updates: try_vec(supernodes.count(), Vec::new())?,
            supernodes,
        })
    }

    /// Eliminate all unknowns; `star(k)` yields the conductances at unknown `k`.
    ///
    /// The multifrontal method (Duff and Reid, "The multifrontal solution of indefinite sparse
    /// symmetric linear systems", 1983): a front holds the conductances between the columns and the
    /// rows of a supernode, and what elimination adds between the rows goes to the parent's front.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when memory is lacking; [`Error::NotPositiveDefinite`] with the number
    /// of an unknown that has no conductance left.
    pub(crate) fn eliminate<S: Iterator<Item = (End, f64)>>(
        &mut self,
        star: impl Fn(usize) -> S,
    ) -> Result<(), Error> {
        self.to_ground.fill(0.0);
        for s in 0..self.supernodes.count() {
            let range = self.supernodes.columns(s);
            let below = self.supernodes.below(s);
            let panel = &mut self.panels[self.supernodes.panel(s)];
            let (width, n_below) = (range.len(), below.len());
            let front = width + n_below;
            for (place, row) in range.clone().chain(below.iter().map(|&i| i as usize)).enumerate() {
                self.place[row] = place as u32;
            }
            panel.fill(0.0);
            for (column, k) in panel.chunks_exact_mut(front).zip(range.clone()) {
                for (end, conductance) in star(k) {
                    match end {
                        End::Ground => self.to_ground[k] += conductance,
                        End::Unknown(i) if i > k => {
                            column[self.place[i] as usize] += conductance;
                        }
                        // The same conductance was seen from its other end.
                        End::Unknown(_) => {}
                    }
                }
            }
            let mut update = try_vec(n_below * n_below, 0.0)?;
            for child in self.supernodes.children(s) {
                let from = std::mem::take(&mut self.updates[child]);
                let rows = self.supernodes.below(child);
                for (b, &row) in rows.iter().enumerate() {
                    let place = self.place[row as usize] as usize;
                    let source = from[b * rows.len()..].iter().zip(rows).skip(b + 1);
                    let source = source.take(rows.len() - b - 1);
                    if place < width {
                        let column = &mut panel[place * front..(place + 1) * front];
                        for (value, &i) in source {
                            column[self.place[i as usize] as usize] += value;
                        }
                    } else {
                        let column = &mut update[(place - width) * n_below..];
                        for (value, &i) in source {
                            column[self.place[i as usize] as usize - width] += value;
                        }
                    }
                }
            }
            let grounded = &mut self.grounded[..front];
            grounded[..width].copy_from_slice(&self.to_ground[range.clone()]);
            grounded[width..].fill(0.0);
            let undivided = &mut self.undivided[..panel.len()];
            let pivot = &mut self.pivot[range.clone()];
            Panel { lower: panel, undivided, grounded, pivot }.eliminate().map_err(|k| {
                Error::NotPositiveDefinite { argument: "conductance", row: range.start + k }
            })?;
            for (&i, value) in below.iter().zip(&grounded[width..]) {
                self.to_ground[i as usize] += value;
            }
            add_lower_product(
                columns_mut(&mut update, n_below),
                columns(panel, front).subrows(width, n_below),
                columns(undivided, front).subrows(width, n_below).transpose(),
            );
            self.updates[s] = update;
        }
        Ok(())
    }

    /// Solve with the factor in place, in the order of elimination.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        for s in 0..self.supernodes.count() {
            let range = self.supernodes.columns(s);
            let below = self.supernodes.below(s);
            let panel = &self.panels[self.supernodes.panel(s)];
            let front = range.len() + below.len();
            for (column, k) in panel.chunks_exact(front).zip(range.clone()) {
                let here = x[k];
                let (inside, outside) = column.split_at(range.len());
                for (x, l) in x[range.clone()].iter_mut().zip(inside).skip(k + 1 - range.start) {
                    *x += l * here;
                }
                for (&i, l) in below.iter().zip(outside) {
                    x[i as usize] += l * here;
                }
            }
        }
        for s in (0..self.supernodes.count()).rev() {
            let range = self.supernodes.columns(s);
            let below = self.supernodes.below(s);
            let panel = &self.panels[self.supernodes.panel(s)];
            let front = range.len() + below.len();
            for (column, k) in panel.chunks_exact(front).zip(range.clone()).rev() {
                let (inside, outside) = column.split_at(range.len());
                let mut here = x[k] / self.pivot[k];
                for (x, l) in x[range.clone()].iter().zip(inside).skip(k + 1 - range.start) {
                    here += l * x;
                }
                for (&i, l) in below.iter().zip(outside) {
                    here += l * x[i as usize];
                }
                x[k] = here;
            }
        }
    }
}
