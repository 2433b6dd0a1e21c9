"""The layers of bench/gpu/layers.ts in PyTorch on a GPU: the same algorithm, numbers and iterations as Equilibra, in float32.

Peaceman-Rachford splitting with the same step size and the same start, for as many iterations forward and backward as Equilibra
made. Unlike in Equilibra, nothing is read back or tested between iterations. Timed are W from A and B, the inverse, both solves, and
the gradients of A, B and b by their formulas, without a tape; the gradient of b is read. The step size and the number of Newton-Schulz
iterations depend only on the numbers, and are computed beforehand, untimed. Called with one argument in JSON:
{"folder", "sizes": [{"case", "batch", "width", "iterations"}], "modes", "product", "limits": {"repetitions", "milliseconds"}, "device"}.
Prints lines of JSON, which TorchLine in bench/gpu/parts.ts describes.
"""

import json
import sys
import time

import numpy as np
import torch

RELU_ITERATIONS = 50
MARGIN = 1.0
SHARE = 1e-6  # accepted ‖I − MX‖: a hundredth of the tolerance 1e-4, as in Equilibra
MOST_STEPS = 60

given = json.loads(sys.argv[1])
device = torch.device(given["device"])
# Full float32: TF32 would round the factors of products to 10 bits.
torch.set_float32_matmul_precision("highest")
torch.set_grad_enabled(False)


def tell(line):
    print(json.dumps(line), flush=True)


def finished():
    if device.type == "cuda":
        torch.cuda.synchronize()


def arrays_of(path):
    """All arrays of a file. Each is stored as its number of elements, followed by the elements as 32-bit numbers."""
    content = np.fromfile(path, dtype=np.float32)
    arrays, at = [], 0
    while at < len(content):
        count = int(content[at : at + 1].view(np.int32)[0])
        arrays.append(torch.from_numpy(content[at + 1 : at + 1 + count].copy()).to(device))
        at += 1 + count
    return arrays


def newton_schulz(matrix, identity, scale, steps):
    """The inverse by X+ = X + X(I - MX) from X = cM^T. Each iteration squares the error."""
    x = scale * matrix.T
    for _ in range(steps):
        x = torch.addmm(x, x, torch.addmm(identity, matrix, x, alpha=-1))
    return x


def start_of(matrix, identity):
    """c, and the number of iterations until the error is small or no longer falls."""
    largest, smallest = (float(x) for x in (torch.linalg.matrix_norm(matrix, 2), torch.linalg.matrix_norm(matrix, -2)))
    scale = 2 / (largest**2 + smallest**2)
    error, steps = float("inf"), 0
    while steps < MOST_STEPS:
        x = newton_schulz(matrix, identity, scale, steps)
        found = float(torch.linalg.matrix_norm(identity - matrix @ x))
        if found <= SHARE or (found < 0.5 and found > 0.9 * error):
            break
        error, steps = found, steps + 1
    return scale, steps


def splitting(b, factor, bias, proximal, iterations):
    """u+ = 2z - r with r = 2 prox(u) - u + a b and z = V r, from u = a b. Samples are rows, so `factor` is V^T."""
    u = bias
    for _ in range(iterations):
        right = 2 * proximal(u) - u + bias
        u = torch.addmm(bias - right, right, factor, alpha=2)
    return proximal(u)


class Solve:
    def __init__(self, numbers, batch, width, iterations, inverse):
        self.A, self.B = (x.view(width, width) for x in numbers[:2])
        self.b, self.v = (x.view(batch, width) for x in numbers[2:4])
        self.iterations, self.inverse = iterations, inverse
        self.identity = torch.eye(width, device=device)
        difference = self.identity - self.matrix()
        norm = float(torch.linalg.matrix_norm(difference, 2))
        self.step = min(1 / (MARGIN * norm) ** 0.5, 3 / norm)
        self.scale, self.steps = start_of(self.identity + self.step * difference, self.identity)

    def matrix(self):
        return self.B - self.B.T - self.A.T @ self.A  # (1 - m)I is 0

    def run(self):
        W = self.matrix()
        shifted = self.identity + self.step * (self.identity - W)
        if self.inverse == "linalg":
            resolvent = torch.linalg.inv_ex(shifted)[0]  # does not wait for a check of success
        else:
            resolvent = newton_schulz(shifted, self.identity, self.scale, self.steps)
        z = splitting(self.b, resolvent.T, self.step * self.b, torch.relu, self.iterations["forward"])
        # J from the pre-activation, never from z > 0.
        J = (torch.addmm(self.b, z, W.T) > 0).to(z.dtype)
        weighted = splitting(self.v, resolvent, self.step * self.v, lambda x: x * J, self.iterations["backward"])
        gradient = weighted.T @ z
        gradients = -self.A @ (gradient + gradient.T), gradient - gradient.T
        return weighted, gradients


