//! The ends of the segments that intervals make up, and what is left at them to another method.

use super::end_trail::EndTrail;
use super::range::Segment;
use super::work_list::WorkList;
use crate::error::{Error, try_vec};

/// Length of an interval, relative to its segment, that is left to another method in any case.
const SHORTEST: f64 = 1.0 / (1 << 20) as f64;

/// An interval that waits for another method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aside {
    /// Its place in the list of those that were kept.
    pub(super) region: usize,
    /// Whether bisection goes on where the other method finds no answer.
    pub(super) is_trial: bool,
}

/// The segments of all integrals, with what the intervals at their lower and upper ends were.
pub(super) struct Ends {
    segments: Vec<Segment>,
    trails: Vec<[EndTrail; 2]>,
}

impl Ends {
    /// The segments that the regions of each origin make up, along the first axis.
    pub(super) fn of(first: &WorkList) -> Result<Self, Error> {
        let segments = hulls(first);
        let trails = try_vec(segments.len(), Default::default())?;
        Ok(Self { segments, trails })
    }

    /// The segment of an origin.
    pub(super) fn segment(&self, origin: u32) -> Segment {
        self.segments[origin as usize]
    }

    /// Take note of an interval that is to be split.
    ///
    /// Some where it lies at a singular end: whether that is a guess, which another method may prove
    /// wrong.
    pub(super) fn note(&mut self, list: &WorkList, region: usize, tolerance: f64) -> Option<bool> {
        let bounds = list.bounds(region);
        let origin = list.origins[region];
        let Segment { low, high } = self.segment(origin);
        let at_end = [bounds[0] == low, bounds[1] == high];
        if at_end.contains(&true) && bounds[1] - bounds[0] <= SHORTEST * (high - low) {
            return Some(false);
        }
        let mut is_singular = false;
        for (trail, at_end) in self.trails[origin as usize].iter_mut().zip(at_end) {
            if at_end {
                trail.note(list.errors[region]);
                is_singular |= trail.is_singular(tolerance);
                trail.was_tried |= is_singular;
            }
        }
        is_singular.then_some(true)
    }
}

/// From the least to the largest bound of the regions of each origin, along the first axis.
fn hulls(first: &WorkList) -> Vec<Segment> {
    let mut hulls = Vec::new();
    let empty = Segment { low: f64::INFINITY, high: f64::NEG_INFINITY };
    for (region, &origin) in first.origins.iter().enumerate() {
        let bounds = first.bounds(region);
        if hulls.len() <= origin as usize {
            hulls.resize(origin as usize + 1, empty);
        }
        let hull: &mut Segment = &mut hulls[origin as usize];
        hull.low = hull.low.min(bounds[0]);
        hull.high = hull.high.max(bounds[bounds.len() / 2]);
    }
    hulls
}
