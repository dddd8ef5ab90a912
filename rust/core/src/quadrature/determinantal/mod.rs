//! Projection determinantal point processes, and sampling for least squares.
//!
//! Let `phi_1, ..., phi_m` be orthonormal under a probability measure `mu`, and `K = sum phi_j^2`.
//! The projection process has m points with density in proportion to `det(phi_j(x_i))^2`: points
//! that repel each other. Least squares on independent sets of such points with weights `m / K`
//! needs fewer of them than on independent points, because the matrix
//! `G = (1/n) sum_i w_i phi(x_i) phi(x_i)^T` is closer to the identity.
//!
//! [`ProjectionDpp`] draws from the rows of a matrix, [`sample`] from a [`PolynomialBasis`] on a
//! continuum, both by rejection: candidates from `K / m dmu` are accepted with the share of their
//! squared norm outside the span of those chosen, `m (1 + 1/2 + ... + 1/m)` candidates in the mean.
//! [`least_squares`] fits by QR and estimates its own error by leaving one out.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::quadrature::determinantal::{
//!     Family, IndexSet, Observations, PolynomialBasis, Scheme, least_squares, multi_indices, sample,
//! };
//!
//! let indices = multi_indices(IndexSet::Total, &[9])?;
//! let basis = PolynomialBasis::new(Family::Legendre, &[0.0], &[1.0], &indices)?;
//! let team = Team::sequential();
//! let drawn = sample(&basis, Scheme::Repeated { repeats: 2 }, None, 7, &team, &mut ())?;
//! let values: Vec<f64> = drawn.points.iter().map(|x| x.exp()).collect();
//! let features = basis.evaluate(&drawn.points, &team, &|| Ok(()))?;
//! let data = Observations {
//!     features: &features,
//!     width: basis.len(),
//!     values: &values,
//!     n_outputs: 1,
//!     weights: Some(&drawn.weights),
//! };
//! let fit = least_squares(data, &team, &mut ())?;
//! let mean = (1f64.exp() - (-1f64).exp()) / 2.0;
//! assert!((fit.coefficients[0] - mean).abs() < 1e-8);
//! assert!(fit.leave_one_out[0] < 1e-8);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod alias;
mod basis;
mod draws;
mod factor;
mod family;
mod index_set;
mod least_squares;
mod orthonormality;
mod projection;
mod reduced;
mod sampling;
mod sequential;
mod span;
mod univariate;

pub use basis::PolynomialBasis;
pub use factor::Triangle;
pub use family::Family;
pub use index_set::{IndexSet, multi_indices};
pub use least_squares::{Fit, Observations, least_squares, solve};
pub use projection::{Method, ProjectionDpp, orthonormalize};
pub use reduced::Reduced;
pub use sampling::{Base, Sample, Scheme, sample};
pub use span::{Candidates, Offer, Span};
