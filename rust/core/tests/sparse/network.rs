//! Random weighted graphs, and dense references too slow for anything but tests.

use hasten_core::sparse::Graph;
use proptest::prelude::*;

/// A weighted graph that owns its arrays.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) offsets: Vec<usize>,
    pub(crate) neighbours: Vec<u32>,
    /// By entry.
    pub(crate) conductance: Vec<f64>,
}

impl Network {
    /// From undirected edges; of a repeated edge the first counts, and loops are dropped.
    pub(crate) fn new(n: usize, edges: &[(usize, usize, f64)]) -> Self {
        let mut rows = vec![Vec::<(u32, f64)>::new(); n];
        for &(i, j, c) in edges {
            if i != j && rows[i].iter().all(|&(k, _)| k as usize != j) {
                rows[i].push((j as u32, c));
                rows[j].push((i as u32, c));
            }
        }
        let mut offsets = vec![0];
        let (mut neighbours, mut conductance) = (vec![], vec![]);
        for row in rows {
            neighbours.extend(row.iter().map(|&(j, _)| j));
            conductance.extend(row.iter().map(|&(_, c)| c));
            offsets.push(neighbours.len());
        }
        Self { offsets, neighbours, conductance }
    }

    /// A chain with the given conductances.
    pub(crate) fn chain(conductance: &[f64]) -> Self {
        let edges: Vec<_> = conductance.iter().enumerate().map(|(i, &c)| (i, i + 1, c)).collect();
        Self::new(conductance.len() + 1, &edges)
    }

    pub(crate) fn graph(&self) -> Graph<'_> {
        Graph::new(&self.offsets, &self.neighbours).expect("well formed")
    }

    pub(crate) fn n(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Row sums of the conductances.
    pub(crate) fn diagonal(&self) -> Vec<f64> {
        (0..self.n()).map(|i| self.conductance[self.graph().row(i)].iter().sum()).collect()
    }

    /// `(i, j, conductance)` of every entry.
    pub(crate) fn entries(&self) -> Vec<(usize, usize, f64)> {
        let graph = self.graph();
        (0..self.n())
            .flat_map(|i| graph.row(i).map(move |e| (i, e)))
            .map(|(i, e)| (i, self.neighbours[e] as usize, self.conductance[e]))
            .collect()
    }

    /// Pseudo-inverse of the Laplacian of a connected graph: `(L + 11^T/n)^-1 - 11^T/n`.
    pub(crate) fn pseudo_inverse(&self) -> Vec<Vec<f64>> {
        let n = self.n();
        let shift = 1.0 / n as f64;
        let mut matrix = vec![vec![shift; n]; n];
        for (i, j, c) in self.entries() {
            matrix[i][j] -= c;
            matrix[i][i] += c;
        }
        let mut inverse = invert(matrix);
        for x in inverse.iter_mut().flatten() {
            *x -= shift;
        }
        inverse
    }
}

/// Gauss-Jordan elimination with row pivoting.
fn invert(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    for (i, row) in a.iter_mut().enumerate() {
        row.extend((0..n).map(|j| f64::from(u8::from(i == j))));
    }
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("rows");
        a.swap(k, pivot);
        let scale = 1.0 / a[k][k];
        a[k].iter_mut().for_each(|x| *x *= scale);
        let row = a[k].clone();
        for (i, other) in a.iter_mut().enumerate() {
            let factor = other[k];
            if i != k && factor != 0.0 {
                other.iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
            }
        }
    }
    a.into_iter().map(|row| row[n..].to_vec()).collect()
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Subtract the mean.
pub(crate) fn centred(mut x: Vec<f64>) -> Vec<f64> {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    for x in &mut x {
        *x -= mean;
    }
    x
}

/// Any graph of up to `max_nodes` nodes, often in several components.
pub(crate) fn any_network(max_nodes: usize) -> impl Strategy<Value = Network> {
    (1..=max_nodes).prop_flat_map(|n| {
        let edge = (0..n, 0..n, 0.1..10.0_f64);
        prop::collection::vec(edge, 0..=2 * n).prop_map(move |edges| Network::new(n, &edges))
    })
}

/// A connected graph: a random tree and some more edges.
pub(crate) fn connected_network(max_nodes: usize) -> impl Strategy<Value = Network> {
    (1..=max_nodes).prop_flat_map(|n| {
        let trunk = prop::collection::vec((any::<prop::sample::Index>(), 0.1..10.0_f64), n - 1);
        let extra = prop::collection::vec((0..n, 0..n, 0.1..10.0_f64), 0..=2 * n);
        (trunk, extra).prop_map(move |(trunk, extra)| {
            let tree = trunk.iter().enumerate().map(|(i, (j, c))| (j.index(i + 1), i + 1, *c));
            Network::new(n, &tree.chain(extra).collect::<Vec<_>>())
        })
    })
}
