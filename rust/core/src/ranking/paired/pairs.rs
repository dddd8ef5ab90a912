//! The graph of pairs behind the cells, and which cells belong to each pair.

use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::sparse::Graph;

use super::Cells;

/// Edges without cells that join the graph.
#[derive(Debug, Clone, Copy)]
pub(super) enum Joint<'a> {
    /// None: the comparisons themselves must connect the items.
    None,
    /// One more node, the ground, is joined to every item.
    Ground,
    /// The first item of the first group is joined to the first item of each other group.
    Groups(&'a [u32], usize),
}

/// Unordered pairs in ascending order, then bridges between groups, then edges to the ground.
#[derive(Debug)]
pub(super) struct Pairs {
    /// The smaller item of each edge.
    pub low: Vec<u32>,
    /// The larger item of each edge, or the ground.
    pub high: Vec<u32>,
    /// Number of edges that are pairs.
    pub n_met: usize,
    /// Number of bridges.
    pub n_bridges: usize,
    offsets: Vec<usize>,
    neighbours: Vec<u32>,
    /// The edge of each entry.
    pub edge: Vec<u32>,
}

/// Whether a cell's left item is the larger of its two.
pub(super) fn is_reversed(cells: &Cells<'_>, cell: usize) -> bool {
    cells.left[cell] > cells.right[cell]
}

/// Cells of positive weight, ordered by their unordered pair, those with the smaller item on the
/// left first. O(N + n): two counting sorts, or none if the order is already right.
pub(super) fn sorted_cells(cells: &Cells<'_>, control: &dyn Control) -> Result<Vec<u32>, Error> {
    if cells.len() > i32::MAX as usize {
        return Err(Error::TooLarge { bytes: 64 * cells.len() as u128 });
    }
    let low = |c: u32| cells.left[c as usize].min(cells.right[c as usize]);
    let high = |c: u32| {
        let reversed = u64::from(is_reversed(cells, c as usize));
        2 * u64::from(cells.left[c as usize].max(cells.right[c as usize])) + reversed
    };
    let has_weight = |c: &u32| {
        cells.wins[*c as usize] + cells.losses[*c as usize] + cells.tie(*c as usize) > 0.0
    };
    let mut order: Vec<u32> = (0..cells.len() as u32).filter(has_weight).collect();
    if !order.is_sorted_by_key(|&c| (low(c), high(c))) {
        control.check()?;
        order = counting_sort(&order, 2 * cells.n_items, |c| high(c) as usize)?;
        control.check()?;
        order = counting_sort(&order, cells.n_items, |c| low(c) as usize)?;
    }
    Ok(order)
}

fn counting_sort(
    from: &[u32],
    n_keys: usize,
    key: impl Fn(u32) -> usize,
) -> Result<Vec<u32>, Error> {
    let mut next = try_vec(n_keys + 1, 0_u32)?;
    for &c in from {
        next[key(c) + 1] += 1;
    }
    for k in 0..n_keys {
        next[k + 1] += next[k];
    }
    let mut to = try_vec(from.len(), 0)?;
    for &c in from {
        let place = &mut next[key(c)];
        to[*place as usize] = c;
        *place += 1;
    }
    Ok(to)
}

impl Pairs {
    /// Build the graph from ascending pairs of items.
    pub(super) fn new(
        n_items: usize,
        mut low: Vec<u32>,
        mut high: Vec<u32>,
        joint: Joint<'_>,
    ) -> Result<Self, Error> {
        let n_met = low.len();
        let mut n_nodes = n_items;
        match joint {
            Joint::None => {}
            Joint::Ground => {
                n_nodes += 1;
                low.extend(0..n_items as u32);
                high.resize(low.len(), n_items as u32);
            }
            Joint::Groups(groups, n_groups) => {
                let mut first = try_vec(n_groups, u32::MAX)?;
                for (i, &group) in groups.iter().enumerate().rev() {
                    first[group as usize] = i as u32;
                }
                let root = first.first().copied().unwrap_or(0);
                for &other in first.iter().skip(1).filter(|&&other| other != u32::MAX) {
                    low.push(root.min(other));
                    high.push(root.max(other));
                }
            }
        }
        let n_bridges = if let Joint::Groups(..) = joint { low.len() - n_met } else { 0 };
        let mut offsets = try_vec(n_nodes + 1, 0_usize)?;
        for &i in low.iter().chain(&high) {
            offsets[i as usize + 1] += 1;
        }
        for i in 0..n_nodes {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut neighbours = try_vec(2 * low.len(), 0)?;
        let mut edge = try_vec(2 * low.len(), 0)?;
        for (e, (&i, &j)) in low.iter().zip(&high).enumerate() {
            for (own, other) in [(i, j), (j, i)] {
                let place = &mut next[own as usize];
                neighbours[*place] = other;
                edge[*place] = e as u32;
                *place += 1;
            }
        }
        Ok(Self { low, high, n_met, n_bridges, offsets, neighbours, edge })
    }

    /// The graph, ground and bridges included.
    pub(super) fn graph(&self) -> Graph<'_> {
        Graph::trusted(&self.offsets, &self.neighbours)
    }

    /// Number of nodes, the ground included.
    pub(super) fn n_nodes(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of edges, bridges and those to the ground included.
    pub(super) fn n_edges(&self) -> usize {
        self.low.len()
    }

    /// Whether an edge is a bridge between groups.
    #[inline(always)]
    pub(super) fn is_bridge(&self, edge: usize) -> bool {
        edge >= self.n_met && edge < self.n_met + self.n_bridges
    }

    /// Whether the row of an entry is the smaller node of its edge.
    #[inline(always)]
    pub(super) fn is_low(&self, entry: usize) -> bool {
        self.neighbours[entry] == self.high[self.edge[entry] as usize]
    }

    /// The edges of row `i` with the sign of `i` in them: 1 where it is the smaller item.
    #[inline(always)]
    pub(super) fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + use<'_> {
        let row = self.offsets[i]..self.offsets[i + 1];
        let signs = self.neighbours[row.clone()]
            .iter()
            .map(move |&j| if j as usize > i { 1.0 } else { -1.0 });
        self.edge[row].iter().map(|&e| e as usize).zip(signs)
    }
}
