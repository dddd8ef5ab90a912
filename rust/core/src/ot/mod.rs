//! Entropic optimal transport: the cheapest plan between two sets of weights, smoothed by entropy,
//! with a certificate.
//!
//! For weights `a` (n,) and `b` (m,), a cost `C` (n, m) and a regularisation `reg` the problem is
//!
//! ```text
//! minimise  <P, C> + reg KL(P | a b^T)  over plans P >= 0 with  P 1 = a,  P^T 1 = b
//! ```
//!
//! where `KL(p | q)` is the sum of `p log(p / q) - p + q`. The plan of potentials `f` (n,) and `g`
//! (m,) is `P_ij = a_i b_j exp((f_i + g_j - C_ij) / reg)`, and the dual value
//! `<f, a> + <g, b> - reg (sum P - sum a sum b)` is a lower bound whatever they are. A marginal may
//! be held by a penalty `rho KL(P 1 | a)` instead ([`Marginals`]): unbalanced transport.
//!
//! [`sinkhorn`] iterates until the marginal error is small: by passes that read the cost once and
//! take one exponential an entry (`log_pass`), or one product with a stored kernel (`scaling_pass`),
//! over-relaxed by what is observed of the contraction (`iteration`, `acceleration`). Where that is
//! slow it takes Newton steps on the semi-dual with the small entries of the plan left out, along a
//! path of falling regularisation where need be (`newton`). What it returns is judged by [`certify`]
//! in double precision: any potentials give bounds `value` and `value + gap` of the optimum, the
//! upper one from a plan made feasible; [`lower_bound`] and `rounded_linear` bound the value without
//! entropy.
//!
//! [`dense_plan`], [`sparse_plan`], [`apply_plan`] and [`apply_transposed_plan`] are the plan in
//! four forms, [`point_gradient`] the derivative in the points. [`symmetric`] solves for one
//! potential where both sides are the same, [`sinkhorn_batch`] many small problems, and
//! [`barycenter`] looks for the weights that are closest to several others. Costs are those of
//! [`pairs`](crate::pairs), stored or computed from points. Every answer has the same bits for any
//! number of threads.
//!
//! ```
//! use hasten_core::Status;
//! use hasten_core::ot::{Marginals, Problem, SinkhornParams, sinkhorn};
//! use hasten_core::pairs::{Metric, Points};
//! use hasten_core::parallel::Team;
//!
//! let points = Points::<f64>::new(&[0.0, 1.0], &[0.0, 1.0], 1, Metric::SquaredEuclidean)?;
//! let problem = Problem {
//!     values: &points,
//!     a: &[0.5, 0.5],
//!     b: &[0.5, 0.5],
//!     reg: 0.1,
//!     marginals: Marginals::FIXED,
//! };
//! let params = SinkhornParams::default();
//! let solution = sinkhorn(&problem, &points, &params, &Team::sequential(), &mut ())?;
//! assert_eq!(solution.status, Status::Converged);
//! // Almost nothing moves: the value is close to `reg log 2`.
//! let exact = 0.1 * (2.0 / (1.0 + (-10.0_f64).exp())).ln();
//! assert!((solution.certificate.value - exact).abs() < 1e-12);
//! assert!(solution.certificate.gap < 1e-12);
//! # Ok::<(), hasten_core::Error>(())
//! ```

mod acceleration;
mod barycenter;
mod batch;
mod certificate;
mod cost_bounds;
mod iteration;
mod kept_rows;
mod log_pass;
mod log_problem;
mod newton;
mod params;
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
pub use params::{Method, Precision, SinkhornParams};
pub use plan::{Passing, SparsePlan, apply_plan, apply_transposed_plan, dense_plan, sparse_plan};
pub use point_gradient::point_gradient;
pub use problem::{Marginals, Problem};
pub use run::{PassRecord, Stage};
pub use sinkhorn::{SinkhornSolution, sinkhorn};
pub use symmetric::{SymmetricParams, SymmetricSolution, symmetric};
pub use transform::{column_log_sums, row_log_sums, soft_transform};
