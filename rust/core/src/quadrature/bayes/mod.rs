//! Bayesian quadrature: integrals of functions known at some points, with a posterior variance.
//!
//! A Gaussian process prior `f ~ GP(0, s^2 k)` makes the integral of `f` a Gaussian variable too,
//! with mean `z^T K^-1 y` and variance `s^2 (kappa - z^T K^-1 z)`, where `z` and `kappa` are
//! integrals of the kernel ([`kernel_mean`], [`prior_variance`]).
//!
//! For Matern processes on an interval [`matern_rule`] computes weights and variance in time linear
//! in the number of nodes, to rounding, where the dense equations lose all digits;
//! [`bayes_quadrature`] chooses length scale, scale and smoothness by their likelihood, and
//! [`grid_quadrature`] does on product grids, an axis at a time. For other kernels, measures and
//! points [`scattered_quadrature`] solves the dense equations at those nodes that double precision
//! can tell apart; [`dense_rule`] and [`dense_posterior`] are the same for any kernel.
//!
//! How far to trust it: the posterior variance is conditional on the prior. Averaging over smoothness
//! helps where the smoothness is unknown, [`Certificate::richardson`] where no stationary prior fits, as
//! at singular ends. The larger of the two is an estimate of the error that holds for some six
//! functions in seven, not a bound and not an interval of a level.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::quadrature::bayes::{Observations, Params, bayes_quadrature};
//!
//! let nodes: Vec<f64> = (0..20).map(|i| f64::from(i) / 19.0).collect();
//! let values: Vec<f64> = nodes.iter().map(|x| x.exp()).collect();
//! let data =
//!     Observations { nodes: &nodes, values: &values, n_components: 1, domain: (0.0, 1.0) };
//! let team = Team::sequential();
//! let found = bayes_quadrature(&data, &Params::default(), &team, &mut ())?;
//! let error = (found.value[0] - (1f64.exp() - 1.0)).abs();
//! assert!(error <= 2.0 * found.standard_deviation[0] && error < 1e-6);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod average;
mod dense;
mod estimate;
mod evidence;
mod filter;
mod grid;
mod householder;
mod kernel;
mod kernel_means;
mod nodes;
mod noise_factor;
mod normal_moments;
mod normal_rbf;
mod pivoted;
mod prediction;
mod product;
mod richardson;
mod rule;
mod scattered;
mod search;
mod special;
mod steps;
mod tensor;
mod transition;
mod whiten;

pub use average::{Certificate, Estimate, Model};
pub use dense::{DensePosterior, DensePrior, DenseRule, dense_length, dense_posterior, dense_rule};
pub use estimate::{Observations, Params, bayes_quadrature, line_certificate};
pub use grid::{GridAxis, ProductParams, grid_quadrature, grid_rule};
pub use kernel::{Kernel, Measure, Smoothness};
pub use kernel_means::{kernel_mean, prior_variance};
pub use normal_rbf::NormalRbf;
pub use prediction::{Known, Prediction, predict};
pub use product::{Axis, ProductPrior};
pub use rule::{MaternPrior, Rule, matern_rule};
pub use scattered::{JointMeasure, Points, scattered_quadrature, scattered_rule};
pub use tensor::tensor_rule;
