//! Weighted least squares, with what its certificate needs.

use super::draws::Watch;
use super::factor::rank;
use super::reduced::{Reduced, reduce};
use crate::control::Control;
use crate::error::{Error, require_finite, try_zeroed};
use crate::parallel::{BLOCK, Team, pairwise_sum};

/// Points between two looks at the caller's wish to stop; each may carry many outputs.
const LOOK: usize = 64;

/// Values of functions and of a basis at some points, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Observations<'a> {
    /// The basis at the points (n, m), by rows.
    pub features: &'a [f64],
    /// Number of functions m.
    pub width: usize,
    /// Values (n, v), by rows.
    pub values: &'a [f64],
    /// Number of values at a point v.
    pub n_outputs: usize,
    /// Weights of at least 0 (n,); all 1 by default.
    pub weights: Option<&'a [f64]>,
}

/// A least squares approximation.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Coefficients (m, v), by rows.
    pub coefficients: Vec<f64>,
    /// Eigenvalues of `G = (1/n) sum_i w_i phi(x_i) phi(x_i)^T`, ascending (m,).
    pub eigenvalues: Vec<f64>,
    /// The root of `sum_i w_i (r_i / (1 - h_i))^2 / n` of each output (v,): the error as estimated
    /// by leaving one out. NaN without points to spare, infinite where one cannot be left out.
    pub leave_one_out: Vec<f64>,
    /// The weighted problem without its points, with the norms of the residuals.
    pub reduced: Reduced,
}

