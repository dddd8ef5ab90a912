//! Points for least squares on a polynomial basis.

use super::basis::PolynomialBasis;
use super::draws::{Draws, Watch, purpose};
use super::factor::triangle;
use super::span::{Candidates, Span, block_length, squared_norms};
use crate::control::Control;
use crate::error::{Error, try_vec, try_zeroed};
use crate::parallel::Team;
use crate::rng::Stream;

/// Independent points per stream.
const BLOCK: usize = 1024;

/// Determinantal sets that are made between two copies to their place.
const WAVE: usize = 256;

/// Sets that are drawn before the best so far is returned.
const MAX_TRIES: u32 = 1000;

/// Where the independent points of a volume-rescaled set come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The measure under which the basis is orthonormal; all weights are 1.
    Measure,
    /// The measure with density `K / m`; weights are `m / K`.
    Christoffel,
}

/// How points are drawn; `m` is the number of functions and `K` the sum of their squares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Independent points from `K / m dmu`: Cohen and Migliorati, "Optimal weighted least-squares
    /// methods" (2017).
    Christoffel {
        /// Number of points.
        n: usize,
    },
    /// A determinantal set of m points with independent ones, in random order: Derezinski, Warmuth
    /// and Hsu, "Leveraged volume sampling for linear regression" (2018), and Nouy and Michel,
    /// "Weighted least-squares approximation with determinantal point processes and generalized
    /// volume sampling" (2023).
    Volume {
        /// Number of points, at least m.
        n: usize,
        /// Where the others come from.
        base: Base,
    },
    /// Independent determinantal sets of m points each.
    Repeated {
        /// Number of sets.
        repeats: usize,
    },
}

/// Points, their weights, and how well they condition the least squares problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The points (n, d) by rows.
    pub points: Vec<f64>,
    /// The weights (n,).
    pub weights: Vec<f64>,
    /// `|G - I|` in the spectral norm, where a condition was asked for.
    pub deviation: Option<f64>,
    /// Sets that were drawn.
    pub n_tries: u32,
}

/// Draw points, again and again until `|G - I| <= condition` where one is given.
///
/// After 1000 tries the best set is returned, whose `deviation` is above the condition. Expected
/// time O(m^3 log m) for a determinantal set, O(m + k) for an independent point of degree k; a
/// condition costs O(n m^2) a try. The same points for any number of threads.
///
/// # Errors
/// [`Error::Value`] for volume sampling of fewer points than functions, [`Error::TooLarge`] and
/// [`Error::Interrupted`].
pub fn sample(
    basis: &PolynomialBasis,
    scheme: Scheme,
    condition: Option<f64>,
    key: u64,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Sample, Error> {
    if let Scheme::Volume { n, .. } = scheme
        && n < basis.len()
    {
        return Err(Error::Value {
            argument: "n",
            rule: "at least the number of functions for volume sampling",
            value: format!("{n} for {} functions", basis.len()),
            index: None,
        });
    }
    let watch = Watch::new(control);
    let mut best: Option<Sample> = None;
    let tries = if condition.is_some() { MAX_TRIES } else { 1 };
    for k in 0..tries {
        let source = Source { basis, key, attempt: k, watch: &watch };
        let points = source.points(scheme, team)?;
        let features = basis.evaluate(&points, team, &|| watch.check())?;
        let weights = weights(scheme, &features, basis.len())?;
        let deviation = match condition {
            Some(_) => Some(gram_deviation(&features, &weights, basis.len(), team, &watch)?),
            None => None,
        };
        let better = best.as_ref().is_none_or(|best| deviation < best.deviation);
        if better {
            best = Some(Sample { points, weights, deviation, n_tries: k + 1 });
        }
        if deviation <= condition {
            break;
        }
        if let Some(best) = &mut best {
            best.n_tries = k + 1;
        }
    }
    best.ok_or(Error::Interrupted)
}

fn weights(scheme: Scheme, features: &[f64], m: usize) -> Result<Vec<f64>, Error> {
    let mut out = vec![1.0; features.len() / m];
    if !matches!(scheme, Scheme::Volume { base: Base::Measure, .. }) {
        sums_of_squares(features, m, &mut out)?;
        for k in &mut out {
            *k = m as f64 / *k;
        }
    }
    Ok(out)
}

/// `K` at some points, which high degrees on unbounded ranges may carry beyond double precision.
fn sums_of_squares(features: &[f64], m: usize, out: &mut [f64]) -> Result<(), Error> {
    squared_norms(features, m, out);
    if out.iter().all(|k| k.is_finite()) {
        return Ok(());
    }
    Err(Error::Value {
        argument: "degree",
        rule: "so low that no square of a function overflows where points are drawn",
        value: "a sum of squares that does".into(),
        index: None,
    })
}

/// `|G - I|` in the spectral norm for features (n, m) and their weights.
fn gram_deviation(
    features: &[f64],
    weights: &[f64],
    m: usize,
    team: &Team,
    watch: &Watch<'_>,
) -> Result<f64, Error> {
    let n = weights.len();
    let fill = |i: usize, row: &mut [f64]| {
        let root = (weights[i] / n as f64).sqrt();
        row.iter_mut().zip(&features[i * m..]).for_each(|(out, x)| *out = root * x);
    };
    let singular = triangle(n, m, fill, team, watch)?.singular_values()?;
    Ok(singular.iter().map(|s| (s * s - 1.0).abs()).fold(0.0, f64::max))
}

/// One try.
struct Source<'a> {
    basis: &'a PolynomialBasis,
    key: u64,
    attempt: u32,
    watch: &'a Watch<'a>,
}

