"""
Points that repel each other
============================

Least squares recovers a function from values at points. Where the points lie decides how many are
needed: independent ones clump, and determinantal ones keep apart.
"""

# %%
# Two samples
# -----------
#
# The basis is the 45 polynomials of total degree 8 on the square. Both samples have the density
# :math:`K(x) / m` that is optimal for least squares; the second is a determinantal set.

import matplotlib.pyplot as plt
import numpy as np

from hasten.quadrature import (
    PolynomialBasis,
    WeightedLeastSquares,
    christoffel_sample,
    repeated_dpp,
    volume_sample,
)

BLUE, ORANGE, GREY = "#2166ac", "#d95f02", "#8a8f98"
basis = PolynomialBasis([(-1, 1), (-1, 1)], degree=8)
m = len(basis)
samples = {
    "independent": christoffel_sample(basis, m, rng=1),
    "determinantal": repeated_dpp(basis, 1, rng=1),
}

figure, axes = plt.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
for ax, (name, sample) in zip(axes, samples.items(), strict=True):
    ax.plot(*sample.X.T, "o", color=BLUE if name == "independent" else ORANGE)
    ax.set(title=f"{m} {name} points", aspect="equal", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))

# %%
# What the matrix of the problem looks like
# -----------------------------------------
#
# The eigenvalues of :math:`G` are 1 when points see the basis as the measure does. A small one lets
# residuals grow: the square of the error of the coefficients is at most
# :math:`1/\lambda_{\min}(G)` times the mean square of the residuals of the best approximation.

draw = {
    "independent": lambda n, k: christoffel_sample(basis, n, rng=k),
    "volume": lambda n, k: volume_sample(basis, n, rng=k),
    "repeated determinantal": lambda n, k: repeated_dpp(basis, n // m, rng=k),
}
colors = dict(zip(draw, (BLUE, GREY, ORANGE), strict=True))
figure, ax = plt.subplots(layout="constrained")
for name, sampler in draw.items():
    X, weights = sampler(2 * m, 0)
    model = WeightedLeastSquares(basis).fit(X, X[:, 0], weights)
    ax.semilogy(model.gram_eigenvalues_, "o", color=colors[name], label=name, markersize=4)
    print(f"{name:24} 1 / lambda_min(G) = {model.stability_:8.3g}")
ax.axhline(1.0, color=GREY, linewidth=1)
ax.set(xlabel="number", ylabel="eigenvalue of G", title=f"{2 * m} points, {m} functions")
ax.legend()

# %%
# How many points are enough
# --------------------------
#
# In one variable the best approximation of :math:`1 / (1 + 5 x^2)` by 10 polynomials is known. The
# true error over that of the best one, in 19 of 20 samples at most:

line = PolynomialBasis((-1, 1), degree=9)
nodes, w = np.polynomial.legendre.leggauss(100)
exact, values = 1 / (1 + 5 * nodes**2), line(nodes)
best = values.T @ (w / 2 * exact)
floor = w / 2 @ (exact - values @ best) ** 2


def quantile(sampling, n):
    model = WeightedLeastSquares(line, sampling, n_samples=n)
    ratios = []
    for k in range(100):
        model.set_params(random_state=k).fit_function(lambda X: 1 / (1 + 5 * X[:, 0] ** 2))
        ratios.append(np.sqrt(1 + np.sum((model.coef_ - best) ** 2) / floor))
    return np.quantile(ratios, 0.95)


sizes = [10, 20, 40, 80]
figure, ax = plt.subplots(layout="constrained")
for name, sampling in zip(draw, ("christoffel", "volume", "repeated_dpp"), strict=True):
    ax.loglog(sizes, [quantile(sampling, n) for n in sizes], "o-", color=colors[name], label=name)
ax.set(xlabel="points", ylabel="error over the best error", title="95 % quantile, 10 functions")
ax.legend()

# %%
# Two determinantal sets are as good as twice as many independent points, and far better than as
# many. The error is estimated without knowing the function, by leaving one point out:

model = WeightedLeastSquares(line, n_samples=40, random_state=0)
model.fit_function(lambda X: 1 / (1 + 5 * X[:, 0] ** 2))
true = np.sqrt(floor + np.sum((model.coef_ - best) ** 2))
print(f"estimated error {model.loo_error_:.2e}, true error {true:.2e}")

plt.show()
