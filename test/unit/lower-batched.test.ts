/** Kernels of batches on WebGPU: where dispatches are limited, they still cover everything, each part once. */
import { describe, expect, test } from 'vitest';
import type { ProjectConesCall } from '../../src/backends/cone-kernels.ts';
import {
  ABSENT,
  type BatchedProductCall,
  type CholeskyCall,
  type TriangularSolveCall,
} from '../../src/backends/kernels.ts';
import type { PlannedCall } from '../../src/backends/plan.ts';
import { lowerBatchedProduct, lowerCholesky, lowerTriangularSolve } from '../../src/backends/webgpu/lower-batched.ts';
import { lowerCones } from '../../src/backends/webgpu/lower-cones.ts';
import { readCones, rowsOfCones } from '../../src/solvers/cones/cone.ts';

const stepOf = (call: PlannedCall['call'], operands: number[]): PlannedCall =>
  ({ kind: 'call', call, operands, output: 9, inPlace: 0 }) as PlannedCall;

/** The indices that stretches from `first` to `end` cover, in their order. */
function listCovered(stretches: readonly (readonly [number, number])[]): number[] {
  return stretches.flatMap(([first, end]) => Array.from({ length: end - first }, (_, index) => first + index));
}

describe.each([
  ['much', 1e12],
  ['some', 3e5],
  ['hardly anything', 1],
])('with a limit of %s operations for a dispatch', (_, dispatchWork) => {
  const forms = { tiled: true, dispatchWork };

  test('Cholesky: every column of every sample, the columns of a sample in their order', () => {
    const [batch, order] = [70, 40];
    const call: CholeskyCall = { kernel: 'cholesky', inputs: [0], output: 9, batch, order, epsilon: 1e-7 };
    const dispatches = lowerCholesky(call, stepOf(call, [0]), forms);
    const columns = Array.from({ length: batch }, (): number[] => []);
    for (const { sizes, groups } of dispatches) {
      const [, , firstSample, endSample, start, stop] = sizes.map(({ value }) => value);
      expect(groups[0] * groups[1]).toBeGreaterThanOrEqual(endSample - firstSample);
      for (const sample of listCovered([[firstSample, endSample]]))
        columns[sample].push(...listCovered([[start, stop]]));
    }
    expect(columns).toEqual(Array(batch).fill(listCovered([[0, order]])));
  });

  test('triangular systems: every column of every sample', () => {
    const sizes = { batch: 30, order: 40, columns: 7, transposed: false };
    const call: TriangularSolveCall = { kernel: 'triangularSolve', inputs: [0, 1], output: 9, ...sizes };
    const dispatches = lowerTriangularSolve(call, stepOf(call, [0, 1]), forms);
    const stretches = dispatches.map(({ sizes: words, groups }) => {
      const [, , first, end] = words.map(({ value }) => value);
      expect(64 * groups[0] * groups[1]).toBeGreaterThanOrEqual(end - first);
      return [first, end] as const;
    });
    expect(listCovered(stretches)).toEqual(listCovered([[0, 210]]));
  });

  test('cones: every block of every row once, and equal ones together', () => {
    const blocks = readCones('cones', [
      { type: 'nonneg', dim: 2 },
      { type: 'nonneg', dim: 3 },
      { type: 'soc', dim: 4 },
      { type: 'soc', dim: 4 },
      { type: 'soc', dim: 5 },
      { type: 'psd', dim: 9 },
      { type: 'pow', dim: 3, alpha: 0.5 },
      { type: 'pow', dim: 3, alpha: 0.25 },
    ]);
    const columns = rowsOfCones(blocks);
    const call: ProjectConesCall = { kernel: 'projectCones', inputs: [0], output: 9, rows: 30, columns, blocks };
    const covered = new Map<string, number[]>();
    for (const { sizes: words, groups, constants } of lowerCones(call, stepOf(call, [0]), forms)) {
      const [, start, size, count, first, end] = words.map(({ value }) => value);
      const lanes = constants.LANES ?? 64;
      expect(lanes * groups[0] * groups[1]).toBeGreaterThanOrEqual(end - first);
      const key = `${start} ${size} ${count}`;
      covered.set(key, [...(covered.get(key) ?? []), ...listCovered([[first, end]])]);
    }
    const runs = [
      [0, 1, 5],
      [5, 4, 2],
      [13, 5, 1],
      [18, 45, 1],
      [63, 3, 1],
      [66, 3, 1],
    ];
    expect([...covered.keys()]).toEqual(runs.map((run) => run.join(' ')));
    for (const [index, blocksCovered] of [...covered.values()].entries())
      expect(blocksCovered).toEqual(listCovered([[0, 30 * runs[index][2]]]));
  });

  test.each([
    [3, 3, 500],
    [40, 1, 200],
    [33, 70, 9],
  ])('products of %d × %d: every row of every sample', (m, n, batch) => {
    const call: BatchedProductCall = {
      ...{ kernel: 'batchedProduct', inputs: [0, 1, ABSENT, ABSENT, ABSENT, ABSENT], output: 9, batch, m, n, k: 5 },
      ...{ transposeA: false, transposeB: false, sharedA: false, sharedB: false, bias: 'none' },
      ...{ activation: 'identity', activationParameters: [0, 0], proximal: false, residual: false },
    };
    const dispatches = lowerBatchedProduct(call, stepOf(call, [...call.inputs]), forms);
    const stretches = dispatches.map(({ sizes, groups, constants: { WIDTH, HEIGHT, SAMPLES } }) => {
      const [, , , firstRow, endRow] = sizes.map(({ value }) => value);
      const blocks = Math.ceil(m / (4 * HEIGHT));
      expect(4 * WIDTH * groups[0]).toBeGreaterThanOrEqual(n);
      expect((groups[1] / blocks) * SAMPLES * m).toBeGreaterThanOrEqual(endRow - firstRow);
      expect(groups[1]).toBeLessThanOrEqual(65_535);
      expect(WIDTH * HEIGHT * SAMPLES).toBeLessThanOrEqual(64);
      return [firstRow, endRow] as const;
    });
    expect(listCovered(stretches)).toEqual(listCovered([[0, batch * m]]));
  });
});
