//! Over-relaxation from the observed contraction, and the forecast that says when Newton pays.
//!
//! Thibault, Chizat, Dossal, Papadakis, "Overrelaxed Sinkhorn-Knopp algorithm for regularized
//! optimal transport" (2021); Lehmann et al., "A note on overrelaxation in the Sinkhorn algorithm"
//! (2022): with the contraction `theta^2` of the plain iteration the best factor is
//! `2 / (1 + sqrt(1 - theta^2))`.

/// Passes between two looks at the contraction.
const INTERVAL: usize = 10;

/// Passes before the first change of the factor.
const WARM_UP: usize = 20;

/// Largest factor: at 2 the iteration would not converge.
const LARGEST: f64 = 1.995;

/// Contraction above which the factor was too bold.
const TOO_BOLD: f64 = 1.1;

/// Growth over the smallest error at which over-relaxation starts anew with a lower limit: far from
/// the answer it need not converge at all.
const LOST: f64 = 3.0;

/// Passes that remain, at the best rate of over-relaxation, above which Newton is taken.
const REMAINING: f64 = 60.0;

/// Passes that remain, at the observed rate, above which Newton is taken.
const REMAINING_OBSERVED: f64 = 120.0;

/// Passes from which on the observed rate is trusted for that.
const SETTLED: usize = 40;

/// Most passes of a solve, and most of those to come, on the way to an error where Newton's method
/// needs no path; six passes over a stored kernel take as long as one of a Newton step.
const APPROACH: usize = 120;
const REMAINING_TO_NEAR: f64 = 60.0;

/// Passes until which over-relaxation may raise the error before it lowers it.
const SETTLED_NEAR: usize = 60;

/// What to do after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advice {
    /// Go on with the factor `omega`.
    Iterate,
    /// Newton's method is expected to be faster.
    Newton,
}

/// What has been observed of the contraction.
#[derive(Debug, Clone)]
pub(super) struct Acceleration {
    /// Current factor of over-relaxation.
    pub(super) omega: f64,
    tol: f64,
    near: f64,
    n_before: usize,
    n_passes: usize,
    last: f64,
    best: f64,
    limit: f64,
}

impl Acceleration {
    /// For passes to the error `tol`.
    pub(super) fn new(tol: f64) -> Self {
        Self {
            omega: 1.0,
            tol,
            near: f64::INFINITY,
            n_before: 0,
            n_passes: 0,
            last: f64::NAN,
            best: f64::INFINITY,
            limit: LARGEST,
        }
    }

    /// Newton's method may wait until the error is below `near`; `n_before` passes were made before.
    pub(super) fn approaching(self, near: f64, n_before: usize) -> Self {
        Self { near, n_before, ..self }
    }

    /// Enter the error of a pass.
    pub(super) fn observe(&mut self, error: f64) -> Advice {
        self.n_passes += 1;
        self.best = self.best.min(error);
        if !self.n_passes.is_multiple_of(INTERVAL) {
            return Advice::Iterate;
        }
        let before = std::mem::replace(&mut self.last, error);
        if self.n_passes < WARM_UP {
            return Advice::Iterate;
        }
        if self.omega > 1.0 && error > LOST * self.best {
            self.limit = 0.5 * (1.0 + self.omega);
            self.omega = 1.0;
            self.best = error;
            return Advice::Iterate;
        }
        let rate = (error / before).powf(1.0 / INTERVAL as f64);
        // The formula is that of a factor below the best one, where the rate exceeds omega - 1.
        if rate < 1.0 && rate >= self.omega - 1.0 {
            let theta = (rate + self.omega - 1.0).powi(2) / (rate * self.omega.powi(2));
            let best = 2.0 / (1.0 + (1.0 - theta).max(0.0).sqrt());
            self.omega = self.omega.max(best).min(self.limit);
        } else if rate > TOO_BOLD && self.omega > 1.0 {
            self.omega = 0.5 * (1.0 + self.omega);
        }
        let needed = (self.tol / error).ln();
        let relaxed = needed / (self.omega - 1.0).ln();
        let observed = needed / rate.ln();
        // Written so that NaN asks for Newton.
        let goes_on = rate < 1.0
            && (relaxed <= REMAINING || self.omega == 1.0)
            && (self.n_passes < SETTLED || observed <= REMAINING_OBSERVED);
        if goes_on || self.comes_near(error, rate) { Advice::Iterate } else { Advice::Newton }
    }

