//! Entropic optimal transport.

mod acceleration;
mod certificate;
mod cost_bounds;
mod iteration;
mod log_pass;
mod log_problem;
mod newton;
mod plan_rows;
mod problem;
mod run;
mod scaling_pass;
mod semi_dual;
mod sinkhorn;
mod transform;

pub use certificate::{Certificate, certify};
pub use newton::NewtonParams;
pub use problem::{Marginals, Problem};
pub use run::{PassRecord, Stage};
pub use sinkhorn::{Method, Precision, SinkhornParams, SinkhornSolution, sinkhorn};
