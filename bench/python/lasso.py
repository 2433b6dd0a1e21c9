"""The Lasso cases in scikit-learn: a path of 100 lambda, its tolerance set so that every lambda reaches the duality gap asked for.

Reads an assignment a line as JSON: {"samples", "features", "lambdas", "gap", "repetitions", "file"}; the file holds X and y, each as
its number of elements and the elements as 32-bit numbers. Answers with a line {"all": milliseconds, "tolerance", "gap"}.
"""

import json
import sys
import time

import numpy as np
from sklearn.linear_model import lasso_path

SMALLEST_RATIO = 1e-3
TOLERANCES = [10.0**-power for power in range(4, 13)]


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


def measure(assignment):
    X, y = arrays_of(assignment["file"])
    X = np.asfortranarray(X.reshape(assignment["samples"], assignment["features"]))
    largest = np.abs(X.T @ y).max() / len(y)
    alphas = largest * np.geomspace(1, SMALLEST_RATIO, assignment["lambdas"])
    settings = {"alphas": alphas, "max_iter": 100_000}
    for tolerance in TOLERANCES:
        used, coefficients, _ = lasso_path(X, y, tol=tolerance, **settings)
        gap = worst_gap(X, y, used, coefficients)
        if gap <= assignment["gap"]:
            break
    times = []
    for _ in range(assignment["repetitions"]):
        started = time.perf_counter()
        lasso_path(X, y, tol=tolerance, **settings)
        times.append((time.perf_counter() - started) * 1e3)
    return {"all": times, "tolerance": tolerance, "gap": gap}


for line in sys.stdin:
    try:
        print(json.dumps(measure(json.loads(line))), flush=True)
    except Exception as error:  # it is told, and the next case goes on
        print(json.dumps({"error": str(error)}), flush=True)
