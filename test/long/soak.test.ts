/** Trains for thousands of steps; neither the engine nor the process must hold more memory at the end than before. */
import { expect, test } from 'vitest';
import { trainSteps } from '../browser/training.ts';

const WIDTH = 32;
const BATCH = 32;
const TOLERANCE = 1e-2;

test.each([
  ['wasm', 6000],
  ['webgpu', 400],
] as const)(
  'training on %s, %i steps',
  async (backend, steps) => {
    const { losses, memory } = await trainSteps(backend, steps, WIDTH, BATCH, TOLERANCE);
    expect(losses).toHaveLength(steps);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(Math.max(...losses.slice(-20))).toBeLessThan(losses[0]);
    expect(memory[1]).toEqual(memory[0]);
  },
  600_000,
);
