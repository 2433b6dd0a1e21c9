import fc from 'fast-check';
import { ELEMENTWISE, type ElementwiseOperation, type OperandLayout } from '../../../src/backends/kernels.ts';
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

/**
 * Numbers at which formulas break: overflow of eˣ, saturation, zeros of both signs, the smallest normal number, ties.
 */
const AWKWARD = [
  0, -0, 2e-38, -2e-38, 1e-7, -1e-7, 4e-4, 0.5, -0.5, 1, -1, 2, 7.9, -7.9, 9, 16, -16, 88, -88, 100, -100, 1e4, -1e4,
];

interface Operation {
  readonly operands: number;
  readonly parameters: readonly number[];
  /** Maps random numbers into the domain of each operand; default: all numbers. */
  readonly domain?: readonly ((value: number) => number)[];
  readonly tolerance?: Tolerance;
}

const positive = (value: number): number => Math.abs(value) + 1e-3;
const bounded = (value: number): number => Math.max(-1e3, Math.min(value, 1e3));
const awayFromZero = (value: number): number => (Math.abs(value) < 1e-6 ? 1e-6 : value);
const keep = (value: number): number => value;
/** A kink tolerance; the operand itself is far from the edge of it. */
const tolerance = (value: number): number => Math.min(Math.abs(value), 1e-3);
const steps = (value: number): number => 0.05 + (Math.abs(value) % 3);

const seeds = (value: number): number => Math.round(Math.abs(value) * 1000) % 2 ** 24;

const EXACT: Tolerance = { absolute: 0, relative: 0 };
const NEAR: Tolerance = { absolute: 1, relative: 8 };
/** A few units in the last place of the value itself, however small it is. */
const IN_BOTH_TAILS: Tolerance = { absolute: 0, relative: 8 };
/** σ(t), where t solves an equation whose terms are as large as x. */
const PROXIMAL: Tolerance = { absolute: 32, relative: 8 };

const OPERATIONS: Record<ElementwiseOperation, Operation> = {
  copy: { operands: 1, parameters: [], tolerance: EXACT },
  negate: { operands: 1, parameters: [], tolerance: EXACT },
  exp: { operands: 1, parameters: [], tolerance: { absolute: 0, relative: 8 } },
  log: { operands: 1, parameters: [], domain: [positive], tolerance: { absolute: 8, relative: 8 } },
  abs: { operands: 1, parameters: [], tolerance: EXACT },
  sign: { operands: 1, parameters: [], tolerance: EXACT },
  sqrt: { operands: 1, parameters: [], domain: [positive] },
  square: { operands: 1, parameters: [] },
  reciprocal: { operands: 1, parameters: [], domain: [awayFromZero] },
  relu: { operands: 1, parameters: [], tolerance: EXACT },
  tanh: { operands: 1, parameters: [] },
  sigmoid: { operands: 1, parameters: [] },
  softThreshold: { operands: 1, parameters: [0.75] },
  leakyRelu: { operands: 1, parameters: [0.25], tolerance: EXACT },
  clip: { operands: 1, parameters: [-0.75, 1.5], tolerance: EXACT },
  softplus: { operands: 1, parameters: [], tolerance: IN_BOTH_TAILS },
  elu: { operands: 1, parameters: [0.625], tolerance: IN_BOTH_TAILS },
  softsign: { operands: 1, parameters: [], tolerance: IN_BOTH_TAILS },
  arctan: { operands: 1, parameters: [], tolerance: IN_BOTH_TAILS },
  scale: { operands: 1, parameters: [-2.5, 0.125], tolerance: { absolute: 8, relative: 8 } },
  add: { operands: 2, parameters: [], tolerance: { absolute: 1e4, relative: 1 } },
  subtract: { operands: 2, parameters: [], tolerance: { absolute: 1e4, relative: 1 } },
  multiply: { operands: 2, parameters: [] },
  divide: { operands: 2, parameters: [], domain: [keep, awayFromZero] },
  maximum: { operands: 2, parameters: [], tolerance: EXACT },
  minimum: { operands: 2, parameters: [], tolerance: EXACT },
  greater: { operands: 2, parameters: [], tolerance: EXACT },
  reluDerivative: { operands: 2, parameters: [0.3], domain: [keep, tolerance] },
  absDerivative: { operands: 2, parameters: [0.3], domain: [keep, tolerance] },
  softThresholdDerivative: { operands: 2, parameters: [0.3, 0.75], domain: [keep, tolerance] },
  leakyReluDerivative: { operands: 2, parameters: [0.3, 0.25], domain: [keep, tolerance] },
  clipDerivative: { operands: 2, parameters: [0.3, -0.75, 1.5], domain: [keep, tolerance] },
  eluDerivative: { operands: 2, parameters: [0.3, 0.625], domain: [keep, tolerance] },
  tanhDerivative: { operands: 1, parameters: [] },
  sigmoidDerivative: { operands: 1, parameters: [] },
  softsignDerivative: { operands: 1, parameters: [], tolerance: IN_BOTH_TAILS },
  arctanDerivative: { operands: 1, parameters: [], tolerance: IN_BOTH_TAILS },
  proximalIdentity: { operands: 2, parameters: [], domain: [keep, steps], tolerance: EXACT },
  proximalRelu: { operands: 2, parameters: [], domain: [keep, steps], tolerance: EXACT },
  proximalTanh: { operands: 2, parameters: [], domain: [keep, steps], tolerance: PROXIMAL },
  proximalSigmoid: { operands: 2, parameters: [], domain: [keep, steps], tolerance: PROXIMAL },
  proximalSoftThreshold: {
    operands: 2,
    parameters: [0.75],
    domain: [keep, steps],
    tolerance: { absolute: 4, relative: 4 },
  },
  proximalLeakyRelu: { operands: 2, parameters: [0.25], domain: [keep, steps] },
  proximalClip: { operands: 2, parameters: [-0.75, 1.5], domain: [keep, steps], tolerance: EXACT },
  proximalSoftplus: { operands: 2, parameters: [], domain: [keep, steps], tolerance: PROXIMAL },
  proximalElu: { operands: 2, parameters: [0.625], domain: [keep, steps], tolerance: PROXIMAL },
  proximalSoftsign: { operands: 2, parameters: [], domain: [keep, steps], tolerance: PROXIMAL },
  proximalArctan: { operands: 2, parameters: [], domain: [keep, steps], tolerance: PROXIMAL },
  dropout: { operands: 3, parameters: [0.25 * 2 ** 24, 4 / 3], domain: [keep, seeds, seeds] },
  select: { operands: 3, parameters: [], domain: [(value) => Math.trunc(value), keep, keep], tolerance: EXACT },
};

