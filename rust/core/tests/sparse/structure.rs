//! Components, blocks, spanning forests and malformed matrices.

use std::collections::BTreeSet;

use hasten_core::Error;
use hasten_core::sparse::{
    CsrRef, Subgraph, biconnected_blocks, connected_components, maximum_spanning_forest,
    strong_components,
};
use proptest::prelude::*;

use crate::network::{Network, any_network, connected_network};

/// `reach[i][j]`: a path of present arcs leads from i to j.
fn reachability(network: &Network, present: &[bool]) -> Vec<Vec<bool>> {
    let n = network.n();
    let mut reach = vec![vec![false; n]; n];
    for (e, (i, j, _)) in network.entries().into_iter().enumerate() {
        reach[i][j] |= present[e];
    }
    for (i, row) in reach.iter_mut().enumerate() {
        row[i] = true;
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                reach[i][j] |= reach[i][k] && reach[k][j];
            }
        }
    }
    reach
}

/// The number of components of the graph after one node is taken out.
fn components_without(network: &Network, removed: usize) -> usize {
    let edges: Vec<_> =
        network.entries().into_iter().filter(|&(i, j, _)| i != removed && j != removed).collect();
    connected_components(&Network::new(network.n(), &edges).graph()).n_components - 1
}

/// Largest conductance of a forest, edge by edge from the heaviest (Kruskal).
fn kruskal(network: &Network) -> f64 {
    let mut edges = network.entries();
    edges.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut group: Vec<usize> = (0..network.n()).collect();
    let mut total = 0.0;
    for (i, j, c) in edges {
        let (from, to) = (group[i], group[j]);
        if from != to {
            total += c;
            group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
        }
    }
    total
}

