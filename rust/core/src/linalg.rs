//! The few calls into `faer`: orderings and patterns of sparse factors, dense Cholesky.
//!
//! Every call passes its parallelism; `faer`'s process-wide default is never read. It is the calling
//! thread alone, because a split product adds in another order: bits would depend on the threads.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt;
use faer::perm::PermRef;
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, SymbolicCholeskyRaw, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::linalg::{SupernodalThreshold, amd};
use faer::{MatMut, MatRef, Par, Side, Spec};

use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::sparse::Graph;

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

/// A dense Cholesky factor of the Laplacian of a connected graph.
///
/// The node of highest degree is grounded and the rest scaled to a unit diagonal. For graphs of up
/// to a few thousand nodes with many edges; 8 n^2 bytes.
#[derive(Debug)]
pub struct DenseLaplacian {
    n_nodes: usize,
    ground: usize,
    /// Lower triangle of the factor, by columns, of order `n_nodes - 1`.
    factor: Vec<f64>,
    /// Inverse square roots of the diagonal of the Laplacian, without the ground.
    scale: Vec<f64>,
}

impl DenseLaplacian {
    /// Factorise; `conductance` is given by entry. O(n^3 / 3) multiplications.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong length, [`Error::TooLarge`] when 8 n^2 bytes cannot be had, and
    /// [`Error::NotPositiveDefinite`] when a pivot is lost in rounding: the graph is not connected
    /// or its conductances are too far apart, where
    /// [`LaplacianCholesky`](crate::sparse::LaplacianCholesky) still works.
    pub fn factorise<T: Float>(graph: &Graph<'_>, conductance: &[T]) -> Result<Self, Error> {
        if conductance.len() != graph.n_entries() {
            return Err(Error::Shape {
                argument: "conductance",
                expected: format!("{} entries", graph.n_entries()),
                found: conductance.len().to_string(),
            });
        }
        let n_nodes = graph.n_nodes();
        let ground = graph.hub();
        let order = n_nodes.saturating_sub(1);
        let breakdown = |local: usize| Error::NotPositiveDefinite {
            argument: "conductance",
            row: local + usize::from(local >= ground),
        };
        let mut scale = try_vec(order, 0.0)?;
        let local = |i: usize| i - usize::from(i > ground);
        for i in (0..n_nodes).filter(|&i| i != ground) {
            let diagonal: f64 = conductance[graph.row(i)].iter().map(|&c| c.to_f64()).sum();
            if !(diagonal >= f64::MIN_POSITIVE && diagonal.is_finite()) {
                return Err(breakdown(local(i)));
            }
            scale[local(i)] = diagonal.sqrt().recip();
        }
        let mut factor = try_square(order)?;
        for i in (0..n_nodes).filter(|&i| i != ground) {
            let column = local(i);
            factor[column * order + column] = 1.0;
            for (entry, &j) in graph.row(i).zip(graph.neighbours(i)) {
                if j as usize > i && j as usize != ground {
                    let row = local(j as usize);
                    factor[column * order + row] =
                        -conductance[entry].to_f64() * scale[column] * scale[row];
                }
            }
        }
        let params = Spec::<llt::factor::LltParams, f64>::default();
        let mut memory =
            scratch(llt::factor::cholesky_in_place_scratch::<f64>(order, Par::Seq, params))?;
        llt::factor::cholesky_in_place(
            MatMut::from_column_major_slice_mut(&mut factor, order, order),
            llt::factor::LltRegularization::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            params,
        )
        .map_err(|llt::factor::LltError::NonPositivePivot { index }| {
            breakdown(index.saturating_sub(1))
        })?;
        // The diagonal was one: a pivot this small consists of rounding errors.
        let lost = 8.0 * f64::EPSILON * order as f64;
        let is_lost = |pivot: f64| pivot.is_nan() || pivot * pivot <= lost;
        if let Some(k) = (0..order).find(|&k| is_lost(factor[k * order + k])) {
            return Err(breakdown(k));
        }
        Ok(Self { n_nodes, ground, factor, scale })
    }

