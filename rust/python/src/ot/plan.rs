//! What can be computed from potentials: the certificate, bounds, transforms, and the plan.

use hasten_core::control::Control;
use hasten_core::error::Error;
use hasten_core::float::Float;
use hasten_core::ot::{self as core, Certificate, Marginals, Passing, Problem, SparsePlan};
use hasten_core::pairs::{Metric, PairValues, Points};
use hasten_core::parallel::Team;
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::cost::{Cost, CostRef, Task};
use super::{Terms, marginals, set_certificate};
use crate::arrays::slice;
use crate::call::{self, Call};

type Array1<'py> = PyReadonlyArray1<'py, f64>;

/// A problem with potentials, borrowed.
#[derive(Clone, Copy)]
struct Potentials<'a> {
    terms: Terms<'a>,
    f: &'a [f64],
    g: &'a [f64],
}

impl<'a> Potentials<'a> {
    fn new(
        (a, b): (&'a Array1<'_>, &'a Array1<'_>),
        (f, g): (&'a Array1<'_>, &'a Array1<'_>),
        reg: f64,
        marginals: Marginals,
    ) -> PyResult<Self> {
        let terms = Terms { a: slice(a, "a")?, b: slice(b, "b")?, reg, marginals };
        Ok(Self { terms, f: slice(f, "f")?, g: slice(g, "g")? })
    }

    /// The problem, when all lengths agree.
    fn problem<V: PairValues>(&self, values: &'a V) -> Result<Problem<'a, V>, Error> {
        let problem = self.terms.problem(values);
        problem.validate(false)?;
        let lengths = [("f", self.f.len(), self.terms.a), ("g", self.g.len(), self.terms.b)];
        for (argument, found, weights) in lengths {
            if found != weights.len() {
                let expected = format!("{} entries", weights.len());
                return Err(Error::Shape { argument, expected, found: found.to_string() });
            }
        }
        Ok(problem)
    }
}

/// Work on a plan in double precision, with the caller's wish to stop at hand.
struct On<'a, 'k, F> {
    potentials: Potentials<'a>,
    team: &'k Team,
    control: &'k dyn Control,
    work: F,
}

/// What to do with a plan; a closure cannot be generic in the cost.
trait Work {
    type Output;

    fn run<V: PairValues>(
        self,
        problem: &Problem<'_, V>,
        potentials: (&[f64], &[f64]),
        passing: Passing<'_>,
    ) -> Result<Self::Output, Error>;
}

impl<F: Work> Task for On<'_, '_, F> {
    type Output = F::Output;

    fn run<V: PairValues, W: PairValues>(self, values: &V, _: &W) -> Result<F::Output, Error> {
        let Self { potentials, team, control, work } = self;
        let Potentials { f, g, .. } = potentials;
        let problem = potentials.problem(values)?;
        work.run(&problem, (f, g), Passing { team, check: &|| control.check() })
    }
}

fn on_plan<F: Work + Send>(
    py: Python<'_>,
    cost: CostRef<'_>,
    potentials: Potentials<'_>,
    passes: f64,
    n_threads: Option<usize>,
    work: F,
) -> PyResult<F::Output>
where
    F::Output: Send,
{
    let call = Call { n_threads, callback: None, work: cost.seconds(passes) };
    call::run(py, call, |team, control| {
        cost.apply(false, On { potentials, team, control: &*control, work })
    })
}

struct Certify;

impl Work for Certify {
    type Output = Certificate;

    fn run<V: PairValues>(
        self,
        problem: &Problem<'_, V>,
        (f, g): (&[f64], &[f64]),
        passing: Passing<'_>,
    ) -> Result<Certificate, Error> {
        core::certify(problem, f, g, passing.team, passing.check)
    }
}

/// The certificate of any potentials.
#[pyfunction]
#[pyo3(signature = (cost, a, b, f, g, reg, reg_marginals, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn certificate<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: Array1<'py>,
    b: Array1<'py>,
    f: Array1<'py>,
    g: Array1<'py>,
    reg: f64,
    reg_marginals: (f64, f64),
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let cost = Cost::new(cost)?;
    let potentials = Potentials::new((&a, &b), (&f, &g), reg, marginals(reg_marginals))?;
    let certificate = on_plan(py, cost.borrow()?, potentials, 3.0, n_threads, Certify)?;
    let out = PyDict::new(py);
    set_certificate(&out, certificate)?;
    Ok(out)
}

struct Bounds;

impl Work for Bounds {
    type Output = (f64, f64);

