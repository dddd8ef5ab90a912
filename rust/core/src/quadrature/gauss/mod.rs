//! Gauss rules and their relatives in one variable.
//!
//! A [`Rule`] replaces `int f(x) pi(x) dx` by `sum_i w_i f(x_i)`. The Gauss rule of a weight function
//! `pi` is exact for all polynomials of degree `2n - 1`; every rule here takes O(n) or O(n log n)
//! time unless it says otherwise, so that a million nodes are no effort.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::quadrature::gauss::gauss_legendre;
//!
//! let rule = gauss_legendre(1000, false, &Team::sequential(), &())?;
//! let integral: f64 = rule.nodes.iter().zip(&rule.weights).map(|(x, w)| w * x.exp()).sum();
//! assert!((integral - 2.0 * 1.0_f64.sinh()).abs() < 1e-14);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod angle;
mod bessel;
mod blocks;
mod chebyshev;
mod clenshaw_curtis;
mod cosine_sums;
mod gamma;
mod golub_welsch;
mod hermite;
mod jacobi;
mod kronrod;
mod laguerre;
mod legendre;
mod lobatto_radau;
mod march;
mod rule;
mod scaled;
mod series;
mod stride;
mod weighted;

pub use chebyshev::{ChebyshevKind, gauss_chebyshev};
pub use clenshaw_curtis::{FejerKind, clenshaw_curtis, fejer};
pub use golub_welsch::golub_welsch;
pub use hermite::{HermiteWeight, gauss_hermite};
pub use jacobi::{gauss_gegenbauer, gauss_jacobi};
pub use kronrod::{KronrodRule, gauss_kronrod};
pub use laguerre::gauss_laguerre;
pub use legendre::{gauss_legendre, gauss_legendre_into};
pub use lobatto_radau::{gauss_lobatto, gauss_radau};
pub use rule::Rule;
