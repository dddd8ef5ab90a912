//! Exact reductions: the likelihood splits at articulation points of the graph of pairs.
//!
//! Each biconnected block has its own maximum-likelihood estimate, relative to the item through
//! which it hangs on the rest; a block of two items has it in closed form,
//! `s_i - s_j = ln(w_ij / w_ji)`. Chains and trees need no iteration at all.

use super::table::PairTable;
use crate::error::Error;
use crate::float::Float;
use crate::sparse::{Blocks, Graph, Subgraph, biconnected_blocks, induced_subgraph};

/// A block of three or more items, with its own copy of the comparisons inside it.
struct Core<T> {
    /// Position in the order of blocks.
    block: usize,
    graph: Subgraph,
    wins: Vec<T>,
    losses: Vec<T>,
}

/// A table cut into pieces that can be solved alone.
pub(super) struct Reduction<T> {
    blocks: Blocks,
    cores: Vec<Core<T>>,
    /// The whole table is one block: nothing was copied.
    whole: bool,
}

impl<T: Float> Reduction<T> {
    /// Find the blocks of a connected table and copy out those that need iterations.
    pub(super) fn new(table: &PairTable<'_, T>) -> Result<Self, Error> {
        let blocks = biconnected_blocks(&table.graph);
        let n = table.graph.n_nodes();
        if blocks.len() == 1 && n > 2 {
            return Ok(Self { blocks, cores: Vec::new(), whole: true });
        }
        let mut cores = Vec::new();
        for block in (0..blocks.len()).filter(|&b| blocks.nodes(b).len() > 2) {
            let graph = induced_subgraph(&table.graph, blocks.nodes(block))?;
            let wins = graph.entries.iter().map(|&e| table.wins[e]).collect();
            let losses = graph.entries.iter().map(|&e| table.losses[e]).collect();
            cores.push(Core { block, graph, wins, losses });
        }
        Ok(Self { blocks, cores, whole: false })
    }

    /// The tables to be solved by iteration.
    pub(super) fn tables<'a>(
        &'a self,
        table: &PairTable<'a, T>,
    ) -> Result<Vec<PairTable<'a, T>>, Error> {
        if self.whole {
            return Ok(vec![*table]);
        }
        self.cores
            .iter()
            .map(|core| {
                let graph = Graph::new(&core.graph.offsets, &core.graph.neighbours)?;
                PairTable::new(graph, &core.wins, &core.losses)
            })
            .collect()
    }

    /// True where the one table to be solved is the caller's own.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The log-strengths `s` restricted to the `k`-th table.
    pub(super) fn restrict(&self, k: usize, s: &[f64]) -> Vec<f64> {
        if self.whole {
            return s.to_vec();
        }
        self.blocks.nodes(self.cores[k].block).iter().map(|&i| s[i as usize]).collect()
    }

    /// Put the estimates of the tables together, closed forms included, with mean zero.
    pub(super) fn combine(&self, table: &PairTable<'_, T>, parts: &[&[f64]]) -> Vec<f64> {
        let mut s = vec![0.0; table.graph.n_nodes()];
        if self.whole {
            s.copy_from_slice(parts[0]);
        } else {
            let mut cores = self.cores.iter().zip(parts).peekable();
            for block in 0..self.blocks.len() {
                let nodes = self.blocks.nodes(block);
                let root = self.blocks.root(block);
                if let Some((_, part)) = cores.next_if(|(core, _)| core.block == block) {
                    place(&mut s, nodes, root, part);
                } else {
                    let other = if nodes[0] == root { nodes[1] } else { nodes[0] };
                    s[other as usize] = s[root as usize] + log_odds(table, other, root);
                }
            }
        }
        let mean = crate::parallel::pairwise_sum(&s) / s.len() as f64;
        s.iter_mut().for_each(|x| *x -= mean);
        s
    }
}

/// Enter a block's estimate `part`, shifted to agree at the node that is already placed.
fn place(s: &mut [f64], nodes: &[u32], root: u32, part: &[f64]) {
    let at_root = nodes.iter().position(|&i| i == root).map_or(0.0, |k| part[k]);
    let shift = s[root as usize] - at_root;
    for (&i, x) in nodes.iter().zip(part) {
        s[i as usize] = x + shift;
    }
}

/// `ln(w_ij / w_ji)` of a pair that met; zero for a pair that did not.
fn log_odds<T: Float>(table: &PairTable<'_, T>, i: u32, j: u32) -> f64 {
    let (row, other, sign) =
        if table.graph.degree(i as usize) <= table.graph.degree(j as usize) { (i, j, 1.0) } else { (j, i, -1.0) };
    let (opponents, wins, losses) = table.row(row as usize);
    opponents
        .iter()
        .position(|&k| k == other)
        .map_or(0.0, |e| sign * (wins[e].to_f64() / losses[e].to_f64()).ln())
}
