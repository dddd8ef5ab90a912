//! Vector code in one portable binary: plain loops, compiled per CPU level and chosen at run time.
//!
//! A loop body is written once, as an `#[inline(always)]` function that is generic in its
//! [`Arithmetic`], and wrapped in a [`Kernel`]. [`dispatch`] runs it at the best level of this CPU,
//! with fused multiply-add where the CPU has it. All threads of a call see the same CPU, so equal
//! bits for any number of threads follow; across machines results agree to rounding.
//!
//! [`exp`], [`log`], [`dot`] and [`log_sum_exp`] work on slices. The scalar kernels behind them,
//! [`Elementary::exp_lane`] and [`Elementary::log_lane`], inline into loops of other modules.
//!
//! ```
//! use hasten_core::simd;
//!
//! let mut weights = [0.0_f64; 3];
//! simd::exp(&[0.0, f64::NEG_INFINITY, -1.0], &mut weights);
//! assert_eq!(weights[..2], [1.0, 0.0]);
//! assert_eq!(simd::dot(&[1.0_f32, 2.0], &[3.0, 4.0]), 11.0);
//! ```

mod dispatch;
mod elementwise;
mod exponential;
mod logarithm;
mod reduction;
mod trigonometric;

use crate::float::Float;
pub use dispatch::{Arithmetic, Fused, Kernel, Plain, dispatch, level};
pub use elementwise::{exp, exp_in_place, log, log_in_place};
pub use reduction::{dot, log_sum_exp};

/// Scalar kernels of elementary functions, made to be inlined into dispatched loops.
///
/// Free of branches and table look-ups, so that the compiler turns a loop over them into vector
/// code. Outside a dispatched loop they are correct but slow.
pub trait Elementary: Float + num_traits::Float {
    /// The exponential, within 2 ulp everywhere, subnormal results included.
    ///
    /// Infinities and overflow follow IEEE 754; NaN gives NaN.
    #[must_use]
    fn exp_lane<A: Arithmetic>(self) -> Self;

    /// The exponential, within 2 ulp where the result is normal, and otherwise at most the smallest
    /// normal number.
    ///
    /// Subnormal numbers cost many processors a hundred times what others do. Infinity already from
    /// 709.4 on (88.3 in single precision); NaN gives NaN.
    #[must_use]
    fn exp_normal_lane<A: Arithmetic>(self) -> Self;

    /// The natural logarithm, within 2 ulp everywhere, subnormal arguments included.
    ///
    /// Zero of either sign gives minus infinity, a negative argument or NaN gives NaN.
    #[must_use]
    fn log_lane<A: Arithmetic>(self) -> Self;

    /// Sine and cosine of `turns` full turns, for `turns` in `[0, 1]`, within 2 ulp of 1.
    fn sin_cos_turns_lane<A: Arithmetic>(turns: Self) -> (Self, Self);
}

impl Elementary for f64 {
    #[inline(always)]
    fn exp_lane<A: Arithmetic>(self) -> Self {
        exponential::exp_f64::<A>(self)
    }

    #[inline(always)]
    fn exp_normal_lane<A: Arithmetic>(self) -> Self {
        exponential::exp_normal_f64::<A>(self)
    }

    #[inline(always)]
    fn log_lane<A: Arithmetic>(self) -> Self {
        logarithm::log_f64::<A>(self)
    }

    #[inline(always)]
    fn sin_cos_turns_lane<A: Arithmetic>(turns: Self) -> (Self, Self) {
        trigonometric::sin_cos_turns_f64::<A>(turns)
    }
}

impl Elementary for f32 {
    #[inline(always)]
    fn exp_lane<A: Arithmetic>(self) -> Self {
        exponential::exp_f32::<A>(self)
    }

    #[inline(always)]
    fn exp_normal_lane<A: Arithmetic>(self) -> Self {
        exponential::exp_normal_f32::<A>(self)
    }

    #[inline(always)]
    fn log_lane<A: Arithmetic>(self) -> Self {
        logarithm::log_f32::<A>(self)
    }

    #[inline(always)]
    fn sin_cos_turns_lane<A: Arithmetic>(turns: Self) -> (Self, Self) {
        trigonometric::sin_cos_turns_f32::<A>(turns)
    }
}