/** Every pair of awkward numbers, followed by random ones of all sizes. */
function operandValues(count: number, { domain }: Operation): Values[] {
  const random = randomNumbers(7);
  const pairs = AWKWARD.flatMap((x) => AWKWARD.map((y) => [x, y, random()]));
  for (let index = 0; index < 200; index++) pairs.push([random() * 10 ** (3 * random()), random() * 3, random()]);
  return Array.from({ length: count }, (_, operand) => {
    const limit = domain?.[operand] ?? keep;
    return Float32Array.from(pairs, (values) => limit(values[operand]));
  });
}

const LINEAR: OperandLayout = { offset: 0, strides: [0, 0, 0, 1] };

const operations: ParityCase[] = ELEMENTWISE.map((operation) => ({
  name: `elementwise ${operation}`,
  async run(...backends) {
    const settings = OPERATIONS[operation];
    const inputs = operandValues(settings.operands, settings);
    const count = inputs[0].length;
    const call = {
      kernel: 'elementwise',
      operation,
      shape: [1, 1, 1, count],
      layouts: inputs.map(() => LINEAR),
      parameters: settings.parameters,
    } as CallWithoutSlots;
    const sizes = inputs.map(() => count);
    await expectAgreement(
      ...backends,
      createSingleCall(operation, call, sizes, count),
      inputs,
      settings.tolerance ?? NEAR,
    );
  },
}));

const ITERATIVE = [
  'proximalTanh',
  'proximalSigmoid',
  'proximalSoftplus',
  'proximalElu',
  'proximalSoftsign',
  'proximalArctan',
] as const;

/** prox_{αf} at extreme α: α = 1 is σ itself; small and large α make the equation steep and flat. */
const proximalSteps: ParityCase = {
  name: 'elementwise: prox of αf at α = 1e-3, 1 and 50, where it is the solution of an equation',
  async run(...backends) {
    for (const operation of ITERATIVE) {
      for (const alpha of [1e-3, 1, 50]) {
        const x = Float32Array.from([...AWKWARD.map(bounded), 0.1, 0.9, 0.999, -0.999, 3, -3]);
        const layouts = [LINEAR, { offset: 0, strides: [0, 0, 0, 0] }];
        const call = {
          kernel: 'elementwise',
          operation,
          shape: [1, 1, 1, x.length],
          layouts,
          parameters: [0.625],
        } as CallWithoutSlots;
        const program = createSingleCall(`${operation} α = ${alpha}`, call, [x.length, 1], x.length);
        await expectAgreement(...backends, program, [x, Float32Array.of(alpha)], {
          absolute: 64 * Math.max(1, alpha),
          relative: 8,
        });
      }
    }
  },
};

