//! Inference at an estimate: covariances, random draws and what follows from them.

mod bootstrap;
mod covariance;
mod draws;
mod fitted;
mod frame;
mod rank_sets;
mod refit;
mod standard_error;

pub use bootstrap::{BOOTSTRAP, Bootstrap, BootstrapParams, bootstrap};
pub use covariance::covariance;
pub use draws::draws;
pub use fitted::{Fitted, Kind, Noise};
pub use rank_sets::{RankMethod, RankParams, RankSets, rank_sets, simultaneous_critical_value};
pub use refit::{Replicate, Resample, Resampling};
pub(crate) use refit::{binomial, whole};
pub use standard_error::{StandardErrors, standard_error};
