//! The whole loop over a function that the solver evaluates itself.

use super::integrator::Integrator;
use super::params::{Components, Round};
use crate::control::{Control, Flow, Info};
use crate::error::Error;
use crate::integrand::{Integrand, evaluate};
use crate::parallel::{BLOCK, Team};

/// Points that are evaluated before their values are reduced: what caches can hold.
const AT_ONCE: usize = 1 << 16;

/// A function, and what varies from integral to integral.
pub struct Family<'a> {
    /// Given the coordinates of a point and then the parameters of its integral.
    pub integrand: &'a dyn Integrand,
    /// Parameters of each integral (p, q).
    pub parameters: &'a [f64],
    /// Whether values that are not finite count as 0; otherwise they are an error.
    pub zero_nonfinite: bool,
}

/// Refine integrals of a real function until all of them ended, or some intervals were set aside for
/// another method to settle, and return what each round came to.
///
/// The caller's [`Control`] is told of each round but the last and may end all integrals as they
/// are.
///
/// # Errors
/// [`Error::Value`] that names the point and the integral of a value that is not finite,
/// [`Error::Shape`] when there are not as many parameters for each integral, [`Error::TooLarge`], and
/// [`Error::Interrupted`].
pub fn integrate(
    integrals: &mut Integrator,
    family: &Family<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Vec<Round>, Error> {
    let count = integrals.n_integrals();
    let n_parameters = family.parameters.len() / count.max(1);
    if n_parameters * count != family.parameters.len() {
        return Err(Error::Shape {
            argument: "parameters",
            expected: format!("as many entries for each of {count} integrals"),
            found: format!("{} entries", family.parameters.len()),
        });
    }
    let mut rounds = Vec::new();
    let mut buffers = Buffers::default();
    while integrals.is_running() {
        let at_once = (AT_ONCE / integrals.n_points()).max(1);
        for first in (0..integrals.n_pending()).step_by(at_once) {
            let end = integrals.n_pending().min(first + at_once);
            buffers.evaluate(integrals, family, n_parameters, first..end, team, control)?;
            integrals.tell(first..end, &buffers.values, Components::real(1), team)?;
        }
        let round = integrals.advance(team)?;
        rounds.push(round);
        let iterate = || integrals.values().to_vec();
        let info = Info { n_iter: rounds.len(), error: round.error, iterate: &iterate };
        if round.n_running > 0 && control.step(&info)? == Flow::Stop {
            integrals.stop();
        }
        if !integrals.set_aside().is_empty() {
            break;
        }
    }
    Ok(rounds)
}

/// Memory that is used again for each batch of regions.
#[derive(Default)]
struct Buffers {
    points: Vec<f64>,
    rows: Vec<f64>,
    values: Vec<f64>,
}

impl Buffers {
    /// Evaluate the function at the points of some of the regions that wait.
    fn evaluate(
        &mut self,
        integrals: &Integrator,
        family: &Family<'_>,
        n_parameters: usize,
        regions: std::ops::Range<usize>,
        team: &Team,
        control: &dyn Control,
    ) -> Result<(), Error> {
        let (n, d) = (integrals.n_points(), integrals.n_axes());
        let n_rows = regions.len() * n;
        resize(&mut self.points, n_rows * d)?;
        resize(&mut self.values, n_rows)?;
        integrals.fill_points(regions.clone(), &mut self.points, team);
        let owners = &integrals.owners()[regions];
        let width = d + n_parameters;
        let rows = if n_parameters == 0 {
            &self.points
        } else {
            resize(&mut self.rows, n_rows * width)?;
            let points = &self.points;
            team.for_each_chunk_mut(&mut self.rows, BLOCK * width, |start, rows| {
                for (k, row) in rows.chunks_exact_mut(width).enumerate() {
                    let index = start / width + k;
                    let owner = owners[index / n] as usize;
                    row[..d].copy_from_slice(&points[index * d..][..d]);
                    let own = &family.parameters[owner * n_parameters..][..n_parameters];
                    row[d..].copy_from_slice(own);
                }
            });
            &self.rows
        };
        evaluate(family.integrand, rows, &mut self.values, team, control)?;
        for (index, value) in self.values.iter_mut().enumerate() {
            if value.is_finite() {
                continue;
            }
            if !family.zero_nonfinite {
                let point = &self.points[index * d..][..d];
                return Err(not_finite(*value, point, owners[index / n]));
            }
            *value = 0.0;
        }
        Ok(())
    }
}

fn not_finite(value: f64, point: &[f64], owner: u32) -> Error {
    let place = match point {
        [x] => format!("{x}"),
        several => format!("{several:?}"),
    };
    let value = format!("{value} at x = {place} of integral {owner}");
    Error::Value { argument: "f", rule: "finite", value, index: None }
}

fn resize(buffer: &mut Vec<f64>, len: usize) -> Result<(), Error> {
    let more = len.saturating_sub(buffer.len());
    let bytes = more as u128 * size_of::<f64>() as u128;
    buffer.try_reserve(more).map_err(|_| Error::TooLarge { bytes })?;
    buffer.resize(len, 0.0);
    Ok(())
}
