//! How the error of the interval at an end falls from bisection to bisection.

/// Bisections in a row that divide the error by the same factor at a singular end.
const STEADY: u32 = 4;

/// How much these factors may differ from each other, relatively.
const SPREAD: f64 = 0.03;

/// The largest factor: towards `x^p` it is `2^(1 + p)`, and smooth integrands have larger ones.
const LARGEST: f64 = 256.0;

/// Bisections that another method has to save to be worth its points.
const SAVED: i32 = 4;

/// The errors of the intervals that were at one end of a segment, each half as long as the last.
///
/// Halving an interval `[0, h]` leaves `x^p`, and `log x` up to a constant, as they are but for a
/// factor, so that the error falls by the same factor each time. That of a smooth integrand falls ever
/// faster, and that of a kink, jump or peak inside the interval takes another place among the nodes
/// each time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EndTrail {
    error: f64,
    /// By what the last bisection divided the error; 0 before there was one.
    factor: f64,
    /// Bisections in a row with about the same factor.
    steady: u32,
    /// Whether the other method was tried and found no answer.
    pub(super) was_tried: bool,
}

impl EndTrail {
    /// Take the error of the next interval.
    pub(super) fn note(&mut self, error: f64) {
        let factor = if error > 0.0 { self.error / error } else { 0.0 };
        let is_same = (factor - self.factor).abs() <= SPREAD * factor;
        let is_possible = 1.0 < factor && factor < LARGEST;
        self.steady = if is_possible && is_same { self.steady + 1 } else { u32::from(is_possible) };
        (self.error, self.factor) = (error, factor);
    }

    /// Whether the end is singular, and many bisections from an error of half the tolerance.
    pub(super) fn is_singular(&self, tolerance: f64) -> bool {
        let is_far = self.error > 0.5 * tolerance * self.factor.powi(SAVED);
        !self.was_tried && self.steady >= STEADY && is_far
    }
}

#[cfg(test)]
mod tests {
    use super::EndTrail;

    /// After how many errors an end passes for singular.
    fn found(errors: impl Iterator<Item = f64>, tolerance: f64) -> Option<usize> {
        let mut trail = EndTrail::default();
        errors.enumerate().find_map(|(k, error)| {
            trail.note(error);
            trail.is_singular(tolerance).then_some(k + 1)
        })
    }

    #[test]
    fn powers_are_found_after_four_bisections() {
        for power in [-0.9, -0.5, 0.5, 1.5] {
            let errors = (0..20).map(|k| 0.5_f64.powf((1.0 + power) * f64::from(k)));
            assert_eq!(found(errors, 1e-9), Some(5), "{power}");
        }
    }

    #[test]
    fn nothing_is_found_where_bisection_does_as_well() {
        let geometric = |ratio: f64| (0..20).map(move |k| ratio.powi(k));
        // Close to the tolerance already, falling too fast, or not at all.
        assert_eq!(found(geometric(0.5), 1e-2), None);
        assert_eq!(found(geometric(1e-3), 1e-60), None);
        assert_eq!(found(geometric(1.0), 1e-9), None);
        assert_eq!(found(geometric(2.0), 1e-9), None);
        assert_eq!(found([1.0, 0.0, 0.0, 0.0, 0.0].into_iter(), 0.0), None);
        let uneven = (0..20).map(|k| 0.5_f64.powi(k as i32) * [1.0, 1.2, 0.9][k % 3]);
        assert_eq!(found(uneven, 1e-9), None);
    }

    #[test]
    fn an_end_is_tried_once() {
        let mut trail = EndTrail::default();
        (0..5).for_each(|k| trail.note(0.5_f64.powi(k)));
        assert!(trail.is_singular(1e-9));
        trail.was_tried = true;
        assert!(!trail.is_singular(1e-9));
    }
}
