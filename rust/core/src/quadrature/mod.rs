//! Numerical integration: weighted sums of values of the integrand, and how far off they may be.
//!
//! [`gauss`] makes the classical rules in one variable, each in a time proportional to its number of
//! nodes. [`adaptive`] divides ranges and boxes until an estimate of the error is small enough,
//! [`tanh_sinh`] integrates up to singular ends, [`bayes`] integrates a posterior of the integrand,
//! and [`determinantal`] draws points that repel each other, for least squares. Points of low
//! discrepancy lie in [`crate::qmc`].

pub mod adaptive;
pub mod bayes;
pub mod determinantal;
pub mod gauss;
pub mod tanh_sinh;
