//! Sparse matrices and weighted graphs, borrowed from the caller.

mod graph;

pub use graph::Graph;
