//! Exact reductions: the likelihood splits at articulation points of the graph of pairs.
//!
//! Each biconnected block has its own maximum-likelihood estimate, relative to the item through
//! which it hangs on the rest; a block of two items has it in closed form,
//! `s_i - s_j = ln(w_ij / w_ji)`. Chains and trees need no iteration at all.

use super::table::PairTable;
use crate::error::Error;
use crate::float::Float;
use crate::sparse::{Blocks, Graph, Subgraph, biconnected_blocks};

/// A block of three or more items, with its own copy of the comparisons inside it.
struct Core<T> {
    /// Position in the order of blocks.
    block: usize,
    offsets: Vec<usize>,
    neighbours: Vec<u32>,
    wins: Vec<T>,
    losses: Vec<T>,
}

/// A table cut into pieces that can be solved alone.
pub(super) struct Reduction<T> {
    blocks: Blocks,
    cores: Vec<Core<T>>,
    /// The whole table is one block: nothing was copied.
    whole: bool,
    /// The item whose log-strength is 0.
    reference: Option<usize>,
}

impl<T: Float> Reduction<T> {
    /// Find the blocks of a connected table and copy out those that need iterations.
    pub(super) fn new(table: &PairTable<'_, T>, reference: Option<usize>) -> Self {
        let blocks = biconnected_blocks(&table.graph);
        let n = table.graph.n_nodes();
        if blocks.n_blocks() == 1 && n > 2 {
            return Self { blocks, cores: Vec::new(), whole: true, reference };
        }
        let mut cores = Vec::new();
        let mut part = Subgraph::new(n);
        for block in (0..blocks.n_blocks()).filter(|&b| blocks.bridge(b).is_none()) {
            part.extract(&table.graph, &blocks, block);
            let graph = part.graph();
            cores.push(Core {
                block,
                offsets: (0..graph.n_nodes())
                    .map(|i| graph.row(i).start)
                    .chain([graph.n_entries()])
                    .collect(),
                neighbours: (0..graph.n_entries()).map(|e| graph.neighbour(e)).collect(),
                wins: part.entries().iter().map(|&e| table.wins[e]).collect(),
                losses: part.entries().iter().map(|&e| table.losses[e]).collect(),
            });
        }
        Self { blocks, cores, whole: false, reference }
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
                let graph = Graph::new(&core.offsets, &core.neighbours)?;
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

    /// Put the estimates of the tables together, closed forms included.
    ///
    /// They are grounded here, at the reference or at mean zero, so that the certificate counts the
    /// rounding of that shift.
    pub(super) fn combine(&self, table: &PairTable<'_, T>, parts: &[&[f64]]) -> Vec<f64> {
        let mut s = vec![0.0; table.graph.n_nodes()];
        if self.whole {
            s.copy_from_slice(parts[0]);
        } else {
            let mut cores = self.cores.iter().zip(parts).peekable();
            for block in 0..self.blocks.n_blocks() {
                let nodes = self.blocks.nodes(block);
                let placed = s[nodes[0] as usize];
                if let Some(entry) = self.blocks.bridge(block) {
                    let (wins, losses) = (table.wins[entry].to_f64(), table.losses[entry].to_f64());
                    s[nodes[1] as usize] = placed - log_odds(wins, losses);
                } else if let Some((_, part)) = cores.next_if(|(core, _)| core.block == block) {
                    for (&i, x) in nodes.iter().zip(*part) {
                        s[i as usize] = placed + (x - part[0]);
                    }
                }
            }
        }
        let ground = match self.reference.and_then(|item| s.get(item)) {
            Some(&strength) => strength,
            None => crate::parallel::pairwise_sum(&s) / s.len() as f64,
        };
        for x in &mut s {
            *x -= ground;
        }
        s
    }
}

/// `ln(wins / losses)`, also where the quotient over- or underflows.
fn log_odds(wins: f64, losses: f64) -> f64 {
    let odds = wins / losses;
    if odds.is_normal() { odds.ln() } else { wins.ln() - losses.ln() }
}
