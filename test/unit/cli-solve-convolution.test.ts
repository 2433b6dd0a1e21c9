/** `equilibra solve` with problems of the kind convolution. */
import { describe, expect, test } from 'vitest';
import type { MonotoneAnswer } from '../../src/cli/monotone-solution.ts';
import { loadConvolutions } from '../fixtures/load.ts';
import { compareNumbers, refuseByCommand, solveByCommand } from '../support/cli-solve.ts';
import { denseConvolution, normalConvolution } from '../support/dense-convolution.ts';
import { type Numbers, normals } from '../support/numbers.ts';

const GRADIENTS = ['grad_b', 'grad_A', 'grad_B', 'grad_g', 'grad_h', 'grad_m'] as const;

/** The problem of a reference, without its answer. */
function problemOf(reference: ReturnType<typeof loadConvolutions>[number]): Record<string, unknown> {
  const { tiers, kernel, activation, tau, A, B, g, h, m, b, v } = reference;
  return { kind: 'convolution', tiers, kernel, activation, ...(tau && { tau }), A, B, g, h, m, b, v };
}

describe('the reference problems', () => {
  test.each(loadConvolutions().map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const { code, answer } = await solveByCommand<MonotoneAnswer>(problemOf(each));
    expect(code).toBe(0);
    expect(Object.keys(answer)).toEqual(['z', ...GRADIENTS, 'report', 'certificate']);
    compareNumbers(answer.z, each.z, 1e-10);
    for (const name of GRADIENTS) {
      expect(JSON.stringify(answer[name]).replace(/[^[\],]/g, '')).toBe(
        JSON.stringify(each[name]).replace(/[^[\],]/g, ''),
      );
      compareNumbers(answer[name], each[name], 1e-9);
    }
    const { status, argument, margin, kinks } = answer.certificate;
    expect({ status, argument, margin, kinks }).toEqual({
      status: 'certified',
      argument: 'margin',
      margin: each.m,
      kinks: [],
    });
  });

  test.each(['wasm', 'gpujs', 'webgpu'])('one with a border on %s', async (backend) => {
    const [each] = loadConvolutions().filter(({ name }) => name === 'border-2x4x4-relu');
    const { code, answer } = await solveByCommand<MonotoneAnswer>(problemOf(each), '--backend', backend);
    expect(code).toBe(0);
    compareNumbers(answer.z, each.z, 1e-5);
    for (const name of GRADIENTS) compareNumbers(answer[name], each[name], 1e-4);
  });
});

describe('shapes at the limits are those of the dense matrix, with a selection at kinks', () => {
  test.each([
    ['one pixel of one channel, with a larger kernel', 1, [1, 1], 3],
    ['one pixel of two channels', 2, [1, 1], 3],
    ['one row', 2, [1, 5], 3],
    ['one column', 1, [4, 1], 1],
    ['a kernel larger than the torus', 2, [2, 3], 7],
  ] as const)('%s', async (_, channels, torus, size) => {
    const problem = normalConvolution(channels, torus, size, 5);
    const { n, W, pullback } = denseConvolution(problem);
    const split = <Item>(items: readonly Item[], length: number): Item[][] =>
      Array.from({ length: items.length / length }, (_, row) => items.slice(row * length, (row + 1) * length));
    const nested = (kernel: Numbers) => [split(split(split(Array.from(kernel), size), size), channels)];
    const [b, v] = [split([...normals(3 * n, 8)], n), split([...normals(3 * n, 9)], n)];
    b[2].fill(0); // z = 0, where every unit has a kink
    const common = { activation: 'relu', b, v, selection: 0.5 };
    const { A, B, g, h, m } = problem;
    const { answer } = await solveByCommand<MonotoneAnswer>({
      ...{ kind: 'convolution', tiers: [{ channels, torus }], kernel: size, ...common },
      ...{ A: nested(A), B: nested(B), g: [g], h: [h], m },
    });
    const dense = await solveByCommand<MonotoneAnswer>({ kind: 'monotone', W: split(W, n), ...common });
    compareNumbers(answer.z, dense.answer.z, 1e-10);
    compareNumbers(answer.grad_b, dense.answer.grad_b, 1e-9);
    const own = pullback((dense.answer.grad_W ?? []).flat());
    for (const name of ['A', 'B', 'g', 'h', 'm'] as const) compareNumbers(answer[`grad_${name}`], own[name], 1e-9);
    expect(answer.certificate.kinks).toEqual(dense.answer.certificate.kinks);
    expect(answer.certificate.kinks?.length).toBe(n);
  });
});

