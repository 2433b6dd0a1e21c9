"""The benchmark of convolutions in PyTorch: the single-layer convolutional network of Winston & Kolter (2020, section 4).

Every frequency of the half spectrum is one complex matrix: the transforms are torch.fft, the products a complex bmm. Peaceman-Rachford
splitting with step size 1 stops on the relative change of the whole batch, 1e-2, forward and backward.

Arguments: channels of the images, channels of the layer, rows and columns of an image, batch, threads. Each line of standard input, "solve" or
"step", is answered with the milliseconds that it took; a step ends with the update of Adam.
"""

import sys
import time

import torch
import torch.nn.functional as F

TOLERANCE = 1e-2
STEP = 1.0
LIMIT = 500
CLASSES, RATE = 10, 1e-3
MARGIN = 1.0


def kernel_spectrum(kernel, size):
    """The matrices by which a correlation multiplies spectra, [frequencies, outputs, inputs]."""
    outputs, inputs, k, _ = kernel.shape
    padded = F.pad(kernel, (0, size - k, 0, size - k)).roll((-(k // 2), -(k // 2)), (2, 3))
    return torch.fft.rfft2(padded).conj().permute(2, 3, 0, 1).reshape(-1, outputs, inputs)


def spectrum_of(x):
    """[frequencies, batch, channels]"""
    batch, channels = x.shape[:2]
    return torch.fft.rfft2(x).permute(2, 3, 0, 1).reshape(-1, batch, channels)


def images_of(spectrum, size):
    batch, channels = spectrum.shape[1:]
    whole = spectrum.reshape(size, size // 2 + 1, batch, channels).permute(2, 3, 0, 1)
    return torch.fft.irfft2(whole, s=(size, size))


def multiply(x, matrices):
    return images_of(torch.bmm(spectrum_of(x), matrices.transpose(1, 2)), x.shape[-1])


def splitting(bias, resolvent, proximal):
    z = torch.zeros_like(bias)
    u = torch.zeros_like(bias)
    for _ in range(LIMIT):
        u_half = 2 * z - u
        z_half = multiply(u_half + STEP * bias, resolvent)
        u = 2 * z_half - u_half
        z_next = proximal(u)
        error = (torch.linalg.norm(z_next - z) / (1e-6 + torch.linalg.norm(z_next))).item()
        z = z_next
        if error <= TOLERANCE:
            return z
    raise RuntimeError(f"no convergence within {LIMIT} iterations")


class MonotoneFixedPoint(torch.autograd.Function):
    """z = mask·relu(Wz + b). The gradient solves the adjoint equation by the same splitting; that of W is one matrix a frequency."""

    @staticmethod
    def forward(ctx, W, b, mask):
        identity = torch.eye(W.shape[1], dtype=W.dtype)
        resolvent = torch.linalg.inv((1 + STEP) * identity - STEP * W)
        z = splitting(b, resolvent, lambda x: torch.relu(x) * mask)
        pre_activation = multiply(z, W) + b
        ctx.save_for_backward(z, (pre_activation > 0) * mask, resolvent)
        return z

    @staticmethod
    def backward(ctx, v):
        z, J, resolvent = ctx.saved_tensors
        s = splitting(v, resolvent.conj().transpose(1, 2), lambda x: x * J)
        size = z.shape[-1]
        weights = torch.full((size, size // 2 + 1), 2.0)
        weights[:, 0] = 1
        if size % 2 == 0:
            weights[:, -1] = 1
        weights = weights.reshape(-1, 1, 1) / size**2
        gradient = weights * torch.bmm(spectrum_of(s).transpose(1, 2), spectrum_of(z).conj())
        return gradient, s, None


class Network(torch.nn.Module):
    def __init__(self, inputs, channels, size):
        super().__init__()
        self.size = size
        self.U = torch.nn.Conv2d(inputs, channels, 3, padding=1)
        self.A = torch.nn.Conv2d(channels, channels, 3, bias=False).weight
        self.B = torch.nn.Conv2d(channels, channels, 3, bias=False).weight
        self.g = torch.nn.Parameter(torch.tensor(0.5413248546))
        self.h = torch.nn.Parameter(torch.tensor(1.0))
        self.head = torch.nn.Linear(channels * size**2, CLASSES)
        self.mask = F.pad(torch.ones(size, size), (1, 1, 1, 1))

    def forward(self, x):
        torus = self.size + 2
        A = kernel_spectrum(self.A / self.A.norm(), torus)
        B = kernel_spectrum(self.h * self.B / self.B.norm(), torus)
        gram = torch.bmm(A.conj().transpose(1, 2), A)
        identity = torch.eye(A.shape[1], dtype=A.dtype)
        W = (1 - MARGIN) * identity - F.softplus(self.g) * gram + B - B.conj().transpose(1, 2)
        z = MonotoneFixedPoint.apply(W, F.pad(self.U(x), (1, 1, 1, 1)), self.mask)
        return self.head(z[:, :, 1:-1, 1:-1].flatten(1))


def main():
    inputs, channels, size, batch, threads = map(int, sys.argv[1:6])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = Network(inputs, channels, size)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    x = torch.rand(batch, inputs, size, size)
    labels = torch.arange(batch) % CLASSES
    for line in sys.stdin:
        since = time.perf_counter()
        if line.strip() == "solve":
            with torch.no_grad():
                network(x)
        else:
            optimiser.zero_grad()
            F.cross_entropy(network(x), labels).backward()
            optimiser.step()
        print(1000 * (time.perf_counter() - since), flush=True)


if __name__ == "__main__":
    main()
