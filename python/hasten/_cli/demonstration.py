"""What a family shows in `hasten demo`, and how it is printed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

REPEATS = 5

# Seconds after which tasks are not run once more, whoever is slow.
PATIENCE = 5.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison with a number that was found elsewhere.

    Attributes
    ----------
    what : str
        What was estimated.
    ours, published : float
        Both values.
    tolerance : float
        Largest difference that rounding of the published value, or the certificate, explains.
    source : str
        Where it was published, or how it was computed.
    """

    what: str
    ours: float
    published: float
    tolerance: float
    source: str

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.ours - self.published) <= self.tolerance


@dataclass(frozen=True, kw_only=True)
class Race:
    """The same task done by us and by a peer, run in turns; the best time of each counts.

    Attributes
    ----------
    task : str
        What both did.
    seconds : float
        Our time.
    error : float
        Our true error.
    peer : str or None
        Name and version; None when no peer is installed.
    peer_seconds, peer_error : float or None
        The peer's.
    """

    task: str
    seconds: float
    error: float
    peer: str | None = None
    peer_seconds: float | None = None
    peer_error: float | None = None

    @property
    def ratio(self) -> float | None:
        """The peer's time divided by ours."""
        return None if self.peer_seconds is None else self.peer_seconds / self.seconds


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """What one family has to show.

    Attributes
    ----------
    family : str
        Its name.
    answer : str
        The answer as text, several lines.
    certificate : str
        What is proved about it, in one sentence.
    converged : bool
        Whether every solve converged.
    to_compare : str
        The peers, any of which is to be installed for a race.
    title : str
        What the checks are compared with.
    checks : list of Check
        Comparisons with numbers found elsewhere.
    races : list of Race
        Times.
    plots : dict of str to callable
        Name of a picture, and what draws it and returns its axes.
    """

    family: str
    answer: str
    certificate: str
    converged: bool
    to_compare: str
    title: str = "Published estimates"
    checks: list[Check] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)
    plots: dict[str, Callable[[], Axes]] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return everything as plain text.

        Returns
        -------
        str
            Several lines.
        """
        lines = [self.family, "=" * len(self.family), self.answer, "", self.certificate, ""]
        lines.append(self.title)
        width = max((len(check.what) for check in self.checks), default=0)
        lines += [_check_line(check, width) for check in self.checks]
        lines += ["", f"Time, best of up to {REPEATS} in turns"]
        for race in self.races:
            lines += _race_lines(race, self.to_compare)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON.

        Returns
        -------
        dict
            Plain numbers, strings and lists.
        """
        return {
            "family": self.family,
            "answer": self.answer.splitlines(),
            "certificate": self.certificate,
            "converged": self.converged,
            "checks": [{**vars(check), "agrees": check.agrees} for check in self.checks],
            "races": [{**vars(race), "ratio": race.ratio} for race in self.races],
        }


def _check_line(check: Check, width: int) -> str:
    # One digit beyond those that are compared.
    digits = min(12, max(6, 1 - math.floor(math.log10(check.tolerance))))
    verdict = "agrees" if check.agrees else "DIFFERS"
    return (
        f"  {check.what:<{width}} {check.ours:>{digits + 6}.{digits}f}   expected "
        f"{round(check.published, digits):>{digits + 6}.12g}   {verdict}   ({check.source})"
    )


def _race_lines(race: Race, to_compare: str) -> list[str]:
    lines = [f"  {race.task}", f"    {'hasten':<16} {_milliseconds(race.seconds, race.error)}"]
    if race.peer is None or race.peer_seconds is None or race.peer_error is None:
        return [*lines, f"    no peer is installed: pip install {to_compare} to compare"]
    lines.append(f"    {race.peer:<16} {_milliseconds(race.peer_seconds, race.peer_error)}")
    return [*lines, f"    ratio {race.ratio:.2f} (peer / hasten)"]


def _milliseconds(seconds: float, error: float) -> str:
    return f"{1e3 * seconds:9.3f} ms, largest true error {error:.1e}"


def best_times(*tasks: Callable[[], object]) -> list[float]:
    """Return the best time of each task, all run in turns so that noise meets all alike.

    Parameters
    ----------
    *tasks : callable
        What to time; each is run once before, unmeasured.

    Returns
    -------
    list of float
        Seconds.
    """
    for task in tasks:
        task()
    best = [float("inf")] * len(tasks)
    begin = time.perf_counter()
    for _ in range(REPEATS):
        for k, task in enumerate(tasks):
            start = time.perf_counter()
            task()
            best[k] = min(best[k], time.perf_counter() - start)
        if time.perf_counter() - begin > PATIENCE:
            break
    return best
