//! From the words of a block to uniforms and normals.

use crate::simd::{Elementary, Plain};

const STEP_F64: f64 = 1.0 / 9_007_199_254_740_992.0; // 2^-53
const STEP_F32: f32 = 1.0 / 16_777_216.0; // 2^-24

/// A scalar that can be drawn from a block of four words.
pub trait Sample: Elementary {
    /// The draws of one block.
    type Block: AsRef<[Self]>;

    /// Number of draws in one block.
    const PER_BLOCK: usize;

    /// Uniforms in `[0, 1)`: the top 53 bits times 2^-53, or the top 24 times 2^-24.
    fn uniforms(words: [u32; 4]) -> Self::Block;

    /// Uniforms in `(0, 1]`: half a step is added, so that a logarithm may follow.
    fn positive_uniforms(words: [u32; 4]) -> Self::Block;

    /// Standard normals by the transform of Box and Muller, "A note on the generation of random
    /// normal deviates" (1958): two uniforms make a radius and an angle, and so two normals.
    ///
    /// The largest is 8.7 in `f64` and 5.9 in `f32`: the finest uniform is half a step.
    fn normals(words: [u32; 4]) -> Self::Block;
}

#[inline(always)]
fn uniform_f64(low: u32, high: u32) -> f64 {
    // Both products and their sum are exact; two conversions vectorise where one of 64 bits may not.
    f64::from(high) * (1.0 / 4_294_967_296.0) + f64::from(low >> 11) * STEP_F64
}

#[inline(always)]
fn uniform_f32(word: u32) -> f32 {
    (word >> 8) as f32 * STEP_F32
}

#[inline(always)]
fn box_muller<T: Elementary>(positive: T, turns: T) -> (T, T) {
    let radius = (T::from_f64(-2.0) * positive.log_lane::<Plain>()).sqrt();
    let (sin, cos) = T::sin_cos_turns_lane::<Plain>(turns);
    (radius * cos, radius * sin)
}

impl Sample for f64 {
    type Block = [f64; 2];

    const PER_BLOCK: usize = 2;

    #[inline(always)]
    fn uniforms(words: [u32; 4]) -> [f64; 2] {
        [uniform_f64(words[0], words[1]), uniform_f64(words[2], words[3])]
    }

    #[inline(always)]
    fn positive_uniforms(words: [u32; 4]) -> [f64; 2] {
        Self::uniforms(words).map(|u| u + 0.5 * STEP_F64)
    }

    #[inline(always)]
    fn normals(words: [u32; 4]) -> [f64; 2] {
        let positive = uniform_f64(words[0], words[1]) + 0.5 * STEP_F64;
        box_muller(positive, uniform_f64(words[2], words[3])).into()
    }
}

impl Sample for f32 {
    type Block = [f32; 4];

    const PER_BLOCK: usize = 4;

    #[inline(always)]
    fn uniforms(words: [u32; 4]) -> [f32; 4] {
        words.map(uniform_f32)
    }

    #[inline(always)]
    fn positive_uniforms(words: [u32; 4]) -> [f32; 4] {
        words.map(|word| uniform_f32(word) + 0.5 * STEP_F32)
    }

    #[inline(always)]
    fn normals(words: [u32; 4]) -> [f32; 4] {
        let [u0, u1, u2, u3] = words.map(uniform_f32);
        let (a, b) = box_muller(u0 + 0.5 * STEP_F32, u1);
        let (c, d) = box_muller(u2 + 0.5 * STEP_F32, u3);
        [a, b, c, d]
    }
}
