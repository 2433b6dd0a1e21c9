import { describe, expect, test } from 'vitest';
import { ABSENT, type IterateCall, type ProximalGradientCall, type SplittingCall } from '../../src/backends/kernels.ts';
import type { PlannedCall } from '../../src/backends/plan.ts';
import { lowerGrouped, lowerIterate, widestIterationOn } from '../../src/backends/webgpu/lower-iterate.ts';

const call: IterateCall = {
  kernel: 'iterate',
  inputs: [0, 1, 2, 3, 4, 5, ABSENT],
  output: 6,
  iteration: 'peacemanRachford',
  accelerated: false,
  batch: 100,
  n: 50,
  stride: 52,
  activation: 'relu',
  activationParameters: [0, 0],
  epsilon: 1e-7,
  shared: { tolerance: true, floor: true },
  limit: 100,
  staleLimit: 20,
  giveUp: false,
};
const step = { kind: 'call', call, operands: [10, 11, 12, 13, 14, 15, ABSENT], output: 16, inPlace: 0 } as PlannedCall;

describe('a whole loop', () => {
  test('is one dispatch where the work is small, with eight samples a workgroup', () => {
    const dispatches = lowerIterate(call, step, { tiled: true, dispatchWork: 1e9 });
    expect(dispatches).toHaveLength(1);
    expect(dispatches[0]).toMatchObject({ groups: [13, 1], constants: { THREADS: 13, CONTINUED: 0, SLOPED: 0 } });
    expect(dispatches[0].operands).toEqual([10, 11, 12, 13, 14, 15, ABSENT]);
  });

  test('continues in further dispatches where one would do too much, up to the limit in total', () => {
    // An iteration takes 2·100·50² operations: eight dispatches of two iterations each.
    const dispatches = lowerIterate(call, step, { tiled: false, dispatchWork: 1e6 });
    expect(dispatches.map(({ sizes }) => sizes[0].value)).toEqual([16, 16, 16, 16, 16, 16, 4]);
    expect(dispatches.map(({ constants }) => constants.CONTINUED)).toEqual([0, 1, 1, 1, 1, 1, 1]);
    expect(dispatches[1].operands).toEqual([ABSENT, 11, 12, 13, 14, 15, ABSENT]);
  });

  test('makes progress however costly an iteration is', () => {
    const [first] = lowerIterate(call, step, { tiled: false, dispatchWork: 1 });
    expect(first.sizes[0].value).toBe(8);
  });

  test.each(['proximalGradient', 'splitting'] as const)(
    'of %s has workgroups with four samples of one group',
    (kernel) => {
      const loop: ProximalGradientCall | SplittingCall = {
        kernel,
        inputs: [0, 1, 2, 3, 4, 5, 6],
        output: 7,
        accelerated: true,
        groups: 3,
        batch: 15,
        n: 10,
        stride: 12,
        limit: 25_000,
        staleLimit: 20,
        giveUp: false,
      };
      const operands = [10, 11, 12, 13, 14, 15, 16];
      const planned = { kind: 'call', call: loop, operands, output: 17, inPlace: 0 } as PlannedCall;
      const dispatches = lowerGrouped(loop, planned, { tiled: true, dispatchWork: 1e9 });
      for (const { shader } of dispatches) expect(shader).toBe(kernel);
      for (const { groups } of dispatches) expect(groups).toEqual([6, 1]);
      expect(dispatches[0].constants).toEqual({ ACCELERATED: 1, CONTINUED: 0, THREADS: 3 });
      // However cheap they are, this many iterations take long enough.
      expect(dispatches.map(({ sizes }) => sizes[0].value)).toEqual([10_000, 10_000, 5_000]);
      expect(dispatches.map((dispatch) => dispatch.operands[0])).toEqual([10, ABSENT, ABSENT]);
    },
  );

  test('is possible up to the width that fits a workgroup', () => {
    const limits = {
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupSizeX: 256,
      maxComputeWorkgroupStorageSize: 16384,
    } as GPUSupportedLimits;
    const widest = widestIterationOn(limits, { tiled: true, dispatchWork: 1 });
    expect(widest).toBe(336);
    // Vectors and sums of 8 samples in vec4s almost fill the memory of a workgroup.
    expect(widest * 48).toBeLessThanOrEqual(16384 - 256);
    expect(
      widestIterationOn({ ...limits, maxComputeWorkgroupStorageSize: 1e6 }, { tiled: true, dispatchWork: 1 }),
    ).toBe(1024);
    expect(widestIterationOn(limits, { tiled: false, dispatchWork: 1 })).toBe(128);
  });
});
