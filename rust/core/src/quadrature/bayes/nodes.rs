//! Nodes in order, without repeats, and the gaps between them.

use super::richardson::MIN_NODES;
use crate::error::{Error, require_finite, try_vec};

/// Gaps, as parts of the mean spacing, that count as none: squares of what happens in such a gap
/// underflow.
const NO_GAP: f64 = 1e-30;

/// Rounding errors of a node, in ulp of the larger end, that still count as even spacing.
const EVEN: f64 = 4.0;

/// An end of the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Left,
    Right,
}

impl End {
    /// From where to thin `n` nodes: where the count comes out even both ends say the same.
    ///
    /// A gap that thinning does not widen hides the error at that end.
    pub(super) fn to_thin_from(n: usize) -> &'static [Self] {
        match n {
            n if n < MIN_NODES => &[],
            n if (n - 1).is_multiple_of(4) => &[Self::Left],
            _ => &[Self::Left, Self::Right],
        }
    }
}

/// Distinct nodes in ascending order.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) x: Vec<f64>,
    /// Position of each among the nodes as they came.
    pub(super) source: Vec<usize>,
}

impl Nodes {
    /// Sort, and without noise drop repeats, which must have the same values.
    ///
    /// `values` are `n_components` numbers a node; empty where only weights are wanted.
    pub(super) fn new(
        nodes: &[f64],
        (lower, upper): (f64, f64),
        values: &[f64],
        n_components: usize,
        noise: f64,
    ) -> Result<Self, Error> {
        require_finite("nodes", nodes)?;
        if nodes.is_empty() {
            let (expected, found) = ("at least one entry".to_owned(), "none".to_owned());
            return Err(Error::Shape { argument: "nodes", expected, found });
        }
        if let Some(index) = nodes.iter().position(|&x| x < lower || x > upper) {
            let (rule, value) = ("inside the domain", nodes[index].to_string());
            return Err(Error::Value { argument: "nodes", rule, value, index: Some(index) });
        }
        let mut order = try_vec(nodes.len(), 0)?;
        order.iter_mut().enumerate().for_each(|(i, o)| *o = i);
        order.sort_by(|&i, &j| nodes[i].total_cmp(&nodes[j]));
        let smallest = NO_GAP * ((upper - lower) / nodes.len() as f64);
        let (mut x, mut source) = (Vec::new(), Vec::new());
        for i in order {
            match (x.last(), source.last()) {
                (Some(last), Some(&j)) if noise == 0.0 && nodes[i] - last <= smallest => {
                    let row = |i: usize| values.get(i * n_components..(i + 1) * n_components);
                    if row(i) != row(j) {
                        return Err(Error::Value {
                            argument: "nodes",
                            rule: "distinct where values differ and `noise` is 0",
                            value: format!("{} at indices {j} and {i}", nodes[i]),
                            index: None,
                        });
                    }
                }
                _ => {
                    x.push(nodes[i]);
                    source.push(i);
                }
            }
        }
        Ok(Self { x, source })
    }

    /// Every `stride`-th node, counted from one end, and that of the other end.
    pub(super) fn thinned(&self, stride: usize, start: End) -> Self {
        let last = self.x.len() - 1;
        let (first, other) = match start {
            End::Left => (0, last),
            End::Right => (last, 0),
        };
        let kept = |i: &usize| i.abs_diff(first).is_multiple_of(stride) || *i == other;
        let indices: Vec<usize> = (0..=last).filter(kept).collect();
        Self {
            x: indices.iter().map(|&i| self.x[i]).collect(),
            source: indices.iter().map(|&i| self.source[i]).collect(),
        }
    }
}

/// The median, or the smaller of two; None of no numbers.
pub(super) fn lower_median(mut numbers: Vec<f64>) -> Option<f64> {
    let middle = numbers.len().checked_sub(1)? / 2;
    Some(*numbers.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Gaps between the nodes, with the mean spacing as unit.
#[derive(Debug)]
pub(super) struct Gaps {
    /// Unit of time: the length of the domain over the number of nodes.
    pub(super) unit: f64,
    /// From the left end to the first node, between nodes, from the last node to the right end.
    pub(super) lengths: Vec<f64>,
    /// The gaps read the same from both ends.
    pub(super) symmetric: bool,
}

impl Gaps {
    /// Nodes that are evenly spaced to rounding get one gap, so that one transition serves all.
    pub(super) fn new(x: &[f64], (lower, upper): (f64, f64)) -> Result<Self, Error> {
        let n = x.len();
        let unit = (upper - lower) / n as f64;
        let mut gaps = try_vec(n + 1, 0.0)?;
        gaps[0] = (x[0] - lower) / unit;
        for (gap, pair) in gaps[1..].iter_mut().zip(x.windows(2)) {
            *gap = (pair[1] - pair[0]) / unit;
        }
        gaps[n] = (upper - x[n - 1]) / unit;
        let tolerance = EVEN * f64::EPSILON * lower.abs().max(upper.abs()) / unit;
        let mean = (x[n - 1] - x[0]) / unit / (n - 1).max(1) as f64;
        if mean > tolerance && gaps[1..n].iter().all(|gap| (gap - mean).abs() <= tolerance) {
            gaps[1..n].fill(mean);
            if (gaps[0] - gaps[n]).abs() <= tolerance {
                let end = 0.5 * (gaps[0] + gaps[n]);
                (gaps[0], gaps[n]) = (end, end);
            }
        }
        let symmetric = gaps.iter().eq(gaps.iter().rev());
        Ok(Self { unit, lengths: gaps, symmetric })
    }

    /// Number of nodes.
    pub(super) fn n(&self) -> usize {
        self.lengths.len() - 1
    }

    /// The median of the positive gaps between nodes, in the unit of the nodes.
    pub(super) fn median(&self) -> Option<f64> {
        let inner = self.lengths[1..self.n()].iter().copied();
        lower_median(inner.filter(|&gap| gap > 0.0).collect()).map(|gap| gap * self.unit)
    }
}
