//! Gauss-Legendre rules without iteration.
//!
//! I. Bogaert, "Iteration-free computation of Gauss-Legendre quadrature nodes and weights", SIAM J.
//! Sci. Comput. 36(3), 2014: the angle of a node and its weight are series in `(n + 1/2)^-2` about
//! a zero of `J_0`. Up to n = 100, where four terms are not yet exact, a table made in 50-digit
//! arithmetic stands in for them.

use std::f64::consts::{FRAC_1_PI, TAU};

use super::bessel::{TABLED, expansion, zero};
use super::blocks::{Half, mirror};
use super::rule::{Rule, require_nodes};
use crate::control::Control;
use crate::error::{Error, try_zeroed};
use crate::parallel::Team;
use crate::simd::{Arithmetic, Elementary, Kernel, dispatch};

/// Node, weight and angle of the positive halves of the rules with 1, 2, ..., 100 nodes.
static TABLE: &[u8] = include_bytes!("legendre_table.bin");

/// The largest rule of the table.
const LARGEST: usize = 100;

/// Nodes that are computed together.
const LANES: usize = 8;

/// The `n`-point rule for `int_{-1}^{1} f(x) dx`, exact for polynomials of degree `2n - 1`.
///
/// Nodes are within 4e-16 of the exact ones, weights and angles within 6e-16 relative to
/// themselves. The rule carries the angles when `with_theta` asks for them. Takes O(n) time, about
/// 100 flops a pair of nodes, and no memory beyond the rule.
///
/// # Errors
/// [`Error::Value`] for `n = 0`, [`Error::TooLarge`], and [`Error::Interrupted`].
pub fn gauss_legendre(
    n: usize,
    with_theta: bool,
    team: &Team,
    control: &dyn Control,
) -> Result<Rule, Error> {
    require_nodes(n, 1, "at least 1")?;
    let mut rule = Rule::zeros(n)?;
    rule.theta = if with_theta { Some(try_zeroed(n)?) } else { None };
    let theta = rule.theta.as_deref_mut();
    gauss_legendre_into(&mut rule.nodes, &mut rule.weights, theta, team, control)?;
    Ok(rule)
}

/// As [`gauss_legendre`], written to the caller's nodes, weights and angles (n,).
///
/// # Errors
/// [`Error::Shape`] when the slices differ in length, [`Error::Value`] when they are empty, and
/// [`Error::Interrupted`]; what they hold is then unspecified.
pub fn gauss_legendre_into(
    nodes: &mut [f64],
    weights: &mut [f64],
    theta: Option<&mut [f64]>,
    team: &Team,
    control: &dyn Control,
) -> Result<(), Error> {
    let n = nodes.len();
    require_nodes(n, 1, "at least 1")?;
    for (argument, len) in
        [("weights", weights.len()), ("theta", theta.as_ref().map_or(n, |theta| theta.len()))]
    {
        if len != n {
            let (expected, found) = (format!("length {n}"), format!("length {len}"));
            return Err(Error::Shape { argument, expected, found });
        }
    }
    mirror(nodes, weights, theta, team, control, |half| {
        if n <= LARGEST {
            look_up(n, half);
        } else {
            dispatch(Series { n, half });
        }
    })
}

/// Copy nodes from the table.
fn look_up(n: usize, half: Half<'_>) {
    let (values, _) = TABLE.as_chunks::<8>();
    // The rules before this one have 1, 1, 2, 2, 3, ... lines of three numbers.
    let start = 3 * (n * n / 4 + half.first - 1);
    let (lines, _) = values[start..].as_chunks::<3>();
    let mut theta = half.theta;
    for (i, (node, weight)) in half.nodes.iter_mut().zip(half.weights).enumerate() {
        let [x, w, angle] = lines[i].map(f64::from_le_bytes);
        (*node, *weight) = (x, w);
        if let Some(theta) = &mut theta {
            theta[i] = angle;
        }
    }
}

/// Bogaert's series for consecutive nodes of the positive half.
struct Series<'a> {
    n: usize,
    half: Half<'a>,
}

