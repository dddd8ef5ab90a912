//! The logarithm: `x = 2^k (1 + f)`, and an odd series in `s = f / (2 + f)` for `log(1 + f)`.
//!
//! Argument reduction and coefficients are those of FreeBSD's msun (`e_log.c`, `e_logf.c`, Sun
//! Microsystems 1993): below one ulp. Plain arithmetic gives the bits of `cuda/elementary.cuh`.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "coefficients stand as they were published or computed"
)]

use super::dispatch::Arithmetic;

// log(2) in two parts; the first ends in zeros, so its product with an exponent is exact.
const LN2_HIGH_F64: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW_F64: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
const LN2_HIGH_F32: f32 = f32::from_bits(0x3f31_7180);
const LN2_LOW_F32: f32 = f32::from_bits(0x3717_f7d1);

// Bits of sqrt(1/2), rounded up: `1 + f` lies between it and twice it.
const SQRT_HALF_F64: u64 = 0x3fe6_a09e_0000_0000;
const SQRT_HALF_F32: u32 = 0x3f35_04f3;

/// Or-ing a small integer into the bits of 2^52 (2^23) adds it.
const INTEGER_F64: f64 = 4_503_599_627_370_496.0;
const INTEGER_F32: f32 = 8_388_608.0;

const L_F64: [f64; 7] = [
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
];

const L_F32: [f32; 4] = [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841];

#[inline(always)]
pub(super) fn log_f64<A: Arithmetic>(x: f64) -> f64 {
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = x * if subnormal { 18_014_398_509_481_984.0 } else { 1.0 }; // 2^54
    let bias = if subnormal { 1023.0 + 54.0 } else { 1023.0 };
    let shifted = scaled.to_bits().wrapping_add(1.0_f64.to_bits() - SQRT_HALF_F64);
    let k = f64::from_bits(INTEGER_F64.to_bits() | (shifted >> 52)) - (INTEGER_F64 + bias);
    let f = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff) + SQRT_HALF_F64) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * A::mul_add(w, A::mul_add(w, L_F64[5], L_F64[3]), L_F64[1]);
    let odd =
        z * A::mul_add(w, A::mul_add(w, A::mul_add(w, L_F64[6], L_F64[4]), L_F64[2]), L_F64[0]);
    let tail = A::mul_add(s, half_square + (even + odd), k * LN2_LOW_F64);
    let y = A::mul_add(k, LN2_HIGH_F64, tail - half_square + f);
    // Infinity and NaN come back as they are.
    let y = if x <= f64::MAX { y } else { x };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    if x < 0.0 { f64::NAN } else { y }
}

#[inline(always)]
pub(super) fn log_f32<A: Arithmetic>(x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = x * if subnormal { 33_554_432.0 } else { 1.0 }; // 2^25
    let bias = if subnormal { 127.0 + 25.0 } else { 127.0 };
    let shifted = scaled.to_bits().wrapping_add(1.0_f32.to_bits() - SQRT_HALF_F32);
    let k = f32::from_bits(INTEGER_F32.to_bits() | (shifted >> 23)) - (INTEGER_F32 + bias);
    let f = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF_F32) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * A::mul_add(w, L_F32[3], L_F32[1]);
    let odd = z * A::mul_add(w, L_F32[2], L_F32[0]);
    let tail = A::mul_add(s, half_square + (even + odd), k * LN2_LOW_F32);
    let y = A::mul_add(k, LN2_HIGH_F32, tail - half_square + f);
    let y = if x <= f32::MAX { y } else { x };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x < 0.0 { f32::NAN } else { y }
}
