//! The rounds of adaptive integration: where to evaluate, what was found, what to split next.

use std::ops::Range as Span;

use super::decide::{Decision, Ending, Limits, decide};
use super::doubt::{cast, doubts};
use super::ends::{Aside, Ends};
use super::mapped::{Judge, Offsets};
use super::params::{Components, Params, Round, SetAside};
use super::range::{Range, Segment};
use super::rule::{Measure, RegionRule};
use super::work_list::WorkList;
use crate::error::{Error, try_vec};
use crate::parallel::Team;

/// Regions per block of parallel work.
const BLOCK: usize = 64;

/// Many integrals that are refined together.
pub struct Integrator {
    rule: Box<dyn RegionRule>,
    params: Params,
    /// A range for each axis of each integral (p, d).
    ranges: Vec<Range>,
    /// The ends of segments, with one axis.
    ends: Ends,
    components: Option<Components>,
    /// Regions that wait for values.
    pending: WorkList,
    /// Regions of running integrals that were judged and not split.
    kept: WorkList,
    /// Room for both together.
    joined: WorkList,
    /// The regions whose halves wait, in order, where halves may cast doubt.
    parents: WorkList,
    /// Regions of integrals that ended, if they are kept.
    ended: WorkList,
    /// Those in `kept` that wait for another method.
    aside: Vec<Aside>,
    /// 1, or -1 for integrals that are taken the other way (p,).
    signs: Vec<f64>,
    values: Vec<f64>,
    errors: Vec<f64>,
    tolerances: Vec<f64>,
    endings: Vec<Ending>,
    n_regions: Vec<u64>,
    n_evaluations: Vec<u64>,
}

impl Integrator {
    /// Begin with a list of regions, in the coordinates of a range for each axis of each integral.
    ///
    /// An integral without a region has the value 0.
    ///
    /// # Errors
    /// [`Error::Shape`] when ranges, regions and rule do not fit together, and [`Error::TooLarge`].
    pub fn new(
        rule: Box<dyn RegionRule>,
        ranges: Vec<Range>,
        first: WorkList,
        params: Params,
    ) -> Result<Self, Error> {
        let d = rule.n_axes();
        let count = ranges.len() / d;
        let fits = ranges.len() == count * d
            && first.all_bounds().len() == first.len() * 2 * d
            && first.owners().last().is_none_or(|&last| (last as usize) < count);
        if !fits {
            let expected = format!("{d} entries for each integral");
            return Err(Error::Shape {
                argument: "ranges",
                expected,
                found: ranges.len().to_string(),
            });
        }
        let mut endings = try_vec(count, Ending::Converged)?;
        first.owners().iter().for_each(|&owner| endings[owner as usize] = Ending::Running);
        Ok(Self {
            rule,
            params,
            ranges,
            ends: Ends::of(&first)?,
            components: None,
            pending: first,
            kept: WorkList::new(d),
            joined: WorkList::new(d),
            parents: WorkList::new(d),
            ended: WorkList::new(d),
            aside: Vec::new(),
            signs: try_vec(count, 1.0)?,
            values: Vec::new(),
            errors: try_vec(count, 0.0)?,
            tolerances: try_vec(count, 0.0)?,
            endings,
            n_regions: try_vec(count, 0)?,
            n_evaluations: try_vec(count, 0)?,
        })
    }

    /// Take each integral with a sign: -1 where its ends were exchanged (p,).
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one for each integral.
    pub fn orient(&mut self, signs: &[f64]) -> Result<(), Error> {
        if signs.len() != self.signs.len() {
            let expected = format!("{} entries", self.signs.len());
            return Err(Error::Shape {
                argument: "signs",
                expected,
                found: signs.len().to_string(),
            });
        }
        self.signs.copy_from_slice(signs);
        Ok(())
    }

    /// Number of integrals p.
    pub fn n_integrals(&self) -> usize {
        self.endings.len()
    }

    /// Number of axes d of a region.
    pub fn n_axes(&self) -> usize {
        self.rule.n_axes()
    }

    /// Number of points n of a region.
    pub fn n_points(&self) -> usize {
        self.rule.n_points()
    }

