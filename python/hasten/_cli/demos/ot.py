"""Transport on real data: reference values, the colours of two photographs, and a race."""

from __future__ import annotations

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hasten._cli.demonstration import Check, Demonstration, Race, best_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hasten.ot import SinkhornResult
    from hasten.ot.datasets import TransportProblem

# Made with a solver in NumPy that has no line in common with hasten.
_SOLVER = "independent solver in NumPy"
_VALUES = {
    "digits, squared distance": 0.010997187057,
    "digits, city-block distance": 0.065299317063,
    "random assignment": 0.007981155797,
}
_REG = 1 / 1200
_EASY_REG = 1 / 100
_SIDE = 28
_N_ASSIGNMENT, _N_GRID = 500, 1200
_N_COLOURS, _COLOUR_REG = 1000, 0.005

_Plan = Callable[[], NDArray[np.float64]]


@dataclass(frozen=True)
class _Digits:
    """A zero and a one as weights of pixels, and the pixels' places in the unit square."""

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    places: NDArray[np.float64]

    def cost(self, power: int) -> NDArray[np.float64]:
        """Sum a power of the differences of coordinates; the largest cost is 1."""
        cost = (np.abs(self.places[:, None] - self.places) ** power).sum(axis=-1)
        scaled: NDArray[np.float64] = cost / cost.max()
        return scaled


@dataclass(frozen=True)
class _Colours:
    """A photograph, a second one, and the first in the colours of the second."""

    before: NDArray[np.float64]
    wanted: NDArray[np.float64]
    after: NDArray[np.float64]
    result: SinkhornResult
    apart_before: float
    apart_after: float


def demonstrate(report: Callable[[str], None]) -> Demonstration:
    """Transport digits and colours, compare with reference values, and race a peer.

    Parameters
    ----------
    report : callable
        Called with a few words before each part.

    Returns
    -------
    Demonstration
        What to print.
    """
    from hasten.ot import sinkhorn
    from hasten.ot.datasets import make_gaussians, make_random_assignment

    digits = _load_digits()
    report("a handwritten zero to a one, squared distance")
    squared = sinkhorn(digits.a, digits.b, digits.cost(2), reg=_REG, trace=True)
    report("the same, city-block distance")
    block = sinkhorn(digits.a, digits.b, digits.cost(1), reg=_REG)
    report("a random assignment")
    random = make_random_assignment(_N_ASSIGNMENT, rng=0)
    assigned = sinkhorn(random.a, random.b, random.cost, reg=_REG)
    report("two normal densities")
    normal = make_gaussians(_N_GRID)
    densities = sinkhorn(normal.a, normal.b, normal.cost, reg=normal.reg or 0.0)
    report("colours of two photographs")
    colours = _transfer_colours()
    report("race on the digits")
    race = _race(digits)
    results = [squared, block, assigned, densities]
    named = dict(zip(_VALUES, results, strict=False))
    return Demonstration(
        family="ot",
        answer="\n\n".join(
            [
                f"{next(iter(_VALUES))}\n{squared}",
                f"{list(_VALUES)[1]}\n{block}",
                _colour_lines(colours),
            ]
        ),
        certificate=(
            f"Proved: no exact value is more than {max(r.gap for r in results):.1e} above the one "
            f"shown, and no plan\nmisses its marginals by more than "
            f"{max(r.marginal_error for r in results):.1e}. Without entropy the first cost is "
            f"between\n{squared.exact_lower:.6f} and {squared.exact_upper:.6f}."
        ),
        converged=all(result.converged for result in results)
        and (colours is None or colours.result.converged),
        title="Reference values",
        checks=[
            *_value_checks(named),
            _exact_check(random, assigned),
            Check(
                what="two normal densities",
                ours=densities.value,
                published=normal.value or 0.0,
                tolerance=1e-9,
                source="closed form; Janati et al. 2020",
            ),
        ],
        races=[race],
        to_compare="POT",
        plots={
            "ot-digits": lambda: _draw_digits(digits, squared),
            "ot-convergence": lambda: squared.plot("convergence"),
            **({} if colours is None else {"ot-colours": lambda: _draw_colours(colours)}),
        },
    )


def _load_digits() -> _Digits:
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    weights = []
    for image in load_digits().images[:2]:
        # A little ink everywhere, so that each pixel has a weight.
        grey = np.clip(zoom(image, _SIDE / 8, order=1), 0.0, None) + 0.16
        weights.append((grey / grey.sum()).ravel())
    row, column = np.divmod(np.arange(_SIDE**2), _SIDE)
    return _Digits(weights[0], weights[1], np.column_stack([row, column]) / (_SIDE - 1))


def _value_checks(results: dict[str, SinkhornResult]) -> list[Check]:
    return [
        Check(
            what=what,
            ours=result.value,
            published=_VALUES[what],
            tolerance=1e-10,
            source=_SOLVER,
        )
        for what, result in results.items()
    ]


