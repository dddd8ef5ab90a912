//! Games drawn anew inside the cells of a paired fit.

use super::derivatives::Derivatives;
use super::existence::require_existence;
use super::fitted::PairedFit;
use super::system::System;
use super::terms::{Counts, probabilities};
use super::{Cells, Model, Ties};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::ranking::inference::{Fitted, Replicate, Resample, Resampling, binomial, whole};
use crate::rng::{Philox, Stream};

/// Most games that are told apart one by one.
const MAX_GAMES: f64 = 9_007_199_254_740_992.0;

/// A fit of a paired model whose games can be drawn anew.
#[derive(Debug, Clone, Copy)]
pub struct PairedResample<'a> {
    cells: Cells<'a>,
    model: Model,
    parameters: &'a [f64],
    groups: Option<&'a [u32]>,
}

impl<'a> PairedResample<'a> {
    /// Join the data with the estimate, as in [`PairedFit::new`].
    pub fn new(
        cells: Cells<'a>,
        model: &Model,
        parameters: &'a [f64],
        groups: Option<&'a [u32]>,
    ) -> Self {
        Self { cells, model: *model, parameters, groups }
    }

    /// The strengths of the estimate.
    pub fn strength(&self) -> &'a [f64] {
        &self.parameters[..self.cells.n_items.min(self.parameters.len())]
    }

    /// The outcomes that replicate `stream` draws: smaller and larger item of each cell with the
    /// weights of their wins and of ties.
    ///
    /// # Errors
    /// As [`Resample::replicate`].
    pub fn outcomes(
        &self,
        resampling: Resampling,
        stream: &Stream,
    ) -> Result<Vec<(u32, u32, [f64; 3])>, Error> {
        let mut replicate = PairedReplicate::new(self)?;
        replicate.draw_counts(resampling, stream);
        let system = &replicate.system;
        let cells = (0..system.pairs.n_met)
            .flat_map(|pair| system.cells_of(pair).map(move |cell| (pair, system.counts(cell))));
        Ok(cells
            .map(|(pair, Counts { wins, losses, ties })| {
                (system.pairs.low[pair], system.pairs.high[pair], [wins, losses, ties])
            })
            .collect())
    }
}

impl Resample for PairedResample<'_> {
    fn estimate(&self) -> &[f64] {
        self.parameters
    }

    fn n_bytes(&self) -> usize {
        256 * self.cells.len() + 128 * self.cells.n_items
    }

    fn fitted(&self, team: &Team, control: &dyn Control) -> Result<Box<dyn Fitted + '_>, Error> {
        let Self { cells, model, parameters, groups } = self;
        Ok(Box::new(PairedFit::new(*cells, model, parameters, *groups, team, control)?))
    }

    fn replicate(&self) -> Result<Box<dyn Replicate + '_>, Error> {
        Ok(Box::new(PairedReplicate::new(self)?))
    }
}

/// One resampled data set with its derivatives.
struct PairedReplicate<'a> {
    system: System<'a>,
    derivatives: Derivatives,
    /// Original outcomes of each cell.
    original: Vec<Counts>,
    /// Weight of each cell and all that follow.
    rest: Vec<f64>,
    /// Probabilities of left, right and tie under the fitted model, by cell.
    chances: Vec<[f64; 3]>,
    /// Number of games of one replicate.
    n_games: u64,
    team: Team,
    nodes: Vec<f64>,
    product: Vec<f64>,
    internal: Vec<f64>,
}

impl<'a> PairedReplicate<'a> {
    fn new(fit: &PairedResample<'a>) -> Result<Self, Error> {
        let PairedResample { cells, model, parameters, groups } = *fit;
        let expected = cells.n_items + model.n_shared(cells.n_covariates);
        if parameters.len() != expected {
            return Err(Error::Shape {
                argument: "parameters",
                expected: format!("{expected} entries"),
                found: parameters.len().to_string(),
            });
        }
        let system = System::new(cells, &model, groups, &())?;
        let derivatives = Derivatives::new(&system)?;
        let (n_cells, n_nodes) = (system.n_cells(), system.pairs.n_nodes());
        let original: Vec<Counts> = (0..n_cells).map(|cell| system.counts(cell)).collect();
        let mut rest = try_vec(n_cells + 1, 0.0)?;
        for (cell, counts) in original.iter().enumerate().rev() {
            rest[cell] = rest[cell + 1] + counts.total();
        }
        let n_games = rest[0].round();
        if !(1.0..=MAX_GAMES).contains(&n_games) {
            return Err(Error::Value {
                argument: "comparisons",
                rule: "of a total weight between 1 and 2^53 to be resampled: weights count as \
                       numbers of games",
                value: rest[0].to_string(),
                index: None,
            });
        }
        let internal = system.to_internal(parameters);
        let at = system.point(&internal);
        let mut chances = try_vec(n_cells, [0.0; 3])?;
        for pair in 0..system.pairs.n_met {
            for cell in system.cells_of(pair) {
                let eta = system.predictor(pair, cell, &at);
                chances[cell] = probabilities(system.model.ties, eta, at.tie);
            }
        }
        Ok(Self {
            derivatives,
            original,
            rest,
            chances,
            n_games: whole(n_games),
            team: Team::sequential(),
            nodes: try_vec(n_nodes, 0.0)?,
            product: try_vec(n_nodes, 0.0)?,
            internal,
            system,
        })
    }

