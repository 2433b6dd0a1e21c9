/** The monotone convolution as a linear map: its reference products, its margin, its gradients, and what is refused. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { convolutionMapOf } from '../../src/implicit/monotone-convolution.ts';
import { interiorMask, monotoneConvolutionMap, monotoneFixedPoint, monotonicityMargin } from '../../src/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadConvolutions } from '../fixtures/load.ts';
import {
  correlationMatrix,
  type DenseProblem,
  denseConvolution,
  normalConvolution,
} from '../support/dense-convolution.ts';
import { createOracle } from '../support/engines.ts';
import { dot, matmul, norm, normals, relativeError, transpose } from '../support/numbers.ts';

const engine = createOracle();
afterAll(() => engine.close());

const NAMES = ['A', 'B', 'g', 'h', 'm'] as const;
type Values = Readonly<Record<(typeof NAMES)[number], ArrayLike<number>>>;

const kernelOf = (values: ArrayLike<number>, c: number): Tensor =>
  engine.tensor(values, [c, c, Math.sqrt(values.length) / c, Math.sqrt(values.length) / c]);

function mapOf({ A, B, g, h, m }: Values, channels: number, [rows, columns]: readonly [number, number]) {
  const weights = {
    A: kernelOf(A, channels),
    B: kernelOf(B, channels),
    g: engine.tensor(g),
    h: engine.tensor(h),
    m: engine.tensor(m),
  };
  return { weights, map: convolutionMapOf(weights, { rows, columns }, m[0]) };
}

/** W as a matrix: its columns are the images of the unit vectors. */
async function matrixOf({ map }: ReturnType<typeof mapOf>): Promise<number[]> {
  const { n } = map;
  const identity = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
  const [rows] = engine.run('W', [...map.parameters, engine.tensor(identity, [n, n])], (given, tracing) => [
    map.traced(given.slice(0, -1), tracing).apply(given[given.length - 1], { transposed: false }),
  ]);
  return transpose(await rows.data(), n, n);
}

const flat = (values: unknown): number[] => (values as number[][]).flat(9 as 1) as number[];

describe('the reference products', () => {
  test.each(loadConvolutions().map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const [{ channels, torus }] = each.tiers;
    const { map } = mapOf(
      { A: flat(each.A), B: flat(each.B), g: flat(each.g), h: flat(each.h), m: [each.m] },
      channels,
      torus,
    );
    const { x, alpha, W_x, WT_x, resolvent_x, resolventT_x } = each.product;
    const made = engine.run(
      'products',
      [...map.parameters, engine.tensor(x, [1, map.n]), engine.tensor([alpha])],
      (given, tracing) => {
        const [row, step] = given.slice(5);
        const W = map.traced(given.slice(0, 5), tracing);
        const V = W.resolvent?.(step, { smallest: step, largest: step, tolerance: step });
        const [along, against] = [{ transposed: false }, { transposed: true }];
        return [W.apply(row, along), W.apply(row, against), V?.apply(row, along) ?? row, V?.apply(row, against) ?? row];
      },
    );
    const found = await Promise.all(made.map((tensor) => tensor.data()));
    for (const [at, expected] of [W_x, WT_x, resolvent_x, resolventT_x].entries()) {
      expect(relativeError(found[at], expected)).toBeLessThan(1e-12);
    }
  });
});

test('the margin holds under 1,000 random parameters', async () => {
  for (let seed = 0; seed < 1000; seed++) {
    const [channels, torus] = seed % 2 === 0 ? ([1, [3, 4]] as const) : ([2, [2, 3]] as const);
    const [scaleOfA, g, h] = normals(3, 5000 + seed, 4);
    const { A, B, m } = normalConvolution(channels, torus, 3, 7 * seed);
    const made = mapOf({ A: Array.from(A, (x) => x * scaleOfA), B, g: [g], h: [h], m: [m] }, channels, torus);
    const W = await matrixOf(made);
    // Rounding: W is about as large as g and h.
    expect(monotonicityMargin(W, made.map.n), `seed ${seed}`).toBeGreaterThan(m - 1e-11);
    for (const tensor of Object.values(made.weights)) tensor.dispose();
  }
});

test('every gradient is that of central differences, and that of a kernel is orthogonal to it', async () => {
  const torus = [4, 3] as const;
  const { A, B, g, h, m } = normalConvolution(2, torus, 3, 11);
  const values: Values = { A, B, g: [g], h: [h], m: [m] };
  const n = 24;
  const [b, v] = [normals(2 * n, 12), normals(2 * n, 13)];
  const solve = async (given: Values) => {
    const { weights } = mapOf(given, 2, torus);
    const tape = new Tape();
    const watched = Object.fromEntries(NAMES.map((name) => [name, tape.watch(weights[name])])) as typeof weights;
    const map = convolutionMapOf(watched, { rows: torus[0], columns: torus[1] }, given.m[0]);
    const { z } = monotoneFixedPoint(map, engine.tensor(b, [2, n]), { activation: 'tanh', tolerance: 1e-14 });
    return { tape, watched, z };
  };
  const { tape, watched, z } = await solve(values);
  const gradients = tape.pullback(
    z,
    NAMES.map((name) => watched[name]),
    engine.tensor(v, [2, n]),
  );
  const step = 1e-5;
  for (const [at, name] of NAMES.entries()) {
    const gradient = await gradients[at].data();
    const loss = async (index: number, change: number): Promise<number> => {
      const moved = Float64Array.from(values[name], (x, i) => (i === index ? x + change : x));
      return dot(await (await solve({ ...values, [name]: moved })).z.data(), v);
    };
    for (let index = 0; index < gradient.length; index += name === 'A' || name === 'B' ? 5 : 1) {
      const slope = ((await loss(index, step)) - (await loss(index, -step))) / (2 * step);
      expect(Math.abs(gradient[index] - slope) / norm(gradient), `${name}[${index}]`).toBeLessThan(1e-7);
    }
    if (name === 'A' || name === 'B') {
      expect(Math.abs(dot(gradient, values[name])) / (norm(gradient) * norm(values[name]))).toBeLessThan(1e-12);
    }
  }
});

