//! How far an iterate can be from the estimate, in standard errors.
//!
//! Let `H` be the whole Hessian of the negative (penalised) log-likelihood, shared parameters
//! included, `lambda = sqrt(g' H^+ g)` the Newton decrement, and `c^2` a bound on `x' H^+ x` over
//! the functionals `x` in which the model is a sum of logistic terms: differences of the exponents
//! of a comparison's outcomes. If `c lambda < 1` the estimate exists, and
//! `|u' (x - x_exact)| <= -ln(1 - c lambda) / c * se(u)` for every `u` that the data determine.
//! The reason is the same as for a single pair's logistic term (see the module `certificate` of
//! plain Bradley-Terry): along a line no term's third derivative is larger than its second times
//! the change of its functionals. Rao and Kupper's term `ln(exp(2 tau) - 1)` behaves so with the
//! functional `2 coth(tau)`, which falls as `tau` grows.
//!
//! Nothing needs an exact solve. For any direction `d` with the remainder `r = g - H d`, lambda is
//! at most `sqrt(d' H d) + sqrt(r' H^+ r)`, and by Thomson's principle a flow along a tree bounds
//! the second term. An approximate response `Y` leaves a Schur complement that is too large by no
//! more than the energy of its remainder, which a tree bounds as well.

use std::ops::Range;

use super::derivatives::Derivatives;
use super::elimination::Elimination;
use super::newton::Newton;
use super::system::{Point, System};
use super::terms::term;
use super::{Prior, Ties};
use crate::parallel::Team;
use crate::ranking::certificate::{Certificate, REFINE_ABOVE};
use crate::sparse::{SpanningForest, maximum_spanning_forest};

/// Share of its information by which rounding can change an entry of the Schur complement.
const SCHUR_ROUNDING: f64 = 64.0 * f64::EPSILON;

/// Largest score in units of conductance whose rounding error may go along its own edge.
const MOST_PER_CONDUCTANCE: f64 = 1e6;

/// Below this share of a cell's information its difference from another number is lost.
const CANCELLED: f64 = 1e-8;

/// Certify `x`, at which `derivatives` and the direction of `newton` were computed.
pub(super) fn certify(
    system: &System<'_>,
    derivatives: &Derivatives,
    newton: &Newton,
    x: &[f64],
    team: &Team,
) -> Certificate {
    let forest = maximum_spanning_forest(&system.pairs.graph(), &derivatives.conductance);
    let residual = residual(system, derivatives);
    let connected = forest.n_trees() == 1;
    let bound =
        if connected { Bound::new(system, derivatives, newton, &forest, team) } else { None };
    let (decrement, c) = match &bound {
        None => (f64::INFINITY, f64::INFINITY),
        Some(bound) => {
            let decrement = bound.decrement(newton, x, team);
            let to_root = forest.root_resistances();
            let rough = bound.functional(x, team, |i, j| to_root[i] + to_root[j]);
            let c = if rough.is_infinite() || rough * decrement > REFINE_ABOVE {
                bound.functional(x, team, |i, j| forest.path_resistance(i as u32, j as u32))
            } else {
                rough
            };
            (decrement, c)
        }
    };
    Certificate::new(decrement, c, residual)
}

/// Largest derivative by a strength, the tie parameter or the order effect.
fn residual(system: &System<'_>, derivatives: &Derivatives) -> f64 {
    let items = derivatives.rows[..system.n_items].iter().map(|row| row.gradient);
    let n_counts = system.n_shared - system.scale.len();
    let shared = derivatives.shared_gradient[..n_counts].iter().copied();
    items.chain(shared).fold(0.0, |worst, g| g.abs().max(worst))
}

