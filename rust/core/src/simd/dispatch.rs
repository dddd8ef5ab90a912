//! The choice of CPU level, once per call, and what it decides about arithmetic.

use super::Elementary;

/// How a kernel multiplies and adds.
pub trait Arithmetic: Copy {
    /// `a * b + c`, rounded once or twice.
    fn mul_add<T: Elementary>(a: T, b: T, c: T) -> T;
}

/// Multiply-add rounded once. Only inside [`dispatch`]: elsewhere it may be a slow library call.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

/// Multiply, round, add, round: the same bits on every CPU and, without contraction, on GPUs.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add<T: Elementary>(a: T, b: T, c: T) -> T {
        num_traits::Float::mul_add(a, b, c)
    }
}

impl Arithmetic for Plain {
    #[inline(always)]
    fn mul_add<T: Elementary>(a: T, b: T, c: T) -> T {
        a * b + c
    }
}

/// A loop that is compiled once per CPU level.
pub trait Kernel {
    /// What the loop returns.
    type Output;

    /// The loop; the implementation must be `#[inline(always)]`, and so must all that it calls.
    fn run<A: Arithmetic>(self) -> Self::Output;
}

struct Adapter<K>(K);

impl<K: Kernel> pulp::WithSimd for Adapter<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> K::Output {
        // WebAssembly's vectors come without a fused multiply-add.
        if S::IS_SCALAR || cfg!(target_family = "wasm") {
            self.0.run::<Plain>()
        } else {
            self.0.run::<Fused>()
        }
    }
}

/// Run a kernel at the best level of this CPU.
///
/// Costs one look at cached CPU features: call it once per call or per block, never per element.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(Adapter(kernel))
}

/// The instruction set that [`dispatch`] chooses on this CPU.
pub fn level() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if matches!(pulp::Arch::new(), pulp::Arch::V3(_)) {
        return "x86-64-v3 (AVX2, FMA)";
    }
    #[cfg(target_arch = "aarch64")]
    if matches!(pulp::Arch::new(), pulp::Arch::Neon(_)) {
        return "aarch64 (NEON)";
    }
    "baseline"
}
