"""The targets of `hasten.ot`."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
from benchmarks.common import TOLERANCES, interleaved, loosest_tolerance, seconds
from benchmarks.ot import (
    SOLVERS,
    is_installed,
    make_clouds,
    make_problem,
    use_hasten,
    use_hasten_points,
    use_pot_points,
)
from benchmarks.ot_passes import bandwidth_calls, seconds_per_pass
from benchmarks.ot_passes import make_problem as make_kernel

from .report import at_most, in_fresh_process, peak_bytes, verdict

PEERS = ("numpy", "scipy", "POT", "regot", "ott-jax", "jax")
ERROR = 1e-9

scaling = functools.partial(use_hasten, method="sinkhorn")
logarithmic = functools.partial(use_hasten, method="log")


# ---------------------------------------------------------------- one pass


def scaling_pass(n: int, factors: dict[str, float | None], threads: int, repeats: int) -> list[str]:
    """Compare one scaling pass with an iteration of `ot.sinkhorn` and with memory bandwidth."""
    problem = make_kernel(n)
    solves = {
        "float64": scaling(problem, threads),
        "float32": scaling(problem, threads, dtype=np.float32),
    }
    if is_installed("pot"):
        solves["pot"] = SOLVERS["pot-sinkhorn"](problem, threads)
    best = seconds_per_pass(solves, passes_of(n), repeats)
    rows = []
    for kind, factor in factors.items():
        what = f"scaling pass / iteration of ot.sinkhorn, n = {n}, {kind}"
        if "pot" not in best:
            rows.append(f"{what} | POT is not installed")
            continue
        note = f"{milliseconds(best[kind])} against {milliseconds(best['pot'])}"
        rows.append(verdict(what, best[kind] / best["pot"], factor, note))
    for kind in ("float64", "float32"):
        rows += against_bandwidth(problem.cost.astype(kind), best[kind], n, kind, repeats)
    return rows


def against_bandwidth(
    kernel: np.ndarray, ours: float, n: int, kind: str, repeats: int
) -> list[str]:
    """Compare a pass with reading its kernel once, the fastest way that NumPy has, and copying."""
    calls = bandwidth_calls(kernel)
    best = interleaved({name: many(call, n) for name, call in calls.items()}, repeats)
    best = {name: spent / times_of(n) for name, spent in best.items()}
    copy = best.pop("copy")
    how = min(best, key=best.__getitem__)
    note = (
        f"{milliseconds(ours)} against {milliseconds(best[how])} by {how} "
        f"({kernel.nbytes / best[how] / 1e9:.1f} GB/s); copying takes {milliseconds(copy)}"
    )
    limit = 1.3 if kind == "float64" else None
    return [
        at_most(f"scaling pass / reading K once, n = {n}, {kind}", ours / best[how], limit, note)
    ]


def times_of(n: int) -> int:
    """Say how often to repeat what takes n^2 reads, so that a clock sees it."""
    return max(1, 10_000_000 // n**2)


def many(call, n: int):
    """Repeat a short call."""

    def repeated():
        for _ in range(times_of(n)):
            call()

    return repeated


def passes_of(n: int) -> tuple[int, int]:
    """Say between which lengths of runs to take the difference, so that it exceeds the set-up."""
    return (20, 520) if n <= 1000 else (10, 130) if n <= 4000 else (4, 104)


def scaling_1000(threads: int, repeats: int) -> list[str]:
    """One scaling pass at n = 1000, in cache: against ot.sinkhorn and reading K."""
    return scaling_pass(1000, {"float64": 1.7, "float32": None}, threads, repeats)


def scaling_4000(threads: int, repeats: int) -> list[str]:
    """One scaling pass at n = 4000: against ot.sinkhorn and reading K."""
    return scaling_pass(4000, {"float64": 2.2, "float32": 4.5}, threads, repeats)


def scaling_10000(threads: int, repeats: int) -> list[str]:
    """One scaling pass at n = 10000, 4 GB: against ot.sinkhorn and reading K."""
    return scaling_pass(10_000, {"float64": 2.2, "float32": 4.5}, threads, min(repeats, 3))


def log_pass(threads: int, repeats: int) -> list[str]:
    """One log pass at n = 1000: against POT's sinkhorn_log and OTT-JAX in the log domain."""
    problem = make_kernel(1000)
    factors = {"pot-sinkhorn_log": 15, "ott-lse": 2}
    solves = {name: SOLVERS[name](problem, threads) for name in factors if is_installed(name)}
    solves["hasten"] = logarithmic(problem, threads)
    # OTT counts by tens, and compiles once for each length.
    best = seconds_per_pass(solves, (10, 60), repeats)
    rows = []
    for name, factor in factors.items():
        if name not in best:
            rows.append(f"{name} | not installed")
            continue
        note = f"{milliseconds(best['hasten'])} against {milliseconds(best[name])}, n = 1000"
        rows.append(verdict(f"log pass / {name}", best["hasten"] / best[name], factor, note))
    return rows


