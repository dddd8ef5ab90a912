//! Confidence sets of ranks, and what else follows from draws shared by all items.
//!
//! Mogstad, Romano, Shaikh and Wilhelm (2024), "Inference for ranks with applications to mobility
//! across neighbourhoods and academic achievement across countries", Review of Economic Studies
//! 91, section 3: item `j` is significantly stronger than `i` when the difference passes a critical
//! value times its standard error, and the rank of `i` lies in `[1 + #{j significantly stronger},
//! n - #{j significantly weaker}]`.

use super::covariance::{covariance, try_matrix};
use super::draws::Source;
use super::fitted::{Fitted, Kind};
use super::frame::Frame;
use super::standard_error::standard_error;
use crate::control::Control;
use crate::error::{Error, require_finite, try_vec};
use crate::parallel::Team;

/// Most items whose differences have exact standard errors; beyond, those of the draws are used.
const MAX_EXACT: usize = 2000;

/// Most items whose pairs are all looked at.
const MAX_ITEMS: usize = 20_000;

/// Rows of pairs that one block of work holds.
const ROWS: usize = 4;

/// Numbers of pairs times draws between two looks at the control.
const PAIRS_PER_LOOK: usize = 1 << 26;

/// How the critical value is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RankMethod {
    /// The quantile, for each item, of its largest studentised difference to another one: each set
    /// covers with the level by itself.
    Marginal,
    /// One quantile, of the largest studentised difference of any pair: all sets cover together.
    Simultaneous,
    /// This critical value for every pair, for example Bonferroni's.
    Critical(f64),
    /// No test of differences: intervals of strengths of this half-width in standard errors are
    /// compared with each other.
    Intervals(f64),
}

/// What rank sets are computed from.
#[derive(Debug, Clone, Copy)]
pub struct RankParams {
    /// Whose standard errors.
    pub kind: Kind,
    /// How the critical value is found.
    pub method: RankMethod,
    /// Probability of covering, for the quantiles.
    pub level: f64,
    /// Draws behind the quantiles.
    pub n_samples: u32,
    /// Key of the draws.
    pub key: u64,
}

/// The smallest and the largest rank of each item, 1 for the strongest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankSets {
    /// Smallest ranks.
    pub low: Vec<u32>,
    /// Largest ranks.
    pub high: Vec<u32>,
}

/// Confidence sets of the ranks of items with these strengths.
///
/// Items are ranked within their group. O(n^2 B) time and 8 n B bytes for B draws; standard
/// errors of differences are exact up to 2000 items and beyond that the root mean squares of the
/// draws, of relative standard deviation `1/sqrt(2 B)`. [`RankMethod::Intervals`] takes
/// O(n log n) beside the standard errors.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NotFinite`] naming `strength`; [`Error::Value`] naming `n_samples`
/// where they are too few for the level, or `method` where the items are too many for all pairs;
/// [`Error::TooLarge`], and whatever [`Control::check`] returns.
pub fn rank_sets(
    fitted: &mut dyn Fitted,
    strength: &[f64],
    params: &RankParams,
    team: &Team,
    control: &dyn Control,
) -> Result<RankSets, Error> {
    let n = fitted.n_items();
    if strength.len() != n {
        return Err(Error::Shape {
            argument: "strength",
            expected: format!("{n} entries, one per item"),
            found: strength.len().to_string(),
        });
    }
    require_finite("strength", strength)?;
    let groups = fitted.groups().to_vec();
    if let RankMethod::Intervals(half_width) = params.method {
        return by_intervals(fitted, strength, &groups, half_width, params.kind, team, control);
    }
    if n > MAX_ITEMS {
        return Err(Error::Value {
            argument: "method",
            rule: "'arena' for more than 20000 items: the others look at all pairs",
            value: format!("another one for {n} items"),
            index: None,
        });
    }
    let order = match params.method {
        RankMethod::Critical(_) => 0,
        _ => quantile_position(params)?,
    };
    let pairs = Pairs::new(fitted, params, groups, team, control)?;
    let critical = match params.method {
        RankMethod::Critical(value) => try_vec(n, value)?,
        RankMethod::Marginal => pairs.marginal(order, team, control)?,
        _ => try_vec(n, quantile(pairs.simultaneous(team, control)?, order))?,
    };
    pairs.sets(strength, &critical, team, control)
}

/// Position of the quantile among the sorted draws: `ceil(level (n_samples + 1))`, from 1.
fn quantile_position(params: &RankParams) -> Result<usize, Error> {
    let least = params.level * (f64::from(params.n_samples) + 1.0);
    let order = (1..=params.n_samples).find(|&order| f64::from(order) >= least);
    order.map(|order| order as usize).ok_or_else(|| Error::Value {
        argument: "n_samples",
        rule: "at least level / (1 - level)",
        value: format!("{} for level {}", params.n_samples, params.level),
        index: None,
    })
}

