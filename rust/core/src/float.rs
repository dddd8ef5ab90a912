//! The two scalar types that data may have.

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`: the storage type of data. Sums over data accumulate in `f64`.
pub trait Float:
    sealed::Sealed
    + bytemuck::Pod
    + PartialOrd
    + std::ops::Add<Output = Self>
    + Default
    + Send
    + Sync
    + std::fmt::Debug
    + std::fmt::Display
    + 'static
{
    /// Round a double to this type.
    fn from_f64(x: f64) -> Self;
    /// Widen to double, exactly.
    fn to_f64(self) -> f64;
    /// The same values as doubles, where they are doubles.
    fn as_doubles(values: &[Self]) -> Option<&[f64]>;
}

impl Float for f32 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as Self
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn as_doubles(_values: &[Self]) -> Option<&[f64]> {
        None
    }
}

impl Float for f64 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn as_doubles(values: &[Self]) -> Option<&[f64]> {
        Some(values)
    }
}
