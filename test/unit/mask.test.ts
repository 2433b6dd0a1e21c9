/** Activations with a mask: masked units are 0, and the others solve the equation without them. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { MonotoneOptions } from '../../src/implicit/options.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { type ActivationOption, activationOf } from '../../src/solvers/activations.ts';
import {
  FORWARD_SOLVERS,
  type ForwardSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
} from '../../src/solvers/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { ACTIVATION_DEFINITIONS } from '../support/activations.ts';
import { monotoneProblem, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const MASK = [1, 0, 1, 1, 0, 1, 0];
const USED = MASK.flatMap((isUsed, unit) => (isUsed ? [unit] : []));
const [n, batch, used] = [MASK.length, 3, USED.length];
/** A contraction, so that every solver converges. */
const PROBLEM = monotoneProblem(n, batch, 17, 1, 0.25);

const withMask = (option: ActivationOption): ActivationOption => ({
  ...(typeof option === 'string' ? { name: option } : option),
  mask: MASK,
});

/** z, and the gradients of Σ v∘z with respect to b and W. */
async function solveAndDifferentiate(width: number, [W, b, v]: number[][], options: Omit<MonotoneOptions, 'margin'>) {
  const tape = new Tape();
  const matrix = tape.watch(engine.tensor(W, [width, width]));
  const right = tape.watch(engine.tensor(b, [batch, width]));
  const own = { margin: PROBLEM.margin, tolerance: 1e-12, limit: 20000, ...options };
  const solution = monotoneFixedPoint(matrix, right, own);
  const gradients = tape.pullback(solution.z, [right, matrix], engine.tensor(v, [batch, width]));
  const [z, gradB, gradW] = await Promise.all([solution.z, ...gradients].map((tensor) => tensor.data()));
  return { z, gradB, gradW, solution };
}

/** The unmasked columns of [rows, n]; for a matrix, the unmasked rows too. */
const columns = (x: ArrayLike<number>): number[] =>
  Array.from({ length: x.length / n }, (_, row) => USED.map((unit) => x[row * n + unit])).flat();
const block = (x: ArrayLike<number>): number[] => USED.flatMap((row) => USED.map((unit) => x[row * n + unit]));

async function compare(option: ActivationOption, options: Partial<MonotoneOptions> = {}): Promise<void> {
  const { W, b, v } = PROBLEM;
  const found = await solveAndDifferentiate(n, [W, b, v], { ...options, activation: withMask(option) });
  const expected = await solveAndDifferentiate(used, [block(W), columns(b), columns(v)], {
    ...options,
    activation: option,
  });
  for (const name of ['z', 'gradB'] as const) {
    expect(relativeError(columns(found[name]), expected[name])).toBeLessThan(1e-9);
    for (const [at, value] of found[name].entries()) if (!MASK[at % n]) expect(Math.abs(value)).toBe(0);
  }
  expect(relativeError(block(found.gradW), expected.gradW)).toBeLessThan(1e-9);
}

describe('a masked layer equals the layer of its unmasked units', () => {
  for (const { title, option } of ACTIVATION_DEFINITIONS) {
    test(title, async () => {
      await compare(option);
      await compare(option, { solver: 'peaceman-rachford', step: 0.3 }); // uses the prox of αf instead of σ
    });
  }
  test('softmax', async () => {
    await compare('softmax');
    await compare('softmax', { solver: 'peaceman-rachford', step: 0.3 });
  });
  test.each(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])('%s', (solver) => compare('relu', { solver }));
  test.each(Object.keys(LINEAR_SOLVERS) as LinearSolverName[])('backward, %s', (linearSolver) =>
    compare('tanh', { linearSolver, backwardLimit: 5000 }),
  );
});

test('a masked unit is never at a kink, and its pre-activation does not widen the tolerance for others', async () => {
  // Without W the pre-activation is b: 0 at units 1 (masked) and 2, and 1e-9 at unit 0, which is a kink only if the 1e6
  // counts.
  const W = new Array<number>(9).fill(0);
  const b = engine.tensor([1e-9, 0, 0], [1, 3]);
  const large = engine.tensor([1e-9, 1e6, 0], [1, 3]);
  for (const right of [b, large]) {
    const options = { activation: { name: 'relu', mask: [1, 0, 1] }, margin: 1 } as const;
    const solution = monotoneFixedPoint(engine.tensor(W, [3, 3]), right, options);
    const { kinks, samples } = await solution.certificate();
    expect(kinks.map(({ index }) => index)).toEqual([2]);
    expect(samples[0].kinks).toBe(1);
  }
});

test('wrong masks are refused', () => {
  const activation = (mask: unknown) => () => activationOf({ name: 'relu', mask } as ActivationOption);
  expect(activation([1, 0.5])).toThrow('activation: mask[1] is 0.5; it must be a list of 0 and 1');
  expect(activation('10')).toThrow('activation: mask is "10"; it must be a list of 0 and 1');
  expect(activation([0, 0])).toThrow('activation: mask holds no 1; at least one unit must be in use');
  const options = { activation: { name: 'relu', mask: [1, 0] }, margin: 1 } as const;
  const wrong = 'activation: mask holds 2 numbers; it must hold one for each of the 3 units';
  const W = engine.tensor(new Float32Array(9), [3, 3]);
  expect(() => monotoneFixedPoint(W, engine.tensor([1, 2, 3], [1, 3]), options)).toThrow(wrong);
  expect(() => monotone({ inputs: 2, width: 3, activation: options.activation })).toThrow(wrong);
});
