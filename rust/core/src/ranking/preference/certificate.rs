//! How far coefficients can be from the exact estimate, in standard errors.
//!
//! With the Newton decrement `lambda = sqrt(g' H^-1 g)` and `c` a bound on `sqrt(x' H^-1 x)` over
//! all differences `x` of two alternatives of one set, `c lambda < 1` proves that the estimate
//! exists and that for every `u`, `|u' (theta - theta_exact)| <= -ln(1 - c lambda) / c * se(u)`
//! with `se(u) = sqrt(u' H^-1 u)`. The third derivative of a log-sum-exp along a direction is at
//! most the range of the scores times the second (Bach 2010, "Self-concordant analysis for logistic
//! regression", Electronic Journal of Statistics 4); a ridge adds to the second alone.

use super::design::Design;
use super::likelihood::{Derivatives, gradient_rounding};
use super::piece::{Piece, Rows};
use crate::control::Control;
use crate::error::Error;
use crate::float::Float;
use crate::linalg::DenseCholesky;
use crate::parallel::Team;
use crate::ranking::certificate::gap_factor;

/// Above this `c * lambda` the second-order term matters and `c` is worth a pass over the data.
const REFINE_ABOVE: f64 = 1e-3;

/// Additions in a row of which an entry of the Hessian is made, at most, besides one for each
/// feature in the factorisation.
const SUMMATION_UNITS: f64 = 512.0;

/// Relative error of the Hessian, in its own norm, beyond which nothing is claimed.
const MOST_PERTURBED: f64 = 0.1;

/// What is proved of one vector of coefficients.
#[derive(Debug, Clone, Copy)]
pub struct PreferenceCertificate {
    /// Bound on `|u' (theta - theta_exact)| / se(u)` over all `u`; infinite where nothing is
    /// proved.
    pub error: f64,
    /// Bound on the Newton decrement.
    pub decrement: f64,
    /// Bound on what the (penalised) log-likelihood is short of its maximum.
    pub log_likelihood_gap: f64,
}

impl PreferenceCertificate {
    /// Whether the estimate is proved to exist.
    pub fn proves_existence(&self) -> bool {
        self.error.is_finite()
    }

    fn new(decrement: f64, c: f64, slack: f64) -> Self {
        let y = c * decrement;
        let error = if decrement == 0.0 {
            0.0
        } else if y < 1.0 {
            -(-y).ln_1p() / c * slack
        } else {
            f64::INFINITY
        };
        let gap = if y < 1.0 { decrement.powi(2) * gap_factor(y) } else { f64::INFINITY };
        Self { error, decrement, log_likelihood_gap: gap * slack }
    }
}

/// Certify scaled coefficients from the (penalised) derivatives there; return the inverse Hessian
/// too.
pub(super) fn certify<T: Float>(
    design: &Design<'_, T>,
    derivatives: &Derivatives,
    coef: &[f64],
    factor: &DenseCholesky,
    team: &Team,
    control: &dyn Control,
) -> Result<(PreferenceCertificate, Vec<f64>), Error> {
    let d = coef.len();
    let inverse = factor.inverse(team, control)?;
    let error: Vec<f64> = inverse.iter().step_by(d + 1).map(|x| x.sqrt()).collect();
    let mut whitened = derivatives.gradient.clone();
    factor.solve_lower(&mut whitened);
    let rounding = gradient_rounding(design, coef);

    // Entry (i, j) of the Hessian is known to a few roundings of `sqrt(H_ii H_jj)`, and by Cauchy
    // and Schwarz `|x_i| <= se_i |x|_H`.
    let diagonal = derivatives.hessian.iter().step_by(d + 1);
    let spread: f64 = diagonal.zip(&error).map(|(h, e)| h.sqrt() * e).sum();
    let perturbed = f64::EPSILON * (SUMMATION_UNITS + d as f64) * spread.powi(2) + 2.0 * rounding;
    if perturbed.is_nan() || perturbed >= MOST_PERTURBED {
        let decrement = norm(&whitened);
        return Ok((PreferenceCertificate::new(decrement, f64::INFINITY, 1.0), inverse));
    }
    let slack = (1.0 - 4.0 * perturbed).recip();
    let of_rounding: f64 =
        derivatives.magnitude.iter().zip(&error).map(|(m, e)| rounding * m * e).sum();
    let decrement = (norm(&whitened) + of_rounding) * slack;
    // Scaled differences are at most 1 in each feature.
    let mut c = error.iter().sum::<f64>() * slack;
    if c * decrement > REFINE_ABOVE {
        c = c.min(largest_norm(design, factor, team, control)? * slack);
    }
    Ok((PreferenceCertificate::new(decrement, c, slack), inverse))
}

pub(super) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// A bound on `sqrt(x' H^-1 x)` over all differences within a set, exact for pairs.
fn largest_norm<T: Float>(
    design: &Design<'_, T>,
    factor: &DenseCholesky,
    team: &Team,
    control: &dyn Control,
) -> Result<f64, Error> {
    let mut largest = 0.0_f64;
    design.for_each_block(
        team,
        control,
        |piece, mut cursor| {
            let mut largest = 0.0_f64;
            while cursor.advance(piece) {
                factor.solve_lower_columns(piece.tile.transposed_mut(piece.n_rows));
                largest = largest.max(norm_of_piece(piece));
            }
            Ok(largest)
        },
        |block| largest = largest.max(block),
    )?;
    Ok(largest)
}

/// Largest norm in a piece whose rows were whitened.
fn norm_of_piece(piece: &mut Piece) -> f64 {
    let n_rows = piece.n_rows;
    let norms = &mut piece.score[..n_rows];
    norms.fill(0.0);
    for column in piece.tile.columns(n_rows) {
        norms.iter_mut().zip(column).for_each(|(norm, x)| *norm += x * x);
    }
    if piece.rows == Rows::Pairs {
        return norms.iter().copied().fold(0.0, f64::max).sqrt();
    }
    let n = piece.n_members();
    let mut largest = 0.0_f64;
    for member in 0..n {
        // Rows are relative to the last alternative: two others are apart by at most the sum.
        let (mut first, mut second) = (0.0_f64, 0.0_f64);
        for &norm in piece.score[..n_rows].iter().skip(member).step_by(n) {
            second = second.max(norm.min(first));
            first = first.max(norm);
        }
        largest = largest.max(first.sqrt() + second.sqrt());
    }
    largest
}
