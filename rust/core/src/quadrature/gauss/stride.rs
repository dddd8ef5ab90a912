//! Several roots of a march at once.
//!
//! Far from the ends roots follow from the last ones by extrapolation, well enough for anchors beside
//! them. An equation is linear: what it does from anchor to anchor, two by two numbers, is known
//! before the solution is, for all anchors together. One short chain then brings the solution to the
//! anchors, and the root beside each is found from a few terms there. So the work is done in vectors,
//! where a march from root to root waits for one number after the other.

use super::march::{Equation, Root};
use super::series::{GROUP, Recurrences};
use crate::simd::{Arithmetic, Kernel, dispatch};

/// Roots that are found at once.
pub(super) const LANES: usize = 8;

/// Terms of a series from anchor to anchor: at least, and at most.
const LEAST: usize = 26;
const FAR: usize = 42;

/// What the last terms of those series, whose largest is some units, may sum up to.
const NEGLIGIBLE: f64 = 1e-17;

/// Terms of the series about an anchor, and how far a root may be from it in units of a step: terms
/// of a sine's series that are left out are then below 1e-17.
const NEAR: usize = 14;
const ROOM: f64 = 0.15;

/// Newton steps beside an anchor.
const NEWTON: usize = 3;

/// Neighbours are within this factor of each other: in units of a step, an end is far.
const APART: f64 = 1.25;

/// The last term of an extrapolation may be this share of a step.
const ROUGH: f64 = 0.05;

/// How much the m-th difference of the last roots moves the anchors.
const MOVES: [[f64; LANES]; LANES - 1] = {
    let mut moves = [[0.0; LANES]; LANES - 1];
    let mut lane = 0;
    while lane < LANES {
        // binom(lane + m, m), one lane for each step beyond the last root.
        let mut binomial = 1.0;
        let mut m = 1;
        while m < LANES {
            binomial = binomial * (lane + m) as f64 / m as f64;
            moves[m - 1][lane] = binomial;
            m += 1;
        }
        lane += 1;
    }
    moves
};

/// The roots that follow on those at `history`, the last of which is `root`.
///
/// `None` where they do not run smoothly enough. Slopes are in the scale of the last one.
pub(super) fn stride<E: Equation>(
    equation: &E,
    root: &Root,
    history: &[f64; LANES],
) -> Option<[Root; LANES]> {
    let (from, to, h) = anchors(root, history)?;
    let transfer = dispatch(Steps { equation, from: &from, h: &h })?;
    let (values, slopes) = transfer.run(root, &h);
    let near = dispatch(Beside { equation, anchors: &to, h: &h, values, slopes });
    let mut roots = [Root::default(); LANES];
    let mut before = root.slope;
    for i in 0..LANES {
        let (z, slope) = (near.z[i], near.derivative[i] / h[i]);
        // Written so that NaN refuses.
        let is_found = z.abs() < ROOM
            && near.moved[i].abs() <= 1e-12
            && near.tail[i].abs() <= 1e-17 * slopes[i].abs()
            && slope * before < 0.0;
        if !is_found {
            return None;
        }
        before = slope;
        let far = h[i] * z;
        let next = to[i] + far;
        let back = next - to[i];
        let rest = (to[i] - (next - back)) + (far - back);
        roots[i] = Root { x: next, rest, slope, exponent: root.exponent };
    }
    Some(roots)
}

type Lanes = [f64; LANES];

/// Where steps begin and end, and the steps.
fn anchors(root: &Root, history: &Lanes) -> Option<(Lanes, Lanes, Lanes)> {
    // Backward differences at the last root.
    let mut differences = *history;
    differences.reverse();
    for m in 1..LANES {
        for i in (m..LANES).rev() {
            differences[i] = differences[i - 1] - differences[i];
        }
    }
    let last = MOVES[LANES - 2][LANES - 1] * differences[LANES - 1];
    if last.abs() >= ROUGH * differences[1].abs() {
        return None;
    }
    let mut to = [0.0; LANES];
    for (moves, difference) in MOVES.iter().zip(&differences[1..]).rev() {
        for i in 0..LANES {
            to[i] += moves[i] * difference;
        }
    }
    for x in &mut to {
        *x += root.x;
    }
    let mut from = [root.x; LANES];
    from[1..].copy_from_slice(&to[..LANES - 1]);
    let mut h = [0.0; LANES];
    let mut is_far = true;
    for i in 0..LANES {
        // Exact within a factor of two; near an end roots need better steps.
        h[i] = to[i] - from[i];
        is_far &= to[i] <= APART * from[i] && from[i] <= APART * to[i];
    }
    is_far.then_some((from, to, h))
}

/// What the equation does on steps of size h.
struct Steps<'a, E> {
    equation: &'a E,
    from: &'a Lanes,
    h: &'a Lanes,
}

