"""
Control from integrals: what quadrature costs a learner
=======================================================

Integral reinforcement learning evaluates a controller without a model of the plant. Along the
trajectory, the value of the state must fall by what was spent in the meantime, and *what was spent*
is an integral of which only samples are seen. Cao and Pan (ICLR 2024) showed that the error of that
integral goes straight into the controller: :math:`O(N^{-2})` with the trapezoidal rule, and
:math:`O(N^{-b})` with Bayesian quadrature in a Matern space of order :math:`b = \\nu + 1/2`.

Here are their two control tasks with :func:`hasten.quadrature.bayes_quad_weights`. Their figure
flattens after ten samples. That is not the method, it is the jitter of the solver they used.
"""

# %%
# Policy iteration
# ----------------
#
# One pass: follow the present controller through intervals of length T = 0.1, each sampled at N
# even times. With value :math:`V(x) = w^T \phi(x)` every interval gives one linear equation
# :math:`w^T (\phi(x_t) - \phi(x_{t+T})) = \int_t^{t+T} \ell(x, u)`. Solve them by least squares,
# and improve the controller.

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm, solve_continuous_are

from hasten.quadrature import bayes_quad_weights

T = 0.1
A = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-0.1, -0.5, -0.7]])
B = np.array([[0.0], [0.0], [1.0]])


def linear(weights, n_intervals=20):
    """Learn the regulator of a linear plant; return the error of the weights."""
    n = len(weights)
    exact = solve_continuous_are(A, B, np.eye(3), np.eye(1))
    gain, x, w = np.zeros((1, 3)), np.array([2.0, -2.0, 3.0]), None
    for _ in range(50):
        step = expm((A - B @ gain) * (T / (n - 1)))
        rows, costs = [], []
        for _ in range(n_intervals):
            path = [x]
            for _ in range(n - 1):
                path.append(step @ path[-1])
            path = np.array(path)
            costs.append(weights @ (np.sum(path**2, axis=1) + (path @ gain.T)[:, 0] ** 2))
            rows.append(np.kron(x, x) - np.kron(path[-1], path[-1]))
            x = path[-1]
        new = np.linalg.pinv(np.array(rows)) @ np.array(costs)
        gain = B.T @ new.reshape(3, 3)
        if w is not None and np.linalg.norm(new - w) < 1e-3:
            break
        w = new
    return np.linalg.norm(new - exact.ravel())


def nonlinear(weights, n_intervals=20):
    """Learn the controller of a nonlinear plant, whose value is known."""
    n = len(weights)
    x, w = np.array([1.0, 1.0]), np.array([-1.0, 3.0, 1.5])

    def control(x, w):
        return -0.5 * np.sin(x[0]) * (w[1] * x[0] + 2 * w[2] * x[1])

    for _ in range(50):

        def slope(_, x, w=w):
            drift = -(x[0] + x[1]) / 2 + x[1] * np.sin(x[0]) ** 2 / 2
            return [-x[0] + x[1], drift + np.sin(x[0]) * control(x, w)]

        span = n_intervals * T
        times = np.linspace(0.0, span, n_intervals * (n - 1) + 1)
        y = solve_ivp(slope, (0.0, span), x, "DOP853", times, rtol=1e-12, atol=1e-14).y
        costs = np.sum(y**2, axis=0) + control(y, w) ** 2
        starts = (n - 1) * np.arange(n_intervals + 1)
        values = [weights @ costs[k : k + n] for k in starts[:-1]]
        phi = np.stack([y[0] ** 2, y[0] * y[1], y[1] ** 2], axis=1)[starts]
        x = y[:, -1]
        new = np.linalg.lstsq(phi[:-1] - phi[1:], values, rcond=None)[0]
        change, w = np.linalg.norm(new - w), new
        if change < 1e-3:
            break
    return np.linalg.norm(w - [0.5, 0.0, 1.0])


# %%
# Three rules
# -----------
#
# The trapezoidal rule; Bayesian quadrature with :math:`\nu = 7/2`, ``ell=0.3``; and the same with
# 1e-8 on the diagonal of the kernel matrix, as most libraries do without asking.


def trapezoid(n):
    weights = np.full(n, T / (n - 1))
    weights[[0, -1]] /= 2
    return weights


def bayes(n, nu=3.5):
    return bayes_quad_weights(n, domain=(0.0, T), nu=nu, ell=0.3).weights


def with_jitter(n):
    times = np.linspace(0.0, T, n)
    r = np.sqrt(7.0) / 0.3 * np.abs(times[:, None] - times)
    K = np.exp(-r) * (1 + r + 0.4 * r**2 + r**3 / 15)
    # K times the exact weights are the kernel means.
    return np.linalg.solve(K + 1e-8 * np.eye(n), K @ bayes(n))


sizes = np.array([5, 6, 8, 10, 15, 20])
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained", sharey=True)
for ax, learn, title in zip(axes, (linear, nonlinear), ("linear", "nonlinear"), strict=True):
    for rule, label, color in (
        (trapezoid, "trapezoidal rule", "#8a8f98"),
        (with_jitter, r"Bayes, $\nu = 7/2$, jitter 1e-8", "#d95f02"),
        (bayes, r"Bayes, $\nu = 7/2$, exact", "#2166ac"),
    ):
        errors = [learn(rule(n)) for n in sizes]
        ax.loglog(sizes, errors, "o-", color=color, label=label)
    for rate, at in ((2, 2e-4), (4, 2e-6)):
        ax.loglog(sizes, at * (5.0 / sizes) ** rate, ":", color="0.6", linewidth=1)
        ax.annotate(f"$N^{{-{rate}}}$", (sizes[-1], at * (5.0 / sizes[-1]) ** rate), color="0.4")
    ax.set(xlabel="samples of each interval", title=f"Task: {title} plant")
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("error of the learned value")
axes[0].legend(frameon=False)
plt.show()

# %%
# Smoother priors
# ---------------
#
# A prior of smoothness :math:`\nu` promises :math:`N^{-(\nu + 1/2)}` at least. The costs along
# these trajectories are smoother than any of the four priors, and so all of them do better.

fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
halvings = np.array([5, 9, 17])
for nu, color in zip(
    (0.5, 1.5, 2.5, 3.5), ("#c6dbef", "#6baed6", "#2171b5", "#08306b"), strict=True
):
    errors = np.array([linear(bayes(n, nu)) for n in halvings])
    rate = np.log2(errors[-2] / errors[-1])
    ax.loglog(halvings, errors, "o-", color=color, label=rf"$\nu = {nu}$: $N^{{-{rate:.2f}}}$")
ax.set(xlabel="samples of each interval", ylabel="error", title="Linear plant")
ax.set_xticks(halvings, halvings)
ax.minorticks_off()
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()