impl Kernel for Series<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Half { first, nodes, weights, mut theta } = self.half;
        let n = self.n as f64;
        let blocks = nodes.chunks_mut(LANES).zip(weights.chunks_mut(LANES));
        for (block, (nodes, weights)) in blocks.enumerate() {
            let start = first + block * LANES;
            let mut x = [0.0; LANES];
            let mut w = [0.0; LANES];
            let mut angle = [0.0; LANES];
            if start > TABLED {
                for i in 0..LANES {
                    let k = (start + i) as f64;
                    (x[i], w[i], angle[i]) = node::<A>(n, k, expansion(k));
                }
            } else {
                for i in 0..LANES {
                    let k = start + i;
                    (x[i], w[i], angle[i]) = node::<A>(n, k as f64, zero(k));
                }
            }
            let len = nodes.len();
            nodes.copy_from_slice(&x[..len]);
            weights.copy_from_slice(&w[..len]);
            if let Some(theta) = &mut theta {
                theta[block * LANES..][..len].copy_from_slice(&angle[..len]);
            }
        }
    }
}

/// Node, weight and angle of the k-th largest node, where `j_k = pi (k - 1/4) + shift` is the k-th
/// zero of `J_0` and `square` is `J_1(j_k)^2`.
#[inline(always)]
fn node<A: Arithmetic>(n: f64, k: f64, (shift, square): (f64, f64)) -> (f64, f64, f64) {
    let fma = |a: f64, b: f64, c: f64| A::mul_add(a, b, c);
    let size = n + 0.5;
    let v = 1.0 / size;
    // The angle a = v j_k in turns, and what it lacks of a quarter: ratios of exact integers, so
    // that neither end of the half loses digits.
    let small = v * shift * (0.5 * FRAC_1_PI);
    let (above, below) = (4.0 * k - 1.0, 2.0 * n + 2.0 - 4.0 * k);
    let turns = above / (8.0 * size) + small;
    let is_near = above <= below;
    let reduced = if is_near { turns } else { below / (8.0 * size) - small };
    let (s, c) = f64::sin_cos_turns_lane::<A>(reduced);
    let (sin, cos) = if is_near { (s, c) } else { (c, s) };
    let a = turns * TAU;

    let u = cos / sin;
    let u2 = u * u;
    let ua = u * a;
    let r = 1.0 / a;
    let r2 = r * r;
    let v2 = v * v;
    let f1 = (u - r) / 8.0;
    let f2 = (6.0 * (1.0 + u2) * r + 25.0 * r2 * r - u * fma(31.0, u2, 33.0)) / 384.0;
    let f3 = u * fma(fma(3779.0, u2, 6350.0), u2, 2595.0) / 15360.0
        - 1073.0 / 5120.0 * (r2 * r2 * r)
        + (1.0 + u2) * r * (fma(31.0, u2, 11.0) / -1024.0 + r * (u / 512.0 - 25.0 / 3072.0 * r));
    let correction = v2 * fma(v2, fma(v2, f3, f2), f1);

    let w1 = ((ua - 1.0) * r2 + 1.0) / 8.0;
    let w2 = (fma(fma(-56.0, u2, -84.0), u2, -27.0)
        + r2 * (fma(6.0, u2, -3.0) + 6.0 * ua + r2 * (81.0 - 31.0 * ua)))
        / 384.0;
    let w3 = fma(fma(fma(151.0 / 160.0, u2, 187.0 / 96.0), u2, 295.0 / 256.0), u2, 153.0 / 1024.0)
        + r * (u * fma(fma(-35.0 / 384.0, u2, -119.0 / 768.0), u2, -65.0 / 1024.0)
            + r * (fma(fma(7.0 / 384.0, u2, 15.0 / 512.0), u2, 5.0 / 512.0)
                + r * (u * fma(1.0 / 512.0, u2, -13.0 / 1536.0)
                    + r * (fma(-7.0 / 384.0, u2, 53.0 / 3072.0)
                        + r * (3749.0 / 15360.0 * u - 1125.0 / 1024.0 * r)))));
    let series = fma(size, size, fma(v2, fma(v2, w3, w2), w1));
    let weight = 2.0 * sin / (square * a * series);

    // cos(a + correction); the terms left out are below 1e-20.
    let half = 0.5 * correction * correction;
    let x = cos - (cos * half + sin * (correction - correction * half / 3.0));
    (x, weight, a + correction)
}
