//! Entropic optimal transport against definitions written as plain loops.

mod barycenters;
mod batches;
mod certificates;
mod control;
mod dense;
mod edges;
mod gradients;
mod plans;
mod solves;
mod threads;
mod unregularised;
