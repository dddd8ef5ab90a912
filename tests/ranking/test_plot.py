"""Pictures show the numbers of the result."""

import sys

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

from hasten.datasets import load_baseball_1987  # noqa: E402
from hasten.ranking import bradley_terry  # noqa: E402
from hasten.ranking.datasets import make_uniform  # noqa: E402

KINDS = ("caterpillar", "calibration", "winmatrix", "convergence")


@pytest.fixture
def result():
    yield bradley_terry(load_baseball_1987().comparisons(), trace=True, method="newman")
    plt.close("all")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_and_returns_its_axes(result, kind, tmp_path):
    ax = result.plot(kind)
    ax.figure.savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 5000
    _, given = plt.subplots()
    assert result.plot(kind, ax=given) is given


def test_caterpillar_is_sorted_with_intervals(result):
    ax = result.plot()
    order = np.argsort(-result.strength)
    assert [label.get_text() for label in ax.get_yticklabels()] == result.items[order].tolist()
    (bars,) = ax.collections
    low, high = result.confidence_interval()
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, np.column_stack([low, high])[order])


def test_caterpillar_writes_the_ranks_that_stay_open(result):
    ax = result.plot()
    low, high = result.rank_sets(rng=0)
    order = np.argsort(-result.strength)
    expected = [f"{low[k]}\N{EN DASH}{high[k]}" for k in order]
    assert [text.get_text() for text in ax.texts] == [*expected, "rank"]


def test_caterpillar_of_many_items_shows_the_strongest():
    data = make_uniform(100, 4000, rng=0, spread=0.3)
    ax = bradley_terry(data.comparisons()).plot()
    assert len(ax.get_yticklabels()) == 40
    assert "Strongest 40 of 100" in ax.get_title(loc="left")
    plt.close("all")


def test_win_shares_of_two_sides_add_up_to_one(result):
    (image,) = result.plot("winmatrix").images
    share = np.asarray(image.get_array().filled(np.nan))
    off_diagonal = ~np.eye(7, dtype=bool)
    np.testing.assert_allclose((share + share.T)[off_diagonal], 1.0)
    assert np.isnan(np.diag(share)).all()


def test_calibration_counts_every_game_once(result):
    points = result.plot("calibration").collections[-1].get_offsets()
    assert len(points) == 10
    assert (points[:, 0] >= 0.5).all()


def test_convergence_ends_at_the_certificate(result):
    lines = result.plot("convergence").lines
    assert lines[-1].get_ydata()[-1] == result.error
    with pytest.raises(ValueError, match="solve with trace=True"):
        bradley_terry(load_baseball_1987().comparisons()).plot("convergence")


def test_unknown_kind(result):
    with pytest.raises(ValueError, match="did you mean 'caterpillar'"):
        result.plot("catterpillar")


def test_without_matplotlib_the_extra_is_named(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install hasten\[plot\]"):
        result.plot()
