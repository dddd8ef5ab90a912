//! Determinantal sampling and least squares against their definitions.

mod continuous;
mod discrete;
mod least_squares;

/// The number above which chi-square with `degrees` of freedom is once in a million draws, by the
/// cube-root approximation of Wilson and Hilferty.
fn chi_square_limit(degrees: usize) -> f64 {
    let k = degrees as f64;
    let z = 4.76;
    k * (1.0 - 2.0 / (9.0 * k) + z * (2.0 / (9.0 * k)).sqrt()).powi(3)
}