    fn run<V: PairValues>(
        self,
        problem: &Problem<'_, V>,
        (f, g): (&[f64], &[f64]),
        passing: Passing<'_>,
    ) -> Result<(f64, f64), Error> {
        let Passing { team, check } = passing;
        let weights = (problem.a, problem.b);
        let lower = core::lower_bound(problem.values, weights, f, team, check)?;
        let upper = core::certify(problem, f, g, team, check)?.rounded_linear;
        Ok((lower, upper))
    }
}

/// Lower and upper bounds of unregularised transport.
#[pyfunction]
#[pyo3(signature = (cost, a, b, f, g, reg, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn exact_bounds<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: Array1<'py>,
    b: Array1<'py>,
    f: Array1<'py>,
    g: Array1<'py>,
    reg: f64,
    n_threads: Option<usize>,
) -> PyResult<(f64, f64)> {
    let cost = Cost::new(cost)?;
    let potentials = Potentials::new((&a, &b), (&f, &g), reg, Marginals::FIXED)?;
    on_plan(py, cost.borrow()?, potentials, 5.0, n_threads, Bounds)
}

struct Soft<'a, 'k> {
    weights: &'a [f64],
    potential: &'a [f64],
    reg: f64,
    columns: bool,
    team: &'k Team,
    control: &'k dyn Control,
}

impl Task for Soft<'_, '_> {
    type Output = Vec<f64>;

    fn run<V: PairValues, W: PairValues>(self, values: &V, _: &W) -> Result<Vec<f64>, Error> {
        let Self { weights, potential, reg, columns, team, control } = self;
        let expected = if columns { values.n_rows() } else { values.n_columns() };
        for (argument, found) in [("weights", weights.len()), ("potential", potential.len())] {
            if found != expected {
                let expected = format!("{expected} entries");
                return Err(Error::Shape { argument, expected, found: found.to_string() });
            }
        }
        let pairs = potential.iter().zip(weights);
        let logs: Vec<f64> = pairs.map(|(p, w)| p / reg + w.ln()).collect();
        let check = || control.check();
        let transform = if columns { core::column_log_sums } else { core::row_log_sums };
        let sums = transform(values, &logs, reg, team, &check)?;
        Ok(sums.into_iter().map(|sum| -reg * sum).collect())
    }
}

/// The soft c-transform of a potential.
#[pyfunction]
#[pyo3(signature = (cost, weights, potential, reg, columns, n_threads, /))]
pub(super) fn soft_transform<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    weights: Array1<'py>,
    potential: Array1<'py>,
    reg: f64,
    columns: bool,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let (weights, potential) = (slice(&weights, "weights")?, slice(&potential, "potential")?);
    let call = Call { n_threads, callback: None, work: cost.seconds(2.0) };
    let out = call::run(py, call, |team, control| {
        let control = &*control;
        cost.apply(false, Soft { weights, potential, reg, columns, team, control })
    })?;
    Ok(out.into_pyarray(py))
}

struct Dense<T>(std::marker::PhantomData<T>);

impl<T: Float> Work for Dense<T> {
    type Output = Vec<T>;

    fn run<V: PairValues>(
        self,
        problem: &Problem<'_, V>,
        potentials: (&[f64], &[f64]),
        passing: Passing<'_>,
    ) -> Result<Vec<T>, Error> {
        core::dense_plan(problem, potentials, passing)
    }
}

/// The plan as a matrix of the dtype of the cost.
#[pyfunction]
#[pyo3(signature = (cost, a, b, f, g, reg, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn plan<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: Array1<'py>,
    b: Array1<'py>,
    f: Array1<'py>,
    g: Array1<'py>,
    reg: f64,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let potentials = Potentials::new((&a, &b), (&f, &g), reg, Marginals::FIXED)?;
    let (n, m) = cost.shape();
    if cost.is_single() {
        let work = Dense::<f32>(std::marker::PhantomData);
        let plan = on_plan(py, cost, potentials, 1.0, n_threads, work)?;
        Ok(plan.into_pyarray(py).reshape([n, m])?.into_any())
    } else {
        let work = Dense::<f64>(std::marker::PhantomData);
        let plan = on_plan(py, cost, potentials, 1.0, n_threads, work)?;
        Ok(plan.into_pyarray(py).reshape([n, m])?.into_any())
    }
}

struct Sparse(f64);

impl Work for Sparse {
    type Output = SparsePlan;

