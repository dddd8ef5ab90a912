//! Functions that solvers evaluate themselves, on all threads and without the interpreter.

use std::time::{Duration, Instant};

use crate::control::Control;
use crate::error::Error;
use crate::parallel::Team;

/// Rows that a thread evaluates at once, unless the function is slow.
pub const CHUNK: usize = 64;

/// The time between two looks at the caller's wish to stop that is aimed at.
const LOOK: Duration = Duration::from_millis(20);

/// A real function of points, together with the parameters that vary from one problem to the next.
pub trait Integrand: Sync {
    /// Evaluate `out.len()` rows, each the coordinates of a point followed by its parameters.
    ///
    /// # Errors
    /// Whatever the function reports; a value that is not finite is not an error here.
    fn evaluate(&self, rows: &[f64], out: &mut [f64]) -> Result<(), Error>;
}

impl<F: Fn(&[f64]) -> f64 + Sync> Integrand for F {
    fn evaluate(&self, rows: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let width = rows.len() / out.len().max(1);
        for (row, value) in rows.chunks_exact(width.max(1)).zip(out) {
            *value = self(row);
        }
        Ok(())
    }
}

/// Evaluate many rows in chunks on the threads of a team, looking up between them.
///
/// # Errors
/// [`Error::Interrupted`] when the caller asks to stop, and what the function reports.
pub fn evaluate(
    integrand: &dyn Integrand,
    rows: &[f64],
    out: &mut [f64],
    team: &Team,
    control: &dyn Control,
) -> Result<(), Error> {
    if out.is_empty() {
        return Ok(());
    }
    let width = (rows.len() / out.len()).max(1);
    let (mut chunk, mut chunks) = (CHUNK, team.n_threads());
    let (mut rows, mut out) = (rows, out);
    while !out.is_empty() {
        control.check()?;
        let begin = Instant::now();
        let count = chunk.saturating_mul(chunks).min(out.len());
        let (now, later) = rows.split_at((count * width).min(rows.len()));
        let (to, rest) = out.split_at_mut(count);
        (rows, out) = (later, rest);
        let parts = now.chunks(chunk * width).zip(to.chunks_mut(chunk));
        let mut wave: Vec<_> = parts.map(|(rows, out)| (rows, out, Ok(()))).collect();
        team.for_each_chunk_mut(&mut wave, 1, |_, parts| {
            for (rows, out, outcome) in parts {
                *outcome = integrand.evaluate(rows, out);
            }
        });
        wave.into_iter().try_for_each(|(_, _, outcome)| outcome)?;
        // Values do not depend on how many are made at once, so a clock may decide it.
        if begin.elapsed() < LOOK {
            chunks *= 2;
        } else if chunks > team.n_threads() {
            chunks = (chunks / 2).max(team.n_threads());
        } else {
            chunk = (chunk / 2).max(1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(row: &[f64]) -> f64 {
        row.iter().product()
    }

    #[test]
    fn every_row_is_evaluated_once_whatever_the_team() {
        let n = 100 * CHUNK + 17;
        let rows: Vec<f64> = (0..3 * n).map(|k| (k as f64 * 0.1).sin()).collect();
        let expected: Vec<f64> = rows.chunks(3).map(product).collect();
        for threads in [1, 2, 3] {
            let mut out = vec![f64::NAN; n];
            evaluate(&product, &rows, &mut out, &Team::lease(threads), &()).unwrap();
            assert_eq!(out, expected);
        }
        evaluate(&product, &[], &mut [], &Team::sequential(), &()).unwrap();
    }

    struct Failing;

    impl Integrand for Failing {
        fn evaluate(&self, rows: &[f64], out: &mut [f64]) -> Result<(), Error> {
            out.fill(0.0);
            if rows.contains(&1000.0) { Err(Error::TooLarge { bytes: 1 }) } else { Ok(()) }
        }
    }

    struct Stop;

    impl Control for Stop {
        fn step(&mut self, _: &crate::Info<'_>) -> Result<crate::Flow, Error> {
            Err(Error::Interrupted)
        }
        fn check(&self) -> Result<(), Error> {
            Err(Error::Interrupted)
        }
    }

    #[test]
    fn errors_of_the_function_and_of_the_caller_end_the_evaluation() {
        let rows: Vec<f64> = (0..5000).map(f64::from).collect();
        let mut out = vec![0.0; rows.len()];
        let found = evaluate(&Failing, &rows, &mut out, &Team::lease(2), &());
        assert_eq!(found, Err(Error::TooLarge { bytes: 1 }));
        let found = evaluate(&product, &rows, &mut out, &Team::sequential(), &Stop);
        assert_eq!(found, Err(Error::Interrupted));
    }
}