describe('a border', () => {
  const [border] = loadConvolutions().filter(({ name }) => name === 'border-2x1x1-tanh');

  test('is 0 in z and has no gradient, whatever b is there', async () => {
    const problem = problemOf(border);
    const moved = border.b.map((row) => row.map((value, at) => (at % 9 === 4 ? value : 7)));
    const { answer } = await solveByCommand<MonotoneAnswer>({ ...problem, b: moved });
    compareNumbers(answer.z, border.z, 1e-10);
    for (const rows of [answer.z, answer.grad_b ?? []]) {
      expect(rows.flat().filter((value, at) => at % 9 !== 4 && value !== 0)).toEqual([]);
    }
  });

  test('has no kinks, although b = 0 puts its pre-activation there', async () => {
    const zeros = border.b.map((row) => row.map((_, at) => (at % 9 === 4 ? 1 : 0)));
    const { answer } = await solveByCommand<MonotoneAnswer>({ ...problemOf(border), activation: 'relu', b: zeros });
    expect(answer.certificate.kinks).toEqual([]);
  });
});

describe('what is wrong is named', () => {
  const valid = {
    ...{ kind: 'convolution', tiers: [{ channels: 1, torus: [2, 2] }], kernel: 1, activation: 'relu' },
    ...{ A: [[[[[1]]]]], B: [[[[[1]]]]], g: [0], h: [0], m: 1, b: [1, 2, 3, 4] },
  };

  test('and what is right is solved', async () => {
    // W = (1 − 1)I − ln 2·I.
    const { code, answer } = await solveByCommand<MonotoneAnswer>(valid);
    expect(code).toBe(0);
    compareNumbers(
      answer.z,
      [1, 2, 3, 4].map((b) => b / (1 + Math.log(2))),
      1e-12,
    );
  });

  test.each([
    [{ kernel: 2 }, 'kernel: it is 2; it must be an odd positive integer'],
    [{ kernel: 3 }, 'A[0][0][0]: it is a list of 1; it must be a list of 3: 3 × 3'],
    [{ tiers: [] }, 'tiers: it is empty'],
    [{ tiers: [valid.tiers[0], valid.tiers[0]] }, 'tiers: it is a list of 2; it must hold one entry'],
    [{ tiers: [{ channels: 0, torus: [2, 2] }] }, 'tiers[0].channels: it is 0; it must be a positive integer'],
    [{ tiers: [{ channels: 1, torus: [2] }] }, 'tiers[0].torus: it holds 1 number; it must hold two, [rows, columns]'],
    [{ tiers: [{ channels: 1, torus: [2, 2.5] }] }, 'tiers[0].torus[1]: it is 2.5'],
    [
      { tiers: [{ channels: 1, torus: [2, 2], interior: [2, 1] }] },
      'tiers[0].interior: it is 2 × 1; it must be smaller',
    ],
    [{ tiers: [{ chanels: 1, torus: [2, 2] }] }, '"chanels": this key is unknown; tiers[0] may have channels'],
    [{ A: [[[[[0]]]]] }, 'A[0]: all its numbers are 0'],
    [{ B: [[[[['1']]]]] }, 'B[0][0][0][0][0]: it is "1"; it must be a finite number'],
    [{ g: 1 }, 'g: it is 1; it must be a list with one entry for each tier'],
    [{ h: [Number.NaN] }, 'h[0]: it is null'],
    [{ m: 0 }, 'm: it is 0; it must be a finite number > 0'],
    [{ b: [1, 2] }, 'b: its rows hold 2 numbers; tiers[0] has 1 × 2 × 2 numbers, so each must hold 4'],
    [
      {
        v: [
          [1, 2, 3, 4],
          [1, 2, 3, 4],
        ],
      },
      'v: it is 2 × 4; it must be 1 × 4, as b is',
    ],
    [{ C: [] }, '"C": this key is unknown; a convolution problem may have'],
    [{ activation: 'softThreshold' }, 'tau: this key is missing; softThreshold needs it'],
    [{ tau: 1 }, 'tau: it is given, but relu has no parameter'],
    [{ selection: 2 }, 'selection: it is 2; it must be a number from 0 to 1'],
    [{ tiers: [{ channels: 1, torus: [2, 2], interior: [1, 0] }] }, 'tiers[0].interior[1]: it is 0'],
    [{ tiers: [{ channels: 1, torus: [1e9, 1e9] }] }, 'b: its rows hold 4 numbers; tiers[0] has 1 ×'],
    [{ kernel: 1_000_000_001 }, 'A[0][0][0]: it is a list of 1; it must be a list of 1000000001'],
    [{ A: [[[[1]]]] }, 'A[0][0][0][0]: it is 1; it must be a list of 1: 1 number'],
    [{ kernel: undefined }, 'kernel: this key is missing; a convolution problem needs kind, tiers'],
  ])('%j', async (change, message) => {
    expect(await refuseByCommand({ ...valid, ...change })).toContain(message);
  });
});
