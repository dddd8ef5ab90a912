//! Entropic optimal transport.

mod acceleration;
mod barycenter;
mod batch;
mod certificate;
mod cost_bounds;
mod iteration;
mod log_pass;
mod log_problem;
mod newton;
mod plan;
mod plan_rows;
mod point_gradient;
mod problem;
mod run;
mod scaling_pass;
mod semi_dual;
mod sinkhorn;
mod symmetric;
mod transform;

pub use barycenter::{Barycenter, BarycenterParams, Histograms, barycenter};
pub use batch::{Batch, sinkhorn_batch};
pub use certificate::{Certificate, certify};
pub use cost_bounds::lower_bound;
pub use newton::NewtonParams;
pub use plan::{Passing, SparsePlan, apply_plan, apply_transposed_plan, dense_plan, sparse_plan};
pub use point_gradient::point_gradient;
pub use problem::{Marginals, Problem};
pub use run::{PassRecord, Stage};
pub use sinkhorn::{Method, Precision, SinkhornParams, SinkhornSolution, sinkhorn};
pub use symmetric::{SymmetricParams, SymmetricSolution, symmetric};
pub use transform::{column_log_sums, row_log_sums};