/// The `order`-th smallest value.
fn quantile(mut values: Vec<f64>, order: usize) -> f64 {
    let place = order.saturating_sub(1).min(values.len().saturating_sub(1));
    if values.is_empty() {
        return f64::INFINITY;
    }
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}

/// Differences of all pairs of items: draws and standard errors.
struct Pairs {
    n: usize,
    n_samples: usize,
    groups: Vec<u32>,
    /// Draws, item by item.
    draws: Vec<f64>,
    /// Covariance of the strengths; empty where the draws' own spread is used.
    covariance: Vec<f64>,
    /// Standard error of each strength, in the same terms as those of differences.
    errors: Vec<f64>,
}

impl Pairs {
    fn new(
        fitted: &mut dyn Fitted,
        params: &RankParams,
        groups: Vec<u32>,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Self, Error> {
        let n = fitted.n_items();
        let exact = n <= MAX_EXACT;
        let drawn = !(exact && matches!(params.method, RankMethod::Critical(_)));
        let n_samples = if drawn { params.n_samples as usize } else { 0 };
        let mut draws = try_matrix(n, n_samples)?;
        let take = |r: usize, draw: &[f64]| {
            for (i, &x) in draw[..n].iter().enumerate() {
                draws[i * n_samples + r] = x;
            }
        };
        let replicates = 0..n_samples as u32;
        Source::normal(params.kind, params.key)
            .for_each(fitted, replicates, take, team, control)?;
        let covariance = if exact {
            let all: Vec<u32> = (0..n as u32).collect();
            covariance(fitted, params.kind, None, &all, team, control)?
        } else {
            Vec::new()
        };
        let mut pairs = Self { n, n_samples, groups, draws, covariance, errors: Vec::new() };
        pairs.errors = (0..n).map(|i| pairs.own_error(i)).collect();
        Ok(pairs)
    }

    fn own_error(&self, i: usize) -> f64 {
        let variance = if self.covariance.is_empty() {
            let squares: f64 = self.row(i).iter().map(|x| x.powi(2)).sum();
            squares / self.n_samples.max(1) as f64
        } else {
            self.covariance[i * self.n + i]
        };
        variance.max(0.0).sqrt()
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.draws[i * self.n_samples..(i + 1) * self.n_samples]
    }

    fn comparable(&self, i: usize, j: usize) -> bool {
        i != j && (self.groups.is_empty() || self.groups[i] == self.groups[j])
    }

    /// Standard error of the difference of two items.
    fn error(&self, i: usize, j: usize) -> f64 {
        let n = self.n;
        let variance = if self.covariance.is_empty() {
            let squares: f64 =
                self.row(i).iter().zip(self.row(j)).map(|(x, y)| (x - y).powi(2)).sum();
            squares / self.n_samples.max(1) as f64
        } else {
            self.covariance[i * n + i] + self.covariance[j * n + j]
                - 2.0 * self.covariance[i * n + j]
        };
        variance.max(0.0).sqrt()
    }

    /// Raise each entry of `largest` to the studentised difference of two items in that draw.
    fn raise(&self, i: usize, j: usize, largest: &mut [f64]) {
        let error = self.error(i, j);
        if error == 0.0 {
            return;
        }
        let (scale, x, y) = (1.0 / error, self.row(i), self.row(j));
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for ((largest, x), y) in largest.iter_mut().zip(x).zip(y) {
                    let value = (x - y).abs() * scale;
                    *largest = if value > *largest { value } else { *largest };
                }
            },
        );
    }

    /// Call `f` for blocks of rows on all threads, asking the control in between.
    fn map_rows<T: Send>(
        &self,
        f: impl Fn(usize) -> T + Sync,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Vec<T>, Error> {
        let per_look = (PAIRS_PER_LOOK / (self.n * self.n_samples.max(16)).max(1)).max(1);
        let per_look = per_look.next_multiple_of(ROWS) * team.n_threads();
        let mut out = Vec::with_capacity(self.n);
        let mut start = 0;
        while start < self.n {
            control.check()?;
            let rows = per_look.min(self.n - start);
            let found = team
                .map_blocks(rows, ROWS, |block| block.map(|k| f(start + k)).collect::<Vec<_>>());
            out.extend(found.into_iter().flatten());
            start += rows;
        }
        Ok(out)
    }

    /// For each item the quantile of its largest studentised difference.
    fn marginal(
        &self,
        order: usize,
        team: &Team,
        control: &dyn Control,
    ) -> Result<Vec<f64>, Error> {
        let of_item = |i: usize| {
            let mut largest = vec![0.0; self.n_samples];
            for j in (0..self.n).filter(|&j| self.comparable(i, j)) {
                self.raise(i, j, &mut largest);
            }
            quantile(largest, order)
        };
        self.map_rows(of_item, team, control)
    }

    /// For each draw the largest studentised difference of any pair.
    fn simultaneous(&self, team: &Team, control: &dyn Control) -> Result<Vec<f64>, Error> {
        let mut largest = try_vec(self.n_samples, 0.0_f64)?;
        let of_item = |i: usize| {
            let mut largest = vec![0.0; self.n_samples];
            for j in (i + 1..self.n).filter(|&j| self.comparable(i, j)) {
                self.raise(i, j, &mut largest);
            }
            largest
        };
        for row in self.map_rows(of_item, team, control)? {
            for (largest, value) in largest.iter_mut().zip(row) {
                *largest = largest.max(value);
            }
        }
        Ok(largest)
    }

    /// Count the items on either side of each, beyond its critical value.
    fn sets(
        &self,
        strength: &[f64],
        critical: &[f64],
        team: &Team,
        control: &dyn Control,
    ) -> Result<RankSets, Error> {
        let of_item = |i: usize| {
            let (mut above, mut below, mut size) = (0, 0, 1);
            for j in (0..self.n).filter(|&j| self.comparable(i, j)) {
                size += 1;
                let difference = strength[j] - strength[i];
                // Minkowski's inequality settles most pairs without a look at their draws.
                let most = critical[i] * (self.errors[i] + self.errors[j]);
                if difference.abs() > most || difference.abs() > critical[i] * self.error(i, j) {
                    *(if difference > 0.0 { &mut above } else { &mut below }) += 1;
                }
            }
            (1 + above, size - below)
        };
        let (low, high) = self.map_rows(of_item, team, control)?.into_iter().unzip();
        Ok(RankSets { low, high })
    }
}

