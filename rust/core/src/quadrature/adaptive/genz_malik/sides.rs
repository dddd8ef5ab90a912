//! What values beside the middles of the sides of a box tell of jumps and kinks.
//!
//! The outermost points of the rules lie 2.6 % of the length inside a side, and a jump or kink in that
//! strip is seen by neither of them. Two more points of each axis lie 0.05 % inside. They have no
//! weight: a polynomial of degree 4 through the five points of the axis is continued to them. How far it
//! misses is of order h^5 where the integrand is smooth, and of order h^4 next to the variation along
//! the axis; the latter is of order 1 for a jump or kink anywhere along it.
//!
//! The constants are chosen such that the estimate of a box exceeds its error wherever a single jump,
//! or a single kink, along an axis lies.

/// Distance of the points from the centre, of half the length.
pub(super) const DISTANCE: f64 = 0.999;

/// What a miss adds to the error: of a jump, the error is up to a fifth of the miss.
const WEIGHT: f64 = 0.2;

/// Misses of this part of the variation and more are those of jumps and kinks.
const ROUGH: f64 = 1.0 / 16.0;

/// Values along one axis minus that of the centre, at positive and negative coordinates.
pub(super) struct Line {
    pub(super) inner: [f64; 2],
    pub(super) outer: [f64; 2],
    pub(super) side: [f64; 2],
}

/// How even and odd parts along an axis continue to the sides.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    /// What the outer points weigh in a fourth difference.
    ratio: f64,
    /// Weights of the inner and the outer points for the even part.
    even: [f64; 2],
    /// The same for the odd part.
    odd: [f64; 2],
}

impl Sides {
    /// For inner and outer points whose distances from the centre have these squares.
    pub(super) fn new(inner: f64, outer: f64) -> Self {
        let square = DISTANCE * DISTANCE;
        let at_inner = (square - outer) / (inner - outer);
        let at_outer = (square - inner) / (outer - inner);
        Self {
            ratio: inner / outer,
            even: [at_inner * square / inner, at_outer * square / outer],
            odd: [at_inner * (square / inner).sqrt(), at_outer * (square / outer).sqrt()],
        }
    }

    /// The fourth difference, of the points of the rules.
    pub(super) fn fourth(&self, line: &Line) -> f64 {
        (even(line.inner) - self.ratio * even(line.outer)).abs()
    }

    /// What jumps and kinks along the line may add to the error of the mean.
    pub(super) fn rough(&self, line: &Line) -> f64 {
        let miss = |weights: &[f64; 2], part: fn([f64; 2]) -> f64| {
            (part(line.side) - weights[0] * part(line.inner) - weights[1] * part(line.outer)).abs()
        };
        let missed = miss(&self.even, even) + miss(&self.odd, odd);
        let values = line.outer.iter().chain(&line.side);
        let variation = 2.0 * values.fold(0.0, |most: f64, value| most.max(value.abs()));
        let is_rough = missed >= ROUGH * variation;
        let part = if is_rough { 1.0 } else { missed / (ROUGH * variation) };
        WEIGHT * missed * part * part
    }
}

fn even(pair: [f64; 2]) -> f64 {
    pair[0] + pair[1]
}

fn odd(pair: [f64; 2]) -> f64 {
    pair[0] - pair[1]
}
