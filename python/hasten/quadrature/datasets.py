"""Integrals with known answers, from smooth to singular, in one variable and in many."""

from __future__ import annotations

import decimal
import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_choice, check_integer, check_real, check_rng

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Integral", "classic_integrals", "make_genz", "make_integrals"]

#: More terms than 2**20 of the sum over all corners take minutes.
_MOST_CORNERS = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Integral:
    """An integral, or a batch of them, and its exact value.

    Attributes
    ----------
    name : str
        What it is called.
    f : callable
        The integrand: ``f(x, *args)`` with `x` of any shape in one variable, of shape (..., d) in
        several.
    a, b : float or ndarray of float64, shape (d,)
        The ends of the range.
    args : tuple of ndarray of float64, shape (n,)
        Parameters of the integrals of a batch; empty for a single one.
    value : float or ndarray of float64, shape (n,)
        The exact value, to a few units in the last place.
    points : ndarray of float64, shape (k,) or (n, k), or None
        Where the integrand is not smooth inside of the range.

    Examples
    --------
    >>> from hasten.quadrature.datasets import classic_integrals
    >>> integral = classic_integrals()[0]
    >>> integral.name, round(integral.value, 6)
    ('exp', 1.718282)
    >>> float(integral.f(0.0, *integral.args))
    1.0
    """

    name: str
    f: Callable[..., Any] = field(repr=False)
    a: Any
    b: Any
    args: tuple[NDArray[np.float64], ...] = field(default=(), repr=False)
    value: Any = field(repr=False)
    points: NDArray[np.float64] | None = field(default=None, repr=False)


# ---------------------------------------------------------------- one variable


def _smooth(x: Any, c: Any, s: Any) -> Any:
    return np.exp(c * x) * np.cos(s * x)


def _peak(x: Any, c: Any, s: Any) -> Any:
    return 1.0 / ((x - c) ** 2 + s**2)


def _oscillation(x: Any, c: Any, s: Any) -> Any:
    return np.cos(s * x + c)


def _kink(x: Any, c: Any) -> Any:
    return np.abs(x - c)


def _cusp(x: Any, c: Any) -> Any:
    return np.sqrt(np.abs(x - c))


def _jump(x: Any, c: Any) -> Any:
    return np.where(x > c, np.exp(x), 0.0)


def _end(x: Any, p: Any) -> Any:
    return x**-p


def make_integrals(kind: str, n: int = 100, rng: Any = None) -> Integral:
    r"""Draw a batch of integrals over [0, 1] that are hard in one way.

    Parameters
    ----------
    kind : {"smooth", "peaks", "oscillating", "kinks", "cusps", "jumps", "ends"}
        "smooth": :math:`e^{c x} \cos s x`, c in [-2, 2], s in [1, 4]. "peaks":
        :math:`1 / ((x - c)^2 + s^2)`, c in [0, 1], s log-uniform in [0.001, 1]. "oscillating":
        :math:`\cos(s x + c)`, s log-uniform in [1, 316], c in [0, 6]. With c in [0, 1] "kinks":
        :math:`|x - c|`, "cusps": :math:`\sqrt{|x - c|}`, "jumps": :math:`e^x` right of c, else 0.
        "ends": :math:`x^{-p}`, p in [0.1, 0.9].
    n : int, default 100
        Number of integrals.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).

    Returns
    -------
    Integral
        A batch: `args` and `value` have shape (n,), `points` holds c where f is not smooth there.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature.datasets import make_integrals
    >>> batch = make_integrals("peaks", 1000, rng=0)
    >>> batch.value.shape, len(batch.args)
    ((1000,), 2)
    >>> x = (np.arange(100_000) + 0.5) / 100_000
    >>> c, s = (parameter[7] for parameter in batch.args)
    >>> bool(abs(batch.f(x, c, s).mean() / batch.value[7] - 1) < 1e-6)
    True
    """
    kinds = ("smooth", "peaks", "oscillating", "kinks", "cusps", "jumps", "ends")
    kind = check_choice(kind, "kind", kinds)
    n = check_integer(n, "n", minimum=1)
    generator = check_rng(rng)
    f: Callable[..., Any]
    args: tuple[NDArray[np.float64], ...]
    points = None
    if kind == "smooth":
        c, s = generator.uniform(-2.0, 2.0, n), generator.uniform(1.0, 4.0, n)
        rate = c + 1j * s
        f, args, value = _smooth, (c, s), ((np.exp(rate) - 1.0) / rate).real
    elif kind == "peaks":
        c, s = generator.random(n), 10.0 ** generator.uniform(-3.0, 0.0, n)
        f, args, value = _peak, (c, s), (np.arctan((1.0 - c) / s) + np.arctan(c / s)) / s
    elif kind == "oscillating":
        c, s = generator.uniform(0.0, 6.0, n), 10.0 ** generator.uniform(0.0, 2.5, n)
        f, args = _oscillation, (c, s)
        value = np.cos(c + 0.5 * s) * np.sin(0.5 * s) / (0.5 * s)
    elif kind == "ends":
        p = generator.uniform(0.1, 0.9, n)
        f, args, value = _end, (p,), 1.0 / (1.0 - p)
    else:
        c = generator.random(n)
        args, points = (c,), c[:, None].copy()
        if kind == "kinks":
            f, value = _kink, 0.5 * (c**2 + (1.0 - c) ** 2)
        elif kind == "cusps":
            f, value = _cusp, (c**1.5 + (1.0 - c) ** 1.5) / 1.5
        else:
            f, value = _jump, np.exp(c) * np.expm1(1.0 - c)
    return Integral(name=kind, f=f, a=0.0, b=1.0, args=args, value=value, points=points)


