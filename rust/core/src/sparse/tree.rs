//! Spanning forests of large conductance, and the rigorous bounds that they give.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::graph::Graph;
use crate::float::Float;

const NONE: u32 = u32::MAX;

/// A maximum spanning forest, rooted in each tree at its node of highest degree.
///
/// Edges of conductance zero (or NaN) count as absent, so a connected graph may have several trees.
#[derive(Debug, Clone)]
pub struct SpanningForest {
    /// All nodes, each after its parent, tree by tree.
    pub order: Vec<u32>,
    /// The parent of each node; a root is its own parent.
    pub parent: Vec<u32>,
    /// Conductance of the edge from each node to its parent; 0 for a root.
    pub conductance: Vec<f64>,
    paths: HeavyPaths,
}

/// An edge that would join `node` to the tree.
struct Candidate {
    conductance: f64,
    node: u32,
    parent: u32,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_conductance = self.conductance.total_cmp(&other.conductance);
        by_conductance.then(other.node.cmp(&self.node)).then(other.parent.cmp(&self.parent))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// The spanning forest of maximum total conductance, `conductance` being given by entry.
///
/// Prim's algorithm with a lazy heap, started in each tree at the node of highest degree; ties go
/// to the smaller node number. One pass over the entries and, as only improvements are pushed,
/// about O(n log n) heap work; memory 52 bytes a node.
pub fn maximum_spanning_forest<T: Float>(graph: &Graph<'_>, conductance: &[T]) -> SpanningForest {
    let n = graph.n_nodes();
    debug_assert_eq!(conductance.len(), graph.n_entries());
    let mut roots: Vec<u32> = (0..n as u32).collect();
    roots.sort_unstable_by_key(|&i| (std::cmp::Reverse(graph.degree(i as usize)), i));
    let mut order = Vec::with_capacity(n);
    let mut parent = vec![NONE; n];
    let mut best = vec![0.0_f64; n];
    let mut heap = BinaryHeap::new();
    for root in roots {
        if parent[root as usize] != NONE {
            continue;
        }
        heap.push(Candidate { conductance: 0.0, node: root, parent: root });
        while let Some(chosen) = heap.pop() {
            let i = chosen.node as usize;
            if parent[i] != NONE {
                continue;
            }
            parent[i] = chosen.parent;
            order.push(chosen.node);
            for (entry, &j) in graph.row(i).zip(graph.neighbours(i)) {
                let c = conductance[entry].to_f64();
                // `best` of a node in the tree is left alone: it is the answer.
                if c > best[j as usize] && parent[j as usize] == NONE {
                    best[j as usize] = c;
                    heap.push(Candidate { conductance: c, node: j, parent: chosen.node });
                }
            }
        }
    }
    let paths = HeavyPaths::new(&order, &parent, &best);
    SpanningForest { order, parent, conductance: best, paths }
}

impl SpanningForest {
    /// Number of trees.
    pub fn n_trees(&self) -> usize {
        self.parent.iter().enumerate().filter(|&(i, &parent)| i == parent as usize).count()
    }

    /// The energy of the flow along the tree edges whose divergence is given at each node.
    ///
    /// By Thomson's principle it is at least `g^T L^+ g` for the Laplacian L of the whole graph
    /// and `g = divergence`, with equality when the graph is a tree. The divergence must sum to
    /// zero over each tree: what is left over at a root is taken for rounding and dropped.
    pub fn flow_energy(&self, divergence: &[f64]) -> f64 {
        let mut below = divergence.to_vec();
        let mut energy = 0.0;
        for &node in self.order.iter().rev() {
            let i = node as usize;
            let parent = self.parent[i] as usize;
            if parent != i {
                let flow = below[i];
                // In this order the quotient of tiny numbers neither under- nor overflows.
                energy += (flow / self.conductance[i]) * flow;
                below[parent] += flow;
            }
        }
        energy
    }

    /// The resistance of the tree path from each node to its root, rounded upwards.
    pub fn root_resistances(&self) -> Vec<f64> {
        let mut resistance = vec![0.0; self.order.len()];
        for &node in &self.order {
            let (i, parent) = (node as usize, self.parent[node as usize] as usize);
            if parent != i {
                let own = self.conductance[i].recip();
                resistance[i] = (resistance[parent] + own) * (1.0 + f64::EPSILON);
            }
        }
        resistance
    }