test('on the interior, W is that of zero padding: the full correlation for A, the same one for B', async () => {
  const problem: DenseProblem = normalConvolution(2, [5, 5], 3, 17);
  const [rows, columns] = [3, 3]; // inside of a ring of zeros
  const inner = (channel: number, y: number, x: number): number => (channel * 5 + y + 1) * 5 + x + 1;
  const places = Array.from({ length: 18 }, (_, at) => inner(Math.floor(at / 9), Math.floor((at % 9) / 3), at % 3));
  const { W, n } = denseConvolution(problem);
  const interior = places.flatMap((i) => places.map((j) => W[i * n + j]));
  // The same numbers on a larger torus: nothing wraps around any longer.
  const wide = denseConvolution({ ...problem, torus: [9, 9] });
  const far = Array.from(
    { length: 18 },
    (_, at) => (Math.floor(at / 9) * 9 + 3 + Math.floor((at % 9) / 3)) * 9 + 3 + (at % 3),
  );
  expect(
    relativeError(
      interior,
      far.flatMap((i) => far.map((j) => wide.W[i * wide.n + j])),
    ),
  ).toBeLessThan(1e-14);
  // With a correlation of the same size in place of the full one it is another matrix.
  const unit = Array.from(problem.A, (x) => x / norm(problem.A));
  const same = correlationMatrix(unit, { channels: 2, torus: [5, 5], size: 3 });
  const cut = places.flatMap((i) => places.map((j) => same[i * n + j]));
  const gram = matmul(transpose(cut, 18, 18), cut, 18, 18, 18);
  const full = matmul(transpose(same, n, n), same, n, n, n);
  expect(
    relativeError(
      gram,
      places.flatMap((i) => places.map((j) => full[i * n + j])),
    ),
  ).toBeGreaterThan(0.1);
  expect(rows * columns * 2).toBe(places.length);
});

describe('is refused by name', () => {
  const zeros = (...shape: number[]): Tensor =>
    engine.tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)), shape);
  const kernel = kernelOf(normals(9, 1), 1);
  const one = engine.tensor([1]);

  test.each<[string, () => unknown, string]>([
    [
      'an even kernel',
      () => monotoneConvolutionMap(zeros(1, 1, 2, 2), kernel, one, one, { torus: [3, 3] }),
      'A: the shape is [1, 1, 2, 2]; it must be [c, c, k, k], for c channels and an odd size k',
    ],
    [
      'a kernel that is not square',
      () => monotoneConvolutionMap(zeros(1, 1, 3, 1), kernel, one, one, { torus: [3, 3] }),
      'A: the shape is [1, 1, 3, 1]',
    ],
    [
      'unequal channels',
      () => monotoneConvolutionMap(zeros(2, 1, 3, 3), kernel, one, one, { torus: [3, 3] }),
      'A: the shape is [2, 1, 3, 3]',
    ],
    [
      'kernels of two sizes',
      () => monotoneConvolutionMap(kernel, zeros(1, 1, 1, 1), one, one, { torus: [3, 3] }),
      'B: the shape is [1, 1, 1, 1]; it must be that of A, [1, 1, 3, 3]',
    ],
    [
      'two numbers for g',
      () => monotoneConvolutionMap(kernel, kernel, zeros(2), one, { torus: [3, 3] }),
      'g: the shape is [2]; it must be [1]',
    ],
    ['no torus', () => monotoneConvolutionMap(kernel, kernel, one, one, {} as never), 'torus'],
    [
      'a torus of one number',
      () => monotoneConvolutionMap(kernel, kernel, one, one, { torus: [3] as never }),
      'torus: it is [3]',
    ],
    ['a torus without rows', () => monotoneConvolutionMap(kernel, kernel, one, one, { torus: [0, 3] }), 'torus[0]'],
    [
      'a margin of 0',
      () => monotoneConvolutionMap(kernel, kernel, one, one, { torus: [3, 3], margin: 0 }),
      'margin: it is 0',
    ],
    [
      'an interior that does not fit',
      () => interiorMask(1, [3, 3], [3, 1]),
      'the interior is [3, 1] after a ring of 1; it must fit into the torus, which is [3, 3]',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });

  test('a kernel of zeros, when something is read', async () => {
    const map = monotoneConvolutionMap(kernel, zeros(1, 1, 3, 3), one, one, { torus: [3, 3] });
    const { z, report } = monotoneFixedPoint(map, engine.tensor(normals(9, 2), [1, 9]), { activation: 'relu' });
    await expect(z.data()).rejects.toThrow('B: all its numbers are 0; a kernel is divided by its length');
    await expect(report).rejects.toThrow('B: all its numbers are 0');
  });
});

test('without checks it is still certified, because its margin holds by construction', async () => {
  const map = monotoneConvolutionMap(
    kernelOf(normals(9, 1), 1),
    kernelOf(normals(9, 3), 1),
    engine.tensor([1]),
    engine.tensor([1]),
    { torus: [3, 3] },
  );
  const solution = monotoneFixedPoint(map, engine.tensor(normals(9, 2), [1, 9]), {
    activation: 'relu',
    checkInputs: false,
  });
  expect(await solution.certificate()).toMatchObject({ status: 'certified', argument: 'margin' });
});
