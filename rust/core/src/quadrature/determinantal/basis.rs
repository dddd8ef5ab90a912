//! Products of orthonormal polynomials of one variable.

use std::collections::HashMap;

use super::draws::Draws;
use super::family::{Family, LANES, Recurrence};
use super::univariate::Sampler;
use crate::control::Control;
use crate::error::{Error, require_finite, try_zeroed};
use crate::parallel::Team;
use crate::quadrature::gauss::gauss_legendre;

/// Least half width of a domain, over the distance of its centre from 0.
const NARROWEST: f64 = 1e-12;

/// Distances below are taken for this one: numbers near the end of the range of doubles are coarse.
const SMALLEST: f64 = 1e-290;

/// Points per block of work.
const BLOCK: usize = 1024;

/// Values between two looks at the caller's wish to stop.
const LOOK: usize = 1 << 22;

/// How a function of the basis is made: an earlier one times a univariate value.
#[derive(Debug, Clone, Copy)]
struct Factor {
    parent: usize,
    /// Place of the univariate value in the table of all axes.
    entry: usize,
}

/// An orthonormal basis of polynomials under a product of probability measures.
#[derive(Debug, Clone)]
pub struct PolynomialBasis {
    family: Family,
    shift: Vec<f64>,
    scale: Vec<f64>,
    /// Multi-indices (m, d) by rows.
    indices: Vec<u32>,
    degree: usize,
    factors: Vec<Factor>,
    recurrence: Recurrence,
    sampler: Sampler,
}

impl PolynomialBasis {
    /// The products of the multi-indices `indices` (m, d) in the variables `(x - shift) / scale`.
    ///
    /// # Errors
    /// [`Error::Value`] for a degree that is too large, a scale that is not positive, and indices
    /// that are not closed downwards or stand before their parents; [`Error::Shape`].
    pub fn new(
        family: Family,
        shift: &[f64],
        scale: &[f64],
        indices: &[u32],
    ) -> Result<Self, Error> {
        let d = shift.len();
        if d == 0 || scale.len() != d || indices.is_empty() || !indices.len().is_multiple_of(d) {
            return Err(Error::Shape {
                argument: "indices",
                expected: format!("rows of {d} entries, one for each axis"),
                found: format!("{} entries", indices.len()),
            });
        }
        require_finite("shift", shift)?;
        require_finite("scale", scale)?;
        let is_wide =
            |(scale, shift): (&f64, &f64)| *scale >= NARROWEST * shift.abs().max(SMALLEST);
        if let Some(index) = scale.iter().zip(shift).position(|pair| !is_wide(pair)) {
            return Err(Error::Value {
                argument: "domain",
                rule: "so wide that doubles tell its points apart",
                value: format!("half a width of {} around {}", scale[index], shift[index]),
                index: Some(index),
            });
        }
        let degree = indices.iter().copied().max().unwrap_or(0) as usize;
        family.check(degree)?;
        let factors = factors(indices, d, degree)?;
        Ok(Self {
            family,
            shift: shift.to_vec(),
            scale: scale.to_vec(),
            indices: indices.to_vec(),
            degree,
            factors,
            recurrence: family.recurrence(degree),
            sampler: Sampler::new(family, degree),
        })
    }

    /// Number of functions m.
    pub fn len(&self) -> usize {
        self.factors.len()
    }

    /// Whether there is no function; never.
    pub fn is_empty(&self) -> bool {
        self.factors.is_empty()
    }

    /// Number of variables d.
    pub fn n_dimensions(&self) -> usize {
        self.shift.len()
    }

    /// The functions (n, m) by rows at the points (n, d). One multiplication each.
    ///
    /// # Errors
    /// [`Error::Value`] where a value overflows, [`Error::TooLarge`], and whatever `check` returns.
    pub fn evaluate(
        &self,
        points: &[f64],
        team: &Team,
        check: &dyn Fn() -> Result<(), Error>,
    ) -> Result<Vec<f64>, Error> {
        let (d, m) = (self.n_dimensions(), self.len());
        let n = points.len() / d;
        let mut out = try_zeroed(n.checked_mul(m).ok_or(Error::TooLarge { bytes: u128::MAX })?)?;
        let wave = (LOOK / m).max(1).next_multiple_of(BLOCK);
        for (points, out) in points.chunks(wave * d).zip(out.chunks_mut(wave * m)) {
            check()?;
            team.for_each_chunk_mut(out, BLOCK * m, |start, rows| {
                let first = start / m;
                self.rows(&points[first * d..first * d + rows.len() / m * d], rows);
            });
        }
        if let Some(place) = out.iter().position(|value| !value.is_finite()) {
            return Err(Error::Value {
                argument: "X",
                rule: "so near the domain that no polynomial overflows",
                value: format!("{:?}", &points[place / m * d..(place / m + 1) * d]),
                index: Some(place / m),
            });
        }
        Ok(out)
    }

