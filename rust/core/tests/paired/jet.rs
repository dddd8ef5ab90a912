//! Numbers that carry their first and second derivatives by two variables.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Value, gradient, and the entries (0, 0), (0, 1), (1, 1) of the Hessian.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jet {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; 2],
    pub(crate) hessian: [f64; 3],
}

impl Jet {
    pub(crate) fn constant(value: f64) -> Self {
        Self { value, gradient: [0.0; 2], hessian: [0.0; 3] }
    }

    pub(crate) fn variable(value: f64, which: usize) -> Self {
        let mut jet = Self::constant(value);
        jet.gradient[which] = 1.0;
        jet
    }

    /// Apply a function with this value and these two derivatives.
    fn map(self, value: f64, first: f64, second: f64) -> Self {
        let [a, b] = self.gradient;
        let outer = [a * a, a * b, b * b];
        let mut hessian = [0.0; 3];
        for (h, (own, outer)) in hessian.iter_mut().zip(self.hessian.iter().zip(outer)) {
            *h = first * own + second * outer;
        }
        Self { value, gradient: [first * a, first * b], hessian }
    }

    pub(crate) fn exp(self) -> Self {
        let value = self.value.exp();
        self.map(value, value, value)
    }

    pub(crate) fn ln(self) -> Self {
        self.map(self.value.ln(), self.value.recip(), -self.value.powi(-2))
    }
}

impl Add for Jet {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let mut sum = self;
        sum.value += other.value;
        sum.gradient.iter_mut().zip(other.gradient).for_each(|(a, b)| *a += b);
        sum.hessian.iter_mut().zip(other.hessian).for_each(|(a, b)| *a += b);
        sum
    }
}

impl Neg for Jet {
    type Output = Self;
    fn neg(self) -> Self {
        self * Self::constant(-1.0)
    }
}

impl Sub for Jet {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Jet {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.gradient, other.gradient);
        let mixed = [2.0 * a * c, a * d + b * c, 2.0 * b * d];
        let mut hessian = [0.0; 3];
        for k in 0..3 {
            hessian[k] = self.value * other.hessian[k] + other.value * self.hessian[k] + mixed[k];
        }
        Self {
            value: self.value * other.value,
            gradient: [self.value * c + other.value * a, self.value * d + other.value * b],
            hessian,
        }
    }
}

impl Div for Jet {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let inverse = other.value.recip();
        self * other.map(inverse, -inverse.powi(2), 2.0 * inverse.powi(3))
    }
}
