//! Two clouds of points, with distances computed where they are needed.

use super::PairValues;
use crate::error::{Error, require_finite, try_vec};
use crate::float::Float;
use crate::simd::{Arithmetic, Elementary, Kernel, dispatch};

/// How far two points are from one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `sum of (x - y)^2`.
    SquaredEuclidean,
    /// `sqrt(sum of (x - y)^2)`.
    Euclidean,
    /// `1 - x.y / (|x| |y|)`: half the squared distance of the points scaled to length 1.
    Cosine,
    /// `sum of |x - y|`.
    CityBlock,
}

/// Columns whose distances are summed at once, in registers.
const BLOCK: usize = 32;

/// Points that are turned into coordinates at once.
const TOGETHER: usize = 64;

/// Points `x` (n, d) in rows and `y` (m, d), kept by coordinate so that a tile is read in order.
///
/// Coordinates are subtracted before they are squared: points far from the origin lose no digits,
/// and the distance of a point from itself is 0. Where coordinates are rounded to a shorter type the
/// mean of all points is taken off first, which changes no distance. Memory: (n + m) d numbers of
/// type `T`.
#[derive(Debug, Clone)]
pub struct Points<T> {
    x: Vec<T>,
    y_by_coordinate: Vec<T>,
    n_rows: usize,
    n_columns: usize,
    dimension: usize,
    metric: Metric,
}

impl<T: Elementary> Points<T> {
    /// Copy the points, rounded to `T`; `x` and `y` hold `dimension` numbers a point.
    ///
    /// # Errors
    /// [`Error::Shape`] when a length is not a multiple of `dimension`, [`Error::NotFinite`],
    /// [`Error::Value`] for a point at the origin with [`Metric::Cosine`], [`Error::TooLarge`].
    pub fn new<D: Float>(
        x: &[D],
        y: &[D],
        dimension: usize,
        metric: Metric,
    ) -> Result<Self, Error> {
        for (argument, values) in [("X", x), ("Y", y)] {
            if dimension == 0 || values.len() % dimension != 0 {
                return Err(Error::Shape {
                    argument,
                    expected: format!("rows of {dimension} coordinates, at least one"),
                    found: format!("{} numbers", values.len()),
                });
            }
            require_finite(argument, values)?;
        }
        let (n_rows, n_columns) = (x.len() / dimension, y.len() / dimension);
        let mut points = Self {
            x: try_vec(x.len(), T::zero())?,
            y_by_coordinate: try_vec(y.len(), T::zero())?,
            n_rows,
            n_columns,
            dimension,
            metric,
        };
        let mut center = try_vec(dimension, 0.0)?;
        if size_of::<T>() < size_of::<D>() && metric != Metric::Cosine {
            let share = 1.0 / (n_rows + n_columns) as f64;
            for point in x.chunks_exact(dimension).chain(y.chunks_exact(dimension)) {
                for (center, value) in center.iter_mut().zip(point) {
                    *center += share * value.to_f64();
                }
            }
        }
        for (i, point) in x.chunks_exact(dimension).enumerate() {
            let scale = points.scale(point, "X", i)?;
            let out = &mut points.x[i * dimension..(i + 1) * dimension];
            for ((out, value), center) in out.iter_mut().zip(point).zip(&center) {
                *out = T::from_f64((value.to_f64() - center) / scale.0 / scale.1);
            }
        }
        // Some points at a time, so that what is read across them stays in the cache.
        for (block, group) in y.chunks(TOGETHER * dimension).enumerate() {
            let first = block * TOGETHER;
            let mut scales = [(1.0, 1.0); TOGETHER];
            for (l, (scale, point)) in
                scales.iter_mut().zip(group.chunks_exact(dimension)).enumerate()
            {
                *scale = points.scale(point, "Y", first + l)?;
            }
            for (k, center) in center.iter().enumerate() {
                let out = &mut points.y_by_coordinate[k * n_columns + first..];
                let values = group.iter().skip(k).step_by(dimension);
                for ((out, value), scale) in out.iter_mut().zip(values).zip(&scales) {
                    *out = T::from_f64((value.to_f64() - center) / scale.0 / scale.1);
                }
            }
        }
        Ok(points)
    }

