"""Measure the targets of all families and print the rows of RESULTS.md.

``python benches/compare.py --list`` names the targets and ``python benches/compare.py NAME ...``
measures some: best of five, solvers interleaved, in one process held to ``--threads`` cores. The
targets of a family are in ``targets/<family>.py``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
from importlib import metadata
from pathlib import Path

from benchmarks.common import limited_threads
from targets import ot, quadrature, ranking

import hasten

COLUMNS = ("date", "CPU", "versions", "threads", "target", "measured", "command")
FAMILIES = {"ranking": ranking, "ot": ot, "quadrature": quadrature}
FAMILY_OF = {name: family for family, module in FAMILIES.items() for name in module.TARGETS}


def processor() -> str:
    """Name the CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def versions(peers: tuple[str, ...]) -> str:
    """List the versions of what is compared."""
    found = [f"hasten {hasten.__version__}"]
    for name in peers:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a target; all if none is named")
    parser.add_argument("--list", action="store_true", help="name the targets and stop")
    parser.add_argument("--family", choices=FAMILIES, help="only the targets of this family")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(FAMILY_OF))
    if unknown:
        parser.error(f"no target is called {', '.join(unknown)}; see --list")
    names = [
        name for name in options.names or FAMILY_OF if options.family in {None, FAMILY_OF[name]}
    ]
    if options.list:
        for name in names:
            print(f"{name:20} {FAMILIES[FAMILY_OF[name]].TARGETS[name].__doc__}")
        return
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    for name in names:
        family = FAMILIES[FAMILY_OF[name]]
        command = f"`python benches/compare.py {name} --threads {options.threads}`"
        head = f"{today} | {processor()} | {versions(family.PEERS)} | {options.threads}"
        with limited_threads(options.threads):
            rows = family.TARGETS[name](options.threads, options.repeats)
        for row in rows:
            print(f"| {head} | {row} | {command} |", flush=True)


if __name__ == "__main__":
    main()
