//! An error estimate from fewer nodes, for functions that no stationary prior fits.

/// Fewest nodes for which a quarter of them says anything.
pub(super) const MIN_NODES: usize = 8;

/// Slowest order of convergence that is believed.
const MIN_ORDER: f64 = 0.5;

/// `|m2 - m| / (2^r - 1)`, where `m`, `m2`, `m4` are the values on all, half and a quarter of the
/// nodes and `r = log2(|m4 - m2| / |m2 - m|)`, held between 1/2 and `p + 1`.
///
/// Richardson's extrapolation: the posterior variance does not see singular ends, the rate does.
pub(super) fn richardson(all: f64, half: f64, quarter: f64, derivatives: usize) -> f64 {
    let largest = (derivatives + 1) as f64;
    let (last, before) = ((half - all).abs(), (quarter - half).abs());
    let order = if last == 0.0 || before == 0.0 {
        largest
    } else {
        (before / last).log2().clamp(MIN_ORDER, largest)
    };
    last / (order.exp2() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_one_is_recovered() {
        // Errors 0.4, 0.2, 0.1 of the value 1.
        assert!((richardson(1.1, 1.2, 1.4, 3) - 0.1).abs() <= 1e-14);
    }

    #[test]
    fn order_is_held_between_its_limits() {
        assert!((richardson(0.0, 1.0, 1000.0, 1) - 1.0 / 3.0).abs() <= 1e-15);
        assert!((richardson(0.0, 1.0, 1.5, 1) - 1.0 / (2f64.sqrt() - 1.0)).abs() <= 1e-14);
        assert_eq!(richardson(2.0, 2.0, 3.0, 0), 0.0);
        // No difference between half and a quarter: the fastest order.
        assert_eq!(richardson(0.0, 1.0, 1.0, 2), 1.0 / 7.0);
    }
}
