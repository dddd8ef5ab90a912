"""Policy iteration in continuous time (Cao and Pan, ICLR 2024), run with public functions.

The value of a policy is found from the integrals of the cost along a trajectory, each of them from
`N` samples of the state. How well the weights converge shows the error of the quadrature.
"""

import functools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm, solve_continuous_are

from hasten.quadrature import bayes_quad_weights

T = 0.1
A = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-0.1, -0.5, -0.7]])
B = np.array([[0.0], [0.0], [1.0]])
SIZES = (5, 6, 8, 10, 15)
TRAPEZOID = {
    "linear": (1.1776e-3, 7.534e-4, 3.843e-4, 2.324e-4, 9.606e-5),
    "nonlinear": (1.2876e-4, 8.241e-5, 4.205e-5, 2.544e-5, 1.051e-5),
}
# A dense solve with 1e-8 added to the diagonal, which is what the published figures show.
JITTER = {
    "linear": (5.713e-5, 2.839e-5, 1.037e-5, 6.285e-6, 3.322e-6),
    "nonlinear": (8.532e-6, 4.237e-6, 1.549e-6, 9.394e-7, 4.978e-7),
}
EXACT = {
    "linear": (5.248e-5, 2.556e-5, 4.595e-6, 1.320e-6, 1.495e-7),
    "nonlinear": (7.833e-6, 3.812e-6, 6.853e-7, 1.982e-7, 2.441e-8),
}


def trapezoid(n):
    weights = np.full(n, T / (n - 1))
    weights[[0, -1]] /= 2
    return weights


def bayes(n, nu=3.5):
    return bayes_quad_weights(n, domain=(0.0, T), nu=nu, ell=0.3).weights


def with_jitter(n):
    times = np.linspace(0.0, T, n)
    rate = np.sqrt(7.0) / 0.3

    def kernel(r):
        r = rate * np.abs(r)
        return np.exp(-r) * (1 + r + 0.4 * r**2 + r**3 / 15)

    fine, fine_weights = np.polynomial.legendre.leggauss(30)
    means = np.zeros(n)
    for k, t in enumerate(times):
        # The kernel has a kink in a high derivative at t: integrate either side.
        for low, high in ((0.0, t), (t, T)):
            half = (high - low) / 2
            means[k] += half * fine_weights @ kernel(t - low - half * (1 + fine))
    return np.linalg.solve(kernel(times[:, None] - times) + 1e-8 * np.eye(n), means)


def linear(weights, n_intervals):
    """Return the errors of weights and gain, and the number of iterations."""
    n = len(weights)
    exact = solve_continuous_are(A, B, np.eye(3), np.eye(1))
    K, x, w = np.zeros((1, 3)), np.array([2.0, -2.0, 3.0]), None
    n_iter = 0
    while n_iter < 50:
        n_iter += 1
        step = expm((A - B @ K) * (T / (n - 1)))
        rows, costs = [], []
        for _ in range(n_intervals):
            path = [x]
            for _ in range(n - 1):
                path.append(step @ path[-1])
            path = np.array(path)
            costs.append(weights @ (np.sum(path**2, axis=1) + (path @ K.T)[:, 0] ** 2))
            rows.append(np.kron(x, x) - np.kron(path[-1], path[-1]))
            x = path[-1]
        new = np.linalg.pinv(np.array(rows)) @ np.array(costs)
        K = B.T @ new.reshape(3, 3)
        if w is not None and np.linalg.norm(new - w) < 1e-3:
            break
        w = new
    error_of_gain = np.linalg.norm(K - B.T @ exact)
    return np.linalg.norm(new - exact.ravel()), error_of_gain, n_iter


