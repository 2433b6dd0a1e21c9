import fc from 'fast-check';
import { ACTIVATIONS, type ActivationName, REDUCTIONS, type Reduction } from '../../../src/backends/kernels.ts';
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
type Shape = readonly [outer: number, middle: number, inner: number];

function operandsOf(operation: Reduction): number {
  return operation === 'dot' || operation === 'fixedPointResidual' ? 2 : 1;
}

function toleranceOf(operation: Reduction, middle: number): Tolerance {
  const root = Math.sqrt(middle);
  switch (operation) {
    case 'maximum':
    case 'maximumAbsolute':
    case 'anyZero':
    case 'countNotFinite':
      return { absolute: 0, relative: 0 };
    case 'norm':
    case 'fixedPointResidual':
      return { absolute: 4, relative: 8 + 2 * root };
    default:
      // Terms of both signs: the rounding error is relative to the partial sums, about √middle.
      return { absolute: 4 * middle, relative: 4 };
  }
}

async function checkReduce(
  backends: Check,
  operation: Reduction,
  [outer, middle, inner]: Shape,
  inputs: readonly Values[],
  activation: ActivationName = 'identity',
): Promise<void> {
  const call = {
    kernel: 'reduce',
    operation,
    outer,
    middle,
    inner,
    activation,
    parameters: [0.2, 0.8, 1e-3],
  } as CallWithoutSlots;
  const name = `${operation} ${activation} [${outer}, ${middle}, ${inner}]`;
  const program = createSingleCall(
    name,
    call,
    inputs.map(({ length }) => length),
    outer * inner,
  );
  await expectAgreement(...backends, program, inputs, toleranceOf(operation, middle));
}

/** Values with some zeros among them, for anyZero. */
function inputsOf(operation: Reduction, size: number, seed: number): Values[] {
  const random = randomNumbers(seed);
  return Array.from({ length: operandsOf(operation) }, () => {
    const values = randomValues(size, random, 2);
    return operation === 'anyZero' ? values.map((value) => (Math.abs(value) < 0.05 ? 0 : value)) : values;
  });
}

const outer = fc.constantFrom(1, 2, 3, 31);
const middle = fc.oneof(fc.constantFrom(1, 3, 31, 64, 65, 87, 129), fc.integer({ min: 1, max: 300 }));
const inner = fc.constantFrom(1, 1, 2, 7);

const shapes: ParityCase[] = REDUCTIONS.map((operation) => ({
  name: `reduce ${operation}: any shape`,
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(outer, middle, inner, fc.integer(), (...[outerExtent, middleExtent, innerExtent, seed]) => {
        const size = outerExtent * middleExtent * innerExtent;
        return checkReduce(
          backends,
          operation,
          [outerExtent, middleExtent, innerExtent],
          inputsOf(operation, size, seed),
        );
      }),
      { numRuns: 12, seed: 3 },
    ),
}));

const long: ParityCase[] = REDUCTIONS.map((operation) => ({
  name: `reduce ${operation}: a long middle index, in stretches`,
  async run(...backends) {
    await checkReduce(backends, operation, [1, 20_011, 1], inputsOf(operation, 20_011, 4));
    await checkReduce(backends, operation, [2, 9_001, 3], inputsOf(operation, 54_006, 4));
  },
}));

const activations: ParityCase = {
  name: 'reduce fixedPointResidual: every activation',
  async run(...backends) {
    for (const activation of ACTIVATIONS) {
      await checkReduce(backends, 'fixedPointResidual', [4, 33, 1], inputsOf('fixedPointResidual', 132, 5), activation);
    }
  },
};

const notFinite: ParityCase = {
  name: 'reduce countNotFinite: NaN and both infinities count, the largest numbers do not',
  async run(...backends) {
    const values = Float32Array.of(
      Number.NaN,
      1,
      Number.POSITIVE_INFINITY,
      3.4e38,
      Number.NEGATIVE_INFINITY,
      0,
      1e-40,
      -3.4e38,
    );
    await checkReduce(backends, 'countNotFinite', [1, 8, 1], [values]);
    const many = new Float32Array(3000).map((_, index) => (index % 7 === 0 ? Number.NaN : index));
    await checkReduce(backends, 'countNotFinite', [3, 1000, 1], [many]);
    await checkReduce(backends, 'countNotFinite', [1, 3000, 1], [many]);
  },
};

const zeros: ParityCase = {
  name: 'reduce anyZero: both zeros count, small numbers do not',
  async run(...backends) {
    await checkReduce(backends, 'anyZero', [4, 2, 1], [Float32Array.of(1, -0, 0, 2, 1e-30, 3, -1e-30, 1)]);
  },
};

const negative: ParityCase = {
  name: 'reduce maximum of negative numbers',
  run: (...backends) =>
    checkReduce(backends, 'maximum', [2, 65, 1], [randomValues(130, randomNumbers(6)).map((x) => x - 2e3)]),
};

export const reduceCases: readonly ParityCase[] = [...shapes, ...long, activations, notFinite, zeros, negative];