proptest! {
    #[test]
    fn components_agree_with_reachability(network in any_network(14), seed in any::<u64>()) {
        let everything = vec![true; network.neighbours.len()];
        let components = connected_components(&network.graph());
        let reach = reachability(&network, &everything);
        for (i, row) in reach.iter().enumerate() {
            for (j, &reached) in row.iter().enumerate() {
                prop_assert_eq!(components.labels[i] == components.labels[j], reached);
            }
        }
        prop_assert_eq!(components.sizes().iter().sum::<usize>(), network.n());

        let present: Vec<bool> =
            (0..everything.len()).map(|e| (seed >> (e % 64)) & 1 == 1).collect();
        let strong = strong_components(&network.graph(), |e| present[e]);
        let reach = reachability(&network, &present);
        prop_assert!(strong.sizes().iter().all(|&size| size > 0));
        for (i, row) in reach.iter().enumerate() {
            for (j, &reached) in row.iter().enumerate() {
                let (a, b) = (strong.labels[i], strong.labels[j]);
                prop_assert_eq!(a == b, reached && reach[j][i]);
                prop_assert!(!reached || a <= b, "labels are not topological");
            }
        }
    }

    #[test]
    fn blocks_agree_with_removing_each_node(network in any_network(14)) {
        let graph = network.graph();
        let blocks = biconnected_blocks(&graph);
        let mut n_blocks_of = vec![0; network.n()];
        let mut seen = BTreeSet::new();
        let mut attached = BTreeSet::new();
        for block in 0..blocks.n_blocks() {
            let nodes = blocks.nodes(block);
            prop_assert_eq!(nodes[0], blocks.attachment(block));
            prop_assert!(nodes.len() >= 2);
            // The first block of a component brings its root; others hang on a node seen before.
            prop_assert!(seen.contains(&nodes[0]) || attached.insert(nodes[0]));
            seen.insert(nodes[0]);
            for &node in &nodes[1..] {
                prop_assert!(seen.insert(node), "node {} in two blocks", node);
            }
            for &node in nodes {
                n_blocks_of[node as usize] += 1;
            }
        }
        let whole = connected_components(&graph);
        prop_assert_eq!(attached.len(), whole.sizes().iter().filter(|&&size| size > 1).count());
        for (i, &n_blocks) in n_blocks_of.iter().enumerate() {
            prop_assert_eq!(n_blocks == 0, graph.degree(i) == 0);
            let splits = components_without(&network, i) > whole.n_components;
            prop_assert_eq!(n_blocks > 1, splits, "node {}", i);
        }
    }

    #[test]
    fn subgraphs_partition_the_entries(network in any_network(14)) {
        let graph = network.graph();
        let blocks = biconnected_blocks(&graph);
        let mut subgraph = Subgraph::new(network.n());
        let mut taken = vec![false; graph.n_entries()];
        let all = network.entries();
        for block in 0..blocks.n_blocks() {
            subgraph.extract(&graph, &blocks, block);
            let nodes = blocks.nodes(block);
            let part = subgraph.graph();
            prop_assert_eq!(part.n_nodes(), nodes.len());
            prop_assert_eq!(connected_components(&part).n_components, 1);
            for k in 0..nodes.len() {
                for (&l, &e) in part.neighbours(k).iter().zip(&subgraph.entries()[part.row(k)]) {
                    prop_assert_eq!((all[e].0, all[e].1), (nodes[k] as usize, nodes[l as usize] as usize));
                    prop_assert!(!std::mem::replace(&mut taken[e], true), "entry in two blocks");
                }
            }
            // No node of a block separates it: the test that it is biconnected.
            let edges: Vec<_> = (0..nodes.len())
                .flat_map(|k| part.neighbours(k).iter().map(move |&l| (k, l as usize, 1.0)))
                .collect();
            let copy = Network::new(nodes.len(), &edges);
            for k in 0..nodes.len() {
                prop_assert!(nodes.len() == 2 || components_without(&copy, k) == 1);
            }
            match blocks.bridge(block) {
                Some(e) => {
                    prop_assert_eq!((all[e].0 as u32, all[e].1 as u32), (nodes[0], nodes[1]));
                    prop_assert_eq!(subgraph.entries().len(), 2);
                }
                None => prop_assert!(nodes.len() > 2),
            }
        }
        prop_assert!(taken.iter().all(|&taken| taken));
    }

    #[test]
    fn the_forest_is_maximal(network in any_network(14)) {
        let graph = network.graph();
        let forest = maximum_spanning_forest(&graph, &network.conductance);
        let total: f64 = forest.conductance.iter().sum();
        prop_assert!((total - kruskal(&network)).abs() <= 1e-12 * total);
        prop_assert_eq!(forest.n_trees(), connected_components(&graph).n_components);
        let mut seen = vec![false; network.n()];
        for &node in &forest.order {
            let i = node as usize;
            let parent = forest.parent[i];
            prop_assert!(parent == node || seen[parent as usize], "a child before its parent");
            prop_assert!(!std::mem::replace(&mut seen[i], true));
            let edge = graph.row(i).find(|&e| network.neighbours[e] == parent);
            let expected = edge.map_or(0.0, |e| network.conductance[e]);
            prop_assert_eq!(forest.conductance[i], expected);
        }
        prop_assert!(seen.iter().all(|&seen| seen));
    }

    #[test]
    fn path_resistance_agrees_with_walking(
        network in any_network(24),
        exponents in prop::collection::vec(-290..290_i32, 80),
    ) {
        // Conductances over 580 orders of magnitude, by unordered pair.
        let edges: Vec<_> = network
            .entries()
            .into_iter()
            .map(|(i, j, c)| (i, j, c * 10.0_f64.powi(exponents[(i.min(j) * 31 + i.max(j)) % 80])))
            .collect();
        let network = Network::new(network.n(), &edges);
        let forest = maximum_spanning_forest(&network.graph(), &network.conductance);
        let ancestors = |mut i: usize| {
            let mut path = vec![i];
            while forest.parent[i] as usize != i {
                i = forest.parent[i] as usize;
                path.push(i);
            }
            path
        };
        for i in 0..network.n() {
            for j in 0..network.n() {
                let (a, b) = (ancestors(i), ancestors(j));
                let walked = if a.last() == b.last() {
                    let one_side = |from: &[usize], other: &[usize]| -> f64 {
                        let apart = from.iter().filter(|k| !other.contains(k));
                        apart.map(|&k| 1.0 / forest.conductance[k]).sum()
                    };
                    one_side(&a, &b) + one_side(&b, &a)
                } else {
                    f64::INFINITY
                };
                let bound = forest.path_resistance(i as u32, j as u32);
                prop_assert!(bound >= walked * (1.0 - 1e-15) && bound <= walked * (1.0 + 1e-13),
                    "{} to {}: {} against {}", i, j, bound, walked);
            }
        }
    }

    #[test]
    fn malformed_rows_are_refused(
        n_rows in 0..5_usize,
        n_cols in 0..5_usize,
        indptr in prop::collection::vec(-2..8_i64, 0..7),
        indices in prop::collection::vec(-2..7_i64, 0..7),
        n_values in 0..7_usize,
    ) {
        let values = vec![1.0_f32; n_values];
        let wide = CsrRef::new(n_rows, n_cols, &indptr, &indices, &values);
        let narrow = |from: &[i64]| from.iter().map(|&i| i as i32).collect::<Vec<_>>();
        let (narrow_indptr, narrow_indices) = (narrow(&indptr), narrow(&indices));
        let narrow = CsrRef::new(n_rows, n_cols, &narrow_indptr, &narrow_indices, &values);
        let lengths_fit = indptr.len() == n_rows + 1 && indices.len() == n_values;
        let ends_fit = lengths_fit && indptr[0] == 0 && usize::try_from(indptr[n_rows]) == Ok(n_values);
        let rises = indptr.windows(2).all(|w| w[0] <= w[1]);
        let inside = indices.iter().all(|&j| usize::try_from(j).is_ok_and(|j| j < n_cols));
        match (&wide, &narrow) {
            (Ok(wide), Ok(narrow)) => {
                prop_assert!(ends_fit && rises && inside);
                for i in 0..n_rows {
                    prop_assert!(wide.row(i).eq(narrow.row(i)));
                    prop_assert!(wide.row(i).all(|(j, _)| j < n_cols));
                }
            }
            (Err(error), Err(same)) => {
                prop_assert_eq!(error, same);
                match error {
                    Error::Shape { .. } => prop_assert!(!ends_fit),
                    Error::Value { .. } => prop_assert!(ends_fit && !rises),
                    Error::Index { .. } => prop_assert!(ends_fit && rises && !inside),
                    other => prop_assert!(false, "{}", other),
                }
            }
            _ => prop_assert!(false, "the index types disagree"),
        }
    }

    #[test]
    fn a_connected_graph_has_one_tree(network in connected_network(20)) {
        let forest = maximum_spanning_forest(&network.graph(), &network.conductance);
        prop_assert_eq!(forest.n_trees(), 1);
        prop_assert_eq!(forest.order[0] as usize, network.graph().hub());
    }
}

