//! Gauss-Chebyshev rules of the four kinds, in closed form.

use std::f64::consts::PI;

use super::angle::sin_cos_ratio;
use super::blocks::{Half, in_blocks, mirrored};
use super::rule::{Rule, require_nodes};
use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;
use crate::simd::{Arithmetic, Kernel, dispatch};

/// A weight function of Chebyshev polynomials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChebyshevKind {
    /// `1 / sqrt(1 - x^2)`.
    First,
    /// `sqrt(1 - x^2)`.
    Second,
    /// `sqrt((1 + x) / (1 - x))`.
    Third,
    /// `sqrt((1 - x) / (1 + x))`.
    Fourth,
}

/// The `n`-point Gauss rule of a Chebyshev weight on `[-1, 1]`, exact for degree `2n - 1`.
///
/// Nodes and weights are accurate to 2e-15 of their own, nodes near 0 and weights near the ends
/// included. O(n) time, no memory beyond the rule.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_chebyshev(
    n: usize,
    kind: ChebyshevKind,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    match kind {
        ChebyshevKind::First | ChebyshevKind::Second => {
            mirrored(n, team, control, |half| dispatch(Symmetric { n, kind, half }))
        }
        ChebyshevKind::Third | ChebyshevKind::Fourth => {
            in_blocks(n, team, control, |first, nodes, weights| {
                dispatch(Skew { n, kind, first, nodes, weights });
            })
        }
    }
}

/// Nodes `cos((2k - 1) pi / 2n)` of the first, `cos(k pi / (n + 1))` of the second kind.
struct Symmetric<'a> {
    n: usize,
    kind: ChebyshevKind,
    half: Half<'a>,
}

impl Kernel for Symmetric<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Half { first, nodes, weights, .. } = self.half;
        let n = self.n as f64;
        for (i, (node, weight)) in nodes.iter_mut().zip(weights).enumerate() {
            let k = (first + i) as f64;
            if self.kind == ChebyshevKind::First {
                *node = sin_cos_ratio::<A>(2.0 * k - 1.0, 4.0 * n).1;
                *weight = PI / n;
            } else {
                let (sin, cos) = sin_cos_ratio::<A>(k, 2.0 * (n + 1.0));
                *node = cos;
                *weight = PI / (n + 1.0) * (sin * sin);
            }
        }
    }
}

/// Nodes `cos((2k - 1) pi / (2n + 1))` of the third kind and their mirror images, of the fourth.
struct Skew<'a> {
    n: usize,
    kind: ChebyshevKind,
    first: usize,
    nodes: &'a mut [f64],
    weights: &'a mut [f64],
}

impl Kernel for Skew<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let whole = 2.0 * (2.0 * self.n as f64 + 1.0);
        for (i, (node, weight)) in self.nodes.iter_mut().zip(self.weights).enumerate() {
            // The distance from -1 in turns of angle, of 2k / (4n + 2) or (2k - 1) / (4n + 2).
            let odd = if self.kind == ChebyshevKind::Third { 0.0 } else { 1.0 };
            let part = 2.0 * (self.first + i + 1) as f64 - odd;
            let is_low = 4.0 * part <= whole;
            let turned = if is_low { part } else { 0.5 * whole - part };
            let cos = sin_cos_ratio::<A>(turned, whole).1;
            *node = if is_low { -cos } else { cos };
            let (sin, cos) = sin_cos_ratio::<A>(part, 2.0 * whole);
            let root = if self.kind == ChebyshevKind::Third { sin } else { cos };
            *weight = 8.0 * PI / whole * (root * root);
        }
    }
}
