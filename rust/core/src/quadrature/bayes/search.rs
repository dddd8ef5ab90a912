//! The best of a function of one variable on an interval.

use crate::error::Error;

/// Values of the first look, evenly spaced.
const GRID: usize = 9;

/// Steps of a search; the interval shrinks at least by the golden section every other step.
const MAX_STEPS: usize = 60;

/// Accuracy of the logarithm of a length scale, well inside the width of any likelihood.
pub(super) const LOG_TOLERANCE: f64 = 1e-4;

/// `(3 - sqrt 5) / 2`.
const GOLDEN: f64 = 0.381_966_011_250_105_1;

/// A minimiser of `f` on `[lower, upper]` to within `tolerance`, and the value there.
///
/// Nine evenly spaced values choose an interval, which Brent's method narrows ("Algorithms for
/// minimization without derivatives", 1973, chapter 5); an end towards which values fall is taken at
/// once. NaN counts as infinite.
///
/// # Errors
/// Whatever `f` returns.
pub(super) fn minimise(
    lower: f64,
    upper: f64,
    tolerance: f64,
    mut f: impl FnMut(f64) -> Result<f64, Error>,
) -> Result<(f64, f64), Error> {
    let mut f = |x: f64| f(x).map(|y| if y.is_nan() { f64::INFINITY } else { y });
    let at = |k: usize| lower + (upper - lower) * k as f64 / (GRID - 1) as f64;
    let (mut best, mut value) = (0, f64::INFINITY);
    for k in 0..GRID {
        let y = f(at(k))?;
        if y < value {
            (best, value) = (k, y);
        }
    }
    if best == 0 || best == GRID - 1 {
        // Where the value still falls towards an end, that end is the minimiser to the tolerance.
        let inside = if best == 0 { lower + tolerance } else { upper - tolerance };
        if f(inside)? >= value {
            return Ok((at(best), value));
        }
    }
    let (start, mut a, mut b) =
        (at(best), at(best.saturating_sub(1)), at((best + 1).min(GRID - 1)));
    // The best point so far, the second best, and the one before.
    let (mut x, mut w, mut v) = (start, start, start);
    let (mut fx, mut fw, mut fv) = (value, value, value);
    let (mut step, mut before) = (0.0_f64, 0.0_f64);
    for _ in 0..MAX_STEPS {
        let middle = 0.5 * (a + b);
        if (x - middle).abs() <= 2.0 * tolerance - 0.5 * (b - a) {
            break;
        }
        let parabola = parabola_step((x, fx), (w, fw), (v, fv));
        let inside = |d: f64| x + d > a && x + d < b && d.abs() < 0.5 * before.abs();
        let proposal =
            if before.abs() > tolerance { parabola.filter(|&d| inside(d)) } else { None };
        if let Some(d) = proposal {
            before = step;
            let near_end = x + d - a < 2.0 * tolerance || b - (x + d) < 2.0 * tolerance;
            step = if near_end { tolerance.copysign(middle - x) } else { d };
        } else {
            before = if x < middle { b - x } else { a - x };
            step = GOLDEN * before;
        }
        let u = x + if step.abs() >= tolerance { step } else { tolerance.copysign(step) };
        let fu = f(u)?;
        if fu <= fx {
            if u < x {
                b = x;
            } else {
                a = x;
            }
            (v, fv, w, fw, x, fx) = (w, fw, x, fx, u, fu);
        } else {
            if u < x {
                a = u;
            } else {
                b = u;
            }
            if fu <= fw || w == x {
                (v, fv, w, fw) = (w, fw, u, fu);
            } else if fu <= fv || v == x || v == w {
                (v, fv) = (u, fu);
            }
        }
    }
    Ok((x, fx))
}

/// From the first point to the vertex of the parabola through three, if there is one.
fn parabola_step((x, fx): (f64, f64), (w, fw): (f64, f64), (v, fv): (f64, f64)) -> Option<f64> {
    let r = (x - w) * (fx - fv);
    let q = (x - v) * (fx - fw);
    let step = ((x - v) * q - (x - w) * r) / (2.0 * (r - q));
    step.is_finite().then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_minimum_is_found_to_the_tolerance() {
        let mut n_values = 0;
        let (x, value) = minimise(-3.0, 5.0, 1e-6, |x| {
            n_values += 1;
            Ok((x - 0.7).powi(4) + (x - 0.7).powi(2))
        })
        .unwrap();
        assert!((x - 0.7).abs() <= 4e-6 && value <= 1e-11, "{x} {value}");
        assert!(n_values <= 30, "{n_values}");
    }

    #[test]
    fn minimum_at_an_end_is_found_at_once() {
        for slope in [1.0, -1.0] {
            let mut n_values = 0;
            let (x, value) = minimise(0.0, 1.0, 1e-6, |x| {
                n_values += 1;
                Ok((slope * x).exp())
            })
            .unwrap();
            assert_eq!(
                (x, value, n_values),
                if slope > 0.0 { (0.0, 1.0, 10) } else { (1.0, (-1f64).exp(), 10) }
            );
        }
    }

    #[test]
    fn minimum_near_an_end_is_not_taken_for_the_end() {
        for target in [0.01, 0.99] {
            let (x, _) = minimise(0.0, 1.0, 1e-6, |x| Ok((x - target).powi(2))).unwrap();
            assert!((x - target).abs() <= 4e-6, "{x}");
        }
    }

    #[test]
    fn infinite_values_are_avoided() {
        let f = |x: f64| Ok(if x > 0.5 { f64::NAN } else { -x });
        let (x, value) = minimise(0.0, 1.0, 1e-4, f).unwrap();
        assert!(x <= 0.5 && x > 0.499 && value == -x, "{x}");
    }
}
