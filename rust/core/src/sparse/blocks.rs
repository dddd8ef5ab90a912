//! Biconnected blocks of a graph: the parts between which single nodes are the only links.

use super::graph::Graph;

const NONE: u32 = u32::MAX;

/// The biconnected blocks of a graph; every edge belongs to exactly one.
///
/// Two blocks share at most one node, so the edges of a block are exactly the edges between its
/// nodes. A node without neighbours is in no block.
#[derive(Debug, Clone)]
pub struct Blocks {
    offsets: Vec<usize>,
    nodes: Vec<u32>,
    attachment_offsets: Vec<usize>,
    attachment_entries: Vec<usize>,
}

impl Blocks {
    /// Number of blocks.
    pub fn n_blocks(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The nodes of a block, its [attachment](Self::attachment) first.
    ///
    /// Blocks are in an order in which the block that holds the attachment as an ordinary node, if
    /// there is one, comes before: going through the blocks, the first node of each is known.
    #[inline(always)]
    pub fn nodes(&self, block: usize) -> &[u32] {
        &self.nodes[self.offsets[block]..self.offsets[block + 1]]
    }

    /// The node by which a block hangs on the blocks before it, or the root of its component.
    #[inline(always)]
    pub fn attachment(&self, block: usize) -> u32 {
        self.nodes[self.offsets[block]]
    }

    /// The entry from the attachment to the other node if the block is a single edge.
    #[inline(always)]
    pub fn bridge(&self, block: usize) -> Option<usize> {
        let is_edge = self.offsets[block + 1] - self.offsets[block] == 2;
        is_edge.then(|| self.attachment_entries[self.attachment_offsets[block]])
    }

    /// Entries of the attachment's row that belong to the block.
    fn attachment_entries(&self, block: usize) -> &[usize] {
        &self.attachment_entries[self.attachment_offsets[block]..self.attachment_offsets[block + 1]]
    }
}

/// A node whose edges are being followed.
struct Frame {
    node: u32,
    parent: u32,
    /// Number of nodes discovered before this one.
    discovery: u32,
    /// The next entry of the node to look at.
    entry: usize,
}

/// Find the biconnected blocks.
///
/// Hopcroft and Tarjan, "Algorithm 447: efficient algorithms for graph manipulation" (1973), with
/// explicit stacks and a stack of nodes instead of edges. O(n + E) time; memory 40 bytes a node
/// and 8 bytes for each entry between a block and its attachment.
pub fn biconnected_blocks(graph: &Graph<'_>) -> Blocks {
    let n = graph.n_nodes();
    let mut low = vec![NONE; n];
    let mut discovery = vec![NONE; n];
    let mut open: Vec<u32> = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut nodes = Vec::with_capacity(n + n / 4);
    let mut ends = Vec::new();
    let mut n_discovered = 0;
    for root in 0..n {
        if discovery[root] != NONE {
            continue;
        }
        let mut discovered = Some((root as u32, NONE));
        loop {
            if let Some((node, parent)) = discovered.take() {
                let i = node as usize;
                low[i] = n_discovered;
                discovery[i] = n_discovered;
                frames.push(Frame {
                    node,
                    parent,
                    discovery: n_discovered,
                    entry: graph.row(i).start,
                });
                n_discovered += 1;
                open.push(node);
            }
            let Some(frame) = frames.last_mut() else { break };
            let i = frame.node as usize;
            let row = graph.row(i);
            let neighbours = graph.neighbours(i);
            while frame.entry < row.end {
                let j = neighbours[frame.entry - row.start];
                frame.entry += 1;
                if discovery[j as usize] == NONE {
                    discovered = Some((j, frame.node));
                    break;
                }
                // The edge to the parent is stored once, so it needs no exception for repeats.
                if j != frame.parent {
                    low[i] = low[i].min(discovery[j as usize]);
                }
            }
            if discovered.is_some() {
                continue;
            }
            let parent = frame.parent;
            frames.pop();
            let Some(above) = frames.last() else { continue };
            if low[i] >= above.discovery {
                // Nothing below i reaches past its parent: i and what is open above it is a block.
                while let Some(member) = open.pop() {
                    nodes.push(member);
                    if member as usize == i {
                        break;
                    }
                }
                nodes.push(parent);
                ends.push(nodes.len());
            } else {
                let p = parent as usize;
                low[p] = low[p].min(low[i]);
            }
        }
        // Only the root is left open.
        open.clear();
    }
    // Blocks were finished children first, with the attachment last: reverse both at once.
    nodes.reverse();
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    if !ends.is_empty() {
        offsets.extend(ends.iter().rev().skip(1).map(|end| nodes.len() - end));
        offsets.push(nodes.len());
    }
    drop((low, discovery));
    let mut blocks =
        Blocks { offsets, nodes, attachment_offsets: Vec::new(), attachment_entries: Vec::new() };
    collect_attachment_entries(graph, &mut blocks);
    blocks
}

/// For each block, list the entries of its attachment's row that belong to it.
///
/// A hub may be the attachment of many blocks; reading its row for each of them would be quadratic.
fn collect_attachment_entries(graph: &Graph<'_>, blocks: &mut Blocks) {
    let n_blocks = blocks.n_blocks();
    // Each node is an ordinary node, not the attachment, of at most one block.
    let mut own_block = vec![NONE; graph.n_nodes()];
    let mut is_attachment = vec![false; graph.n_nodes()];
    for block in 0..n_blocks {
        is_attachment[blocks.attachment(block) as usize] = true;
        for &node in &blocks.nodes(block)[1..] {
            own_block[node as usize] = block as u32;
        }
    }
    let block_of = |i: usize, j: u32| {
        let block = own_block[j as usize];
        (block != NONE && blocks.attachment(block as usize) as usize == i).then_some(block as usize)
    };
    let attachments = || (0..graph.n_nodes()).filter(|&i| is_attachment[i]);
    let mut offsets = vec![0; n_blocks + 1];
    for i in attachments() {
        for &j in graph.neighbours(i) {
            if let Some(block) = block_of(i, j) {
                offsets[block + 1] += 1;
            }
        }
    }
    for block in 0..n_blocks {
        offsets[block + 1] += offsets[block];
    }
    let mut entries = vec![0; offsets[n_blocks]];
    let mut next = offsets.clone();
    for i in attachments() {
        for (entry, &j) in graph.row(i).zip(graph.neighbours(i)) {
            if let Some(block) = block_of(i, j) {
                entries[next[block]] = entry;
                next[block] += 1;
            }
        }
    }
    blocks.attachment_offsets = offsets;
    blocks.attachment_entries = entries;
}

/// The sub-graph of one block at a time, in memory that is used again for the next block.
///
/// Node `k` of the sub-graph is node `nodes[k]` of the graph, `nodes` being the block's list.
#[derive(Debug)]
pub struct Subgraph {
    local: Vec<u32>,
    offsets: Vec<usize>,
    neighbours: Vec<u32>,
    entries: Vec<usize>,
}

impl Subgraph {
    /// An empty sub-graph of a graph with `n_nodes` nodes. Takes 4 bytes a node.
    pub fn new(n_nodes: usize) -> Self {
        Self { local: vec![NONE; n_nodes], offsets: vec![0], neighbours: vec![], entries: vec![] }
    }

