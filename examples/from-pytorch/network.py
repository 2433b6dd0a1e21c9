"""Makes a network of PyTorch's layout and what it computes, in float64 by NumPy: network.safetensors and outputs.npz.

The network is SingleFcNet of the authors' code (Winston & Kolter, "Monotone operator equilibrium networks", 2020):

    z = relu(W z + U x + u),  W z = (1 - m) z - A.weight' A.weight z + B.weight z - B.weight' z,  y = Wout.weight z + Wout.bias

as nn.Linear has it: a weight is [outputs, inputs] and computes x @ weight.T. Run as: python3 network.py
"""
import json

import numpy as np

INPUTS, WIDTH, OUTPUTS, MARGIN = 6, 20, 3, 0.5
random = np.random.default_rng(7)


def linear(outputs, inputs):
    """As nn.Linear draws its weights: uniform on +-1 / sqrt(inputs), float32."""
    return random.uniform(-1, 1, (outputs, inputs)).astype(np.float32) * np.float32(inputs**-0.5)


state = {
    "mon.linear_module.U.weight": linear(WIDTH, INPUTS),
    "mon.linear_module.U.bias": linear(WIDTH, INPUTS)[:, 0],
    "mon.linear_module.A.weight": 2 * linear(WIDTH, WIDTH),
    "mon.linear_module.B.weight": 2 * linear(WIDTH, WIDTH),
    "Wout.weight": linear(OUTPUTS, WIDTH),
    "Wout.bias": linear(OUTPUTS, WIDTH)[:, 0],
}


def outputs_of(inputs):
    """Forward-backward splitting in float64, until nothing changes any more."""
    U, u, A, B, V, v = (array.astype(np.float64) for array in state.values())
    W = (1 - MARGIN) * np.eye(WIDTH) - A.T @ A + B - B.T
    b = inputs @ U.T + u
    step = MARGIN / np.linalg.norm(np.eye(WIDTH) - W, 2) ** 2
    z = np.zeros_like(b)
    for _ in range(100_000):
        before, z = z, np.maximum((1 - step) * z + step * (z @ W.T + b), 0)
        if np.array_equal(before, z):
            break
    assert np.abs(z - np.maximum(z @ W.T + b, 0)).max() < 1e-13
    return z @ V.T + v


def write_safetensors(path, tensors):
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, array in tensors.items():
        end = len(body) + array.nbytes
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(body), end]}
        body += np.ascontiguousarray(array).tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + body)


inputs = random.standard_normal((8, INPUTS))
write_safetensors("network.safetensors", state)
np.savez("outputs.npz", inputs=inputs, outputs=outputs_of(inputs))
