/** Loops of `pass` calls end as the whole loop in one call does on the reference. */
import fc from 'fast-check';
import type { Backend } from '../../../src/backends/backend.ts';
import { factorOf } from '../../../src/backends/cpu/iteration.ts';
import { ACTIVATIONS, type ActivationName, ITERATIONS, STATE_SIZE } from '../../../src/backends/kernels.ts';
import { whereRunning } from '../../../src/solvers/monitor.ts';
import { type IterateOptions, packPass, passRows, unpackPass } from '../../../src/tensor/loop-kernels.ts';
import { Tracing } from '../../../src/tensor/tracing.ts';
import {
  compareEnds,
  type Iterated,
  type IterateOperands,
  iterateOn,
  operandsOf,
  parametersOf,
  RULE,
  SCALES,
} from './iterate.ts';
import { type ParityCase, runOn } from './parity.ts';

interface Passed extends Iterated {
  /** Whether the matrix is passed as its transpose. */
  readonly transposed: boolean;
}

/** The factor of the product in the first pass, [batch, n]. */
function firstFactor({ iteration, batch, n, activation, sloped }: Passed, { x, b, step, slope }: IterateOperands) {
  const call = { iteration, activation, activationParameters: parametersOf(activation) };
  return Float32Array.from(
    Array.from({ length: batch }, (_, sample) => {
      const row = (values: Float32Array): Float64Array =>
        Float64Array.from(values.subarray(sample * n, (sample + 1) * n));
      return [...factorOf({ call, b: row(b), alpha: step[0], slope: sloped ? row(slope) : undefined }, row(x))];
    }).flat(),
  );
}

/** M without its columns of zeros, and transposed if the case passes it so. */
function squareOf({ n, transposed }: Passed, { matrix }: IterateOperands): Float32Array {
  const stride = matrix.length / n;
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    return transposed ? matrix[column * stride + row] : matrix[row * stride + column];
  });
}

/** x, followed by the state, after as many passes as the limit allows. */
async function runPassesOn(backend: Backend, choice: Passed, operands: IterateOperands): Promise<Float64Array> {
  const { iteration, batch, n, activation, sloped, transposed } = choice;
  const { x, state, b, step, tolerance, floor, slope } = operands;
  const { epsilon, limit } = RULE;
  const shape = [batch, n];
  const tracing = new Tracing('passes', { epsilon, widestIteration: 0, largestPass: 1, runsOnHost: false });
  const given: Float32Array[] = [];
  const input = (values: Float32Array, of: readonly number[]) => {
    given.push(values);
    return tracing.input(of);
  };
  const options: IterateOptions = {
    ...RULE,
    iteration,
    activation,
    activationParameters: parametersOf(activation),
    matrix: input(squareOf(choice, operands), [n, n]),
    b: input(b, shape),
    step: iteration === 'picard' ? undefined : input(step, [1]),
    tolerance: input(tolerance, [batch]),
    floor: input(floor, [1]),
    slope: sloped ? input(slope, shape) : undefined,
  };
  const first = input(firstFactor(choice, operands), shape);
  let end = packPass(first, input(x, shape), input(state, [STATE_SIZE, batch]));
  for (let count = 0; count < limit; count++) end = passRows(end, transposed, options);
  const { factor, kept, state: after } = unpackPass(end, shape);
  const rows = iteration === 'peacemanRachford' ? kept : whereRunning(after, factor, kept);
  const found = await runOn(backend, tracing.finish([rows, after]), given);
  return Float64Array.from(found.flatMap((values) => [...values]));
}

async function checkPasses([reference, candidate]: readonly [Backend, Backend], choice: Passed): Promise<void> {
  const operands = operandsOf(choice);
  const expected = await iterateOn(reference, choice, operands);
  compareEnds(choice, [expected, await runPassesOn(candidate, choice, operands)]);
}

/** Batches and widths around the edges of tiles of 8, 32 and 64. */
const random: ParityCase = {
  name: 'pass: samples that stop at different times, give up or have stopped before',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          iteration: fc.constantFrom(...ITERATIONS),
          batch: fc.constantFrom(1, 7, 8, 9, 33, 70),
          n: fc.constantFrom(1, 3, 4, 7, 8, 9, 20, 31, 32, 36, 66),
          activation: fc.constantFrom<ActivationName>('relu', 'tanh', 'leakyRelu', 'clip'),
          sloped: fc.boolean(),
          transposed: fc.boolean(),
          seed: fc.integer(),
        }),
        (choice) => checkPasses(backends, choice),
      ),
      { numRuns: 12, seed: 6 },
    ),
};

const activations: ParityCase = {
  name: 'pass: every activation and its proximal operator',
  async run(...backends) {
    for (const [seed, activation] of ACTIVATIONS.entries()) {
      const iteration = seed % 2 === 0 ? 'peacemanRachford' : 'forwardBackward';
      await checkPasses(backends, { iteration, batch: 5, n: 12, activation, sloped: false, transposed: true, seed });
    }
  },
};

/** Tiles of 64 columns, which a GPU uses where there are enough of them. */
const many: ParityCase = {
  name: 'pass: enough tiles for the large workgroups',
  run: (...backends) =>
    checkPasses(backends, {
      iteration: 'picard',
      batch: 4100,
      n: 68,
      activation: 'relu',
      sloped: true,
      transposed: false,
      seed: 8,
    }),
};

const scaled: ParityCase = {
  name: 'pass: numbers whose squares overflow or underflow',
  async run(...backends) {
    for (const scale of SCALES) {
      for (const sloped of [false, true]) {
        const choice = { batch: 9, n: 36, activation: 'relu', sloped, transposed: false, seed: 5, scale } as const;
        await checkPasses(backends, { ...choice, iteration: scale < 1 ? 'picard' : 'peacemanRachford' });
      }
    }
  },
};

export const passCases: readonly ParityCase[] = [random, activations, scaled];
/** For the variants of a GPU. */
export const largePassCases: readonly ParityCase[] = [many];
