"""`hasten demo` agrees with what was published, and says so in text and in JSON."""

import importlib.util
import json
import sys

import pytest

from hasten._cli import demo, main
from hasten._cli.demonstration import Check, Demonstration, Race, best_times
from hasten._cli.demos import ot, quadrature, ranking


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(ranking, "_N_ITEMS", 30)
    monkeypatch.setattr(ranking, "_N_GAMES", 3000)
    monkeypatch.setattr(ot, "_N_COLOURS", 100)
    monkeypatch.setattr(ot, "_N_GRID", 400)
    monkeypatch.setattr(quadrature, "_N_SPREADS", 9)
    monkeypatch.setattr(quadrature, "_N_RACED", 2)


@pytest.fixture
def only(monkeypatch):
    def keep(family):
        monkeypatch.setattr(demo, "FAMILIES", {family: demo.FAMILIES[family]})

    return keep


def test_every_published_estimate_agrees(capsys, only):
    only("ranking")
    assert main(["demo", "--json"]) == 0
    streams = capsys.readouterr()
    (family,) = json.loads(streams.out)
    assert family["family"] == "ranking"
    assert family["converged"] is True
    assert len(family["checks"]) == 19
    assert all(check["agrees"] for check in family["checks"])
    assert all(race["error"] < 1e-5 for race in family["races"])
    assert "ranking: " in streams.err


def test_every_reference_value_of_transport_agrees(capsys, only):
    only("ot")
    assert main(["demo", "--json"]) == 0
    streams = capsys.readouterr()
    (family,) = json.loads(streams.out)
    assert family["family"] == "ot"
    assert family["converged"] is True
    assert len(family["checks"]) == 5
    assert all(check["agrees"] for check in family["checks"])
    # Values to 1e-9 and better; the bounds of exact transport are as wide as `reg` makes them.
    assert sorted(check["tolerance"] for check in family["checks"])[3] <= 1e-9
    assert max(check["tolerance"] for check in family["checks"]) < 1e-3
    assert all(race["error"] < 1e-9 for race in family["races"])
    assert "ot: " in streams.err


def test_every_reference_value_of_integrals_agrees(capsys, only):
    only("quadrature")
    assert main(["demo", "--json"]) == 0
    streams = capsys.readouterr()
    (family,) = json.loads(streams.out)
    assert family["family"] == "quadrature"
    assert family["converged"] is True
    assert len(family["checks"]) == 6
    assert all(check["agrees"] for check in family["checks"])
    # Only the option has an error of chance, a few cents.
    assert sorted(check["tolerance"] for check in family["checks"])[4] <= 2e-6
    assert max(check["tolerance"] for check in family["checks"]) < 4e-2
    assert all(race["error"] < 1e-10 for race in family["races"])
    assert "quadrature: " in streams.err


def test_text(capsys):
    assert main(["demo"]) == 0
    text = capsys.readouterr().out
    shown = ("Milwaukee 1-6", "Biometrika", "brand 6 against brand 1", "at home adds 0.3023")
    for part in (*shown, "Proved:", "agrees", "Time, best of", "digits, city-block distance"):
        assert part in text
    assert "DIFFERS" not in text


@pytest.mark.parametrize("hidden", [("evalica",), ("evalica", "choix")])
def test_without_a_peer(capsys, monkeypatch, only, hidden):
    only("ranking")
    for module in hidden:
        monkeypatch.setitem(sys.modules, module, None)
    assert main(["demo"]) == 0
    text = capsys.readouterr().out
    assert "evalica 0" not in text
    others = [m for m in ("evalica", "choix") if m not in hidden and importlib.util.find_spec(m)]
    assert ("no peer is installed: pip install evalica or choix" in text) == (not others)


def test_transport_with_neither_peer_nor_pillow(capsys, monkeypatch, only):
    only("ot")
    for module in ("ot", "PIL"):
        monkeypatch.setitem(sys.modules, module, None)
    assert main(["demo"]) == 0
    text = capsys.readouterr().out
    assert "no peer is installed: pip install POT" in text
    assert "needs Pillow" in text


@pytest.mark.parametrize(("family", "count"), [("ranking", 4), ("ot", 3)])
def test_plots(tmp_path, capsys, only, family, count):
    pytest.importorskip("matplotlib")
    from matplotlib import pyplot as plt

    only(family)
    assert main(["demo", "--json", "--plots", str(tmp_path / "pictures")]) == 0
    assert len(list((tmp_path / "pictures").glob(f"{family}-*.png"))) == count
    assert capsys.readouterr().err.count("saved") == count
    plt.close("all")


def test_a_difference_is_shouted_and_is_exit_code_one(capsys, monkeypatch, only):
    only("ranking")
    wrong = Demonstration(
        family="ranking",
        answer="none",
        certificate="none",
        converged=True,
        to_compare="p",
        checks=[Check(what="x", ours=1.0, published=2.0, tolerance=0.1, source="nobody")],
        races=[Race(task="t", seconds=1.0, error=0.0, peer="p", peer_seconds=3.0, peer_error=0.5)],
    )
    monkeypatch.setattr(ranking, "demonstrate", lambda _report: wrong)
    assert main(["demo"]) == 1
    text = capsys.readouterr().out
    assert "DIFFERS" in text
    assert "ratio 3.00 (peer / hasten)" in text


def test_times_are_taken_in_turns():
    calls = []
    best = best_times(lambda: calls.append("a"), lambda: calls.append("b"))
    assert calls == ["a", "b"] * 6
    assert all(seconds >= 0 for seconds in best)


def test_info(capsys):
    assert main(["info"]) == 0
    assert capsys.readouterr().out.startswith("hasten ")


def test_every_family_of_the_registry_can_be_shown():
    import importlib

    for module in demo.FAMILIES.values():
        assert callable(importlib.import_module(module).demonstrate)
