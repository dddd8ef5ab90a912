"""
The mean of a series with missing months
========================================

A station has recorded a slow trend and the seasons, but instruments failed: months are missing, one
whole winter among them. What was the mean over the decade, and how sure is that?
:func:`hasten.quadrature.bayes_quad` takes the months that there are, at the times that they have,
with the noise that they have.
"""

# %%
# The record
# ----------
#
# It is synthetic, so that the truth is known: carbon dioxide, say, in parts per million above a
# base.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from hasten.quadrature import bayes_quad

rng = np.random.default_rng(7)
months = np.arange(120) / 12.0


def signal(t):
    return 1.6 * t + 3.0 * np.sin(2 * np.pi * t) + 0.8 * np.cos(4 * np.pi * t)


noise_level = 0.3
record = signal(months) + noise_level * rng.normal(size=120)
kept = rng.random(120) < 0.7
kept[62:68] = False  # The winter without a record.
x, y = months[kept], record[kept]
truth = 1.6 * 10 / 2
center = y.mean()
print(f"{len(x)} of 120 months; their plain mean is {center:.3f}, the truth {truth:.3f}")

# %%
# The gaps are not spread evenly, so the plain mean is off. The noise is given in units of
# ``scale**2``: here both are known. A constant is taken out first, because the prior has mean zero.

scale = 6.0
result = bayes_quad(
    y - center, x, domain=(0.0, 10.0), nu=3.5, scale=scale, noise=(noise_level / scale) ** 2
)
low, high = result.confidence_interval()
print(result)
print(f"mean {center + result.value / 10:.3f}, interval {center + np.array([low, high]) / 10}")

fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
result.plot(ax=ax)
ax.set(xlabel="year", ylabel="above the mean of the record")
plt.show()

# %%
# Is the interval honest?
# -----------------------
#
# Three hundred other winters and failures. If the posterior is right, the standardised errors are
# standard normal, and intervals of every level cover as often as they say. Wherever the truth is no
# draw of the prior, as here, that must be seen and cannot be taken for granted.

scores = []
for _ in range(300):
    some = rng.random(120) < 0.7
    gap = rng.integers(0, 114)
    some[gap : gap + 6] = False
    t = months[some]
    values = signal(t) + noise_level * rng.normal(size=len(t))
    middle = values.mean()
    found = bayes_quad(
        values - middle,
        t,
        domain=(0.0, 10.0),
        nu=3.5,
        ell=result.ell,
        scale=scale,
        noise=(noise_level / scale) ** 2,
    )
    scores.append((middle + found.value / 10 - truth) / (found.standard_deviation / 10))
scores = np.array(scores)
print(f"standard deviation of the scores: {scores.std():.2f}")

levels = np.linspace(0.02, 0.98, 49)
coverage = [np.mean(np.abs(scores) <= norm.ppf(0.5 + level / 2)) for level in levels]
fig, ax = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
ax.plot([0, 1], [0, 1], ":", color="0.6")
ax.plot(levels, coverage, color="#2166ac")
ax.set(xlabel="level of the interval", ylabel="share that covers the truth", aspect="equal")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Above the diagonal the intervals are wider than they need be: the seasons repeat, which the prior
# does not know. The error that comes with every result, ``result.error``, does not rest on the
# prior and is wider still.

deviation = result.standard_deviation / 10
print(f"error {result.error / 10:.3f} beside the standard deviation {deviation:.3f}")
