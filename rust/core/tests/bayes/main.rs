//! Bayesian quadrature against dense solves and integrals in many digits.

mod calibration;
mod dense;
mod estimates;
mod joint;
mod means;
mod references;
mod rules;
