"""Linear rewards: time to reach a true error, hasten and its peers on the same choices.

The true error of coefficients ``theta`` is the largest numerical error of any combination of them
in units of its standard error, ``sqrt((theta - theta*)^T H (theta - theta*))`` with ``H`` minus the
Hessian at ``theta*``. The exact ``theta*`` comes from the Newton iteration in NumPy below: no code
of hasten is in it.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np

import hasten
from hasten.ranking import preference_regression

from .common import PROFILE
from .race import _Error, _Finish, _Race, race_params

# ---------------------------------------------------------------- problems


@dataclass
class Problem:
    """Choices from sets of alternatives, and the exact estimate found without hasten."""

    features: np.ndarray
    chosen: np.ndarray
    exact: np.ndarray = field(init=False)
    hessian: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Solve."""
        self.exact, self.hessian = exact_coefficients(self)

    @functools.cached_property
    def differences(self) -> np.ndarray:
        """Return the first alternative of each pair less the second."""
        return np.ascontiguousarray(self.features[:, 0] - self.features[:, 1])

    def derivatives(self, coef: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient of the log-likelihood and minus its Hessian."""
        d = len(coef)
        gradient, hessian = np.zeros(d), np.zeros((d, d))
        for rows in np.array_split(
            np.arange(len(self.features)), max(1, len(self.chosen) // 10_000)
        ):
            features = self.features[rows]
            chance = softmax(features @ coef)
            mean = np.einsum("nk,nkd->nd", chance, features)
            gradient += (features[np.arange(len(rows)), self.chosen[rows]] - mean).sum(axis=0)
            centred = ((features - mean[:, None]) * np.sqrt(chance)[..., None]).reshape(-1, d)
            hessian += centred.T @ centred
        return gradient, hessian

    def objective(self, coef: np.ndarray) -> tuple[float, np.ndarray]:
        """Return minus the log-likelihood and its gradient, as a user would write them."""
        score = self.features @ coef
        score -= score.max(axis=1, keepdims=True)
        chance = np.exp(score)
        total = chance.sum(axis=1)
        rows = np.arange(len(score))
        value = np.log(total).sum() - score[rows, self.chosen].sum()
        chance /= total[:, None]
        chance[rows, self.chosen] -= 1.0
        return value, chance.ravel() @ self.features.reshape(-1, len(coef))

    def true_error(self, coef: np.ndarray) -> float:
        """Return the largest error of a combination in its standard errors."""
        error = coef - self.exact
        return float(np.sqrt(error @ self.hessian @ error))


def softmax(score: np.ndarray) -> np.ndarray:
    """Return probabilities of choice along the last axis."""
    ahead = np.exp(score - score.max(axis=-1, keepdims=True))
    return ahead / ahead.sum(axis=-1, keepdims=True)


def exact_coefficients(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Take Newton steps in NumPy until they are lost in rounding."""
    coef = np.zeros(problem.features.shape[-1])
    last = np.inf
    for _ in range(100):
        gradient, hessian = problem.derivatives(coef)
        step = np.linalg.solve(hessian, gradient)
        decrement = np.sqrt(abs(gradient @ step))
        if decrement < 1e-8 and decrement > last / 2:
            return coef, hessian
        last = decrement
        coef = coef + step / max(1.0, np.abs(step).max())
    message = "the reference solution did not settle"
    raise RuntimeError(message)


# Sets, alternatives, features.
SIZES = {
    "quick": {"pairs": (20_000, 2, 10), "choices": (5_000, 5, 10)},
    "regular": {"pairs": (1_000_000, 2, 10), "choices": (200_000, 5, 10)},
    "large": {"pairs": (1_000_000, 2, 100), "choices": (1_000_000, 5, 10)},
}


@functools.cache
def make_problem(kind: str, profile: str = PROFILE) -> Problem:
    """Make choices among alternatives with correlated features, always the same."""
    n_sets, n_alternatives, d = SIZES[profile][kind]
    rng = np.random.default_rng(20261125)
    features = rng.normal(size=(n_sets, n_alternatives, d))
    # Neighbouring features have the correlation 0.8.
    for j in range(1, d):
        features[..., j] = 0.8 * features[..., j - 1] + 0.6 * features[..., j]
    coef = rng.normal(size=d) / np.sqrt(d)
    chosen = (features @ coef + rng.gumbel(size=(n_sets, n_alternatives))).argmax(axis=1)
    return Problem(features, chosen)


# ---------------------------------------------------------------- solvers
# Each takes a problem and returns ``solve(tolerance) -> coefficients``. What a peer needs to have
# its data in the form that it reads fastest is done before, and is not timed.


def use_hasten(problem, n_threads):
    """Measure hasten: validation, fit, certificate and both covariances."""
    is_paired = problem.features.shape[1] == 2
    features = problem.differences if is_paired else problem.features
    chosen = problem.chosen == 0 if is_paired else problem.chosen

    def solve(tolerance):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            return preference_regression(features, chosen, tol=tolerance, n_threads=n_threads).coef

    return solve


def use_sklearn(problem, _n_threads, solver="newton-cg"):
    """Measure scikit-learn's LogisticRegression on the differences of pairs."""
    from sklearn.linear_model import LogisticRegression

    if problem.features.shape[1] != 2:
        raise NotImplementedError
    differences, first = problem.differences, problem.chosen == 0

    def solve(tolerance):
        model = LogisticRegression(
            C=np.inf, fit_intercept=False, solver=solver, tol=tolerance, max_iter=1000
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(differences, first).coef_[0]

    return solve


def use_scipy(problem, _n_threads):
    """Measure SciPy's L-BFGS-B on a likelihood written in NumPy."""
    import scipy.optimize

    def solve(tolerance):
        options = {"maxiter": 10_000, "maxfun": 20_000, "gtol": tolerance, "ftol": 0.0}
        start = np.zeros(problem.features.shape[-1])
        return scipy.optimize.minimize(
            problem.objective, start, jac=True, method="L-BFGS-B", options=options
        ).x

    return solve


SOLVERS = {
    "hasten": use_hasten,
    "newton-cg": use_sklearn,
    "lbfgs": functools.partial(use_sklearn, solver="lbfgs"),
    "newton-cholesky": functools.partial(use_sklearn, solver="newton-cholesky"),
    "scipy": use_scipy,
}
HAS_SKLEARN = find_spec("sklearn") is not None
INSTALLED = [name for name in SOLVERS if HAS_SKLEARN or name in ("hasten", "scipy")]


# ---------------------------------------------------------------- asv


class _OnChoices(_Race):
    """Choices and the loosest tolerance at which each solver reaches the true error TARGET."""

    SOLVERS = SOLVERS
    params = race_params(INSTALLED, SIZES[PROFILE])

    def make_problem(self, kind):
        """Make the problem of one kind."""
        return make_problem(kind)

    def setup_cache(self):
        """Find the tolerance of each solver once."""
        return self.find(INSTALLED, SIZES[PROFILE])


class PreferenceRegression(_Finish, _OnChoices):
    """Time and memory to the target."""


class PreferenceRegressionError(_Error, _OnChoices):
    """Which error each solver reached."""


class PreferenceRegressionRatio(_OnChoices):
    """The time of hasten over that of a peer, both to the target, interleaved in one process."""

    params = (["hasten"], *_OnChoices.params[1:])

    def track_ratio_vs_newton_cg(self, found, _solver, kind, threads):
        """Return the ratio to scikit-learn's Newton-CG."""
        return self.ratio(found, "newton-cg", kind, threads)

    def track_ratio_vs_lbfgs(self, found, _solver, kind, threads):
        """Return the ratio to scikit-learn's L-BFGS."""
        return self.ratio(found, "lbfgs", kind, threads)

    def track_ratio_vs_newton_cholesky(self, found, _solver, kind, threads):
        """Return the ratio to scikit-learn's Newton with a Cholesky factor."""
        return self.ratio(found, "newton-cholesky", kind, threads)

    def track_ratio_vs_scipy(self, found, _solver, kind, threads):
        """Return the ratio to SciPy's L-BFGS-B."""
        return self.ratio(found, "scipy", kind, threads)
