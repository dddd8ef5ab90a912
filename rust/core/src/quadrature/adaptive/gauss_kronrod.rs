//! The 21-point Gauss-Kronrod rule on an interval, with a null rule beside it.
//!
//! The difference between the Kronrod and the Gauss rule sees only the part of the integrand that is
//! even about the midpoint. A null rule of the odd part stands beside it: the one combination of the
//! values at the 21 nodes that vanishes for all polynomials of degree below 19 and is odd, scaled to
//! the 2-norm of the difference.

#![expect(clippy::unreadable_literal, reason = "constants stand as they were computed")]

use super::rule::{Judgement, RegionRule, with_rounding};

const N: usize = 21;

/// Positive nodes, the largest first: those with odd index are nodes of the Gauss rule.
const NODES: [f64; 10] = [
    0.9956571630258081,
    0.9739065285171717,
    0.9301574913557082,
    0.8650633666889845,
    0.7808177265864169,
    0.6794095682990244,
    0.5627571346686047,
    0.4333953941292472,
    0.2943928627014602,
    0.14887433898163122,
];

/// Weights of the Kronrod rule at these nodes, and at 0.
const KRONROD: [f64; 11] = [
    0.011694638867371874,
    0.032558162307964725,
    0.054755896574351995,
    0.07503967481091996,
    0.0931254545836976,
    0.10938715880229764,
    0.12349197626206584,
    0.13470921731147334,
    0.14277593857706009,
    0.14773910490133849,
    0.1494455540029169,
];

/// Weights of the Gauss rule at every second node.
const GAUSS: [f64; 5] = [
    0.06667134430868814,
    0.1494513491505806,
    0.21908636251598204,
    0.26926671930999635,
    0.29552422471475287,
];

/// The null rule at the positive nodes; at the negative ones it has the other sign.
const NULL: [f64; 10] = [
    0.023296518008671774,
    -0.06647125601476568,
    0.10190177744705231,
    -0.12879036514834305,
    0.14548306658243848,
    -0.14911780788144263,
    0.13904460003641153,
    -0.11667735739951439,
    0.08409625908638287,
    -0.04401948232611067,
];

/// Intervals, judged by 21 points.
#[derive(Debug, Clone, Copy)]
pub struct GaussKronrod;

impl RegionRule for GaussKronrod {
    fn n_axes(&self) -> usize {
        1
    }

    fn n_points(&self) -> usize {
        N
    }

    fn fill_points(&self, bounds: &[f64], points: &mut [f64]) {
        let (middle, half) = middle_and_half(bounds);
        points[10] = middle;
        for (k, node) in NODES.iter().enumerate() {
            let offset = half * node;
            points[k] = middle - offset;
            points[N - 1 - k] = middle + offset;
        }
    }

    fn judge(
        &self,
        bounds: &[f64],
        values: &[f64],
        integral: &mut [f64],
        errors: &mut [f64],
    ) -> Judgement {
        let (_, half) = middle_and_half(bounds);
        let v = integral.len();
        let mut is_final = true;
        for component in 0..v {
            let column: [f64; N] = std::array::from_fn(|k| values[k * v + component]);
            let sums = Sums::of(&column);
            integral[component] = half * sums.kronrod;
            let (error, at_floor) = sums.error(half);
            errors[component] = error;
            is_final &= at_floor;
        }
        Judgement { is_final, is_constant: false, axis: 0 }
    }
}

fn middle_and_half(bounds: &[f64]) -> (f64, f64) {
    // Halves first, so that the widest intervals do not overflow.
    let (low, high) = (0.5 * bounds[0], 0.5 * bounds[1]);
    (low + high, high - low)
}

/// Weighted sums of the values on [-1, 1].
struct Sums {
    kronrod: f64,
    gauss: f64,
    null: f64,
    /// Of absolute values.
    magnitude: f64,
    /// Of absolute deviations from the mean.
    deviation: f64,
}

impl Sums {
    #[inline(always)]
    fn of(values: &[f64; N]) -> Self {
        let centre = values[10];
        let mut kronrod = KRONROD[10] * centre;
        let mut magnitude = kronrod.abs();
        let (mut gauss, mut null) = (0.0, 0.0);
        for k in 0..10 {
            let (left, right) = (values[k], values[N - 1 - k]);
            let pair = left + right;
            kronrod += KRONROD[k] * pair;
            magnitude += KRONROD[k] * (left.abs() + right.abs());
            null += NULL[k] * (right - left);
            if k % 2 == 1 {
                gauss += GAUSS[k / 2] * pair;
            }
        }
        let mean = 0.5 * kronrod;
        let mut deviation = KRONROD[10] * (centre - mean).abs();
        for k in 0..10 {
            let (left, right) = (values[k], values[N - 1 - k]);
            deviation += KRONROD[k] * ((left - mean).abs() + (right - mean).abs());
        }
        Self { kronrod, gauss, null, magnitude, deviation }
    }