    fn run<V: PairValues>(
        self,
        problem: &Problem<'_, V>,
        potentials: (&[f64], &[f64]),
        passing: Passing<'_>,
    ) -> Result<SparsePlan, Error> {
        core::sparse_plan(problem, potentials, self.0, passing)
    }
}

type Csr<'py> =
    (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i32>>, Bound<'py, PyArray1<f64>>, f64);

/// The entries of the plan from a threshold on: row pointers, columns, masses, dropped mass.
#[pyfunction]
#[pyo3(signature = (cost, a, b, f, g, reg, threshold, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn plan_sparse<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: Array1<'py>,
    b: Array1<'py>,
    f: Array1<'py>,
    g: Array1<'py>,
    reg: f64,
    threshold: f64,
    n_threads: Option<usize>,
) -> PyResult<Csr<'py>> {
    let cost = Cost::new(cost)?;
    let potentials = Potentials::new((&a, &b), (&f, &g), reg, Marginals::FIXED)?;
    let plan = on_plan(py, cost.borrow()?, potentials, 1.0, n_threads, Sparse(threshold))?;
    Ok((
        plan.offsets.into_pyarray(py),
        plan.columns.into_pyarray(py),
        plan.masses.into_pyarray(py),
        plan.dropped,
    ))
}

struct Apply<'a> {
    values: &'a [f64],
    k: usize,
    transposed: bool,
}

impl Work for Apply<'_> {
    type Output = Vec<f64>;

    fn run<V: PairValues>(
        self,
        problem: &Problem<'_, V>,
        (f, g): (&[f64], &[f64]),
        passing: Passing<'_>,
    ) -> Result<Vec<f64>, Error> {
        let Self { values, k, transposed } = self;
        let rows = if transposed { f.len() } else { g.len() };
        if values.len() != rows * k {
            return Err(Error::Shape {
                argument: "values",
                expected: format!("{rows} rows"),
                found: format!("{} numbers in {k} columns", values.len()),
            });
        }
        if transposed {
            core::apply_transposed_plan(problem, (f, g), (values, k), passing)
        } else {
            core::apply_plan(problem, (f, g), (values, k), passing)
        }
    }
}

/// The product of the plan, or of its transpose, with a matrix.
#[pyfunction]
#[pyo3(signature = (cost, a, b, f, g, reg, values, transposed, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn apply_plan<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: Array1<'py>,
    b: Array1<'py>,
    f: Array1<'py>,
    g: Array1<'py>,
    reg: f64,
    values: PyReadonlyArray2<'py, f64>,
    transposed: bool,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let potentials = Potentials::new((&a, &b), (&f, &g), reg, Marginals::FIXED)?;
    let k = values.shape()[1];
    let (n, m) = cost.shape();
    let work = Apply { values: slice(&values, "values")?, k, transposed };
    let out = on_plan(py, cost, potentials, 1.0 + k as f64, n_threads, work)?;
    out.into_pyarray(py).reshape([if transposed { m } else { n }, k])
}

/// The gradient of the value with respect to the points of the rows.
#[pyfunction]
#[pyo3(signature = (cost, a, b, f, g, reg, n_threads, /))]
#[expect(clippy::too_many_arguments)]
pub(super) fn point_gradient<'py>(
    py: Python<'py>,
    cost: &Bound<'py, PyAny>,
    a: Array1<'py>,
    b: Array1<'py>,
    f: Array1<'py>,
    g: Array1<'py>,
    reg: f64,
    n_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let cost = Cost::new(cost)?;
    let cost = cost.borrow()?;
    let potentials = Potentials::new((&a, &b), (&f, &g), reg, Marginals::FIXED)?;
    let double = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let widened;
    let (x, y, d, metric): (&[f64], &[f64], usize, Metric) = match cost {
        CostRef::DoublePoints(x, y, d, metric) => (x, y, d, metric),
        CostRef::SinglePoints(x, y, d, metric) => {
            widened = (double(x), double(y));
            (&widened.0, &widened.1, d, metric)
        }
        CostRef::Double(..) | CostRef::Single(..) => {
            return Err(PyTypeError::new_err("`cost` must be points with a metric"));
        }
    };
    let call = Call { n_threads, callback: None, work: cost.seconds(2.0) };
    let out = call::run(py, call, |team, control| {
        let points = Points::<f64>::new(x, y, d, metric)?;
        let problem = potentials.problem(&points)?;
        let control = &*control;
        let passing = Passing { team, check: &|| control.check() };
        core::point_gradient(&problem, (potentials.f, potentials.g), x, passing)
    })?;
    out.into_pyarray(py).reshape([cost.shape().0, d])
}
