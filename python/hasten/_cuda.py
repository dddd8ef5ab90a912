"""CUDA kernels: the sources embedded in the extension, compiled by CuPy on first use."""

import functools
from typing import Any, NamedTuple

from hasten import _core

SCALARS = ("float", "double")


class Family(NamedTuple):
    """What has to be known to compile the kernels of one family.

    Attributes
    ----------
    kernels : tuple of str
        Names of kernels, each a template of one scalar type.
    options : tuple of str
        Options of the compiler beyond the language standard.
    """

    kernels: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def name_expressions(self) -> tuple[str, ...]:
        """Every kernel for every scalar type, as ``kernel<scalar>``."""
        return tuple(f"{kernel}<{scalar}>" for kernel in self.kernels for scalar in SCALARS)


FAMILIES = {
    # Without fused multiply-add the draws have the bits that the CPU draws.
    "random": Family(("fill_uniform", "fill_positive_uniform", "fill_normal"), ("--fmad=false",)),
}


@functools.cache
def module(family: str) -> Any:
    """Compile the kernels of a family.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.

    Returns
    -------
    cupy.RawModule
        Kernels are had by ``module(family).get_function("kernel<scalar>")``. CuPy compiles at the
        first such call and keeps the binaries on disk.

    Raises
    ------
    ImportError
        If CuPy is not installed.
    """
    try:
        import cupy
    except ImportError as error:
        msg = "the GPU needs CuPy: pip install hasten[cuda12] (or hasten[cuda13])"
        raise ImportError(msg) from error
    known = FAMILIES[family]
    return cupy.RawModule(
        code=_core.cuda_source(family),
        options=("--std=c++17", *known.options),
        name_expressions=known.name_expressions,
    )
