"""A bug report names the package, the machine and what is installed."""

import io

import numpy as np

import hasten
from hasten import _versions


def test_everything_a_bug_report_needs_is_named():
    stream = io.StringIO()
    hasten.show_versions(stream)
    lines = dict(line.split(maxsplit=1) for line in stream.getvalue().splitlines())
    assert lines["hasten"] == hasten.__version__
    assert lines["numpy"] == np.__version__
    assert lines["threads"] == str(hasten.get_num_threads())
    for name in ("Python", "platform", "scipy", "scikit-learn", "joblib", "tqdm", "cupy", "GPU"):
        assert lines[name]


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(_versions, "_version", lambda _: None)
    answer = _versions.versions()
    assert answer["scipy"] == "missing"
    assert answer["matplotlib"] == "not installed"
    assert answer["cupy"] == "not installed"
    assert answer["GPU"] == "not looked for without cupy"


def test_a_broken_driver_does_not_break_the_report(monkeypatch):
    monkeypatch.setattr(_versions, "_version", lambda _: "1.0")
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)
    assert _versions.versions()["GPU"].startswith("none (ModuleNotFoundError")
