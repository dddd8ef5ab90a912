//! Elimination of the strengths from a Newton system, which leaves one of the shared parameters.
//!
//! With `Y = L^+ C` and the Schur complement `S = B - C' Y`, the system
//! `[[L, C], [C', B]] (d_s, d) = (b, q)` has the solution `d = S^-1 (q - C' y)`, `d_s = y - Y d`,
//! where `y = L^+ b`.

use super::derivatives::Derivatives;
use super::system::System;
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::ranking::laplacian_solver::LaplacianSolver;
use crate::sparse::PcgParams;

/// Part of a shared parameter's information that must be left when the other parameters are
/// eliminated; less is what rounding leaves of none.
const LEAST_SHARE: f64 = 1e-11;

/// Shared parameter whose effect is a combination of other parameters' effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Collinear(pub usize);

/// What is left of a Newton system when the strengths are eliminated.
#[derive(Default)]
pub(super) struct Elimination {
    /// `Y`, column by column, with one number a node.
    pub response: Vec<f64>,
    /// The Schur complement, scaled to the information of each parameter.
    schur: Vec<f64>,
    /// Its lower Cholesky factor.
    lower: Vec<f64>,
    /// Square roots of the information of each parameter.
    pub scale: Vec<f64>,
}

impl Elimination {
    /// Number of shared parameters.
    fn k(&self) -> usize {
        self.scale.len()
    }

    /// Solve for `Y` and factorise `S`; return the passes over the data.
    ///
    /// The inner error names a parameter that the data do not determine beside those before it.
    pub(super) fn new(
        system: &System<'_>,
        derivatives: &Derivatives,
        solver: &mut LaplacianSolver,
        params: &PcgParams,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(Result<Self, Collinear>, usize), Error> {
        let (k, n) = (system.n_shared, system.pairs.n_nodes());
        let laplacian = derivatives.laplacian(system)?;
        let mut response = try_vec(k * n, 0.0)?;
        let mut n_passes = 0;
        for (a, y) in response.chunks_exact_mut(n).enumerate() {
            let column = derivatives.coupling_column(k, a);
            n_passes += solver.solve(&laplacian, &column, y, params, team, control)?;
            system.to_frame(y);
        }
        // Of the exact response both products are C' L^+ C. Of an approximate one, twice the first
        // less the second is below it by no more than a quadratic error.
        let mut schur = derivatives.shared_information.clone();
        let mut flow = if solver.is_exact() { Vec::new() } else { try_vec(n, 0.0)? };
        for a in 0..k {
            let y = &response[a * n..(a + 1) * n];
            let product = coupling_product(derivatives, k, y, team);
            for (b, value) in product.into_iter().enumerate() {
                let value = if flow.is_empty() { 0.5 * value } else { value };
                schur[a * k + b] -= value;
                schur[b * k + a] -= value;
            }
            if !flow.is_empty() {
                derivatives.flow(system, y, &mut flow, team);
                for (b, other) in response.chunks_exact(n).enumerate() {
                    schur[a * k + b] += dot(&flow, other, team);
                }
            }
        }
        let scale = (0..k).map(|a| derivatives.shared_information[a * k + a].sqrt()).collect();
        Ok((Self::from_schur(response, schur, scale), n_passes))
    }

    fn from_schur(
        response: Vec<f64>,
        mut schur: Vec<f64>,
        scale: Vec<f64>,
    ) -> Result<Self, Collinear> {
        let k = scale.len();
        if let Some(a) = scale.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
            return Err(Collinear(a));
        }
        for (a, row) in schur.chunks_exact_mut(k.max(1)).enumerate() {
            for (value, other) in row.iter_mut().zip(&scale) {
                *value /= scale[a] * other;
            }
        }
        let lower = cholesky(&schur, k, 0.0).map_err(Collinear)?;
        Ok(Self { response, schur, lower, scale })
    }

