//! Plackett-Luce: estimates, certificates and what inference needs of a fit.

mod certificate;
mod dense;
mod estimate;
mod inference;
