//! One pass over a matrix: its leverage scores, and whether its columns are orthonormal.

use super::draws::Watch;
use super::factor::triangle;
use super::span::dot;
use crate::error::{Error, require_finite, try_zeroed};
use crate::parallel::{BLOCK, Team, pairwise_sum};
use crate::rng::Stream;
use pulp::{Arch, Simd, WithSimd};

/// Largest deviation of `U^T U` from the identity that passes.
const MAX_DEVIATION: f64 = 1e-8;

/// Deviation of a probe beyond which all of `U^T U` is computed.
const SUSPICIOUS: f64 = 0.01 * MAX_DEVIATION;

/// Random vectors that stand for the whole matrix.
const PROBES: usize = 4;

/// The squared norms of the rows (n,) of a finite matrix (n, m) with orthonormal columns.
///
/// Each of four normal random vectors must keep its norm, O(n m): an entry of `U^T U` that is off
/// by 1e-8 goes unseen with a probability of 1e-4, a large one practically never. Only what looks
/// suspicious is computed in full, O(n m^2).
pub(super) fn leverage_scores(
    features: &[f64],
    width: usize,
    team: &Team,
    watch: &Watch<'_>,
) -> Result<Vec<f64>, Error> {
    let mut scores = try_zeroed(features.len() / width)?;
    let mut probes = vec![0.0; PROBES * width];
    Stream::new(0, 0, 0).fill_normal(0, &mut probes);
    let mut squares = vec![[0.0; PROBES]; scores.len().div_ceil(BLOCK)];
    let parts = features
        .chunks(BLOCK * width)
        .zip(scores.chunks_mut(BLOCK))
        .zip(&mut squares)
        .map(|((rows, scores), squares)| Pass { rows, width, probes: &probes, scores, squares })
        .collect();
    let arch = Arch::new();
    team.for_each_part(parts, |part: Pass<'_>| {
        if watch.check().is_ok() {
            arch.dispatch(part);
        }
    });
    watch.check()?;
    // A square is finite only if its root is.
    if !scores.iter().all(|score| score.is_finite()) {
        require_finite("features", features)?;
        return Err(not_orthonormal("entries whose squares overflow".into()));
    }
    let mut keeps_its_norm = |(p, probe): (usize, &[f64])| {
        let blocks: Vec<f64> = squares.iter().map(|squares| squares[p]).collect();
        // False for NaN.
        (pairwise_sum(&blocks) - dot(probe, probe)).abs() <= SUSPICIOUS
    };
    if probes.chunks_exact(width).enumerate().all(&mut keeps_its_norm) {
        return Ok(scores);
    }
    let deviation = deviation(features, width, team, watch)?;
    if deviation <= MAX_DEVIATION {
        return Ok(scores);
    }
    Err(not_orthonormal(format!(
        "products of columns that deviate from the identity by {deviation:.3e}"
    )))
}

fn not_orthonormal(found: String) -> Error {
    Error::Shape {
        argument: "features",
        expected: "orthonormal columns, to 1e-8 (pass orthonormalize=True to make them so)".into(),
        found,
    }
}

/// The largest entry of `U^T U - I`.
fn deviation(features: &[f64], width: usize, team: &Team, watch: &Watch<'_>) -> Result<f64, Error> {
    let factor = triangle(
        features.len() / width,
        width,
        |i, out| out.copy_from_slice(&features[i * width..(i + 1) * width]),
        team,
        watch,
    )?;
    let column = |j: usize| &factor.entries[j * width..(j + 1) * width];
    let mut deviation = 0.0_f64;
    for a in 0..width {
        for b in 0..=a {
            let product: f64 = column(a).iter().zip(column(b)).map(|(x, y)| x * y).sum();
            let expected = if a == b { 1.0 } else { 0.0 };
            deviation = deviation.max((product - expected).abs());
        }
    }
    Ok(deviation)
}

/// One block of rows: their squared norms, and the sums of squared products with each probe.
struct Pass<'a> {
    rows: &'a [f64],
    width: usize,
    probes: &'a [f64],
    scores: &'a mut [f64],
    squares: &'a mut [f64; PROBES],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, width, probes, scores, squares } = self;
        let probes: [&[f64]; PROBES] = std::array::from_fn(|p| &probes[p * width..(p + 1) * width]);
        // Two rows at a time share what is read of probes.
        let (pairs, last) = scores.as_chunks_mut::<2>();
        let (paired, single) = rows.split_at(2 * pairs.len() * width);
        for (scores, rows) in pairs.iter_mut().zip(paired.chunks_exact(2 * width)) {
            let (first, second) = rows.split_at(width);
            *scores = add_rows(simd, [first, second], probes, squares);
        }
        if let Some(score) = last.first_mut() {
            [*score] = add_rows(simd, [single], probes, squares);
        }
    }
}

/// Squared norms of rows; adds the squares of their products with the probes.
///
/// In explicit vectors: left alone the compiler shuffles more than it multiplies.
#[inline(always)]
fn add_rows<S: Simd, const R: usize>(
    simd: S,
    rows: [&[f64]; R],
    probes: [&[f64]; PROBES],
    squares: &mut [f64; PROBES],
) -> [f64; R] {
    let width = rows[0].len();
    let vectors = rows.map(|row| S::as_simd_f64s(row).0);
    let n_vectors = vectors[0].len();
    let vectors = vectors.map(|row| &row[..n_vectors]);
    let probe_vectors = probes.map(|probe| &S::as_simd_f64s(probe).0[..n_vectors]);
    let zero = simd.splat_f64s(0.0);
    let mut norms = [zero; R];
    let mut along = [[zero; PROBES]; R];
    for k in 0..n_vectors {
        for r in 0..R {
            let x = vectors[r][k];
            norms[r] = simd.mul_add_e_f64s(x, x, norms[r]);
            for p in 0..PROBES {
                along[r][p] = simd.mul_add_e_f64s(x, probe_vectors[p][k], along[r][p]);
            }
        }
    }
    let mut norms = norms.map(|x| simd.reduce_sum_f64s(x));
    let mut along = along.map(|row| row.map(|x| simd.reduce_sum_f64s(x)));
    for j in n_vectors * S::F64_LANES..width {
        for r in 0..R {
            let x = rows[r][j];
            norms[r] += x * x;
            for p in 0..PROBES {
                along[r][p] += x * probes[p][j];
            }
        }
    }
    for row in along {
        squares.iter_mut().zip(row).for_each(|(square, x)| *square += x * x);
    }
    norms
}
