//! Paired models against dense computations written down from their definitions.

mod bootstrap;
mod dense;
mod fit;
mod inference;
mod jet;
