//! When an integral is good enough, and which of its regions to split if it is not.

use std::ops::Range;

use super::rule::Measure;
use super::work_list::WorkList;
use crate::parallel::pairwise_sum;

/// How close an integral should come: the error is to be at most `max(atol, rtol |value|)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Relative to the norm of the value.
    pub rtol: f64,
    /// In the units of the value.
    pub atol: f64,
}

impl Tolerance {
    /// The largest error that is accepted for a value of this norm.
    pub fn of(self, norm: f64) -> f64 {
        self.atol.max(self.rtol * norm)
    }
}

/// How an integral ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It has not ended yet.
    Running,
    /// The estimated error is at most the tolerance.
    Converged,
    /// Rounding errors keep the estimate above the tolerance.
    Roundoff,
    /// It has as many regions or points as are allowed.
    Limit,
    /// Sums of values exceed the range of numbers.
    Overflow,
    /// The integrand does not decay before the last numbers beside the ends.
    Ends,
    /// The caller asked to stop.
    Stopped,
}

/// What one round found out about one integral.
#[derive(Debug)]
pub(super) struct Decision {
    /// The integral of each component.
    pub(super) value: Vec<f64>,
    /// Its estimated error.
    pub(super) error: f64,
    /// The tolerance in force.
    pub(super) tolerance: f64,
    /// How it ended, if it did.
    pub(super) ending: Ending,
    /// The regions to split, ascending; empty when it ended.
    pub(super) split: Vec<usize>,
}

/// Limits of the splitting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most regions of one integral.
    pub(super) regions: usize,
    /// Most regions of one integral that are split in one round.
    pub(super) a_round: usize,
}

/// Sum up the regions of one integral and decide what to do with them.
///
/// The regions with the largest errors are split, such that the others carry at most half of the
/// tolerance. Regions that cannot be improved take their part of it away first; where they alone
/// exceed it, the others are split until they matter no more.
pub(super) fn decide(
    list: &WorkList,
    regions: Range<usize>,
    tolerance: Tolerance,
    limits: Limits,
    measure: Measure,
) -> Decision {
    let v = list.n_components();
    let mut column = Vec::with_capacity(regions.len());
    let value: Vec<f64> = (0..v)
        .map(|component| {
            column.clear();
            column.extend(regions.clone().map(|region| list.value(region)[component]));
            pairwise_sum(&column)
        })
        .collect();
    let error = pairwise_sum(&list.errors[regions.clone()]);
    let tolerance = tolerance.of(measure.norm.of(&value, measure.complex));
    let ended = |ending| Decision { value: value.clone(), error, tolerance, ending, split: vec![] };
    if !error.is_finite() || value.iter().any(|x| !x.is_finite()) {
        return ended(Ending::Overflow);
    }
    let count = regions.len();
    let room = limits.regions.saturating_sub(count).min(limits.a_round);
    let again = look_again(list, regions.clone(), room);
    if !again.is_empty() {
        return Decision { value, error, tolerance, ending: Ending::Running, split: again };
    }
    if error <= tolerance {
        return ended(Ending::Converged);
    }
    let (stuck, mut open): (Vec<usize>, Vec<usize>) =
        regions.partition(|&region| list.is_final[region]);
    column.clear();
    column.extend(stuck.iter().map(|&region| list.errors[region]));
    let stuck = pairwise_sum(&column);
    let within_reach = tolerance.max(2.0 * stuck);
    if open.is_empty() || error <= within_reach {
        return ended(Ending::Roundoff);
    }
    if room == 0 {
        return ended(Ending::Limit);
    }
    // A stable sort: of equal errors the first in the list comes first.
    open.sort_by(|&a, &b| list.errors[b].total_cmp(&list.errors[a]));
    let mut rest = 0.0;
    let unsplit = open.iter().rev().take_while(|&&region| {
        rest += list.errors[region];
        rest <= 0.5 * (within_reach - stuck)
    });
    let wanted = (open.len() - unsplit.count()).max(1);
    open.truncate(wanted.min(room));
    open.sort_unstable();
    Decision { value, error, tolerance, ending: Ending::Running, split: open }
}

