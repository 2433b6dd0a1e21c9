"""The Lasso cases in scikit-learn: a path of 100 lambda for each fold, with the loosest tolerance at which every lambda reaches the
required duality gap.

Each line of input is an assignment in JSON: {"samples", "features", "lambdas", "gap", "repetitions", "limit", "file"}. The file holds X,
y and the masks [folds, samples] of the rows that count, each as its number of elements followed by the elements as 32-bit numbers. The
answer is a line {"all": milliseconds, "tolerance", "gap"}. Repetitions end when another one would exceed the limit, in seconds.
"""

import json
import sys
import time

import numpy as np
from sklearn.linear_model import lasso_path

SMALLEST_RATIO = 1e-3
# Multiples of half the required gap (scikit-learn's tolerance is relative to |y|^2), from loose to strict; the first that suffices is
# used.
TOLERANCES = [10.0**power for power in range(1, -6, -1)]


def arrays_of(path):
    content = np.fromfile(path, dtype=np.float32)
    arrays, at = [], 0
    while at < len(content):
        count = int(content[at : at + 1].view(np.int32)[0])
        arrays.append(content[at + 1 : at + 1 + count].astype(np.float64))
        at += 1 + count
    return arrays


def worst_gap(X, y, alphas, coefficients):
    """The largest duality gap over the path, relative to |y|^2 / 2; scikit-learn's alpha is lambda / samples."""
    worst = 0.0
    for alpha, beta in zip(alphas * len(y), coefficients.T):
        residual = y - X @ beta
        primal = residual @ residual / 2 + alpha * np.abs(beta).sum()
        dual_point = residual * min(1.0, alpha / np.abs(X.T @ residual).max())
        dual = (y @ y - (y - dual_point) @ (y - dual_point)) / 2
        worst = max(worst, (primal - dual) / (y @ y / 2))
    return worst


def paths(problems, penalties, tolerance):
    """The coefficients of each fold, and the milliseconds that all folds took."""
    started = time.perf_counter()
    found = [
        lasso_path(X, y, alphas=penalties / len(y), tol=tolerance, max_iter=100_000)[1] for X, y in problems
    ]
    return found, (time.perf_counter() - started) * 1e3


def measure(assignment):
    X, y, masks = arrays_of(assignment["file"])
    X = X.reshape(assignment["samples"], assignment["features"])
    rows = masks.reshape(-1, len(y)) > 0
    problems = [(np.asfortranarray(X[counted]), y[counted]) for counted in rows]
    penalties = np.abs(X.T @ y).max() * np.geomspace(1, SMALLEST_RATIO, assignment["lambdas"])
    for factor in TOLERANCES:
        tolerance = factor * assignment["gap"] / 2
        found, took = paths(problems, penalties, tolerance)
        gap = max(worst_gap(X, y, penalties / len(y), each) for (X, y), each in zip(problems, found))
        if gap <= assignment["gap"]:
            break
    times = [took]
    while len(times) < assignment["repetitions"] and (sum(times) + max(times)) / 1e3 < assignment["limit"]:
        times.append(paths(problems, penalties, tolerance)[1])
    return {"all": times, "tolerance": tolerance, "gap": gap}


for line in sys.stdin:
    try:
        print(json.dumps(measure(json.loads(line))), flush=True)
    except Exception as error:  # reported, so that the next case can run
        print(json.dumps({"error": str(error)}), flush=True)
