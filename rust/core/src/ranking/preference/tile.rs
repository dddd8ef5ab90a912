//! Differences of features, a few hundred rows at a time, stored feature by feature.
//!
//! The data come row by row, but every sum of the solver runs over rows: turned once, all further
//! loops read and write consecutive memory.

use faer::MatMut;

use crate::error::{Error, try_zeroed};
use crate::float::Float;
use crate::linalg::{add_lower_product, columns, columns_mut};
use crate::ranking::likelihood::{LANES, add_lanes, lane_sum};
use crate::simd::{Arithmetic, Kernel, dispatch};

/// Rows of a tile while the features are few, so that it stays in the nearest cache.
const ROWS: usize = 256;

/// Entries of a tile beyond which it has fewer rows.
const ENTRIES: usize = 1 << 16;

/// Least number of rows: products of fewer would be bound by memory.
const LEAST_ROWS: usize = 64;

/// Columns of a fixed height; the distance between two is never a power of two, so that writing a
/// row does not fall on a few sets of the cache.
pub(super) struct Tile {
    n_features: usize,
    stride: usize,
    columns: Vec<f64>,
}

impl Tile {
    /// Rows of a tile of so many features, of which `whole` must fit in.
    pub(super) fn capacity(n_features: usize, whole: usize) -> usize {
        (ENTRIES / n_features).clamp(LEAST_ROWS, ROWS).max(whole)
    }

    pub(super) fn new(n_features: usize, capacity: usize) -> Result<Self, Error> {
        let stride = capacity.next_multiple_of(LANES) + LANES;
        Ok(Self { n_features, stride, columns: try_zeroed(n_features * stride)? })
    }

    /// The column of one feature.
    pub(super) fn column_mut(&mut self, feature: usize, n_rows: usize) -> &mut [f64] {
        let start = feature * self.stride;
        &mut self.columns[start..start + n_rows]
    }

    /// Every column in turn.
    pub(super) fn columns(&self, n_rows: usize) -> impl Iterator<Item = &[f64]> {
        self.columns.chunks_exact(self.stride).map(move |column| &column[..n_rows])
    }

    /// Store `scale * (first - second)` of each pair as a row, from the top.
    ///
    /// Scales are powers of two, so nothing is rounded but the difference itself.
    pub(super) fn write<T: Float>(&mut self, rows: &[(&[T], &[T])], scale: &[f64]) {
        debug_assert!(scale.len() == self.n_features && rows.len() <= self.stride);
        dispatch(Write { tile: self, rows, scale });
    }

    /// `out[row] = direction . row`.
    pub(super) fn project(&self, direction: &[f64], out: &mut [f64]) {
        dispatch(Project { tile: self, direction, out });
    }

    /// Multiply every row by its factor.
    pub(super) fn scale_rows(&mut self, factor: &[f64]) {
        dispatch(ScaleRows { tile: self, factor });
    }

    /// Add the products of all pairs of columns to the lower triangle of a square matrix.
    pub(super) fn add_gram(&self, n_rows: usize, gram: &mut [f64]) {
        let rows = columns(&self.columns, self.stride).subrows(0, n_rows);
        add_lower_product(columns_mut(gram, self.n_features), rows.transpose(), rows);
    }

    /// The rows as columns of a matrix that may be written to.
    pub(super) fn transposed_mut(&mut self, n_rows: usize) -> MatMut<'_, f64> {
        columns_mut(&mut self.columns, self.stride).subrows_mut(0, n_rows).transpose_mut()
    }
}

struct Write<'a, 'b, T> {
    tile: &'a mut Tile,
    rows: &'a [(&'b [T], &'b [T])],
    scale: &'a [f64],
}

impl<T: Float> Kernel for Write<'_, '_, T> {
    type Output = ();

