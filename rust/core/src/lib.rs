//! Numerical solvers that say how close their answers are.
//!
//! Each family of problems is a module: [`ranking`], from comparisons to strengths, [`ot`],
//! entropic optimal transport, and [`quadrature`], numerical integration. What families share lies
//! below them in [`parallel`], [`simd`], [`rng`], [`qmc`], [`pairs`], [`sparse`], [`linalg`],
//! [`labels`], [`integrand`], [`control`] and [`error`]. The crate knows nothing of Python and holds
//! no global state other than its thread pools.

pub mod control;
pub mod error;
pub mod float;
mod fourier;
pub mod integrand;
pub mod labels;
pub mod linalg;
pub mod ot;
pub mod pairs;
pub mod parallel;
pub mod qmc;
pub mod quadrature;
pub mod ranking;
pub mod rng;
pub mod simd;
pub mod sparse;

pub use control::{Control, Flow, Info, Status};
pub use error::Error;
pub use float::Float;
