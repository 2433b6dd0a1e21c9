/**
 * A solve is traced once for each choice that affects it: an engine that has seen the other choice has the same results
 * as a new one.
 */
import { describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { MonotoneOptions } from '../../src/implicit/options.ts';
import { Engine } from '../../src/tensor/engine.ts';

type Options = Partial<MonotoneOptions>;

/** An option, and two choices of it. */
const PAIRS: readonly (readonly [what: string, Options, Options])[] = [
  ['activation', { activation: 'relu' }, { activation: 'tanh' }],
  [
    'its parameter',
    { activation: { name: 'leakyRelu', slope: 0.1 } },
    { activation: { name: 'leakyRelu', slope: 0.9 } },
  ],
  ['its mask', { activation: { name: 'relu', mask: [1, 1, 0] } }, { activation: { name: 'relu', mask: [1, 1, 1] } }],
  ['selection', { selection: 0.25 }, { selection: 0.75 }],
  // One pre-activation is 1e-10: at the kink within 10⁶ units of rounding, but not within 64.
  ['kinkUnits', { selection: 1 }, { selection: 1, kinkUnits: 1e6 }],
  ['solver', { solver: 'picard' }, { solver: 'anderson' }],
  ['limit', { solver: 'picard', limit: 2 }, { solver: 'picard', limit: 3 }],
  ['linearSolver', { linearSolver: 'neumann' }, { linearSolver: 'gmres' }],
  ['backwardLimit', { linearSolver: 'neumann', backwardLimit: 1 }, { linearSolver: 'neumann', backwardLimit: 2 }],
];

/** All results of a solve and its gradients, except for their times. */
async function collectResults(engine: Engine, options: Options) {
  const tape = new Tape();
  const W = tape.watch(engine.tensor([0.2, 0.5, -0.3, -0.4, 0.1, 0.3, 0.3, -0.2, 0.3], [3, 3]));
  // Where W is effectively 0, at z = 0, the pre-activation is b: 0 and −1e-10 in the second sample.
  const b = tape.watch(engine.tensor([1, -0.5, 2, -1, 0, -1e-10], [2, 3]));
  const common = { activation: 'relu', margin: 0.1, tolerance: 1e-8, onFailure: 'report' } as const;
  const solution = monotoneFixedPoint(W, b, { ...common, ...options });
  const gradients = tape.pullback(solution.z, [W, b], engine.tensor([1, 2, 3, 4, 5, 6], [2, 3]));
  const numbers = await Promise.all([solution.z, ...gradients].map(async (tensor) => [...(await tensor.data())]));
  const [{ milliseconds: _, ...report }, { milliseconds: __, ...backward }] = await Promise.all([
    solution.report,
    solution.backwardReports[0],
  ]);
  return { numbers, report, backward };
}

describe.each(PAIRS)('%s', (_what, ...choices) => {
  test('affects the answer, whichever choice was first', async () => {
    const alone = await Promise.all(choices.map((options) => collectResults(new Engine(openCPU()), options)));
    expect(alone[0]).not.toEqual(alone[1]);
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const shared = new Engine(openCPU());
      for (const index of order) expect(await collectResults(shared, choices[index])).toEqual(alone[index]);
    }
  });
});
