//! Quasi-Monte Carlo points: sequences that fill the unit cube more evenly than random ones.
//!
//! [`Sobol`] makes Sobol' points, randomised as [`Scramble`] says; [`Lattice`] makes the points of a
//! rank-1 lattice, for which [`component_by_component`] builds generating vectors and
//! [`worst_case_error`] says how good one is. Both are a [`PointSet`]: point `i` is a function of
//! `i`, so any run of points can be made alone and by any number of threads, with the same bits.
//! [`Normal`] turns coordinates into standard normal ones.
//!
//! Random numbers come from the counter-based streams of [`rng`](crate::rng): `key` is one draw of
//! the user's generator and `task` numbers independent replicates. All arithmetic is plain, so that
//! points have the same bits on every CPU.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::qmc::{PointSet, Scramble, Sobol};
//!
//! // The mean of x y over 1024 points; the integral is 1/4.
//! let sobol = Sobol::new(2, 32, Scramble::Owen, 42, 0)?;
//! let x: Vec<f64> = sobol.points(0, 1024, None, &Team::lease(2), &|| Ok(()))?;
//! let mean = x.chunks_exact(2).map(|x| x[0] * x[1]).sum::<f64>() / 1024.0;
//! assert!((mean - 0.25).abs() < 1e-3);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod component_by_component;
mod coordinate;
mod correlation;
mod digital_net;
mod directions;
mod korobov;
mod korobov_search;
mod lattice;
mod normal;
mod point_set;
mod scramble;
mod sobol;

pub use component_by_component::{Construction, component_by_component};
pub use coordinate::Coordinate;
pub use directions::MAX_DIMENSION;
pub use korobov::{inverse_square_weights, worst_case_error};
pub use korobov_search::korobov_search;
pub use lattice::{Lattice, MAX_POINTS};
pub use normal::{Normal, box_muller, inverse_normal};
pub use point_set::PointSet;
pub use scramble::Scramble;
pub use sobol::{MAX_BITS, Sobol};
