/** The kernels combine, scalar and solve. */
import fc from 'fast-check';
import { STATE_SIZE, STATUS } from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import { createSingleCall, expectAgreement, type ParityCase, randomNumbers, randomValues } from './parity.ts';

const combine: ParityCase = {
  name: 'combine: every choice of terms and coefficients',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 3, 31, 87),
        fc.constantFrom(1, 3, 31, 129),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        fc.integer(),
        async (rows, columns, terms, coefficients, seed) => {
          const random = randomNumbers(seed);
          const sizes = [0, 1, 2, 3, 4, 5].map((operand) => {
            const isTerm = (terms >> (operand % 3)) & 1;
            const isCoefficient = (coefficients >> (operand - 3)) & 1;
            if (operand < 3) return isTerm ? rows * columns : 0;
            return isTerm && isCoefficient ? rows : 0;
          });
          const factors = [0, 1, 2].map(() => Math.fround(random() * 2));
          const call = { kernel: 'combine', rows, columns, factors } as unknown as CallWithoutSlots;
          const program = createSingleCall(`combine ${JSON.stringify(call)} ${sizes}`, call, sizes, rows * columns);
          const inputs = sizes.filter((size) => size > 0).map((size) => randomValues(size, random));
          await expectAgreement(...backends, program, inputs, { absolute: 8, relative: 4 });
        },
      ),
      { numRuns: 40, seed: 4 },
    ),
};

const leftOut: ParityCase = {
  name: 'combine: a term with coefficient 0 is left out, NaN or not',
  async run(...backends) {
    const call = { kernel: 'combine', rows: 2, columns: 2, factors: [1, 1, 0] } as unknown as CallWithoutSlots;
    const nan = Number.NaN;
    const inputs = [
      Float32Array.of(1, 2, nan, nan),
      Float32Array.of(3, 4, 5, 6),
      Float32Array.of(nan, nan, nan, nan),
      Float32Array.of(1, 0),
    ];
    await expectAgreement(...backends, createSingleCall('combine NaN', call, [4, 4, 4, 2, 0, 0], 4), inputs, {
      absolute: 1,
      relative: 1,
    });
  },
};

const ratios: ParityCase = {
  name: 'scalar ratio and ratioProduct, with zero divisors and shared operands',
  async run(...backends) {
    const batch = 70;
    const random = randomNumbers(8);
    for (const mask of [0, 1, 2, 3, 5, 10, 15]) {
      const shared = [0, 1, 2, 3].map((operand) => ((mask >> operand) & 1) === 1);
      const sizes = shared.map((isShared) => (isShared ? 1 : batch));
      const inputs = sizes.map((size) =>
        randomValues(size, random).map((value) => (Math.abs(value) < 0.2 ? 0 : value)),
      );
      const tolerance = { absolute: 0, relative: 12 };
      const ratio = {
        kernel: 'scalar',
        operation: 'ratio',
        batch,
        shared: shared.slice(0, 2),
        parameters: [],
      } as CallWithoutSlots;
      await expectAgreement(
        ...backends,
        createSingleCall(`ratio ${shared}`, ratio, sizes.slice(0, 2), batch),
        inputs.slice(0, 2),
        tolerance,
      );
      const product = {
        kernel: 'scalar',
        operation: 'ratioProduct',
        batch,
        shared,
        parameters: [],
      } as CallWithoutSlots;
      await expectAgreement(
        ...backends,
        createSingleCall(`ratioProduct ${shared}`, product, sizes, batch),
        inputs,
        tolerance,
      );
    }
  },
};

