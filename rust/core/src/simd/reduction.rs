//! Sums over a slice, in lanes of a fixed number and in a fixed order.

use super::Elementary;
use super::dispatch::{Arithmetic, Kernel, dispatch};
use crate::float::Float;

/// Number of partial sums: enough independent additions to hide their latency.
const LANES: usize = 16;

/// Add the lanes pairwise.
#[inline(always)]
fn sum_lanes(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
        width /= 2;
    }
    lanes[0]
}

struct Dot<'a, T>(&'a [T], &'a [T]);

impl<T: Float> Kernel for Dot<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f64 {
        let Self(a, b) = self;
        let (a_blocks, a_rest) = a.as_chunks::<LANES>();
        let (b_blocks, b_rest) = b.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        for (a, b) in a_blocks.iter().zip(b_blocks) {
            for l in 0..LANES {
                lanes[l] = A::mul_add(a[l].to_f64(), b[l].to_f64(), lanes[l]);
            }
        }
        for (lane, (&a, &b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
            *lane = A::mul_add(a.to_f64(), b.to_f64(), *lane);
        }
        sum_lanes(lanes)
    }
}

/// Inner product of two slices, accumulated in `f64`.
///
/// # Panics
/// If the lengths differ.
pub fn dot<T: Float>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len());
    dispatch(Dot(a, b))
}

struct LogSumExp<'a, T>(&'a [T]);

impl<T: Elementary> Kernel for LogSumExp<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f64 {
        let x = self.0;
        let largest = max(x);
        if !largest.is_finite() {
            return if x.iter().any(|x| x.is_nan()) { f64::NAN } else { largest.to_f64() };
        }
        // One largest term is left out and added by `ln_1p`: nothing is lost where it dominates.
        let position = find(x, largest);
        let (before, after) = (&x[..position], &x[position + 1..]);
        let others = sum_exp::<T, A>(before, largest) + sum_exp::<T, A>(after, largest);
        largest.to_f64() + others.ln_1p()
    }
}

/// The largest element that is not NaN; minus infinity if there is none.
#[inline(always)]
fn max<T: Elementary>(x: &[T]) -> T {
    let mut lanes = [T::neg_infinity(); LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for x in blocks {
        for l in 0..LANES {
            lanes[l] = if x[l] > lanes[l] { x[l] } else { lanes[l] };
        }
    }
    let lanes = lanes.iter().chain(rest);
    lanes.fold(T::neg_infinity(), |largest, &x| if x > largest { x } else { largest })
}

/// The position of the first element that equals `value`; the length if there is none.
#[inline(always)]
fn find<T: Elementary>(x: &[T], value: T) -> usize {
    let (blocks, _) = x.as_chunks::<LANES>();
    // Counted, because a search that ends early does not vectorise.
    let holds = |x: &[T; LANES]| x.iter().filter(|&&x| x == value).count() > 0;
    let block = blocks.iter().position(holds).unwrap_or(blocks.len());
    let start = block * LANES;
    start + x[start..].iter().take_while(|&&x| x != value).count()
}

/// The sum of `exp(x - shift)`, NaN if any term is.
#[inline(always)]
fn sum_exp<T: Elementary, A: Arithmetic>(x: &[T], shift: T) -> f64 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for x in blocks {
        // Two loops, because the exponential vectorises at the width of `T`.
        let terms = x.map(|x| (x - shift).exp_lane::<A>());
        for l in 0..LANES {
            lanes[l] += terms[l].to_f64();
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += (x - shift).exp_lane::<A>().to_f64();
    }
    sum_lanes(lanes)
}

/// `log(sum(exp(x)))`, shifted by the largest element so that it neither overflows nor vanishes.
///
/// Terms are computed in `T`, summed in `f64`. Empty or all minus infinity gives minus infinity, a
/// plus infinity gives plus infinity, a NaN gives NaN.
pub fn log_sum_exp<T: Elementary>(x: &[T]) -> f64 {
    dispatch(LogSumExp(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    /// Lengths around the lane count, and one with many blocks.
    const LENGTHS: [usize; 9] = [0, 1, 2, 15, 16, 17, 31, 33, 1000];

    fn data(len: usize, seed: u64) -> Vec<f64> {
        (0..len as u64).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 97.0 - 5.0).collect()
    }

    #[test]
    fn dot_agrees_with_a_naive_sum() {
        for len in LENGTHS {
            let (a, b) = (data(len, 1), data(len, 2));
            let naive: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            let size: f64 = a.iter().zip(&b).map(|(a, b)| (a * b).abs()).sum();
            assert!((dot(&a, &b) - naive).abs() <= f64::EPSILON * len as f64 * size);
        }
    }

    #[test]
    fn dot_of_single_precision_accumulates_in_double() {
        let a = [1.0e8_f32, 1.0, -1.0e8];
        assert_eq!(dot(&a, &[1.0_f32; 3]), 1.0);
    }

    #[test]
    fn log_sum_exp_agrees_with_a_naive_sum() {
        for len in LENGTHS {
            let x = data(len, 3);
            let naive = x.iter().map(|x| x.exp()).sum::<f64>().ln();
            let tolerance = f64::EPSILON * (len as f64 + 8.0);
            assert!(
                len == 0 || (log_sum_exp(&x) - naive).abs() <= tolerance * naive.abs().max(1.0)
            );
            let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
            let exact: f64 = single.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln();
            assert!(len == 0 || (log_sum_exp(&single) - exact).abs() <= 4e-7);
        }
    }

    #[test]
    fn log_sum_exp_survives_the_extremes() {
        assert_eq!(log_sum_exp::<f64>(&[]), -INF);
        assert_eq!(log_sum_exp(&[-INF; 20]), -INF);
        assert_eq!(log_sum_exp(&[-INF, 3.0, -INF]), 3.0);
        assert_eq!(log_sum_exp(&[1.0, INF, -INF]), INF);
        assert_eq!(log_sum_exp(&[INF, INF]), INF);
        assert_eq!(log_sum_exp(&[1e308, 1e308]), 1e308);
        assert_eq!(log_sum_exp(&[-1e308, -1e308]), -1e308);
        assert_eq!(log_sum_exp(&[f64::MAX, f64::MIN]), f64::MAX);
        assert!((log_sum_exp(&[-1000.0, -1000.0]) - (2.0_f64.ln() - 1000.0)).abs() < 2e-13);
        for x in [vec![f64::NAN], vec![-INF, f64::NAN], vec![INF, f64::NAN], vec![1.0, f64::NAN]] {
            assert!(log_sum_exp(&x).is_nan());
        }
        let mut long = vec![0.5; 100];
        long[37] = f64::NAN;
        assert!(log_sum_exp(&long).is_nan());
    }

    #[test]
    fn log_sum_exp_keeps_a_term_far_below_the_largest() {
        let small = log_sum_exp(&[0.0, -40.0]);
        assert!((small / (-40.0_f64).exp() - 1.0).abs() < 4.0 * f64::EPSILON);
    }
}
