"""Quadratic programs in cvxopt, one after the other.

The first line of input is an assignment in JSON: {"batch", "n", "m", "equalities", "tolerance", "file", "answer"}. The file holds P, q, A
and u of all programs as 32-bit numbers; the first rows of A are equalities, the others inequalities without a lower bound. Each line
after it asks for one pass over all programs, which writes x and y of each program into the file "answer", as 64-bit numbers, and is
answered by a line.
"""

import array
import json
import sys

from cvxopt import matrix, solvers


def programs_of(assignment):
    batch, n, m, equal = (assignment[name] for name in ("batch", "n", "m", "equalities"))
    numbers = array.array("f")
    with open(assignment["file"], "rb") as file:
        numbers.frombytes(file.read())
    sizes = [n * n, n, m * n, m]
    starts = [batch * sum(sizes[:index]) for index in range(len(sizes))]
    programs = []
    for sample in range(batch):
        P, q, A, u = (
            list(numbers[start + sample * size : start + (sample + 1) * size]) for start, size in zip(starts, sizes)
        )
        rows = matrix(A, (n, m), "d").T  # matrices of cvxopt are stored by columns
        bounds = matrix(u, (m, 1), "d")
        P, q = matrix(P, (n, n), "d"), matrix(q, (n, 1), "d")
        programs.append((P, q, rows[equal:, :], bounds[equal:], rows[:equal, :], bounds[:equal]))
    return programs


assignment = json.loads(sys.stdin.readline())
programs = programs_of(assignment)
tolerance = assignment["tolerance"]
options = {"show_progress": False, "feastol": tolerance, "abstol": tolerance, "reltol": tolerance}
for _ in sys.stdin:
    found = [solvers.qp(*program, options=options) for program in programs]
    answer = array.array("d")
    for each in found:
        answer.extend([*each["x"], *each["y"], *each["z"]])
    with open(assignment["answer"], "wb") as file:
        answer.tofile(file)
    print("done", flush=True)
