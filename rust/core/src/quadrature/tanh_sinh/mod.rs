//! Tanh-sinh integration, for integrands that are singular at the ends of their range.
//!
//! The substitution `x = tanh(pi/2 sinh t)` makes any integrable end decay doubly exponentially, so
//! that the trapezoidal rule in `t` converges exponentially (H. Takahasi, M. Mori, "Double
//! exponential formulas for numerical integration", Publications of the RIMS 9, 1974). Each
//! [`TanhSinh`] level halves the step and uses all earlier points again. As with
//! [`adaptive`](crate::quadrature::adaptive), the caller evaluates: a level says where, and is told.

mod integrator;
mod nodes;
mod piece;

pub use integrator::{Params, TanhSinh};
pub use piece::Piece;
