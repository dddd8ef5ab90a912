//! How the errors of several components become one number.

/// The norm of a vector of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// The largest component.
    Max,
    /// The square root of the sum of squares.
    Two,
}

impl Norm {
    /// The norm of numbers; with `complex`, pairs are real and imaginary parts of one component.
    pub fn of(self, numbers: &[f64], complex: bool) -> f64 {
        match (self, complex) {
            _ if numbers.len() == 1 => numbers[0].abs(),
            (Self::Max, false) => numbers.iter().fold(0.0, |most, x| larger(most, x.abs())),
            (Self::Max, true) => {
                numbers.chunks_exact(2).fold(0.0, |most, z| larger(most, z[0].hypot(z[1])))
            }
            (Self::Two, _) => numbers.iter().fold(0.0_f64, |norm, x| norm.hypot(*x)),
        }
    }
}

/// The larger of two numbers, NaN if one of them is.
fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::Norm;

    #[test]
    fn components_are_joined_as_the_names_say() {
        let numbers = [3.0, -4.0, 0.0, 1.0];
        assert_eq!(Norm::Max.of(&numbers, false), 4.0);
        assert_eq!(Norm::Max.of(&numbers, true), 5.0);
        assert!((Norm::Two.of(&numbers, true) - 26.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(Norm::Two.of(&[1e300, 1e300], false), 1e300_f64.hypot(1e300));
        assert!(Norm::Max.of(&[f64::NAN, 1.0], false).is_nan());
        assert!(Norm::Max.of(&[1.0, f64::NAN], false).is_nan());
        assert_eq!(Norm::Max.of(&[-2.0], false), 2.0);
    }
}
