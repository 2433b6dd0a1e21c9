/**
 * A user's own linear map on every backend: a circulant matrix by discrete Fourier transforms, compared with its dense
 * matrix.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { type BackendName, type Engine, type LinearMap, monotoneFixedPoint, type Tensor } from '../../src/index.ts';
import { FORWARD_SOLVERS, LINEAR_SOLVERS } from '../../src/solvers/index.ts';
import { engineOn } from '../support/engines.ts';
import { normals, relativeError } from '../support/numbers.ts';

interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}
const times = (a: Complex, b: Complex): Complex => ({
  re: a.re.mul(b.re).sub(a.im.mul(b.im)),
  im: a.re.mul(b.im).add(a.im.mul(b.re)),
});
const conjugate = ({ re, im }: Complex): Complex => ({ re, im: im.neg() });
const inverse = (a: Complex): Complex => {
  const size = a.re.square().add(a.im.square());
  return { re: a.re.div(size), im: a.im.neg().div(size) };
};

/** (Wz)ᵢ = Σⱼ cᵢ₋ⱼ zⱼ, indices modulo n: in the Fourier domain, a product with ĉ. @param c [n] */
function circulant(c: Tensor, margin: number): LinearMap {
  const n = c.size;
  return {
    key: 'circulant',
    n,
    parameters: [c],
    margin: { value: margin, by: 'checked', reason: 'by the least real part of 1 − ĉ' },
    traced([kernel], tracing) {
      const table = (f: (angle: number) => number): Tensor => {
        const values = Array.from({ length: n * n }, (_, at) => f((2 * Math.PI * (((at / n) | 0) * (at % n))) / n));
        return tracing.constant({ kind: 'values', values }, [n, n]);
      };
      const [cosines, sines] = [table(Math.cos), table(Math.sin)];
      const transform = (x: Tensor): Complex => ({ re: x.matmul(cosines), im: x.matmul(sines).neg() });
      const transformBack = ({ re, im }: Complex): Tensor =>
        re
          .matmul(cosines)
          .sub(im.matmul(sines))
          .mul(1 / n);
      const spectrumOf = (x: Tensor): Complex => transform(x.reshape([1, n]));
      const filter = (x: Tensor, by: Complex, transposed = false): Tensor =>
        transformBack(times(transform(x), transposed ? conjugate(by) : by));
      const spectrum = spectrumOf(kernel);
      const unit = tracing.constant({ kind: 'values', values: [1, ...new Array(n - 1).fill(0)] }, [n]);
      return {
        apply: (z, { transposed }) => filter(z, spectrum, transposed),
        norms: () => ({ bound: unit.sub(kernel).abs().sum().reshape([1]) }),
        resolvent(step) {
          const shifted = { re: spectrum.re.neg().add(1).mul(step).add(1), im: spectrum.im.neg().mul(step) };
          const V = inverse(shifted); // 1/(1 + α(1 − ĉ))
          return { apply: (x, { transposed }) => filter(x, V, transposed) };
        },
        cotangent(left, right) {
          const { re, im } = times(transform(left), conjugate(transform(right)));
          return [transformBack({ re: re.sum(0, { keepAxes: true }), im: im.sum(0, { keepAxes: true }) }).reshape([n])];
        },
        tangent: ([change = kernel], z) => filter(z, spectrumOf(change)),
      };
    },
  };
}

const [n, batch] = [12, 3];
const c = normals(n, 3, 0.12); // Σ|cᵢ| < 1: every solver converges
const at = (i: number, j: number): number => (i - j + n) % n;
const W = Array.from({ length: n * n }, (_, place) => c[at(Math.floor(place / n), place % n)]);
const real = (k: number): number => c.reduce((sum, x, i) => sum + x * Math.cos((2 * Math.PI * i * k) / n), 0);
const margin = Math.min(...c.map((_, k) => 1 - real(k)));
const [b, v, db, dc] = [normals(batch * n, 4), normals(batch * n, 5), normals(batch * n, 6), normals(n, 7)];

type Names = Pick<NonNullable<Parameters<typeof monotoneFixedPoint>[2]>, 'solver' | 'linearSolver'>;

/** z, the gradients of b and of c, and a tangent; and the certificate. */
async function solveBothWays(engine: Engine, isDense: boolean, names: Names) {
  const tape = new Tape();
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const given = tape.watch(isDense ? engine.tensor(W, [n, n]) : engine.tensor(c));
  const options = { ...names, activation: 'relu', tolerance: engine.epsilon < 1e-9 ? 1e-13 : 1e-6 } as const;
  const solution = isDense
    ? monotoneFixedPoint(given, bias, { ...options, margin })
    : monotoneFixedPoint(circulant(given, margin), bias, options);
  const { z } = solution;
  const [gradB, gradient] = tape.pullback(z, [bias, given], engine.tensor(v, [batch, n]));
  const change = isDense
    ? engine.tensor(
        Float64Array.from(W, (_, i) => dc[at((i / n) | 0, i % n)]),
        [n, n],
      )
    : engine.tensor(dc);
  const [tangent] = pushforward(tape, [given, bias], [change, engine.tensor(db, [batch, n])], [z]);
  const [dense, ...others] = await Promise.all([gradient, z, gradB, tangent].map((tensor) => tensor.data()));
  const gradC = isDense ? c.map((_, k) => c.reduce((sum, _x, i) => sum + dense[i * n + at(i, k)], 0)) : dense;
  return { numbers: [gradC, ...others], certificate: await solution.certificate() };
}

describe.each<BackendName>(['cpu', 'wasm', 'gpujs', 'webgpu'])('a circulant map on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  // `auto` reuses the resolvent of the forward solve, if that had one; forward-backward splitting has none.
  const cases = [
    ...Object.keys(FORWARD_SOLVERS).map((solver) => ({ solver, linearSolver: 'auto' })),
    ...Object.keys(LINEAR_SOLVERS).map((linearSolver) => ({ solver: 'forward-backward', linearSolver })),
  ] as Names[];

  test.each(cases)('$solver, $linearSolver', async (names) => {
    const opened = await engine();
    const [found, dense] = [await solveBothWays(opened, false, names), await solveBothWays(opened, true, names)];
    for (const [part, numbers] of found.numbers.entries()) {
      expect(relativeError(numbers, dense.numbers[part])).toBeLessThan(opened.epsilon < 1e-9 ? 1e-11 : 2e-5);
    }
    expect(found.certificate).toMatchObject({ status: 'certified', argument: 'margin' });
    expect(found.certificate.reason).toContain('by the least real part of 1 − ĉ');
  });
});
