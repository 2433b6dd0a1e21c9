"""Cone programs in cvxopt, one after the other.

The first line of input is an assignment in JSON: {"batch", "n", "m", "cones", "isShared", "tolerance", "file", "answer"}. The cones are
{"type", "dim"}, all "soc" before all "psd". The file holds P, c, A and b of all programs as 32-bit numbers, row by row, P and A once where
they are shared. Each line after it asks for one pass over all programs, which writes x and y of each program into the file "answer", as
64-bit numbers, and is answered by a line.
"""

import array
import json
import math
import sys

from cvxopt import matrix, solvers


def places_of(cones):
    """Where each entry of the cones of cvxopt, whose matrices are given in full, column by column, is in ours, and its factor there."""
    places, start = [], 0
    for cone in cones:
        size = cone["dim"]
        if cone["type"] == "soc":
            places += [(start + row, 1.0) for row in range(size)]
            start += size
            continue
        lower = {}
        for column in range(size):
            for row in range(column, size):
                lower[row, column] = start
                start += 1
        for column in range(size):
            for row in range(size):
                place = lower[max(row, column), min(row, column)]
                places.append((place, 1.0 if row == column else 1 / math.sqrt(2)))
    return places


def programs_of(assignment, places):
    batch, n, m = (assignment[name] for name in ("batch", "n", "m"))
    numbers = array.array("f")
    with open(assignment["file"], "rb") as file:
        numbers.frombytes(file.read())
    matrices = 1 if assignment["isShared"] else batch
    parts = [(matrices, n * n), (batch, n), (matrices, m * n), (batch, m)]
    programs = []
    for sample in range(batch):
        start, own = 0, []
        for count, size in parts:
            at = start + (sample % count) * size
            own.append(list(numbers[at : at + size]))
            start += count * size
        P, c, A, b = own
        rows = [factor * value for place, factor in places for value in A[place * n : (place + 1) * n]]
        G = matrix(rows, (n, len(places)), "d").T  # matrices of cvxopt are stored by columns
        h = matrix([factor * b[place] for place, factor in places], (len(places), 1), "d")
        programs.append((matrix(P, (n, n), "d"), matrix(c, (n, 1), "d"), G, h))
    return programs


def multipliers_of(z, places, m):
    """The lower triangles of z, times the root of 2 off the diagonal. The upper ones are not defined, and come second in each pair."""
    y = [None] * m
    for value, (place, factor) in zip(z, places):
        if y[place] is None:
            y[place] = value / factor
    return y


assignment = json.loads(sys.stdin.readline())
places = places_of(assignment["cones"])
programs = programs_of(assignment, places)
tolerance = assignment["tolerance"]
options = {"show_progress": False, "feastol": tolerance, "abstol": tolerance, "reltol": tolerance}
sizes = {kind: [cone["dim"] for cone in assignment["cones"] if cone["type"] == kind] for kind in ("soc", "psd")}
dims = {"l": 0, "q": sizes["soc"], "s": sizes["psd"]}
for _ in sys.stdin:
    found = [solvers.coneqp(*program, dims, options=options) for program in programs]
    answer = array.array("d")
    for each in found:
        answer.extend([*each["x"], *multipliers_of(each["z"], places, assignment["m"])])
    with open(assignment["answer"], "wb") as file:
        answer.tofile(file)
    print("done", flush=True)
