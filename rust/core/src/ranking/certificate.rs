//! How far an iterate can be from the maximum-likelihood estimate, in standard errors.
//!
//! With the Newton decrement `lambda = sqrt(g' L^+ g)` and `c` a bound on the square root of the
//! effective resistance of every pair that met, `c lambda < 1` proves that the estimate exists and
//! that for every contrast `u` (any difference of strengths)
//! `|u' (s - s_exact)| <= -ln(1 - c lambda) / c * se(u)`, with `L` and `se` at the iterate. This
//! rests on the logistic's generalised self-concordance (Bach 2010, "Self-concordant analysis for
//! logistic regression", Electronic Journal of Statistics 4, lemma 1). Neither number needs an
//! exact solve: by Thomson's principle any flow with divergence `g` bounds `lambda^2` from above,
//! and by Rayleigh's the resistance of any path bounds that of the pair.

use super::likelihood::Derivatives;
use super::table::PairTable;
use crate::float::Float;
use crate::parallel::Team;
use crate::sparse::{SpanningForest, maximum_spanning_forest};

/// Above this `c * lambda` the second-order term matters and `c` is worth exact path resistances.
pub(super) const REFINE_ABOVE: f64 = 1e-3;

/// What is proved of one iterate.
#[derive(Debug, Clone, Copy)]
pub struct Certificate {
    /// Bound on `|u' (s - s_exact)| / se(u)` over all contrasts `u`; infinite where nothing is
    /// proved.
    pub error: f64,
    /// Bound on the Newton decrement.
    pub decrement: f64,
    /// Largest difference between observed and expected wins.
    pub residual: f64,
    /// Bound on the log-likelihood that is missing to its maximum.
    pub log_likelihood_gap: f64,
}

impl Certificate {
    /// What a bound `decrement` of the Newton decrement proves where `c` bounds the functionals of
    /// the model, the square root of the largest resistance among them.
    pub(super) fn new(decrement: f64, c: f64, residual: f64) -> Self {
        let y = c * decrement;
        let error = if decrement == 0.0 {
            0.0
        } else if c == 0.0 {
            decrement
        } else if y < 1.0 {
            -(-y).ln_1p() / c
        } else {
            f64::INFINITY
        };
        let log_likelihood_gap =
            if y < 1.0 { decrement.powi(2) * gap_factor(y) } else { f64::INFINITY };
        Self { error, decrement, residual, log_likelihood_gap }
    }
}

/// Certify the log-strengths at which `derivatives` were evaluated.
///
/// `correction` may hold an approximate solution `d` of `L d = g`: the better it is, the closer the
/// bound comes to the true decrement.
pub(super) fn certify<T: Float>(
    table: &PairTable<'_, T>,
    derivatives: &Derivatives,
    correction: Option<&[f64]>,
    team: &Team,
) -> Certificate {
    let forest = maximum_spanning_forest(&table.graph, &derivatives.conductance);
    let mut flow: Vec<f64> = derivatives.rows.iter().map(|row| row.gradient).collect();
    let mut decrement = 0.0;
    if let Some(d) = correction {
        let (rest, energy) = remainder(table, derivatives, d, team);
        flow = rest;
        decrement += energy.sqrt();
    }
    let rounding: Vec<f64> = derivatives
        .rows
        .iter()
        .enumerate()
        .map(|(i, row)| row.magnitude * rounding_units(table.graph.degree(i)))
        .collect();
    decrement += forest.flow_energy(&flow).sqrt() + forest.flow_energy(&rounding).sqrt();
    // Where conductances underflow, or numbers overflow, no flow bounds anything.
    let residual = derivatives.residual();
    if forest.n_trees() > 1 || !residual.is_finite() {
        decrement = f64::INFINITY;
    }

    let mut c = root_path_resistance(table, derivatives, &forest, team).sqrt();
    if c.is_infinite() || c * decrement > REFINE_ABOVE {
        c = c.min(path_resistance(table, derivatives, &forest).sqrt());
    }
    Certificate::new(decrement, c, residual)
}

/// Rounding error of a gradient, relative to the sums it is a difference of.
///
/// In units of `EPSILON / 2` a term carries 8: two exponentials to within 2 each, and four
/// operations. Adding up the lanes takes 3 additions, the difference is one, and each lane adds
/// `degree / LANES` terms.
fn rounding_units(degree: usize) -> f64 {
    f64::EPSILON * (6.0 + degree as f64 / (2 * super::likelihood::LANES) as f64)
}

/// `psi(y) = (y + (1 - y) ln(1 - y)) / y^2`.
pub(super) fn gap_factor(y: f64) -> f64 {
    if y < 1e-3 { 0.5 + y / 6.0 + y * y / 12.0 } else { (y + (1.0 - y) * (-y).ln_1p()) / (y * y) }
}

/// `g - L d` and `d' L d`, both summed over differences `d_i - d_j`.
fn remainder<T: Float>(
    table: &PairTable<'_, T>,
    derivatives: &Derivatives,
    d: &[f64],
    team: &Team,
) -> (Vec<f64>, f64) {
    let mut rest = vec![0.0; d.len()];
    team.for_each_chunk_mut(&mut rest, super::likelihood::rows_per_block(table), |start, rest| {
        for (k, rest) in rest.iter_mut().enumerate() {
            let i = start + k;
            let entries = table.graph.row(i);
            let conductance = &derivatives.conductance[entries];
            let flow: f64 = conductance
                .iter()
                .zip(table.graph.neighbours(i))
                .map(|(h, &j)| h * (d[i] - d[j as usize]))
                .sum();
            *rest = derivatives.rows[i].gradient - flow;
        }
    });
    // d' L d = sum over items of d_i (L d)_i.
    let energy = team.sum_blocks(d.len(), |block| {
        block
            .map(|i| {
                let conductance = &derivatives.conductance[table.graph.row(i)];
                conductance
                    .iter()
                    .zip(table.graph.neighbours(i))
                    .map(|(h, &j)| 0.5 * h * (d[i] - d[j as usize]).powi(2))
                    .sum::<f64>()
            })
            .sum()
    });
    (rest, energy)
}

/// `max over pairs that met of min(1/h, resistance by way of the root)`: one cheap pass.
fn root_path_resistance<T: Float>(
    table: &PairTable<'_, T>,
    derivatives: &Derivatives,
    forest: &SpanningForest,
    team: &Team,
) -> f64 {
    let to_root = forest.root_resistances();
    let worst = team.map_blocks(to_root.len(), super::likelihood::rows_per_block(table), |block| {
        block.fold(0.0_f64, |worst, i| {
            let conductance = &derivatives.conductance[table.graph.row(i)];
            conductance.iter().zip(table.graph.neighbours(i)).fold(worst, |worst, (h, &j)| {
                worst.max(h.recip().min(to_root[i] + to_root[j as usize]))
            })
        })
    });
    worst.into_iter().fold(0.0, f64::max)
}

/// `max over pairs that met of min(1/h, resistance of the tree path)`.
fn path_resistance<T: Float>(
    table: &PairTable<'_, T>,
    derivatives: &Derivatives,
    forest: &SpanningForest,
) -> f64 {
    let mut worst = 0.0_f64;
    for i in 0..table.graph.n_nodes() {
        let conductance = &derivatives.conductance[table.graph.row(i)];
        for (h, &j) in conductance.iter().zip(table.graph.neighbours(i)) {
            let direct = h.recip();
            if (j as usize) > i && direct > worst {
                worst = worst.max(direct.min(forest.path_resistance(i as u32, j)));
            }
        }
    }
    worst
}