/// Fit by QR of the weighted features, never by normal equations: O(n m (m + v)) time, the data
/// stream once for the factor and once for the residuals.
///
/// # Errors
/// [`Error::Shape`] for arrays that do not fit together, fewer points than functions, or points
/// that do not determine the coefficients; [`Error::Value`] for negative weights;
/// [`Error::NotFinite`], [`Error::TooLarge`] and [`Error::Interrupted`].
pub fn least_squares(
    data: Observations<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Fit, Error> {
    let Observations { features, width, values, n_outputs, weights } = data;
    let n = check(data)?;
    let watch = Watch::new(control);
    let root = |i: usize| weights.map_or(1.0, |w| w[i].sqrt());
    let fill = |i: usize, first: usize, out: &mut [f64]| {
        let source = match first.checked_sub(width) {
            None => &features[i * width + first..],
            Some(output) => &values[i * n_outputs + output..],
        };
        let root = root(i);
        out.iter_mut().zip(source).for_each(|(out, x)| *out = root * x);
    };
    let mut fit = solve(reduce(n, width, n_outputs, fill, team, &watch)?, n)?;
    let n_counted = weights.map_or(n, |w| w.iter().filter(|&&w| w > 0.0).count());
    if n_counted > width {
        fit.leave_one_out = leave_one_out(&fit, data, root, team, &watch)?;
    }
    Ok(fit)
}

/// Errors as estimated by leaving each point out in turn.
fn leave_one_out(
    fit: &Fit,
    data: Observations<'_>,
    root: impl Fn(usize) -> f64 + Sync,
    team: &Team,
    watch: &Watch<'_>,
) -> Result<Vec<f64>, Error> {
    let Observations { features, width, values, n_outputs, .. } = data;
    let n = features.len() / width;
    // Squares are those of parts of the largest weighted value, so that they keep their range.
    let largest = team.map_blocks(n, BLOCK, |rows| {
        let mut units = vec![0.0_f64; n_outputs];
        for i in rows {
            let given = &values[i * n_outputs..(i + 1) * n_outputs];
            let root = root(i);
            units.iter_mut().zip(given).for_each(|(unit, y)| *unit = unit.max((root * y).abs()));
        }
        units
    });
    let units: Vec<f64> = (0..n_outputs)
        .map(|output| largest.iter().map(|units| units[output]).fold(0.0, f64::max))
        .map(|unit| if unit > 0.0 { unit } else { 1.0 })
        .collect();
    let partial = team.map_blocks(n, BLOCK, |rows| {
        let mut row = vec![0.0; width];
        let mut fitted = vec![0.0; n_outputs];
        let mut sums = vec![0.0; n_outputs];
        for (k, i) in rows.enumerate() {
            if k.is_multiple_of(LOOK) && watch.check().is_err() {
                return sums;
            }
            let (known, root) = (&features[i * width..(i + 1) * width], root(i));
            row.iter_mut().zip(known).for_each(|(out, x)| *out = root * x);
            fit.reduced.triangle.divide_row(&mut row);
            let left = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
            let spare = left > 64.0 * f64::EPSILON * width as f64;
            fitted.fill(0.0);
            for (x, coefficients) in known.iter().zip(fit.coefficients.chunks_exact(n_outputs)) {
                fitted.iter_mut().zip(coefficients).for_each(|(out, c)| *out += x * c);
            }
            let given = &values[i * n_outputs..(i + 1) * n_outputs];
            let pairs = given.iter().zip(&fitted).zip(&units);
            for (sum, ((y, fitted), unit)) in sums.iter_mut().zip(pairs) {
                let residual = root * (y - fitted) / unit;
                *sum += if spare { (residual / left).powi(2) } else { f64::INFINITY };
            }
        }
        sums
    });
    watch.check()?;
    let error = |(output, unit): (usize, &f64)| {
        let column: Vec<f64> = partial.iter().map(|sums| sums[output]).collect();
        unit * (pairwise_sum(&column) / n as f64).sqrt()
    };
    Ok(units.iter().enumerate().map(error).collect())
}

fn check(data: Observations<'_>) -> Result<usize, Error> {
    let Observations { features, width, values, n_outputs, weights } = data;
    let shape = |argument, expected: String, found: usize| {
        Err(Error::Shape { argument, expected, found: format!("{found}") })
    };
    if width == 0 || n_outputs == 0 {
        return shape("features", "at least one column, as must `y`".into(), 0);
    }
    let n = features.len() / width;
    if features.len() != n * width || values.len() != n * n_outputs {
        return shape("y", format!("values at {n} points"), values.len() / n_outputs);
    }
    if n < width {
        return shape(
            "X",
            format!("at least {width} points, one for each function of the basis"),
            n,
        );
    }
    require_finite("features", features)?;
    require_finite("y", values)?;
    if let Some(weights) = weights {
        if weights.len() != n {
            return shape("sample_weight", format!("{n} entries"), weights.len());
        }
        require_finite("sample_weight", weights)?;
        if let Some(index) = weights.iter().position(|&w| w < 0.0) {
            return Err(Error::Value {
                argument: "sample_weight",
                rule: "at least 0",
                value: weights[index].to_string(),
                index: Some(index),
            });
        }
    }
    Ok(n)
}

/// Coefficients of a reduced problem of `n` points; problems of several sets of points
/// [stacked](Reduced::stack) give the fit of all of them, exactly.
///
/// # Errors
/// [`Error::Shape`] when the points do not determine the coefficients.
pub fn solve(reduced: Reduced, n: usize) -> Result<Fit, Error> {
    let Reduced { triangle, projections, residual_norms } = &reduced;
    let (width, n_outputs) = (triangle.order, residual_norms.len());
    let singular = triangle.singular_values()?;
    let found = rank(&singular, n);
    if found < width {
        return Err(Error::Shape {
            argument: "X",
            expected: format!("points that tell the {width} functions of the basis apart"),
            found: format!("rank {found}"),
        });
    }
    let mut coefficients = try_zeroed(width * n_outputs)?;
    let mut x = vec![0.0; width];
    for (output, projection) in projections.chunks_exact(width).enumerate() {
        x.copy_from_slice(projection);
        triangle.solve(&mut x);
        coefficients[output..].iter_mut().step_by(n_outputs).zip(&x).for_each(|(c, x)| *c = *x);
    }
    let eigenvalues = singular.iter().rev().map(|s| s * s / n as f64).collect();
    let leave_one_out = vec![f64::NAN; n_outputs];
    Ok(Fit { coefficients, eigenvalues, leave_one_out, reduced })
}