    fn draw_counts(&mut self, resampling: Resampling, stream: &Stream) {
        let mut generator = stream.generator();
        let Self { system, original, rest, chances, n_games, .. } = self;
        let mut left = *n_games;
        for (cell, counts) in original.iter().enumerate() {
            let drawn = match resampling {
                Resampling::Games => {
                    let games = binomial(left, counts.total() / rest[cell], &mut generator);
                    left -= games;
                    let weights = [counts.wins, counts.losses, counts.ties];
                    share(games, weights, 1.0, &mut generator)
                }
                Resampling::Parametric => {
                    // A weight below one game, or between two numbers of games, is shared equally.
                    let games = counts.total().round().max(1.0);
                    let weight = counts.total() / games;
                    share(whole(games), chances[cell], weight, &mut generator)
                }
            };
            system.set_counts(cell, drawn);
        }
    }

    fn first_free(&self) -> usize {
        self.system.n_items + usize::from(self.system.tie_dropped)
    }
}

impl Replicate for PairedReplicate<'_> {
    fn draw(
        &mut self,
        resampling: Resampling,
        stream: &Stream,
        control: &dyn Control,
    ) -> Result<bool, Error> {
        self.draw_counts(resampling, stream);
        if self.system.has_tie_parameter() && !self.system.has_ties() {
            // Its limit is no point that an average of replicates could hold.
            return Ok(false);
        }
        match require_existence(&self.system, control) {
            Ok(_) => Ok(true),
            Err(Error::NotConnected { .. } | Error::Infinite { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> bool {
        let n = self.system.n_items;
        self.internal = self.system.to_internal(x);
        if self.system.model.ties == Ties::RaoKupper && self.internal[n] <= 0.0 {
            return false;
        }
        self.derivatives.evaluate(&self.system, &self.internal, &self.team);
        gradient.fill(0.0);
        for (g, row) in gradient[..n].iter_mut().zip(&self.derivatives.rows) {
            *g = row.gradient;
        }
        let first = self.first_free();
        let shared = self.derivatives.shared_gradient.iter().zip(self.system.units());
        for (g, (own, unit)) in gradient[first..].iter_mut().zip(shared) {
            *g = own / unit;
        }
        true
    }

    fn multiply(&mut self, v: &[f64], out: &mut [f64]) {
        let n = self.system.n_items;
        let k = self.system.n_shared;
        let first = self.first_free();
        let shared: Vec<f64> =
            v[first..].iter().zip(self.system.units()).map(|(v, unit)| v / unit).collect();
        let Self { system, derivatives, team, nodes, product, .. } = self;
        // The ground stays where it is.
        nodes[..n].copy_from_slice(&v[..n]);
        derivatives.flow(system, nodes, product, team);
        out.fill(0.0);
        let mut sums = vec![0.0; k];
        for (i, row) in derivatives.coupling.chunks(k.max(1)).take(n).enumerate() {
            let along = row.iter().zip(&shared).map(|(c, w)| c * w).sum::<f64>();
            out[i] = product[i] + along;
            for (sum, c) in sums.iter_mut().zip(row) {
                *sum += c * v[i];
            }
        }
        if k == 0 {
            out[..n].copy_from_slice(&product[..n]);
        }
        for (a, sum) in sums.iter_mut().enumerate() {
            let row = &derivatives.shared_information[a * k..(a + 1) * k];
            *sum += row.iter().zip(&shared).map(|(b, w)| b * w).sum::<f64>();
        }
        for (out, (sum, unit)) in out[first..].iter_mut().zip(sums.iter().zip(system.units())) {
            *out = sum / unit;
        }
    }

    fn diagonal(&self, out: &mut [f64]) {
        let n = self.system.n_items;
        let k = self.system.n_shared;
        out.fill(0.0);
        out[..n].copy_from_slice(&self.derivatives.diagonal[..n]);
        for (a, (out, unit)) in
            out[self.first_free()..].iter_mut().zip(self.system.units()).enumerate()
        {
            *out = self.derivatives.shared_information[a * k + a] / (unit * unit);
        }
    }
}

/// Share games out among three outcomes, each game with a weight.
fn share(games: u64, [win, loss, tie]: [f64; 3], weight: f64, generator: &mut Philox) -> Counts {
    if games == 0 {
        return Counts { wins: 0.0, losses: 0.0, ties: 0.0 };
    }
    let wins = binomial(games, win / (win + loss + tie), generator);
    let losses = if tie > 0.0 {
        binomial(games - wins, loss / (loss + tie), generator)
    } else {
        games - wins
    };
    let ties = games - wins - losses;
    Counts {
        wins: weight * wins as f64,
        losses: weight * losses as f64,
        ties: weight * ties as f64,
    }
}
