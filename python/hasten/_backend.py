"""Array libraries: what comes in as an array of some library goes back as one of the same.

NumPy is the library that the solvers compute with. Any other array on the CPU that speaks DLPack
(PyTorch, JAX, ...) is borrowed without a copy, and results are handed back through that library's
own ``from_dlpack``. Arrays on a GPU enter here too: a family with kernels asks `on_gpu` first and
takes its CUDA path; the others refuse such an array in `to_numpy`, since a silent copy to the host
would hide the cost.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Device types of the DLPack header that a CPU can read: kDLCPU and kDLCUDAHost (pinned memory).
_HOST_DEVICES = (1, 3)


@dataclass(frozen=True)
class Backend:
    """The array library that results are handed back in.

    Attributes
    ----------
    module : str or None
        Name of the module that holds ``from_dlpack``; None for NumPy.
    """

    module: str | None = None

    def wrap(self, array: NDArray[Any]) -> Any:
        """Return `array` as an array of this library, sharing its memory where the library can.

        Parameters
        ----------
        array : ndarray
            A result; numbers or bool.

        Returns
        -------
        array
            `array` itself for NumPy.
        """
        if self.module is None:
            return array
        # DLPack cannot say "read-only" to every consumer, so such an array is copied first.
        shareable = array if array.flags.writeable else array.copy()
        module = sys.modules.get(self.module) or importlib.import_module(self.module)
        return module.from_dlpack(shareable)


NUMPY = Backend()


def backend_of(*values: Any) -> Backend:
    """Return the library of the first value that is an array of another library than NumPy.

    Parameters
    ----------
    *values : object
        Arguments of a solver; what is not an array is ignored.

    Returns
    -------
    Backend
        NumPy's where no other library is involved.
    """
    for value in values:
        module = _library_of(value)
        if module is not None:
            return Backend(module)
    return NUMPY


def on_gpu(value: Any) -> bool:
    """Tell whether `value` is an array that lives on an accelerator.

    Parameters
    ----------
    value : object
        An argument of a solver.

    Returns
    -------
    bool
        False also for what is not an array.
    """
    device = getattr(value, "__dlpack_device__", None)
    return callable(device) and int(device()[0]) not in _HOST_DEVICES


def to_numpy(value: Any, name: str) -> Any:
    """Return an array of another library as a NumPy view of its memory.

    Parameters
    ----------
    value : object
        An argument of a solver.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    object
        An ndarray for an array of a library with ``from_dlpack``; any other value as it is, for
        NumPy or the label encoder to read.

    Raises
    ------
    TypeError
        When the array lives on a GPU or has a type that NumPy does not know.
    """
    if on_gpu(value):
        kind = type(value)
        raise TypeError(
            f"`{name}` must be an array in host memory; got {kind.__module__}.{kind.__qualname__} "
            f"on device {value.__dlpack_device__()} (move it to the CPU first)"
        )
    if _library_of(value) is None:
        return value
    # PyTorch does not export a tensor that still takes part in differentiation.
    source = value.detach() if hasattr(value, "detach") else value
    try:
        try:
            return np.from_dlpack(source)
        except BufferError:
            # Before NumPy 2.1 what wraps a read-only array of NumPy's cannot be exported again.
            if not hasattr(source, "__array__"):
                raise
            return np.asarray(source)
    except (BufferError, RuntimeError, TypeError) as problem:
        raise TypeError(f"`{name}` must be an array that NumPy can read; got {problem}") from None


def _library_of(value: Any) -> str | None:
    """Return the name of the foreign module whose ``from_dlpack`` makes arrays like `value`."""
    if isinstance(value, (np.ndarray, np.generic)) or not hasattr(value, "__dlpack_device__"):
        return None
    namespace: Callable[[], Any] | None = getattr(value, "__array_namespace__", None)
    if namespace is not None and hasattr(namespace(), "from_dlpack"):
        return str(namespace().__name__)
    root = type(value).__module__.partition(".")[0]
    return root if hasattr(sys.modules.get(root), "from_dlpack") else None