/// Count the items whose whole interval lies above, or below, that of each.
fn by_intervals(
    fitted: &mut dyn Fitted,
    strength: &[f64],
    groups: &[u32],
    half_width: f64,
    kind: Kind,
    team: &Team,
    control: &dyn Control,
) -> Result<RankSets, Error> {
    let n = strength.len();
    let errors = standard_error(fitted, kind, None, None, team, control)?.values;
    let end = |i: usize, sign: f64| strength[i] + sign * half_width * errors[i];
    let group = |i: usize| groups.get(i).copied().unwrap_or(0);
    let sorted = |sign: f64| {
        let mut ends: Vec<(u32, f64)> = (0..n).map(|i| (group(i), end(i, sign))).collect();
        ends.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        ends
    };
    let (lower, upper) = (sorted(-1.0), sorted(1.0));
    let (mut low, mut high) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let k = group(i);
        let last = lower.partition_point(|&(g, _)| g <= k);
        let first = lower.partition_point(|&(g, _)| g < k);
        let above = last - lower.partition_point(|&(g, x)| g < k || g == k && x <= end(i, 1.0));
        let below = upper.partition_point(|&(g, x)| g < k || g == k && x < end(i, -1.0)) - first;
        low.push(1 + above as u32);
        high.push((last - first - below) as u32);
    }
    Ok(RankSets { low, high })
}

/// The critical value of intervals that cover all strengths together: the quantile of the largest
/// studentised draw, in the frame of `reference`.
///
/// `errors` are the standard errors of the strengths in that frame. O(n) time a draw beside
/// the draws.
///
/// # Errors
/// [`Error::Shape`] naming `errors`, [`Error::Index`] naming `reference`, [`Error::Value`] naming
/// `n_samples`, and whatever [`Control::check`] returns.
pub fn simultaneous_critical_value(
    fitted: &mut dyn Fitted,
    errors: &[f64],
    reference: Option<usize>,
    params: &RankParams,
    team: &Team,
    control: &dyn Control,
) -> Result<f64, Error> {
    let n = fitted.n_items();
    if errors.len() != n {
        return Err(Error::Shape {
            argument: "errors",
            expected: format!("{n} entries, one per item"),
            found: errors.len().to_string(),
        });
    }
    let order = quantile_position(params)?;
    let frame = Frame::new(fitted, reference)?;
    let origins: Vec<Option<usize>> = (0..n).map(|i| frame.origin(fitted, i)).collect();
    let mut largest = Vec::with_capacity(params.n_samples as usize);
    let take = |_: usize, draw: &[f64]| {
        let values =
            errors.iter().zip(&origins).enumerate().filter(|(_, (error, _))| **error > 0.0);
        let values = values
            .map(|(i, (error, origin))| (draw[i] - origin.map_or(0.0, |r| draw[r])).abs() / error);
        largest.push(values.fold(0.0, f64::max));
    };
    let source = Source::normal(params.kind, params.key);
    source.for_each(fitted, 0..params.n_samples, take, team, control)?;
    Ok(quantile(largest, order))
}