    /// An upper bound of the resistance of the tree path between two nodes, tight to
    /// `3 (n + 64)` units in the last place; infinite across trees, 0 from a node to itself.
    ///
    /// It bounds the effective resistance in the whole graph (Rayleigh's monotonicity law).
    /// O(log n) time.
    pub fn path_resistance(&self, i: u32, j: u32) -> f64 {
        if i == j { 0.0 } else { self.paths.resistance(i, j) }
    }
}

/// Heavy-light decomposition of a forest: each path to a root crosses at most log2(n) light edges.
///
/// Resistances span hundreds of orders of magnitude, so no path sum is a difference of two longer
/// sums: a climb adds whole prefixes of heavy paths, and the stretch of the last one comes from a
/// tree of partial sums. All terms are positive, so the relative rounding error is below n eps, and
/// multiplying by `inflation` makes the result a bound.
#[derive(Debug, Clone)]
struct HeavyPaths {
    /// Place of each node; a heavy path is contiguous, top first, and after its parent's place.
    place: Vec<u32>,
    /// By place: the place of the top of the heavy path.
    top: Vec<u32>,
    /// By place: the place of the parent; its own for a root.
    above: Vec<u32>,
    /// By place: resistance from the node up to the parent of the top of its path.
    prefix: Vec<f64>,
    /// Sums of the resistances of edges to parents: leaf `n + p` is place p, node k sums 2k, 2k+1.
    sums: Vec<f64>,
    inflation: f64,
}

impl HeavyPaths {
    fn new(order: &[u32], parent: &[u32], conductance: &[f64]) -> Self {
        let n = order.len();
        let mut size = vec![1_u32; n];
        let mut heavy = vec![NONE; n];
        for &node in order.iter().rev() {
            let i = node as usize;
            let p = parent[i] as usize;
            if p != i {
                size[p] += size[i];
                if heavy[p] == NONE || size[i] > size[heavy[p] as usize] {
                    heavy[p] = node;
                }
            }
        }
        let mut place = vec![NONE; n];
        let mut top = vec![0; n];
        let mut above = vec![0; n];
        let mut prefix = vec![0.0; n];
        let mut sums = vec![0.0; 2 * n];
        let mut next = 0;
        for &node in order {
            if place[node as usize] != NONE {
                continue;
            }
            let head = next;
            let mut on_path = node;
            let mut total = 0.0;
            while on_path != NONE {
                let i = on_path as usize;
                let p = next as usize;
                let is_root = parent[i] == on_path;
                let resistance = if is_root { 0.0 } else { 1.0 / conductance[i] };
                total += resistance;
                place[i] = next;
                top[p] = head;
                above[p] = if is_root { next } else { place[parent[i] as usize] };
                prefix[p] = total;
                sums[n + p] = resistance;
                next += 1;
                on_path = heavy[i];
            }
        }
        for k in (1..n).rev() {
            sums[k] = sums[2 * k] + sums[2 * k + 1];
        }
        let inflation = 1.0 + (n as f64 + 64.0) * f64::EPSILON;
        Self { place, top, above, prefix, sums, inflation }
    }

    fn resistance(&self, i: u32, j: u32) -> f64 {
        let (mut a, mut b) = (self.place[i as usize], self.place[j as usize]);
        let mut total = 0.0;
        while self.top[a as usize] != self.top[b as usize] {
            if self.top[a as usize] < self.top[b as usize] {
                std::mem::swap(&mut a, &mut b);
            }
            // The path whose top comes later cannot hold the lowest common ancestor.
            let top = self.top[a as usize];
            total += self.prefix[a as usize];
            if self.above[top as usize] == top {
                return f64::INFINITY;
            }
            a = self.above[top as usize];
        }
        let (low, high) = (a.min(b) as usize, a.max(b) as usize);
        (total + self.stretch(low + 1, high + 1)) * self.inflation
    }

    /// Sum of the resistances to the parent over the places `start..end`.
    fn stretch(&self, start: usize, end: usize) -> f64 {
        let n = self.place.len();
        let (mut left, mut right) = (start + n, end + n);
        let mut total = 0.0;
        while left < right {
            if left & 1 == 1 {
                total += self.sums[left];
                left += 1;
            }
            if right & 1 == 1 {
                right -= 1;
                total += self.sums[right];
            }
            left /= 2;
            right /= 2;
        }
        total
    }
}