impl<E: Equation> Kernel for Steps<'_, E> {
    type Output = Option<Transfer>;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Option<Transfer> {
        let recurrences = Recurrences::new(self.equation, self.from, self.h);
        let (zeros, ones) = ([0.0; LANES], [1.0; LANES]);
        // The solutions that start with value 1 and with slope 1.
        let mut windows = [[zeros, zeros, ones, zeros], [zeros, zeros, zeros, ones]];
        let mut series = [[zeros; FAR]; 2];
        let mut len = 2;
        loop {
            for _ in 0..GROUP {
                recurrences.next::<A, E, 2>(self.equation, len - 2, &mut windows);
                series[0][len] = windows[0][3];
                series[1][len] = windows[1][3];
                len += 1;
            }
            if len >= LEAST && are_negligible(&windows) {
                break;
            }
            if len + GROUP > FAR {
                return None;
            }
        }
        // The smallest terms first: otherwise errors of a long march add up instead of averaging out.
        let mut transfer = Transfer { values: [zeros, zeros], slopes: [zeros, zeros] };
        for k in (2..len).rev() {
            let degree = k as f64;
            for s in 0..2 {
                for i in 0..LANES {
                    transfer.values[s][i] += series[s][k][i];
                }
                for i in 0..LANES {
                    transfer.slopes[s][i] =
                        A::mul_add(degree, series[s][k][i], transfer.slopes[s][i]);
                }
            }
        }
        for i in 0..LANES {
            transfer.values[0][i] += 1.0;
            transfer.values[1][i] += 1.0;
            transfer.slopes[1][i] += 1.0;
        }
        Some(transfer)
    }
}

/// Values at the ends of steps, and slopes there in units of the steps, of the solutions that start
/// with value 1 and with slope 1.
struct Transfer {
    values: [Lanes; 2],
    slopes: [Lanes; 2],
}

impl Transfer {
    /// Values and slopes at the ends of the steps of the solution that vanishes at a root.
    fn run(&self, root: &Root, h: &Lanes) -> (Lanes, Lanes) {
        let (mut value, mut slope) = (-root.slope * root.rest, root.slope * h[0]);
        let (mut values, mut slopes) = ([0.0; LANES], [0.0; LANES]);
        for i in 0..LANES {
            if i > 0 {
                slope *= h[i] / h[i - 1];
            }
            (value, slope) = (
                self.values[0][i] * value + self.values[1][i] * slope,
                self.slopes[0][i] * value + self.slopes[1][i] * slope,
            );
            (values[i], slopes[i]) = (value, slope);
        }
        (values, slopes)
    }
}

/// The roots beside anchors, from values and slopes there.
struct Beside<'a, E> {
    equation: &'a E,
    anchors: &'a Lanes,
    h: &'a Lanes,
    values: Lanes,
    slopes: Lanes,
}

/// Distances of roots from anchors and slopes there, in units of the steps.
struct Near {
    z: Lanes,
    derivative: Lanes,
    /// The last steps of Newton's method.
    moved: Lanes,
    /// The last terms of the series.
    tail: Lanes,
}

impl<E: Equation> Kernel for Beside<'_, E> {
    type Output = Near;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Near {
        let Self { equation, anchors, h, values, slopes } = self;
        let recurrences = Recurrences::new(equation, anchors, h);
        let mut series = [[0.0; LANES]; NEAR];
        (series[0], series[1]) = (values, slopes);
        let mut windows = [[[0.0; LANES], [0.0; LANES], values, slopes]];
        for k in 0..NEAR - 2 {
            recurrences.next::<A, E, 1>(equation, k, &mut windows);
            series[k + 2] = windows[0][3];
        }
        let mut z = [0.0; LANES];
        for i in 0..LANES {
            z[i] = -values[i] / slopes[i];
        }
        let mut moved = [0.0; LANES];
        for _ in 0..NEWTON {
            let (p, dp) = horner::<A>(&series, &z);
            for i in 0..LANES {
                moved[i] = p[i] / dp[i];
                z[i] -= moved[i];
            }
        }
        let (_, derivative) = horner::<A>(&series, &z);
        let mut tail = series[NEAR - 1];
        for i in 0..LANES {
            let cube = z[i] * z[i] * z[i];
            let sixth = cube * cube;
            tail[i] *= sixth * sixth;
        }
        Near { z, derivative, moved, tail }
    }
}

/// Whether the last terms no longer count.
#[inline(always)]
fn are_negligible(windows: &[[[f64; LANES]; 4]; 2]) -> bool {
    let mut top = [0.0; LANES];
    for term in windows.as_flattened() {
        for i in 0..LANES {
            top[i] += term[i].abs();
        }
    }
    top.iter().sum::<f64>() < NEGLIGIBLE
}

/// Polynomials and their derivatives.
#[inline(always)]
fn horner<A: Arithmetic>(
    series: &[[f64; LANES]; NEAR],
    z: &[f64; LANES],
) -> ([f64; LANES], [f64; LANES]) {
    let (mut p, mut dp) = (series[NEAR - 1], [0.0; LANES]);
    for term in series[..NEAR - 1].iter().rev() {
        for i in 0..LANES {
            dp[i] = A::mul_add(dp[i], z[i], p[i]);
        }
        for i in 0..LANES {
            p[i] = A::mul_add(p[i], z[i], term[i]);
        }
    }
    (p, dp)
}
