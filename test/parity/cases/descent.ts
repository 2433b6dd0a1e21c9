import fc from 'fast-check';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { expectAgreement, type ParityCase, randomNumbers, randomValues } from './parity.ts';

/**
 * Tall random matrices, whose Lasso has one solution and is well conditioned. Each group has a start of zeros, a second
 * start of zeros (which takes over the solution before it), and a start of numbers, which may have stopped.
 */
const groupsOfProblems: ParityCase = {
  name: 'coordinate descent: groups, ridges, thresholds and starts',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(24, 33, 50),
        fc.constantFrom(1, 3, 8, 11),
        fc.constantFrom(1, 2, 5),
        fc.integer(),
        async (rows, features, groups, seed) => {
          const batch = 3 * groups;
          const random = randomNumbers(seed);
          const each = (values: readonly number[]): Float32Array =>
            Float32Array.from({ length: batch }, (_, problem) => values[problem % values.length]);
          const initial = randomValues(batch * features, random);
          for (let group = 0; group < groups; group++)
            initial.fill(0, 3 * group * features, (3 * group + 2) * features);
          const inputs = [
            randomValues(groups * features * rows, random),
            randomValues(batch * rows, random),
            randomValues(batch * features, random).map(Math.abs),
            each([0.5, 0, 0.25]),
            initial,
            each([1e-6]),
            each([0, 0, seed % 2]),
            each([300, 300, 300, 2]),
          ];
          const call = { kernel: 'coordinateDescent', rows, features, groups, batch, limit: 300 };
          const trace = new Trace(`descent ${JSON.stringify(call)} ${seed}`);
          const slots = inputs.map(({ length }) => trace.input(length));
          const found = trace.call(call as CallWithoutSlots, slots, batch * (features + 1));
          // The last column counts passes; float32 may need fewer.
          const coefficients = {
            kernel: 'elementwise',
            operation: 'copy',
            shape: [1, 1, batch, features],
            layouts: [{ offset: 0, strides: [0, 0, features + 1, 1] }],
            parameters: [],
          } as unknown as CallWithoutSlots;
          const program = trace.finish([trace.call(coefficients, [found], batch * features)]);
          await expectAgreement(...backends, program, inputs, { absolute: 256, relative: 256 });
        },
      ),
      { numRuns: 40, seed: 8 },
    ),
};

/** For backends that have the kernel. */
export const descentCases: readonly ParityCase[] = [groupsOfProblems];
