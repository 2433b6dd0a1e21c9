/** The monotone convolution on every backend, compared with its dense matrix. */
import { afterAll, describe, expect, test } from 'vitest';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { convolutionMapOf, interiorMask } from '../../src/implicit/monotone-convolution.ts';
import {
  type ActivationOption,
  type BackendName,
  type Engine,
  type LinearMap,
  monotoneFixedPoint,
} from '../../src/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type DenseProblem, denseConvolution, normalConvolution } from '../support/dense-convolution.ts';
import { createOracle, engineOn } from '../support/engines.ts';
import { denseSolve, matmul, norm, normals, relativeError, transpose } from '../support/numbers.ts';

const NAMES = ['A', 'B', 'g', 'h', 'm'] as const;

function tensorsOf(engine: Engine, problem: DenseProblem): Record<(typeof NAMES)[number], Tensor> {
  const { channels: c, size: k } = problem;
  const kernel = (values: ArrayLike<number>): Tensor => engine.tensor(values, [c, c, k, k]);
  return {
    A: kernel(problem.A),
    B: kernel(problem.B),
    g: engine.tensor([problem.g]),
    h: engine.tensor([problem.h]),
    m: engine.tensor([problem.m]),
  };
}

const mapOf = (
  weights: Record<(typeof NAMES)[number], Tensor>,
  { torus: [rows, columns], m }: DenseProblem,
): LinearMap => convolutionMapOf(weights, { rows, columns }, m);

/** Wx, Wᵀx, Vx and Vᵀx for each row of x. */
async function products(engine: Engine, map: LinearMap, x: ArrayLike<number>, batch: number, alpha: number) {
  const inputs = [...map.parameters, engine.tensor(x, [batch, map.n]), engine.tensor([alpha])];
  const made = engine.run(`products of ${map.key}`, inputs, (traced, tracing) => {
    const [rows, step] = traced.slice(map.parameters.length);
    const W = map.traced(traced.slice(0, map.parameters.length), tracing);
    const number = (value: number): Tensor => tracing.constant({ kind: 'fill', value }, [1]);
    const V = W.resolvent?.(step, { smallest: number(1), largest: number(9), tolerance: number(1e-9) });
    const sides = [false, true].map((transposed) => ({ transposed }));
    const { bound, estimate = bound } = W.norms();
    return [
      ...sides.map((side) => W.apply(rows, side)),
      ...sides.map((side) => V?.apply(rows, side) ?? rows),
      bound,
      estimate,
    ];
  });
  return Promise.all(made.map((tensor) => tensor.data()));
}

/** ‖M‖₂ by power iteration. */
function largestSingularValue(matrix: number[], n: number): number {
  let x = normals(n, 3);
  let size = 0;
  for (let step = 0; step < 200; step++) {
    x = matmul(transpose(matrix, n, n), matmul(matrix, x, n, n, 1), n, n, 1);
    size = norm(x);
    x = x.map((value) => value / size);
  }
  return Math.sqrt(size);
}

/** z, the gradients of b and of the parameters, a tangent, and the certificate. */
async function solve(
  engine: Engine,
  problem: DenseProblem,
  activation: ActivationOption,
  b: number[],
  v: number[],
  moved: readonly string[],
) {
  const tape = new Tape();
  const weights = tensorsOf(engine, problem);
  for (const name of NAMES) weights[name] = tape.watch(weights[name]);
  const map = mapOf(weights, problem);
  const batch = b.length / map.n;
  const bias = tape.watch(engine.tensor(b, [batch, map.n]));
  const solution = monotoneFixedPoint(map, bias, {
    activation,
    tolerance: engine.epsilon < 1e-9 ? 1e-13 : 1e-6,
    selection: 0,
  });
  const all = [...NAMES.map((name) => weights[name]), bias];
  const gradients = tape.pullback(solution.z, all, engine.tensor(v, [batch, map.n]));
  const along = all.filter((_, at) => moved.includes([...NAMES, 'b'][at]));
  const changes = along.map((tensor, at) => engine.tensor(normals(tensor.size, 70 + at), tensor.shape));
  const [tangent] = pushforward(tape, along, changes, [solution.z]);
  const numbers = await Promise.all([solution.z, ...gradients, tangent].map((tensor) => tensor.data()));
  const slope = await Promise.all(changes.map((change) => change.data()));
  return {
    z: numbers[0],
    gradients: numbers.slice(1, -1),
    tangent: numbers[numbers.length - 1],
    along: along.map((tensor) => all.indexOf(tensor)),
    slope,
    certificate: await solution.certificate(),
  };
}

