//! The Hessian of the negative log-posterior as an operator, never formed.

use std::cell::RefCell;

use super::layout::Layout;
use super::likelihood::{Derivatives, Places, Split};
use crate::error::{Error, try_zeroed};
use crate::parallel::Team;
use crate::sparse::Operator;

/// `u -> H u` in O(entries), with a node for the ground where there is a prior.
///
/// The ground is joined to each item by the second derivative of its prior, so that constants are
/// the null space with a prior as well as without.
pub(super) struct Hessian<'a> {
    layout: Layout<'a>,
    splits: &'a [Split],
    prior: &'a [f64],
    diagonal: Vec<f64>,
    by_entry: RefCell<Vec<[f64; 1]>>,
}

impl<'a> Hessian<'a> {
    /// Borrow the derivatives; 8 bytes an entry and an item.
    pub(super) fn new(layout: &Layout<'a>, derivatives: &'a Derivatives) -> Result<Self, Error> {
        let prior = &derivatives.prior;
        let mut diagonal: Vec<f64> = derivatives.rows.iter().map(|row| row.diagonal).collect();
        if !prior.is_empty() {
            diagonal.push(prior.iter().sum());
        }
        let by_entry = RefCell::new(try_zeroed(layout.rankings.n_entries())?);
        Ok(Self { layout: *layout, splits: &derivatives.splits, prior, diagonal, by_entry })
    }

    /// `x' H x`, as a sum of positive terms.
    pub(super) fn energy(&self, x: &[f64], team: &Team) -> f64 {
        let layout = self.layout;
        let rankings = layout.rankings;
        let parts = layout.map_blocks(team, |block| {
            let mut difference: Vec<[f64; 1]> = Vec::new();
            block.fold(0.0, |sum, r| {
                let set = rankings.set(r);
                let splits = &self.splits[rankings.entries(r)];
                difference.clear();
                difference.resize(set.len(), [0.0]);
                differences(set, splits, x, &mut difference);
                let places = Places::new(splits, rankings.n_choices(r), rankings.weight(r));
                sum + places.zip(&difference).map(|(p, d)| p.information * d[0] * d[0]).sum::<f64>()
            })
        });
        let prior: f64 = self.prior.iter().zip(x).map(|(prior, x)| prior * x * x).sum();
        crate::parallel::pairwise_sum(&parts) + prior
    }
}

impl Operator for Hessian<'_> {
    fn n_nodes(&self) -> usize {
        self.diagonal.len()
    }

    fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    fn multiply(&self, team: &Team, x: &[f64], y: &mut [f64]) {
        let n = self.layout.n_items();
        let mut by_entry = self.by_entry.borrow_mut();
        multiply(&self.layout, self.splits, x, &mut y[..n], &mut by_entry, team);
        let Some(&ground) = x.get(n) else { return };
        let mut inflow = 0.0;
        for ((y, x), prior) in y.iter_mut().zip(x).zip(self.prior) {
            let flow = prior * (x - ground);
            *y += flow;
            inflow += flow;
        }
        y[n] = -inflow;
    }
}

/// `out` is the product of the rankings' part with `x`; `by_entry` is overwritten.
pub(super) fn multiply(
    layout: &Layout<'_>,
    splits: &[Split],
    x: &[f64],
    out: &mut [f64],
    by_entry: &mut [[f64; 1]],
    team: &Team,
) {
    let rankings = layout.rankings;
    layout.for_each_ranking(team, by_entry, |r, out| {
        let splits = &splits[rankings.entries(r)];
        differences(rankings.set(r), splits, x, out);
        let places = Places::new(splits, rankings.n_choices(r), rankings.weight(r));
        let mut carried = 0.0;
        for ((out, split), place) in out.iter_mut().zip(splits).zip(places) {
            let flow = place.information * out[0];
            out[0] = flow - split.share * carried;
            carried = split.rest * carried + flow;
        }
    });
    layout.gather(team, by_entry, out, |_, [sum], out| *out = sum);
}

/// At each place, `x` of its item less the mean of `x` over the items further down.
fn differences(set: &[u32], splits: &[Split], x: &[f64], out: &mut [[f64; 1]]) {
    // Relative to one of the set, so that only differences within it are rounded.
    let Some(origin) = set.first().map(|&item| x[item as usize]) else { return };
    let mut mean = 0.0;
    for (k, ((&item, split), out)) in set.iter().zip(splits).zip(out).enumerate().rev() {
        let here = x[item as usize] - origin;
        let difference = if k + 1 == set.len() { 0.0 } else { here - mean };
        mean = if k + 1 == set.len() { here } else { mean + split.share * difference };
        *out = [difference];
    }
}