    /// Turn [`LANES`] rows and as many features at a time.
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { tile: Tile { stride, columns, .. }, rows, scale } = self;
        let stride = *stride;
        let (groups, rest) = rows.as_chunks::<LANES>();
        let (scales, last_scales) = scale.as_chunks::<LANES>();
        let done = scales.len() * LANES;
        for (g, group) in groups.iter().enumerate() {
            let row = g * LANES;
            for ((k, scale), block) in
                scales.iter().enumerate().zip(columns.chunks_exact_mut(LANES * stride))
            {
                let mut turned = [[0.0; LANES]; LANES];
                for (r, (first, second)) in group.iter().enumerate() {
                    let (first, second) = (&first.as_chunks().0[k], &second.as_chunks().0[k]);
                    let difference = scaled_difference(first, second, scale);
                    for j in 0..LANES {
                        turned[j][r] = difference[j];
                    }
                }
                for (column, turned) in block.chunks_exact_mut(stride).zip(&turned) {
                    column[row..row + LANES].copy_from_slice(turned);
                }
            }
            for ((j, s), column) in
                (done..).zip(last_scales).zip(columns.chunks_exact_mut(stride).skip(done))
            {
                for (out, (first, second)) in column[row..row + LANES].iter_mut().zip(group) {
                    *out = s * first[j].to_f64() - s * second[j].to_f64();
                }
            }
        }
        for (row, (first, second)) in (groups.len() * LANES..).zip(rest) {
            let out = columns[row..].iter_mut().step_by(stride).zip(scale);
            for ((out, s), (a, b)) in out.zip(first.iter().zip(*second)) {
                *out = s * a.to_f64() - s * b.to_f64();
            }
        }
    }
}

struct ScaleRows<'a> {
    tile: &'a mut Tile,
    factor: &'a [f64],
}

impl Kernel for ScaleRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { tile, factor } = self;
        for column in tile.columns.chunks_exact_mut(tile.stride) {
            for (x, f) in column.iter_mut().zip(factor) {
                *x *= f;
            }
        }
    }
}

#[inline(always)]
fn scaled_difference<T: Float>(
    first: &[T; LANES],
    second: &[T; LANES],
    scale: &[f64; LANES],
) -> [f64; LANES] {
    std::array::from_fn(|j| scale[j] * first[j].to_f64() - scale[j] * second[j].to_f64())
}

/// Sum of products, in lanes.
#[inline(always)]
pub(super) fn product_sum<A: Arithmetic>(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (left_whole, left_rest) = left.as_chunks::<LANES>();
    let (right_whole, right_rest) = right.as_chunks::<LANES>();
    for (a, b) in left_whole.iter().zip(right_whole) {
        for k in 0..LANES {
            lanes[k] = A::mul_add(a[k], b[k], lanes[k]);
        }
    }
    let mut rest = [0.0; LANES];
    for (out, (a, b)) in rest.iter_mut().zip(left_rest.iter().zip(right_rest)) {
        *out = a * b;
    }
    add_lanes(&mut lanes, &rest);
    lane_sum(&lanes)
}

struct Project<'a> {
    tile: &'a Tile,
    direction: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Project<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { tile, direction, out } = self;
        let n_rows = out.len();
        out.fill(0.0);
        // Four columns at a time: the sums are read and written once for all of them.
        let mut blocks = direction.chunks_exact(4).zip(tile.columns.chunks_exact(4 * tile.stride));
        for (d, block) in &mut blocks {
            let (first, rest) = block.split_at(tile.stride);
            let (second, rest) = rest.split_at(tile.stride);
            let (third, fourth) = rest.split_at(tile.stride);
            let rows = first[..n_rows]
                .iter()
                .zip(&second[..n_rows])
                .zip(&third[..n_rows])
                .zip(&fourth[..n_rows]);
            for (out, (((a, b), c), e)) in out.iter_mut().zip(rows) {
                let sum = A::mul_add(*a, d[0], *out);
                let sum = A::mul_add(*b, d[1], sum);
                let sum = A::mul_add(*c, d[2], sum);
                *out = A::mul_add(*e, d[3], sum);
            }
        }
        let done = direction.len() / 4 * 4;
        for (d, column) in direction[done..].iter().zip(tile.columns(n_rows).skip(done)) {
            for (out, x) in out.iter_mut().zip(column) {
                *out = A::mul_add(*x, *d, *out);
            }
        }
    }
}
