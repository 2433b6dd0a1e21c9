/**
 * NaN, infinities, both zeros, subnormal numbers and numbers near the ends of float32, in every operation: the result
 * is the oracle's, rounded to float32. A NaN stays NaN, and an infinity results only where it is correct.
 *
 * A backend is free in three respects: the sign of a zero result; numbers below the smallest normal one, which may
 * count as 0 in inputs and results; and where eˣ ends for a finite x.
 */

import type { Backend } from '../../../src/backends/backend.ts';
import {
  ACTIVATIONS,
  ELEMENTWISE,
  type ElementwiseOperation,
  REDUCTIONS,
  ROWS,
} from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import { createSingleCall, type ParityCase, runOn, type Values } from './parity.ts';

const { NaN: NOT_A_NUMBER, POSITIVE_INFINITY: INFINITE } = Number;
const SMALLEST = 2 ** -126;

const SPECIAL: readonly number[] = [
  ...[
    NOT_A_NUMBER,
    INFINITE,
    -INFINITE,
    0,
    -0,
    1e-40,
    -1e-40,
    SMALLEST,
    -SMALLEST,
    1e-38,
    2e-38,
    1e38,
    -1e38,
    3e38,
    -3e38,
  ],
  ...[1, -1, 0.29, -0.29, 2, 10, -100],
].map(Math.fround);

/** The numbers with which step sizes, tolerances and parameters of operations are tested. */
const POSITIVE = [NOT_A_NUMBER, 0.5, 1, 3].map(Math.fround);
const TOLERANCES = [NOT_A_NUMBER, 0, 1e-3].map(Math.fround);

const PARAMETERS: Partial<Record<ElementwiseOperation, readonly number[]>> = {
  softThreshold: [0.75],
  leakyRelu: [0.25],
  clip: [-0.75, 1.5],
  elu: [0.625],
  scale: [-2.5, 0.125],
  reluDerivative: [0.25],
  absDerivative: [0.25],
  softThresholdDerivative: [0.25, 0.75],
  leakyReluDerivative: [0.25, 0.125],
  clipDerivative: [0.25, -0.75, 1.5],
  eluDerivative: [0.25, 0.625],
  proximalSoftThreshold: [0.75],
  proximalLeakyRelu: [0.25],
  proximalClip: [-0.75, 1.5],
  proximalElu: [0.625],
  dropout: [0.5 * 2 ** 24, 2],
};

const BINARY = /^(add|subtract|multiply|divide|maximum|minimum|greater)$/;
const KINKED = /^(relu|abs|softThreshold|leakyRelu|clip|elu)Derivative$/;

/** Every combination of the values that the operands may have. */
function operandsOf(operation: ElementwiseOperation): Values[] {
  const choices: (readonly number[])[] = [SPECIAL];
  if (BINARY.test(operation) || operation === 'select') choices.push(SPECIAL);
  if (KINKED.test(operation)) choices.push(TOLERANCES);
  if (operation.startsWith('proximal')) choices.push(POSITIVE);
  if (operation === 'select') choices.push([1, 2, NOT_A_NUMBER]);
  if (operation === 'dropout') choices.push([3, 5, 7], [11]);
  let rows: number[][] = [[]];
  for (const values of choices) rows = rows.flatMap((row) => values.map((value) => [...row, value]));
  return choices.map((_, operand) => Float32Array.from(rows, (row) => row[operand]));
}

/** In units of ε. The equation of a proximal operator has terms as large as x. */
function isNear(operation: string, found: number, wanted: number): boolean {
  const expected = Math.fround(wanted);
  if (Number.isNaN(expected)) return Number.isNaN(found);
  if (!Number.isFinite(found) || !Number.isFinite(expected)) {
    if (found === expected) return true;
    // eˣ may end at the largest number, and the largest number is near infinity.
    const mayEnd = operation === 'exp' || Number.isFinite(wanted);
    return mayEnd && Math.abs(found) > 3.3e38 && Math.sign(found) === Math.sign(expected);
  }
  const units = operation.startsWith('proximal') ? 64 : 16;
  const absolute = /^(log|scale|add|subtract|proximal|fixedPointResidual)/.test(operation) ? 64 * 2 ** -23 : 0;
  return Math.abs(found - expected) <= SMALLEST + absolute + units * 2 ** -23 * Math.abs(expected);
}

const isSubnormal = (value: number): boolean => value !== 0 && Math.abs(value) < SMALLEST;
const flush = (values: Values): Values => values.map((value) => (isSubnormal(value) ? 0 * value : value));

/**
 * Throws unless the candidate's result is the oracle's for these inputs, or for the inputs with subnormal numbers
 * replaced by 0.
 */
async function expectAgreement(
  reference: Backend,
  candidate: Backend,
  name: string,
  call: CallWithoutSlots,
  inputs: readonly Values[],
  size: number,
): Promise<void> {
  const program = createSingleCall(
    name,
    call,
    inputs.map(({ length }) => length),
    size,
  );
  // Each operand may or may not be flushed to 0.
  const choices = Array.from({ length: 2 ** inputs.length }, (_, mask) =>
    inputs.map((values, operand) => ((mask >> operand) & 1 ? flush(values) : values)),
  );
  const [found] = await runOn(candidate, program, inputs);
  const wanted = await Promise.all(choices.map(async (given) => (await runOn(reference, program, given))[0]));
  const wrong = [...found.entries()].filter(
    ([index, value]) => !wanted.some((values) => isNear(name, value, values[index])),
  );
  if (wrong.length === 0) return;
  const told = wrong.slice(0, 8).map(([index, value]) => {
    const given = inputs.map((values) => values[index % values.length]);
    return `(${given.join(', ')}) → ${value}, want ${wanted[0][index]}`;
  });
  throw new Error(`${name}: ${wrong.length} of ${size} are wrong: ${told.join('; ')}`);
}

