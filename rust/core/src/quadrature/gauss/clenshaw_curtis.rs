//! Clenshaw-Curtis and Fejer rules: the rules of Chebyshev interpolation.
//!
//! On the angles `theta_j = (j + s) pi / N` a weight is `(2 / N) sum_k cos(2 k theta_j) / (1 - 4 k^2)`
//! over `|k| <= N / 2` (J. Waldvogel, "Fast construction of the Fejer and Clenshaw-Curtis quadrature
//! rules", BIT 46, 2006). Over all integers the sum is `pi / 2 sin(theta_j)`; what lies outside of
//! `N / 2` has the period of the angles and folds back on the smooth coefficients of
//! [`folded`], of size `N^-2`. Only they go through a Fourier transform, so that the small weights
//! near the ends keep their relative accuracy.

#![expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "constants stand as they were computed"
)]

use std::f64::consts::FRAC_PI_2;

use super::angle::sin_cos_ratio;
use super::blocks::{Half, mirrored};
use super::cosine_sums::cosine_sums;
use super::rule::{Rule, require_nodes};
use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// `sum_{m >= 2} m^(-2p)` for p = 1, 2, ...
const ZETA: [f64; 18] = [
    0.64493406684822643647,
    0.082323233711138191516,
    0.017343061984449139715,
    0.0040773561979443393787,
    0.00099457512781808533715,
    0.00024608655330804829864,
    0.000061248135058704829259,
    0.000015282259408651871733,
    3.8172932649998398565e-6,
    9.5396203387279611315e-7,
    2.3845050272773299e-7,
    5.9608189051259479612e-8,
    1.4901554828365041235e-8,
    3.7253340247884570548e-9,
    9.3132743241966818287e-10,
    2.328311833676505492e-10,
    5.8207720879027008892e-11,
    1.4551921891041984236e-11,
];

/// `sum_{m >= 2} (-1)^m m^(-2p)` for p = 1, 2, ...
const ETA: [f64; 18] = [
    0.17753296657588678176,
    0.052967170502754082423,
    0.014448908702564895902,
    0.0037669981473521007727,
    0.00096049240172843436078,
    0.00024231485614180914682,
    0.000060829654020281829046,
    0.000015235785093893558317,
    3.8121303898865203108e-6,
    9.5338841847788494916e-7,
    2.383867691774521028e-7,
    5.9601107605371638597e-8,
    1.4900768003431212338e-8,
    3.7252465998912724723e-9,
    9.3131771854602137272e-10,
    2.3283010404850917718e-10,
    5.820760095468407612e-11,
    1.4551908566115236045e-11,
];

/// Which of the Fejer rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FejerKind {
    /// On the zeros of the Chebyshev polynomial `T_n`.
    First,
    /// On the zeros of `U_n`: the inner points of a Clenshaw-Curtis rule.
    Second,
}

/// The `n`-point Clenshaw-Curtis rule for `int_{-1}^{1} f(x) dx`, on the extrema of `T_{n-1}`.
///
/// Exact for polynomials of degree `n - 1`; for `n = 1` the midpoint rule. The points of the rule
/// with `2n - 1` points include these. Nodes are accurate to 6e-16, weights to 1e-14 of their
/// own. O(n log n) time; about `16 n` doubles of memory on the way.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn clenshaw_curtis(n: usize, team: &Team, control: &dyn Control) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    if n <= 2 {
        let (nodes, weights) =
            if n == 1 { (vec![0.0], vec![2.0]) } else { (vec![-1.0, 1.0], vec![1.0, 1.0]) };
        return Ok(Rule { nodes, weights, theta: None, log_weights: None });
    }
    rule(Points { n, intervals: n - 1, part: |k| 2 * k - 2 }, Kind::ClenshawCurtis, team, control)
}

