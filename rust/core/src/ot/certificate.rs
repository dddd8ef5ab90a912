//! How far potentials are from the optimum: marginal error and duality gap, in double precision.
//!
//! For any potentials and any feasible plan `G`, `primal(G) - dual(f, g) = reg KL(G | P)` exactly,
//! where `P` is the plan of the potentials. `G` is `P` made feasible by scaling rows and columns
//! down and adding a matrix of rank one (Altschuler, Niles-Weed, Rigollet 2017, Algorithm 2; both
//! scalings are taken from `P` itself, which saves a pass and changes no bound).

use super::plan_rows::{
    Plan, PlanTile, PlanVisitor, by_chunk, columns_by_chunk, tile_dot, tile_sum,
};
use super::problem::Problem;
use crate::error::{Error, try_vec};
use crate::pairs::{TILE, add_columns};
use crate::parallel::{Team, pairwise_sum};
use crate::simd::{Arithmetic, Elementary};

/// What is known of a pair of potentials.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Value of the dual at the potentials: at most the optimal value.
    pub value: f64,
    /// The optimal value is at most `value + gap`.
    pub gap: f64,
    /// `<P, C>` of the plan of the potentials.
    pub value_linear: f64,
    /// `<G, C>` of the plan made feasible; NaN where marginals are penalised.
    pub rounded_linear: f64,
    /// 1-norm of the error of both marginals, absolute.
    pub marginal_error: f64,
    /// Row sums of the plan (n,).
    pub row_sums: Vec<f64>,
    /// Column sums of the plan (m,).
    pub column_sums: Vec<f64>,
}

/// Evaluate potentials `f` (n,) and `g` (m,): one pass over the cost, three for fixed marginals.
///
/// # Errors
/// As [`Problem::validate`]; [`Error::Shape`], [`Error::Value`] for fixed marginals of different
/// mass, [`Error::TooLarge`], [`Error::Interrupted`] through `check`.
pub fn certify(
    problem: &Problem<'_>,
    f: &[f64],
    g: &[f64],
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<Certificate, Error> {
    problem.validate_with((f, g))?;
    problem.require_same_mass()?;
    let Problem { a, b, reg, marginals, .. } = *problem;
    let (phi, psi) = problem.log_potentials(f, g);
    let plan = Plan { values: problem.values, reg, phi: &phi, psi: &psi };
    let (row_sums, column_sums, value_linear) = sums(&plan, team, check)?;
    let rows = Side { weights: a, potential: f, sums: &row_sums, rho: marginals.rows };
    let columns = Side { weights: b, potential: g, sums: &column_sums, rho: marginals.columns };
    let mass_term = reg * (pairwise_sum(&row_sums) - pairwise_sum(a) * pairwise_sum(b));
    let value = rows.dual() + columns.dual() - mass_term;
    let marginal_error = rows.error() + columns.error();
    let (gap, rounded_linear) = match (marginals.rows.is_finite(), marginals.columns.is_finite()) {
        (true, true) => (rows.divergence() + columns.divergence(), f64::NAN),
        (false, false) => rounded_gap(&plan, (a, b), (&row_sums, &column_sums), team, check)?,
        _ => (half_feasible_gap(problem, (&rows, &columns), value, team, check)?, f64::NAN),
    };
    Ok(Certificate {
        value,
        gap,
        value_linear,
        rounded_linear,
        marginal_error,
        row_sums,
        column_sums,
    })
}

/// One marginal: its weights, its potential, what the plan makes of it, and its penalty.
struct Side<'a> {
    weights: &'a [f64],
    potential: &'a [f64],
    sums: &'a [f64],
    rho: f64,
}

