//! The Hessian as a Laplacian of pairs: items `a` above `b` of a ranking are joined by the
//! conductance `sum over choices v that both were in of x_a x_b / S_v^2`.

use std::ops::Range;

use super::layout::Layout;
use super::likelihood::{Derivatives, Split};
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::ranking::aggregate::{AnyTally, Games, Tally, aggregate};
use crate::sparse::Graph;

/// Most pairs of all rankings together that are worth writing down.
pub(super) const MAX_PAIRS: usize = 1 << 22;

/// An edge and its conductance.
type Edge = (u32, u32, f64);

/// A graph with conductances, parallel edges added.
pub(super) struct Pairs {
    offsets: Vec<usize>,
    opponents: Vec<u32>,
    /// By entry.
    pub conductance: Vec<f64>,
}

impl Pairs {
    /// All pairs that share a set, or `None` where they are too many.
    ///
    /// With a prior the node `n_items` is the ground, joined to each item. `bridges` are further
    /// edges, each as good as the best item at its ends, which join groups that share no set.
    pub(super) fn all(
        layout: &Layout<'_>,
        derivatives: &Derivatives,
        bridges: &[(u32, u32)],
        team: &Team,
        control: &dyn Control,
    ) -> Result<Option<Self>, Error> {
        let sizes = (0..layout.rankings.len()).map(|r| layout.rankings.set(r).len());
        let n_pairs = sizes
            .fold(0_usize, |sum, k| sum.saturating_add(k.saturating_mul(k.saturating_sub(1)) / 2));
        if n_pairs > MAX_PAIRS {
            return Ok(None);
        }
        let mut edges = layout.map_blocks(team, |block| {
            let mut edges = Vec::new();
            for_each_ranking(layout, derivatives, block, |set, splits, information| {
                clique(set, splits, information, &mut edges);
            });
            edges
        });
        edges.push(
            bridges
                .iter()
                .map(|&(i, j)| {
                    let diagonal = |i: u32| derivatives.rows[i as usize].diagonal;
                    let conductance = diagonal(i).max(diagonal(j));
                    (i, j, if conductance > 0.0 { conductance } else { 1.0 })
                })
                .collect(),
        );
        Self::join(edges, derivatives, team, control).map(Some)
    }

    /// At most two edges an entry, with the best of each item's to both sides among them.
    ///
    /// By Rayleigh's monotonicity law every resistance is at least that in the graph of all pairs.
    pub(super) fn skeleton(
        layout: &Layout<'_>,
        derivatives: &Derivatives,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let edges = layout.map_blocks(team, |block| {
            let mut edges = Vec::new();
            let mut partner = Vec::new();
            for_each_ranking(layout, derivatives, block, |set, splits, information| {
                best_edges(set, splits, information, &mut partner, &mut edges);
            });
            edges
        });
        Self::join(edges, derivatives, team, control)
    }

    fn join(
        mut edges: Vec<Vec<Edge>>,
        derivatives: &Derivatives,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let n_items = derivatives.rows.len();
        let prior = &derivatives.prior;
        edges.push(prior.iter().enumerate().map(|(i, &c)| (i as u32, n_items as u32, c)).collect());
        let n_nodes = n_items + usize::from(!prior.is_empty());
        let (mut left, mut right, mut conductance) = (Vec::new(), Vec::new(), Vec::new());
        for (i, j, c) in edges.into_iter().flatten() {
            left.push(i);
            right.push(j);
            // One that underflows keeps its entry, so that the pattern does not change.
            conductance.push(c.max(f64::MIN_POSITIVE));
        }
        if left.is_empty() {
            let offsets = vec![0; n_nodes + 1];
            return Ok(Self { offsets, opponents: Vec::new(), conductance: Vec::new() });
        }
        let games = Games::new(n_nodes, &left, &right, None, Some(&conductance))?;
        Ok(match aggregate(&games, team, control)? {
            AnyTally::Single(tally) => tally.into(),
            AnyTally::Double(tally) => tally.into(),
        })
    }

    /// The pattern.
    pub(super) fn graph(&self) -> Graph<'_> {
        Graph::trusted(&self.offsets, &self.opponents)
    }

    /// Sum of the conductances of each node.
    pub(super) fn diagonal(&self) -> Vec<f64> {
        let rows = self.offsets.windows(2);
        rows.map(|row| self.conductance[row[0]..row[1]].iter().sum()).collect()
    }
}

impl<T: crate::Float> From<Tally<T>> for Pairs {
    fn from(tally: Tally<T>) -> Self {
        let both = tally.wins.iter().zip(&tally.losses);
        let conductance = both.map(|(w, l)| w.to_f64() + l.to_f64()).collect();
        Self { offsets: tally.offsets, opponents: tally.opponents, conductance }
    }
}

/// `f(set, splits, information)` for each informative ranking of a block, with
/// `information[k] = weight * sum over choices v <= k of (S_k / S_v)^2`.
fn for_each_ranking(
    layout: &Layout<'_>,
    derivatives: &Derivatives,
    block: Range<usize>,
    mut f: impl FnMut(&[u32], &[Split], &[f64]),
) {
    let rankings = layout.rankings;
    let mut information = Vec::new();
    for r in block.filter(|&r| rankings.is_informative(r)) {
        let splits = &derivatives.splits[rankings.entries(r)];
        let n_choices = rankings.n_choices(r);
        let weight = rankings.weight(r);
        information.clear();
        let mut carried = 0.0;
        for (k, split) in splits.iter().enumerate() {
            let here = carried + if k < n_choices { weight } else { 0.0 };
            information.push(here);
            carried = split.rest * split.rest * here;
        }
        f(rankings.set(r), splits, &information);
    }
}

fn clique(set: &[u32], splits: &[Split], information: &[f64], edges: &mut Vec<Edge>) {
    for (a, (&upper, split)) in set.iter().zip(splits).enumerate() {
        let mut reach = information[a] * split.share * split.rest;
        for (&lower, below) in set.iter().zip(splits).skip(a + 1) {
            edges.push((upper, lower, reach * below.share));
            reach *= below.rest;
        }
    }
}

/// For each place the edge to the strongest further down, and the best edge to one further up.
fn best_edges(
    set: &[u32],
    splits: &[Split],
    information: &[f64],
    partner: &mut Vec<usize>,
    edges: &mut Vec<Edge>,
) {
    partner.clear();
    partner.resize(set.len(), usize::MAX);
    // The strongest further down, and its strength over all strength from the place at hand on.
    let mut strongest = (usize::MAX, 0.0);
    for (k, split) in splits.iter().enumerate().rev() {
        strongest.1 *= split.rest;
        if strongest.0 != usize::MAX {
            partner[k] = strongest.0;
            edges.push((set[k], set[strongest.0], information[k] * split.share * strongest.1));
        }
        if split.share >= strongest.1 {
            strongest = (k, split.share);
        }
    }
    let mut best = (usize::MAX, 0.0);
    for (k, split) in splits.iter().enumerate() {
        if best.0 != usize::MAX && partner[best.0] != k {
            edges.push((set[best.0], set[k], best.1 * split.share));
        }
        let own = information[k] * split.share;
        if own >= best.1 {
            best = (k, own);
        }
        best.1 *= split.rest;
    }
}
