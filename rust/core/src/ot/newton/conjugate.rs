//! Conjugate gradients for the Newton system, preconditioned by its diagonal.

use super::hessian::ReducedHessian;
use crate::error::Error;
use crate::ot::run::Run;
use crate::parallel::Team;
use crate::simd::dot;

/// Most products with the Hessian for one direction.
const MAX_STEPS: usize = 2000;

/// Memory that solves of one size share.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    residual: Vec<f64>,
    search: Vec<f64>,
    product: Vec<f64>,
    diagonal: Vec<f64>,
    scratch: Vec<f64>,
}

/// Solve `S x = rhs` to the residual `rtol |rhs|` in the complement of the constants.
///
/// `weights` define that complement: the part of `rhs` along them is dropped, and `x` ends with
/// `<weights, x> = 0`. Hestenes and Stiefel (1952), from 0; ends early where rounding has used up
/// the positive curvature. Never leaves a number that is not finite in `x`.
#[allow(clippy::too_many_arguments)]
pub(super) fn solve(
    hessian: &ReducedHessian<'_>,
    weights: &[f64],
    rhs: &[f64],
    rtol: f64,
    x: &mut Vec<f64>,
    workspace: &mut Workspace,
    team: &Team,
    run: &mut Run<'_>,
) -> Result<(), Error> {
    let order = hessian.order();
    let Workspace { residual, search, product, diagonal, scratch } = workspace;
    for vector in [&mut *x, &mut *search] {
        vector.clear();
        vector.resize(order, 0.0);
    }
    for vector in [&mut *product, &mut *diagonal] {
        vector.resize(order, 0.0);
    }
    scratch.resize(hessian.scratch_len(), 0.0);

    hessian.diagonal(team, diagonal, scratch);
    let total: f64 = weights.iter().sum();
    let excess = rhs.iter().sum::<f64>() / total;
    residual.clear();
    residual.extend(rhs.iter().zip(weights).map(|(r, w)| r - excess * w));
    let limit = rtol * rtol * dot(residual, residual);
    let mut rho = preconditioned(residual, diagonal);
    let mut beta = 0.0;
    for _ in 0..MAX_STEPS {
        run.check()?;
        for ((p, r), d) in search.iter_mut().zip(&*residual).zip(&*diagonal) {
            *p = r / d + beta * *p;
        }
        hessian.multiply(team, search, product, scratch);
        run.n_cg += 1;
        let step = rho / dot(search, product);
        if !(step > 0.0 && step.is_finite()) {
            break;
        }
        for (x, p) in x.iter_mut().zip(&*search) {
            *x += step * p;
        }
        for (r, p) in residual.iter_mut().zip(&*product) {
            *r -= step * p;
        }
        if dot(residual, residual) <= limit {
            break;
        }
        let previous = std::mem::replace(&mut rho, preconditioned(residual, diagonal));
        beta = rho / previous;
    }
    let mean = dot(weights, x) / total;
    for x in x.iter_mut() {
        *x -= mean;
    }
    if x.iter().any(|x| !x.is_finite()) {
        x.fill(0.0);
    }
    Ok(())
}

fn preconditioned(residual: &[f64], diagonal: &[f64]) -> f64 {
    residual.iter().zip(diagonal).map(|(r, d)| r * (r / d)).sum()
}
