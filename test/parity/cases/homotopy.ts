import fc from 'fast-check';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { expectAgreement, type ParityCase, randomNumbers, randomValues } from './parity.ts';

/**
 * Random matrices with more rows than features, with and without a ridge, and with fewer rows, always with a ridge.
 * Each group has a start of zeros, another one with the same y and ρ (which continues from the solution before it), and
 * a start of numbers.
 */
const groupsOfProblems: ParityCase = {
  name: 'homotopy: groups, ridges, thresholds and starts',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom([24, 3], [33, 8], [50, 11], [9, 20], [17, 33]),
        fc.constantFrom(1, 2, 5),
        fc.integer(),
        async ([rows, features], groups, seed) => {
          const batch = 3 * groups;
          const random = randomNumbers(seed);
          const initial = randomValues(batch * features, random);
          const y = randomValues(batch * rows, random);
          for (let first = 0; first < batch; first += 3) {
            initial.fill(0, first * features, (first + 2) * features);
            y.copyWithin((first + 1) * rows, first * rows, (first + 1) * rows);
          }
          const ridges = features < rows ? [0, 0, 0.25] : [0.5, 0.5, 0.25];
          const inputs = [
            randomValues(groups * features * rows, random),
            y,
            randomValues(batch * features, random).map(Math.abs),
            Float32Array.from({ length: batch }, (_, problem) => ridges[problem % 3]),
            initial,
          ];
          const call = { kernel: 'homotopy', rows, features, groups, batch, limit: 100, capacity: features };
          const trace = new Trace(`homotopy ${JSON.stringify(call)} ${seed}`);
          const slots = inputs.map(({ length }) => trace.input(length));
          const found = trace.call(call as CallWithoutSlots, slots, batch * (features + 2));
          // After the coefficients come the number of steps, which may differ in float32, and the gap, which is
          // rounding error.
          const coefficients = {
            kernel: 'elementwise',
            operation: 'copy',
            shape: [1, 1, batch, features],
            layouts: [{ offset: 0, strides: [0, 0, features + 2, 1] }],
            parameters: [],
          } as unknown as CallWithoutSlots;
          const program = trace.finish([trace.call(coefficients, [found], batch * features)]);
          await expectAgreement(...backends, program, inputs, { absolute: 64, relative: 64 });
        },
      ),
      { numRuns: 60, seed: 9 },
    ),
};

/** For backends that have the kernel. */
export const homotopyCases: readonly ParityCase[] = [groupsOfProblems];
