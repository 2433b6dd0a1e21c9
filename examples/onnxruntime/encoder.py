"""Writes encoder.onnx, the network features = tanh(x W + b), and encoder.npz, what it computes, in float64 by NumPy.

The file is written from the definition of its fields, onnx.proto, without a library. Run as: python3 encoder.py
"""
import numpy as np

BATCH, INPUTS, FEATURES = 12, 5, 24
random = np.random.default_rng(3)
W = (random.standard_normal((INPUTS, FEATURES)) / 2).astype(np.float32)
b = (random.standard_normal(FEATURES) / 2).astype(np.float32)


def varint(value):
    """Seven bits a byte, the lowest first; all bytes but the last have their highest bit set."""
    head = bytearray()
    while value > 127:
        head.append(value % 128 + 128)
        value //= 128
    return bytes(head) + bytes([value])


def field(number, value):
    """An integer is of the wire type 0; texts, bytes and messages are of type 2, with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def node(operator, inputs, output):
    """NodeProto: input = 1, output = 2, op_type = 4."""
    return field(1, b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, operator))


def initializer(name, array):
    """TensorProto: dims = 1, data_type = 2 (1 is float32), name = 8, raw_data = 9."""
    dims = b"".join(field(1, extent) for extent in array.shape)
    return field(5, dims + field(2, 1) + field(8, name) + field(9, array.tobytes()))


def value(number, name, width):
    """ValueInfoProto of a float32 tensor [batch, width]: TypeProto.tensor_type = 1, elem_type = 1, shape = 2."""
    shape = field(1, field(2, "batch")) + field(1, field(1, width))
    return field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, shape))))


graph = b"".join([
    node("MatMul", ["x", "W"], "product"), node("Add", ["product", "b"], "sum"), node("Tanh", ["sum"], "features"),
    field(2, "encoder"), initializer("W", W), initializer("b", b), value(11, "x", INPUTS), value(12, "features", FEATURES),
])
# ModelProto: ir_version = 1, graph = 7, opset_import = 8 with version = 2.
model = field(1, 8) + field(7, graph) + field(8, field(2, 13))
with open("encoder.onnx", "wb") as file:
    file.write(model)
x = random.standard_normal((BATCH, INPUTS)).astype(np.float32)
np.savez("encoder.npz", x=x, features=np.tanh(x.astype(np.float64) @ W.astype(np.float64) + b))