impl Source<'_> {
    fn draws(&self, purpose: u32, task: u32) -> Draws {
        Draws::new(Stream::new(self.key, task, purpose | self.attempt), 0)
    }

    fn points(&self, scheme: Scheme, team: &Team) -> Result<Vec<f64>, Error> {
        let (m, d) = (self.basis.len(), self.basis.n_dimensions());
        match scheme {
            Scheme::Christoffel { n } => self.independent(n, Base::Christoffel, team),
            Scheme::Repeated { repeats } => {
                let size = repeats.checked_mul(m * d).filter(|_| u32::try_from(repeats).is_ok());
                let mut out = try_zeroed(size.ok_or(Error::TooLarge { bytes: u128::MAX })?)?;
                for (wave, out) in out.chunks_mut(WAVE * m * d).enumerate() {
                    let first = wave * WAVE;
                    let sets = team.map_blocks(out.len() / (m * d), 1, |range| {
                        self.process((first + range.start) as u32)
                    });
                    for (out, set) in out.chunks_exact_mut(m * d).zip(sets) {
                        out.copy_from_slice(&set?);
                    }
                }
                Ok(out)
            }
            Scheme::Volume { n, base } => {
                let mut all = self.process(0)?;
                all.extend(self.independent(n - m, base, team)?);
                let mut order: Vec<usize> = (0..n).collect();
                self.draws(purpose::ORDER, 0).shuffle(&mut order);
                Ok(order.iter().flat_map(|&i| all[i * d..(i + 1) * d].iter().copied()).collect())
            }
        }
    }

    fn independent(&self, n: usize, base: Base, team: &Team) -> Result<Vec<f64>, Error> {
        let (m, d) = (self.basis.len(), self.basis.n_dimensions());
        let size = n.checked_mul(d).ok_or(Error::TooLarge { bytes: u128::MAX })?;
        let mut out = try_zeroed(size)?;
        team.for_each_chunk_mut(&mut out, BLOCK * d, |start, points| {
            if self.watch.check().is_err() {
                return;
            }
            let mut draws = self.draws(purpose::INDEPENDENT, (start / (BLOCK * d)) as u32);
            for point in points.chunks_exact_mut(d) {
                // The first function is 1: its square times the measure is the measure itself.
                let j = if base == Base::Measure { 0 } else { draws.index(m).0 };
                self.basis.draw(j, &mut draws, point);
            }
        });
        self.watch.check()?;
        Ok(out)
    }

    /// One set of the projection process: rejection from `K / m dmu`.
    fn process(&self, replicate: u32) -> Result<Vec<f64>, Error> {
        // Sets that nobody waits for any more end before they begin.
        self.watch.check()?;
        let (m, d) = (self.basis.len(), self.basis.n_dimensions());
        let mut draws = self.draws(purpose::PROCESS, replicate);
        let block = block_length(m);
        let (mut points, mut uniforms) = (vec![0.0; block * d], vec![0.0; block]);
        let (mut rows, mut scores) = (try_vec(block * m, 0.0)?, vec![0.0; block]);
        let mut scratch = Vec::new();
        let mut span = Span::new(m);
        let mut chosen = Vec::with_capacity(m * d);
        while span.len() < m {
            self.watch.check()?;
            for (point, uniform) in points.chunks_exact_mut(d).zip(&mut uniforms) {
                let (j, _) = draws.index(m);
                self.basis.draw(j, &mut draws, point);
                *uniform = draws.uniform();
            }
            self.basis.rows(&points, &mut rows);
            // An infinite score would never be accepted, which would change the law.
            sums_of_squares(&rows, m, &mut scores)?;
            let candidates = Candidates { rows: &rows, scores: &scores, uniforms: &uniforms };
            span.accept(candidates, m, &mut scratch, |slot| {
                chosen.extend_from_slice(&points[slot * d..(slot + 1) * d]);
            });
        }
        Ok(chosen)
    }
}
