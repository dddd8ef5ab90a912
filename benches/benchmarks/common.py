"""What the benchmarks of all families share: the profile, thread limits, interleaved timing."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROFILE = os.environ.get("HASTEN_BENCH_PROFILE", "quick")
if PROFILE not in {"quick", "regular", "large"}:
    message = f"HASTEN_BENCH_PROFILE must be quick, regular or large; got {PROFILE!r}"
    raise ValueError(message)

TOLERANCES = tuple(10.0**-k for k in range(1, 15))


def available_threads() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_counts() -> tuple[int, ...]:
    """Return the values of the parameter ``threads``: one, and all but in the quick profile."""
    counts = {1} if PROFILE == "quick" else {1, available_threads()}
    return tuple(sorted(counts))


@contextlib.contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """Hold BLAS, OpenMP and threads that are yet to start to so many cores.

    Pools that a peer started before keep their threads, so measure each limit in a fresh process.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(threadpool_limits(count))
        if hasattr(os, "sched_setaffinity"):
            cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, sorted(cores)[:count])
            stack.callback(os.sched_setaffinity, 0, cores)
        yield


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    gc.collect()
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def interleaved(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Time calls in turn and return the best time of each.

    Whatever else the machine does while this runs hits all of them alike.
    """
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(repeats):
        for name, call in calls.items():
            best[name] = min(best[name], seconds(call))
    return best


def loosest_tolerance(
    error_at: Callable[[float], float], target: float, time_limit: float
) -> tuple[float, float]:
    """Find the loosest tolerance at which a solver's true error is at most a target.

    Returns the tolerance and its error; when none is enough, or the time for trying is over, those
    of the smallest error seen.
    """
    begin = time.perf_counter()
    best = (float("nan"), float("inf"))
    for tolerance in TOLERANCES:
        error = error_at(tolerance)
        if not best[1] <= error:
            best = (tolerance, error)
        if error <= target or time.perf_counter() - begin > time_limit:
            break
    return best
