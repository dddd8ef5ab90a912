//! Nodes of one level in the variable t, for an interval of length 1.

use std::f64::consts::PI;

/// Where nothing of a range in doubles is left: the gap to the end falls below all numbers.
pub(super) const FARTHEST: f64 = 6.5;

/// One node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) t: f64,
    /// The distance to the nearer end, on an interval of length 1.
    pub(super) gap: f64,
    /// The derivative of the position by t.
    pub(super) weight: f64,
}

impl Node {
    /// The node with this t: `gap = 1 / (1 + exp(pi sinh |t|))`.
    pub(super) fn at(t: f64) -> Self {
        let gap = 1.0 / (1.0 + (PI * t.abs().sinh()).exp());
        // cosh^-2 (pi/2 sinh t) = 4 gap (1 - gap).
        Self { t, gap, weight: PI * t.cosh() * gap * (1.0 - gap) }
    }
}

/// The nodes that a level adds, ascending in t: multiples of its step from `-left` to `right`.
///
/// The first level holds all multiples, later ones those that no earlier level has.
pub(super) fn level_nodes(step: f64, is_first: bool, left: f64, right: f64) -> Vec<Node> {
    let (first, last) = ((-left / step).ceil() as i64, (right / step).floor() as i64);
    let multiples = (first..=last).filter(|k| is_first || k % 2 != 0);
    multiples.map(|k| Node::at(k as f64 * step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_those_of_the_substitution() {
        for t in [-3.0_f64, -0.7, 0.0, 1.25, 2.5] {
            let node = Node::at(t);
            let inner = 0.5 * PI * t.sinh();
            assert!((1.0 - 2.0 * node.gap - inner.tanh().abs()).abs() < 1e-15);
            let slope = 0.5 * (0.5 * PI * t.cosh() / inner.cosh().powi(2));
            assert!((node.weight / slope - 1.0).abs() < 1e-12);
        }
        assert!(Node::at(6.1).gap > 0.0 && Node::at(FARTHEST).gap == 0.0);
    }

    #[test]
    fn levels_fill_the_gaps_of_earlier_ones() {
        let t = |step, first| -> Vec<f64> {
            level_nodes(step, first, 1.0, 0.8).iter().map(|node| node.t).collect()
        };
        assert_eq!(t(0.5, true), [-1.0, -0.5, 0.0, 0.5]);
        assert_eq!(t(0.25, false), [-0.75, -0.25, 0.25, 0.75]);
    }

    #[test]
    fn the_weights_of_a_fine_step_sum_to_the_length() {
        let sum: f64 = level_nodes(0.125, true, 4.0, 4.0).iter().map(|node| node.weight).sum();
        assert!((0.125 * sum - 1.0).abs() < 1e-15);
    }
}
