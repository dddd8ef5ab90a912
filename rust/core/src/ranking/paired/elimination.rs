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
    /// Lower Cholesky factor of the Schur complement scaled to the information of each parameter.
    lower: Vec<f64>,
    /// Square roots of the information of each parameter.
    scale: Vec<f64>,
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
        let mut column = try_vec(n, 0.0)?;
        let mut n_passes = 0;
        let mut schur = derivatives.shared_information.clone();
        for (a, y) in response.chunks_exact_mut(n).enumerate() {
            for (c, row) in column.iter_mut().zip(derivatives.coupling.chunks_exact(k)) {
                *c = row[a];
            }
            n_passes += solver.solve(&laplacian, &column, y, params, team, control)?;
            system.to_frame(y);
        }
        // Of the exact response both products are C' L^+ C. Of an approximate one, twice the first
        // less the second is below it by no more than a quadratic error.
        let mut flow = if solver.is_exact() { Vec::new() } else { column };
        for a in 0..k {
            let y = &response[a * n..(a + 1) * n];
            let product = coupling_product(derivatives, k, y, team);
            for (b, value) in product.into_iter().enumerate() {
                let value = if flow.is_empty() { 0.5 * value } else { value };
                schur[a * k + b] -= value;
                schur[b * k + a] -= value;
            }
            if !flow.is_empty() {
                laplacian.multiply(team, y, &mut flow);
                for (b, other) in response.chunks_exact(n).enumerate() {
                    schur[a * k + b] += team.sum_blocks(n, |block| {
                        flow[block.clone()].iter().zip(&other[block]).map(|(f, y)| f * y).sum()
                    });
                }
            }
        }
        Ok((Self::factorise(response, schur, &derivatives.shared_information), n_passes))
    }

    fn factorise(
        response: Vec<f64>,
        mut lower: Vec<f64>,
        information: &[f64],
    ) -> Result<Self, Collinear> {
        let k = information.len().isqrt();
        let scale: Vec<f64> = (0..k).map(|a| information[a * k + a].sqrt()).collect();
        for a in 0..k {
            if !(scale[a] > 0.0 && scale[a].is_finite()) {
                return Err(Collinear(a));
            }
            for b in 0..=a {
                let (head, tail) = lower.split_at_mut(a * k);
                let own = if b < a { &head[b * k..b * k + b] } else { &[] };
                let row = &mut tail[..=a];
                if b < a {
                    let sum: f64 = row[..b].iter().zip(own).map(|(x, y)| x * y).sum();
                    row[b] = (row[b] / (scale[a] * scale[b]) - sum) / head[b * k + b];
                } else {
                    let sum: f64 = row[..a].iter().map(|x| x * x).sum();
                    let rest = row[a] / (scale[a] * scale[a]) - sum;
                    if rest.is_nan() || rest <= LEAST_SHARE {
                        return Err(Collinear(a));
                    }
                    row[a] = rest.sqrt();
                }
            }
        }
        Ok(Self { response, lower, scale })
    }

    /// `S^-1/2 q`, the factor being the triangular one: its squared norm is `q' S^-1 q`.
    pub(super) fn half_solve(&self, q: &[f64]) -> Vec<f64> {
        let k = self.k();
        let mut x: Vec<f64> = q.iter().zip(&self.scale).map(|(q, scale)| q / scale).collect();
        for a in 0..k {
            let (done, rest) = x.split_at_mut(a);
            let row = &self.lower[a * k..a * k + a];
            let sum: f64 = row.iter().zip(&*done).map(|(l, x)| l * x).sum();
            rest[0] = (rest[0] - sum) / self.lower[a * k + a];
        }
        x
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

    /// Complete a solution: from `y = L^+ b`, in the frame, and `q`, put the strengths' part into
    /// `y` and return that of the shared parameters.
    pub(super) fn complete(
        &self,
        derivatives: &Derivatives,
        y: &mut [f64],
        q: &[f64],
        team: &Team,
    ) -> Vec<f64> {
        let k = self.k();
        if k == 0 {
            return Vec::new();
        }
        let product = coupling_product(derivatives, k, y, team);
        let rest: Vec<f64> = q.iter().zip(product).map(|(q, p)| q - p).collect();
        let shared = self.solve(&rest);
        for (column, d) in self.response.chunks_exact(y.len()).zip(&shared) {
            for (y, c) in y.iter_mut().zip(column) {
                *y -= c * d;
            }
        }
        shared
    }
}

/// `C' y`, in a fixed order.
pub(super) fn coupling_product(
    derivatives: &Derivatives,
    k: usize,
    y: &[f64],
    team: &Team,
) -> Vec<f64> {
    (0..k)
        .map(|a| {
            team.sum_blocks(y.len(), |block| {
                block.map(|i| derivatives.coupling[i * k + a] * y[i]).sum()
            })
        })
        .collect()
}
