//! Rankings from comparisons: Bradley-Terry by maximum likelihood, with a certificate.

mod aggregate;
mod table;

pub use aggregate::{AnyTally, Games, Tally, aggregate};
pub use table::PairTable;