    /// Become the sub-graph of `block`.
    ///
    /// Time and memory O(degrees of the block's nodes other than its attachment), so extracting
    /// every block in turn costs O(n + E) in all, however many of them hang on one hub.
    pub fn extract(&mut self, graph: &Graph<'_>, blocks: &Blocks, block: usize) {
        let nodes = blocks.nodes(block);
        self.offsets.clear();
        self.offsets.push(0);
        self.neighbours.clear();
        self.entries.clear();
        for (k, &node) in nodes.iter().enumerate() {
            self.local[node as usize] = k as u32;
        }
        for &entry in blocks.attachment_entries(block) {
            self.entries.push(entry);
            self.neighbours.push(self.local[graph.neighbour(entry) as usize]);
        }
        self.offsets.push(self.entries.len());
        for &node in &nodes[1..] {
            let i = node as usize;
            for (entry, &j) in graph.row(i).zip(graph.neighbours(i)) {
                let k = self.local[j as usize];
                if k != NONE {
                    self.entries.push(entry);
                    self.neighbours.push(k);
                }
            }
            self.offsets.push(self.entries.len());
        }
        for &node in nodes {
            self.local[node as usize] = NONE;
        }
    }

    /// The pattern, with nodes numbered by their place in the block.
    pub fn graph(&self) -> Graph<'_> {
        Graph::trusted(&self.offsets, &self.neighbours)
    }

    /// For each entry of the sub-graph, the entry of the whole graph that it came from.
    pub fn entries(&self) -> &[usize] {
        &self.entries
    }
}
