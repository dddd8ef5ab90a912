//! The cubature rule of Genz and Malik: degree 7 on a box, with a rule of degree 5 inside it.
//!
//! A. C. Genz, A. A. Malik, "Remarks on algorithm 006: an adaptive algorithm for numerical
//! integration over an N-dimensional rectangular region", Journal of Computational and Applied
//! Mathematics 6(4), 1980. All points but the corners serve both rules, and the points on the axes
//! also give fourth differences, which tell along which axis a box should be divided.
//!
//! The difference of the two rules alone is no good estimate of the error: on one box of the test
//! families of Genz it is smaller than the error in up to 23 % of cases, once 8000 times. Null rules of
//! degree 3 stand beside it, in the manner of J. Berntsen, T. O. Espelid, "Error estimation in
//! automatic quadrature routines", ACM Transactions on Mathematical Software 17(2), 1991, and the
//! points beside the sides of the box, beyond those of the rules.

mod sides;

use self::sides::{Line, Sides};
use super::rule::{Judgement, RegionRule, with_rounding};
use super::work_list::is_thinnest;
use crate::error::Error;

/// The fewest axes of a box that this rule takes.
pub const MIN_AXES: usize = 2;

/// The most axes of a box that this rule takes; its points grow like `2^d`.
pub const MAX_AXES: usize = 7;

/// Groups of points that the symmetries of the cube carry into one another.
const GROUPS: usize = 6;

/// The group of points beside the middles of the sides.
const SIDES: usize = 5;

/// The square of the distance of the inner points of an axis from the centre.
const INNER_SQUARE: f64 = 9.0 / 70.0;

/// The same of the outer points, and of the diagonals of planes along each axis.
const OUTER_SQUARE: f64 = 9.0 / 10.0;

/// The part of the difference of both rules that counts. It is of order h^6 and the error h^8, so that
/// it is too large where the integrand is smooth; elsewhere the sides tell.
const PART: f64 = 0.5;

/// Relative distance of what two axes show that counts as equal: symmetric integrands have equal
/// differences but for rounding, which must not choose.
const SAME: f64 = 1e-9;

/// Rounding errors of a fourth difference, relative to the values.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// The rule for boxes of one number of axes.
#[derive(Debug, Clone)]
pub struct GenzMalik {
    n_axes: usize,
    /// Points of `[-1, 1]^d`, group by group (n, d).
    nodes: Vec<f64>,
    /// Where each group begins, and the number of points.
    begins: [usize; GROUPS + 1],
    /// Weight of the points of each group for the mean, degree 7.
    weights: [f64; GROUPS],
    /// The same for degree 5.
    embedded: [f64; GROUPS],
    sides: Sides,
}

impl GenzMalik {
    /// The rule for `n_axes` axes.
    ///
    /// # Errors
    /// [`Error::Value`] unless `n_axes` lies from [`MIN_AXES`] to [`MAX_AXES`].
    pub fn new(n_axes: usize) -> Result<Self, Error> {
        if !(MIN_AXES..=MAX_AXES).contains(&n_axes) {
            return Err(Error::Value {
                argument: "n_axes",
                rule: "from 2 to 7",
                value: n_axes.to_string(),
                index: None,
            });
        }
        let d = n_axes as f64;
        let corners = f64::from(1_u32 << n_axes);
        let planes = 2 * n_axes * (n_axes - 1);
        let counts = [1, 2 * n_axes, 2 * n_axes, planes, 1 << n_axes, 2 * n_axes];
        let mut begins = [0; GROUPS + 1];
        for (group, count) in counts.into_iter().enumerate() {
            begins[group + 1] = begins[group] + count;
        }
        Ok(Self {
            n_axes,
            nodes: nodes(n_axes),
            begins,
            weights: [
                (12_824.0 - 9120.0 * d + 400.0 * d * d) / 19_683.0,
                980.0 / 6561.0,
                (1820.0 - 400.0 * d) / 19_683.0,
                200.0 / 19_683.0,
                6859.0 / 19_683.0 / corners,
                0.0,
            ],
            embedded: [
                (729.0 - 950.0 * d + 50.0 * d * d) / 729.0,
                245.0 / 486.0,
                (265.0 - 100.0 * d) / 1458.0,
                25.0 / 729.0,
                0.0,
                0.0,
            ],
            sides: Sides::new(INNER_SQUARE, OUTER_SQUARE),
        })
    }

