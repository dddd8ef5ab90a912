"""Calls of what `hasten` itself holds."""

import hasten

from . import Case


def _set_and_reset(n_threads=3):
    hasten.set_num_threads(n_threads)
    hasten.set_num_threads(None)


CASES = {
    "hasten.ConvergenceWarning": Case(run=lambda: hasten.ConvergenceWarning("message")),
    "hasten.NotConnectedError": Case(
        run=lambda: hasten.NotConnectedError("message", 3, 5, [("a", "never won")])
    ),
    "hasten.get_num_threads": Case(run=hasten.get_num_threads),
    "hasten.set_num_threads": Case(run=_set_and_reset),
    "hasten.show_versions": Case(run=hasten.show_versions),
}