def _sin_20(x: Any) -> Any:
    return np.sin(20.0 * x)


def _runge(x: Any) -> Any:
    return 1.0 / (1.0 + 25.0 * x**2)


def _distance(x: Any) -> Any:
    return np.abs(x - 0.37)


def _step(x: Any) -> Any:
    return np.where(x > 0.61, 1.0, 0.0)


def _power(x: Any) -> Any:
    return x**2.5


def _narrow(x: Any) -> Any:
    return 1.0 / ((x - 0.3) ** 2 + 0.001)


def classic_integrals() -> tuple[Integral, ...]:
    """Return eight integrals over [0, 1] on which methods for smooth functions differ.

    Returns
    -------
    tuple of Integral
        "exp", "sin 20x", "Runge" (``1 / (1 + 25 x^2)``), "kink" (``|x - 0.37|``), "root"
        (``sqrt(x)``), "step" (at 0.61), "power" (``x^2.5``) and "peak"
        (``1 / ((x - 0.3)^2 + 0.001)``).

    Examples
    --------
    >>> from hasten.quadrature.datasets import classic_integrals
    >>> [integral.name for integral in classic_integrals()]
    ['exp', 'sin 20x', 'Runge', 'kink', 'root', 'step', 'power', 'peak']
    """
    width = math.sqrt(0.001)
    peak = (math.atan(0.7 / width) + math.atan(0.3 / width)) / width
    listed: list[tuple[str, Callable[..., Any], float, float | None]] = [
        ("exp", np.exp, math.expm1(1.0), None),
        ("sin 20x", _sin_20, math.sin(10.0) ** 2 / 10.0, None),
        ("Runge", _runge, math.atan(5.0) / 5.0, None),
        ("kink", _distance, 0.5 * (0.37**2 + 0.63**2), 0.37),
        ("root", np.sqrt, 2.0 / 3.0, None),
        ("step", _step, 0.39, 0.61),
        ("power", _power, 2.0 / 7.0, None),
        ("peak", _narrow, peak, None),
    ]
    return tuple(
        Integral(
            name=name,
            f=f,
            a=0.0,
            b=1.0,
            value=value,
            points=None if point is None else np.array([point]),
        )
        for name, f, value, point in listed
    )


# ---------------------------------------------------------------- several variables

_Vector = Any  # ndarray of float64, shape (d,)


def _oscillatory(x: Any, *, c: _Vector, w: _Vector) -> Any:
    return np.cos(2.0 * np.pi * w[0] + np.asarray(x) @ c)


def _oscillatory_value(c: _Vector, w: _Vector) -> float:
    return math.cos(2.0 * math.pi * w[0] + 0.5 * c.sum()) * float(np.prod(np.sinc(c / 2 / np.pi)))


def _product_peak(x: Any, *, c: _Vector, w: _Vector) -> Any:
    return 1.0 / np.prod(c**-2.0 + (x - w) ** 2, axis=-1)


def _product_peak_value(c: _Vector, w: _Vector) -> float:
    return float(np.prod(c * (np.arctan(c * (1.0 - w)) + np.arctan(c * w))))


def _corner_peak(x: Any, *, c: _Vector, w: _Vector) -> Any:  # noqa: ARG001  One signature for all.
    return (1.0 + np.asarray(x) @ c) ** -(len(c) + 1.0)


def _corner_peak_value(c: _Vector, w: _Vector) -> float:  # noqa: ARG001  One signature for all.
    # Alternating terms of size 1 sum to value * d! * prod c: so many digits cancel.
    d = len(c)
    lost = (d + 1) * math.log10(1.0 + c.sum()) - float(np.log10(c).sum())
    with decimal.localcontext() as context:
        context.prec = 25 + max(0, math.ceil(lost))
        terms = [(1, decimal.Decimal(1))]
        for number in map(decimal.Decimal, c.tolist()):
            terms += [(-sign, total + number) for sign, total in terms]
        total = sum(sign / denominator for sign, denominator in terms)
        for number in map(decimal.Decimal, c.tolist()):
            total /= number
        return float(total / math.factorial(d))


