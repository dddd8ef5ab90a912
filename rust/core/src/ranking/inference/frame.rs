//! Which differences of strengths are reported: to the mean of the group, or to a reference item.

use super::fitted::Fitted;
use crate::error::Error;

/// The frame of reported strengths.
///
/// Without a reference, strengths are relative to the mean of their group (with a prior, to the
/// prior's). With one, those of its group are relative to it, and the other groups keep their mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    reference: Option<usize>,
}

impl Frame {
    /// Check that the reference is an item.
    pub(super) fn new(fitted: &dyn Fitted, reference: Option<usize>) -> Result<Self, Error> {
        let bound = fitted.n_items();
        if let Some(r) = reference.filter(|&r| r >= bound) {
            let (position, value) = (0, r as i64);
            return Err(Error::Index { argument: "reference", position, value, bound });
        }
        Ok(Self { reference })
    }

    /// The item that parameter `i` is reported relative to.
    pub(super) fn origin(&self, fitted: &dyn Fitted, i: usize) -> Option<usize> {
        let groups = fitted.groups();
        let shared = i >= fitted.n_items();
        self.reference.filter(|&r| !shared && (groups.is_empty() || groups[i] == groups[r]))
    }

    /// Write the functional whose value is the reported parameter `i`: zero for the reference.
    pub(super) fn functional(&self, fitted: &dyn Fitted, i: usize, out: &mut [f64]) {
        out.fill(0.0);
        out[i] = 1.0;
        if let Some(r) = self.origin(fitted, i) {
            out[r] -= 1.0;
        }
    }

    /// The reported parameter `i` of a vector of all parameters.
    pub(super) fn value(&self, fitted: &dyn Fitted, x: &[f64], i: usize) -> f64 {
        self.origin(fitted, i).map_or(x[i], |r| x[i] - x[r])
    }
}

/// Check that every index names a parameter.
pub(super) fn check_indices(
    argument: &'static str,
    indices: &[u32],
    bound: usize,
) -> Result<(), Error> {
    indices.iter().position(|&i| i as usize >= bound).map_or(Ok(()), |position| {
        Err(Error::Index { argument, position, value: i64::from(indices[position]), bound })
    })
}
