//! Adaptive integration of many integrals at once.
//!
//! One [`Integrator`] holds the regions of all integrals of a batch. It does not call the integrand:
//! it says where to evaluate, is told the values, and decides which regions to split next.
//! What a region is and how it is judged lies in a [`RegionRule`]: [`GaussKronrod`] for intervals,
//! [`GenzMalik`] for boxes. [`integrate`] is the loop over a function that the solver calls itself.
//!
//! ```
//! use hasten_core::parallel::Team;
//! use hasten_core::quadrature::adaptive::{Components, GaussKronrod, Integrator, Params, interval_list};
//!
//! // The integrals of exp(-x) over [0, 1] and over [0, inf).
//! let (ranges, first) = interval_list(&[0.0, 0.0], &[1.0, f64::INFINITY], &[], false).unwrap();
//! let mut integrals =
//!     Integrator::new(Box::new(GaussKronrod), ranges, first, Params::default()).unwrap();
//! let team = Team::sequential();
//! while integrals.is_running() {
//!     let n = integrals.n_pending();
//!     let mut x = vec![0.0; n * integrals.n_points()];
//!     integrals.fill_points(0..n, &mut x, &team);
//!     let values: Vec<f64> = x.iter().map(|x| (-x).exp()).collect();
//!     integrals.tell(0..n, &values, Components::real(1), &team).unwrap();
//!     integrals.advance(&team).unwrap();
//! }
//! let value = integrals.values();
//! assert!((value[0] - (1.0 - (-1.0_f64).exp())).abs() < 1e-14);
//! assert!((value[1] - 1.0).abs() < 1e-8);
//! ```

mod box_list;
mod decide;
mod doubt;
mod end_trail;
mod ends;
mod first_list;
mod gauss_kronrod;
mod genz_malik;
mod integrate;
mod integrator;
mod mapped;
mod norm;
mod params;
mod range;
mod rule;
mod work_list;

pub use box_list::{Boxes, box_list};
pub use decide::{Ending, Tolerance};
pub use first_list::{Segments, interval_list, segments};
pub use gauss_kronrod::GaussKronrod;
pub use genz_malik::{GenzMalik, MAX_AXES, MIN_AXES};
pub use integrate::{Family, integrate};
pub use integrator::Integrator;
pub use norm::Norm;
pub use params::{Components, Params, Round, SetAside};
pub use range::{Place, Range, Segment};
pub use rule::{Judgement, RegionRule, with_rounding};
pub use work_list::WorkList;
