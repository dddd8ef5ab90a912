//! `hasten._core.quadrature`: rules, adaptive integration, Bayesian quadrature and sampling.

mod adaptive;
mod bayes;
mod cubature;
mod determinantal;
mod rules;
mod tanh_sinh;

use pyo3::prelude::*;

#[pymodule(submodule)]
pub(crate) mod quadrature {
    // Rules in one variable.
    #[pymodule_export]
    use super::rules::{
        clenshaw_curtis, fejer, gauss_chebyshev, gauss_gegenbauer, gauss_hermite, gauss_jacobi,
        gauss_kronrod, gauss_laguerre, gauss_legendre, gauss_lobatto, gauss_radau, golub_welsch,
    };

    // Adaptive integration in one variable.
    #[pymodule_export]
    use super::adaptive::{Rounds, gauss_kronrod_rounds};
    #[pymodule_export]
    use super::tanh_sinh::{Levels, tanh_sinh_levels};

    // Cubature.
    #[pymodule_export]
    use super::cubature::{evaluate_compiled, genz_malik_rounds, integrate_compiled};

    // Bayesian quadrature.
    #[pymodule_export]
    use super::bayes::{
        bayes_certificate, bayes_grid, bayes_grid_rule, bayes_line, bayes_line_rule, bayes_predict,
        bayes_scattered, bayes_scattered_rule,
    };

    // Determinantal sampling and least squares.
    #[pymodule_export]
    use super::determinantal::{
        Polynomials, dpp_sample, extend_span, least_squares, merge_least_squares, multi_indices,
        orthonormalize, polynomial_integrals, polynomial_sample, polynomial_values,
    };
}
