//! Entropic optimal transport against definitions written as plain loops.

mod accounts;
mod barycenters;
mod batches;
mod certificates;
mod control;
mod dense;
mod edges;
mod gradients;
mod plans;
mod ranges;
mod refusals;
mod solves;
mod threads;
mod unregularised;
