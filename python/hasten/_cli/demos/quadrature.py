"""Integrals: odds that differ between teams, an option, a controller that learns, and a race."""

from __future__ import annotations

import importlib.metadata
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._cli.demonstration import Check, Demonstration, Race, best_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.quadrature import QmcResult, QuadResult

# By mpmath with 40 digits: log-likelihood of the baseball games at a standard deviation of 1/2.
_LOG_LIKELIHOOD = -76.95057353242501077882433
_SPREAD = 0.5
_N_SPREADS = 201
_N_RACED = 10
# Stored with the code of Cao and Pan, ICLR 2024: error of the learned value, by the trapezoid rule.
_LEARNED = {5: 1.1776e-3, 8: 3.843e-4}
_N_STEPS, _N_POINTS = 16, 2**12
# A dense solve with 90 digits: 9 even nodes on [0, 1], Matern 7/2, length scale 0.3.
_VARIANCE = 6.9943812687036715e-6


@dataclass(frozen=True)
class _Games:
    """Home wins and games of each ordered pair of teams, and the log-odds of a home win."""

    wins: NDArray[np.float64]
    games: NDArray[np.float64]
    log_odds: float

    def density(
        self,
        z: NDArray[np.float64],
        wins: NDArray[np.float64],
        games: NDArray[np.float64],
        spread: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Weigh the chance of the wins, at log-odds that are off by ``spread * z``, by a normal."""
        from scipy.special import binom

        odds = self.log_odds + spread * z
        chance = np.exp(wins * odds - games * np.logaddexp(0.0, odds) - z**2 / 2)
        density: NDArray[np.float64] = binom(games, wins) / math.sqrt(2 * math.pi) * chance
        return density


def demonstrate(report: Callable[[str], None]) -> Demonstration:
    """Integrate, compare with values found elsewhere, and race SciPy.

    Parameters
    ----------
    report : callable
        Called with a few words before each part.

    Returns
    -------
    Demonstration
        What to print.
    """
    from hasten.quadrature import bayes_quad_weights, gauss_legendre

    games = _load_games()
    spreads = np.linspace(0.0, 2.0, _N_SPREADS)
    report(f"baseball: {len(games.wins)} x {_N_SPREADS} integrals in one call")
    integrals = _likelihoods(games, spreads)
    log_likelihood = np.log(integrals.value).sum(axis=0)
    report(f"an Asian option, {_N_STEPS} variables")
    option = _price_option()
    report("a controller that learns from integrals")
    learned = {n: _learning_error(n) for n in _LEARNED}
    report("a million nodes")
    x, w = gauss_legendre(1_000_000)
    variance = bayes_quad_weights(
        np.linspace(0.0, 1.0, 9), domain=(0.0, 1.0), kernel="matern", nu=3.5, ell=0.3
    ).variance
    report("race on the baseball games")
    at = int(np.flatnonzero(np.isclose(spreads, _SPREAD))[0])
    return Demonstration(
        family="quadrature",
        answer=(
            f"{_baseball_lines(spreads, log_likelihood, integrals)}\n\n"
            f"Asian option on the geometric mean of {_N_STEPS} prices\n{option}"
        ),
        certificate=(
            f"Estimated: no integral of the games is off by more than "
            f"{float(np.max(integrals.error)):.1e}. The option's interval holds in 95 of\n"
            f"100 randomisations."
        ),
        converged=bool(np.all(integrals.converged)),
        title="Reference values",
        checks=[
            Check(
                what="log-likelihood of the games, spread 0.5",
                ours=float(log_likelihood[at]),
                published=_LOG_LIKELIHOOD,
                tolerance=1e-8,
                source="mpmath, 40 digits",
            ),
            Check(
                what="price of the option",
                ours=float(option.value),
                published=_closed_form(),
                # Four half-widths of a 95 % interval: less than once in a hundred thousand.
                tolerance=4 * float(option.error),
                source="closed form; Kemna and Vorst 1990",
            ),
            *(
                Check(
                    what=f"error of the learned value, {n} samples",
                    ours=learned[n],
                    published=published,
                    tolerance=1e-3 * published,
                    source="Cao and Pan 2024, task 1, trapezoid",
                )
                for n, published in _LEARNED.items()
            ),
            Check(
                what="posterior variance, 9 nodes, Matern 7/2",
                ours=variance or math.nan,
                published=_VARIANCE,
                tolerance=1e-12 * _VARIANCE,
                source="dense solve, 90 digits",
            ),
            Check(
                what="integral of exp over [-1, 1], 1,000,000 nodes",
                ours=float(w @ np.exp(x)),
                published=math.e - 1 / math.e,
                tolerance=4e-15,
                source="closed form",
            ),
        ],
        races=[_race(games)],
        to_compare="scipy",
        plots={"quadrature-spread": lambda: _draw_spread(spreads, log_likelihood)},
    )


def _load_games() -> _Games:
    from hasten.datasets import load_baseball_1987

    columns = load_baseball_1987().columns
    home, away = columns["home_wins"].astype(float), columns["away_wins"].astype(float)
    return _Games(home, home + away, math.log(home.sum() / away.sum()))


def _likelihoods(games: _Games, spreads: NDArray[np.float64]) -> QuadResult:
    from hasten.quadrature import quad

    parameters = (games.wins[:, None], games.games[:, None], spreads)
    return quad(games.density, -np.inf, np.inf, args=parameters, rtol=1e-10)


def _baseball_lines(
    spreads: NDArray[np.float64], log_likelihood: NDArray[np.float64], result: QuadResult
) -> str:
    best = spreads[log_likelihood.argmax()]
    # Twice the difference of log-likelihoods of one parameter: chi-squared with one degree.
    inside = spreads[2 * (log_likelihood.max() - log_likelihood) <= 3.8414588]
    return (
        f"Baseball 1987: by how much do log-odds differ between pairs of teams?\n"
        f"  {result.value.size:,} integrals in {result.n_calls} calls of the integrand, "
        f"{np.sum(result.n_evaluations) / result.value.size:.0f} points each\n"
        f"  standard deviation {best:.2f}, 95 % interval {inside[0]:.2f} to {inside[-1]:.2f}"
    )


# The price of a share over a year, seen sixteen times: start and strike, interest, volatility.
_PRICE, _INTEREST, _VOLATILITY = 100.0, 0.05, 0.2


def _price_option() -> QmcResult:
    from scipy.special import ndtri

    from hasten.quadrature import qmc_quad

    step = 1.0 / _N_STEPS
    drift = (_INTEREST - _VOLATILITY**2 / 2) * step

    def payoff(u: NDArray[np.float64]) -> NDArray[np.float64]:
        logarithms = np.cumsum(drift + _VOLATILITY * math.sqrt(step) * ndtri(u), axis=1)
        mean = _PRICE * np.exp(logarithms.mean(axis=1))
        paid: NDArray[np.float64] = math.exp(-_INTEREST) * np.maximum(mean - _PRICE, 0.0)
        return paid

    return qmc_quad(payoff, np.zeros(_N_STEPS), np.ones(_N_STEPS), n=_N_POINTS, rng=0)


def _closed_form() -> float:
    """Return the price: the logarithm of a geometric mean of such prices is normal."""
    n = _N_STEPS
    mean = (_INTEREST - _VOLATILITY**2 / 2) * (n + 1) / (2 * n)
    variance = _VOLATILITY**2 * (n + 1) * (2 * n + 1) / (6 * n**2)
    low = mean / math.sqrt(variance)
    high = low + math.sqrt(variance)
    return (
        _PRICE
        * math.exp(-_INTEREST)
        * (math.exp(mean + variance / 2) * _normal(high) - _normal(low))
    )


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def _learning_error(n: int) -> float:
    """Learn the value of a linear system from `n` samples of its cost on each of ten intervals."""
    from scipy.linalg import expm, solve_continuous_are

    dynamics = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-0.1, -0.5, -0.7]])
    control = np.array([[0.0], [0.0], [1.0]])
    known = solve_continuous_are(dynamics, control, np.eye(3), np.eye(1))
    length, n_intervals = 0.1, 10
    weights = np.full(n, length / (n - 1))
    weights[[0, -1]] /= 2
    state, gain, value = np.array([2.0, -2.0, 3.0]), np.zeros((1, 3)), np.full(9, np.inf)
    change = np.inf
    while change >= 1e-3:
        step = expm((dynamics - control @ gain) * length / (n - 1))
        states = [state]
        for _ in range(n_intervals * (n - 1)):
            states.append(step @ states[-1])
        path = np.array(states)
        cost = (path**2).sum(axis=1) + ((path @ gain.T) ** 2).sum(axis=1)
        ends = path[:: n - 1]
        quadratic = (ends[:, :, None] * ends[:, None, :]).reshape(-1, 9)
        of_interval = np.arange(n_intervals)[:, None] * (n - 1) + np.arange(n)
        learned = np.linalg.pinv(quadratic[:-1] - quadratic[1:]) @ (cost[of_interval] @ weights)
        change = float(np.linalg.norm(learned - value))
        state, value = path[-1], learned
        gain = control.T @ value.reshape(3, 3)
    return float(np.linalg.norm(value - known.ravel()))


def _race(games: _Games) -> Race:
    import scipy.integrate

    quad: Any = scipy.integrate.quad
    spreads = np.linspace(0.05, 2.0, _N_RACED)

    def ours() -> NDArray[np.float64]:
        return np.asarray(_likelihoods(games, spreads).value)

    def theirs() -> NDArray[np.float64]:
        return np.array(
            [
                [
                    quad(games.density, -np.inf, np.inf, args=(y, n, s), epsabs=0, epsrel=1e-10)[0]
                    for s in spreads
                ]
                for y, n in zip(games.wins, games.games, strict=True)
            ]
        )

    exact = _reference(games, spreads)

    def error(values: NDArray[np.float64]) -> float:
        return float(np.abs(values / exact - 1.0).max())

    seconds, peer_seconds = best_times(ours, theirs)
    return Race(
        task=f"baseball: {exact.size} integrals over the line, to 1e-10",
        seconds=seconds,
        error=error(ours()),
        peer=f"scipy.integrate {importlib.metadata.version('scipy')}",
        peer_seconds=peer_seconds,
        peer_error=error(theirs()),
    )


def _reference(games: _Games, spreads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integrate by the trapezoid rule, which gains a digit a point for such integrands."""
    z = np.linspace(-12.0, 12.0, 4001)
    shape: Any = (slice(None), None, None)
    values = games.density(z, games.wins[shape], games.games[shape], spreads[None, :, None])
    total: NDArray[np.float64] = values.sum(axis=-1) * (z[1] - z[0])
    return total


def _draw_spread(spreads: NDArray[np.float64], log_likelihood: NDArray[np.float64]) -> Axes:
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    ax.plot(spreads, log_likelihood - log_likelihood.max())
    ax.axhline(-1.9207294, linestyle=":", color="grey", label="95 % interval")
    ax.set_xlabel("standard deviation of log-odds between pairs of teams")
    ax.set_ylabel("log-likelihood below its maximum")
    ax.legend()
    first: Axes = figure.axes[0]
    return first