def two_threads(threads: int, repeats: int) -> list[str]:
    """Two threads against one, on a stored kernel and on points: needs --threads 2."""
    if threads < 2:
        return ["two threads | not measured: give --threads 2"]
    problem = make_kernel(4000)
    solves = {count: scaling(problem, count) for count in (1, 2)}
    stored = seconds_per_pass(solves, passes_of(4000), repeats)
    clouds = make_clouds(8000)
    lazy = {count: use_hasten_points(*clouds, 0.01, count) for count in (1, 2)}
    points = seconds_per_pass(
        {count: lambda _, k, s=solve: s(k) for count, solve in lazy.items()}, (1, 4), repeats
    )
    rows = []
    for what, best in (("stored K, n = 4000", stored), ("points, n = 8000", points)):
        note = f"{milliseconds(best[2])} against {milliseconds(best[1])} a pass"
        rows.append(verdict(f"two threads / one, {what}", best[2] / best[1], 1.7, note))
    return rows


# ---------------------------------------------------------------- time to an error


def against_newton(
    kind: str, factor: float | None, threads: int, repeats: int, max_iter: int = 400
) -> list[str]:
    """Compare with the Newton and quasi-Newton methods of regot at the same true error."""
    problem = make_problem(kind, "regular")
    ours = use_hasten(problem, threads)
    tolerance, error = loosest(problem, ours)
    rows = []
    for name, wanted in (("regot-ssns", factor), ("regot-splr", None)):
        what = f"{kind} to 1e-9 / {name}"
        if not is_installed(name):
            rows.append(f"{what} | not installed")
            continue
        peer = functools.partial(SOLVERS[name](problem, threads), max_iter=max_iter)
        at, reached = loosest(problem, peer)
        best = interleaved(
            {"ours": lambda: ours(tolerance), "peer": lambda p=peer, t=at: p(t)}, repeats
        )
        note = (
            f"true error {error:.0e} against {reached:.0e}; "
            f"{best['ours']:.3g} s against {best['peer']:.3g} s"
        )
        # An answer short of the target is no answer, however quick.
        ratio = best["ours"] / best["peer"] if error <= ERROR else np.inf
        rows.append(verdict(what, ratio, wanted, note))
    return rows


def loosest(problem, solve) -> tuple[float, float]:
    """Find the loosest tolerance at which the true error is small enough, from 1e-7 on."""
    best = (float("nan"), float("inf"))
    for tolerance in TOLERANCES[6:12]:
        error = problem.true_error(solve(tolerance))
        # Above its tolerance and the same as before: all steps were taken, and none is left.
        if error >= best[1] and error > tolerance:
            break
        best = (tolerance, error)
        if error <= ERROR:
            break
    return best


def newton_lap(threads: int, repeats: int) -> list[str]:
    """LAP500 to a true error of 1e-9: against regot."""
    return against_newton("lap", 5, threads, repeats)


def newton_digits_w2(threads: int, repeats: int) -> list[str]:
    """Digits, squared L2 cost, to 1e-9: against regot."""
    return against_newton("digits-w2", 5, threads, repeats)


def newton_digits_w1(threads: int, repeats: int) -> list[str]:
    """Digits, L1 cost, to 1e-9: against regot, whose ssns has 400 steps."""
    return against_newton("digits-w1", 15, threads, min(repeats, 1))


def newton_empirical(threads: int, repeats: int) -> list[str]:
    """Points in five dimensions to 1e-9: against regot."""
    return against_newton("empirical", 5, threads, repeats)


def textbook(threads: int, _repeats: int) -> list[str]:
    """LAP500 and the digits, to the error that sinkhorn_log has after half a minute."""
    if not is_installed("pot"):
        return ["sinkhorn_log | POT is not installed"]
    rows = []
    for kind in ("lap", "digits-w2", "digits-w1"):
        problem = make_problem(kind, "regular")
        peer = SOLVERS["pot-sinkhorn_log"](problem, threads)
        pace = seconds(lambda p=peer: p(0.0, 20)) / 20
        max_iter = int(30 / pace)
        answers = []
        spent = seconds(lambda p=peer, k=max_iter: answers.append(p(1e-11, k)))  # noqa: B023
        reached = problem.true_error(answers[0])
        ours = use_hasten(problem, threads)
        tolerance, error = loosest_tolerance(
            lambda t, p=problem, s=ours: p.true_error(s(t)), reached, 60.0
        )
        best = interleaved({"ours": lambda s=ours, t=tolerance: s(t)}, 3)["ours"]
        note = f"true error {error:.0e} against {reached:.0e}; {best:.3g} s against {spent:.3g} s"
        rows.append(verdict(f"{kind} / sinkhorn_log", best / spent, 100, note))
    return rows