    /// The functions at some points, on one thread.
    pub(super) fn rows(&self, points: &[f64], rows: &mut [f64]) {
        let (d, m, width) = (self.n_dimensions(), self.len(), self.degree + 1);
        let mut table = vec![[0.0; LANES]; d * width];
        let mut values = vec![[0.0; LANES]; m];
        for (points, rows) in points.chunks(LANES * d).zip(rows.chunks_mut(LANES * m)) {
            let count = points.len() / d;
            for axis in 0..d {
                let mut t = [0.0; LANES];
                for (t, point) in t.iter_mut().zip(points.chunks(d)) {
                    *t = (point[axis] - self.shift[axis]) / self.scale[axis];
                }
                self.recurrence.fill(&t, &mut table[axis * width..(axis + 1) * width]);
            }
            for (k, factor) in self.factors.iter().enumerate() {
                let entry = table[factor.entry];
                // The first function is 1 and its own parent.
                let parent = if factor.parent == k { [1.0; LANES] } else { values[factor.parent] };
                for lane in 0..LANES {
                    values[k][lane] = parent[lane] * entry[lane];
                }
            }
            for lane in 0..count {
                for (out, value) in rows[lane * m..(lane + 1) * m].iter_mut().zip(&values) {
                    *out = value[lane];
                }
            }
        }
    }

    /// A draw of `phi_j^2 dmu` for the function of number `j`.
    pub(super) fn draw(&self, j: usize, draws: &mut Draws, point: &mut [f64]) {
        let d = self.n_dimensions();
        for axis in 0..d {
            let degree = self.indices[j * d + axis] as usize;
            let t = self.sampler.draw(&self.recurrence, degree, draws);
            point[axis] = self.scale[axis] * t + self.shift[axis];
        }
    }

    /// The integral of each function: Lebesgue's on a box, that of the measure on unbounded ranges.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::Interrupted`].
    pub fn integrals(&self, control: &dyn Control) -> Result<Vec<f64>, Error> {
        let (d, width) = (self.n_dimensions(), self.degree + 1);
        let mut univariate = vec![0.0; width];
        let bounded = !matches!(self.family, Family::Hermite | Family::Laguerre);
        if self.family == Family::Chebyshev {
            // Of T_k, of even degrees: 2 / (1 - k^2); the functions are sqrt(2) T_k.
            for (k, integral) in univariate.iter_mut().enumerate().step_by(2) {
                let norm = if k == 0 { 1.0 } else { std::f64::consts::SQRT_2 };
                *integral = 2.0 * norm / (1.0 - (k as f64).powi(2));
            }
        } else if bounded && self.family != Family::Legendre {
            let rule = gauss_legendre(self.degree / 2 + 1, false, &Team::sequential(), control)?;
            for (x, w) in rule.nodes.iter().zip(&rule.weights) {
                control.check()?;
                self.recurrence.walk(*x, self.degree, 1.0, |k, value| univariate[k] += w * value);
            }
        } else {
            univariate[0] = 1.0;
        }
        if self.family == Family::Legendre {
            // Exactly, not to rounding: the functions are orthogonal to 1.
            univariate[0] = 2.0;
            univariate[1..].fill(0.0);
        }
        let volume: f64 = if bounded { self.scale.iter().product() } else { 1.0 };
        let product =
            |index: &[u32]| index.iter().map(|&k| univariate[k as usize]).product::<f64>();
        Ok(self.indices.chunks(d).map(|index| volume * product(index)).collect())
    }
}

/// Find the parent of each index: itself without its last degree that is not zero.
fn factors(indices: &[u32], d: usize, degree: usize) -> Result<Vec<Factor>, Error> {
    let mut places = HashMap::new();
    let mut out = Vec::with_capacity(indices.len() / d);
    for (place, index) in indices.chunks(d).enumerate() {
        let axis = index.iter().rposition(|&k| k > 0);
        let mut parent = index.to_vec();
        let entry = axis.map_or(0, |axis| {
            parent[axis] = 0;
            axis * (degree + 1) + index[axis] as usize
        });
        let is_root = axis.is_none();
        let parent = if is_root { Some(place) } else { places.get(&parent).copied() };
        let repeated = places.insert(index.to_vec(), place).is_some();
        let Some(parent) = parent.filter(|_| !repeated && is_root == (place == 0)) else {
            return Err(Error::Value {
                argument: "indices",
                rule: "different, closed downwards and sorted by their sums",
                value: format!("{index:?}"),
                index: Some(place),
            });
        };
        out.push(Factor { parent, entry });
    }
    Ok(out)
}
