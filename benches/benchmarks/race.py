"""Races of solvers to a true error: what the benchmarks of all families do once solvers stand.

asv passes over names with an underscore, so only the subclasses in a family's file are benchmarks.
"""

from __future__ import annotations

import math

from .common import PROFILE, interleaved, limited_threads, loosest_tolerance, thread_counts


def race_params(installed, problems):
    """Return the parameters of a race: solvers, problems, threads."""
    return (installed, list(problems), list(thread_counts()))


class _Race:
    """Problems and the loosest tolerance at which each solver reaches the true error TARGET.

    A family gives `SOLVERS` (name to ``use(problem, threads) -> solve(tolerance)``), `make_problem`
    and `params`, and a `setup_cache` of its own that calls `find`: asv shares one cache among all
    that inherit it.
    """

    TARGET = 1e-4
    param_names = ("solver", "problem", "threads")
    timeout = 3600
    limit = None

    def find(self, solvers, problems):
        """Find the tolerance of each solver once; NaN for one that cannot take a problem."""
        found = {}
        for kind in problems:
            problem = self.make_problem(kind)
            for name in solvers:
                try:
                    solve = self.SOLVERS[name](problem, 1)
                except NotImplementedError:
                    found[name, kind] = (math.nan, math.inf)
                    continue
                found[name, kind] = loosest_tolerance(
                    lambda tolerance, p=problem, s=solve: p.true_error(s(tolerance)),
                    self.TARGET,
                    time_limit=60.0,
                )
        return found

    def setup(self, found, solver, kind, threads):
        """Prepare the solver's input."""
        self.tolerance, self.error = found[solver, kind]
        if math.isnan(self.tolerance):
            raise NotImplementedError
        self.limit = limited_threads(threads)
        self.limit.__enter__()
        self.problem = self.make_problem(kind)
        self.solve = self.SOLVERS[solver](self.problem, threads)

    def teardown(self, *_):
        """Give the cores back, if they were taken: asv also calls this for what was skipped."""
        if self.limit is not None:
            self.limit.__exit__(None, None, None)

    def ratio(self, found, peer, kind, threads):
        """Time hasten and a peer in turn; not a number where one of them has no time."""
        tolerance, error = found.get((peer, kind), (0.0, math.inf))
        if max(self.error, error) > self.TARGET:
            return math.nan
        peer_solve = self.SOLVERS[peer](self.problem, threads)
        best = interleaved(
            {"ours": lambda: self.solve(self.tolerance), "peer": lambda: peer_solve(tolerance)},
            repeats=1 if PROFILE == "quick" else 5,
        )
        return best["ours"] / best["peer"]


class _Finish:
    """Time and memory to the target; a solver that never reaches it is skipped."""

    def setup(self, found, solver, kind, threads):
        """Skip where there is nothing to compare."""
        if found[solver, kind][1] > self.TARGET:
            raise NotImplementedError
        super().setup(found, solver, kind, threads)

    def time_to_error(self, *_):
        """Seconds to the target."""
        self.solve(self.tolerance)

    def peakmem_to_error(self, *_):
        """Peak memory of the process, the data included."""
        self.solve(self.tolerance)


class _Error:
    """Which error each solver reached."""

    unit = "standard errors"

    def track_error(self, *_):
        """Return the true error at that tolerance, or the least that was seen."""
        return self.error
