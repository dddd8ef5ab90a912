//! Rankings drawn anew, for the bootstrap.

use rand_distr::{Distribution, Exp1};

use super::existence::comparable_in_rankings;
use super::fitted::FittedRankings;
use super::frame::{Frame, check_groups};
use super::hessian;
use super::layout::{Index, Layout};
use super::likelihood::Derivatives;
use super::rankings::Rankings;
use crate::control::Control;
use crate::error::{Error, try_vec, try_zeroed};
use crate::parallel::Team;
use crate::ranking::inference::{Fitted, Replicate, Resample, Resampling, binomial, whole};
use crate::ranking::paired::Prior;
use crate::rng::{Philox, Stream};

/// Most rankings that are told apart one by one.
const MAX_RANKINGS: f64 = 9_007_199_254_740_992.0;

/// Rankings between two looks at the control.
const CHECK_EVERY: usize = 1 << 12;

/// A fit whose rankings can be drawn anew.
#[derive(Debug, Clone, Copy)]
pub struct RankingsResample<'a> {
    rankings: Rankings<'a>,
    prior: Option<Prior>,
    strength: &'a [f64],
    groups: &'a [u32],
}

impl<'a> RankingsResample<'a> {
    /// Join the data with the estimate, as in [`FittedRankings::new`].
    pub fn new(
        rankings: Rankings<'a>,
        prior: Option<Prior>,
        strength: &'a [f64],
        groups: &'a [u32],
    ) -> Self {
        Self { rankings, prior, strength, groups }
    }

    /// The strengths of the estimate.
    pub fn strength(&self) -> &'a [f64] {
        self.strength
    }
}

impl Resample for RankingsResample<'_> {
    fn estimate(&self) -> &[f64] {
        self.strength
    }

    fn n_bytes(&self) -> usize {
        128 * self.rankings.n_entries() + 128 * self.rankings.n_items()
    }

    fn fitted(&self, team: &Team, control: &dyn Control) -> Result<Box<dyn Fitted + '_>, Error> {
        let Self { rankings, prior, strength, groups } = self;
        Ok(Box::new(FittedRankings::new(rankings, *prior, strength, groups, team, control)?))
    }

    fn replicate(&self) -> Result<Box<dyn Replicate + '_>, Error> {
        Ok(Box::new(RankingsReplicate::new(self)?))
    }
}

/// One resampled data set with its derivatives.
struct RankingsReplicate<'a> {
    fit: RankingsResample<'a>,
    n_groups: usize,
    /// Weight of each ranking and all that follow.
    rest: Vec<f64>,
    drawn: Drawn,
    index: Index,
    derivatives: Derivatives,
    by_entry: Vec<[f64; 1]>,
    team: Team,
}

/// Rankings of a replicate; the sets are those of the data unless their order was drawn as well.
#[derive(Default)]
struct Drawn {
    offsets: Vec<usize>,
    items: Vec<u32>,
    n_placed: Vec<u32>,
    weights: Vec<f64>,
    has_own_orders: bool,
}

impl Drawn {
    fn rankings<'b>(&'b self, original: &Rankings<'b>) -> Rankings<'b> {
        if self.has_own_orders {
            Rankings::trusted(
                original.n_items(),
                &self.offsets,
                &self.items,
                &self.n_placed,
                &self.weights,
            )
        } else {
            original.reweighted(&self.weights)
        }
    }
}

impl<'a> RankingsReplicate<'a> {
    fn new(fit: &RankingsResample<'a>) -> Result<Self, Error> {
        let RankingsResample { rankings, prior, groups, .. } = *fit;
        check_groups(&rankings, groups, prior)?;
        let mut rest = try_vec(rankings.len() + 1, 0.0)?;
        for r in (0..rankings.len()).rev() {
            rest[r] = rest[r + 1] + rankings.weight(r);
        }
        if !(1.0..=MAX_RANKINGS).contains(&rest[0].round()) {
            return Err(Error::Value {
                argument: "rankings",
                rule: "of a total weight between 1 and 2^53 to be resampled: weights count as \
                       numbers of rankings",
                value: rest[0].to_string(),
                index: None,
            });
        }
        let index = Index::new(&rankings)?;
        let weights = try_vec(rankings.len(), 0.0)?;
        Ok(Self {
            fit: *fit,
            n_groups: Frame::new(rankings.n_items(), groups, prior).n_groups(),
            rest,
            drawn: Drawn { weights, ..Drawn::default() },
            derivatives: Derivatives::new(&Layout::new(rankings, &index), prior)?,
            by_entry: try_zeroed(rankings.n_entries())?,
            index,
            team: Team::sequential(),
        })
    }

