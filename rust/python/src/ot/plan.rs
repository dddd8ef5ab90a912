//! What can be computed from potentials: the certificate, bounds, transforms, and the plan.

use hasten_core::error::Error;
use hasten_core::ot::{self as core, Marginals, Passing, Problem};
use hasten_core::pairs::{Metric, PairValues, Points};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::cost::{Cost, CostRef};
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

    fn problem(&self, values: &'a dyn PairValues) -> Problem<'a> {
        self.terms.problem(values)
    }
}

/// Pass over the plan of given potentials in double precision.
fn on_plan<R: Send>(
    py: Python<'_>,
    cost: CostRef<'_>,
    potentials: Potentials<'_>,
    passes: f64,
    n_threads: Option<usize>,
    work: impl FnOnce(&Problem<'_>, (&[f64], &[f64]), Passing<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    let call = Call { n_threads, callback: None, work: cost.seconds(passes) };
    call::run(py, call, |team, control| {
        let control = &*control;
        cost.apply(false, |values, _| {
            // The weights and potentials outlive the call; the cost does not, hence a new problem.
            let problem = Potentials { ..potentials }.problem(values);
            let passing = Passing { team, check: &|| control.check() };
            work(&problem, (potentials.f, potentials.g), passing)
        })
    })
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
    let certificate =
        on_plan(py, cost.borrow()?, potentials, 3.0, n_threads, |problem, (f, g), passing| {
            core::certify(problem, f, g, passing.team, passing.check)
        })?;
    let out = PyDict::new(py);
    set_certificate(&out, certificate)?;
    Ok(out)
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
    on_plan(py, cost.borrow()?, potentials, 5.0, n_threads, |problem, (f, g), passing| {
        let Passing { team, check } = passing;
        let weights = (problem.a, problem.b);
        let lower = core::lower_bound(problem.values, weights, f, team, check)?;
        let upper = core::certify(problem, f, g, team, check)?.rounded_linear;
        Ok((lower, upper))
    })
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
        cost.apply(false, |values, _| {
            let passing = Passing { team, check: &|| control.check() };
            core::soft_transform(values, (weights, potential), reg, columns, passing)
        })
    })?;
    Ok(out.into_pyarray(py))
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
        let plan = on_plan(py, cost, potentials, 1.0, n_threads, core::dense_plan::<f32>)?;
        Ok(plan.into_pyarray(py).reshape([n, m])?.into_any())
    } else {
        let plan = on_plan(py, cost, potentials, 1.0, n_threads, core::dense_plan::<f64>)?;
        Ok(plan.into_pyarray(py).reshape([n, m])?.into_any())
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
    let plan =
        on_plan(py, cost.borrow()?, potentials, 1.0, n_threads, |problem, both, passing| {
            core::sparse_plan(problem, both, threshold, passing)
        })?;
    Ok((
        plan.offsets.into_pyarray(py),
        plan.columns.into_pyarray(py),
        plan.masses.into_pyarray(py),
        plan.dropped,
    ))
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
    let (given, needed) = (values.shape()[0], if transposed { n } else { m });
    if given != needed {
        let message = format!("`values` must have {needed} rows; got {given}");
        return Err(PyValueError::new_err(message));
    }
    let values = slice(&values, "values")?;
    let apply = if transposed { core::apply_transposed_plan } else { core::apply_plan };
    let passes = 1.0 + k as f64;
    let out = on_plan(py, cost, potentials, passes, n_threads, |problem, both, passing| {
        apply(problem, both, (values, k), passing)
    })?;
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
        let problem = potentials.problem(&points);
        let control = &*control;
        let passing = Passing { team, check: &|| control.check() };
        core::point_gradient(&problem, &points, (potentials.f, potentials.g), x, passing)
    })?;
    out.into_pyarray(py).reshape([cost.shape().0, d])
}
