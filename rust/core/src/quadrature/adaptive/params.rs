//! What an adaptive integration is asked, and what it reports.

use super::decide::Tolerance;
use super::norm::Norm;
use super::range::{Range, Segment};

/// What is asked of an [`Integrator`](super::Integrator).
#[derive(Debug, Clone, Copy)]
pub struct Params {
    /// How close each integral should come.
    pub tolerance: Tolerance,
    /// Most regions of one integral.
    pub limit: usize,
    /// Most regions of one integral that are split in one round.
    pub split_limit: usize,
    /// How errors of components are joined.
    pub norm: Norm,
    /// Whether an interval at an end of its segment is set aside, for a method that is made for
    /// singular ends, once bisections divide its error by the same factor each time, or 20 of them
    /// left it there; one axis only.
    pub set_aside: bool,
    /// Whether regions of integrals that ended are kept.
    pub keep: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            tolerance: Tolerance { rtol: 1e-8, atol: 0.0 },
            limit: 200,
            split_limit: usize::MAX,
            norm: Norm::Max,
            set_aside: false,
            keep: false,
        }
    }
}

/// The components of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Components {
    /// How many numbers make up a value, at least 1.
    pub count: usize,
    /// Whether they are pairs of a real and an imaginary part.
    pub complex: bool,
}

impl Components {
    /// Real values of `count` numbers.
    pub const fn real(count: usize) -> Self {
        Self { count, complex: false }
    }
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Integrals that go on.
    pub n_running: usize,
    /// Regions of all integrals that were judged in this round.
    pub n_regions: usize,
    /// The largest estimated error of an integral.
    pub error: f64,
}

/// An interval at a singular end, for another method to integrate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SetAside {
    /// Its integral.
    pub owner: u32,
    /// The range of that integral.
    pub range: Range,
    /// The interval, in the coordinate of the range.
    pub interval: Segment,
    /// The segment at whose end it lies.
    pub segment: Segment,
    /// The largest error that the integral may have.
    pub tolerance: f64,
    /// Whether bisection goes on where the other method finds no answer.
    pub is_trial: bool,
}
