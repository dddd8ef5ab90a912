//! Conjugate gradients for an operator that maps constants to zero, preconditioned by its diagonal.

use super::operator::Operator;
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::{BLOCK, Team, pairwise_sum};

/// Steps in a row that must leave the iterate unchanged before the solve is called stalled.
const STALL: usize = 8;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PcgParams {
    /// Stop when the residual is at most this fraction of the right-hand side, in the 2-norm.
    pub rtol: f64,
    /// Most products with the operator.
    pub max_iter: usize,
}

impl Default for PcgParams {
    fn default() -> Self {
        Self { rtol: 1e-10, max_iter: 10_000 }
    }
}

impl PcgParams {
    /// Check the ranges.
    ///
    /// # Errors
    /// [`Error::Value`] when `rtol` is negative or not finite.
    pub fn validate(&self) -> Result<(), Error> {
        if self.rtol >= 0.0 && self.rtol.is_finite() {
            return Ok(());
        }
        Err(Error::Value {
            argument: "rtol",
            rule: "finite and not negative",
            value: self.rtol.to_string(),
            index: None,
        })
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PcgInfo {
    /// Products with the operator.
    pub n_iter: usize,
    /// 2-norm of the residual that the recursion carries, which rounding parts from `b - L x`.
    pub residual_norm: f64,
    /// Whether the residual reached the tolerance.
    pub converged: bool,
}

/// Memory that solves of one size share: 32 bytes a node.
#[derive(Debug)]
pub struct PcgWorkspace {
    residual: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
    inverse_diagonal: Vec<f64>,
    partial_a: Vec<f64>,
    partial_b: Vec<f64>,
}

impl PcgWorkspace {
    /// Memory for systems of `n_nodes` unknowns.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it cannot be had.
    pub fn new(n_nodes: usize) -> Result<Self, Error> {
        let n_blocks = n_nodes.div_ceil(BLOCK);
        Ok(Self {
            residual: try_vec(n_nodes, 0.0)?,
            direction: try_vec(n_nodes, 0.0)?,
            product: try_vec(n_nodes, 0.0)?,
            inverse_diagonal: try_vec(n_nodes, 0.0)?,
            partial_a: try_vec(n_blocks, 0.0)?,
            partial_b: try_vec(n_blocks, 0.0)?,
        })
    }
}

/// Solve `L x = b` in the mean-zero frame; `x` is overwritten, and the iteration starts from 0.
///
/// Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems" (1952), with
/// the diagonal of L as preconditioner; L is a graph Laplacian or like one. Of `rhs` only the part
/// without mean is solved for, so on a connected graph the system is consistent. A start from 0
/// makes `x^T b = x^T L x` up to rounding.
/// The loop ends at the tolerance, at `max_iter`, or when rounding stops further progress; `x` is
/// the last iterate in each case. O(E) time a product, no allocation, and the same bits for any
/// number of threads.
///
/// # Errors
/// [`Error::Shape`] for wrong lengths, [`Error::Value`] for wrong parameters, and whatever
/// [`Control::check`] returns, which is asked before every product.
pub fn pcg<O: Operator + ?Sized>(
    operator: &O,
    rhs: &[f64],
    x: &mut [f64],
    params: &PcgParams,
    workspace: &mut PcgWorkspace,
    team: &Team,
    control: &dyn Control,
) -> Result<PcgInfo, Error> {
    params.validate()?;
    let n = operator.n_nodes();
    for (argument, found) in
        [("rhs", rhs.len()), ("x", x.len()), ("workspace", workspace.residual.len())]
    {
        if found != n {
            let expected = format!("{n} entries");
            return Err(Error::Shape { argument, expected, found: found.to_string() });
        }
    }
    let PcgWorkspace { residual, direction, product, inverse_diagonal, partial_a, partial_b } =
        workspace;
    x.fill(0.0);
    residual.copy_from_slice(rhs);
    subtract_mean(team, residual, partial_a);
    // Squares of the largest and the smallest doubles leave their range; those of ratios do not.
    let scale = residual.iter().fold(0.0_f64, |scale, r| scale.max(r.abs()));
    if scale > 0.0 {
        for r in residual.iter_mut() {
            *r /= scale;
        }
    }
    for (inverse, &d) in inverse_diagonal.iter_mut().zip(operator.diagonal()) {
        // A row without conductance, or with one that underflowed, is left where it is.
        *inverse = if d >= f64::MIN_POSITIVE { 1.0 / d } else { 0.0 };
    }
    direction.fill(0.0);
    let (mut rho, mut square) =
        weighted_squares(team, residual, inverse_diagonal, [partial_a, partial_b]);
    let limit = params.rtol * square.sqrt();
    let (mut n_iter, mut energy, mut beta, mut n_idle) = (0, 0.0, 0.0, 0);
    while square.sqrt() > limit && rho > 0.0 && n_iter < params.max_iter && n_idle < STALL {
        control.check()?;
        let weights = (&*residual, &*inverse_diagonal);
        team.for_each_chunk_mut(direction, BLOCK, |start, chunk| {
            let rows = start..start + chunk.len();
            let preconditioned = weights.0[rows.clone()].iter().zip(&weights.1[rows]);
            for (p, (r, w)) in chunk.iter_mut().zip(preconditioned) {
                *p = r * w + beta * *p;
            }
        });
        operator.multiply(team, direction, product);
        n_iter += 1;
        let curvature = dot(team, direction, product, partial_a);
        let step = rho / curvature;
        // Rounding has used up the positive curvature, or a number has overflowed.
        if !(curvature > 0.0 && step.is_finite()) {
            break;
        }
        add_multiple(team, x, step, direction);
        add_multiple(team, residual, -step, product);
        let gain = step * rho;
        energy += gain;
        // The squared step, in the energy norm, no longer registers beside the solution.
        n_idle = if gain <= f64::EPSILON * f64::EPSILON * energy { n_idle + 1 } else { 0 };
        let previous = rho;
        (rho, square) = weighted_squares(team, residual, inverse_diagonal, [partial_a, partial_b]);
        beta = rho / previous;
    }
    subtract_mean(team, x, partial_a);
    for x in x {
        *x *= scale;
    }
    let residual = square.sqrt();
    Ok(PcgInfo { n_iter, residual_norm: residual * scale, converged: residual <= limit })
}

/// Fill one slot per block with `f(block's range)` and add the slots in a fixed order.
fn reduce(
    team: &Team,
    len: usize,
    partial: &mut [f64],
    f: impl Fn(std::ops::Range<usize>) -> f64 + Sync,
) -> f64 {
    team.for_each_chunk_mut(partial, 1, |block, slot| {
        let start = block * BLOCK;
        slot[0] = f(start..len.min(start + BLOCK));
    });
    pairwise_sum(partial)
}

fn dot(team: &Team, a: &[f64], b: &[f64], partial: &mut [f64]) -> f64 {
    reduce(team, a.len(), partial, |rows| {
        a[rows.clone()].iter().zip(&b[rows]).map(|(a, b)| a * b).sum()
    })
}

/// `(sum of w r^2, sum of r^2)`.
fn weighted_squares(
    team: &Team,
    r: &[f64],
    w: &[f64],
    [weighted, plain]: [&mut [f64]; 2],
) -> (f64, f64) {
    let weighted = reduce(team, r.len(), weighted, |rows| {
        r[rows.clone()].iter().zip(&w[rows]).map(|(r, w)| r * r * w).sum()
    });
    (weighted, dot(team, r, r, plain))
}

fn add_multiple(team: &Team, y: &mut [f64], a: f64, x: &[f64]) {
    team.for_each_chunk_mut(y, BLOCK, |start, chunk| {
        for (y, x) in chunk.iter_mut().zip(&x[start..]) {
            *y += a * x;
        }
    });
}

fn subtract_mean(team: &Team, y: &mut [f64], partial: &mut [f64]) {
    if y.is_empty() {
        return;
    }
    let mean = reduce(team, y.len(), partial, |rows| y[rows].iter().sum()) / y.len() as f64;
    team.for_each_chunk_mut(y, BLOCK, |_, chunk| {
        for y in chunk {
            *y -= mean;
        }
    });
}