impl Side<'_> {
    /// Sum a function of (weight, potential, sum) over the support of the weights.
    fn total(&self, term: impl Fn(f64, f64, f64) -> f64) -> f64 {
        let entries = self.weights.iter().zip(self.potential).zip(self.sums);
        let terms: Vec<f64> =
            entries.map(|((&w, &p), &s)| if w > 0.0 { term(w, p, s) } else { 0.0 }).collect();
        pairwise_sum(&terms)
    }

    /// This side's part of the dual value.
    fn dual(&self) -> f64 {
        if self.rho.is_finite() {
            self.total(|w, p, _| -self.rho * w * (-p / self.rho).exp_m1())
        } else {
            self.total(|w, p, _| w * p)
        }
    }

    /// What the sums should be at the optimum.
    fn target(&self, weight: f64, potential: f64) -> f64 {
        if self.rho.is_finite() { weight * (-potential / self.rho).exp() } else { weight }
    }

    fn error(&self) -> f64 {
        self.total(|w, p, s| (s - self.target(w, p)).abs())
    }

    /// `rho KL(sums | target)`.
    fn divergence(&self) -> f64 {
        self.rho * self.total(|w, p, s| relative_entropy(s, self.target(w, p)))
    }
}

/// `p log(p / q) - p + q`, without cancellation where `p` and `q` are close.
fn relative_entropy(p: f64, q: f64) -> f64 {
    let t = (p - q) / q;
    if q > 0.0 && t.is_finite() {
        // A series where the logarithm would cancel.
        let small = t * t * series(t);
        q * if t.abs() < SMALL {
            small
        } else if t <= -1.0 {
            1.0
        } else {
            (1.0 + t) * t.ln_1p() - t
        }
    } else if p > 0.0 {
        f64::INFINITY
    } else {
        q
    }
}

/// Below this the series is more exact than the logarithm.
const SMALL: f64 = 0.03;

/// Coefficients `1 / ((k + 1) (k + 2))`.
const SERIES: [f64; 11] = {
    let mut series = [0.0; 11];
    let mut k = 0;
    while k < series.len() {
        series[k] = 1.0 / ((k + 1) * (k + 2)) as f64;
        k += 1;
    }
    series
};

/// `((1 + t) log(1 + t) - t) / t^2` for `|t| < 0.03`: the sum of `(-t)^k / ((k + 1) (k + 2))`.
#[inline(always)]
fn series(t: f64) -> f64 {
    SERIES.iter().rev().fold(0.0, |sum, c| c - t * sum)
}

/// Upper bound less dual value, where one side is fixed and the other penalised.
///
/// The plan is scaled to the fixed marginal, which makes it feasible and raises the dual value.
fn half_feasible_gap(
    problem: &Problem<'_>,
    (rows, columns): (&Side<'_>, &Side<'_>),
    value: f64,
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<f64, Error> {
    let Problem { a, b, reg, marginals, .. } = *problem;
    let scaled = |side: &Side<'_>| -> Vec<f64> {
        let entries = side.potential.iter().zip(side.weights).zip(side.sums);
        let to_weight =
            |((&p, &w), &s): ((&f64, &f64), &f64)| if w > 0.0 { p + reg * (w / s).ln() } else { p };
        let is_penalised = side.rho.is_finite();
        if is_penalised { side.potential.to_vec() } else { entries.map(to_weight).collect() }
    };
    let (f, g) = (scaled(rows), scaled(columns));
    let (phi, psi) = problem.log_potentials(&f, &g);
    let plan = Plan { values: problem.values, reg, phi: &phi, psi: &psi };
    let (row_sums, column_sums, _) = sums(&plan, team, check)?;
    let rows = Side { weights: a, potential: &f, sums: &row_sums, rho: marginals.rows };
    let columns = Side { weights: b, potential: &g, sums: &column_sums, rho: marginals.columns };
    let mass_term = reg * (pairwise_sum(&row_sums) - pairwise_sum(a) * pairwise_sum(b));
    let dual = rows.dual() + columns.dual() - mass_term;
    let penalised = if marginals.rows.is_finite() { rows } else { columns };
    Ok(at_least_zero(dual - value) + penalised.divergence())
}

/// What rounding made negative is 0, and what overflow made of it bounds nothing.
fn at_least_zero(gap: f64) -> f64 {
    if gap.is_nan() { f64::INFINITY } else { gap.max(0.0) }
}

