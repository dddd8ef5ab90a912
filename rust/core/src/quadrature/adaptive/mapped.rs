//! Regions of infinite ranges: where their points lie in x, and how they are judged.

use super::range::{Place, Range, Segment};
use super::rule::{Judgement, RegionRule};

/// Points of one region after the other, as offsets from its lower ends.
#[derive(Default)]
pub(super) struct Offsets {
    bounds: Vec<f64>,
    points: Vec<f64>,
}

impl Offsets {
    /// Where each coordinate of each point of a region lies in its range (n, d).
    pub(super) fn places<'a>(
        &'a mut self,
        rule: &dyn RegionRule,
        bounds: &'a [f64],
        ranges: &'a [Range],
    ) -> impl Iterator<Item = (Range, Place)> + 'a {
        let (low, high) = bounds.split_at(ranges.len());
        self.bounds.clear();
        self.bounds.resize(ranges.len(), 0.0);
        self.bounds.extend(low.iter().zip(high).map(|(low, high)| high - low));
        self.points.resize(rule.n_points() * ranges.len(), 0.0);
        rule.fill_points(&self.bounds, &mut self.points);
        self.points.iter().enumerate().map(move |(k, &offset)| {
            let axis = k % ranges.len();
            let interval = Segment { low: low[axis], high: high[axis] };
            (ranges[axis], ranges[axis].place_inside(interval, offset))
        })
    }
}

/// A rule with the room that it needs for one region after the other.
pub(super) struct Judge<'a> {
    rule: &'a dyn RegionRule,
    /// Of each component of the region that was judged last.
    pub(super) errors: Vec<f64>,
    offsets: Offsets,
    scaled: Vec<f64>,
}

impl<'a> Judge<'a> {
    /// Room for values with `n_components` components.
    pub(super) fn new(rule: &'a dyn RegionRule, n_components: usize) -> Self {
        Self {
            rule,
            errors: vec![0.0; n_components],
            offsets: Offsets::default(),
            scaled: Vec::new(),
        }
    }

    /// As [`RegionRule::judge`], of an integrand in x.
    pub(super) fn judge(
        &mut self,
        bounds: &[f64],
        ranges: &[Range],
        values: &[f64],
        integral: &mut [f64],
    ) -> Judgement {
        if ranges.iter().all(|range| range.is_finite()) {
            return self.rule.judge(bounds, values, integral, &mut self.errors);
        }
        self.scaled.clear();
        let mut places = self.offsets.places(self.rule, bounds, ranges);
        for values in values.chunks_exact(integral.len()) {
            let axes = places.by_ref().take(ranges.len());
            let jacobian: f64 = axes.map(|(_, place)| place.jacobian).product();
            self.scaled.extend(values.iter().map(|value| value * jacobian));
        }
        self.rule.judge(bounds, &self.scaled, integral, &mut self.errors)
    }
}
