//! Bootstrap: the estimates of resampled data, each a function of its number alone.

use std::ops::Range;
use std::sync::Mutex;

use super::covariance::try_matrix;
use super::refit::{Refit, Resample, Resampling};
use crate::control::{Control, Flow, Info};
use crate::error::Error;
use crate::parallel::Team;
use crate::rng::Stream;

/// Purpose tag of the stream of a replicate.
pub const BOOTSTRAP: u32 = 0x5241_0003;

/// Most bytes of resampled data that are held at a time.
const MAX_BYTES: usize = 1 << 31;

/// Which replicates, and of what kind.
#[derive(Debug, Clone)]
pub struct BootstrapParams {
    /// How data are made anew.
    pub resampling: Resampling,
    /// Key of the streams.
    pub key: u64,
    /// Numbers of the replicates: ranges computed apart fit together.
    pub replicates: Range<u32>,
}

/// Estimates of resampled data.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// One row of parameters a replicate, NaN where there is no estimate.
    pub estimates: Vec<f64>,
    /// Replicates without an estimate.
    pub n_failed: usize,
}

/// Fit resampled data again, each replicate from the original estimate.
///
/// The numerical error of every contrast in a replicate is about 1e-3 of its standard error in the
/// original fit. Replicates are shared out between the threads of `team`, each of which keeps a
/// factor and one data set.
///
/// # Errors
/// [`Error::TooLarge`], what [`Replicate::draw`](super::Replicate::draw) reports, and whatever
/// [`Control::check`] returns.
pub fn bootstrap(
    model: &dyn Resample,
    params: &BootstrapParams,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Bootstrap, Error> {
    let estimate = model.estimate();
    let p = estimate.len().max(1);
    let n = params.replicates.len();
    let mut estimates = try_matrix(n, p)?;
    let n_parts = team.n_threads().min(MAX_BYTES / model.n_bytes().max(1)).min(n).max(1);
    let control = Shared(Mutex::new(control));
    let rows = n.div_ceil(n_parts).max(1);
    let mut failed: Vec<Result<usize, Error>> = vec![Ok(0); n.div_ceil(rows)];
    let parts = failed.iter_mut().zip(estimates.chunks_mut(rows * p)).enumerate().collect();
    team.for_each_part(parts, |(k, (failed, rows_out))| {
        let first = params.replicates.start + (k * rows) as u32;
        *failed = refit_rows(model, params, first, rows_out, &control);
    });
    let n_failed = failed.into_iter().sum::<Result<usize, Error>>()?;
    Ok(Bootstrap { estimates, n_failed })
}

/// Fill consecutive rows from replicate `first` on; return how many have no estimate.
fn refit_rows(
    model: &dyn Resample,
    params: &BootstrapParams,
    first: u32,
    rows: &mut [f64],
    control: &dyn Control,
) -> Result<usize, Error> {
    let estimate = model.estimate();
    let mut refit = Refit::new(model, control)?;
    let mut n_failed = 0;
    for (task, row) in (first..).zip(rows.chunks_mut(estimate.len().max(1))) {
        control.check()?;
        row.copy_from_slice(estimate);
        let stream = Stream::new(params.key, task, BOOTSTRAP);
        if !refit.run(params.resampling, &stream, row, control)? {
            row.fill(f64::NAN);
            n_failed += 1;
        }
    }
    Ok(n_failed)
}

/// One control that the threads ask in turn; who finds it taken leaves the question to the other.
struct Shared<'a>(Mutex<&'a mut dyn Control>);

impl Control for Shared<'_> {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        Ok(Flow::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        self.0.try_lock().map_or(Ok(()), |control| control.check())
    }
}
