//! Entropic optimal transport.

mod newton;
mod run;
mod semi_dual;
