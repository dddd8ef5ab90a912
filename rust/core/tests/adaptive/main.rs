//! Adaptive integration in one variable, asked and told, against closed forms.

mod common;
mod rounds;
mod singular;
