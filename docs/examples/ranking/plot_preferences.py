"""
Rewards from rankings of four answers
=====================================

Judges rank four answers to each question. Which features of an answer do they reward? The ranking's
own likelihood is compared with the common shortcut of splitting it into pairs, and a policy is
chosen by its lower confidence bound with :func:`hasten.ranking.preference_regression`.
"""

# %%
# Rankings of answers
# -------------------
#
# Four hundred questions with four answers each. Answers have four features, of which the judges
# reward three; "rare" hardly differs between answers, so the data say little about it.

import matplotlib.pyplot as plt
import numpy as np

from hasten.ranking import preference_regression

names = ["helpful", "brief", "polite", "rare"]
true = np.array([1.0, 0.4, -0.2, 0.0])
spread = np.array([1.0, 1.0, 1.0, 0.05])
rng = np.random.default_rng(5)


def draw_rankings(n_questions):
    """Draw features of answers, and rankings by the Plackett-Luce model."""
    features = rng.normal(size=(n_questions, 4, 4)) * spread
    noise = rng.gumbel(size=(n_questions, 4))
    return features, np.argsort(-(features @ true + noise), axis=1)


features, ranking = draw_rankings(400)
result = preference_regression(features, ranking, feature_names=names)
print(result.summary())

# %%
# The certificate comes first: ``error`` bounds the numerical error of *every* combination of the
# coefficients, in units of its standard error.

assert result.converged
print(f"numerical error at most {result.error:.1e} standard errors")

# %%
# One likelihood or six pairs
# ---------------------------
#
# Splitting each ranking into its six pairs gives an estimate too. Treated as independent, the pairs
# promise errors that are too small; the sandwich repairs them. Repeating the study shows what
# the estimates really do.

kinds = ["plackett-luce", "split"]
estimates = {kind: [] for kind in kinds}
reported = {"model": [], "sandwich": []}
for _ in range(300):
    data = draw_rankings(400)
    for kind in kinds:
        fit = preference_regression(*data, kind=kind)
        estimates[kind].append(fit.coef)
    for covariance, errors in reported.items():
        errors.append(fit.standard_error(covariance))

scatter = {kind: np.std(estimates[kind], axis=0) for kind in kinds}
promised = {kind: np.mean(errors, axis=0) for kind, errors in reported.items()}
print(f"{'':9} {'likelihood':>10} {'split':>7} {'naive error':>12} {'sandwich':>9}")
for j, name in enumerate(names):
    print(
        f"{name:9} {scatter['plackett-luce'][j]:10.3f} {scatter['split'][j]:7.3f} "
        f"{promised['model'][j]:12.3f} {promised['sandwich'][j]:9.3f}"
    )

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
shown = slice(0, 3)
place = np.arange(3)
for shift, label, values in [
    (-0.3, "likelihood: scatter", scatter["plackett-luce"]),
    (-0.1, "split: scatter", scatter["split"]),
    (0.1, "split: naive standard error", promised["model"]),
    (0.3, "split: sandwich standard error", promised["sandwich"]),
]:
    ax.bar(place + shift, values[shown], width=0.18, label=label)
ax.set_xticks(place, names[shown])
ax.set_ylabel("standard deviation")
ax.set_ylim(0, 0.1)
ax.set_title("Accuracy of the coefficients, and what is promised", loc="left")
ax.legend(ncols=2, fontsize="small")

# %%
# A pessimistic choice of policy
# ------------------------------
#
# Each policy is described by its mean features less those of the policy in use. The last two bet on
# "rare", a feature that is worth nothing and of which the data say little.

policies = {
    "friendlier": np.array([0.0, 0.3, -0.5, 0.0]),
    "more helpful": np.array([0.6, 0.0, 0.0, 0.0]),
    "shorter": np.array([0.0, 0.9, 0.1, 0.0]),
    "bet on the rare": np.array([0.0, 0.0, 0.0, 1.0]),
    "bet against it": np.array([0.0, 0.0, 0.0, -1.0]),
}
u = np.array(list(policies.values()))
value, bound = u @ result.coef, result.pessimistic_value(u, delta=0.05)
labels = list(policies)
print(f"best estimate: {labels[np.argmax(value)]}; best lower bound: {labels[np.argmax(bound)]}")
# All bounds hold at once with probability 0.95.
assert (bound <= u @ true).all()

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
rows = np.arange(len(u))
ax.hlines(rows, bound, value, color="tab:blue", lw=2)
ax.plot(bound, rows, "|", color="tab:blue", ms=14, label="lower bound, all at once 95 %")
ax.plot(value, rows, "o", color="tab:blue", label="estimated value")
ax.plot(u @ true, rows, "D", mfc="none", mec="black", label="true value")
ax.axvline(0, color="0.7", lw=1)
ax.set_yticks(rows, labels)
ax.set_xlabel("value over the policy in use")
ax.set_title("The best estimate is a gamble, the best bound is not", loc="left")
ax.legend(fontsize="small")
