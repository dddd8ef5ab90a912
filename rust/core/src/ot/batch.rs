//! Many small problems, each on one thread.

use std::sync::Mutex;

use super::params::SinkhornParams;
use super::problem::{Marginals, Problem};
use super::sinkhorn::{SinkhornSolution, sinkhorn};
use crate::control::{Control, Flow, Info};
use crate::error::Error;
use crate::float::Float;
use crate::pairs::Matrix;
use crate::parallel::Team;

/// Problems of one shape, with a cost of their own or a common one.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, T> {
    /// Costs: one (n, m) for all, or one after the other (B, n, m).
    pub costs: &'a [T],
    /// Weights of the rows, problem after problem (B, n).
    pub a: &'a [f64],
    /// Weights of the columns, problem after problem (B, m).
    pub b: &'a [f64],
    /// Numbers of rows and of columns.
    pub shape: (usize, usize),
    /// Regularisation of each problem (B,).
    pub reg: &'a [f64],
    /// What holds the marginals of all.
    pub marginals: Marginals,
}

/// The caller's control as the problems of a group share it: only its wish to end at once counts.
struct Shared<'s, 'c, 'o>(&'s Mutex<&'c mut (dyn Control + 'o)>);

impl Control for Shared<'_, '_, '_> {
    fn step(&mut self, _: &Info<'_>) -> Result<Flow, Error> {
        self.check()?;
        Ok(Flow::Continue)
    }

    fn check(&self) -> Result<(), Error> {
        // Whoever finds it taken is answered soon enough the next time.
        self.0.try_lock().map_or(Ok(()), |control| control.check())
    }
}

/// Problems that are solved between two looks at the caller's wish to stop, for each thread.
const AT_ONCE: usize = 4;

/// Solve every problem as [`sinkhorn`] does; the answers do not depend on the number of threads.
///
/// Fewer solutions than problems are those of the first ones, when the caller asked to stop.
///
/// # Errors
/// As [`sinkhorn`], of the first problem in order that fails; [`Error::Shape`].
pub fn sinkhorn_batch<T: Float>(
    batch: &Batch<'_, T>,
    params: &SinkhornParams<'_>,
    team: &Team,
    control: &mut dyn Control,
) -> Result<Vec<SinkhornSolution>, Error> {
    let (n, m) = batch.shape;
    let count = batch.reg.len();
    let is_shared = batch.costs.len() == n * m;
    let lengths = [
        ("a", batch.a.len(), count * n),
        ("b", batch.b.len(), count * m),
        ("cost", batch.costs.len(), if is_shared { n * m } else { count * n * m }),
    ];
    for (argument, found, expected) in lengths {
        if found != expected {
            let expected = format!("{expected} entries");
            return Err(Error::Shape { argument, expected, found: found.to_string() });
        }
    }
    let mut solutions = Vec::with_capacity(count);
    let mut worst: f64 = 0.0;
    for start in (0..count).step_by(AT_ONCE * team.n_threads()) {
        control.check()?;
        let end = count.min(start + AT_ONCE * team.n_threads());
        let caller = Mutex::new(&mut *control);
        let some = team.map_blocks(end - start, 1, |range| {
            let k = start + range.start;
            let cost = if is_shared { batch.costs } else { &batch.costs[k * n * m..][..n * m] };
            let values = Matrix::new("cost", cost, batch.shape)?;
            let problem = Problem {
                values: &values,
                a: &batch.a[k * n..][..n],
                b: &batch.b[k * m..][..m],
                reg: batch.reg[k],
                marginals: batch.marginals,
            };
            sinkhorn(&problem, &values, params, &Team::sequential(), &mut Shared(&caller))
        });
        for solution in some {
            let solution = solution?;
            worst = worst.max(solution.certificate.marginal_error);
            solutions.push(solution);
        }
        let info = Info { n_iter: solutions.len(), error: worst, iterate: &Vec::new };
        if control.step(&info)? == Flow::Stop {
            break;
        }
    }
    Ok(solutions)
}
