//! Gauss rules against 45-digit references, closed forms, and exactness of their degree.

mod common;
mod fixed_ends;
mod interpolatory;
mod legendre;
mod marched;
mod marched_reference;
mod recurrence;
mod refusals;
mod threads;
