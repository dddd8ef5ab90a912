"""Synthetic problems with known answers."""

__all__ = []
