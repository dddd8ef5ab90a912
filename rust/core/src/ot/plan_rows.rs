//! Passes over the plan of given potentials, in double precision, row by row.

use crate::error::{Error, try_vec};
use crate::pairs::{self, Chunks, PairValues, TILE, visit};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Elementary};

/// Nanoseconds of an exponential and what is made of it.
const COST: f64 = 3.0;

/// A plan `P_ij = exp(phi_i + psi_j - C_ij / reg)`; a potential of minus infinity is a zero weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan<'a> {
    /// The cost.
    pub(super) values: &'a dyn PairValues,
    /// Regularisation.
    pub(super) reg: f64,
    /// Row potentials, `f / reg + log a` (n,).
    pub(super) phi: &'a [f64],
    /// Column potentials, `g / reg + log b` (m,).
    pub(super) psi: &'a [f64],
}

/// A piece of a row of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlanTile<'t> {
    /// The row.
    pub(super) row: usize,
    /// First column.
    pub(super) start: usize,
    /// Costs.
    pub(super) costs: &'t [f64],
    /// Logarithms of the masses, `phi + psi - C / reg`.
    pub(super) exponents: &'t [f64],
    /// Masses; 0 where they underflow.
    pub(super) masses: &'t [f64],
}

/// What a pass makes of each tile of a plan.
pub(super) trait PlanVisitor: Send {
    /// Look at a tile; implementations are `#[inline(always)]`.
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>);
}

impl Plan<'_> {
    /// The cut of the rows: one visitor is needed for each chunk.
    pub(super) fn chunks(&self) -> Chunks {
        Chunks::new(self.values, COST)
    }

    /// Show every tile of the plan to the visitor of its chunk.
    pub(super) fn visit<W: PlanVisitor>(
        &self,
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
        visitors: &mut [W],
    ) -> Result<(), Error> {
        let mut adapters: Vec<_> = visitors
            .iter_mut()
            .map(|visitor| Adapter {
                phi: self.phi,
                psi: self.psi,
                inverse: 1.0 / self.reg,
                visitor,
                exponents: [0.0; TILE],
                masses: [0.0; TILE],
            })
            .collect();
        visit(self.values, team, self.chunks(), check, &mut adapters)
    }
}

/// Turns costs into masses on their way to the visitor.
struct Adapter<'k, W> {
    phi: &'k [f64],
    psi: &'k [f64],
    inverse: f64,
    visitor: &'k mut W,
    exponents: [f64; TILE],
    masses: [f64; TILE],
}

impl<W: PlanVisitor> pairs::Visitor for Adapter<'_, W> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, row: usize, start: usize, costs: &[f64]) {
        let psi = &self.psi[start..start + costs.len()];
        let exponents = &mut self.exponents[..costs.len()];
        for (exponent, (cost, psi)) in exponents.iter_mut().zip(costs.iter().zip(psi)) {
            *exponent = A::mul_add(-*cost, self.inverse, psi + self.phi[row]);
        }
        let masses = &mut self.masses[..costs.len()];
        for (mass, exponent) in masses.iter_mut().zip(&*exponents) {
            *mass = exponent.exp_normal_lane::<A>();
        }
        self.visitor.visit::<A>(PlanTile { row, start, costs, exponents, masses });
    }
}

/// The parts of a result with `width` numbers for each row of the plan, one for each chunk.
pub(super) fn by_chunk<T>(chunks: Chunks, values: &mut [T], width: usize) -> Vec<&mut [T]> {
    let mut parts: Vec<&mut [T]> = values.chunks_mut((chunks.rows() * width).max(1)).collect();
    parts.resize_with(chunks.len(), Default::default);
    parts
}

/// Zeros for `width` sums over the rows of each chunk, chunk after chunk.
pub(super) fn columns_by_chunk(chunks: Chunks, width: usize) -> Result<Vec<f64>, Error> {
    try_vec(chunks.len() * width, 0.0)
}

/// Independent partial sums of a tile.
const LANES: usize = 8;

/// Sum of a tile, in lanes.
#[inline(always)]
pub(super) fn tile_sum(values: &[f64]) -> f64 {
    let (blocks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for l in 0..LANES {
            lanes[l] += block[l];
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

/// Inner product of tiles over the length of `a`, in lanes.
#[inline(always)]
pub(super) fn tile_dot<A: Arithmetic>(a: &[f64], b: &[f64]) -> f64 {
    let b = &b[..a.len()];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for l in 0..LANES {
            lanes[l] = A::mul_add(a[l], b[l], lanes[l]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}
