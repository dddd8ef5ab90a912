"""Nodes and weights, and what can be done with them."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import as_array, check_real, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.quadrature._exactness import Exactness


@dataclass(frozen=True, eq=False, init=False)
class Rule:
    r"""Nodes and weights of :math:`\int f(x) \pi(x) \, dx \approx \sum_i w_i f(x_i)`.

    It unpacks as ``x, w = rule``; ``rule(f)`` integrates a function, ``rule @ y`` its values at the
    nodes.

    Attributes
    ----------
    nodes : ndarray of float64, shape (n,) or (n, d)
        Where the integrand is evaluated; ascending in one variable.
    weights : ndarray of float64, shape (n,)
        The weights, to which the weight function belongs.
    a, b : float or ndarray of float64, shape (d,)
        The ends of the range; infinite for a measure on the line or half of it.
    theta : ndarray of float64, shape (n,), or None
        Angles of the nodes: ``b - x = (b - a) sin(theta / 2)**2``, which keeps the relative
        accuracy of small distances to `b` that ``b - x`` loses; by symmetry ``x - a`` is
        ``(b - a) sin(theta[::-1] / 2)**2``.
    log_weights : ndarray of float64, shape (n,), or None
        Logarithms of the weights of a rule whose weights can leave the range of doubles.
    variance : float or None
        Of a Bayesian rule: the variance of the integral, in units of the squared prior scale.

    Notes
    -----
    `error` is computed on first access in O(n).

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_legendre
    >>> rule = gauss_legendre(10, 0.0, np.pi)
    >>> float(round(rule(np.sin), 12))
    2.0
    >>> x, w = rule
    >>> float(round(w @ np.sin(x), 12))
    2.0
    >>> print(rule)
    Gauss-Legendre rule of 10 nodes on [0, 3.14159], exact to degree 19
    """

    nodes: NDArray[np.float64] = field(repr=False)
    weights: NDArray[np.float64] = field(repr=False)
    a: Any
    b: Any
    theta: NDArray[np.float64] | None = field(default=None, repr=False)
    log_weights: NDArray[np.float64] | None = field(default=None, repr=False)
    variance: float | None = None
    _exactness: Exactness | None = field(default=None, repr=False)
    # The range on which `_exactness` has its polynomials.
    _reference: tuple[float, float] | None = field(default=None, repr=False)
    _factors: tuple[Rule, ...] = field(default=(), repr=False)

    def __init__(
        self,
        *,
        nodes: NDArray[np.float64],
        weights: NDArray[np.float64],
        a: Any,
        b: Any,
        theta: NDArray[np.float64] | None = None,
        log_weights: NDArray[np.float64] | None = None,
        variance: float | None = None,
        _exactness: Exactness | None = None,
        _reference: tuple[float, float] | None = None,
        _factors: tuple[Rule, ...] = (),
    ) -> None:
        # A frozen class guards each assignment, which took a third of the time of a small rule.
        self.__dict__.update(
            nodes=nodes,
            weights=weights,
            a=a,
            b=b,
            theta=theta,
            log_weights=log_weights,
            variance=variance,
            _exactness=_exactness,
            _reference=_reference,
            _factors=_factors,
        )

    def __str__(self) -> str:
        """Return the kind of the rule, its size and its range."""
        name = "Rule" if self._exactness is None else f"{self._exactness.name} rule"
        if self._factors:
            name = "Tensor rule"
        size = f"{len(self):,} node{'' if len(self) == 1 else 's'}"
        if self.nodes.ndim == 2:
            where = f"in {self.nodes.shape[1]} variables"
        else:
            where = f"on [{self.a:g}, {self.b:g}]"
        exact = "" if self._exactness is None else f", exact to degree {self._exactness.degree}"
        return f"{name} of {size} {where}{exact}"

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.weights)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        """Unpack as nodes and weights."""
        yield self.nodes
        yield self.weights

    def __call__(self, f: Callable[..., Any], *args: Any) -> Any:
        """Integrate a function.

        Parameters
        ----------
        f : callable
            ``f(x, *args)`` is called once, with all nodes: an array of shape (n,), or (n, d) in
            several variables. It returns values of shape (n,), or (n, ...) if it has several
            components.
        *args : object
            More arguments of `f`.

        Returns
        -------
        float, complex, or ndarray
            The sum of ``weights * f(nodes)``; of shape (...) if `f` has several components.

        Raises
        ------
        ValueError
            When the values have another shape, or one of them is not finite.
        TypeError
            When they are no numbers, or `f` is no function.
        """
        if not callable(f):
            raise TypeError(f"`f` must be callable; got {shown(f)} (values go into rule @ y)")
        return self._sum(f(self.nodes, *args), "f(x)")

    def __matmul__(self, y: Any) -> Any:
        """Integrate values at the nodes: ``rule @ y`` of shape (n,) or (n, ...)."""
        return self._sum(y, "y")

    def _sum(self, values: Any, name: str) -> Any:
        y = as_array(values, name)
        if y.dtype.kind not in "buifc":
            raise TypeError(f"`{name}` must hold numbers; got dtype {y.dtype}")
        if y.ndim == 0 or len(y) != len(self):
            raise ValueError(
                f"`{name}` must have {len(self)} values, one for each node, along its first axis; "
                f"got shape {y.shape}"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            result = np.tensordot(self.weights, y, axes=(0, 0))
        if not np.isfinite(result).all():
            self._refuse_non_finite(y, name)
        return result[()]

    def _refuse_non_finite(self, y: NDArray[Any], name: str) -> None:
        offenders = np.argwhere(~np.isfinite(y))
        if len(offenders):
            place = tuple(offenders[0])
            raise ValueError(
                f"`{name}` must be finite; got {y[place]} at x = {self.nodes[place[0]]}"
            )

    @property
    def degree(self) -> int | None:
        """Degree up to which polynomials are integrated exactly; None where none is promised."""
        return None if self._exactness is None else self._exactness.degree

    @cached_property
    def error(self) -> float:
        r"""How far the rule is from exact: the largest :math:`|\sum_i w_i p_k(x_i)^2 - 1|`.

        Here :math:`p_k` are the orthonormal polynomials of the measure, of degree 1, 8 and 64 as
        far as the rule integrates their squares; in a tensor rule of any product of them. It says
        how well nodes and weights were computed, and nothing of an integrand that is no polynomial.
        NaN for rules that promise no degree.
        """
        if self._factors:
            return float(np.expm1(sum(math.log1p(factor.error) for factor in self._factors)))
        if self._exactness is None:
            return float("nan")
        nodes, weights = self.nodes, self.weights
        if self._reference is not None:
            low, high = self._reference
            stretch = (high - low) / (self.b - self.a)
            nodes = (nodes - (0.5 * self.a + 0.5 * self.b)) * stretch + 0.5 * (low + high)
            weights = weights * stretch
        return self._exactness.error(nodes, weights, self.log_weights)

    @property
    def error_kind(self) -> str:
        """What `error` is: "estimate", since it looks at three polynomials."""
        return "estimate"

    def map(self, a: float, b: float) -> Rule:
        r"""Move a rule on a finite range to another one.

        Parameters
        ----------
        a, b : float
            The new ends, ``a < b``.

        Returns
        -------
        Rule
            For :math:`\int_a^b f(x) \pi(t(x)) \, dx`, where t maps the new range to the old one.

        Raises
        ------
        ValueError, TypeError
            When the ends are not finite or not in order, or the rule has an infinite range, several
            variables or a variance.
        """
        a, b = check_range(a, b)
        if self.nodes.ndim != 1 or not (math.isfinite(self.a) and math.isfinite(self.b)):
            raise ValueError("a rule can be mapped only from a finite range of one variable")
        if self.variance is not None:
            raise ValueError("a Bayesian rule belongs to its range; make it for the new one")
        scale = (b - a) / (self.b - self.a)
        if self.theta is None:
            middle = 0.5 * self.a + 0.5 * self.b
            nodes = (0.5 * a + 0.5 * b) + (self.nodes - middle) * scale
            # Rounding puts no node outside.
            nodes = np.clip(nodes, a, b)
        else:
            nodes = from_angles(self.theta, a, b)
        logs = self.log_weights
        return replace(
            self,
            nodes=nodes,
            weights=self.weights * scale,
            a=a,
            b=b,
            log_weights=None if logs is None else logs + math.log(scale),
            _reference=self._reference or (self.a, self.b),
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the weights over the nodes; in two variables, nodes with areas of their weights.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Where it was drawn.

        Raises
        ------
        ValueError
            When there are more than two variables.
        ImportError
            When matplotlib is not installed.
        """
        from hasten.quadrature._rule_plot import draw

        return draw(self, ax)


