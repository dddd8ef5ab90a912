//! Paired models against dense computations written down from their definitions.

mod dense;
mod inference;
mod jet;