/// What both numbers of the certificate are made of.
struct Bound<'a, 'd> {
    system: &'a System<'d>,
    derivatives: &'a Derivatives,
    forest: &'a SpanningForest,
    /// With a Schur complement that is not too large.
    elimination: Elimination,
    /// Square roots of the diagonal of the inverse of the Schur complement.
    spread: Vec<f64>,
    /// Bound on `|S^-1/2 (E_i - E_j)'| / sqrt(R_ij)`, E being the error of the response.
    response_error: f64,
}

impl<'a, 'd> Bound<'a, 'd> {
    /// `None` where the data do not prove that they determine the shared parameters.
    fn new(
        system: &'a System<'d>,
        derivatives: &'a Derivatives,
        newton: &Newton,
        forest: &'a SpanningForest,
        team: &Team,
    ) -> Option<Self> {
        let k = system.n_shared;
        let elimination = &newton.elimination;
        let mut energies = vec![0.0; k];
        if !newton.solver.is_exact() {
            let n = system.pairs.n_nodes();
            let mut flow = vec![0.0; n];
            for (a, energy) in energies.iter_mut().enumerate() {
                let response = &elimination.response[a * n..(a + 1) * n];
                derivatives.flow(system, response, &mut flow, team);
                for (flow, c) in flow.iter_mut().zip(derivatives.coupling_column(k, a)) {
                    *flow = c - *flow;
                }
                *energy = forest.flow_energy(&flow);
            }
        }
        let scaled: f64 = energies.iter().zip(&elimination.scale).map(|(e, s)| e / (s * s)).sum();
        let elimination = elimination.reduced_by(scaled + SCHUR_ROUNDING)?;
        let spread: Vec<f64> = (0..k)
            .map(|a| {
                let mut axis = vec![0.0; k];
                axis[a] = 1.0;
                norm(&elimination.half_solve(&axis))
            })
            .collect();
        let response_error = energies.iter().zip(&spread).map(|(e, s)| e.sqrt() * s).sum();
        Some(Self { system, derivatives, forest, elimination, spread, response_error })
    }

    /// A bound on the decrement.
    fn decrement(&self, newton: &Newton, x: &[f64], team: &Team) -> f64 {
        let Self { system, derivatives, .. } = self;
        let k = system.n_shared;
        let d = &newton.nodes;
        let mut rest = vec![0.0; d.len()];
        derivatives.flow(system, d, &mut rest, team);
        for (i, rest) in rest.iter_mut().enumerate() {
            let row = &derivatives.coupling[i * k..(i + 1) * k];
            let coupled: f64 = row.iter().zip(&newton.shared).map(|(c, d)| c * d).sum();
            *rest = derivatives.rows[i].gradient - (*rest + coupled);
        }
        let shared_rest: Vec<f64> = (0..k)
            .map(|a| {
                let row = &derivatives.shared_information[a * k..(a + 1) * k];
                let own: f64 = row.iter().zip(&newton.shared).map(|(b, d)| b * d).sum();
                let column = derivatives.coupling_column(k, a);
                let coupled = super::elimination::dot(&column, d, team);
                derivatives.shared_gradient[a] - (own + coupled)
            })
            .collect();
        let energy = newton.curvature(system, derivatives, team).max(0.0);

        let along_tree = self.forest.flow_energy(&rest).sqrt();
        energy.sqrt()
            + self.energy_norm(along_tree, &shared_rest)
            + self.gradient_rounding()
            + self.predictor_rounding(x, team)
    }

    /// A bound on `sqrt(r' H^+ r)` for an `r` with this bound on `sqrt(r_s' L^+ r_s)` for its
    /// strengths' part and with this shared part, whatever their signs.
    fn energy_norm(&self, strengths: f64, shared: &[f64]) -> f64 {
        let scale = &self.elimination.scale;
        let parts = shared.iter().zip(scale).zip(&self.spread);
        strengths + parts.map(|((q, scale), s)| (q.abs() + scale * strengths) * s).sum::<f64>()
    }

