//! Elementary functions of every element of a slice.

use super::Elementary;
use super::dispatch::{Arithmetic, Kernel, dispatch};

/// One elementwise loop from a slice into another.
struct Map<'a, T, F>(&'a [T], &'a mut [T], F);

/// One elementwise loop over a slice in place.
struct MapInPlace<'a, T, F>(&'a mut [T], F);

/// A scalar kernel as a value, because closures cannot be generic in the arithmetic.
trait Lane<T>: Copy {
    fn apply<A: Arithmetic>(self, x: T) -> T;
}

#[derive(Clone, Copy)]
struct Exp;

#[derive(Clone, Copy)]
struct Log;

impl<T: Elementary> Lane<T> for Exp {
    #[inline(always)]
    fn apply<A: Arithmetic>(self, x: T) -> T {
        x.exp_lane::<A>()
    }
}

impl<T: Elementary> Lane<T> for Log {
    #[inline(always)]
    fn apply<A: Arithmetic>(self, x: T) -> T {
        x.log_lane::<A>()
    }
}

impl<T: Elementary, F: Lane<T>> Kernel for Map<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self(x, out, lane) = self;
        for (&x, out) in x.iter().zip(out) {
            *out = lane.apply::<A>(x);
        }
    }
}

impl<T: Elementary, F: Lane<T>> Kernel for MapInPlace<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self(x, lane) = self;
        for x in x {
            *x = lane.apply::<A>(*x);
        }
    }
}

/// Write the exponential of each element of `x` to `out`.
///
/// # Panics
/// If the lengths differ.
pub fn exp<T: Elementary>(x: &[T], out: &mut [T]) {
    assert_eq!(x.len(), out.len());
    dispatch(Map(x, out, Exp));
}

/// Replace each element of `x` by its exponential.
pub fn exp_in_place<T: Elementary>(x: &mut [T]) {
    dispatch(MapInPlace(x, Exp));
}

/// Write the natural logarithm of each element of `x` to `out`.
///
/// # Panics
/// If the lengths differ.
pub fn log<T: Elementary>(x: &[T], out: &mut [T]) {
    assert_eq!(x.len(), out.len());
    dispatch(Map(x, out, Log));
}

/// Replace each element of `x` by its natural logarithm.
pub fn log_in_place<T: Elementary>(x: &mut [T]) {
    dispatch(MapInPlace(x, Log));
}
