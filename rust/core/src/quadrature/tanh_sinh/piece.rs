//! Intervals that are integrated by one set of nodes.

use super::nodes::{FARTHEST, Node};
use crate::quadrature::adaptive::{Range, Segment};

/// An interval of one integral, in the coordinate of its range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The integral whose value it is a part of.
    pub integral: u32,
    /// The integral whose arguments its integrand has.
    pub arguments: u32,
    /// The range that it lies in.
    pub range: Range,
    /// Its ends.
    pub interval: Segment,
    /// The ends that distances are measured to.
    pub segment: Segment,
}

/// A node on a piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) x: f64,
    pub(super) weight: f64,
    /// The distance to the nearer end of the segment.
    pub(super) distance: f64,
}

impl Piece {
    /// Where a node lies, with gaps that lose nothing near the ends.
    #[inline(always)]
    pub(super) fn place(&self, node: Node) -> Placed {
        let Segment { low, high } = self.interval;
        let length = high - low;
        let near = length * node.gap;
        let far = length - near;
        let (s, from_low, to_high) =
            if node.t < 0.0 { (low + near, near, far) } else { (high - near, far, near) };
        let whole = self.range.whole(low, high);
        let place = self.range.place_between(
            s,
            (low - whole.low) + from_low,
            (whole.high - high) + to_high,
        );
        let Segment { low: outer_low, high: outer_high } = self.segment;
        let to_ends = ((low - outer_low) + from_low, (outer_high - high) + to_high);
        let distance = self.range.distance(s, self.segment, to_ends.0, to_ends.1);
        Placed { x: place.x, weight: length * node.weight * place.jacobian, distance }
    }

    /// The largest |t| to the left and to the right whose nodes can be told from the ends.
    ///
    /// An integrand that is given distances sees more of them than one that is given x alone.
    pub(super) fn reach(&self, distances: bool) -> [f64; 2] {
        let ends = [self.interval.low, self.interval.high].map(|s| self.range.place(s).x);
        let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let is_seen = |t: f64| {
            let node = Node::at(t);
            let Placed { x, weight, distance } = self.place(node);
            let apart = if distances { distance > 0.0 } else { low < x && x < high };
            node.gap >= f64::MIN_POSITIVE && apart && x.is_finite() && weight.is_finite()
        };
        [-1.0, 1.0].map(|side| {
            let (mut seen, mut unseen) = (0.0, FARTHEST);
            // To within 4e-7, far below a step.
            for _ in 0..24 {
                let middle = 0.5 * (seen + unseen);
                if is_seen(side * middle) { seen = middle } else { unseen = middle }
            }
            seen
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(range: Range, low: f64, high: f64) -> Piece {
        let interval = Segment { low, high };
        Piece { integral: 0, arguments: 0, range, interval, segment: interval }
    }

    #[test]
    fn gaps_beside_zero_reach_the_smallest_numbers() {
        let [left, right] = piece(Range::Finite, 0.0, 1.0).reach(false);
        assert!(left > 6.1 && right > 2.9 && right < 3.3, "{left} {right}");
        let [left, right] = piece(Range::Finite, 1.0, 2.0).reach(true);
        assert!(left > 6.1 && right > 6.1);
        let [left, right] = piece(Range::Above { from: 0.0 }, 0.0, 1.0).reach(false);
        assert!(left > 6.1 && right > 5.3, "{left} {right}");
    }

    #[test]
    fn nodes_are_placed_between_the_ends_with_their_distances() {
        let segment = Segment { low: 1.0, high: 3.0 };
        let interval = Segment { low: 1.0, high: 1.5 };
        let piece = Piece { interval, segment, ..piece(Range::Finite, 0.0, 1.0) };
        for t in [-2.0_f64, -0.5, 0.0, 1.0, 2.5] {
            let placed = piece.place(Node::at(t));
            let x = 1.25 + 0.25 * (0.5 * std::f64::consts::PI * t.sinh()).tanh();
            assert!((placed.x - x).abs() < 1e-15);
            assert!((placed.distance - (x - 1.0)).abs() < 1e-15);
        }
    }
}
