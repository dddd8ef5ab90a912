//! Standard errors and covariances: the pseudo-inverse of the Hessian, as far as it is asked for.
//!
//! In the frame where strengths sum to zero the covariance is `L^+`; relative to a reference item
//! `r` the variance of `s_i - s_r` is `L^+_ii + L^+_rr - 2 L^+_ir`, the effective resistance.

use crate::control::Control;
use crate::error::{Error, try_vec};
use crate::float::Float;
use crate::parallel::Team;
use crate::ranking::laplacian_solver::LaplacianSolver;
use crate::ranking::likelihood::Derivatives;
use crate::ranking::table::PairTable;
use crate::sparse::{Laplacian, PcgParams};

/// Relative residual of the solves: far below what a standard error is read to.
const SOLVE_RTOL: f64 = 1e-10;

/// The Hessian at the estimate, ready to be solved with.
struct Covariance<'a, T> {
    table: PairTable<'a, T>,
    conductance: Vec<f64>,
    diagonal: Vec<f64>,
    solver: LaplacianSolver,
}

impl<'a, T: Float> Covariance<'a, T> {
    /// Evaluate at log-strengths `s`.
    fn new(table: PairTable<'a, T>, s: &[f64], team: &Team) -> Result<Self, Error> {
        let mut derivatives = Derivatives::new(&table)?;
        derivatives.evaluate(&table, s, team);
        let Derivatives { rows, conductance, .. } = derivatives;
        let diagonal = rows.iter().map(|row| row.diagonal).collect();
        let solver = LaplacianSolver::factorising(&table.graph)?;
        Ok(Self { table, conductance, diagonal, solver })
    }

    /// Column `i` of `L^+`.
    fn column(&mut self, i: usize, team: &Team, control: &dyn Control) -> Result<Vec<f64>, Error> {
        control.check()?;
        let n = self.table.graph.n_nodes();
        let mut rhs = vec![-1.0 / n as f64; n];
        rhs[i] += 1.0;
        let mut x = vec![0.0; n];
        let laplacian = Laplacian::new(self.table.graph, &self.conductance, &self.diagonal)?;
        let params = PcgParams { rtol: SOLVE_RTOL, max_iter: 10 * n };
        self.solver.solve(&laplacian, &rhs, &mut x, &params, team, control)?;
        Ok(x)
    }

    /// The diagonal of `L^+`.
    fn diagonal(&mut self, control: &dyn Control) -> Result<Vec<f64>, Error> {
        let laplacian = Laplacian::new(self.table.graph, &self.conductance, &self.diagonal)?;
        self.solver.pseudo_inverse_diagonal(&laplacian, control)?.ok_or_else(|| Error::Value {
            argument: "items",
            rule: "given, for a table of this size: the factor that yields all standard errors \
                   does not fit",
            value: format!("None for {} items", self.table.graph.n_nodes()),
            index: None,
        })
    }
}

/// Check that every index names an item.
fn check_items(argument: &'static str, items: &[u32], bound: usize) -> Result<(), Error> {
    items.iter().position(|&i| i as usize >= bound).map_or(Ok(()), |position| {
        Err(Error::Index { argument, position, value: i64::from(items[position]), bound })
    })
}

/// Standard errors of log-strengths at the estimate `s`, of `items` or of all.
///
/// Without a `reference` they are those of strengths that sum to zero; with one, those of the
/// differences to it.
///
/// # Errors
/// [`Error::Index`], [`Error::Shape`]; [`Error::Value`] naming `items` where all are asked for and
/// the factor that yields them would not fit.
pub fn standard_error<T: Float>(
    table: &PairTable<'_, T>,
    s: &[f64],
    reference: Option<usize>,
    items: Option<&[u32]>,
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    let n = check_arguments(table, s, reference, items)?;
    let mut covariance = Covariance::new(*table, s, team)?;
    let to_reference = match reference {
        Some(r) => Some((r, covariance.column(r, team, control)?)),
        None => None,
    };
    let variance = |i: usize, own: f64| match &to_reference {
        Some((r, _)) if *r == i => 0.0,
        Some((r, column)) => own + column[*r] - 2.0 * column[i],
        None => own,
    };
    let few = items.is_some_and(|items| items.len() * 4 < n);
    if few || !covariance.solver.is_exact() && items.is_some() {
        let items = items.unwrap_or_default();
        items
            .iter()
            .map(|&i| {
                let i = i as usize;
                Ok(variance(i, covariance.column(i, team, control)?[i]).max(0.0).sqrt())
            })
            .collect()
    } else {
        let diagonal = covariance.diagonal(control)?;
        let error = |i: usize| variance(i, diagonal[i]).max(0.0).sqrt();
        Ok(match items {
            Some(items) => items.iter().map(|&i| error(i as usize)).collect(),
            None => (0..n).map(error).collect(),
        })
    }
}

/// Covariance matrix of the log-strengths of `items`, row by row.
///
/// # Errors
/// [`Error::Index`], [`Error::Shape`] and [`Error::TooLarge`].
pub fn covariance<T: Float>(
    table: &PairTable<'_, T>,
    s: &[f64],
    reference: Option<usize>,
    items: &[u32],
    team: &Team,
    control: &dyn Control,
) -> Result<Vec<f64>, Error> {
    check_arguments(table, s, reference, Some(items))?;
    let k = items.len();
    let bytes = (k as u128).pow(2) * size_of::<f64>() as u128;
    let size = k.checked_mul(k).ok_or(Error::TooLarge { bytes })?;
    let mut out = try_vec(size, 0.0)?;
    let mut covariance = Covariance::new(*table, s, team)?;
    let to_reference = match reference {
        Some(r) => Some((r, covariance.column(r, team, control)?)),
        None => None,
    };
    for (row, &i) in items.iter().enumerate() {
        let column = covariance.column(i as usize, team, control)?;
        for (col, &j) in items.iter().enumerate() {
            let (i, j) = (i as usize, j as usize);
            out[row * k + col] = match &to_reference {
                Some((r, _)) if *r == i || *r == j => 0.0,
                Some((r, to)) => column[j] - to[i] - to[j] + to[*r],
                None => column[j],
            };
        }
    }
    for row in 0..k {
        for col in 0..row {
            let mean = 0.5 * (out[row * k + col] + out[col * k + row]);
            out[row * k + col] = mean;
            out[col * k + row] = mean;
        }
    }
    Ok(out)
}

fn check_arguments<T: Float>(
    table: &PairTable<'_, T>,
    s: &[f64],
    reference: Option<usize>,
    items: Option<&[u32]>,
) -> Result<usize, Error> {
    let n = table.graph.n_nodes();
    if s.len() != n {
        return Err(Error::Shape {
            argument: "strength",
            expected: format!("{n} entries, one per item"),
            found: s.len().to_string(),
        });
    }
    if let Some(r) = reference.filter(|&r| r >= n) {
        return Err(Error::Index { argument: "reference", position: 0, value: r as i64, bound: n });
    }
    check_items("items", items.unwrap_or_default(), n)?;
    Ok(n)
}
