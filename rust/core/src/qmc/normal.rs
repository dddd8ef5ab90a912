//! From uniform to standard normal coordinates, in place and with the same bits on every CPU.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "coefficients stand as they were published"
)]

use super::coordinate::Coordinate;
use crate::error::Error;
use crate::simd::{Arithmetic, Elementary, Kernel, Plain, dispatch};

/// How uniforms become normals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normal {
    /// The inverse of the distribution function, one coordinate at a time: it keeps the order of
    /// the points and so their balance.
    Inverse,
    /// Box and Muller, "A note on the generation of random normal deviates" (1958): coordinates
    /// `2j` and `2j + 1` become radius and angle, so the effective dimension doubles.
    BoxMuller,
}

impl Normal {
    /// Transform points of an even number of coordinates, or of any for the inverse.
    ///
    /// # Errors
    /// [`Error::Value`] naming `d` for Box-Muller in an odd dimension.
    pub(super) fn require_dimension(self, dimension: usize) -> Result<(), Error> {
        if self == Self::BoxMuller && !dimension.is_multiple_of(2) {
            return Err(Error::Value {
                argument: "d",
                rule: "even for the transform of Box and Muller",
                value: dimension.to_string(),
                index: None,
            });
        }
        Ok(())
    }

    /// Transform whole points.
    pub(super) fn apply<T: Coordinate>(self, points: &mut [T]) {
        match self {
            Self::Inverse => inverse_normal(points),
            Self::BoxMuller => box_muller(points),
        }
    }
}

/// Replace each `u` by the `x` below which a standard normal variable falls with probability `u`.
///
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics
/// 37 (1988), function PPND16, in double precision whatever the type; the relative error in `f64` is
/// below 1e-15. 0 and 1 give infinities, numbers outside `[0, 1]` and NaN give NaN.
pub fn inverse_normal<T: Coordinate>(u: &mut [T]) {
    dispatch(Inverse(u));
}

/// Replace each pair `(u, v)` by `sqrt(-2 log u)` times `cos 2 pi v` and `sin 2 pi v`, for `u` in
/// `(0, 1)` and `v` in `[0, 1]`; a last number without a partner stays as it is.
pub fn box_muller<T: Coordinate>(pairs: &mut [T]) {
    dispatch(Pairs(pairs));
}

/// Numbers transformed at once.
const LANES: usize = 8;

/// Ratios of polynomials, coefficients from the constant up: for `|u - 1/2|` up to `CENTRE`, ...
const CENTRE: f64 = 0.425;
const CENTRE_SQUARE: f64 = 0.180625;
const A: [f64; 8] = [
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
];
const B: [f64; 8] = [
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
];

/// ... for `sqrt(-log min(u, 1 - u))` up to `FAR`, ...
const FAR: f64 = 5.0;
const MIDDLE: f64 = 1.6;
const C: [f64; 8] = [
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
];
const D: [f64; 8] = [
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
];

/// ... and beyond.
const E: [f64; 8] = [
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
];
const F: [f64; 8] = [
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
];

#[inline(always)]
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, &c| Plain::mul_add(sum, x, c))
}

#[inline(always)]
fn ratio(numerator: &[f64; 8], denominator: &[f64; 8], x: f64) -> f64 {
    polynomial(numerator, x) / polynomial(denominator, x)
}

/// Eight quantiles; the far tail, one lane in 10^11, is computed where a lane is in it.
#[inline(always)]
fn quantiles(u: [f64; LANES]) -> [f64; LANES] {
    let mut x = [0.0; LANES];
    let mut root = [0.0; LANES];
    for l in 0..LANES {
        let q = u[l] - 0.5;
        let centre = q * ratio(&A, &B, CENTRE_SQUARE - q * q);
        // Exact for u > 1/2.
        let tail = if q < 0.0 { u[l] } else { 1.0 - u[l] };
        root[l] = num_traits::Float::sqrt(-tail.log_lane::<Plain>());
        let size = ratio(&C, &D, root[l] - MIDDLE);
        let signed = if q < 0.0 { -size } else { size };
        x[l] = if num_traits::Float::abs(q) <= CENTRE { centre } else { signed };
    }
    if root.iter().any(|&r| r > FAR) {
        for l in 0..LANES {
            if root[l] > FAR {
                let size = ratio(&E, &F, root[l] - FAR);
                let size = if root[l] == f64::INFINITY { f64::INFINITY } else { size };
                x[l] = if u[l] < 0.5 { -size } else { size };
            }
        }
    }
    x
}

struct Inverse<'a, T>(&'a mut [T]);

impl<T: Coordinate> Kernel for Inverse<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let (chunks, rest) = self.0.as_chunks_mut::<LANES>();
        for chunk in chunks {
            let x = quantiles(chunk.map(crate::Float::to_f64));
            *chunk = x.map(crate::Float::from_f64);
        }
        let mut last = [0.5; LANES];
        for (last, u) in last.iter_mut().zip(&*rest) {
            *last = crate::Float::to_f64(*u);
        }
        for (u, x) in rest.iter_mut().zip(quantiles(last)) {
            *u = crate::Float::from_f64(x);
        }
    }
}

struct Pairs<'a, T>(&'a mut [T]);

impl<T: Coordinate> Kernel for Pairs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let (pairs, _) = self.0.as_chunks_mut::<2>();
        for pair in pairs {
            let radius = (<T as crate::Float>::from_f64(-2.0) * pair[0].log_lane::<Plain>()).sqrt();
            let (sin, cos) = T::sin_cos_turns_lane::<Plain>(pair[1]);
            *pair = [radius * cos, radius * sin];
        }
    }
}