    /// As many rankings as there were, each one of those recorded.
    fn draw_recorded(
        &mut self,
        generator: &mut Philox,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let mut left = whole(self.rest[0].round());
        let rankings = self.fit.rankings;
        for (r, weight) in self.drawn.weights.iter_mut().enumerate() {
            if r % CHECK_EVERY == 0 {
                control.check()?;
            }
            let count = binomial(left, rankings.weight(r) / self.rest[r], generator);
            left -= count;
            *weight = count as f64;
        }
        Ok(())
    }

    /// For each recorded ranking one of the same set and length, drawn from the model.
    fn draw_orders(&mut self, generator: &mut Philox, control: &dyn Control) -> Result<(), Error> {
        let RankingsResample { rankings, strength, .. } = self.fit;
        let drawn = &mut self.drawn;
        *drawn = Drawn { offsets: vec![0], has_own_orders: true, ..Drawn::default() };
        let mut keys: Vec<(f64, u32)> = Vec::new();
        for r in (0..rankings.len()).filter(|&r| rankings.is_informative(r)) {
            let (set, n_choices) = (rankings.set(r), rankings.n_choices(r));
            // A weight below one ranking, or between two numbers of them, is shared equally.
            let n_copies = rankings.weight(r).round().max(1.0);
            let weight = rankings.weight(r) / n_copies;
            let bytes = 4 * set.len() as u128 * u128::from(whole(n_copies));
            for _ in 0..whole(n_copies) {
                if drawn.weights.len().is_multiple_of(CHECK_EVERY) {
                    control.check()?;
                }
                // The first of exponential times with these rates is a choice, and so on.
                keys.clear();
                keys.extend(set.iter().map(|&item| {
                    let time: f64 = Exp1.sample(generator);
                    (time.ln() - strength[item as usize], item)
                }));
                keys.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                drawn.items.try_reserve(set.len()).map_err(|_| Error::TooLarge { bytes })?;
                if drawn.items.len() + set.len() >= u32::MAX as usize {
                    return Err(Error::TooLarge { bytes });
                }
                drawn.items.extend(keys.iter().map(|&(_, item)| item));
                drawn.offsets.push(drawn.items.len());
                drawn.n_placed.push(n_choices as u32);
                drawn.weights.push(weight);
            }
        }
        let rankings = self.drawn.rankings(&rankings);
        self.index = Index::new(&rankings)?;
        let layout = Layout::new(rankings, &self.index);
        self.derivatives = Derivatives::new(&layout, self.fit.prior)?;
        self.by_entry = try_zeroed(rankings.n_entries())?;
        Ok(())
    }
}

impl Replicate for RankingsReplicate<'_> {
    fn draw(
        &mut self,
        resampling: Resampling,
        stream: &Stream,
        control: &dyn Control,
    ) -> Result<bool, Error> {
        let mut generator = stream.generator();
        match resampling {
            Resampling::Games => self.draw_recorded(&mut generator, control)?,
            Resampling::Parametric => self.draw_orders(&mut generator, control)?,
        }
        if self.fit.prior.is_some() {
            return Ok(true);
        }
        let rankings = self.drawn.rankings(&self.fit.rankings);
        let found = comparable_in_rankings(&rankings, &self.team, control)?.n_components;
        Ok(found == self.n_groups)
    }

    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> bool {
        let rankings = self.drawn.rankings(&self.fit.rankings);
        let layout = Layout::new(rankings, &self.index);
        self.derivatives.evaluate(&layout, self.fit.prior, x, &self.team);
        for (gradient, row) in gradient.iter_mut().zip(&self.derivatives.rows) {
            *gradient = row.gradient();
        }
        true
    }

    fn multiply(&mut self, v: &[f64], out: &mut [f64]) {
        let Self { fit, drawn, index, derivatives, by_entry, team, .. } = self;
        let layout = Layout::new(drawn.rankings(&fit.rankings), index);
        hessian::multiply(&layout, &derivatives.splits, v, out, by_entry, team);
        for ((out, prior), v) in out.iter_mut().zip(&derivatives.prior).zip(v) {
            *out += prior * v;
        }
    }

    fn diagonal(&self, out: &mut [f64]) {
        for (out, row) in out.iter_mut().zip(&self.derivatives.rows) {
            *out = row.diagonal;
        }
    }
}