    /// Reduce one component of the values of a box, and add what it shows along each axis.
    fn reduce(&self, column: &Column<'_>, shown: &mut Shown) -> Means {
        let mut means = Means::default();
        let mut sums = [0.0; GROUPS];
        for (group, ends) in self.begins.windows(2).enumerate() {
            let (sum, absolute) = column.sums(ends[0], ends[1]);
            sums[group] = sum;
            means.mean += self.weights[group] * sum;
            means.embedded += self.embedded[group] * sum;
            means.magnitude += self.weights[group].abs() * absolute;
        }
        for (group, ends) in self.begins.windows(2).enumerate() {
            means.deviation +=
                self.weights[group].abs() * column.deviation(ends[0], ends[1], means.mean);
        }
        let (d, centre) = (self.n_axes as f64, column.at(0));
        let mut along_axes = 0.0;
        for axis in 0..self.n_axes {
            let pair = |group: usize| {
                let plus = self.begins[group] + 2 * axis;
                [column.at(plus) - centre, column.at(plus + 1) - centre]
            };
            let line = Line { inner: pair(1), outer: pair(2), side: pair(SIDES) };
            let (fourth, rough) = (self.sides.fourth(&line), self.sides.rough(&line));
            along_axes += fourth;
            means.rough += rough;
            shown.fourth[axis] = shown.fourth[axis].max(fourth);
            shown.rough[axis] = shown.rough[axis].max(rough);
        }
        shown.rounding =
            shown.rounding.max(ROUNDING * means.magnitude).max(ROUNDING * centre.abs());
        shown.difference = shown.difference.max(means.difference());
        let mixed = sums[3] - 2.0 * (d - 1.0) * sums[2] + 2.0 * d * (d - 1.0) * centre;
        means.low_order = (self.embedded[1] * along_axes).max(self.embedded[3] * mixed.abs());
        means
    }

    /// The axis that shows the most of what makes up the error: roughness, or else the fourth
    /// difference. Of axes that differ by rounding, the longest.
    fn axis(&self, bounds: &[f64], shown: &Shown) -> usize {
        let (low, high) = bounds.split_at(self.n_axes);
        let length = |axis: usize| high[axis] - low[axis];
        let can_be_split = |axis: &usize| !is_thinnest(low[*axis], high[*axis]);
        let axes = || (0..self.n_axes).filter(can_be_split);
        let rough = shown.rough.iter().sum::<f64>();
        let is_rough = rough > shown.difference + shown.rounding;
        let by_axis = if is_rough { &shown.rough } else { &shown.fourth };
        let most = axes().map(|axis| by_axis[axis]).fold(0.0, f64::max);
        let least = most * (1.0 - SAME) - shown.rounding;
        let longer = |best: usize, axis| if length(axis) > length(best) { axis } else { best };
        axes().filter(|&axis| by_axis[axis] >= least).reduce(longer).unwrap_or(0)
    }
}

/// The most that any component shows.
#[derive(Default)]
struct Shown {
    /// Fourth differences along each axis.
    fourth: [f64; MAX_AXES],
    /// Roughness along each axis.
    rough: [f64; MAX_AXES],
    /// What rounding may have added to them.
    rounding: f64,
    /// What counts of the difference of both rules.
    difference: f64,
}

/// What one component comes to, as means over a box.
#[derive(Default)]
struct Means {
    /// By the rule of degree 7.
    mean: f64,
    /// By the rule of degree 5.
    embedded: f64,
    /// The largest null rule of degree 3, scaled as the weights of degree 5.
    low_order: f64,
    /// What the sides add to the error.
    rough: f64,
    /// Of absolute values, with absolute weights.
    magnitude: f64,
    /// Of absolute deviations from the mean.
    deviation: f64,
}

impl Means {
    /// The estimated error of the integral over a box, and whether it is only that of rounding.
    ///
    /// It is a part of the difference of the two rules and what the sides add, unless that is small
    /// by chance. For a box of size h the difference is of order h^6 and the error itself h^8, which is
    /// also the order of the square of the null rules of degree 3. A difference that is zero to
    /// rounding is no chance: the integrand is a polynomial, or symmetric.
    fn error(&self, volume: f64) -> (f64, bool) {
        let found = volume * (self.difference() + self.rough);
        let (error, is_rounding) = with_rounding(found, volume * self.magnitude);
        if is_rounding || self.deviation == 0.0 {
            return (error, is_rounding);
        }
        let squared = self.low_order * (self.low_order / self.deviation).min(1.0);
        (error.max(volume * squared), false)
    }

    /// What counts of the difference of both rules.
    fn difference(&self) -> f64 {
        PART * (self.mean - self.embedded).abs()
    }
}

