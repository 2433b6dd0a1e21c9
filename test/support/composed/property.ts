/** Properties of composed problems: `npm test` checks a few cases of each, the long suites check many. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BackendName } from '../../../src/backends/backend.ts';

/** A multiple of the number of cases in `npm test`. */
export type Load = number;

/**
 * @param cases the number in `npm test`
 * @param check throws where the property does not hold, and calls fc.pre for problems to which it does not apply
 */
export function describeProperty<Value>(
  load: Load,
  name: string,
  values: fc.Arbitrary<Value>,
  cases: number,
  check: (value: Value) => Promise<void>,
): void {
  const numRuns = Math.ceil(cases * load);
  test(
    name,
    () => fc.assert(fc.asyncProperty(values, check), { numRuns, ...(load > 1 && { maxSkipsPerRun: 1000 }) }),
    Math.max(120_000, 1000 * numRuns),
  );
}

export const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu', 'gpujs'];

export const isSingle = (backend: BackendName): boolean => backend !== 'cpu';

/** Backends that compile each problem get fewer cases. */
const SHARE: Readonly<Record<BackendName, number>> = { cpu: 1, wasm: 1 / 4, gpujs: 1 / 8, webgpu: 1 / 16 };

/** The number of cases on a backend for `onCpu` cases on the cpu. */
export const casesOn = (backend: BackendName, onCpu: number): number => onCpu * SHARE[backend];

/** Checks |x − y| relative to the largest |y|, entry by entry. */
export function expectNear(x: ArrayLike<number>, y: ArrayLike<number>, tolerance: number, what: string): void {
  const size = Array.from(y).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  expect(x.length, what).toBe(y.length);
  for (let at = 0; at < y.length; at++) {
    // The comparison also fails for NaN.
    if (!(Math.abs(x[at] - y[at]) <= tolerance * size)) {
      expect.fail(`${what}: number ${at} of ${Array.from(x)} is not near to that of ${Array.from(y)}`);
    }
  }
}