/** The same with the dense matrix on the oracle, whose gradient the definition pulls back to the parameters. */
async function solveDense(problem: DenseProblem, activation: ActivationOption, b: number[], v: number[]) {
  const engine = createOracle();
  const dense = denseConvolution(problem);
  const { n } = dense;
  const tape = new Tape();
  const W = tape.watch(engine.tensor(dense.W, [n, n]));
  const bias = tape.watch(engine.tensor(b, [b.length / n, n]));
  const { z } = monotoneFixedPoint(W, bias, { activation, margin: problem.m * (1 - 1e-9), tolerance: 1e-13 });
  const gradients = tape.pullback(z, [W, bias], engine.tensor(v, bias.shape));
  const [values, ofW, ofB] = await Promise.all([z, ...gradients].map((tensor) => tensor.data()));
  const { A, B, g, h, m } = dense.pullback(ofW);
  engine.close();
  return { z: values, gradients: [A, B, [g], [h], [m], ofB] };
}

const SHAPES: readonly (readonly [channels: number, torus: readonly [number, number], size: number])[] = [
  [2, [8, 10], 3], // with so many frequencies, products of kernels are formed tap by tap
  [2, [4, 4], 3],
  [3, [5, 5], 3],
  [2, [4, 5], 3],
  [2, [5, 6], 5],
  [1, [3, 4], 3],
  [2, [1, 1], 3], // the kernel is larger than the image: its numbers add up
  [3, [2, 3], 1],
  [1, [3, 40], 3], // tap by tap, and a product of kernels is larger than the image
];

