//! Weighted least squares, with what its certificate needs.

use super::draws::Watch;
use super::factor::{Triangle, rank, triangle};
use crate::control::Control;
use crate::error::{Error, require_finite, try_zeroed};
use crate::parallel::{BLOCK, Team, pairwise_sum};

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
    /// The weighted sum of squares of the residuals of each output (v,).
    pub residual_sums: Vec<f64>,
    /// `(1/n) sum_i w_i (r_i / (1 - h_i))^2` of each output (v,): the squared error as estimated by
    /// leaving one out. NaN without points to spare, infinite where one cannot be left out.
    pub leave_one_out: Vec<f64>,
    /// The triangular factor of weighted features and values side by side (m + v, m + v).
    pub factor: Triangle,
}

/// Fit by QR of the weighted features, never by normal equations: O(n m^2) time, the data stream
/// once for the factor and once for the residuals.
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
    let order = width + n_outputs;
    let fill = |i: usize, row: &mut [f64]| {
        let root = root(i);
        let known = &features[i * width..(i + 1) * width];
        let given = &values[i * n_outputs..(i + 1) * n_outputs];
        row.iter_mut().zip(known.iter().chain(given)).for_each(|(out, x)| *out = root * x);
    };
    let factor = triangle(n, order, fill, team, &watch)?;
    let mut fit = solve(factor, width, n)?;
    let n_counted = weights.map_or(n, |w| w.iter().filter(|&&w| w > 0.0).count());
    if n_counted <= width {
        return Ok(fit);
    }
    let leading = fit.factor.leading(width)?;
    let partial = team.map_blocks(n, BLOCK, |rows| {
        let mut row = vec![0.0; width];
        let mut sums = vec![0.0; n_outputs];
        if watch.check().is_err() {
            return sums;
        }
        for i in rows {
            let (known, root) = (&features[i * width..(i + 1) * width], root(i));
            row.iter_mut().zip(known).for_each(|(out, x)| *out = root * x);
            leading.divide_row(&mut row);
            let left = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
            let spare = left > 64.0 * f64::EPSILON * width as f64;
            for (output, sum) in sums.iter_mut().enumerate() {
                let fitted: f64 = known
                    .iter()
                    .zip(fit.coefficients[output..].iter().step_by(n_outputs))
                    .map(|(x, c)| x * c)
                    .sum();
                let residual = root * (values[i * n_outputs + output] - fitted);
                *sum += if spare { (residual / left).powi(2) } else { f64::INFINITY };
            }
        }
        sums
    });
    watch.check()?;
    fit.leave_one_out = (0..n_outputs)
        .map(|output| {
            let column: Vec<f64> = partial.iter().map(|sums| sums[output]).collect();
            pairwise_sum(&column) / n as f64
        })
        .collect();
    Ok(fit)
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

/// Coefficients from the triangular factor of features and values of `n` points; factors of several
/// sets of points [stacked](super::stack_triangles) give the fit of all of them, exactly.
///
/// # Errors
/// [`Error::Shape`] when the points do not determine the coefficients.
pub fn solve(factor: Triangle, width: usize, n: usize) -> Result<Fit, Error> {
    let n_outputs = factor.order - width;
    let leading = factor.leading(width)?;
    let singular = leading.singular_values()?;
    let found = rank(&singular, n);
    if found < width {
        return Err(Error::Shape {
            argument: "X",
            expected: format!("points that tell the {width} functions of the basis apart"),
            found: format!("rank {found}"),
        });
    }
    let mut coefficients = try_zeroed(width * n_outputs)?;
    let mut residual_sums = Vec::with_capacity(n_outputs);
    for output in 0..n_outputs {
        let column = &factor.entries[(width + output) * factor.order..][..factor.order];
        let mut x = column[..width].to_vec();
        leading.solve(&mut x);
        coefficients[output..].iter_mut().step_by(n_outputs).zip(x).for_each(|(c, x)| *c = x);
        residual_sums.push(column[width..].iter().map(|r| r * r).sum());
    }
    let eigenvalues = singular.iter().rev().map(|s| s * s / n as f64).collect();
    let leave_one_out = vec![f64::NAN; n_outputs];
    Ok(Fit { coefficients, eigenvalues, residual_sums, leave_one_out, factor })
}
