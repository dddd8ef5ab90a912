"""An independent solver to compare with: dense, slow and written from the formulas."""

import numpy as np
import pytest


def _sigmoid(d):
    return 0.5 * (1 + np.tanh(d / 2))


def _derivatives(wins, strength):
    difference = strength[:, None] - strength[None, :]
    chance = _sigmoid(difference)
    gradient = (wins * (1 - chance) - wins.T * chance).sum(axis=1)
    conductance = (wins + wins.T) * chance * (1 - chance)
    return gradient, np.diag(conductance.sum(axis=1)) - conductance


def _maximise(wins):
    strength = np.zeros(len(wins))
    for _ in range(200):
        gradient, laplacian = _derivatives(wins, strength)
        step = np.linalg.pinv(laplacian) @ gradient
        strength = strength + step / (1 + np.abs(step).max())
        if np.abs(step).max() < 1e-14:
            break
    return strength - strength.mean()


@pytest.fixture
def maximise():
    """Return the centred maximum-likelihood strengths of a dense matrix of wins."""
    return _maximise


@pytest.fixture
def information():
    """Return the observed information of a dense matrix of wins at given strengths."""
    return lambda wins, strength: _derivatives(wins, strength)[1]


def _draw_rankings(rng, n_sets, n_alternatives, coef=(1.0, -0.6)):
    features = rng.normal(size=(n_sets, n_alternatives, len(coef)))
    noise = rng.gumbel(size=(n_sets, n_alternatives))
    return features, np.argsort(-(features @ np.asarray(coef) + noise), axis=1)


@pytest.fixture
def draw_rankings():
    """Draw features of sets of alternatives, and rankings by the Plackett-Luce model."""
    return _draw_rankings
