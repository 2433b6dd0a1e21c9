/** A user's own iterations, in place of a solver's name. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { argmin } from '../../src/implicit/inverse-and-argmin.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { MonotoneOptions } from '../../src/implicit/options.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import type { FixedPointIteration, RootOptions } from '../../src/implicit/root-options.ts';
import type { Iteration } from '../../src/solvers/iteration.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { ACTIVATION_DEFINITIONS } from '../support/activations.ts';
import { douglasRachford } from '../support/douglas-rachford.ts';
import { type MonotoneProblem, monotoneProblem, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

async function solve({ n, batch, margin, W, b, v }: MonotoneProblem, options: Partial<MonotoneOptions>) {
  const tape = new Tape();
  const [matrix, right] = [tape.watch(engine.tensor(W, [n, n])), tape.watch(engine.tensor(b, [batch, n]))];
  const own = { activation: 'relu', margin, tolerance: 1e-12, limit: 20000, backwardLimit: 20000, ...options } as const;
  const { z, report, backwardReports } = monotoneFixedPoint(matrix, right, own);
  const gradients = tape.pullback(z, [right, matrix], engine.tensor(v, [batch, n]));
  const numbers = await Promise.all([z, ...gradients].map((tensor) => tensor.data()));
  return { numbers, report: await report, backward: await backwardReports[0] };
}

describe('Douglas-Rachford splitting, of the monotone equation and of its adjoint', () => {
  const problem = monotoneProblem(9, 4, 31);
  test.each([...ACTIVATION_DEFINITIONS.map(({ option }) => option), 'softmax' as const])('%j', async (activation) => {
    const found = await solve(problem, { activation, solver: douglasRachford, linearSolver: douglasRachford });
    const expected = await solve(problem, { activation });
    for (const [part, numbers] of found.numbers.entries()) {
      expect(relativeError(numbers, expected.numbers[part])).toBeLessThan(1e-9);
    }
    expect([found.report.solver, found.backward.solver]).toEqual(['douglas-rachford', 'douglas-rachford']);
    expect(found.report.samples.every(({ status }) => status === 'converged')).toBe(true);
  });

  test('takes about twice the iterations of Peaceman-Rachford splitting, and starts from `initial`', async () => {
    const iterations = async (solver: MonotoneOptions['solver']): Promise<number> =>
      Math.max(...(await solve(problem, { solver })).report.samples.map((sample) => sample.iterations));
    const [own, reference] = [await iterations(douglasRachford), await iterations('peaceman-rachford')];
    expect(own).toBeGreaterThan(reference);
    expect(own).toBeLessThan(4 * reference);
    const initial = engine.tensor((await solve(problem, {})).numbers[0], [4, 9]);
    const again = await solve(problem, { solver: douglasRachford, initial });
    expect(Math.max(...again.report.samples.map((sample) => sample.iterations))).toBeLessThan(5);
  });
});

test('two iterations of one name do not share a Program', async () => {
  const still: Iteration = {
    ...douglasRachford,
    begin: (...given) => {
      const begun = douglasRachford.begin(...given);
      return { ...begun, step: ({ x }) => ({ ...begun.step({ x }), next: { x } }) }; // never moves
    },
  };
  const problem = monotoneProblem(5, 2, 3);
  const statuses = async (solver: Iteration): Promise<string[]> =>
    (await solve(problem, { solver, onFailure: 'report', limit: 200 })).report.samples.map(({ status }) => status);
  expect(await statuses(douglasRachford)).toEqual(['converged', 'converged']);
  expect(await statuses(still)).toEqual(['limit', 'limit']);
});

describe('of a fixed point z = f(z)', () => {
  /** x⁺ = ½(x + f(x)), which converges where f does not expand (Krasnoselskii 1955). */
  const averaged: FixedPointIteration = {
    name: 'averaged',
    converges: 'sublinearly',
    begin: (equation, start) => ({
      start: { x: start },
      step({ x }) {
        const image = equation.image(x);
        return { next: { x: x.add(image).mul(0.5) }, residual: equation.residual(x, image) };
      },
      keeps: 'x',
      solution: (x) => x,
    }),
  };

  test('averaging solves z = −z + x, on which plain repetition cycles; the gradient is the same', async () => {
    const tape = new Tape();
    const x = tape.watch(engine.tensor([2, -6, 4, 1], [2, 1, 2]));
    const unknown = engine.tensor(new Float32Array(4), [2, 1, 2]);
    const options = { unknown, inputs: [x], tolerance: 1e-10 };
    const z = fixedPoint((y, c) => y.neg().add(c), { ...options, solver: averaged });
    expect(Array.from(await z.data())).toEqual([1, -3, 2, 0.5]);
    expect((await z.solve.report).solver).toBe('averaged');
    const [gradient] = tape.pullback(z, [x], engine.tensor([1, 2, 3, 4], [2, 1, 2]));
    expect(relativeError(await gradient.data(), [0.5, 1, 1.5, 2])).toBeLessThan(1e-9);
    const repeated = fixedPoint((y, c) => y.neg().add(c), { ...options, solver: 'picard', onFailure: 'report' });
    expect((await repeated.solve.report).samples[0].status).toBe('limit');
  });

  test('is refused where the problem is not a fixed point', () => {
    const options = { unknown: engine.tensor([0, 0], [1, 2]), inputs: [] };
    const misplaced = { ...options, solver: averaged } as unknown as RootOptions;
    expect(() => root((z) => z.tanh(), misplaced)).toThrow('solver: it is an iteration, which is for fixed points');
    expect(() => argmin((z) => z.square().sum(1), { ...options, solver: averaged })).toThrow('needs a proximal');
  });
});

test('a value that is neither a name nor an iteration is refused', () => {
  const [W, b] = [engine.tensor([0], [1, 1]), engine.tensor([1], [1, 1])];
  const wrong = { name: 'no begin' } as unknown as Iteration;
  const options = { activation: 'relu', margin: 1 } as const;
  expect(() => monotoneFixedPoint(W, b, { ...options, solver: wrong })).toThrow(
    'solver: it is neither a name nor an iteration',
  );
  const given = { unknown: b, inputs: [], solver: wrong as unknown as FixedPointIteration };
  expect(() => fixedPoint((z) => z.mul(0.5), given)).toThrow('solver: it is neither a name nor an iteration');
});
