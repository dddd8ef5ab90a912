//! Rankings from comparisons: Bradley-Terry by maximum likelihood, with a certificate.

mod table;

pub use table::PairTable;
