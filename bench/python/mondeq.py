"""The benchmark's cases in PyTorch: a monotone equilibrium network as Winston & Kolter (2020) describe it.

Peaceman-Rachford splitting with step size 1, forward and backward. V = (I + (I - W))^-1 is computed once in each forward pass. The
iterations stop on the relative change of the whole batch, |z+ - z| / |z+| <= 1e-4. With m = 1, W = B - B^T - A^T A.

Reads a line of JSON for each call, and answers with another one:
- {"do": "begin", "case", "batch", "width", "most", "folder", "limits": {"repetitions", "milliseconds"}}: warms up. The folder holds the
  numbers of each repetition.
- {"do": "round", "repetition"}: one repetition; the answer {"going"} says whether it took place. The first one leaves its result in the
  folder.
- {"do": "judge", "verdict": "forget" or "mark"}: the verdict on the last repetition, which others disturbed.
- {"do": "finish"}: {"all", "units", "foreign", "repeated", "threads", "iterations"}, or {"error"}.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch

TOLERANCE = 1e-4
STEP = 1.0
LIMIT = 500
RELU_ITERATIONS = 50
INPUTS, CLASSES, RATE = 64, 10, 1e-3


def arrays_of(path):
    """All arrays of a file. Each is stored as its number of elements, followed by the elements as 32-bit numbers."""
    content = np.fromfile(path, dtype=np.float32)
    arrays, at = [], 0
    while at < len(content):
        count = int(content[at : at + 1].view(np.int32)[0])
        arrays.append(torch.from_numpy(content[at + 1 : at + 1 + count].copy()))
        at += 1 + count
    return arrays


def splitting(matrix, bias, resolvent, proximal):
    """Peaceman-Rachford for x = proximal(x M^T + bias), V = resolvent = (I + a(I - M))^-1."""
    z = torch.zeros_like(bias)
    u = torch.zeros_like(bias)
    for iteration in range(1, LIMIT + 1):
        u_half = 2 * z - u
        z_half = (u_half + STEP * bias) @ resolvent.T
        u = 2 * z_half - u_half
        z_next = proximal(u)
        error = (torch.linalg.norm(z_next - z) / (1e-6 + torch.linalg.norm(z_next))).item()
        z = z_next
        if error <= TOLERANCE:
            return z, iteration
    raise RuntimeError(f"no convergence within {LIMIT} iterations")


class MonotoneFixedPoint(torch.autograd.Function):
    """z = relu(W z + b); the gradient solves the adjoint equation by the same splitting (their Theorem 2)."""

    @staticmethod
    def forward(ctx, W, b, counts):
        identity = torch.eye(W.shape[0])
        resolvent = torch.linalg.inv(identity + STEP * (identity - W))
        z, counts["forward"] = splitting(W, b, resolvent, torch.relu)
        # One more application, which gives the pre-activation for the gradient of relu.
        pre_activation = z @ W.T + b
        ctx.save_for_backward(W, z, pre_activation, resolvent)
        ctx.counts = counts
        return z

    @staticmethod
    def backward(ctx, v):
        W, z, pre_activation, resolvent = ctx.saved_tensors
        J = (pre_activation > 0).to(z.dtype)
        weighted, ctx.counts["backward"] = splitting(W.T, v, resolvent.T, lambda x: x * J)
        return weighted.T @ z, weighted, None


def layer_matrix(A, B):
    return B - B.T - A.T @ A


def relu(numbers, batch, width, _units):
    W, b = numbers[0].view(width, width), numbers[1].view(batch, width)
    z = b
    for _ in range(RELU_ITERATIONS):
        z = torch.relu(z @ W.T + b)
    return z, None


def solve(numbers, batch, width, _units):
    A, B = (x.view(width, width).requires_grad_() for x in numbers[:2])
    b, v = (x.view(batch, width) for x in numbers[2:])
    b.requires_grad_()
    counts = {}
    MonotoneFixedPoint.apply(layer_matrix(A, B), b, counts).backward(v)
    gradient = b.grad
    for x in (A, B, b):
        x.grad = None
    return gradient, counts


def training(numbers, batch, width, units):
    inputs, labels, *parameters = numbers
    inputs = inputs.view(-1, INPUTS)
    labels = labels.to(torch.int64)
    shapes = [(width, width), (width, width), (width, INPUTS), (width,), (CLASSES, width), (CLASSES,)]
    A, B, U, c, D, d = (x.clone().view(shape).requires_grad_() for x, shape in zip(parameters, shapes))
    optimiser = torch.optim.Adam([A, B, U, c, D, d], lr=RATE)
    total = {"forward": 0.0, "backward": 0.0}
    for step in range(units):
        rows = slice(step * batch, (step + 1) * batch)
        counts = {}
        z = MonotoneFixedPoint.apply(layer_matrix(A, B), inputs[rows] @ U.T + c, counts)
        loss = torch.nn.functional.cross_entropy(z @ D.T + d, labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for direction in total:
            total[direction] += counts[direction] / units
    return None, total


CASES = {"relu": relu, "solve": solve, "training": training}


def timed(work, numbers, size, units):
    started = time.perf_counter()
    result = work(numbers, *size, units)
    return (time.perf_counter() - started) * 1e3, result


class Contest:
    """Measures as measure.ts does: warm-ups, then repetitions, each on its own numbers, until the time is up."""

    def __init__(self, assignment):
        self.work = CASES[assignment["case"]]
        self.size = assignment["batch"], assignment["width"]
        self.folder = Path(assignment["folder"])
        self.milliseconds = assignment["limits"]["milliseconds"]
        self.most = assignment["most"]
        self.times, self.counts = [], None
        self.units, self.foreign, self.repeated = 1, 0, 0

    def begin(self):
        share = self.milliseconds / 4
        numbers = arrays_of(self.folder / "0.bin")
        warm_ups = []
        while not warm_ups or (len(warm_ups) < 50 and sum(warm_ups) < share):
            warm_ups.append(timed(self.work, numbers, self.size, 1)[0])
        self.units = min(max(int(share / min(warm_ups)), 1), self.most)

    def round(self, repetition):
        if self.times and sum(self.times) >= self.milliseconds:
            return False
        numbers = arrays_of(self.folder / f"{repetition}.bin")
        elapsed, (answer, found) = timed(self.work, numbers, self.size, self.units)
        self.times.append(elapsed)
        if repetition == 1:
            self.counts = found
            if answer is not None:
                answer.detach().contiguous().numpy().tofile(self.folder / "answer.bin")
        return True

    def judge(self, verdict):
        if verdict == "mark":
            self.foreign += 1
        else:
            self.times.pop()
            self.repeated += 1

    def results(self):
        result = {
            "all": [elapsed / self.units for elapsed in self.times],
            "units": self.units,
            "foreign": self.foreign,
            "repeated": self.repeated,
            "threads": torch.get_num_threads(),
        }
        return {**result, "iterations": self.counts} if self.counts else result


class Session:
    """Runs one case after another. An error is reported at the end of its case, and the next case runs."""

    contest, error = None, None

    def begin(self, assignment):
        self.error = None
        self.contest = Contest(assignment)
        self.contest.begin()
        return {}

    def round(self, call):
        return {"going": self.error is None and self.contest.round(call["repetition"])}

    def judge(self, call):
        if self.error is None:
            self.contest.judge(call["verdict"])
        return {}

    def finish(self, _call):
        return self.contest.results() if self.error is None else {"error": self.error}

    def answer(self, call):
        try:
            return getattr(self, call["do"])(call)
        except Exception as error:
            self.error = str(error) or type(error).__name__
            return {"going": False, "error": self.error}


# All cores, because PyTorch's own choice depends on how it was built.
torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
session = Session()
for line in sys.stdin:
    print(json.dumps(session.answer(json.loads(line))), flush=True)
