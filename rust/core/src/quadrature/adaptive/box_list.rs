//! The boxes with which integrals over boxes begin.

use super::range::Range;
use super::work_list::WorkList;
use crate::error::{Error, NonFinite};

/// Integrals over boxes, one end of each axis in `a` and the other in `b`.
#[derive(Debug, Clone, Copy)]
pub struct Boxes<'a> {
    /// Number of axes d, at least 1.
    pub n_axes: usize,
    /// Ends of all integrals (p, d).
    pub a: &'a [f64],
    /// The other ends (p, d), larger or smaller, finite or not.
    pub b: &'a [f64],
    /// Break points: the same for all integrals (k, d), or with `each` as many for each (p, k, d).
    pub points: &'a [f64],
    /// Whether each integral has break points of its own.
    pub each: bool,
}

/// The ranges of all axes (p, d), and the boxes to begin with.
///
/// A break point divides the box that holds it along every axis on which it lies strictly inside;
/// those outside are passed over. An infinite range is divided in its middle besides, so that a
/// narrow peak is not missed for want of points. A box with equal ends along an axis is left out: its
/// integral is 0.
///
/// # Errors
/// [`Error::Shape`] when lengths do not match, [`Error::NotFinite`] for NaN.
pub fn box_list(boxes: &Boxes<'_>) -> Result<(Vec<Range>, WorkList), Error> {
    boxes.validate()?;
    let Boxes { n_axes: d, a, b, points, each } = *boxes;
    let count = a.len() / d;
    let share = if each { points.len() / count.max(1) } else { 0 };
    let mut ranges = Vec::with_capacity(a.len());
    let mut list = WorkList::new(d);
    let mut origin = 0;
    for owner in 0..count {
        let ends = owner * d..(owner + 1) * d;
        let own = if each { &points[owner * share..(owner + 1) * share] } else { points };
        let (own_ranges, pieces) = pieces(&a[ends.clone()], &b[ends], own);
        ranges.extend(own_ranges);
        for bounds in pieces {
            list.push(owner as u32, origin, &bounds);
            origin += 1;
        }
    }
    Ok((ranges, list))
}

impl Boxes<'_> {
    /// The sign of each integral (p,): -1 where an odd number of ranges runs backwards.
    pub fn signs(&self) -> Vec<f64> {
        let rows = self.a.chunks(self.n_axes).zip(self.b.chunks(self.n_axes));
        rows.map(|(a, b)| {
            let backwards = a.iter().zip(b).filter(|(a, b)| a > b).count();
            if backwards % 2 == 0 { 1.0 } else { -1.0 }
        })
        .collect()
    }

    fn validate(&self) -> Result<(), Error> {
        let Self { n_axes: d, a, b, points, each } = *self;
        let shape = |argument, expected, found: usize| {
            Err(Error::Shape { argument, expected, found: format!("{found} numbers") })
        };
        if d == 0 || a.len() % d != 0 || a.len() / d > u32::MAX as usize {
            return shape("a", format!("rows of {d} numbers"), a.len());
        }
        if b.len() != a.len() {
            return shape("b", format!("{} numbers, as `a`", a.len()), b.len());
        }
        let rows = if each { (a.len() / d).max(1) } else { 1 };
        if points.len() % (rows * d) != 0 {
            return shape("points", format!("{rows} times rows of {d} numbers"), points.len());
        }
        for (argument, values) in [("a", a), ("b", b), ("points", points)] {
            if let Some(index) = values.iter().position(|x| x.is_nan()) {
                return Err(Error::NotFinite { argument, index, kind: NonFinite::Nan });
            }
        }
        Ok(())
    }
}

/// The ranges of one box, and the bounds of its pieces.
fn pieces(a: &[f64], b: &[f64], points: &[f64]) -> (Vec<Range>, Vec<Vec<f64>>) {
    let d = a.len();
    let low: Vec<f64> = a.iter().zip(b).map(|(a, b)| a.min(*b)).collect();
    let high: Vec<f64> = a.iter().zip(b).map(|(a, b)| a.max(*b)).collect();
    let ranges: Vec<Range> =
        low.iter().zip(&high).map(|(&low, &high)| Range::between(low, high)).collect();
    if low.iter().zip(&high).any(|(low, high)| low == high) {
        return (ranges, Vec::new());
    }
    let mut whole = vec![0.0; 2 * d];
    let mut middle = vec![f64::NAN; d];
    for axis in 0..d {
        let segment = ranges[axis].whole(low[axis], high[axis]);
        (whole[axis], whole[d + axis]) = (segment.low, segment.high);
        if !ranges[axis].is_finite() {
            middle[axis] = 0.5 * segment.low + 0.5 * segment.high;
        }
    }
    let mut pieces = divide(vec![whole], &middle);
    for point in points.chunks_exact(d) {
        let inside = |axis: usize| low[axis] < point[axis] && point[axis] < high[axis];
        let on_edge = |axis: usize| point[axis] == low[axis] || point[axis] == high[axis];
        // A point outside along one axis lies outside of the box.
        if (0..d).all(|axis| inside(axis) || on_edge(axis)) {
            let at: Vec<f64> = (0..d).map(|axis| ranges[axis].coordinate(point[axis])).collect();
            pieces = divide(pieces, &at);
        }
    }
    (ranges, pieces)
}

/// Divide the boxes that hold a point; a coordinate that is NaN or not inside divides no axis.
fn divide(boxes: Vec<Vec<f64>>, at: &[f64]) -> Vec<Vec<f64>> {
    let d = at.len();
    let mut divided = Vec::with_capacity(boxes.len());
    for bounds in boxes {
        let outside = (0..d).any(|axis| at[axis] < bounds[axis] || bounds[d + axis] < at[axis]);
        let mut halves = vec![bounds];
        for axis in 0..d {
            let x = at[axis];
            if !outside && halves[0][axis] < x && x < halves[0][d + axis] {
                halves = halves.into_iter().flat_map(|half| cut(half, axis, x)).collect();
            }
        }
        divided.extend(halves);
    }
    divided
}

fn cut(low: Vec<f64>, axis: usize, x: f64) -> [Vec<f64>; 2] {
    let d = low.len() / 2;
    let (mut low, mut high) = (low.clone(), low);
    low[d + axis] = x;
    high[axis] = x;
    [low, high]
}
