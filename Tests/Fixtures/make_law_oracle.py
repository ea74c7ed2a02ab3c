"""Optima of scaling laws by scipy, for OracleTests: python3 make_law_oracle.py > law_oracle.json

Made points (no published ones), the tied and the free law, three objectives. scipy starts from many
places, with bounds, and what it finds best is written: its parameters and its objective.
"""

import json
import sys

import numpy as np
from scipy.optimize import least_squares, minimize

DELTA = 1e-3


def points(n, seed, noise, outliers=0, floor=1.7):
    """Runs of a law with free exponents, on sizes and multipliers drawn at random."""
    random = np.random.default_rng(seed)
    size = 10 ** random.uniform(6.5, 9, n)
    tokens = size * 10 ** random.uniform(1, 2.8, n)
    alpha, beta = random.uniform(0.2, 0.4, 2)
    a, b = 1.5 * 1e8**alpha, 1.5 * 1e10**beta
    loss = floor + a * size**-alpha + b * tokens**-beta
    loss = loss * np.exp(noise * random.standard_normal(n))
    loss[:outliers] *= 1.05
    return size, tokens, loss


def residuals(theta, size, tokens, loss, objective):
    """theta: E, A·1e8^-alpha, B·1e10^-beta, alpha and, where it is free, beta."""
    alpha, beta = theta[3], theta[-1]
    f = theta[0] + theta[1] * (size / 1e8) ** -alpha + theta[2] * (tokens / 1e10) ** -beta
    return f - loss if objective == "paper" else np.log(f / loss)


def height(theta, *args):
    r = residuals(theta, *args)
    if args[-1] != "huber":
        return np.sum(r * r)
    a = np.abs(r)
    return np.sum(np.where(a <= DELTA, r * r / 2, DELTA * (a - DELTA / 2)))


def best(law, args):
    size = 4 if law == "over-training" else 5
    low, high = [0, 0, 0] + [0.02] * (size - 3), [10, 20, 20] + [1.2] * (size - 3)
    found = []
    for floor in (0.1, 1.0, 2.0):
        for alpha in (0.1, 0.25, 0.4, 0.7):
            for beta in (0.15, 0.3, 0.6) if size == 5 else (None,):
                start = [floor, 1.5, 1.5, alpha] + ([beta] if beta else [])
                soft = least_squares(
                    residuals, start, bounds=(low, high), args=args, x_scale="jac",
                    xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=4000)
                found.append((height(soft.x, *args), list(soft.x)))
    found.sort(key=lambda pair: pair[0])
    if args[-1] == "huber":
        # The squares' optima are starts for the objective that least_squares does not have.
        polished = []
        for _, x in found[:6]:
            for _ in range(6):
                step = minimize(
                    lambda z: 1e6 * height(z, *args), x, method="Nelder-Mead",
                    bounds=list(zip(low, high)),
                    options=dict(maxiter=8000, maxfev=8000, xatol=1e-12, fatol=1e-13, adaptive=True))
                x = list(step.x)
                step = minimize(
                    lambda z: 1e6 * height(z, *args), x, method="L-BFGS-B",
                    bounds=list(zip(low, high)), options=dict(ftol=1e-16, gtol=1e-12))
                x = list(step.x) if step.fun < 1e6 * height(x, *args) else x
            polished.append((height(x, *args), x))
        found = sorted(polished, key=lambda pair: pair[0])
    return found[0]


cases = []
for made in [(6, 1, 0.003, 0), (8, 2, 0.01, 0), (12, 3, 0.003, 1), (19, 4, 0.01, 2),
             (30, 5, 0.003, 0), (30, 6, 0.02, 3), (12, 7, 0.02, 0, 0.0)]:
    size, tokens, loss = points(*made)
    case = dict(N=list(size), D=list(tokens), loss=list(loss), optima=[])
    for law in ("over-training", "chinchilla"):
        for objective in ("paper", "log", "huber"):
            value, x = best(law, (size, tokens, loss, objective))
            alpha, beta = x[3], x[-1]
            case["optima"].append(dict(
                law=law, objective=objective, value=value, E=x[0], A=x[1] * 1e8**alpha,
                B=x[2] * 1e10**beta, alpha=alpha, beta=beta))
    cases.append(case)
json.dump(dict(cases=cases), sys.stdout, indent=1)
print()