    /// QUADPACK's error of an interval of this half length, and whether it is that of rounding.
    #[inline(always)]
    fn error(&self, half: f64) -> (f64, bool) {
        let deviation = half * self.deviation;
        let mut error = half * (self.kronrod - self.gauss).abs().max(self.null.abs());
        if deviation > 0.0 && error > 0.0 {
            let ratio = 200.0 * error / deviation;
            error = deviation * (ratio * ratio.sqrt()).min(1.0);
        }
        with_rounding(error, half * self.magnitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(f: impl Fn(f64) -> f64, low: f64, high: f64) -> (f64, f64, bool) {
        let mut points = [0.0; N];
        GaussKronrod.fill_points(&[low, high], &mut points);
        let (mut integral, mut errors) = ([0.0], [0.0]);
        let values = points.map(f);
        let found = GaussKronrod.judge(&[low, high], &values, &mut integral, &mut errors);
        (integral[0], errors[0], found.is_final)
    }

    fn sums(f: impl Fn(f64) -> f64) -> Sums {
        let mut points = [0.0; N];
        GaussKronrod.fill_points(&[-1.0, 1.0], &mut points);
        Sums::of(&points.map(f))
    }

    #[test]
    fn the_three_rules_have_their_degrees() {
        for power in 0..=31 {
            let found = sums(|x| x.powi(power));
            let exact = if power % 2 == 0 { 2.0 / f64::from(power + 1) } else { 0.0 };
            assert!((found.kronrod - exact).abs() < 1e-15, "Kronrod, {power}");
            let wrong = (found.gauss + 0.0 - exact).abs();
            assert!((power > 19) == (wrong > 1e-7) || power % 2 == 1, "Gauss, {power}: {wrong}");
            assert!(power >= 19 || found.null.abs() < 1e-16, "null, {power}");
        }
        assert!((sums(|x| x.powi(19)).null.abs() - 5.8534e-6).abs() < 1e-10);
        // An even function is invisible to the null rule, an odd one to the difference.
        assert_eq!(sums(f64::cosh).null, 0.0);
        assert!(sums(|x| x.abs() * x).kronrod.abs() < 1e-16);
    }

    #[test]
    fn the_null_rule_has_the_norm_of_the_difference() {
        let norm = |square: f64| square.sqrt();
        let null = norm(2.0 * NULL.iter().map(|u| u * u).sum::<f64>());
        let difference = |k: usize| KRONROD[k] - if k % 2 == 1 { GAUSS[k / 2] } else { 0.0 };
        let pairs: f64 = (0..10).map(|k| 2.0 * difference(k).powi(2)).sum();
        assert!((null - norm(pairs + KRONROD[10].powi(2))).abs() < 1e-15);
        assert!((null - 0.48433548592813337).abs() < 1e-15);
    }

    #[test]
    fn smooth_functions_are_exact_and_final() {
        let (value, error, is_final) = judge(f64::exp, 0.0, 1.0);
        assert!((value - (std::f64::consts::E - 1.0)).abs() < 4e-16);
        assert!(is_final && error < 4e-14);
        let (value, error, is_final) = judge(|_| 0.0, 2.0, 5.0);
        assert_eq!((value, error, is_final), (0.0, 0.0, true));
    }

    #[test]
    fn kinks_and_overflow_are_seen() {
        let (value, error, is_final) = judge(|x| (x - 0.3).abs(), 0.0, 1.0);
        assert!(!is_final && (value - 0.29).abs() < error && error < 0.3);
        let (_, error, is_final) = judge(|_| f64::MAX, 0.0, 1e10);
        assert!(is_final && error == f64::INFINITY);
    }

    #[test]
    fn the_rule_is_the_tabulated_one() {
        let rule = crate::quadrature::gauss::gauss_kronrod(10, &()).unwrap();
        let mut points = [0.0; N];
        GaussKronrod.fill_points(&[-1.0, 1.0], &mut points);
        assert_eq!(points.to_vec(), rule.nodes);
        assert_eq!(rule.weights[..11], KRONROD);
        let matched = rule.gauss_weights[..5].iter().zip(GAUSS);
        assert!(matched.into_iter().all(|(a, b)| (a - b).abs() < 1e-16));
    }
}
