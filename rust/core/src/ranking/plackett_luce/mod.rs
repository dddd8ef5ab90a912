//! Plackett-Luce: rankings of whole or partial sets, and choices from sets.
//!
//! A ranking is a sequence of choices, best first: item `i` is chosen from a set `A` with
//! probability `exp(s_i) / sum over j in A of exp(s_j)`, then the next from what is left (Plackett
//! 1975, "The analysis of permutations"; Luce 1959, "Individual choice behavior"). Rankings of two
//! items are Bradley-Terry.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::ranking::plackett_luce::{PlackettLuceParams, Rankings, plackett_luce};
//!
//! // Item 2 was chosen from {0, 1, 2} twice, items 0 and 1 once each.
//! let offsets = [0, 3, 6, 9];
//! let items = [2, 0, 1, 0, 1, 2, 1, 2, 0];
//! let rankings = Rankings::new(3, &offsets, &items, &[1, 1, 1], &[2.0, 1.0, 1.0])?;
//! let params = PlackettLuceParams::default();
//! let solution = plackett_luce(&rankings, &params, &Team::sequential(), &mut ())?;
//! assert!((solution.strength[2] - solution.strength[0] - 2.0_f64.ln()).abs() < 1e-9);
//! assert!(solution.certificate.error <= 1e-6);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod certificate;
mod complete;
mod existence;
mod fitted;
mod frame;
mod hessian;
mod layout;
mod likelihood;
mod merge;
mod newton;
mod pairs;
mod rankings;
mod resample;
mod solve;
mod sweeps;

#[cfg(test)]
mod tests;

pub use complete::{Completed, complete_rankings};
pub use existence::comparable_in_rankings;
pub use fitted::FittedRankings;
pub use likelihood::rankings_log_likelihood;
pub use merge::{MergedRankings, merge_rankings, restrict_rankings};
pub use rankings::{Rankings, first_repetition};
pub use resample::RankingsResample;
pub use solve::{PlackettLuceParams, PlackettLuceSolution, plackett_luce};
