//! Connected components of a graph, and strong components of a directed part of it.

use super::graph::Graph;

/// A partition of the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// Number of components.
    pub n_components: usize,
    /// The component of each node, in `0..n_components`.
    pub labels: Vec<u32>,
}

impl Components {
    /// Number of nodes in each component.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.n_components];
        for &label in &self.labels {
            sizes[label as usize] += 1;
        }
        sizes
    }
}

const UNVISITED: u32 = u32::MAX;

/// Connected components, numbered by their smallest node.
///
/// Depth-first search with an explicit stack: O(n + E) time, 8 bytes of memory a node.
pub fn connected_components(graph: &Graph<'_>) -> Components {
    let mut labels = vec![UNVISITED; graph.n_nodes()];
    let mut stack = Vec::new();
    let mut n_components = 0;
    for root in 0..graph.n_nodes() {
        if labels[root] != UNVISITED {
            continue;
        }
        labels[root] = n_components;
        stack.push(root as u32);
        while let Some(i) = stack.pop() {
            for &j in graph.neighbours(i as usize) {
                if labels[j as usize] == UNVISITED {
                    labels[j as usize] = n_components;
                    stack.push(j);
                }
            }
        }
        n_components += 1;
    }
    Components { n_components: n_components as usize, labels }
}

/// Whether every node can be reached from `root` along the arcs for which `present(entry)` holds.
///
/// Depth-first search that ends with the last node it was looking for, which on a graph of many
/// arcs is after a few rows. O(n + E) time at worst, 5 bytes of memory a node.
pub fn reaches_all(graph: &Graph<'_>, root: usize, present: impl Fn(usize) -> bool) -> bool {
    let n = graph.n_nodes();
    let mut seen = vec![false; n];
    seen[root] = true;
    let mut n_seen = 1;
    let mut stack = vec![root as u32];
    while let Some(i) = stack.pop() {
        for (entry, &j) in graph.row(i as usize).zip(graph.neighbours(i as usize)) {
            if !seen[j as usize] && present(entry) {
                seen[j as usize] = true;
                n_seen += 1;
                stack.push(j);
            }
        }
        if n_seen == n {
            return true;
        }
    }
    n_seen == n
}

/// A node whose arcs are being followed.
struct Frame {
    node: u32,
    /// Number of nodes discovered before this one.
    discovery: u32,
    /// The next entry of the node to look at.
    entry: usize,
}

/// Strong components of the arcs `i -> j` for which `present(entry)` holds.
///
/// Labels are numbered in a topological order of the condensation: an arc between two components
/// leads from the smaller label to the larger, so label 0 is entered by no arc from outside.
///
/// Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972) with an explicit
/// stack; `present` is called once per entry. O(n + E) time, at most 28 bytes of memory a node.
pub fn strong_components(graph: &Graph<'_>, present: impl Fn(usize) -> bool) -> Components {
    let n = graph.n_nodes();
    let mut labels = vec![UNVISITED; n];
    // The smallest discovery number known to be reachable; a finished component is out of reach.
    let mut low = vec![UNVISITED; n];
    let mut open = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut n_discovered = 0;
    let mut n_components = 0;
    for root in 0..n {
        if low[root] != UNVISITED || labels[root] != UNVISITED {
            continue;
        }
        let mut discovered = Some(root as u32);
        loop {
            if let Some(node) = discovered.take() {
                low[node as usize] = n_discovered;
                frames.push(Frame {
                    node,
                    discovery: n_discovered,
                    entry: graph.row(node as usize).start,
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
                let follow = present(frame.entry);
                frame.entry += 1;
                if !follow {
                    continue;
                }
                if labels[j as usize] != UNVISITED {
                    continue;
                }
                if low[j as usize] == UNVISITED {
                    discovered = Some(j);
                    break;
                }
                low[i] = low[i].min(low[j as usize]);
            }
            if discovered.is_some() {
                continue;
            }
            let reach = low[i];
            if reach == frame.discovery {
                while let Some(member) = open.pop() {
                    labels[member as usize] = n_components;
                    if member as usize == i {
                        break;
                    }
                }
                n_components += 1;
            }
            frames.pop();
            if let Some(parent) = frames.last() {
                let parent = parent.node as usize;
                if labels[i] == UNVISITED {
                    low[parent] = low[parent].min(reach);
                }
            }
        }
    }
    // Tarjan finishes components in reverse topological order.
    for label in &mut labels {
        *label = n_components - 1 - *label;
    }
    Components { n_components: n_components as usize, labels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_numbered_by_their_smallest_node() {
        // 0 - 2, 1 alone, 3 - 4.
        let offsets = [0, 1, 1, 2, 3, 4];
        let graph = Graph::new(&offsets, &[2, 0, 4, 3]).expect("well formed");
        let components = connected_components(&graph);
        assert_eq!(components.labels, [0, 1, 0, 2, 2]);
        assert_eq!(components.sizes(), [2, 1, 2]);
    }

    #[test]
    fn the_winner_of_everything_comes_first() {
        // A path 0 - 1 - 2 in which 2 beat 1 and 1 beat 0: three components, 2 at the top.
        let offsets = [0, 1, 3, 4];
        let graph = Graph::new(&offsets, &[1, 0, 2, 1]).expect("well formed");
        let wins = [false, true, false, true];
        let components = strong_components(&graph, |entry| wins[entry]);
        assert_eq!(components.labels, [2, 1, 0]);
        let joined = strong_components(&graph, |_| true);
        assert_eq!(joined, Components { n_components: 1, labels: vec![0; 3] });
    }

    #[test]
    fn reach_follows_arcs_one_way() {
        // The path 0 - 1 - 2 with arcs 0 -> 1 -> 2 only.
        let offsets = [0, 1, 3, 4];
        let graph = Graph::new(&offsets, &[1, 0, 2, 1]).expect("well formed");
        let forward = [true, false, true, false];
        assert!(reaches_all(&graph, 0, |entry| forward[entry]));
        assert!(!reaches_all(&graph, 1, |entry| forward[entry]));
        assert!(reaches_all(&graph, 2, |entry| !forward[entry]));
    }

    #[test]
    fn no_nodes_no_components() {
        let graph = Graph::new(&[0], &[]).expect("well formed");
        assert_eq!(connected_components(&graph).n_components, 0);
        assert_eq!(strong_components(&graph, |_| true).n_components, 0);
    }
}