class Relu:
    def __init__(self, numbers, batch, width, _iterations, _inverse):
        self.W, self.b = numbers[0].view(width, width), numbers[1].view(batch, width)

    def run(self):
        z = self.b
        for _ in range(RELU_ITERATIONS):
            z = torch.relu(torch.addmm(self.b, z, self.W.T))
        return z, ()


CASES = {"relu": Relu, "solve": Solve}


def captured(work):
    """The work as one CUDA graph, after a warm-up on another stream, which the capture requires."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work.run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        results = work.run()

    def replay():
        graph.replay()
        return results

    return replay


def times_of(run):
    """The milliseconds of each repetition, and the first answer."""
    limits = given["limits"]
    times, warm_ups, answer = [], [], None
    while not warm_ups or (len(warm_ups) < 50 and sum(warm_ups) < limits["milliseconds"] / 4):
        warm_ups.append(timed(run)[0])
    while len(times) < limits["repetitions"] and sum(times) < limits["milliseconds"]:
        elapsed, found = timed(run)
        times.append(elapsed)
        answer = found if answer is None else answer
    return times, answer


def timed(run):
    finished()
    started = time.perf_counter()
    answer = run()[0].cpu()
    finished()
    return (time.perf_counter() - started) * 1e3, answer


def layer(size, mode):
    name, batch, width = size["case"], size["batch"], size["width"]
    line = {"kind": "layer", "case": name, "batch": batch, "width": width, "mode": mode}
    *numbers, expected = arrays_of("{}/{}-{}x{}.bin".format(given["folder"], name, batch, width))
    work = CASES[name](numbers, batch, width, size.get("iterations"), "linalg" if mode.endswith("linalg") else "products")
    all_times, answer = times_of(captured(work) if mode.startswith("graph") else work.run)
    expected = expected.view(batch, width).cpu().double()
    difference = float(torch.linalg.norm(answer.double() - expected) / torch.linalg.norm(expected))
    return {**line, "all": all_times, "difference": difference}


def product(size):
    x, y = (torch.rand(size, size, device=device) for _ in range(2))
    together = 10
    times = []
    for _ in range(8):
        finished()
        started = time.perf_counter()
        for _ in range(together):
            x @ y
        finished()
        times.append((time.perf_counter() - started) * 1e3 / together)
    milliseconds = float(np.median(times[1:]))
    return {"kind": "product", "size": size, "milliseconds": milliseconds, "gigaflops": 2 * size**3 / (milliseconds * 1e6)}


def about():
    x, y = (torch.rand(256, 256, device=device) for _ in range(2))
    exact = x.double() @ y.double()
    error = float(torch.linalg.norm((x @ y).double() - exact) / torch.linalg.norm(exact))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, {} threads".format(torch.get_num_threads())
    precision = torch.get_float32_matmul_precision()
    # Products in TF32 have an error of 3e-4, so the measured error shows whether it is off.
    tf32 = "off" if error < 1e-5 else "ON"
    return "PyTorch {}, CUDA {}, {}; float32 precision '{}', TF32 {}: a product is right to {:.0e}".format(
        torch.__version__, torch.version.cuda, name, precision, tf32, error
    )


tell({"kind": "about", "text": about()})
if given.get("product"):
    tell(product(given["product"]))
for size in given["sizes"]:
    for mode in given["modes"]:
        if size["case"] == "relu" and mode.endswith("linalg"):
            continue  # there is nothing to invert
        try:
            tell(layer(size, mode))
        except Exception as error:  # reported, so that the next one can run
            names = ("case", "batch", "width")
            text = (str(error) or type(error).__name__).split("\n")[0]
            tell({"kind": "layer", **{name: size[name] for name in names}, "mode": mode, "error": text})