#[test]
fn extreme_pointers_are_refused() {
    let values = [1.0];
    assert!(CsrRef::new(1, 1, &[0, i64::MAX], &[0], &values).is_err());
    assert!(CsrRef::new(1, 1, &[i64::MIN, 1], &[0], &values).is_err());
    assert!(CsrRef::new(2, 1, &[0, i64::MAX, 1], &[0, 0], &values).is_err());
    assert!(CsrRef::new(1, 1, &[0, 1], &[i32::MIN], &values).is_err());
    assert!(CsrRef::new(1, usize::MAX, &[0, 1], &[i64::MAX], &values).is_ok());
}

#[test]
fn a_long_chain_needs_no_recursion() {
    let n = 1_000_000;
    let network = Network::chain(&vec![0.5; n - 1]);
    let graph = network.graph();
    assert_eq!(connected_components(&graph).n_components, 1);
    // Every item beat the one before it, so the last item comes first.
    let chain = strong_components(&graph, |e| network.neighbours[e] > 0 && e % 2 == 1);
    assert_eq!(chain.n_components, n);
    let blocks = biconnected_blocks(&graph);
    assert_eq!(blocks.n_blocks(), n - 1);
    assert!((0..n - 1).all(|block| blocks.bridge(block).is_some()));
    let forest = maximum_spanning_forest(&graph, &network.conductance);
    let resistance = forest.path_resistance(0, n as u32 - 1);
    let expected = 2.0 * (n - 1) as f64;
    assert!(resistance >= expected && resistance <= expected * (1.0 + 1e-9));
    let mut ends = vec![0.0; n];
    (ends[0], ends[n - 1]) = (1.0, -1.0);
    assert!((forest.flow_energy(&ends) / expected - 1.0).abs() < 1e-12);
}

#[test]
fn a_hub_with_many_blocks_is_extracted_in_linear_time() {
    // Triangles that share node 0: reading the hub's row for each would take 10^10 steps.
    let n_triangles = 100_000;
    let mut offsets = vec![0, 2 * n_triangles];
    let mut neighbours: Vec<u32> = (1..=2 * n_triangles as u32).collect();
    for t in 0..n_triangles as u32 {
        for other in [2 * t + 2, 2 * t + 1] {
            neighbours.extend([0, other]);
            offsets.push(neighbours.len());
        }
    }
    let graph = hasten_core::sparse::Graph::new(&offsets, &neighbours).expect("well formed");
    let blocks = biconnected_blocks(&graph);
    assert_eq!(blocks.n_blocks(), n_triangles);
    let mut subgraph = Subgraph::new(graph.n_nodes());
    for block in 0..n_triangles {
        subgraph.extract(&graph, &blocks, block);
        assert_eq!((subgraph.graph().n_nodes(), subgraph.entries().len()), (3, 6));
    }
}