    /// Two divisors that bring a point to the form in which distances are taken.
    fn scale<D: Float>(
        &self,
        point: &[D],
        argument: &'static str,
        index: usize,
    ) -> Result<(f64, f64), Error> {
        if self.metric != Metric::Cosine {
            return Ok((1.0, 1.0));
        }
        // Divided by the largest coordinate first: squares of the smallest doubles vanish.
        let largest = point.iter().fold(0.0_f64, |largest, x| largest.max(x.to_f64().abs()));
        if largest == 0.0 {
            return Err(Error::Value {
                argument,
                rule: "without points at the origin, which have no direction for the cosine metric",
                value: "zeros".into(),
                index: Some(index),
            });
        }
        let length = point.iter().map(|x| (x.to_f64() / largest).powi(2)).sum::<f64>().sqrt();
        Ok((largest, length))
    }

    /// Number of coordinates.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How far two points are from one another.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Coordinates of row `i`, perhaps less the mean; of length 1 with [`Metric::Cosine`].
    pub fn x(&self, i: usize) -> &[T] {
        &self.x[i * self.dimension..(i + 1) * self.dimension]
    }

    /// Coordinate `k` of all columns, perhaps less the mean; of points of length 1 with
    /// [`Metric::Cosine`].
    pub fn y_coordinate(&self, k: usize) -> &[T] {
        &self.y_by_coordinate[k * self.n_columns..(k + 1) * self.n_columns]
    }

    /// Sums over the coordinates of `term(x - y)` for the columns from `start` on.
    #[inline(always)]
    fn sums(&self, row: usize, start: usize, out: &mut [f64], term: impl Fn(T, T) -> T) {
        let x = self.x(row);
        let mut at = start;
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        for block in blocks {
            let mut sums = [T::zero(); BLOCK];
            for (k, &x) in x.iter().enumerate() {
                let first = k * self.n_columns + at;
                for (sum, &y) in sums.iter_mut().zip(&self.y_by_coordinate[first..first + BLOCK]) {
                    *sum = term(x - y, *sum);
                }
            }
            for (out, sum) in block.iter_mut().zip(sums) {
                *out = sum.to_f64();
            }
            at += BLOCK;
        }
        for (l, out) in rest.iter_mut().enumerate() {
            let mut sum = T::zero();
            for (k, &x) in x.iter().enumerate() {
                sum = term(x - self.y_by_coordinate[k * self.n_columns + at + l], sum);
            }
            *out = sum.to_f64();
        }
    }
}

impl<T: Elementary> PairValues for Points<T> {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_columns(&self) -> usize {
        self.n_columns
    }

    fn fill(&self, row: usize, start: usize, out: &mut [f64]) {
        dispatch(Distances { points: self, row, start, out });
    }

    fn cost(&self) -> f64 {
        1.0 + 0.25 * self.dimension as f64
    }
}

struct Distances<'k, T> {
    points: &'k Points<T>,
    row: usize,
    start: usize,
    out: &'k mut [f64],
}

impl<T: Elementary> Kernel for Distances<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { points, row, start, out } = self;
        if points.metric == Metric::CityBlock {
            points.sums(row, start, out, |d, sum| num_traits::Float::abs(d) + sum);
            return;
        }
        points.sums(row, start, out, |d, sum| A::mul_add(d, d, sum));
        match points.metric {
            Metric::Euclidean => {
                for out in out {
                    *out = out.sqrt();
                }
            }
            Metric::Cosine => {
                for out in out {
                    *out *= 0.5;
                }
            }
            Metric::SquaredEuclidean | Metric::CityBlock => {}
        }
    }
}