    /// What rounding in the gradient adds to the decrement.
    ///
    /// The error of an edge's score is a flow along the edge; only the errors of a row's sum need
    /// the tree to get away.
    fn gradient_rounding(&self) -> f64 {
        let Self { system, derivatives, .. } = self;
        let pairs = &system.pairs;
        let mut by_row: Vec<f64> = (derivatives.rows.iter().enumerate())
            .map(|(i, row)| row.magnitude * f64::EPSILON * system.terms_in_row(i) as f64)
            .collect();
        let mut along_edges = 0.0;
        for (e, &magnitude) in derivatives.magnitudes.iter().enumerate() {
            let n_cells = if e < pairs.n_met { system.cells_of(e).len() } else { 1 };
            let (flow, information) =
                (magnitude * rounding_units(n_cells), derivatives.information(e));
            if magnitude <= MOST_PER_CONDUCTANCE * information {
                along_edges += flow * (flow / information.max(f64::MIN_POSITIVE));
            } else {
                by_row[pairs.low[e] as usize] += flow;
                by_row[pairs.high[e] as usize] += flow;
            }
        }
        let in_block = rounding_units(system.terms_in_block());
        let shared: Vec<f64> = derivatives.shared_magnitude.iter().map(|m| m * in_block).collect();
        let strengths = along_edges.sqrt() + self.forest.flow_energy(&by_row).sqrt();
        self.energy_norm(strengths, &shared)
    }

    /// What rounding of the linear predictors adds to the decrement: a change `e` of them changes
    /// the gradient by `J' W e`, where `H = J' W J`, and so the decrement by no more than
    /// `sqrt(e' W e)`.
    fn predictor_rounding(&self, x: &[f64], team: &Team) -> f64 {
        let Self { system, derivatives, .. } = self;
        let pairs = &system.pairs;
        let at = system.point(x);
        let shared = at.tie.abs() + system.largest_shared_term(&at, team);
        let size = |i: u32| x.get(i as usize).filter(|_| (i as usize) < system.n_items);
        let sum = team.sum_blocks(pairs.n_edges(), |block| {
            block
                .filter(|&e| !pairs.is_bridge(e))
                .map(|e| {
                    let strengths = [pairs.low[e], pairs.high[e]];
                    let size: f64 = strengths.into_iter().filter_map(size).map(|s| s.abs()).sum();
                    derivatives.information(e) * (size + shared).powi(2)
                })
                .sum()
        });
        let k = system.n_shared;
        let tie = if system.has_tie_parameter() {
            derivatives.shared_information.first().copied().unwrap_or(0.0) * at.tie * at.tie
        } else {
            0.0
        };
        4.0 * f64::EPSILON * (1.0 + k as f64) * (sum + tie).sqrt()
    }

    /// Square root of a bound on `x' H^+ x` over the functionals of the model; `path` bounds the
    /// resistance between two nodes.
    fn functional(&self, x: &[f64], team: &Team, path: impl Fn(usize, usize) -> f64 + Sync) -> f64 {
        let Self { system, derivatives, elimination, .. } = self;
        let k = system.n_shared;
        let pairs = &system.pairs;
        let at = system.point(x);
        let resistance = |e: usize| {
            let direct = derivatives.information(e).recip();
            direct.min(path(pairs.low[e] as usize, pairs.high[e] as usize))
        };
        let worst = team.map_blocks(system.blocks().len(), 1, |block| {
            self.functional_of_block(system.block(block.start), &at, &resistance)
        });
        let mut worst = worst.into_iter().fold(0.0, f64::max);
        if system.model.ties == Ties::RaoKupper {
            worst = worst.max((2.0 * self.spread[0] / at.tie.tanh()).powi(2));
        }
        if matches!(system.model.prior, Some(Prior::Logistic(_))) {
            let n = pairs.n_nodes();
            let first = pairs.n_met + pairs.n_bridges;
            let of_items = team.map_blocks(system.n_items, crate::parallel::BLOCK, |block| {
                let mut row = vec![0.0; k];
                block.fold(0.0_f64, |worst, i| {
                    for (a, row) in row.iter_mut().enumerate() {
                        *row = elimination.response[a * n + i];
                    }
                    elimination.half_solve_in_place(&mut row);
                    worst.max(self.joined(resistance(first + i), norm(&row)))
                })
            });
            worst = of_items.into_iter().fold(worst, f64::max);
        }
        worst.sqrt()
    }