def _exact_check(data: TransportProblem, result: SinkhornResult) -> Check:
    low, high = result.exact_lower, result.exact_upper
    return Check(
        what="random assignment, middle of the bounds without entropy",
        ours=(low + high) / 2,
        published=data.exact_value,
        tolerance=(high - low) / 2,
        source="scipy.optimize.linear_sum_assignment",
    )


def _transfer_colours() -> _Colours | None:
    """Send the colours of a photograph to those of another; None without Pillow to read them."""
    from hasten.ot import SinkhornTransport, sinkhorn_divergence

    try:
        from sklearn.datasets import load_sample_image

        # Every other pixel is enough to look at.
        before, wanted = (
            load_sample_image(name)[::2, ::2] / 255.0 for name in ("china.jpg", "flower.jpg")
        )
    except ImportError:
        return None
    rng = np.random.default_rng(0)
    pixels, target = (image.reshape(-1, 3) for image in (before, wanted))
    some, others = (rng.choice(part, _N_COLOURS, replace=False) for part in (pixels, target))
    model = SinkhornTransport(reg=_COLOUR_REG).fit(some, X_target=others)
    after = np.clip(model.transform(pixels), 0.0, 1.0)
    moved = model.transform(some)
    apart = [
        sinkhorn_divergence(part, others, reg=_COLOUR_REG, tol=1e-6).value for part in (some, moved)
    ]
    return _Colours(before, wanted, after.reshape(before.shape), model.result_, *apart)


def _colour_lines(colours: _Colours | None) -> str:
    if colours is None:
        return "Colours of photographs: left out, reading them needs Pillow"
    return (
        f"Colours of china.jpg sent to those of flower.jpg: a map from {_N_COLOURS:,} pixels of "
        f"each moves {colours.after[..., 0].size:,}\n"
        f"  Sinkhorn divergence of the colours {colours.apart_before:.5f} before, "
        f"{colours.apart_after:.5f} after"
    )


def _race(digits: _Digits) -> Race:
    from hasten.ot import sinkhorn

    cost = digits.cost(2)

    def ours() -> NDArray[np.float64]:
        return np.asarray(sinkhorn(digits.a, digits.b, cost, reg=_EASY_REG).plan)

    def error(plan: NDArray[np.float64]) -> float:
        rows, columns = plan.sum(axis=1) - digits.a, plan.sum(axis=0) - digits.b
        return float(np.abs(rows).sum() + np.abs(columns).sum())

    task = (
        f"digits: plan of {len(digits.a)} x {len(digits.b)} pixels, squared distance, "
        f"reg = 1/{1 / _EASY_REG:g} of the largest cost"
    )
    peer = _pot(digits, cost)
    if peer is None:
        (seconds,) = best_times(ours)
        return Race(task=task, seconds=seconds, error=error(ours()))
    name, theirs = peer
    seconds, peer_seconds = best_times(ours, theirs)
    return Race(
        task=task,
        seconds=seconds,
        error=error(ours()),
        peer=name,
        peer_seconds=peer_seconds,
        peer_error=error(theirs()),
    )


def _pot(digits: _Digits, cost: NDArray[np.float64]) -> tuple[str, _Plan] | None:
    """Return the peer POT, its fastest solver, at the loosest threshold with errors like ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pot: Any = importlib.import_module("ot")
    except ImportError:
        return None

    def plan() -> NDArray[np.float64]:
        found = pot.sinkhorn(digits.a, digits.b, cost, _EASY_REG, stopThr=1e-11, numItermax=10_000)
        return np.asarray(found, dtype=np.float64)

    return f"POT {importlib.metadata.version('POT')}", plan


def _draw_digits(digits: _Digits, result: SinkhornResult) -> Axes:
    """Draw how a fifth, two fifths, ... of the way look: each pixel's mass on its way."""
    from matplotlib import pyplot as plt

    kept = result.plan_sparse(1e-9).plan.tocoo()
    steps = np.linspace(0.0, 1.0, 6)
    figure, axes = plt.subplots(1, len(steps), figsize=(9.6, 1.9), layout="constrained")
    start, end = digits.places[kept.row], digits.places[kept.col]
    for ax, step in zip(axes, steps, strict=True):
        where = np.rint(((1 - step) * start + step * end) * (_SIDE - 1)).astype(np.intp)
        ink = np.bincount(where @ [_SIDE, 1], kept.data, _SIDE**2)
        ax.imshow(ink.reshape(_SIDE, _SIDE), cmap="Greys")
        ax.set_title(f"{step:.0%} of the way", fontsize=9)
        ax.set_axis_off()
    first: Axes = figure.axes[0]
    return first


def _draw_colours(colours: _Colours) -> Axes:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(9.6, 2.5), layout="constrained")
    titles = ("china.jpg", "flower.jpg", "china.jpg in the colours of flower.jpg")
    images = (colours.before, colours.wanted, colours.after)
    for ax, image, title in zip(axes, images, titles, strict=True):
        ax.imshow(image)
        ax.set_title(title, fontsize=9)
        ax.set_axis_off()
    first: Axes = figure.axes[0]
    return first