def _gaussian(x: Any, *, c: _Vector, w: _Vector) -> Any:
    return np.exp(-np.sum((c * (x - w)) ** 2, axis=-1))


def _gaussian_value(c: _Vector, w: _Vector) -> float:
    factors = (
        0.5 * math.sqrt(math.pi) / scale * (math.erf(scale * (1.0 - at)) + math.erf(scale * at))
        for scale, at in zip(c.tolist(), w.tolist(), strict=True)
    )
    return float(math.prod(factors))


def _continuous(x: Any, *, c: _Vector, w: _Vector) -> Any:
    return np.exp(-np.abs(x - w) @ c)


def _continuous_value(c: _Vector, w: _Vector) -> float:
    return float(np.prod(-(np.expm1(-c * w) + np.expm1(-c * (1.0 - w))) / c))


def _discontinuous(x: Any, *, c: _Vector, w: _Vector) -> Any:
    x = np.asarray(x)
    outside = (x[..., :2] > w[:2]).any(axis=-1)
    return np.where(outside, 0.0, np.exp(x @ c))


def _discontinuous_value(c: _Vector, w: _Vector) -> float:
    ends = np.ones(len(c))
    ends[:2] = w[:2]
    return float(np.prod(np.expm1(c * ends) / c))


# Integrand, exact value, and the sum of c.
_GENZ = {
    "oscillatory": (_oscillatory, _oscillatory_value, 9.0),
    "product-peak": (_product_peak, _product_peak_value, 7.25),
    "corner-peak": (_corner_peak, _corner_peak_value, 1.85),
    "gaussian": (_gaussian, _gaussian_value, 7.03),
    "continuous": (_continuous, _continuous_value, 20.4),
    "discontinuous": (_discontinuous, _discontinuous_value, 4.3),
}


def make_genz(family: str, d: int, *, difficulty: float | None = None, rng: Any = None) -> Integral:
    r"""Draw one integral over the unit cube from a family of Genz.

    Parameters
    ----------
    family : str
        "oscillatory": :math:`\cos(2 \pi w_1 + \sum c_i x_i)`; "product-peak":
        :math:`\prod 1 / (c_i^{-2} + (x_i - w_i)^2)`; "corner-peak":
        :math:`(1 + \sum c_i x_i)^{-d-1}`; "gaussian": :math:`\exp(-\sum c_i^2 (x_i - w_i)^2)`;
        "continuous": :math:`\exp(-\sum c_i |x_i - w_i|)`; "discontinuous":
        :math:`\exp \sum c_i x_i` where :math:`x_1 \le w_1` and :math:`x_2 \le w_2`, else 0.
    d : int
        Number of variables; at most 20 for "corner-peak", whose value is a sum over all corners.
    difficulty : float, optional
        The sum of c: by default 9, 7.25, 1.85, 7.03, 20.4 and 4.3 in the order above.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7): w is uniform in [0, 1], c uniform up to its sum.

    Returns
    -------
    Integral
        With `a` and `b` of shape (d,); ``f(x)`` takes points of shape (..., d).

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.

    Notes
    -----
    The families are those of A. Genz, "A package for testing multiple integration subroutines",
    1987; the sums of c those of V. Barthelmann, E. Novak and K. Ritter, "High dimensional
    polynomial interpolation on sparse grids", Adv. Comput. Math. 12, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature.datasets import make_genz
    >>> integral = make_genz("gaussian", 3, rng=0)
    >>> mean = integral.f(np.random.default_rng(1).random((100_000, 3))).mean()
    >>> bool(abs(mean - integral.value) < 0.01)
    True
    """
    family = check_choice(family, "family", _GENZ)
    d = check_integer(d, "d", minimum=1)
    if family == "corner-peak" and d > _MOST_CORNERS:
        raise ValueError(f"`d` must be at most {_MOST_CORNERS} for 'corner-peak'; got {d}")
    f, exact, total = _GENZ[family]
    if difficulty is not None:
        total = check_real(difficulty, "difficulty", minimum=0.0, exclusive=True)
    generator = check_rng(rng)
    # Away from 0, so that no variable is without effect.
    c = generator.uniform(0.1, 1.0, d)
    c *= total / c.sum()
    w = generator.random(d)
    return Integral(
        name=family,
        f=functools.partial(f, c=c, w=w),
        a=np.zeros(d),
        b=np.ones(d),
        value=exact(c, w),
    )
