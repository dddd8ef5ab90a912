//! Properties of the sparse module against naive dense references.

mod network;
mod structure;
mod systems;
