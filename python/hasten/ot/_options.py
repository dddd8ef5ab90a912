"""How to solve: the options that every solver of the family shares, checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_choice, check_flag, check_integer, check_real, shown

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("auto", "sinkhorn", "log", "sns", "sns_paper")
PRECISIONS = ("auto", "float64", "mixed")
MEMORY = ("auto", "low")

# (n_sinkhorn, sparsity, delta, stage_tol, ratio), as the core reads them.
SnsOptions = tuple[int, float | None, float, float, float]
_SNS_NAMES = ("n_sinkhorn", "sparsity", "delta", "stage_tol", "ratio")
_AS_PUBLISHED = ("n_sinkhorn", "sparsity")
_PATH = ("delta", "stage_tol", "ratio")

# Those that each method reads; the others read none.
_READ = {"auto": _PATH, "sns": _PATH, "sns_paper": _AS_PUBLISHED}

_TOL = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-5}


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options of a solve; names and meanings are those of `sinkhorn`."""

    tol: float | None = None
    max_iter: int = 10_000
    method: str = "auto"
    sns_options: SnsOptions = (20, None, 0.01, 1e-3, 4.0)
    eps_scaling: bool | None = None
    precision: str = "auto"
    memory: str = "auto"
    callback: Callable[[Any], object] | None = None
    progress: bool = False
    trace: bool = False

    def tolerance(self, dtype: np.dtype[Any]) -> float:
        """Return the tolerance in force for costs of a precision.

        Parameters
        ----------
        dtype : dtype
            Of the cost.

        Returns
        -------
        float
            What was asked for, else what the arithmetic can be expected to reach.
        """
        if self.tol is not None:
            return self.tol
        return _TOL[np.dtype(np.float64) if self.precision == "float64" else dtype]


def check_options(
    *,
    tol: Any = None,
    max_iter: Any = 10_000,
    method: Any = "auto",
    sns_options: Any = None,
    eps_scaling: Any = "auto",
    precision: Any = "auto",
    memory: Any = "auto",
    callback: Any = None,
    progress: Any = False,
    trace: Any = False,
) -> Options:
    """Check the options of a solve.

    Parameters
    ----------
    tol, max_iter, method, sns_options, eps_scaling, precision, memory, callback, progress, trace
        As in `sinkhorn`.

    Returns
    -------
    Options
        All of them.

    Raises
    ------
    TypeError, ValueError
        When one is not valid; the message names it.
    """
    if not isinstance(eps_scaling, (bool, np.bool_)) and eps_scaling != "auto":
        raise _refusal(eps_scaling)
    method = check_choice(method, "method", METHODS)
    return Options(
        tol=None if tol is None else check_real(tol, "tol", minimum=0.0, exclusive=True),
        max_iter=min(check_integer(max_iter, "max_iter", minimum=1), sys.maxsize),
        method=method,
        sns_options=_check_sns_options(sns_options, method),
        eps_scaling=None if isinstance(eps_scaling, str) else bool(eps_scaling),
        precision=check_choice(precision, "precision", PRECISIONS),
        memory=check_choice(memory, "memory", MEMORY),
        callback=callback,
        progress=check_flag(progress, "progress"),
        trace=check_flag(trace, "trace"),
    )


def _refusal(eps_scaling: Any) -> Exception:
    text = f"`eps_scaling` must be 'auto', True or False; got {shown(eps_scaling)}"
    return ValueError(text) if isinstance(eps_scaling, str) else TypeError(text)


def _check_sns_options(value: Any, method: str) -> SnsOptions:
    given = {} if value is None else value
    if not isinstance(given, dict):
        raise TypeError(f"`sns_options` must be a dict; got {shown(value)}")
    for name in given:
        check_choice(name, "sns_options", _SNS_NAMES)
        if name not in _READ.get(method, ()):
            readers = " and ".join(repr(other) for other, names in _READ.items() if name in names)
            raise ValueError(
                f"`sns_options` must hold only what method={method!r} reads; got {name!r}, an "
                f"option of {readers}"
            )
    name = "sns_options[{!r}]".format
    sparsity = given.get("sparsity")
    if sparsity is not None:
        sparsity = check_real(sparsity, name("sparsity"), minimum=0.0, exclusive=True)
        if sparsity > 1.0:
            raise ValueError(f"`{name('sparsity')}` must be at most 1; got {sparsity:g}")
    n_sinkhorn = check_integer(given.get("n_sinkhorn", 20), name("n_sinkhorn"), minimum=1)
    return (
        min(n_sinkhorn, sys.maxsize),
        sparsity,
        check_real(
            given.get("delta", 0.01), name("delta"), minimum=0.0, maximum=1.0, exclusive=True
        ),
        check_real(
            given.get("stage_tol", 1e-3),
            name("stage_tol"),
            minimum=0.0,
            maximum=1.0,
            exclusive=True,
        ),
        check_real(given.get("ratio", 4.0), name("ratio"), minimum=1.1, maximum=1000.0),
    )
