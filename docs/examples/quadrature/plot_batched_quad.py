"""
Ten thousand integrals in a dozen calls
=======================================

A parameter study asks for one integral at many values of a parameter, and
:func:`hasten.quadrature.quad`
takes all of them at once: it calls the integrand with the points of those that are still open.
"""

# %%
# Absorption lines
# ----------------
#
# What a spectral line takes out of the light between two frequencies is the integral of a Voigt
# profile: a Lorentz line as wide as collisions make it, blurred by the motion of the atoms. For a
# hundred temperatures and a hundred pressures, which set the two widths:

import time

import matplotlib.pyplot as plt
import numpy as np
from scipy import integrate
from scipy.special import voigt_profile

from hasten.quadrature import quad

doppler = np.logspace(-3, 0, 100)[:, None]
collisions = np.logspace(-3, 0, 100)


def line(x, sigma, gamma):
    return voigt_profile(x - 0.4, sigma, gamma)


start = time.perf_counter()
absorbed = quad(line, 0.0, 1.0, args=(doppler, collisions), rtol=1e-9)
ours = time.perf_counter() - start
print(absorbed)

start = time.perf_counter()
some = [(i, j) for i in range(0, 100, 10) for j in range(0, 100, 10)]
one_by_one = [
    integrate.quad(line, 0.0, 1.0, args=(doppler[i, 0], collisions[j]), epsabs=0.0, epsrel=1e-9)[0]
    for i, j in some
]
theirs = 100 * (time.perf_counter() - start)
print(f"{ours:.2f} s together, about {theirs:.1f} s one by one")
print("largest difference", np.max(np.abs(absorbed.value[::10, ::10].ravel() - one_by_one)))

fig, axes = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
for ax, values, title in (
    (axes[0], absorbed.value, "absorbed between 0 and 1"),
    (axes[1], absorbed.n_evaluations, "evaluations of the integrand"),
):
    mesh = ax.pcolormesh(collisions, doppler[:, 0], values, shading="nearest")
    ax.set(xscale="log", yscale="log", xlabel="width by collisions", ylabel="width by motion")
    ax.set_title(title, loc="left", fontsize=10)
    fig.colorbar(mesh, ax=ax)

# %%
# Where the work went
# -------------------
#
# Only intervals that matter are halved. With ``trace=True`` a result draws its integrand with the
# final subdivision, and how the error fell from round to round.

narrow = quad(line, 0.0, 1.0, args=(1e-3, 1e-3), rtol=1e-9, trace=True)
narrow.plot()

# %%
# Is the error true?
# ------------------
#
# Without motion the profile is a Lorentz line, whose integral is known. The estimate is on the safe
# side, by orders of magnitude where the integrand is smooth.

gamma = np.logspace(-4, 1, 2000)
lorentz = quad(lambda x, g: g / np.pi / ((x - 0.4) ** 2 + g**2), 0.0, 1.0, args=(gamma,), rtol=1e-9)
exact = (np.arctan(0.6 / gamma) + np.arctan(0.4 / gamma)) / np.pi
true = np.abs(lorentz.value - exact)
print("error below the true error:", np.count_nonzero(lorentz.error < true - 1e-15), "of 2000")

fig, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
ax.loglog(gamma, np.maximum(true, 1e-18), ".", markersize=3, label="true error")
ax.loglog(gamma, lorentz.error, ".", markersize=3, label="estimated error")
ax.loglog(gamma, 1e-9 * lorentz.value, "k--", linewidth=1, label="tolerance")
ax.set(xlabel="width", ylabel="error")
ax.legend()
plt.show()
