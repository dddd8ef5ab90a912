//! Linear rewards against closed forms and likelihoods written from their definitions.

mod existence;
mod fits;
mod naive;
mod properties;
