"""Independent answers to compare with: slow solvers of many digits, written from the formulas."""

import mpmath
import numpy as np
import pytest

from hasten._cli.demos.ot import _load_digits


def _matrix(array):
    return mpmath.matrix(np.asarray(array, np.float64).tolist())


class Exact:
    """The exact solution of a small problem, to about 40 digits, by Newton's method on the dual."""

    def __init__(self, a, b, cost, reg, reg_marginals=(np.inf, np.inf)):
        with mpmath.workdps(50):
            self._solve(a, b, cost, reg, reg_marginals)

    def _solve(self, a, b, cost, reg, rho):
        cost = np.asarray(cost, np.float64)
        n, m = cost.shape
        start = textbook(a, b, cost, reg, rho)
        a, b, C = _matrix(a), _matrix(b), _matrix(cost)
        reg = mpmath.mpf(reg)
        rho = [None if np.isinf(strength) else mpmath.mpf(strength) for strength in rho]
        x = mpmath.matrix([*start[0], *start[1]])
        # In a balanced problem a constant is free: the last potential stays where it is.
        size = n + m - (rho == [None, None])
        for _ in range(60):
            P = self._plan(a, b, C, x, reg)
            residual, jacobian = mpmath.zeros(size, 1), mpmath.zeros(size, size)
            for i in range(n):
                for j in range(m):
                    for k in (i, n + j):
                        if k < size:
                            residual[k] += P[i, j]
                            jacobian[k, k] += P[i, j] / reg
                    if n + j < size:
                        jacobian[i, n + j] = jacobian[n + j, i] = P[i, j] / reg
            for k in range(size):
                weight, strength = (a[k], rho[0]) if k < n else (b[k - n], rho[1])
                wanted = weight if strength is None else weight * mpmath.exp(-x[k] / strength)
                residual[k] -= wanted
                if strength is not None:
                    jacobian[k, k] += wanted / strength
            step = mpmath.lu_solve(jacobian, residual)
            longest = max(abs(entry) for entry in step) / reg
            for k in range(size):
                x[k] -= step[k] / max(1, longest)
            if longest < mpmath.mpf(10) ** -30:
                break
        else:
            raise AssertionError("the reference did not converge")
        P = self._plan(a, b, C, x, reg)
        value = mpmath.mpf(0)
        for i in range(n):
            for j in range(m):
                value += P[i, j] * C[i, j] + reg * _kl(P[i, j], a[i] * b[j])
        for strength, sums, wanted in (
            (rho[0], [sum(P[i, j] for j in range(m)) for i in range(n)], a),
            (rho[1], [sum(P[i, j] for i in range(n)) for j in range(m)], b),
        ):
            if strength is not None:
                value += strength * sum(_kl(p, q) for p, q in zip(sums, wanted, strict=True))
        self.value = value
        self.plan = np.array(P.tolist(), dtype=object).astype(np.float64).reshape(n, m)
        self.f = np.array([float(x[i]) for i in range(n)])
        self.g = np.array([float(x[n + j]) for j in range(m)])

    @staticmethod
    def _plan(a, b, C, x, reg):
        n, m = C.rows, C.cols
        P = mpmath.zeros(n, m)
        for i in range(n):
            for j in range(m):
                P[i, j] = a[i] * b[j] * mpmath.exp((x[i] + x[n + j] - C[i, j]) / reg)
        return P


def _kl(p, q):
    return p * mpmath.log(p / q) - p + q


def textbook(a, b, cost, reg, reg_marginals=(np.inf, np.inf), n_iter=500):
    """Iterate textbook Sinkhorn in the log domain; the potentials (f, g)."""
    cost = np.asarray(cost, np.float64)
    log_a, log_b = np.log(a), np.log(b)
    damping = [1.0 if np.isinf(rho) else rho / (rho + reg) for rho in reg_marginals]
    g = np.zeros(cost.shape[1])
    for _ in range(n_iter):
        f = -damping[0] * reg * _log_sum_exp(log_b + (g - cost) / reg)
        g = -damping[1] * reg * _log_sum_exp(log_a + (f - cost.T) / reg)
    return f, g


def _log_sum_exp(rows):
    largest = rows.max(axis=1)
    return largest + np.log(np.exp(rows - largest[:, None]).sum(axis=1))


@pytest.fixture(scope="session")
def exact():
    """Return the solver of many digits."""
    return Exact


def _draw(n, m, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    a, b = rng.dirichlet(np.full(n, 2.0)), rng.dirichlet(np.full(m, 2.0))
    return a, b, rng.random((n, m)).astype(dtype)


@pytest.fixture(scope="session")
def draw():
    """Draw weights and costs of a random problem."""
    return _draw


def _digits(power):
    digits = _load_digits()
    return digits.a, digits.b, digits.cost(power)


def _assignment():
    return None, None, np.random.default_rng(0).random((500, 500))


@pytest.fixture(scope="session")
def published():
    """Return the three problems on which the sparse Newton method was published."""
    return {
        "LAP500": _assignment(),
        "digW2": _digits(2),
        "digW1": _digits(1),
    }


def _difference_quotient(function, x, direction, step):
    return (function(x + step * direction) - function(x - step * direction)) / (2 * step)


@pytest.fixture(scope="session")
def difference_quotient():
    """Return the central difference of a function along a direction."""
    return _difference_quotient
