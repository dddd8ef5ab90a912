//! What the chunks of a pass keep of a plan, row after row, within a limit.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::semi_dual::Kept;
use crate::error::Error;

/// Which entries a pass keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepRule {
    /// Smallest mass.
    pub(super) threshold: f64,
    /// Most entries; when there are more, or no memory for them, none is kept.
    pub(super) most: usize,
}

/// What a chunk keeps of its rows.
#[derive(Default)]
pub(super) struct KeptRows {
    pub(super) counts: Vec<usize>,
    pub(super) columns: Vec<u32>,
    pub(super) values: Vec<f64>,
    pub(super) row_rest: Vec<f64>,
    pub(super) column_rest: Vec<f64>,
    /// There was no memory for a row.
    is_full: bool,
}

impl KeptRows {
    /// Begin a pass.
    pub(super) fn clear(&mut self, n_columns: usize) {
        self.counts.clear();
        self.columns.clear();
        self.values.clear();
        self.row_rest.clear();
        self.column_rest.clear();
        self.column_rest.resize(n_columns, 0.0);
        self.is_full = false;
    }

    /// Whether the entries of the next row may be kept: there are not too many, and there is memory.
    pub(super) fn has_room(
        &mut self,
        keep: KeepRule,
        total: &AtomicUsize,
        n_columns: usize,
    ) -> bool {
        self.is_full |= self.columns.try_reserve(n_columns).is_err()
            || self.values.try_reserve(n_columns).is_err();
        !self.is_full && total.load(Ordering::Relaxed) <= keep.most
    }
}

/// Join what the chunks kept, unless that is too much.
pub(super) fn join(
    parts: &[KeptRows],
    keep: KeepRule,
    n_columns: usize,
    out: &mut Kept,
) -> Result<(), Error> {
    // A chunk ends keeping only when the total is above the limit, whoever added to it first.
    let len: usize = parts.iter().map(|kept| kept.columns.len()).sum();
    out.offsets.clear();
    out.columns.clear();
    out.values.clear();
    out.row_rest.clear();
    out.column_rest.clear();
    out.column_rest.resize(n_columns, 0.0);
    // Also where there are too many entries: the column sums are made of them.
    for kept in parts {
        for (sum, x) in out.column_rest.iter_mut().zip(&kept.column_rest) {
            *sum += x;
        }
    }
    out.overflows = len > keep.most || parts.iter().any(|kept| kept.is_full);
    if out.overflows {
        return Ok(());
    }
    if out.columns.try_reserve(len).is_err() || out.values.try_reserve(len).is_err() {
        return Err(Error::TooLarge { bytes: 12 * len as u128 });
    }
    out.offsets.push(0);
    for kept in parts {
        let start = out.columns.len();
        out.offsets.extend(kept.counts.iter().map(|count| start + count));
        out.columns.extend_from_slice(&kept.columns);
        out.values.extend_from_slice(&kept.values);
        out.row_rest.extend_from_slice(&kept.row_rest);
    }
    Ok(())
}
