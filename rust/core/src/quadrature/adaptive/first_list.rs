//! The intervals with which integrals over ranges begin.

use super::range::{Range, Segment};
use super::work_list::WorkList;
use crate::error::{Error, NonFinite};

/// What integrals in one variable are made of.
#[derive(Debug, Clone)]
pub struct Segments {
    /// The range of each integral (p,).
    pub ranges: Vec<Range>,
    /// Pieces between ends and break points, in the coordinate of the range, with their integrals.
    pub segments: Vec<(u32, Segment)>,
}

/// Cut the ranges between pairs of ends at break points.
///
/// `points` are break points: the same for all integrals (k,), or with `each` as many for each of
/// them (p, k). Those that do not lie inside a range are passed over. A range between equal ends has
/// no segment: its integral is 0. Ends may come in either order.
///
/// # Errors
/// [`Error::Shape`] when lengths do not match, [`Error::NotFinite`] for NaN.
pub fn segments(a: &[f64], b: &[f64], points: &[f64], each: bool) -> Result<Segments, Error> {
    if a.len() != b.len() || u32::try_from(a.len()).is_err() {
        let (expected, found) = (format!("the {} entries of `a`", a.len()), b.len().to_string());
        return Err(Error::Shape { argument: "b", expected, found });
    }
    for (argument, values) in [("a", a), ("b", b), ("points", points)] {
        if let Some(index) = values.iter().position(|x| x.is_nan()) {
            return Err(Error::NotFinite { argument, index, kind: NonFinite::Nan });
        }
    }
    let k = if each { points.len() / a.len().max(1) } else { points.len() };
    if each && k * a.len() != points.len() {
        let (expected, found) = (format!("entries for {} integrals", a.len()), points.len());
        return Err(Error::Shape { argument: "points", expected, found: found.to_string() });
    }
    let own = |owner: usize| if each { &points[owner * k..(owner + 1) * k] } else { points };
    let mut found = Segments { ranges: Vec::new(), segments: Vec::new() };
    let mut ends = Vec::new();
    for (owner, (&a, &b)) in a.iter().zip(b).enumerate() {
        let (low, high) = (a.min(b), a.max(b));
        let range = Range::between(low, high);
        found.ranges.push(range);
        if low == high {
            continue;
        }
        let whole = range.whole(low, high);
        ends.clear();
        ends.extend([whole.low, whole.high]);
        let inside = own(owner).iter().filter(|&&x| low < x && x < high);
        ends.extend(inside.map(|&x| range.coordinate(x)));
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        let pairs = ends.windows(2);
        found
            .segments
            .extend(pairs.map(|pair| (owner as u32, Segment { low: pair[0], high: pair[1] })));
    }
    Ok(found)
}

/// The ranges between pairs of ends, and the intervals to begin with.
///
/// These are the [`segments`]; but an infinite range without break points is two intervals, so that
/// a narrow peak is not missed for want of points.
///
/// # Errors
/// As [`segments`].
pub fn interval_list(
    a: &[f64],
    b: &[f64],
    points: &[f64],
    each: bool,
) -> Result<(Vec<Range>, WorkList), Error> {
    let Segments { ranges, segments } = segments(a, b, points, each)?;
    let mut list = WorkList::new(1);
    for (origin, &(owner, Segment { low, high })) in segments.iter().enumerate() {
        let range = ranges[owner as usize];
        if !range.is_finite() && range.whole(low, high) == (Segment { low, high }) {
            let middle = 0.5 * low + 0.5 * high;
            list.push(owner, origin as u32, &[low, middle]);
            list.push(owner, origin as u32, &[middle, high]);
        } else {
            list.push(owner, origin as u32, &[low, high]);
        }
    }
    Ok((ranges, list))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFINITY: f64 = f64::INFINITY;

    fn bounds(list: &WorkList, owner: u32) -> Vec<(f64, f64)> {
        let own = (0..list.len()).filter(|&k| list.owners()[k] == owner);
        own.map(|k| (list.bounds(k)[0], list.bounds(k)[1])).collect()
    }

    #[test]
    fn each_kind_of_range_has_its_first_intervals() {
        let a = [0.0, 3.0, 1.0, -INFINITY, -INFINITY, 2.0, INFINITY];
        let b = [1.0, -1.0, INFINITY, 4.0, INFINITY, 2.0, INFINITY];
        let (ranges, list) = interval_list(&a, &b, &[], false).unwrap();
        assert_eq!(bounds(&list, 0), [(0.0, 1.0)]);
        assert_eq!(bounds(&list, 1), [(-1.0, 3.0)]);
        assert_eq!(bounds(&list, 2), [(0.0, 0.5), (0.5, 1.0)]);
        assert_eq!(bounds(&list, 3), bounds(&list, 2));
        assert_eq!(bounds(&list, 4), [(-1.0, 0.0), (0.0, 1.0)]);
        assert!(bounds(&list, 5).is_empty() && bounds(&list, 6).is_empty());
        assert_eq!(ranges[3], Range::Below { to: 4.0 });
    }

    #[test]
    fn break_points_cut_the_ranges_that_hold_them() {
        let points = [0.5, 7.0, 0.5, -1.0];
        let (_, list) = interval_list(&[0.0, 2.0], &[1.0, INFINITY], &points, false).unwrap();
        assert_eq!(bounds(&list, 0), [(0.0, 0.5), (0.5, 1.0)]);
        assert_eq!(bounds(&list, 1), [(0.0, 5.0 / 6.0), (5.0 / 6.0, 1.0)]);
        let (_, list) = interval_list(&[0.0, 0.0], &[9.0, 9.0], &points, true).unwrap();
        assert_eq!(bounds(&list, 0), [(0.0, 0.5), (0.5, 7.0), (7.0, 9.0)]);
        assert_eq!(bounds(&list, 1), [(0.0, 0.5), (0.5, 9.0)]);
        assert_eq!(list.origins, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_does_not_match_is_refused() {
        assert!(interval_list(&[0.0], &[1.0, 2.0], &[], false).is_err());
        assert!(interval_list(&[0.0], &[f64::NAN], &[], false).is_err());
        assert!(interval_list(&[0.0, 0.0], &[1.0, 1.0], &[0.5; 3], true).is_err());
    }
}
