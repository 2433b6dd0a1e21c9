"""The benchmark's cases in PyTorch: a monotone equilibrium network as Winston & Kolter (2020) describe it.

Peaceman-Rachford splitting with step 1 forward and backward, V = (I + (I - W))^-1 inverted once in each forward pass, stopped on
the relative step of the whole batch, |z+ - z| / |z+| <= 1e-4. With m = 1, W = B - B^T - A^T A.

Reads one assignment a line as JSON: {"case", "batch", "width", "most", "folder", "limits": {"repetitions", "milliseconds"}}; the
folder holds the numbers of each repetition. Answers with a line {"all", "units", "iterations"} and leaves the first answer in
the folder.
"""

import json
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
    """All arrays of a file: each is its number of elements, and the elements as 32-bit numbers."""
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
        # One more application, from which the gradient of relu is taken.
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


def measure(assignment):
    """As measure.ts does it: warm-ups, then repetitions on numbers of their own until the time is up."""
    work = CASES[assignment["case"]]
    size = assignment["batch"], assignment["width"]
    folder = Path(assignment["folder"])
    limits = assignment["limits"]
    share = limits["milliseconds"] / 4
    numbers = arrays_of(folder / "0.bin")
    warm_ups = []
    while not warm_ups or (len(warm_ups) < 3 and sum(warm_ups) < share):
        warm_ups.append(timed(work, numbers, size, 1)[0])
    units = min(max(int(share / min(warm_ups)), 1), assignment["most"])
    times, counts = [], None
    for repetition in range(1, limits["repetitions"] + 1):
        if times and sum(times) >= limits["milliseconds"]:
            break
        elapsed, (answer, found) = timed(work, arrays_of(folder / f"{repetition}.bin"), size, units)
        times.append(elapsed)
        if repetition == 1:
            counts = found
            if answer is not None:
                answer.detach().contiguous().numpy().tofile(folder / "answer.bin")
    result = {"all": [elapsed / units for elapsed in times], "units": units}
    return {**result, "iterations": counts} if counts else result


for line in sys.stdin:
    try:
        print(json.dumps(measure(json.loads(line))), flush=True)
    except Exception as error:  # it is told, and the next case goes on
        print(json.dumps({"error": str(error)}), flush=True)
