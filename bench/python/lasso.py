"""The Lasso cases in scikit-learn: a path of 100 lambda for each fold, its tolerance set so that every lambda reaches the duality gap
asked for.

Reads an assignment a line as JSON: {"samples", "features", "lambdas", "gap", "repetitions", "limit", "file"}; the file holds X, y and
the masks [folds, samples] of the rows that count, each as its number of elements and the elements as 32-bit numbers. Answers with a
line {"all": milliseconds, "tolerance", "gap"}; when another repetition would go beyond the limit in seconds, there are fewer.
"""

import json
import sys
import time

import numpy as np
from sklearn.linear_model import lasso_path

SMALLEST_RATIO = 1e-3
# Of half the gap asked for, which it is relative to |y|^2: the loosest that is found to do.
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
    """Largest duality gap over the path, relative to |y|^2 / 2; scikit-learn's alpha is lambda / samples."""
    worst = 0.0
    for alpha, beta in zip(alphas * len(y), coefficients.T):
        residual = y - X @ beta
        primal = residual @ residual / 2 + alpha * np.abs(beta).sum()
        dual_point = residual * min(1.0, alpha / np.abs(X.T @ residual).max())
        dual = (y @ y - (y - dual_point) @ (y - dual_point)) / 2
        worst = max(worst, (primal - dual) / (y @ y / 2))
    return worst


def paths(problems, penalties, tolerance):
    """The coefficients of each fold, and the milliseconds they took."""
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
    except Exception as error:  # it is told, and the next case goes on
        print(json.dumps({"error": str(error)}), flush=True)