describe.each<BackendName>(['cpu', 'wasm', 'gpujs', 'webgpu'])('a monotone convolution on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  const bound = (isGradient: boolean, { epsilon }: Engine): number =>
    epsilon < 1e-9 ? 1e-10 : isGradient ? 1e-4 : 1e-5;

  const isOracle = backend === 'cpu';
  test.each(isOracle ? SHAPES : SHAPES.slice(0, 5))(
    'is its dense matrix: %i channels, %j, kernel %i',
    async (channels, torus, size) => {
      const opened = await engine();
      const problem = normalConvolution(channels, torus, size, 1);
      const { W, n } = denseConvolution(problem);
      const [x, alpha, batch] = [normals(2 * n, 9), 0.75, 2];
      const map = mapOf(tensorsOf(opened, problem), problem);
      const found = await products(opened, map, x, batch, alpha);
      const shifted = W.map((value, at) => (at % (n + 1) === 0 ? 1 + alpha : 0) - alpha * value);
      const rows = Array.from({ length: batch }, (_, sample) => x.slice(sample * n, (sample + 1) * n));
      const largest = largestSingularValue(
        W.map((value, at) => (at % (n + 1) === 0 ? 1 : 0) - value),
        n,
      );
      const [[limit], [estimate]] = found.slice(4);
      expect(limit).toBeGreaterThan(largest * (1 - 1e-6));
      expect(estimate / largest).toBeGreaterThan(0.7);
      expect(estimate).toBeLessThanOrEqual(limit);
      const expected = [
        matmul(x, transpose(W, n, n), batch, n, n),
        matmul(x, W, batch, n, n),
        rows.flatMap((row) => denseSolve(shifted, row, n)),
        rows.flatMap((row) => denseSolve(transpose(shifted, n, n), row, n)),
      ];
      for (const [at, numbers] of expected.entries()) {
        expect(relativeError(found[at], numbers)).toBeLessThan(bound(false, opened));
      }
    },
  );

  test.each([
    ...SHAPES.slice(0, isOracle ? SHAPES.length : 2).map(([channels, torus, size]) => ({
      channels,
      torus,
      size,
      name: 'relu' as const,
      interior: undefined,
    })),
    { channels: 2, torus: [6, 6] as const, size: 3, name: 'relu' as const, interior: [4, 4] as const },
    { channels: 2, torus: [6, 5] as const, size: 3, name: 'sigmoid' as const, interior: [4, 3] as const },
    { channels: 2, torus: [3, 3] as const, size: 3, name: 'tanh' as const, interior: [1, 1] as const },
  ])(
    'is solved and differentiated as it: $channels channels, $torus, kernel $size, $name, interior $interior',
    async ({ channels, torus, size, name, interior }) => {
      const opened = await engine();
      const problem = normalConvolution(channels, torus, size, 20);
      const n = channels * torus[0] * torus[1];
      const [b, v] = [normals(2 * n, 5), normals(2 * n, 6)];
      const activation = interior ? { name, mask: interiorMask(channels, torus, interior) } : name;
      const dense = await solveDense(problem, activation, b, v);
      const found = await solve(opened, problem, activation, b, v, ['A', 'B', 'g', 'h', 'm', 'b']);
      expect(relativeError(found.z, dense.z)).toBeLessThan(bound(false, opened));
      for (const [at, gradient] of dense.gradients.entries()) {
        const scale = Math.max(...Array.from(gradient, Math.abs), 1e-3);
        const worst = Math.max(...Array.from(gradient, (value, i) => Math.abs(value - found.gradients[at][i])));
        expect(worst / scale, [...NAMES, 'b'][at]).toBeLessThan(bound(true, opened));
      }
      // The tangent along changes is the gradients' product with them: v·ż = Σ grad·change.
      const ahead = Array.from(found.tangent).reduce((sum, value, at) => sum + value * v[at], 0);
      const terms = found.slope.map((change, at) =>
        Array.from(change).reduce((sum, value, i) => sum + value * dense.gradients[found.along[at]][i], 0),
      );
      const scale = terms.reduce((sum, term) => sum + Math.abs(term), 0);
      expect(Math.abs(ahead - terms.reduce((sum, term) => sum + term, 0)) / scale).toBeLessThan(bound(true, opened));
      expect(found.certificate).toMatchObject({ status: 'certified', argument: 'margin' });
      expect(found.certificate.reason).toContain('by construction as (1 − m)I − γÂᵀÂ + η(B̂ − B̂ᵀ)');
    },
  );

  test.each(isOracle ? NAMES : NAMES.slice(0, 1))('moves with %s as its dense matrix does', async (name) => {
    const opened = await engine();
    const problem = normalConvolution(2, [4, 5], 3, 30);
    const n = 40;
    const [b, v] = [normals(2 * n, 5), normals(2 * n, 6)];
    const dense = await solveDense(problem, 'tanh', b, v);
    const { tangent, slope } = await solve(opened, problem, 'tanh', b, v, [name]);
    const ahead = Array.from(tangent).reduce((sum, value, at) => sum + value * v[at], 0);
    const gradient = dense.gradients[NAMES.indexOf(name)];
    const expected = Array.from(slope[0]).reduce((sum, value, at) => sum + value * gradient[at], 0);
    const scale = Array.from(slope[0]).reduce((sum, value, at) => sum + Math.abs(value * gradient[at]), 0);
    expect(Math.abs(ahead - expected) / scale).toBeLessThan(bound(true, opened));
  });
});