const FINITE = [
  'exp',
  'tanh',
  'sigmoid',
  'softplus',
  'elu',
  'softsign',
  'arctan',
  'tanhDerivative',
  'sigmoidDerivative',
  'eluDerivative',
  'softsignDerivative',
  'arctanDerivative',
] as const;

const finite: ParityCase = {
  name: 'elementwise: operations that saturate are finite for every finite argument',
  async run(_, candidate) {
    const x = Float32Array.of(3.4e38, -3.4e38, 1e30, -1e30, 1e4, -1e4, 128, -128, 89, -89);
    for (const operation of FINITE) {
      const call = {
        kernel: 'elementwise',
        operation,
        shape: [1, 1, 1, x.length],
        layouts: [LINEAR],
        parameters: [],
      } as CallWithoutSlots;
      const storage = candidate.upload(x);
      const [result] = candidate.run(createSingleCall(operation, call, [x.length], x.length), [storage]);
      const values = await candidate.download(result);
      candidate.release(storage);
      candidate.release(result);
      if (!values.every(Number.isFinite)) throw new Error(`${operation}: of ${x} it gives ${values}`);
    }
  },
};

const extent = fc.constantFrom(1, 2, 3, 5);

/** A layout that repeats axes (stride 0), reorders them, or has an offset. */
function layoutOf(
  shape: readonly number[],
  order: readonly number[],
  repeated: number,
  offset: number,
): { layout: OperandLayout; size: number } {
  const strides: [number, number, number, number] = [0, 0, 0, 0];
  let size = 1;
  for (const axis of order) {
    if ((repeated >> axis) & 1) continue;
    strides[axis] = size;
    size *= shape[axis];
  }
  return { layout: { offset, strides }, size: size + offset };
}

const layouts: ParityCase = {
  name: 'elementwise: broadcasting, transposes, slices and flips of rank 4',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(extent, extent, extent, extent),
        fc.array(
          fc.tuple(
            fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
            fc.integer({ min: 0, max: 15 }),
            fc.integer({ min: 0, max: 3 }),
          ),
          {
            minLength: 3,
            maxLength: 3,
          },
        ),
        fc.constantFrom<ElementwiseOperation>('copy', 'subtract', 'select'),
        fc.integer(),
        async (shape, choices, operation, seed) => {
          const { operands } = OPERATIONS[operation];
          const chosen = choices
            .slice(0, operands)
            .map(([order, repeated, offset]) => layoutOf(shape, order, repeated, offset));
          // Backwards along the last axis.
          const first = chosen[0].layout;
          if (seed % 3 === 0) {
            const last = first.strides[3];
            const flipped: OperandLayout = {
              offset: first.offset + last * (shape[3] - 1),
              strides: [first.strides[0], first.strides[1], first.strides[2], -last],
            };
            chosen[0] = { ...chosen[0], layout: flipped };
          }
          const [d0, d1, d2, d3] = shape;
          const count = d0 * d1 * d2 * d3;
          const sizes = chosen.map(({ size }) => size);
          const call = {
            kernel: 'elementwise',
            operation,
            shape,
            layouts: chosen.map(({ layout }) => layout),
            parameters: [],
          };
          const random = randomNumbers(seed);
          const inputs = sizes.map((size, operand) => {
            const values = randomValues(size, random);
            return operand === 0 && operation === 'select' ? values.map((value) => (value > 0 ? 1 : 0)) : values;
          });
          const program = createSingleCall(
            `layout ${JSON.stringify(call)}`,
            call as unknown as CallWithoutSlots,
            sizes,
            count,
          );
          await expectAgreement(...backends, program, inputs, { absolute: 1, relative: 1 });
        },
      ),
      { numRuns: 60, seed: 2 },
    ),
};

const many: ParityCase = {
  name: 'elementwise: more numbers than one dimension of workgroups takes',
  async run(...backends) {
    const count = 65535 * 64 + 101;
    const call = {
      kernel: 'elementwise',
      operation: 'scale',
      shape: [1, 1, 1, count],
      layouts: [LINEAR],
      parameters: [2, 1],
    } as CallWithoutSlots;
    const values = Float32Array.from({ length: count }, (_, index) => index % 1000);
    await expectAgreement(...backends, createSingleCall('many', call, [count], count), [values], EXACT);
  },
};

export const elementwiseVariantCases: readonly ParityCase[] = [layouts, many];
export const elementwiseCases: readonly ParityCase[] = [
  ...operations,
  proximalSteps,
  finite,
  ...elementwiseVariantCases,
];
