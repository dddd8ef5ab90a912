//! Entropic optimal transport.

mod certificate;
mod cost_bounds;
mod log_pass;
mod newton;
mod plan_rows;
mod problem;
mod run;
mod scaling_pass;
mod semi_dual;
#[cfg(test)] mod bench_tmp;
