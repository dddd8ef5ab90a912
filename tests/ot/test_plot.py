"""Pictures show the numbers of the result."""

import sys

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

from hasten.ot import sinkhorn, sinkhorn_points


@pytest.fixture
def cloud():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 2)), rng.normal(size=(20, 2)) + 3.0
    yield sinkhorn_points(X, Y, reg=0.05, method="sns", trace=True)
    plt.close("all")


@pytest.mark.parametrize("kind", ["plan", "map", "convergence"])
def test_every_kind_draws_and_returns_its_axes(cloud, kind, tmp_path):
    ax = cloud.plot(kind)
    ax.figure.savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 5000
    _, given = plt.subplots()
    assert cloud.plot(kind, ax=given) is given


def test_by_default_all_that_applies(cloud, draw):
    assert [ax.get_title(loc="left") for ax in cloud.plot()] == [
        f"Convergence of {cloud.method_used}",
        "Barycentric map",
    ]
    assert [ax.get_title(loc="left") for ax in sinkhorn(*draw(4, 5), reg=0.1).plot()] == ["Plan"]


def test_the_plan_is_an_image(cloud):
    (image,) = cloud.plot("plan").images
    np.testing.assert_allclose(image.get_array(), cloud.plan)


def test_a_large_plan_is_averaged_over_blocks():
    rng = np.random.default_rng(1)
    X, Y = np.sort(rng.normal(size=(1200, 1)), axis=0), np.sort(rng.normal(size=(700, 1)), axis=0)
    result = sinkhorn_points(X, Y, reg=0.5)
    ax = result.plot("plan")
    (image,) = ax.images
    shown = np.asarray(image.get_array())
    assert shown.shape == (500, 500)
    assert "_plan" not in vars(result)
    assert ax.get_title(loc="left") == "Plan, averaged over blocks"
    rows, columns = np.arange(1200) * 500 // 1200, np.arange(700) * 500 // 700
    sums = np.zeros((500, 500))
    np.add.at(sums, (rows[:, None], columns), result.plan)
    means = sums / np.outer(np.bincount(rows), np.bincount(columns))
    np.testing.assert_allclose(shown, means, rtol=1e-10)
    plt.close("all")


@pytest.mark.parametrize("shape", [(3, 501), (760, 2), (501, 500)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_of_any_shape_hold_the_whole_plan(draw, shape, dtype):
    a, b, cost = draw(*shape, seed=2, dtype=dtype)
    result = sinkhorn(a, b, cost, reg=0.2)
    (image,) = result.plot("plan").images
    counts = [np.bincount(np.arange(size) * min(size, 500) // size) for size in shape]
    shown = np.asarray(image.get_array()) * np.outer(*counts)
    assert shown.shape == tuple(min(size, 500) for size in shape)
    assert shown.sum() == pytest.approx(1.0, abs=1e-5)
    rows = np.zeros(len(shown))
    np.add.at(rows, np.repeat(np.arange(len(rows)), counts[0]), result.row_sums)
    np.testing.assert_allclose(shown.sum(axis=1), rows, rtol=1e-5)
    plt.close("all")


def test_arrows_end_where_points_are_sent(cloud):
    ax = cloud.plot("map")
    arrows = ax.collections[0]
    X = cloud._problem.cost[0]
    np.testing.assert_allclose(
        X + np.column_stack([arrows.U, arrows.V]), cloud.barycentric_map(), atol=1e-12
    )


def test_newton_steps_are_marked(cloud):
    assert cloud.n_newton > 0
    lines = {line.get_label(): line for line in cloud.plot("convergence").lines}
    newton = cloud.history["stage"] == "newton"
    np.testing.assert_array_equal(lines["Newton"].get_xdata(), cloud.history["n_iter"][newton])


def test_what_does_not_apply_is_refused(draw):
    result = sinkhorn(*draw(4, 5), reg=0.1)
    with pytest.raises(ValueError, match="solve with trace=True"):
        result.plot("convergence")
    with pytest.raises(ValueError, match="needs points of two dimensions"):
        result.plot("map")
    with pytest.raises(ValueError, match="`kind` must be one of 'plan', 'map', 'convergence'"):
        result.plot("pie")
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="`ax` needs a `kind`"):
        result.plot(ax=ax)
    plt.close("all")


def test_without_matplotlib_the_message_says_what_to_install(cloud, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install hasten\[plot\]"):
        cloud.plot()
