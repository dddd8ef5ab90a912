//! A quick test of whether a graph is long and thin, before anything slow is tried on it.

use super::graph::Graph;

const NONE: u32 = u32::MAX;

/// Fill of the Cholesky factor of the graph without the node `removed`, eliminated level by level
/// of a breadth-first search: an upper bound of what a good order needs.
///
/// A node of a level of width `w` has at most the rest of its level and the next level below it.
/// Each component is searched from a node far from the first (George and Liu, "An implementation
/// of a pseudoperipheral node finder", 1979, one step of it), unless its diameter already shows
/// that the bound will exceed `limit`; then infinity is returned. O(n + E) time, 8 bytes a node.
pub(crate) fn level_fill(graph: &Graph<'_>, removed: usize, limit: f64) -> f64 {
    let n = graph.n_nodes();
    let mut search = Search { mark: vec![NONE; n], queue: Vec::with_capacity(n), widths: vec![] };
    let mut fill = 0.0;
    for start in (0..n).filter(|&i| i != removed) {
        if search.mark[start] != NONE {
            continue;
        }
        let far = search.levels(graph, removed, start as u32, 0);
        // No search of this component has more levels than twice the depth of this one, plus one.
        let n_levels = (2 * search.widths.len() - 1) as f64;
        let least = (search.queue.len() as f64).powi(2) / (2.0 * n_levels);
        if fill + least > limit {
            return f64::INFINITY;
        }
        search.levels(graph, removed, far, 1);
        let next = search.widths.iter().skip(1).chain([&0]);
        for (&width, &next) in search.widths.iter().zip(next) {
            let (width, next) = (width as f64, next as f64);
            fill += width * (width + 1.0) / 2.0 + width * next;
        }
    }
    fill
}

struct Search {
    mark: Vec<u32>,
    queue: Vec<u32>,
    widths: Vec<usize>,
}

impl Search {
    /// Visit the component of `start`, marking it, and return the last node reached.
    fn levels(&mut self, graph: &Graph<'_>, removed: usize, start: u32, mark: u32) -> u32 {
        self.queue.clear();
        self.widths.clear();
        self.queue.push(start);
        self.mark[start as usize] = mark;
        let mut done = 0;
        while done < self.queue.len() {
            let level = done..self.queue.len();
            self.widths.push(level.len());
            done = level.end;
            for k in level {
                for &j in graph.neighbours(self.queue[k] as usize) {
                    if j as usize != removed && self.mark[j as usize] != mark {
                        self.mark[j as usize] = mark;
                        self.queue.push(j);
                    }
                }
            }
        }
        self.queue[done - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_no_fill_and_a_star_none_without_its_hub() {
        // 0 - 1 - 2 - 3 - 4 with node 2 removed: two edges and four diagonal entries.
        let offsets = [0, 1, 3, 5, 7, 8];
        let graph = Graph::new(&offsets, &[1, 0, 2, 1, 3, 2, 4, 3]).expect("well formed");
        assert_eq!(level_fill(&graph, 2, f64::INFINITY), 6.0);
        let offsets = [0, 3, 4, 5, 6];
        let graph = Graph::new(&offsets, &[1, 2, 3, 0, 0, 0]).expect("well formed");
        assert_eq!(level_fill(&graph, 0, f64::INFINITY), 3.0);
    }

    #[test]
    fn a_complete_graph_is_refused_early() {
        let n = 50_u32;
        let offsets: Vec<usize> = (0..=n as usize).map(|i| i * (n as usize - 1)).collect();
        let neighbours: Vec<u32> = (0..n).flat_map(|i| (0..n).filter(move |&j| j != i)).collect();
        let graph = Graph::new(&offsets, &neighbours).expect("well formed");
        assert_eq!(level_fill(&graph, 0, 100.0), f64::INFINITY);
        assert_eq!(level_fill(&graph, 0, 1e9), 49.0 * 50.0 / 2.0);
    }
}