/// The `n`-point Fejer rule for `int_{-1}^{1} f(x) dx`.
///
/// Exact for polynomials of degree `n - 1`, with positive weights and no node at an end. Accuracy
/// and cost are those of [`clenshaw_curtis`].
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn fejer(n: usize, kind: FejerKind, team: &Team, control: &dyn Control) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    if n == 1 {
        return clenshaw_curtis(1, team, control);
    }
    match kind {
        FejerKind::First => {
            rule(Points { n, intervals: n, part: |k| 2 * k - 1 }, Kind::FejerFirst, team, control)
        }
        FejerKind::Second => {
            rule(Points { n, intervals: n + 1, part: |k| 2 * k }, Kind::FejerSecond, team, control)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    ClenshawCurtis,
    FejerFirst,
    FejerSecond,
}

/// The nodes `cos(part(k) pi / (2 intervals))`, k = 1, ..., n.
#[derive(Clone, Copy)]
struct Points {
    n: usize,
    intervals: usize,
    part: fn(usize) -> usize,
}

fn rule(points: Points, kind: Kind, team: &Team, control: &dyn Control) -> Result<Rule, Error> {
    let intervals = points.intervals;
    let is_shifted = kind == Kind::FejerFirst;
    let mut terms = try_vec(intervals / 2 + 1, 0.0)?;
    team.for_each_chunk_mut(&mut terms, crate::parallel::BLOCK, |start, chunk| {
        dispatch(Folded { intervals, is_shifted, start, chunk });
    });
    let shift = if is_shifted { 0.5 } else { 0.0 };
    let sums = cosine_sums(&terms, intervals, shift, control)?;
    mirrored(points.n, team, control, |half| {
        dispatch(Weights { points, kind, sums: &sums, half });
    })
}

/// Coefficients of the folded tail.
struct Folded<'a> {
    intervals: usize,
    is_shifted: bool,
    start: usize,
    chunk: &'a mut [f64],
}

impl Kernel for Folded<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let size = self.intervals as f64;
        for (i, term) in self.chunk.iter_mut().enumerate() {
            let k = self.start + i;
            let value = folded::<A>(k as f64, size, self.is_shifted);
            // Terms k and -k are the same; the middle of an even number meets itself.
            *term = if k == 0 || 2 * k == self.intervals { value } else { 2.0 * value };
        }
    }
}

/// `sum_{m != 0} s_m / (4 (k + m N)^2 - 1)`, with `s_m = 1`, or `(-1)^m` for shifted angles.
///
/// The terms `m = 1, -1` stand as they are; the others are a divided difference of
/// `sum_p Z_p t^(2p-1)` between `t = (k + 1/2) / N` and `(k - 1/2) / N`.
#[inline(always)]
fn folded<A: Arithmetic>(k: f64, size: f64, is_shifted: bool) -> f64 {
    let nearest = 1.0 / ((2.0 * (size + k) - 1.0) * (2.0 * (size + k) + 1.0))
        + 1.0 / ((2.0 * (size - k) - 1.0) * (2.0 * (size - k) + 1.0));
    let (sign, series) = if is_shifted { (-1.0, &ETA) } else { (1.0, &ZETA) };
    let (a, b) = ((k + 0.5) / size, (k - 0.5) / size);
    let (sum, product) = (A::mul_add(a, a, b * b), a * b);
    let square = product * product;
    // (a^j - b^j) / (a - b) for j = -1, 1, 3, ...
    let (mut before, mut power) = (-1.0 / product, 1.0);
    let mut rest = 0.0;
    for &coefficient in series {
        rest = A::mul_add(coefficient, power, rest);
        (before, power) = (power, A::mul_add(sum, power, -square * before));
    }
    sign * nearest + rest / (2.0 * size * size)
}

/// Nodes and weights of the positive half.
struct Weights<'a> {
    points: Points,
    kind: Kind,
    sums: &'a [f64],
    half: Half<'a>,
}

impl Kernel for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Half { first, nodes, weights, .. } = self.half;
        let size = self.points.intervals as f64;
        let is_even = self.points.intervals.is_multiple_of(2);
        for (i, (node, weight)) in nodes.iter_mut().zip(weights).enumerate() {
            let part = (self.points.part)(first + i);
            let j = part / 2;
            let (sin, cos) = sin_cos_ratio::<A>(part as f64, 4.0 * size);
            let smooth = A::mul_add(FRAC_PI_2, sin, self.sums[j]);
            let sign = if j.is_multiple_of(2) { 1.0 } else { -1.0 };
            let value = match self.kind {
                // The ends take half of a weight.
                Kind::ClenshawCurtis if j == 0 => 0.5 * smooth,
                Kind::ClenshawCurtis | Kind::FejerFirst => smooth,
                Kind::FejerSecond if is_even => smooth - sign * size / (size * size - 1.0),
                Kind::FejerSecond => smooth - sign * cos / size,
            };
            *node = cos;
            *weight = 2.0 / size * value;
        }
    }
}
