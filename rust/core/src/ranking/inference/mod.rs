//! Inference at an estimate: covariances, random draws and what follows from them.

mod fitted;
mod pair_table;

pub use fitted::{Fitted, Kind, Noise};
pub use pair_table::{covariance, standard_error};