    /// The same with the part `share` of each parameter's information taken from `S`; `None` where
    /// less than that is there.
    pub(super) fn reduced_by(&self, share: f64) -> Option<Self> {
        let lower = cholesky(&self.schur, self.k(), share).ok()?;
        let Self { response, schur, scale, .. } = self;
        let (response, schur, scale) = (response.clone(), schur.clone(), scale.clone());
        Some(Self { response, schur, lower, scale })
    }

    /// `S^-1/2 q`, the factor being the triangular one: its squared norm is `q' S^-1 q`.
    pub(super) fn half_solve(&self, q: &[f64]) -> Vec<f64> {
        let mut x = q.to_vec();
        self.half_solve_in_place(&mut x);
        x
    }

    /// As [`half_solve`](Self::half_solve), overwriting `q`.
    #[inline]
    pub(super) fn half_solve_in_place(&self, x: &mut [f64]) {
        let k = self.k();
        for a in 0..k {
            let (done, rest) = x.split_at_mut(a);
            let row = &self.lower[a * k..a * k + a];
            let sum: f64 = row.iter().zip(&*done).map(|(l, x)| l * x).sum();
            rest[0] = (rest[0] / self.scale[a] - sum) / self.lower[a * k + a];
        }
    }

    /// `S^-1 q`.
    pub(super) fn solve(&self, q: &[f64]) -> Vec<f64> {
        let k = self.k();
        let mut x = self.half_solve(q);
        for a in (0..k).rev() {
            let sum: f64 = (a + 1..k).map(|b| self.lower[b * k + a] * x[b]).sum();
            x[a] = (x[a] - sum) / self.lower[a * k + a];
        }
        for (x, scale) in x.iter_mut().zip(&self.scale) {
            *x /= scale;
        }
        x
    }

    /// Complete a solution for `(b, q)`: from `y = L^+ b`, in the frame, make the strengths' part,
    /// and return that of the shared parameters.
    ///
    /// However approximate `Y`, the map from `(b, q)` to the result is positive definite if that
    /// from `b` to `y` is.
    pub(super) fn complete(&self, b: &[f64], y: &mut [f64], q: &[f64], team: &Team) -> Vec<f64> {
        let columns = || self.response.chunks_exact(y.len().max(1));
        let rest: Vec<f64> =
            q.iter().zip(columns()).map(|(q, column)| q - dot(column, b, team)).collect();
        let shared = self.solve(&rest);
        for (column, d) in self.response.chunks_exact(y.len().max(1)).zip(&shared) {
            for (y, c) in y.iter_mut().zip(column) {
                *y -= c * d;
            }
        }
        shared
    }
}

/// Lower factor of `matrix - share I`; the error is the first row with nothing left.
fn cholesky(matrix: &[f64], k: usize, share: f64) -> Result<Vec<f64>, usize> {
    let mut lower = matrix.to_vec();
    for a in 0..k {
        for b in 0..=a {
            let (done, own) = lower.split_at_mut(a * k);
            if b < a {
                let other = &done[b * k..=b * k + b];
                let sum: f64 = own[..b].iter().zip(other).map(|(x, y)| x * y).sum();
                own[b] = (own[b] - sum) / other[b];
            } else {
                let rest = own[a] - share - own[..a].iter().map(|x| x * x).sum::<f64>();
                if rest.is_nan() || rest <= LEAST_SHARE {
                    return Err(a);
                }
                own[a] = rest.sqrt();
            }
        }
    }
    Ok(lower)
}

/// `C' y`.
fn coupling_product(derivatives: &Derivatives, k: usize, y: &[f64], team: &Team) -> Vec<f64> {
    (0..k)
        .map(|a| {
            team.sum_blocks(y.len(), |block| {
                block.map(|i| derivatives.coupling[i * k + a] * y[i]).sum()
            })
        })
        .collect()
}

/// `x' y`, in a fixed order.
pub(super) fn dot(x: &[f64], y: &[f64], team: &Team) -> f64 {
    team.sum_blocks(x.len(), |block| {
        x[block.clone()].iter().zip(&y[block]).map(|(x, y)| x * y).sum()
    })
}
