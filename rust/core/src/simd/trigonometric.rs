//! Sine and cosine of an angle in turns, which needs no range reduction worth the name.
//!
//! The nearest quarter turn is taken off exactly; the remainder, at most an eighth of a turn, goes
//! through the polynomials of FreeBSD's msun (`k_sin.c`, `k_cos.c`, Sun Microsystems 1993) and, in
//! single precision, of Cephes (`sinf.c`, S. L. Moshier 1992). Plain arithmetic gives the bits of
//! `cuda/elementary.cuh`.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "coefficients stand as they were published or computed"
)]

use super::dispatch::Arithmetic;

const SIN_F64: [f64; 6] = [
    -1.66666666666666324348e-01,
    8.33333333332248946124e-03,
    -1.98412698298579493134e-04,
    2.75573137070700676789e-06,
    -2.50507602534068634195e-08,
    1.58969099521155010221e-10,
];

const COS_F64: [f64; 6] = [
    4.16666666666666019037e-02,
    -1.38888888888741095749e-03,
    2.48015872894767294178e-05,
    -2.75573143513906633035e-07,
    2.08757232129817482790e-09,
    -1.13596475577881948265e-11,
];

const SIN_F32: [f32; 3] = [-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4];

const COS_F32: [f32; 3] = [4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5];

/// The same steps in both precisions; a `const` table per precision is all that differs.
macro_rules! sin_cos_turns {
    ($name:ident, $float:ty, $sin:expr, $cos:expr, $tau:expr, $round:expr) => {
        #[inline(always)]
        pub(super) fn $name<A: Arithmetic>(turns: $float) -> ($float, $float) {
            // The sum's low bits hold the number of quarter turns.
            let rounded = turns * 4.0 + $round;
            let quadrant = rounded.to_bits();
            let angle = (turns - (rounded - $round) * 0.25) * $tau;
            let z = angle * angle;
            let p = $sin.iter().rev().fold(0.0, |p, &c| A::mul_add(p, z, c));
            let q = $cos.iter().rev().fold(0.0, |q, &c| A::mul_add(q, z, c));
            let sin = A::mul_add(angle * z, p, angle);
            let cos = 1.0 - A::mul_add(-(z * z), q, 0.5 * z);
            let swap = quadrant & 1 != 0;
            let (sin, cos) = if swap { (cos, sin) } else { (sin, cos) };
            let sin = if quadrant & 2 != 0 { -sin } else { sin };
            // The cosine is negative in the second and third quadrants.
            let cos = if (quadrant + 1) & 2 != 0 { -cos } else { cos };
            (sin, cos)
        }
    };
}

sin_cos_turns!(
    sin_cos_turns_f64,
    f64,
    SIN_F64,
    COS_F64,
    std::f64::consts::TAU,
    6_755_399_441_055_744.0_f64
);
sin_cos_turns!(sin_cos_turns_f32, f32, SIN_F32, COS_F32, std::f32::consts::TAU, 12_582_912.0_f32);
