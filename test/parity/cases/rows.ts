import fc from 'fast-check';
import { ROWS, type RowsOperation } from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import {
  createSingleCall,
  expectAgreement,
  type ParityCase,
  randomNumbers,
  randomValues,
  type Tolerance,
  type Values,
} from './parity.ts';

type Check = Parameters<ParityCase['run']>;

async function checkRows(
  backends: Check,
  operation: RowsOperation,
  [rows, columns]: readonly [number, number],
  inputs: readonly Values[],
  tolerance: Tolerance,
): Promise<void> {
  const call = { kernel: 'rows', operation, rows, columns, parameters: [1e-3] } as CallWithoutSlots;
  const sizes = [inputs[0].length, inputs[1]?.length ?? 0];
  const program = createSingleCall(`${operation} [${rows}, ${columns}]`, call, sizes, rows * columns);
  await expectAgreement(...backends, program, inputs, tolerance);
}

function inputsOf(operation: RowsOperation, size: number, seed: number): Values[] {
  const random = randomNumbers(seed);
  const x = randomValues(size, random, 4);
  if (operation === 'proximalSoftmax') return [x, Float32Array.of(10 ** (2 * random()))];
  return operation === 'standardiseDerivative' ? [x, randomValues(size, random)] : [x];
}

/** In units of ε: the rounding of a sum of n terms, of x, and of 1/√p₀ = 30 where all columns are nearly the same. */
const tolerance = (columns: number): Tolerance => ({ absolute: 64 + 8 * Math.sqrt(columns), relative: 64 });

const rowCount = fc.constantFrom(1, 2, 3, 65);
const columnCount = fc.oneof(fc.constantFrom(1, 2, 3, 16, 17, 64, 65, 129), fc.integer({ min: 1, max: 300 }));

const shapes: ParityCase[] = ROWS.map((operation) => ({
  name: `rows ${operation}: any shape`,
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(rowCount, columnCount, fc.integer(), (rows, columns, seed) =>
        checkRows(backends, operation, [rows, columns], inputsOf(operation, rows * columns, seed), tolerance(columns)),
      ),
      { numRuns: 12, seed: 3 },
    ),
}));

/** Rows whose largest entry stands out by far, or not at all, or on which eˣ would overflow. */
const AWKWARD = Float32Array.of(1000, 1001, 999, 0, 0, 0, -1e4, 1e4, 3, 88, -88, 1e-7, -3e4, -3e4, -3e4, 0.3, 0.1, 0.6);

const steps: ParityCase = {
  name: 'rows softmax, logSoftmax, proximalSoftmax: awkward rows, and every α',
  async run(...backends) {
    await checkRows(backends, 'softmax', [6, 3], [AWKWARD], { absolute: 4, relative: 8 });
    await checkRows(backends, 'logSoftmax', [6, 3], [AWKWARD], { absolute: 8, relative: 4 });
    for (const alpha of [1e-3, 0.3, 1, 5, 50]) {
      await checkRows(backends, 'proximalSoftmax', [6, 3], [AWKWARD, Float32Array.of(alpha)], {
        absolute: 64,
        relative: 8,
      });
    }
  },
};

const offset: ParityCase = {
  name: 'rows standardise: numbers far from 0 that differ little',
  async run(...backends) {
    const random = randomNumbers(4);
    const x = Float32Array.from({ length: 3 * 100 }, () => 1000 + random());
    await checkRows(backends, 'standardise', [3, 100], [x], { absolute: 64, relative: 16 });
  },
};

const radii: ParityCase = {
  name: 'rows projectSimplex: ties, rows that differ by orders of magnitude, and every radius',
  async run(...backends) {
    const check = (x: Values, shape: readonly [number, number], radius: number): Promise<void> => {
      const call = {
        kernel: 'rows',
        operation: 'projectSimplex',
        rows: shape[0],
        columns: shape[1],
        parameters: [radius],
      };
      const program = createSingleCall(
        `projectSimplex of radius ${radius}`,
        call as CallWithoutSlots,
        [x.length, 0],
        x.length,
      );
      // The distance of two numbers of a row is exact only to the rounding of the radius.
      return expectAgreement(...backends, program, [x], { absolute: 8 * radius * Math.sqrt(shape[1]), relative: 64 });
    };
    for (const radius of [1, 1e-3, 1e-30, 100, 1e30]) await check(AWKWARD, [6, 3], radius);
    const random = randomNumbers(9);
    // Each step of the iteration drops about half of such a row.
    const geometric = Float32Array.from(
      { length: 2 * 3000 },
      (_, at) => -(2 ** (-(at % 3000) / 150)) * (1 + 1e-3 * random()),
    );
    for (const radius of [1e-2, 1, 1e3]) await check(geometric, [2, 3000], radius);
  },
};

export const rowsCases: readonly ParityCase[] = [...shapes, steps, offset, radii];
