import { describe, expect, test } from 'vitest';
import { ABSENT, type ProductCall } from '../../src/backends/kernels.ts';
import type { PlannedCall } from '../../src/backends/plan.ts';
import type { ProductVariants } from '../../src/backends/webgpu/dispatch.ts';
import { lowerProduct } from '../../src/backends/webgpu/lower-product.ts';
import { findFastest } from '../../src/backends/webgpu/product-variants.ts';

/** A device on which each candidate takes the given milliseconds by its own clock. */
function device(
  durations: readonly number[],
  resolution = 0,
): { args: Parameters<typeof findFastest>; runs: number[] } {
  let time = 0;
  const runs = durations.map(() => 0);
  const run = async (candidate: number, repetitions: number): Promise<void> => {
    time += durations[candidate] * repetitions;
    runs[candidate] += repetitions;
  };
  const now = (): number => (resolution > 0 ? Math.floor(time / resolution) * resolution : time);
  return { args: [durations.length, run, now], runs };
}

describe('the variant of a product', () => {
  test('is the fastest one', async () => {
    expect(await findFastest(...device([5, 9, 2]).args)).toBe(2);
    expect(await findFastest(...device([5, 3, 4]).args)).toBe(1);
  });

  test('stays the usual one where another is hardly faster', async () => {
    expect(await findFastest(...device([5, 4.9, 4.8]).args)).toBe(0);
    expect(await findFastest(...device([5, 5, 5]).args)).toBe(0);
  });

  test('stays the usual one where the clock is too coarse', async () => {
    expect(await findFastest(...device([0, 0, 0]).args)).toBe(0);
    expect(await findFastest(...device([0.002, 0.001, 0.001], 100).args)).toBe(0);
    const [candidates, run] = device([5, 1]).args;
    expect(await findFastest(candidates, run, () => Number.NaN)).toBe(0);
  });

  test('costs few runs where they are long, and little time where they are short', async () => {
    const slow = device([100, 50, 70]);
    await findFastest(...slow.args);
    expect(slow.runs).toEqual([5, 4, 4]);
    const quick = device([0.1, 0.2, 0.05]);
    await findFastest(...quick.args);
    expect(quick.runs.every((count) => count <= 302)).toBe(true);
  });
});

/** Whether the variant of a product of this size is not decided beforehand. */
function isOpen(size: number, forms: Partial<ProductVariants>): boolean {
  const call: ProductCall = {
    kernel: 'product',
    inputs: [0, 1, ABSENT, ABSENT, ABSENT, ABSENT],
    output: 2,
    m: size,
    n: size,
    k: size,
    transposeA: false,
    transposeB: true,
    bias: 'none',
    activation: 'identity',
    activationParameters: [0, 0],
    proximal: false,
    residual: false,
  };
  const step: PlannedCall = { kind: 'call', call, operands: [...call.inputs], output: 2, inPlace: 0 };
  return lowerProduct(call, step, { tiled: true, dispatchWork: 1e11, ...forms }).every(
    ({ part }) => part !== undefined,
  );
}

describe('products that are timed', () => {
  test('are only large ones with the variants of a GPU', () => {
    expect(isOpen(512, { tuneFrom: 1e9 })).toBe(false);
    expect(isOpen(1024, { tuneFrom: 1e9 })).toBe(true);
    expect(isOpen(1024, {})).toBe(false);
    expect(isOpen(1024, { tuneFrom: 1e9, tiled: false })).toBe(false);
  });

  test('include every part of a product that is split by rows', () => {
    expect(isOpen(4096, { tuneFrom: 1e9, dispatchWork: 5e10 })).toBe(true);
  });
});
