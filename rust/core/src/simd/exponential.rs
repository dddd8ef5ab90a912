//! The exponential: `x = n log 2 + r` with `|r| <= log(2) / 2`, a polynomial in `r`, two scalings.
//!
//! The polynomials `1 + r + r^2 q(r)` minimise the largest relative error over the interval (Remez
//! exchange in 60 digits): below 2^-57 in double and 2^-28 in single precision.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "coefficients stand as they were published or computed"
)]

use super::dispatch::Arithmetic;

/// Adding this rounds to an integer, which then stands in the low bits of the sum.
const ROUND_F64: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
const ROUND_F32: f32 = 12_582_912.0; // 1.5 * 2^23

// log(2) in two parts; the first ends in zeros, so its product with an exponent is exact.
const LN2_HIGH_F64: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW_F64: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
const LN2_HIGH_F32: f32 = f32::from_bits(0x3f31_7200);
const LN2_LOW_F32: f32 = f32::from_bits(0x35bf_be8e);

// Beyond these the result has long been infinite or zero.
const RANGE_F64: (f64, f64) = (-746.0, 710.0);
const RANGE_F32: (f32, f32) = (-104.0, 89.0);

// The same for results without subnormals: the lower ones give the exponent that stands for 0.
const NORMAL_F64: (f64, f64) = (-709.1, 709.7);
const NORMAL_F32: (f32, f32) = (-88.1, 88.7);

const Q_F64: [f64; 10] = [
    0.5000000000000010617,
    0.1666666666666641278,
    0.041666666666530266,
    0.00833333333349433299,
    0.001388888894359768963,
    0.0001984126950677966302,
    0.00002480149313619725307,
    2.755758626640848759e-6,
    2.763023391495863528e-7,
    2.500007229215124367e-8,
];

const Q_F32: [f32; 5] =
    [0.49999993452, 0.1666652069, 0.041668387361, 0.0083687098242, 0.0013814613261];

#[inline(always)]
pub(super) fn exp_f64<A: Arithmetic>(x: f64) -> f64 {
    let (n, p) = reduced_f64::<A>(x, RANGE_F64);
    // Two factors, because 2^n itself may overflow or be subnormal.
    let half = A::mul_add(n, 0.5, ROUND_F64) - ROUND_F64;
    p * power_of_two_f64(half) * power_of_two_f64(n - half)
}

#[inline(always)]
pub(super) fn exp_f32<A: Arithmetic>(x: f32) -> f32 {
    let (n, p) = reduced_f32::<A>(x, RANGE_F32);
    let half = A::mul_add(n, 0.5, ROUND_F32) - ROUND_F32;
    p * power_of_two_f32(half) * power_of_two_f32(n - half)
}

#[inline(always)]
pub(super) fn exp_normal_f64<A: Arithmetic>(x: f64) -> f64 {
    let (n, p) = reduced_f64::<A>(x, NORMAL_F64);
    p * power_of_two_f64(n)
}

#[inline(always)]
pub(super) fn exp_normal_f32<A: Arithmetic>(x: f32) -> f32 {
    let (n, p) = reduced_f32::<A>(x, NORMAL_F32);
    p * power_of_two_f32(n)
}

/// `(n, exp(r))` with `x = n log 2 + r`, for `x` held within `range`.
#[inline(always)]
fn reduced_f64<A: Arithmetic>(x: f64, range: (f64, f64)) -> (f64, f64) {
    // Written so that NaN passes through.
    let x = if x < range.0 { range.0 } else { x };
    let x = if x > range.1 { range.1 } else { x };
    let n = A::mul_add(x, std::f64::consts::LOG2_E, ROUND_F64) - ROUND_F64;
    let r = A::mul_add(-n, LN2_LOW_F64, A::mul_add(-n, LN2_HIGH_F64, x));
    // Estrin's scheme: the short dependence is worth a sixth of the time.
    let pair = |k: usize| A::mul_add(Q_F64[2 * k + 1], r, Q_F64[2 * k]);
    let (square, fourth) = (r * r, (r * r) * (r * r));
    let low = A::mul_add(pair(1), square, pair(0));
    let middle = A::mul_add(pair(3), square, pair(2));
    let q = A::mul_add(A::mul_add(pair(4), fourth, middle), fourth, low);
    (n, 1.0 + A::mul_add(square, q, r))
}

#[inline(always)]
fn reduced_f32<A: Arithmetic>(x: f32, range: (f32, f32)) -> (f32, f32) {
    let x = if x < range.0 { range.0 } else { x };
    let x = if x > range.1 { range.1 } else { x };
    let n = A::mul_add(x, std::f32::consts::LOG2_E, ROUND_F32) - ROUND_F32;
    let r = A::mul_add(-n, LN2_LOW_F32, A::mul_add(-n, LN2_HIGH_F32, x));
    let q = Q_F32.iter().rev().fold(0.0, |q, &c| A::mul_add(q, r, c));
    (n, 1.0 + A::mul_add(r * r, q, r))
}

/// `2^n` for an integer `n` from -1022 to 1023; 0 for -1023, infinity for 1024.
#[inline(always)]
fn power_of_two_f64(n: f64) -> f64 {
    f64::from_bits((n + (ROUND_F64 + 1023.0)).to_bits() << 52)
}

/// `2^n` for an integer `n` from -126 to 127; 0 for -127, infinity for 128.
#[inline(always)]
fn power_of_two_f32(n: f32) -> f32 {
    f32::from_bits((n + (ROUND_F32 + 127.0)).to_bits() << 23)
}