const elementwise: readonly ParityCase[] = ELEMENTWISE.map((operation) => ({
  name: `special numbers: ${operation}`,
  async run(reference, candidate) {
    const inputs = operandsOf(operation);
    const count = inputs[0].length;
    const call = {
      kernel: 'elementwise',
      operation,
      shape: [1, 1, 1, count],
      layouts: inputs.map(() => ({ offset: 0, strides: [0, 0, 0, 1] })),
      parameters: PARAMETERS[operation] ?? [],
    } as CallWithoutSlots;
    await expectAgreement(reference, candidate, operation, call, inputs, count);
  },
}));

/** Rows of 5, each with one special number among ordinary ones, in each place; and rows of one special number alone. */
const ROWS_OF = 5;
function specialRows(): Values {
  const healthy = [0.5, -2, 3, 0.25, -1];
  const rows = SPECIAL.flatMap((special) =>
    healthy.map((_, place) => healthy.map((value, index) => (index === place ? special : value))),
  );
  const uniform = SPECIAL.map((special) => healthy.map(() => special));
  return Float32Array.from([...rows, ...uniform].flat());
}

const reductions: readonly ParityCase[] = REDUCTIONS.map((operation) => ({
  name: `special numbers: reduce ${operation}`,
  async run(reference, candidate) {
    const x = specialRows();
    const outer = x.length / ROWS_OF;
    const ones = new Float32Array(x.length).fill(1);
    const isPair = operation === 'dot' || operation === 'fixedPointResidual';
    const activations = operation === 'fixedPointResidual' ? ACTIVATIONS : (['identity'] as const);
    for (const activation of activations) {
      for (const inputs of isPair
        ? [
            [x, ones],
            [ones, x],
          ]
        : [[x]]) {
        // A row, a row across columns, and a row so long that it is reduced in stretches.
        for (const [o, middle, inner] of [
          [outer, ROWS_OF, 1],
          [1, ROWS_OF, outer],
        ] as const) {
          const turned = inner === 1 ? inputs : inputs.map((values) => transpose(values, outer, ROWS_OF));
          const call = {
            kernel: 'reduce',
            operation,
            outer: o,
            middle,
            inner,
            activation,
            parameters: [0.2, 0.8, 1e-3],
          };
          const name = `${operation} ${activation} [${o}, ${middle}, ${inner}]`;
          await expectAgreement(reference, candidate, name, call as CallWithoutSlots, turned, outer);
        }
      }
    }
    for (const special of [NOT_A_NUMBER, INFINITE, -INFINITE]) {
      const long = new Float32Array(5000).fill(-1);
      long[4321] = special;
      const call = {
        kernel: 'reduce',
        operation,
        outer: 1,
        middle: 5000,
        inner: 1,
        activation: 'identity',
        parameters: [0, 0, 1e-3],
      };
      const inputs = isPair ? [long, long] : [long];
      await expectAgreement(reference, candidate, `${operation} of 5000`, call as CallWithoutSlots, inputs, 1);
    }
  },
}));

function transpose(values: Values, rows: number, columns: number): Values {
  return values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)]);
}

const rowwise: readonly ParityCase[] = ROWS.map((operation) => ({
  name: `special numbers: rows ${operation}`,
  async run(reference, candidate) {
    const x = specialRows();
    const rows = x.length / ROWS_OF;
    const second = {
      proximalSoftmax: [Float32Array.of(0.5)],
      standardiseDerivative: [new Float32Array(x.length).map((_, i) => i % 3)],
    };
    const call = { kernel: 'rows', operation, rows, columns: ROWS_OF, parameters: [1e-3] } as CallWithoutSlots;
    const inputs = [x, ...(second[operation as keyof typeof second] ?? [])];
    const program = createSingleCall(operation, call, [x.length, inputs[1]?.length ?? 0], x.length);
    const [[wanted], [found]] = await Promise.all([
      runOn(reference, program, inputs),
      runOn(candidate, program, inputs),
    ]);
    for (const [index, value] of found.entries()) {
      const row = x.subarray(index - (index % ROWS_OF), index - (index % ROWS_OF) + ROWS_OF);
      // Sums of such numbers overflow in float32, and the result shows it.
      if (Number.isNaN(value) && row.some((number) => Math.abs(number) > 9e37)) continue;
      if (isNear(`proximal ${operation}`, value, wanted[index])) continue;
      throw new Error(
        `${operation} of [${row.join(', ')}]: ${value} in place ${index % ROWS_OF}, want ${wanted[index]}`,
      );
    }
  },
}));

/** The cases that depend on the variants of the kernels. */
export const specialVariantCases: readonly ParityCase[] = [...reductions, ...rowwise];
export const specialCases: readonly ParityCase[] = [...elementwise, ...specialVariantCases];