/// The regions to split, at most `room`, of an integrand that was constant at all points so far.
///
/// It may be 0 but for a part that was missed, so that each axis is to be cut once before the value is
/// believed.
fn look_again(list: &WorkList, regions: Range<usize>, room: usize) -> Vec<usize> {
    let is_constant = list.is_constant[regions.clone()].iter().all(|&is| is);
    if !is_constant || regions.len() >= 1 << list.n_axes() {
        return Vec::new();
    }
    regions.filter(|&region| !list.is_thinnest(region)).take(room).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::adaptive::Norm;

    const MEASURE: Measure = Measure { norm: Norm::Max, complex: false };
    const LIMITS: Limits = Limits { regions: 100, a_round: 100 };

    /// Regions of one integral with given errors, those of `stuck` final, each of value 1.
    fn list(errors: &[f64], stuck: &[usize]) -> WorkList {
        let mut list = WorkList::new(1);
        for k in 0..errors.len() {
            list.push(0, 0, &[k as f64, k as f64 + 1.0]);
        }
        list.set_components(1).unwrap();
        list.values.fill(1.0);
        list.errors.copy_from_slice(errors);
        for &k in stuck {
            list.is_final[k] = true;
        }
        list
    }

    fn run(errors: &[f64], stuck: &[usize], atol: f64, limits: Limits) -> Decision {
        let list = list(errors, stuck);
        decide(&list, 0..list.len(), Tolerance { rtol: 0.0, atol }, limits, MEASURE)
    }

    #[test]
    fn what_is_left_carries_at_most_half_of_the_tolerance() {
        let found = run(&[0.1, 3.0, 0.2, 0.4, 2.0, 0.3], &[], 1.0, LIMITS);
        assert_eq!((found.ending, &found.split[..]), (Ending::Running, &[1, 3, 4, 5][..]));
        assert_eq!((found.value[0], found.error), (6.0, 6.0));
        // Exactly half may be left.
        assert_eq!(run(&[0.25, 0.25, 1.0], &[], 1.0, LIMITS).split, [2]);
        // At least one is split, though the others do not reach half.
        assert_eq!(run(&[0.45, 0.3, 0.3], &[], 1.0, LIMITS).split, [0, 1]);
        assert_eq!(run(&[1.1], &[], 1.0, LIMITS).split, [0]);
    }

    #[test]
    fn regions_that_cannot_be_improved_are_left_alone() {
        let found = run(&[0.6, 0.5, 0.1], &[0], 1.0, LIMITS);
        assert_eq!((found.ending, &found.split[..]), (Ending::Running, &[1][..]));
        // They alone exceed the tolerance: go on only while others matter.
        assert_eq!(run(&[2.0, 9.0, 0.1], &[0], 1.0, LIMITS).split, [1]);
        assert_eq!(run(&[2.0, 1.0, 0.1], &[0], 1.0, LIMITS).ending, Ending::Roundoff);
        assert_eq!(run(&[2.0, 3.0], &[0, 1], 1.0, LIMITS).ending, Ending::Roundoff);
    }

    #[test]
    fn limits_and_overflow_end_an_integral() {
        let limits = Limits { regions: 4, a_round: 9 };
        assert_eq!(run(&[3.0, 2.0, 1.0], &[], 0.1, limits).split, [0]);
        assert_eq!(run(&[3.0, 2.0, 1.0, 1.0], &[], 0.1, limits).ending, Ending::Limit);
        let limits = Limits { regions: 100, a_round: 2 };
        assert_eq!(run(&[1.0, 2.0, 3.0], &[], 0.1, limits).split, [1, 2]);
        assert_eq!(run(&[f64::INFINITY, 1.0], &[0], 0.1, LIMITS).ending, Ending::Overflow);
        assert_eq!(run(&[0.5, 0.5], &[], 1.0, LIMITS).ending, Ending::Converged);
    }

    #[test]
    fn constants_are_looked_at_again_until_every_axis_was_cut() {
        let boxes = |count: usize, constant: bool| {
            let mut list = WorkList::new(3);
            for _ in 0..count {
                list.push(0, 0, &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
            }
            list.set_components(1).unwrap();
            list.errors.fill(0.0);
            list.is_constant.fill(constant);
            list
        };
        let run = |list: &WorkList, limits| {
            let tolerance = Tolerance { rtol: 0.1, atol: 0.0 };
            decide(list, 0..list.len(), tolerance, limits, MEASURE)
        };
        for count in [1, 2, 4] {
            let found = run(&boxes(count, true), LIMITS);
            assert_eq!(found.ending, Ending::Running);
            assert_eq!(found.split, (0..count).collect::<Vec<_>>());
        }
        assert_eq!(run(&boxes(8, true), LIMITS).ending, Ending::Converged);
        assert_eq!(run(&boxes(2, false), LIMITS).ending, Ending::Converged);
        let mut mixed = boxes(2, true);
        mixed.is_constant[1] = false;
        assert_eq!(run(&mixed, LIMITS).ending, Ending::Converged);
        // No more than is allowed.
        assert_eq!(run(&boxes(4, true), Limits { regions: 5, a_round: 9 }).split, [0]);
        assert_eq!(
            run(&boxes(4, true), Limits { regions: 4, a_round: 9 }).ending,
            Ending::Converged
        );
    }

    #[test]
    fn the_relative_tolerance_follows_the_value() {
        let list = list(&[0.5, 0.6], &[]);
        let ending = |rtol| {
            let tolerance = Tolerance { rtol, atol: 0.0 };
            decide(&list, 0..2, tolerance, LIMITS, MEASURE).ending
        };
        assert_eq!((ending(0.5), ending(0.56)), (Ending::Running, Ending::Converged));
    }
}
