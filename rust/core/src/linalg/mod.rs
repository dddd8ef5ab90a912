//! Dense elimination of graph Laplacians, dense Cholesky factors, and the few calls into `faer`.
//!
//! Every call passes its parallelism; `faer`'s process-wide default is never read. It is the calling
//! thread alone, because a split product adds in another order: bits would depend on the threads.

mod cholesky;
mod dense_laplacian;
mod elimination;

pub use cholesky::DenseCholesky;
pub use dense_laplacian::DenseLaplacian;
pub(crate) use elimination::{FLOOR, InverseScratch, Panel, extend_inverse};

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::matmul::triangular::BlockStructure;
use faer::linalg::matmul::{self, triangular};
use faer::perm::PermRef;
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, SymbolicCholeskyRaw, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::linalg::{SupernodalThreshold, amd};
use faer::{Accum, MatMut, MatRef, Par, Side};

use crate::error::{Error, try_vec};

/// The upper triangle of a symmetric pattern, without its diagonal, by columns.
#[derive(Debug)]
pub(crate) struct UpperPattern {
    /// Start of each column, and the end of the last.
    pub(crate) offsets: Vec<u32>,
    /// Row numbers, in any order.
    pub(crate) rows: Vec<u32>,
}

impl UpperPattern {
    fn n(&self) -> usize {
        self.offsets.len() - 1
    }

    fn view(&self) -> SymbolicSparseColMatRef<'_, u32> {
        SymbolicSparseColMatRef::new_unsorted_checked(
            self.n(),
            self.n(),
            &self.offsets,
            None,
            &self.rows,
        )
    }
}

/// An order of elimination and what it will cost.
#[derive(Debug)]
pub(crate) struct Ordering {
    /// The unknown eliminated at each step.
    pub(crate) unknown: Vec<u32>,
    /// The step at which each unknown is eliminated.
    pub(crate) step: Vec<u32>,
    /// Upper bound of the number of entries below the diagonal of the factor.
    pub(crate) n_entries: f64,
    /// Multiplications of the factorisation.
    pub(crate) n_multiplications: f64,
}

/// Approximate minimum degree (Amestoy, Davis and Duff, 1996).
pub(crate) fn minimum_degree(pattern: &UpperPattern) -> Result<Ordering, Error> {
    let n = pattern.n();
    let request = amd::order_maybe_unsorted_scratch::<u32>(n, pattern.rows.len());
    let mut unknown = try_vec(n, 0)?;
    let mut step = try_vec(n, 0)?;
    let mut memory = scratch(request)?;
    let cost = amd::order_maybe_unsorted(
        &mut unknown,
        &mut step,
        pattern.view(),
        amd::Control::default(),
        MemStack::new(&mut memory),
    )
    .map_err(|_| too_large(request))?;
    Ok(Ordering { unknown, step, n_entries: cost.n_div, n_multiplications: cost.n_mult_subs_ldl })
}

/// The pattern of a Cholesky factor below its diagonal: column pointers and ascending rows.
pub(crate) fn factor_pattern(
    pattern: &UpperPattern,
    ordering: &Ordering,
) -> Result<(Vec<usize>, Vec<u32>), Error> {
    let n = pattern.n();
    #[allow(clippy::cast_sign_loss, reason = "a count")]
    let request = StackReq::new::<u32>(ordering.n_entries as usize);
    let params = CholeskySymbolicParams {
        supernodal_flop_ratio_threshold: SupernodalThreshold::FORCE_SIMPLICIAL,
        ..CholeskySymbolicParams::default()
    };
    let permutation = PermRef::new_checked(&ordering.unknown, &ordering.step, n);
    let symbolic = factorize_symbolic_cholesky(
        pattern.view(),
        Side::Upper,
        SymmetricOrdering::Custom(permutation),
        params,
    )
    .map_err(|_| too_large(request))?;
    let SymbolicCholeskyRaw::Simplicial(columns) = symbolic.raw() else {
        unreachable!("the simplicial form was asked for")
    };
    let n_entries = columns.len_val() - n;
    let mut rows = try_vec(n_entries, 0)?;
    let mut offsets = try_vec(n + 1, 0)?;
    for column in 0..n {
        // faer stores the diagonal first in each column; the factor here keeps it apart.
        let range = columns.col_ptr()[column] as usize + 1..columns.col_ptr()[column + 1] as usize;
        let start = offsets[column];
        rows[start..start + range.len()].copy_from_slice(&columns.row_idx()[range.clone()]);
        offsets[column + 1] = start + range.len();
    }
    Ok((offsets, rows))
}

fn too_large(request: StackReq) -> Error {
    Error::TooLarge { bytes: request.size_bytes() as u128 }
}

fn scratch(request: StackReq) -> Result<MemBuffer, Error> {
    MemBuffer::try_new(request).map_err(|_| too_large(request))
}

/// A dense matrix of `n_rows` rows over values stored by columns.
pub(crate) fn columns(values: &[f64], n_rows: usize) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(values, n_rows, values.len().checked_div(n_rows).unwrap_or(0))
}

/// As [`columns`], to be written to.
pub(crate) fn columns_mut(values: &mut [f64], n_rows: usize) -> MatMut<'_, f64> {
    let n_columns = values.len().checked_div(n_rows).unwrap_or(0);
    MatMut::from_column_major_slice_mut(values, n_rows, n_columns)
}

/// `to += left right`.
pub(crate) fn add_product(to: MatMut<'_, f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) {
    if to.nrows() > 0 && to.ncols() > 0 && left.ncols() > 0 {
        matmul::matmul(to, Accum::Add, left, right, 1.0, Par::Seq);
    }
}

/// The lower triangle of `to += left right`; the rest is left alone.
pub(crate) fn add_lower_product(
    to: MatMut<'_, f64>,
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
) {
    scaled_lower_product(to, left, right, 1.0);
}

/// The lower triangle of `to -= left right`; the rest is left alone.
pub(crate) fn subtract_lower_product(
    to: MatMut<'_, f64>,
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
) {
    scaled_lower_product(to, left, right, -1.0);
}

fn scaled_lower_product(
    to: MatMut<'_, f64>,
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
    alpha: f64,
) {
    use BlockStructure::{Rectangular, TriangularLower};
    let width = to.ncols();
    if width == 0 || left.ncols() == 0 {
        return;
    }
    let (accumulate, par) = (Accum::Add, Par::Seq);
    let (square, below) = to.split_at_row_mut(width);
    let (left_square, left_below) = left.split_at_row(width);
    triangular::matmul(
        square,
        TriangularLower,
        accumulate,
        left_square,
        Rectangular,
        right,
        Rectangular,
        alpha,
        par,
    );
    if below.nrows() > 0 {
        matmul::matmul(below, accumulate, left_below, right, alpha, par);
    }
}