    /// `x' H^+ x` from the resistance and from `|S^-1/2 w|` with the approximate response.
    fn joined(&self, resistance: f64, shared: f64) -> f64 {
        resistance + (shared + self.response_error * resistance.sqrt()).powi(2)
    }

    /// The same over the cells of a block.
    fn functional_of_block(
        &self,
        block: Range<usize>,
        at: &Point<'_>,
        resistance: &impl Fn(usize) -> f64,
    ) -> f64 {
        let Self { system, elimination, .. } = self;
        let (k, n) = (system.n_shared, system.pairs.n_nodes());
        let n_tie = usize::from(system.has_tie_parameter());
        let (mut worst, mut axis) = (0.0_f64, vec![0.0; k]);
        if n_tie == 1 {
            axis[0] = 1.0;
            elimination.half_solve_in_place(&mut axis);
        }
        let mut w = vec![0.0; k];
        for pair in block {
            let r = resistance(pair);
            if k == 0 {
                worst = worst.max(r);
                continue;
            }
            let (low, high) = (system.pairs.low[pair], system.pairs.high[pair]);
            for cell in system.cells_of(pair) {
                w[..n_tie].fill(0.0);
                system.loadings(cell, &mut w[n_tie..]);
                for (a, w) in w.iter_mut().enumerate() {
                    let y = &elimination.response[a * n..(a + 1) * n];
                    *w -= y[low as usize] - y[high as usize];
                }
                elimination.half_solve_in_place(&mut w);
                let along = |size: f64, tie: f64| {
                    let parts = w.iter().zip(&axis).map(|(w, t)| size * w + tie * t);
                    parts.map(|x| x * x).sum::<f64>().sqrt()
                };
                let value = match system.model.ties {
                    Ties::Half => self.joined(r, along(1.0, 0.0)),
                    Ties::Davidson => {
                        let tied = along(0.5, 1.0).max(along(-0.5, 1.0));
                        self.joined(r, along(1.0, 0.0)).max(self.joined(0.25 * r, tied))
                    }
                    Ties::RaoKupper => self.joined(r, along(1.0, 1.0).max(along(-1.0, 1.0))),
                };
                if value > worst {
                    worst = worst.max(value.min(self.direct(pair, cell, at, &axis)));
                }
            }
        }
        worst
    }

    /// A bound on the same from the cell's own information alone.
    fn direct(&self, pair: usize, cell: usize, at: &Point<'_>, tie_axis: &[f64]) -> f64 {
        let system = self.system;
        let eta = system.predictor(pair, cell, at);
        let own = term(system.model.ties, system.counts(cell), eta, at.tie);
        let tie = norm(tie_axis);
        // What is left of the information on the difference when the tie parameter is free.
        let explained =
            if own.tie_information > 0.0 { own.cross.powi(2) / own.tie_information } else { 0.0 };
        let left = own.information - explained;
        if left <= CANCELLED * own.information {
            return f64::INFINITY;
        }
        let difference = left.recip();
        match system.model.ties {
            Ties::Half => difference,
            Ties::Davidson => difference.max((0.5 * difference.sqrt() + tie).powi(2)),
            Ties::RaoKupper => (difference.sqrt() + tie).powi(2),
        }
    }
}

/// Rounding error of a sum of `n_cells` scores, relative to the sum of their absolute values.
fn rounding_units(n_cells: usize) -> f64 {
    f64::EPSILON * (16.0 + n_cells as f64)
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
