//! Sparse matrices and weighted graphs: patterns, components, trees, and Laplacian systems.
//!
//! Everything here is iterative (a chain of a million nodes is an ordinary input), uses `u32` node
//! numbers and `usize` offsets, and gives the same bits for any number of threads.
//!
//! | question | answered by | cost |
//! |---|---|---|
//! | what hangs together? | [`connected_components`], [`strong_components`] | O(n + E) |
//! | what can be solved apart? | [`biconnected_blocks`], [`Subgraph`] | O(n + E) |
//! | rigorous bounds of energies and resistances | [`maximum_spanning_forest`] | O(n log n + E) |
//! | L x = b, iteratively | [`pcg()`] on a [`Laplacian`] | O(E) a product |
//! | L x = b and the diagonal of L+, directly | [`LaplacianCholesky`] | by the fill |

mod blocks;
mod cholesky;
mod components;
mod csr;
mod graph;
mod laplacian;
mod levels;
mod multifrontal;
mod pcg;
mod selected_inverse;
mod supernodes;
mod tree;

pub use blocks::{Blocks, Subgraph, biconnected_blocks};
pub use cholesky::{LaplacianCholesky, LaplacianFactor};
pub use components::{Components, connected_components, reaches_all, strong_components};
pub use csr::{CsrRef, SparseIndex};
pub use graph::Graph;
pub use laplacian::Laplacian;
pub use pcg::{PcgInfo, PcgParams, PcgWorkspace, pcg};
pub use tree::{SpanningForest, maximum_spanning_forest};