def exact(threads: int, repeats: int) -> list[str]:
    """One exact plan of 1000 points in the plane: `ot.emd` beside entropic transport to 1e-9."""
    if not is_installed("pot"):
        return ["ot.emd | POT is not installed"]
    import ot

    problem = make_kernel(1000)
    solves = {"ours": scaling(problem, threads)}
    one_pass = seconds_per_pass(solves, passes_of(1000), repeats)["ours"]
    ours = use_hasten(problem, threads)
    best = interleaved(
        {"ours": lambda: ours(ERROR), "emd": lambda: ot.emd(problem.a, problem.b, problem.cost)},
        repeats,
    )
    note = f"{best['ours']:.3g} s against {best['emd']:.3g} s = {best['emd'] / one_pass:.0f} passes"
    what = f"entropic plan to 1e-9, reg {problem.reg:g} / ot.emd, n = 1000"
    return [at_most(what, best["ours"] / best["emd"], None, note)]


# ---------------------------------------------------------------- points


def points_pass(threads: int, repeats: int) -> list[str]:
    """Points in the plane, n = 4000, reg 0.01: one pass against POT's lazy solver."""
    return lazily(4000, threads, repeats)


def points_large(threads: int, repeats: int) -> list[str]:
    """Points in the plane, n = 20000, reg 0.01: one pass against POT's lazy solver, and memory."""
    return [*lazily(20_000, threads, min(repeats, 1)), *memory(20_000, 50e6, threads)]


def points_memory(threads: int, _repeats: int) -> list[str]:
    """Points in the plane, n = 100000: memory."""
    return memory(100_000, 250e6, threads)


def lazily(n: int, threads: int, repeats: int) -> list[str]:
    """Compare one more pass over points with an iteration of POT's lazy solver."""
    clouds = make_clouds(n)
    solves = {"ours": use_hasten_points(*clouds, 0.01, threads)}
    if is_installed("pot"):
        solves["pot"] = use_pot_points(*clouds, 0.01, threads)
    best = seconds_per_pass(
        {name: lambda _, k, s=solve: s(k) for name, solve in solves.items()}, (1, 3), repeats
    )
    what = f"pass over points / empirical_sinkhorn, n = {n}"
    if "pot" not in best:
        return [f"{what} | POT is not installed; {milliseconds(best['ours'])}"]
    note = f"{milliseconds(best['ours'])} against {milliseconds(best['pot'])}"
    return [verdict(what, best["ours"] / best["pot"], 25, note)]


def memory(n: int, limit: float, threads: int) -> list[str]:
    """Measure the peak memory of a solve in a fresh process, beyond the points themselves."""
    with tempfile.TemporaryDirectory() as folder:
        for name, points in zip("XY", make_clouds(n), strict=True):
            np.save(Path(folder, f"{name}.npy"), points)
        used = in_fresh_process(memory_of_points, folder, threads)
    return [at_most(f"peak memory in MB, points, n = {n}", used / 1e6, limit / 1e6, "beyond X, Y")]


def memory_of_points(folder: str, threads: int) -> int:
    """Solve on saved points and return by how many bytes the peak rose."""
    X, Y = (np.load(Path(folder, f"{name}.npy")) for name in "XY")
    use_hasten_points(X[:10], Y[:10], 0.01, threads, method="auto")(4)
    before = peak_bytes()
    # The first pass after two in the log domain is where a kernel would be stored.
    use_hasten_points(X, Y, 0.01, threads, method="auto")(4)
    return peak_bytes() - before


def milliseconds(value: float) -> str:
    """Write a time."""
    return f"{1e3 * value:.3g} ms"


TARGETS = {
    "scaling-1000": scaling_1000,
    "scaling-4000": scaling_4000,
    "scaling-10000": scaling_10000,
    "log-pass": log_pass,
    "two-threads": two_threads,
    "newton-lap": newton_lap,
    "newton-digits-w2": newton_digits_w2,
    "newton-digits-w1": newton_digits_w1,
    "newton-empirical": newton_empirical,
    "textbook": textbook,
    "exact": exact,
    "points-pass": points_pass,
    "points-large": points_large,
    "points-memory": points_memory,
}
