"""
The price of an Asian option, with error bars
=============================================

An Asian option pays what the mean price of a share over a year exceeds a strike by. No formula is
known for its fair price: it is an integral over the 16 normal numbers that drive the share from
date to date. Monte Carlo gives it with an error bar that halves when the work is made fourfold.
:func:`hasten.quadrature.qmc_quad` gives an error bar too, and it shrinks faster.
"""

# %%
# The integrand
# -------------
#
# Points of the unit cube become normals, normals become a Brownian path, the path becomes prices at
# 16 dates. The mean of the prices may be arithmetic or geometric. For the second a formula *is*
# known (Kemna and Vorst, 1990), so it goes along as a second component, to see whether the error
# bars are honest.

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import ndtr, ndtri

from hasten.quadrature import qmc_quad, sobol_normal

dates = np.arange(1, 17) / 16
price, strike, rate, volatility = 100.0, 100.0, 0.05, 0.2
covariance = np.minimum(dates[:, None], dates)


def discounted_payoffs(brownian):
    log_prices = np.log(price) + (rate - volatility**2 / 2) * dates + volatility * brownian
    means = [np.exp(log_prices).mean(axis=1), np.exp(log_prices.mean(axis=1))]
    return np.exp(-rate) * np.maximum(np.stack(means, axis=1) - strike, 0)


def geometric_price():
    mean = np.log(price) + (rate - volatility**2 / 2) * dates.mean()
    variance = volatility**2 * covariance.mean()
    above = (mean - np.log(strike)) / np.sqrt(variance)
    forward = np.exp(mean + variance / 2) * ndtr(above + np.sqrt(variance))
    return np.exp(-rate) * (forward - strike * ndtr(above))


# %%
# Two ways from normals to a path
# -------------------------------
#
# Step by step, each number moves the share from one date to the next. Or by principal components:
# the first number decides where the path goes on the whole, and the last ones add ripples. Random
# points do not care. Sobol' points do: their first coordinates are the most even ones.

steps = np.linalg.cholesky(covariance)
eigenvalues, vectors = np.linalg.eigh(covariance)
components = (vectors * np.sqrt(eigenvalues))[:, ::-1]


def integrand(x, root):
    return discounted_payoffs(ndtri(x) @ root.T)


runs = {
    "Monte Carlo": {"args": (steps,), "sequence": None},
    "Sobol', step by step": {"args": (steps,)},
    "Sobol', principal components": {"args": (components,)},
}
results = {
    name: qmc_quad(integrand, np.zeros(16), np.ones(16), n=2**13, rng=1, trace=True, **options)
    for name, options in runs.items()
}

print(f"{'':30}  arithmetic              geometric (exact: {geometric_price():.6f})")
for name, result in results.items():
    bars = [f"{v:.6f} +- {e:.6f}" for v, e in zip(result.value, result.error, strict=True)]
    print(f"{name:30}  {bars[0]:22}  {bars[1]}")

# %%
# How the error bars shrink
# -------------------------
#
# Half-widths of the 95 % intervals of the arithmetic price, from 16 replicates. The grey lines have
# the slopes -1/2 and -1.

fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
for (name, result), marker in zip(results.items(), "o^s", strict=True):
    n, error = result.history["n_points"], result.history["error"][:, 0]
    ax.loglog(16 * n, error, marker + "-", label=name)
for slope in (-0.5, -1.0):
    ax.loglog(16 * n, 2 * error[0] * (n / n[0]) ** slope, ":", color="0.6")
ax.set_xlabel("evaluations in all")
ax.set_ylabel("half-width")
ax.legend(frameon=False)

# %%
# Until a cent is sure
# --------------------
#
# With a tolerance the points are doubled until the half-width is small enough; none is thrown away.

sure = qmc_quad(integrand, np.zeros(16), np.ones(16), args=(components,), n=64, atol=0.005, rng=2)
print(sure)

# %%
# The points alone
# ----------------
#
# For a simulator of your own, :func:`hasten.quadrature.sobol_normal` makes the normals.

normals = sobol_normal(2**13, 16, rng=3)
print(discounted_payoffs(normals @ components.T).mean(axis=0).round(4))
plt.show()