impl RegionRule for GenzMalik {
    fn n_axes(&self) -> usize {
        self.n_axes
    }

    /// A rule of low degree may find a box smooth that holds the side of a peak.
    fn casts_doubt(&self) -> bool {
        true
    }

    /// `2^d + 2 d^2 + 4 d + 1`.
    fn n_points(&self) -> usize {
        self.begins[GROUPS]
    }

    fn fill_points(&self, bounds: &[f64], points: &mut [f64]) {
        let (low, high) = bounds.split_at(self.n_axes);
        let nodes = self.nodes.chunks_exact(self.n_axes);
        for (point, node) in points.chunks_exact_mut(self.n_axes).zip(nodes) {
            for axis in 0..self.n_axes {
                let (low, high) = (low[axis], high[axis]);
                // Halves first: the sum of large ends overflows.
                point[axis] = 0.5 * low + 0.5 * high + node[axis] * (0.5 * high - 0.5 * low);
            }
        }
    }

    fn judge(
        &self,
        bounds: &[f64],
        values: &[f64],
        integral: &mut [f64],
        errors: &mut [f64],
    ) -> Judgement {
        let n_components = integral.len();
        debug_assert_eq!(values.len(), self.n_points() * n_components);
        let (low, high) = bounds.split_at(self.n_axes);
        let volume: f64 = low.iter().zip(high).map(|(low, high)| high - low).product();
        let (mut is_final, mut is_constant) = (true, true);
        let mut shown = Shown::default();
        for component in 0..n_components {
            let column = Column { values: &values[component..], width: n_components };
            let means = self.reduce(&column, &mut shown);
            integral[component] = volume * means.mean;
            let (error, is_rounding) = means.error(volume);
            errors[component] = error;
            is_final &= is_rounding;
            is_constant = is_constant && column.is_constant(self.n_points());
        }
        Judgement { is_final, is_constant, axis: self.axis(bounds, &shown) }
    }
}

/// One component of the values of a box.
struct Column<'a> {
    values: &'a [f64],
    width: usize,
}

impl Column<'_> {
    fn at(&self, point: usize) -> f64 {
        self.values[point * self.width]
    }

    /// Whether the values of all `n` points are equal.
    fn is_constant(&self, n: usize) -> bool {
        self.points(1, n).all(|&f| f == self.at(0))
    }

    /// The values of points from `begin` to before `end`.
    fn points(&self, begin: usize, end: usize) -> impl Iterator<Item = &f64> {
        self.values[begin * self.width..].iter().step_by(self.width).take(end - begin)
    }

    /// Sum of absolute deviations of these values from a mean.
    fn deviation(&self, begin: usize, end: usize, mean: f64) -> f64 {
        self.points(begin, end).map(|f| (f - mean).abs()).sum()
    }

    /// Sum of these values, and of their absolute values.
    fn sums(&self, begin: usize, end: usize) -> (f64, f64) {
        self.points(begin, end).fold((0.0, 0.0), |(sum, abs), f| (sum + f, abs + f.abs()))
    }
}

/// The points: centre, inner and outer points of the axes, diagonals of planes, corners, sides.
fn nodes(n_axes: usize) -> Vec<f64> {
    let (inner, outer) = (INNER_SQUARE.sqrt(), OUTER_SQUARE.sqrt());
    let corner = (9.0 / 19.0_f64).sqrt();
    let mut nodes = vec![0.0; n_axes];
    let mut push = |entries: &[(usize, f64)]| {
        let begin = nodes.len();
        nodes.resize(begin + n_axes, 0.0);
        for &(axis, x) in entries {
            nodes[begin + axis] = x;
        }
    };
    for distance in [inner, outer] {
        for axis in 0..n_axes {
            push(&[(axis, distance)]);
            push(&[(axis, -distance)]);
        }
    }
    for first in 0..n_axes {
        for second in first + 1..n_axes {
            for (x, y) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                push(&[(first, x * outer), (second, y * outer)]);
            }
        }
    }
    for signs in 0..1_usize << n_axes {
        let sign = |axis: usize| if signs >> axis & 1 == 0 { corner } else { -corner };
        push(&(0..n_axes).map(|axis| (axis, sign(axis))).collect::<Vec<_>>());
    }
    for axis in 0..n_axes {
        push(&[(axis, sides::DISTANCE)]);
        push(&[(axis, -sides::DISTANCE)]);
    }
    nodes
}

#[cfg(test)]
mod tests;