def nonlinear(weights, n_intervals=20):
    n = len(weights)
    x, w = np.array([1.0, 1.0]), np.array([-1.0, 3.0, 1.5])

    def policy(x, w):
        return -0.5 * np.sin(x[0]) * (w[1] * x[0] + 2 * w[2] * x[1])

    def features(x):
        return np.array([x[0] ** 2, x[0] * x[1], x[1] ** 2])

    n_iter = 0
    while n_iter < 50:
        n_iter += 1

        def slope(_, x, w=w):
            second = -(x[0] + x[1]) / 2 + x[1] * np.sin(x[0]) ** 2 / 2
            return [-x[0] + x[1], second + np.sin(x[0]) * policy(x, w)]

        span = n_intervals * T
        times = np.linspace(0.0, span, n_intervals * (n - 1) + 1)
        solved = solve_ivp(slope, (0.0, span), x, "DOP853", times, rtol=1e-12, atol=1e-14)
        costs = np.sum(solved.y**2, axis=0) + policy(solved.y, w) ** 2
        starts = (n - 1) * np.arange(n_intervals + 1)
        values = np.array([weights @ costs[k : k + n] for k in starts[:-1]])
        phi = np.array([features(solved.y[:, k]) for k in starts])
        x = solved.y[:, -1]
        new = np.linalg.lstsq(phi[:-1] - phi[1:], values, rcond=None)[0]
        change, w = np.linalg.norm(new - w), new
        if change < 1e-3:
            break
    return np.linalg.norm(w - [0.5, 0.0, 1.0]), n_iter


def error(task, weights, *, is_bayes=True):
    if task == "linear":
        return linear(weights, 20 if is_bayes else 10)[0]
    return nonlinear(weights)[0]


@functools.cache
def exact_error(task, n, nu):
    return error(task, bayes(n, nu))


@pytest.mark.parametrize("task", ["linear", "nonlinear"])
def test_trapezoidal_errors_are_the_published_ones(task):
    found = [error(task, trapezoid(n), is_bayes=False) for n in SIZES]
    np.testing.assert_allclose(found, TRAPEZOID[task], rtol=1e-3)
    rates = np.log2(np.array(found[0]) / found[3]) / np.log2(9 / 4)
    assert abs(rates - 2) <= 0.05


@pytest.mark.parametrize("task", ["linear", "nonlinear"])
def test_weights_with_jitter_give_the_published_errors(task):
    found = [error(task, with_jitter(n)) for n in SIZES]
    np.testing.assert_allclose(found, JITTER[task], rtol=1e-3)


@pytest.mark.parametrize("task", ["linear", "nonlinear"])
def test_exact_weights_give_smaller_errors(task):
    found = np.array([exact_error(task, n, 3.5) for n in SIZES])
    np.testing.assert_allclose(found[:-1], EXACT[task][:-1], rtol=2e-3)
    # The least squares problem is ill-conditioned: two programs agree to 1 %.
    np.testing.assert_allclose(found[-1], EXACT[task][-1], rtol=1e-2)


def test_gain_converges_as_published():
    _, error_of_gain, n_iter = linear(trapezoid(5), 10)
    assert abs(error_of_gain - 7.745e-4) <= 1e-3 * 7.745e-4
    assert n_iter == 8
    assert nonlinear(trapezoid(5))[1] == 3


@pytest.mark.parametrize(
    ("nu", "published"),
    [
        (0.5, (2.00, 2.00, 2.00)),
        (1.5, (2.92, 2.97, 2.98)),
        (2.5, (3.76, 3.93, 3.93)),
        (3.5, (4.53, 4.86, 5.24)),
    ],
)
@pytest.mark.parametrize("task", ["linear", "nonlinear"])
def test_errors_fall_at_least_as_fast_as_the_theory_promises(task, nu, published):
    errors = np.array([exact_error(task, n, nu) for n in (5, 9, 17, 33)])
    rates = np.log2(errors[:-1] / errors[1:])
    if task == "linear":
        assert (np.abs(rates[:2] - published[:2]) <= 0.05).all(), rates
        # One ulp in the weights moves the error at 33 samples by 1e-9, through the condition of the
        # least squares problem.
        assert abs(errors[3] - errors[2] / 2 ** published[2]) <= 2.5e-9 + 0.05 * errors[3], rates
    # N^-(nu + 1/2) is an upper bound, and smooth utilities do better; down to 2e-9, where the
    # tolerance of the integrator shows.
    seen = errors[1:] > 2e-9
    assert seen.any()
    assert (rates[seen] >= min(nu + 0.5, 2.0) - 0.05).all(), rates
    if nu > 0.5:
        assert rates[0] >= nu + 0.5 - 0.3, rates