/// Row sums, column sums and `<P, C>` in one pass.
pub(super) fn sums(
    plan: &Plan<'_>,
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<(Vec<f64>, Vec<f64>, f64), Error> {
    let chunks = plan.chunks();
    let mut row_sums = try_vec(plan.phi.len(), 0.0)?;
    let mut partial = columns_by_chunk(chunks, plan.psi.len())?;
    let mut visitors: Vec<_> = by_chunk(chunks, &mut row_sums, 1)
        .into_iter()
        .zip(partial.chunks_mut(plan.psi.len()))
        .enumerate()
        .map(|(k, (rows, columns))| Sums { first: k * chunks.rows(), rows, columns, linear: 0.0 })
        .collect();
    plan.visit(team, check, &mut visitors)?;
    let linear = pairwise_sum(&visitors.iter().map(|v| v.linear).collect::<Vec<_>>());
    let mut column_sums = try_vec(plan.psi.len(), 0.0)?;
    add_columns(team, &partial, &mut column_sums);
    Ok((row_sums, column_sums, linear))
}

struct Sums<'k> {
    first: usize,
    rows: &'k mut [f64],
    columns: &'k mut [f64],
    linear: f64,
}

impl PlanVisitor for Sums<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        for (column, mass) in self.columns[tile.start..].iter_mut().zip(tile.masses) {
            *column += mass;
        }
        self.rows[tile.row - self.first] += tile_sum(tile.masses);
        self.linear += tile_dot::<A>(tile.masses, tile.costs);
    }
}

/// `reg KL(G | P)` and `<G, C>` for the plan `G` that rounding makes of `P`: two passes.
fn rounded_gap(
    plan: &Plan<'_>,
    (a, b): (&[f64], &[f64]),
    (row_sums, column_sums): (&[f64], &[f64]),
    team: &Team,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<(f64, f64), Error> {
    let shrink = |weights: &[f64], sums: &[f64]| -> Vec<f64> {
        weights.iter().zip(sums).map(|(w, s)| if s > w { w / s } else { 1.0 }).collect()
    };
    let (x, y) = (shrink(a, row_sums), shrink(b, column_sums));
    // The scaled plan is the plan of lowered potentials.
    let lower = |potential: &[f64], factor: &[f64]| -> Vec<f64> {
        potential.iter().zip(factor).map(|(p, x)| p + x.ln()).collect()
    };
    let (phi, psi) = (lower(plan.phi, &x), lower(plan.psi, &y));
    let scaled = Plan { phi: &phi, psi: &psi, ..*plan };
    let (rows, columns, _) = sums(&scaled, team, check)?;
    let missing = |weights: &[f64], sums: &[f64]| -> Vec<f64> {
        // Rounding may leave -1e-18, whose logarithm would be NaN.
        weights.iter().zip(sums).map(|(w, s)| (w - s).max(0.0)).collect()
    };
    let (e_a, e_b) = (missing(a, &rows), missing(b, &columns));
    let total = pairwise_sum(&e_a).max(pairwise_sum(&e_b));
    let e_a: Vec<f64> = e_a.iter().map(|e| if total > 0.0 { e / total } else { 0.0 }).collect();
    let mut visitors: Vec<_> = (0..plan.chunks().len())
        .map(|_| Gap { x: &x, y: &y, e_a: &e_a, e_b: &e_b, divergence: 0.0, linear: 0.0 })
        .collect();
    plan.visit(team, check, &mut visitors)?;
    let divergence = pairwise_sum(&visitors.iter().map(|v| v.divergence).collect::<Vec<_>>());
    let linear = pairwise_sum(&visitors.iter().map(|v| v.linear).collect::<Vec<_>>());
    Ok((plan.reg * at_least_zero(divergence), if linear.is_nan() { f64::INFINITY } else { linear }))
}

/// Sums `KL(G | P)` and `<G, C>` with `G = x P y + e_a e_b^T`.
struct Gap<'k> {
    x: &'k [f64],
    y: &'k [f64],
    e_a: &'k [f64],
    e_b: &'k [f64],
    divergence: f64,
    linear: f64,
}

