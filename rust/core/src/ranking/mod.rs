//! Rankings from comparisons: Bradley-Terry and linear rewards by maximum likelihood, with a
//! certificate.
//!
//! Item `i` beats item `j` with probability `1 / (1 + exp(s_j - s_i))`. Comparisons are aggregated
//! into a [`PairTable`]; [`bradley_terry`] finds the log-strengths `s` that maximise the likelihood
//! and proves how far, in standard errors, they can be from the exact maximum.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::ranking::{BradleyTerryParams, PairTable, bradley_terry};
//! use hasten_core::sparse::Graph;
//!
//! // Three wins to one between items 0 and 1.
//! let graph = Graph::new(&[0, 1, 2], &[1, 0])?;
//! let table = PairTable::new(graph, &[3.0, 1.0], &[1.0, 3.0])?;
//! let solution =
//!     bradley_terry(&table, &BradleyTerryParams::default(), &Team::sequential(), &mut ())?;
//! assert!((solution.strength[0] - solution.strength[1] - 3.0_f64.ln()).abs() < 1e-12);
//! assert!(solution.certificate.error <= 1e-6);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod aggregate;
mod bradley_terry;
mod certificate;
mod existence;
pub mod inference;
mod laplacian_solver;
mod likelihood;
mod newman;
mod newton;
pub mod paired;
pub mod plackett_luce;
mod preference;
mod reduction;
mod solver;
mod table;

pub use aggregate::{AnyTally, Games, Tally, aggregate};
pub use bradley_terry::{BradleyTerryParams, BradleyTerrySolution, Method, bradley_terry};
pub use certificate::Certificate;
pub use existence::comparable_groups;
pub use inference::{Fitted, Kind, Noise};
pub use preference::{
    Choices, NOT_PLACED, PreferenceCertificate, PreferenceKind, PreferenceParams,
    PreferenceSolution, preference_regression,
};
pub use table::PairTable;