def check_range(a: Any, b: Any) -> tuple[float, float]:
    """Return the ends of a finite range in order.

    Parameters
    ----------
    a, b : float
        What the caller passed.

    Returns
    -------
    tuple of float
        The ends.

    Raises
    ------
    ValueError, TypeError
        When one is not a finite number, they are not in order, or too far apart.
    """
    a, b = check_real(a, "a"), check_real(b, "b")
    if not a < b:
        raise ValueError(f"`b` must be greater than `a`; got a={a!r}, b={b!r}")
    # Half of it scales rules on [-1, 1], and must not vanish either.
    if not math.isfinite(b - a) or 0.5 * (b - a) < sys.float_info.min:
        raise ValueError(f"`b - a` must be in the range of doubles; got a={a!r}, b={b!r}")
    return a, b


def from_angles(theta: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Place the nodes of a symmetric rule, each by its distance to the nearer end.

    Parameters
    ----------
    theta : ndarray of float64, shape (n,)
        Angles of the nodes.
    a, b : float
        The ends.

    Returns
    -------
    ndarray of float64, shape (n,)
        The nodes, ascending.
    """
    n = len(theta)
    half = n // 2
    distance = np.sin(0.5 * theta[n - half :])
    distance *= distance
    distance *= b - a
    nodes = np.empty(n)
    nodes[n - half :] = b - distance
    nodes[:half] = a + distance[::-1]
    if n % 2:
        nodes[half] = 0.5 * a + 0.5 * b
    return nodes


def tensor_rule(rules: Sequence[Rule] | Iterable[Rule]) -> Rule:
    """Multiply rules of single variables to one for all of them.

    Parameters
    ----------
    rules : sequence of Rule
        One for each variable.

    Returns
    -------
    Rule
        On all combinations of nodes, the last variable fastest: `nodes` has shape (n, d), with n
        the product of the sizes. `variance` is that of the product of Bayesian rules only if the
        caller computes it: None here.

    Raises
    ------
    ValueError
        When there is no rule, or one has several variables.
    TypeError
        When one is no `Rule`.
    MemoryError
        When the product does not fit into memory.

    Notes
    -----
    Exact for products of the polynomials that the factors integrate exactly. O(n d) time and
    memory; n grows exponentially with d, so that from four or five variables on `cubature` or
    `qmc_quad` needs fewer points.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_hermite, gauss_legendre, tensor_rule
    >>> rule = tensor_rule([gauss_legendre(8, 0.0, 1.0), gauss_hermite(12)])
    >>> rule.nodes.shape
    (96, 2)
    >>> value = rule(lambda x: x[:, 0] * np.cos(x[:, 1]))
    >>> bool(abs(value - 0.5 * np.sqrt(np.pi) * np.exp(-0.25)) < 1e-10)
    True
    """
    factors = tuple(rules)
    if not factors:
        raise ValueError("`rules` must hold at least 1 rule; got 0")
    for i, rule in enumerate(factors):
        if not isinstance(rule, Rule):
            raise TypeError(f"`rules` must hold rules; got {shown(rule)} at index {i}")
        if rule.nodes.ndim != 1:
            raise ValueError(
                f"`rules` must hold rules of one variable; got {rule.nodes.shape[1]} variables at "
                f"index {i}"
            )
    sizes = tuple(len(rule) for rule in factors)
    n = math.prod(sizes)
    if n * (len(factors) + 2) > np.iinfo(np.intp).max // 8:
        raise MemoryError(f"a tensor rule of {n} nodes does not fit into memory")
    nodes = np.empty((*sizes, len(factors)))
    weights = np.ones(sizes)
    logs = _log_weights(factors, sizes)
    for axis, rule in enumerate(factors):
        shape = [1] * len(factors)
        shape[axis] = -1
        nodes[..., axis] = rule.nodes.reshape(shape)
        weights *= rule.weights.reshape(shape)
    return Rule(
        nodes=nodes.reshape(n, len(factors)),
        weights=weights.reshape(n),
        a=np.array([rule.a for rule in factors], dtype=np.float64),
        b=np.array([rule.b for rule in factors], dtype=np.float64),
        log_weights=logs,
        _factors=factors,
    )


def _log_weights(factors: tuple[Rule, ...], sizes: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Sum the logarithms of the weights, if a factor has some that left the range of doubles."""
    if all(rule.log_weights is None for rule in factors):
        return None
    if any(rule.log_weights is None and (rule.weights <= 0.0).any() for rule in factors):
        return None
    total = np.zeros(sizes)
    for axis, rule in enumerate(factors):
        shape = [1] * len(factors)
        shape[axis] = -1
        logs = np.log(rule.weights) if rule.log_weights is None else rule.log_weights
        total += logs.reshape(shape)
    return total.reshape(-1)
