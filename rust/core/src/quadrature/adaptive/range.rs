//! Finite and infinite ranges of integration, each walked by a coordinate of finite length.

/// How a coordinate `s` covers a range of integration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// `x = s`: a finite range.
    Finite,
    /// `x = from + s / (1 - s)`, s in `[0, 1)`: from a number to infinity.
    Above {
        /// The finite end.
        from: f64,
    },
    /// `x = to - s / (1 - s)`, s in `[0, 1)`: from minus infinity to a number.
    ///
    /// The coordinate runs against x.
    Below {
        /// The finite end.
        to: f64,
    },
    /// `x = s / (1 - s^2)`, s in `(-1, 1)`: the line.
    Line,
}

/// A piece of a range between two ends of it or break points, in its coordinate.
///
/// A break point counts as an end: distances are measured to the ends of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// A point of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The point.
    pub x: f64,
    /// The derivative of x by the coordinate, without sign.
    pub jacobian: f64,
}

impl Range {
    /// The range from a number to a larger one, either of which may be infinite.
    pub fn between(low: f64, high: f64) -> Self {
        match (low.is_finite(), high.is_finite()) {
            (true, true) => Self::Finite,
            (true, false) => Self::Above { from: low },
            (false, true) => Self::Below { to: high },
            (false, false) => Self::Line,
        }
    }

    /// Whether x is the coordinate itself.
    pub fn is_finite(self) -> bool {
        self == Self::Finite
    }

    /// The coordinates between which a whole range lies, from `low` to `high` in x.
    pub fn whole(self, low: f64, high: f64) -> Segment {
        match self {
            Self::Finite => Segment { low, high },
            Self::Above { .. } | Self::Below { .. } => Segment { low: 0.0, high: 1.0 },
            Self::Line => Segment { low: -1.0, high: 1.0 },
        }
    }

    /// The coordinate of a point.
    pub fn coordinate(self, x: f64) -> f64 {
        // Distances beyond the range of numbers are as good as infinite.
        let half_line = |distance: f64| {
            if distance.is_finite() { distance / (1.0 + distance) } else { 1.0 }
        };
        match self {
            Self::Finite => x,
            Self::Above { from } => half_line(x - from),
            Self::Below { to } => half_line(to - x),
            // The root of x (1 - s^2) = s that lies inside, without cancellation.
            Self::Line if (2.0 * x).is_finite() => 2.0 * x / (1.0 + 1.0_f64.hypot(2.0 * x)),
            Self::Line => x.signum(),
        }
    }

    /// The point with a coordinate.
    pub fn place(self, s: f64) -> Place {
        match self {
            Self::Line => self.place_between(s, 1.0 + s, 1.0 - s),
            _ => self.place_between(s, s, 1.0 - s),
        }
    }

    /// The point with a coordinate whose distances to the ends of the whole coordinate are known
    /// better than the coordinate; ignored on a finite range.
    pub fn place_between(self, s: f64, from_low: f64, to_high: f64) -> Place {
        let half_line = |sign: f64, end: f64| Place {
            x: end + sign * (from_low / to_high),
            jacobian: 1.0 / (to_high * to_high),
        };
        match self {
            Self::Finite => Place { x: s, jacobian: 1.0 },
            Self::Above { from } => half_line(1.0, from),
            Self::Below { to } => half_line(-1.0, to),
            Self::Line => {
                let product = from_low * to_high;
                Place { x: s / product, jacobian: (1.0 + s * s) / (product * product) }
            }
        }
    }

    /// The point at an offset from the lower end of an interval of the coordinate.
    ///
    /// Near an end of the whole coordinate the offset keeps digits that the coordinate loses.
    pub(super) fn place_inside(self, interval: Segment, offset: f64) -> Place {
        let Segment { low, high } = interval;
        let whole = self.whole(low, high);
        let to_high = (whole.high - high) + ((high - low) - offset);
        self.place_between(low + offset, (low - whole.low) + offset, to_high)
    }

    /// The distance in x from a point to the nearer end of its segment.
    ///
    /// `from_low` and `to_high` are its distances to the ends of the segment in the coordinate.
    pub fn distance(self, s: f64, segment: Segment, from_low: f64, to_high: f64) -> f64 {
        let Segment { low, high } = segment;
        let gap = |end: f64, gap: f64| match self {
            Self::Finite => gap,
            // x - x(end) = (s - end) / ((1 - s)(1 - end)), and 1 - s = (1 - high) + (high - s).
            Self::Above { .. } | Self::Below { .. } => {
                gap / (((1.0 - high) + to_high) * (1.0 - end))
            }
            Self::Line => {
                let square = |from_low: f64, to_high: f64| from_low * to_high;
                let here = square((1.0 + low) + from_low, (1.0 - high) + to_high);
                gap * (1.0 + s * end) / (here * square(1.0 + end, 1.0 - end))
            }
        };
        gap(low, from_low).min(gap(high, to_high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGES: [Range; 3] = [Range::Above { from: -2.5 }, Range::Below { to: 4.0 }, Range::Line];

    #[test]
    fn coordinates_and_points_are_inverse() {
        for range in RANGES {
            for s in [0.0, 0.1, 0.5, 0.9, 0.999] {
                let back = range.coordinate(range.place(s).x);
                assert!((back - s).abs() < 1e-14, "{range:?} {s} {back}");
            }
        }
        assert!((Range::Line.coordinate(Range::Line.place(-0.7).x) + 0.7).abs() < 1e-15);
        assert_eq!(Range::Line.coordinate(1e300), 1.0);
    }

    #[test]
    fn offsets_keep_their_digits_beside_an_end() {
        let range = Range::Above { from: 0.0 };
        let last = Segment { low: 1.0 - 1.0 / 1024.0, high: 1.0 };
        let place = range.place_inside(last, (1.0 - 1e-9) / 1024.0);
        let gap = 1e-9 / 1024.0;
        assert!((place.x * gap / (1.0 - gap) - 1.0).abs() < 1e-6);
        assert!((place.jacobian.sqrt() / (place.x + 1.0) - 1.0).abs() < 1e-15);
        let first = Segment { low: -1.0, high: -0.5 };
        let place = Range::Line.place_inside(first, 1e-30);
        assert!((place.x * 2e-30 + 1.0).abs() < 1e-15);
    }

    #[test]
    fn jacobians_are_derivatives() {
        for range in RANGES {
            for s in [0.1, 0.4, 0.8] {
                let slope = (range.place(s + 1e-6).x - range.place(s - 1e-6).x) / 2e-6;
                let jacobian = range.place(s).jacobian;
                assert!((slope.abs() / jacobian - 1.0).abs() < 1e-8, "{range:?} {s}");
            }
        }
    }

    #[test]
    fn distances_are_those_in_x() {
        for range in RANGES {
            let segment = Segment { low: 0.2, high: 0.6 };
            for s in [0.21, 0.35, 0.59] {
                let distance = range.distance(s, segment, s - 0.2, 0.6 - s);
                let x = |s: f64| range.place(s).x;
                let expected = (x(s) - x(0.2)).abs().min((x(0.6) - x(s)).abs());
                assert!((distance / expected - 1.0).abs() < 1e-12, "{range:?} {s}");
            }
        }
        // Near the finite end all digits are kept, and the other end is infinitely far away.
        let whole = Range::Above { from: 1.0 }.whole(1.0, f64::INFINITY);
        assert_eq!(Range::Above { from: 1.0 }.distance(1e-30, whole, 1e-30, 1.0), 1e-30);
        let whole = Range::Line.whole(f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(Range::Line.distance(0.5, whole, 1.5, 0.5), f64::INFINITY);
    }
}