/** status, remaining, residual, best, stale, new residual: one sample in each row, each with another outcome. */
const SAMPLES = [
  [STATUS.running, 40, 0, 1e30, 0, 0.5], // the first residual
  [STATUS.running, 40, 0, Number.POSITIVE_INFINITY, 0, 0.5], // the first residual, infinite best
  [STATUS.running, 43, 0.2, 0.2, 1, 0.17], // improved by more than a tenth
  [STATUS.running, 43, 0.2, 0.2, 1, 0.19], // improved by less
  [STATUS.running, 43, 0.2, 0.2, 1, 0.25], // worse
  [STATUS.running, 45, 0.2, 0.2, 0, 1e-5], // converged
  [STATUS.running, 45, 2e-3, 2e-3, 4, 2e-3], // stale, at the floor
  [STATUS.running, 45, 0.2, 0.2, 4, 0.3], // stale, above it
  [STATUS.running, 45, 0.2, 0.2, 0, Number.NaN],
  [STATUS.running, 45, 0.2, 0.2, 0, Number.POSITIVE_INFINITY],
  [STATUS.running, 45, 0.2, 0.2, 0, 2e30],
  [STATUS.converged, 47, 1e-5, 1e-5, 0, 0.7], // unchanged
  [STATUS.diverged, 47, 2e31, 0.1, 3, 1e-9],
  [STATUS.gaveUp, 47, 0.3, 0.2, 5, Number.NaN],
  [STATUS.running, 1, 0.2, 0.2, 1, 0.17], // the last of its iterations
  [STATUS.running, 1, 0.2, 0.2, 0, 1e-5], // the last one, and converged
  [STATUS.running, 1, 2e-3, 2e-3, 1, 1e-3], // the last one, and at the floor
  [STATUS.running, 7, 0.2, 0.2, 1, 0.17],
];

const monitor: ParityCase = {
  name: 'scalar monitor: every transition',
  async run(...backends) {
    const batch = SAMPLES.length;
    const state = Float32Array.from(
      { length: STATE_SIZE * batch },
      (_, index) => SAMPLES[index % batch][Math.floor(index / batch)],
    );
    const residual = Float32Array.from(SAMPLES, (sample) => sample[STATE_SIZE]);
    for (const [staleLimit, givesUp, count] of [
      [5, 0, 1],
      [5, 1, 1],
      [50, 1, 0],
      [50, 0, 7],
    ]) {
      const call = {
        kernel: 'scalar',
        operation: 'monitor',
        batch,
        shared: [false, false, true, true],
        parameters: [staleLimit, givesUp, count],
      } as CallWithoutSlots;
      const program = createSingleCall(
        `monitor ${staleLimit} ${givesUp} ${count}`,
        call,
        [state.length, batch, 1, 1],
        state.length,
      );
      const inputs = [state, residual, Float32Array.of(1e-4), Float32Array.of(1e-3)];
      await expectAgreement(...backends, program, inputs, { absolute: 0, relative: 0 });
    }
  },
};

const solve: ParityCase = {
  name: 'solve: well-conditioned systems of order 1 to 16',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 16 }),
        fc.constantFrom(1, 3, 65),
        fc.integer(),
        async (order, batch, seed) => {
          const random = randomNumbers(seed);
          const matrices = randomValues(batch * order * order, random, 1 / Math.sqrt(order));
          // A dominant entry in each row, off the diagonal: rows must be exchanged.
          for (let row = 0; row < batch * order; row++) matrices[row * order + ((row + 1) % order)] += 3;
          const program = createSingleCall(
            `solve ${order}`,
            { kernel: 'solve', batch, order } as CallWithoutSlots,
            [matrices.length, batch * order],
            batch * order,
          );
          await expectAgreement(...backends, program, [matrices, randomValues(batch * order, random)], {
            absolute: 64,
            relative: 64,
          });
        },
      ),
      { numRuns: 25, seed: 5 },
    ),
};

const singular: ParityCase = {
  name: 'solve: a zero pivot gives 0 in that unknown',
  async run(...backends) {
    const program = createSingleCall(
      'solve singular',
      { kernel: 'solve', batch: 2, order: 2 } as CallWithoutSlots,
      [8, 4],
      4,
    );
    await expectAgreement(
      ...backends,
      program,
      [Float32Array.of(2, 1, 0, 0, 0, 0, 0, 0), Float32Array.of(4, 5, 1, 1)],
      {
        absolute: 4,
        relative: 4,
      },
    );
  },
};

export const smallCases: readonly ParityCase[] = [combine, leftOut, ratios, monitor, solve, singular];
