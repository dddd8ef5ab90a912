//! `hasten._core.testing`: hooks that only tests use.

use std::time::{Duration, Instant};

use hasten_core::control::{Control, Flow, Info};
use hasten_core::error::{Error, NonFinite, Separation};
use hasten_core::float::Float;
use hasten_core::parallel::{Team, pairwise_sum};
use numpy::Ix1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{slice, with_float_array};
use crate::call::{Call, run};

/// One error of each kind.
fn example(kind: &str) -> PyResult<Error> {
    let argument = "values";
    Ok(match kind {
        "shape" => {
            let (expected, found) = ("shape (3, 4)".into(), "(4, 3)".into());
            Error::Shape { argument, expected, found }
        }
        "value" => {
            Error::Value { argument, rule: "at least 0", value: "-1".into(), index: Some(7) }
        }
        "not_finite" => Error::NotFinite { argument, index: 5, kind: NonFinite::Nan },
        "index" => Error::Index { argument, position: 2, value: -1, bound: 10 },
        "singular" => Error::Singular { argument, row: 3 },
        "not_positive_definite" => Error::NotPositiveDefinite { argument, row: 3 },
        "not_connected" => {
            let offenders = vec![(4, Separation::NeverWon), (6, Separation::Unconnected)];
            Error::NotConnected { n_components: 3, largest: 5, offenders }
        }
        "too_large" => Error::TooLarge { bytes: 1 << 70 },
        "interrupted" => Error::Interrupted,
        _ => return Err(PyValueError::new_err(format!("no error of kind {kind:?}"))),
    })
}

/// Keep every thread of the team busy for `time`.
fn burn(team: &Team, control: &dyn Control, time: Duration) -> Result<(), Error> {
    const PIECE: Duration = Duration::from_millis(20);
    let start = Instant::now();
    while start.elapsed() < time {
        let until = Instant::now() + PIECE.min(time.saturating_sub(start.elapsed()));
        team.map_blocks(team.n_threads(), 1, |_| {
            while Instant::now() < until {
                std::hint::spin_loop();
            }
        });
        control.check()?;
    }
    Ok(())
}

fn sum<T: Float>(py: Python<'_>, values: &[T], n_threads: Option<usize>) -> PyResult<f64> {
    run(py, Call { n_threads, callback: None, work: f64::INFINITY }, |team, _| {
        Ok(team.sum_blocks(values.len(), |rows| {
            pairwise_sum(&values[rows].iter().map(|&x| Float::to_f64(x)).collect::<Vec<_>>())
        }))
    })
}

/// Hooks that only tests use.
#[pymodule(submodule)]
pub(crate) mod testing {
    use super::{
        Bound, Call, Duration, Flow, Info, Ix1, Py, PyAny, PyAnyMethods, PyResult, PyValueError,
        Python, burn, example, pyfunction, run, slice, sum, with_float_array,
    };

    /// Raise the exception for one kind of core error.
    #[pyfunction]
    #[pyo3(signature = (kind, /))]
    fn raise_error(py: Python<'_>, kind: &str) -> PyResult<()> {
        let error = example(kind)?;
        run(py, Call { n_threads: None, callback: None, work: 0.0 }, |_, _| Err(error))
    }

    /// Compute nothing for `seconds` in `steps` iterations, and return how many were made.
    #[pyfunction]
    #[pyo3(signature = (seconds, steps, n_threads, callback, /))]
    fn spin(
        py: Python<'_>,
        seconds: f64,
        steps: u32,
        n_threads: Option<usize>,
        callback: Option<Py<PyAny>>,
    ) -> PyResult<usize> {
        let time = Duration::try_from_secs_f64(seconds)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let step = time.checked_div(steps).unwrap_or_default();
        run(py, Call { n_threads, callback, work: seconds }, |team, control| {
            for n_iter in 1..=steps {
                burn(team, control, step)?;
                let progress = f64::from(n_iter);
                let iterate = || vec![progress];
                let n_iter = n_iter as usize;
                let info = Info { n_iter, error: progress.recip(), iterate: &iterate };
                if control.step(&info)? == Flow::Stop {
                    return Ok(n_iter);
                }
            }
            Ok(steps as usize)
        })
    }

    /// Panic in the middle of a solve.
    #[pyfunction]
    #[pyo3(signature = (n_threads, /))]
    fn panic(py: Python<'_>, n_threads: Option<usize>) -> PyResult<()> {
        run(py, Call { n_threads, callback: None, work: f64::INFINITY }, |team, _| {
            team.map_blocks(8, 1, |range| assert!(range.start != 5, "on purpose"));
            Ok(())
        })
    }

    /// Sum an array, float64 or float32, on several threads.
    #[pyfunction]
    #[pyo3(signature = (values, n_threads, /))]
    fn parallel_sum(values: &Bound<'_, PyAny>, n_threads: Option<usize>) -> PyResult<f64> {
        let py = values.py();
        with_float_array!(values, "values", Ix1, 1, |view| {
            sum(py, slice(&view, "values")?, n_threads)
        })
    }
}
