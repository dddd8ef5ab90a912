"""Benchmarks of hasten beside its peers: one file a family."""