impl PlanVisitor for Gap<'_> {
    #[inline(always)]
    fn visit<A: Arithmetic>(&mut self, tile: PlanTile<'_>) {
        let len = tile.masses.len();
        let (x, e_a) = (self.x[tile.row], self.e_a[tile.row]);
        let (y, e_b) = (&self.y[tile.start..][..len], &self.e_b[tile.start..][..len]);
        let (masses, exponents) = (&tile.masses[..len], &tile.exponents[..len]);
        let (mut divergence, mut rounded_masses) = ([0.0; TILE], [0.0; TILE]);
        let (divergence, rounded_masses) = (&mut divergence[..len], &mut rounded_masses[..len]);
        for l in 0..len {
            let mass = masses[l];
            let shrink = x * y[l];
            // A mass beyond the doubles stands in a row that rounding empties.
            let scaled = if shrink > 0.0 { shrink * mass } else { 0.0 };
            let added = e_a * e_b[l];
            let rounded = scaled + added;
            // Where G is far above P, P may have underflowed: its logarithm is known all the same.
            let is_far = rounded > 2.0 * mass;
            let is_near = !is_far && mass > 0.0 && mass < f64::INFINITY;
            let t = if is_near { ((shrink - 1.0) * mass + added) / mass } else { 0.0 };
            let argument = if is_far { rounded } else { 1.0 + t };
            let logarithm = argument.log_lane::<A>();
            let far = rounded * (logarithm - exponents[l]) - rounded + mass;
            let near = A::mul_add(1.0 + t, logarithm, -t);
            let near = if t.abs() < SMALL { t * t * series(t) } else { near };
            let near = if t <= -1.0 { 1.0 } else { near };
            let near = if is_near { mass * near } else { mass };
            divergence[l] = if is_far { far } else { near };
            rounded_masses[l] = rounded;
        }
        self.divergence += tile_sum(divergence);
        self.linear += tile_dot::<A>(rounded_masses, tile.costs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(1 + t) log(1 + t) - t` by its power series, which alternates or has one sign.
    fn exact(t: f64) -> f64 {
        (2..200).rev().map(|k| (-t).powi(k) / (f64::from(k) * f64::from(k - 1))).sum()
    }

    #[test]
    fn relative_entropy_has_its_digits_on_both_sides_of_the_series() {
        for size in [1e-150, 1e-12, 1e-5, 0.0299, 0.0301, 0.2, 0.5] {
            for t in [size, -size] {
                let q = 4.0;
                let p = q * (1.0 + t);
                // What is left of `t` in a sum with 1.
                let t = (p - q) / q;
                let found = relative_entropy(p, q);
                let rounding = if t.abs() < SMALL { 0.0 } else { 1.0 / t.abs() };
                let allowed = (4.0 + 4.0 * rounding) * f64::EPSILON * found;
                assert!((found - q * exact(t)).abs() <= allowed, "{t} {found}");
            }
        }
    }

    #[test]
    fn relative_entropy_of_nothing_and_from_nothing() {
        assert_eq!(relative_entropy(0.0, 3.0), 3.0);
        assert_eq!(relative_entropy(0.0, 0.0), 0.0);
        assert_eq!(relative_entropy(1.0, 0.0), f64::INFINITY);
        assert_eq!(relative_entropy(1e-300, 1e-300), 0.0);
        assert!((relative_entropy(3.0, 1.0) - (3.0 * 3.0_f64.ln() - 2.0)).abs() < 1e-15);
    }

    #[test]
    fn overflow_is_not_taken_for_a_proof() {
        assert_eq!(at_least_zero(f64::NAN), f64::INFINITY);
        assert_eq!(at_least_zero(-1e-18), 0.0);
        assert_eq!(at_least_zero(2.0), 2.0);
    }
}