    /// Number of regions that wait for values.
    pub fn n_pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether an integral has not ended.
    pub fn is_running(&self) -> bool {
        self.endings.contains(&Ending::Running)
    }

    /// The integrals of the regions that wait for values.
    pub fn owners(&self) -> &[u32] {
        self.pending.owners()
    }

    /// Write the points of some of the regions that wait (m, n, d).
    pub fn fill_points(&self, regions: Span<usize>, points: &mut [f64], team: &Team) {
        let (n, d) = (self.rule.n_points(), self.rule.n_axes());
        let first = regions.start;
        team.for_each_chunk_mut(points, BLOCK * n * d, |start, chunk| {
            let mut offsets = Offsets::default();
            for (k, points) in chunk.chunks_exact_mut(n * d).enumerate() {
                let region = first + start / (n * d) + k;
                let bounds = self.pending.bounds(region);
                let ranges = self.ranges_of(region);
                self.rule.fill_points(bounds, points);
                if ranges.iter().all(|range| range.is_finite()) {
                    continue;
                }
                let places = offsets.places(self.rule.as_ref(), bounds, ranges);
                for (x, (range, place)) in points.iter_mut().zip(places) {
                    if !range.is_finite() {
                        *x = place.x;
                    }
                }
            }
        });
    }

    /// Write the distance of each point of some intervals to the nearer end of its segment (m, n).
    pub fn fill_distances(&self, regions: Span<usize>, distances: &mut [f64], team: &Team) {
        let n = self.rule.n_points();
        let first = regions.start;
        team.for_each_chunk_mut(distances, BLOCK * n, |start, chunk| {
            for (k, distances) in chunk.chunks_exact_mut(n).enumerate() {
                let region = first + start / n + k;
                let bounds = self.pending.bounds(region);
                let segment = self.ends.segment(self.pending.origins[region]);
                let range = self.ranges_of(region)[0];
                // Offsets from the ends of the interval, which lose nothing near 0.
                let length = bounds[1] - bounds[0];
                self.rule.fill_points(&[0.0, length], distances);
                let outside = (bounds[0] - segment.low, segment.high - bounds[1]);
                for distance in distances {
                    let offset = *distance;
                    let to_end = (outside.0 + offset, outside.1 + (length - offset));
                    *distance = range.distance(bounds[0] + offset, segment, to_end.0, to_end.1);
                }
            }
        });
    }

    /// Take the values at the points of some of the regions that wait (m, n, v).
    ///
    /// # Errors
    /// [`Error::Shape`] when there are too many or too few, or other components than before, and
    /// [`Error::TooLarge`].
    pub fn tell(
        &mut self,
        regions: Span<usize>,
        values: &[f64],
        components: Components,
        team: &Team,
    ) -> Result<(), Error> {
        let (n, v) = (self.rule.n_points(), components.count);
        let inside = regions.start <= regions.end && regions.end <= self.pending.len();
        if !inside || values.len() != regions.len() * n * v {
            let expected = format!("{v} component(s) at {n} points of the regions {regions:?}");
            let found = format!("{} numbers", values.len());
            return Err(Error::Shape { argument: "values", expected, found });
        }
        self.expect(components)?;
        for &owner in &self.pending.owners()[regions.clone()] {
            self.n_evaluations[owner as usize] += n as u64;
        }
        let measure = Measure { norm: self.params.norm, complex: components.complex };
        let (first, span, d) = (regions.start, regions.clone(), self.rule.n_axes());
        let (rule, ranges) = (&self.rule, &self.ranges);
        let WorkList {
            bounds, owners, values: integrals, errors, is_final, is_constant, axes, ..
        } = &mut self.pending;
        let parts: Vec<_> = integrals[span.start * v..span.end * v]
            .chunks_mut(BLOCK * v)
            .zip(errors[span.clone()].chunks_mut(BLOCK))
            .zip(is_final[span.clone()].chunks_mut(BLOCK))
            .zip(is_constant[span.clone()].chunks_mut(BLOCK))
            .zip(axes[span].chunks_mut(BLOCK))
            .enumerate()
            .collect();
        team.for_each_part(parts, |(block, ((((integrals, errors), finals), constants), axes))| {
            let mut judge = Judge::new(rule.as_ref(), v);
            for k in 0..errors.len() {
                let region = first + block * BLOCK + k;
                let bounds = &bounds[region * 2 * d..][..2 * d];
                let owner = owners[region] as usize;
                let values = &values[(region - first) * n * v..][..n * v];
                let integral = &mut integrals[k * v..(k + 1) * v];
                let found = judge.judge(bounds, &ranges[owner * d..][..d], values, integral);
                errors[k] = measure.norm.of(&judge.errors, measure.complex);
                finals[k] = found.is_final;
                constants[k] = found.is_constant;
                axes[k] = found.axis as u8;
            }
        });
        for region in regions {
            self.pending.is_final[region] |= self.pending.is_thinnest(region);
        }
        Ok(())
    }

