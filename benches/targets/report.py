"""What the targets of all families print, and how they measure memory."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def verdict(what: str, ratio: float, factor: float | None, note: str) -> str:
    """Write target, measured ratio of times and whether it is as small as one over the factor."""
    if factor is None:
        return f"{what} | 1/{1 / ratio:.3g} ({note})"
    is_met = "met" if ratio <= 1 / factor else "**missed**"
    return f"{what} <= 1/{factor} | 1/{1 / ratio:.3g}: {is_met} ({note})"


def at_most(what: str, value: float, limit: float | None, note: str) -> str:
    """Write target, measured value and whether it is within the limit."""
    if limit is None:
        return f"{what} | {value:.3g} ({note})"
    is_met = "met" if value <= limit else "**missed**"
    return f"{what} <= {limit:g} | {value:.3g}: {is_met} ({note})"


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a module in a new interpreter, whose memory holds nothing else."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def peak_bytes() -> int:
    """Return the most memory that this process had."""
    status = Path("/proc/self/status")
    if status.exists():
        # What `getrusage` says on Linux may be the peak of the process that forked this one.
        lines = status.read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
