//! Sinkhorn-Newton-Sparse.