    /// Sum up, end what is good enough, and split the regions that matter.
    ///
    /// Every region that waited must have its values, and those set aside theirs.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub fn advance(&mut self, team: &Team) -> Result<Round, Error> {
        let doubts = doubts(&self.parents, &self.pending, self.measure());
        self.joined.merge(&self.kept, &self.pending)?;
        self.kept.clear();
        self.pending.clear();
        self.aside.clear();
        let groups = self.joined.groups();
        cast(doubts, &self.parents, &mut self.joined, &groups);
        self.parents.clear();
        let decisions = self.decisions(&groups, team);
        self.kept.reserve(self.joined.len())?;
        let n_split = decisions.iter().map(|found| found.split.len()).sum::<usize>();
        self.pending.reserve(2 * n_split)?;
        if self.rule.casts_doubt() {
            self.parents.reserve(n_split)?;
        }
        let v = self.joined.n_components();
        for (regions, found) in groups.into_iter().zip(decisions) {
            let owner = self.joined.owners[regions.start] as usize;
            let values = &mut self.values[owner * v..(owner + 1) * v];
            let sign = self.signs[owner];
            values.iter_mut().zip(&found.value).for_each(|(to, from)| *to = sign * from);
            self.errors[owner] = found.error;
            self.tolerances[owner] = found.tolerance;
            self.endings[owner] = found.ending;
            self.n_regions[owner] = regions.len() as u64;
            if found.ending == Ending::Running {
                self.split(regions, &found.split);
            } else if self.params.keep {
                self.ended.reserve(regions.len())?;
                self.ended.extend(&self.joined, regions);
            }
        }
        Ok(Round {
            n_running: self.endings.iter().filter(|&&ending| ending == Ending::Running).count(),
            n_regions: self.joined.len(),
            error: self.errors.iter().fold(0.0, |most: f64, &error| most.max(error)),
        })
    }

    /// Intervals at singular ends, which another method should integrate before the next advance.
    pub fn set_aside(&self) -> Vec<SetAside> {
        let describe = |&Aside { region, is_trial }: &Aside| {
            let owner = self.kept.owners[region];
            let bounds = self.kept.bounds(region);
            SetAside {
                owner,
                range: self.ranges[owner as usize],
                interval: Segment { low: bounds[0], high: bounds[1] },
                segment: self.ends.segment(self.kept.origins[region]),
                tolerance: self.tolerances[owner as usize],
                is_trial,
            }
        };
        self.aside.iter().map(describe).collect()
    }

    /// Take what another method found over the interval that was set aside at position `k`.
    ///
    /// The interval is final from here on; an estimate that is no better than the one at hand is
    /// passed over. But a trial that ended for want of points, or at the wish of the caller, counts
    /// for nothing.
    pub fn settle(
        &mut self,
        k: usize,
        value: &[f64],
        error: f64,
        n_evaluations: u64,
        ending: Ending,
    ) {
        let Aside { region, is_trial } = self.aside[k];
        self.n_evaluations[self.kept.owners[region] as usize] += n_evaluations;
        if is_trial && !matches!(ending, Ending::Converged | Ending::Roundoff | Ending::Ends) {
            return;
        }
        self.kept.is_final[region] = true;
        if error < self.kept.errors[region] {
            let v = self.kept.n_components();
            self.kept.errors[region] = error;
            self.kept.values[region * v..(region + 1) * v].copy_from_slice(value);
        }
    }

    /// End whatever still runs, at the wish of the caller.
    pub fn stop(&mut self) {
        let running = self.endings.iter_mut().filter(|ending| **ending == Ending::Running);
        running.for_each(|ending| *ending = Ending::Stopped);
    }

    /// The integrals as of the last round (p, v); empty when nothing was told.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Their estimated errors (p,).
    pub fn errors(&self) -> &[f64] {
        &self.errors
    }

    /// How they ended (p,).
    pub fn endings(&self) -> &[Ending] {
        &self.endings
    }

    /// Number of regions of each integral (p,).
    pub fn n_regions(&self) -> &[u64] {
        &self.n_regions
    }

    /// Number of points at which the integrand of each integral was evaluated (p,).
    pub fn n_evaluations(&self) -> &[u64] {
        &self.n_evaluations
    }

    /// What was asked.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// What values are made of; None when nothing was told.
    pub fn components(&self) -> Option<Components> {
        self.components
    }

    /// The regions of integrals that ended and of those that run, if they are kept.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the memory cannot be had.
    pub fn regions(&self) -> Result<WorkList, Error> {
        let mut all = WorkList::new(self.rule.n_axes());
        let mut rest = self.kept.clone();
        if rest.n_components() != self.ended.n_components() {
            rest.clear();
        }
        all.merge(&self.ended, &rest)?;
        Ok(all)
    }

    /// The range of each axis of each integral (p, d).
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    fn ranges_of(&self, pending: usize) -> &[Range] {
        let d = self.rule.n_axes();
        &self.ranges[self.pending.owners()[pending] as usize * d..][..d]
    }

    /// Provide for the first values; later ones must have the same components.
    fn expect(&mut self, components: Components) -> Result<(), Error> {
        match self.components {
            Some(known) if known == components => return Ok(()),
            None if components.count > 0 => {}
            known => {
                let expected = format!("the components {known:?}");
                let found = format!("{components:?}");
                return Err(Error::Shape { argument: "values", expected, found });
            }
        }
        let count = components.count;
        for list in [
            &mut self.pending,
            &mut self.kept,
            &mut self.joined,
            &mut self.parents,
            &mut self.ended,
        ] {
            list.set_components(count)?;
        }
        self.values = try_vec(self.endings.len().saturating_mul(count), 0.0)?;
        self.components = Some(components);
        Ok(())
    }

    fn decisions(&self, groups: &[Span<usize>], team: &Team) -> Vec<Decision> {
        let Params { tolerance, limit, split_limit, .. } = self.params;
        let limits = Limits { regions: limit, a_round: split_limit };
        let measure = self.measure();
        let blocks = team.map_blocks(groups.len(), BLOCK, |block| {
            let groups = groups[block].iter();
            groups
                .map(|regions| decide(&self.joined, regions.clone(), tolerance, limits, measure))
                .collect::<Vec<_>>()
        });
        blocks.into_iter().flatten().collect()
    }

    fn measure(&self) -> Measure {
        let complex = self.components.is_some_and(|components| components.complex);
        Measure { norm: self.params.norm, complex }
    }

    /// Keep the regions of one integral, but for the ascending `split`, whose halves wait.
    fn split(&mut self, regions: Span<usize>, split: &[usize]) {
        let mut first = regions.start;
        for &region in split {
            self.kept.extend(&self.joined, first..region);
            first = region + 1;
            if let Some(is_trial) = self.is_for_another_method(region) {
                self.aside.push(Aside { region: self.kept.len(), is_trial });
                self.kept.extend(&self.joined, region..region + 1);
            } else {
                self.pending.push_halves(&self.joined, region);
                if self.rule.casts_doubt() {
                    self.parents.extend(&self.joined, region..region + 1);
                }
            }
        }
        self.kept.extend(&self.joined, first..regions.end);
    }

    /// As [`Ends::note`], of an interval that is to be split.
    fn is_for_another_method(&mut self, region: usize) -> Option<bool> {
        let tolerance = self.tolerances[self.joined.owners[region] as usize];
        let is_wanted = self.params.set_aside;
        is_wanted.then(|| self.ends.note(&self.joined, region, tolerance)).flatten()
    }
}