    /// `x = L^+ b`: the solution without mean for the part of `rhs` without mean. O(n^2).
    pub fn solve(&self, rhs: &[f64], x: &mut [f64]) {
        debug_assert!(rhs.len() == self.n_nodes && x.len() == self.n_nodes);
        let mean = mean(rhs);
        let order = self.scale.len();
        let mut work = vec![0.0; order];
        for (k, work) in work.iter_mut().enumerate() {
            *work = (rhs[self.node(k)] - mean) * self.scale[k];
        }
        llt::solve::solve_in_place(
            self.lower(),
            MatMut::from_column_major_slice_mut(&mut work, order, 1),
            Par::Seq,
            MemStack::new(&mut []),
        );
        for (k, (work, scale)) in work.iter().zip(&self.scale).enumerate() {
            x[self.node(k)] = work * scale;
        }
        subtract_mean_grounded(x, self.ground);
    }

    /// The pseudo-inverse L^+, row by row. O(n^3) time, 24 n^2 bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub fn pseudo_inverse(&self) -> Result<Vec<f64>, Error> {
        let n = self.n_nodes;
        let (inverse, mean, total) = self.grounded_inverse()?;
        let order = self.scale.len();
        let mut out = try_square(n)?;
        for i in 0..n {
            for j in 0..n {
                out[i * n + j] = total - mean[i] - mean[j];
            }
        }
        for column in 0..order {
            for row in column..order {
                let (i, j) = (self.node(row), self.node(column));
                let value = inverse[column * order + row];
                out[i * n + j] += value;
                if i != j {
                    out[j * n + i] += value;
                }
            }
        }
        Ok(out)
    }

    /// The diagonal of L^+, by node. O(n^3) time, 16 n^2 bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub fn pseudo_inverse_diagonal(&self) -> Result<Vec<f64>, Error> {
        let (inverse, mean, total) = self.grounded_inverse()?;
        let order = self.scale.len();
        let mut diagonal: Vec<f64> = mean.iter().map(|mean| total - 2.0 * mean).collect();
        for k in 0..order {
            diagonal[self.node(k)] += inverse[k * order + k];
        }
        Ok(diagonal)
    }

    /// Lower triangle of the inverse G of the grounded Laplacian by columns, `G 1 / n` by node, and
    /// `1^T G 1 / n^2`.
    fn grounded_inverse(&self) -> Result<(Vec<f64>, Vec<f64>, f64), Error> {
        let order = self.scale.len();
        let n = self.n_nodes as f64;
        let mut inverse = try_square(order)?;
        let mut memory = scratch(llt::inverse::inverse_scratch::<f64>(order, Par::Seq))?;
        llt::inverse::inverse(
            MatMut::from_column_major_slice_mut(&mut inverse, order, order),
            self.lower(),
            Par::Seq,
            MemStack::new(&mut memory),
        );
        let mut mean = try_vec(self.n_nodes, 0.0)?;
        for column in 0..order {
            for row in column..order {
                let value = inverse[column * order + row] * self.scale[row] * self.scale[column];
                inverse[column * order + row] = value;
                mean[self.node(row)] += value / n;
                if row != column {
                    mean[self.node(column)] += value / n;
                }
            }
        }
        let total = mean.iter().sum::<f64>() / n;
        Ok((inverse, mean, total))
    }

    fn lower(&self) -> MatRef<'_, f64> {
        let order = self.scale.len();
        MatRef::from_column_major_slice(&self.factor, order, order)
    }

    /// The node of row `k` of the factor.
    fn node(&self, k: usize) -> usize {
        k + usize::from(k >= self.ground)
    }
}

fn mean(values: &[f64]) -> f64 {
    crate::parallel::pairwise_sum(values) / values.len().max(1) as f64
}

/// Set the ground to potential zero, then shift all to mean zero.
fn subtract_mean_grounded(x: &mut [f64], ground: usize) {
    if let Some(ground) = x.get_mut(ground) {
        *ground = 0.0;
    }
    let mean = mean(x);
    for x in x {
        *x -= mean;
    }
}

fn try_square(order: usize) -> Result<Vec<f64>, Error> {
    let n_entries = order
        .checked_mul(order)
        .ok_or(Error::TooLarge { bytes: (order as u128).pow(2) * size_of::<f64>() as u128 })?;
    try_vec(n_entries, 0.0)
}
