/** The same steps on the oracle and in float32. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, open } from '../../src/index.ts';
import { adam, adamW } from '../../src/train/adam.ts';
import { clipped } from '../../src/train/clipped.ts';
import type { Optimiser } from '../../src/train/optimiser.ts';
import { stepDecay } from '../../src/train/schedules.ts';
import { sgd } from '../../src/train/sgd.ts';
import { relativeError } from '../support/numbers.ts';
import { runOptimiser } from '../support/optimisers.ts';

const rate = stepDecay(0.1, { factor: 0.5, every: 1 });

const OPTIMISERS: readonly (readonly [string, Optimiser])[] = [
  ['sgd', sgd({ rate })],
  ['momentum', sgd({ rate, momentum: 0.9 })],
  ['adam', adam({ rate })],
  ['adamW clipped to a norm', clipped(adamW({ rate, weightDecay: 0.3 }), { norm: 2 })],
  [
    'nesterov clipped to a value',
    clipped(sgd({ rate, momentum: 0.9, nesterov: true, weightDecay: 0.2 }), { value: 0.7 }),
  ],
];

describe.each(['gpujs', 'webgpu'] as const)('%s', (backend) => {
  let oracle: Engine;
  let candidate: Engine;
  beforeAll(async () => {
    oracle = await open({ backend: 'cpu' });
    candidate = await open({ backend });
  });
  afterAll(() => {
    oracle?.close();
    candidate?.close();
  });

  test.each(OPTIMISERS)('%s', async (_, optimiser) => {
    const exact = await runOptimiser(oracle, optimiser);
    const found = await runOptimiser(candidate, optimiser);
    for (const [step, values] of exact.entries()) expect(relativeError(found[step], values)).toBeLessThan(1e-5);
  });
});
