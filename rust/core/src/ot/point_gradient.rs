//! The gradient of the value with respect to the points of the rows.

use super::plan::Passing;
use super::plan_rows::{Plan, PlanTile, PlanVisitor, by_chunk};
use super::problem::{Problem, require_len};
use crate::error::{Error, try_vec};
use crate::pairs::{Metric, Points};
use crate::simd::Arithmetic;

/// `sum_j P_ij grad_x c(x_i, y_j)` for each row (n, d): one pass, no plan.
///
/// By the envelope theorem that is the gradient of the value at optimal potentials, and off by the
/// order of the marginal error elsewhere. Where a distance has no derivative, at coincident points
/// (`Euclidean`) or coordinates (`CityBlock`), the subgradient 0 is taken. `points` are the
/// cost of the problem, and `x` their rows as given: [`Points`] keeps them scaled for the cosine.
///
/// # Errors
/// As [`Problem::validate`]; [`Error::Shape`], [`Error::TooLarge`], [`Error::Interrupted`].
pub fn point_gradient(
    problem: &Problem<'_>,
    points: &Points<f64>,
    (f, g): (&[f64], &[f64]),
    x: &[f64],
    passing: Passing<'_>,
) -> Result<Vec<f64>, Error> {
    Problem { values: points, ..*problem }.validate_with((f, g))?;
    let d = points.dimension();
    require_len("X", x, f.len() * d)?;
    let mut out = try_vec(f.len() * d, 0.0)?;
    let (phi, psi) = problem.log_potentials(f, g);
    let plan = Plan { values: points, reg: problem.reg, phi: &phi, psi: &psi };
    let chunks = plan.chunks();
    let parts = by_chunk(chunks, &mut out, d).into_iter().enumerate();
    let mut visitors: Vec<_> =
        parts.map(|(k, rows)| Pull { first: k * chunks.rows(), points, rows }).collect();
    plan.visit(passing.team, passing.check, &mut visitors)?;
    if points.metric() == Metric::Cosine {
        for (i, row) in out.chunks_exact_mut(d).enumerate() {
            to_tangent(row, points.x(i), &x[i * d..(i + 1) * d]);
        }
    }
    Ok(out)
}

/// Turn a derivative in the direction `unit = x / |x|` into one in `x`.
fn to_tangent(row: &mut [f64], unit: &[f64], x: &[f64]) {
    let largest = x.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let length = largest * x.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
    let along: f64 = row.iter().zip(unit).map(|(r, u)| r * u).sum();
    for (r, u) in row.iter_mut().zip(unit) {
        *r = (*r - along * u) / length;
    }
}

struct Pull<'k> {
    first: usize,
    points: &'k Points<f64>,
    rows: &'k mut [f64],
}

impl PlanVisitor for Pull<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        let d = self.points.dimension();
        let x = self.points.x(tile.row);
        let metric = self.points.metric();
        let out = &mut self.rows[(tile.row - self.first) * d..][..d];
        for (k, out) in out.iter_mut().enumerate() {
            let y = &self.points.y_coordinate(k)[tile.start..tile.start + tile.masses.len()];
            let mut sum = 0.0;
            for (l, mass) in tile.masses.iter().enumerate() {
                let difference = x[k] - y[l];
                let derivative = match metric {
                    Metric::SquaredEuclidean => 2.0 * difference,
                    Metric::Cosine => -y[l],
                    Metric::Euclidean if tile.costs[l] > 0.0 => difference / tile.costs[l],
                    Metric::CityBlock if difference != 0.0 => difference.signum(),
                    Metric::Euclidean | Metric::CityBlock => 0.0,
                };
                sum = A::mul_add(*mass, derivative, sum);
            }
            *out += sum;
        }
    }
}