    /// Whether some more passes should come to an error where Newton's method needs no path.
    fn comes_near(&self, error: f64, rate: f64) -> bool {
        let is_settling = self.n_passes < SETTLED_NEAR && self.omega > 1.0;
        let remaining = (self.near / error).ln() / rate.ln();
        error > self.near
            && self.n_before + self.n_passes < APPROACH
            && (is_settling || rate < 1.0 && remaining <= REMAINING_TO_NEAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_contraction_gives_the_best_factor() {
        let theta: f64 = 0.9;
        let mut acceleration = Acceleration::new(1e-9);
        let mut error = 0.1;
        for _ in 0..WARM_UP {
            acceleration.observe(error);
            error *= theta;
        }
        let best = 2.0 / (1.0 + (1.0 - theta).sqrt());
        assert!((acceleration.omega - best).abs() < 1e-12);
    }

    #[test]
    fn a_rate_better_than_any_of_the_factor_leaves_it_alone() {
        let mut acceleration = Acceleration::new(1e-300);
        (0..20).for_each(|k| _ = acceleration.observe(0.95_f64.powi(k)));
        let omega = acceleration.omega;
        let rate = 0.5 * (omega - 1.0);
        assert!(rate > 0.1);
        (0..10).for_each(|k| _ = acceleration.observe(0.95_f64.powi(19) * rate.powi(k)));
        assert_eq!(acceleration.omega, omega);
    }

    #[test]
    fn slow_and_rising_errors_call_for_newton() {
        for factor in [0.9999_f64, 1.0, 1.01, f64::NAN] {
            let mut acceleration = Acceleration::new(1e-9);
            let advice = (0..WARM_UP).map(|k| acceleration.observe(0.1 * factor.powi(k as i32)));
            assert_eq!(advice.last(), Some(Advice::Newton));
        }
    }

    #[test]
    fn newton_waits_while_the_error_comes_near() {
        // Far too slow for the tolerance, but not for 0.03.
        let advice = |factor: f64, near: f64| {
            let mut acceleration = Acceleration::new(1e-9).approaching(near, 0);
            let mut at = |k: usize| acceleration.observe(0.5 * factor.powi(k as i32));
            (0..APPROACH).position(|k| at(k) == Advice::Newton)
        };
        let near = advice(0.95, 0.03).expect("the error is small in the end");
        assert!(0.5 * 0.95_f64.powi(near as i32) <= 0.03, "{near}");
        assert!(advice(0.95, f64::INFINITY).expect("the forecast is bad") <= SETTLED);
        assert!(advice(0.995, 0.03).expect("the forecast is bad for 0.03 too") <= SETTLED_NEAR);
    }

    #[test]
    fn an_error_far_above_the_smallest_starts_anew() {
        let mut acceleration = Acceleration::new(1e-9);
        (0..20).for_each(|k| _ = acceleration.observe(0.99_f64.powi(k)));
        let bold = acceleration.omega;
        assert!(bold > 1.5);
        (0..10).for_each(|_| _ = acceleration.observe(10.0));
        assert_eq!(acceleration.omega, 1.0);
        (0..10).for_each(|k| _ = acceleration.observe(0.99_f64.powi(k)));
        assert!(acceleration.omega <= 0.5 * (1.0 + bold));
    }

    #[test]
    fn a_rising_error_takes_the_factor_back() {
        let mut acceleration = Acceleration::new(1e-9);
        (0..20).for_each(|k| _ = acceleration.observe(0.9_f64.powi(k)));
        let bold = acceleration.omega;
        (0..10).for_each(|k| _ = acceleration.observe(0.9_f64.powi(19) * 1.12_f64.powi(k)));
        assert!(acceleration.omega < bold && acceleration.omega > 1.0);
    }
}
