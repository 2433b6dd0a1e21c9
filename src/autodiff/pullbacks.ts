/** One pullback per operation: from the cotangent of the output to the cotangents of the inputs. */
import type { ElementwiseOperation } from '../backends/kernels.ts';
import {
  elementwise,
  elementwiseLaidOut,
  gatherAlong,
  product,
  reduceAxes,
  rowwise,
  segmentSum,
} from '../tensor/kernels.ts';
import { dropped } from '../tensor/normalise.ts';
import { broadcastLayout, permutedLayout, type Shape, slicedLayout } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface Recorded {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly attributes: object;
  /** Which inputs need a cotangent. */
  readonly needed: readonly boolean[];
}

export type Pullback = (cotangent: Tensor, recorded: Recorded) => readonly (Tensor | undefined)[];

/** Given with an operation that is recorded as `custom`. */
export type CustomPullback = (cotangent: Tensor, needed: readonly boolean[]) => readonly (Tensor | undefined)[];

/** Within this many units of rounding of a kink, the selection applies: tolerance = 64·ε·max|x| along the last axis. */
export const KINK_UNITS = 64;

/** 64·ε·scale of x, [.., 1], where scale is the largest absolute value along the last axis. */
export function kinkTolerance(x: Tensor, units: number = KINK_UNITS): Tensor {
  const { shape, context } = x;
  const last = Math.max(shape.length - 1, 0);
  const scale = reduceAxes('maximumAbsolute', [x], last, shape.length);
  const column = context.alias(scale, shape.length === 0 ? [] : [...shape.slice(0, -1), 1]);
  return elementwise('scale', [column], [units * context.epsilon, 0]);
}

/** Sums g over the axes along which `shape` was broadcast. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  let result = g;
  while (result.shape.length > shape.length) result = reduceAxes('sum', [result], 0, 1);
  for (const [axis, extent] of shape.entries()) {
    if (extent !== 1 || result.shape[axis] === 1) continue;
    const summed = reduceAxes('sum', [result], axis, axis + 1);
    result = summed.context.alias(
      summed,
      result.shape.map((one, index) => (index === axis ? 1 : one)),
    );
  }
  return result;
}

const multiply = (a: Tensor, b: Tensor): Tensor => elementwise('multiply', [a, b]);

/** Pullback of an element-wise operation: g times the derivative. */
const elementwisePullback =
  (derivative: (recorded: Recorded) => Tensor): Pullback =>
  (g, recorded) => [multiply(g, derivative(recorded))];

/** For the operations that broadcast two inputs: each cotangent is summed back to the shape of its input. */
const binaryPullback =
  (left: (g: Tensor, a: Tensor, b: Tensor) => Tensor, right: (g: Tensor, a: Tensor, b: Tensor) => Tensor): Pullback =>
  (g, { inputs: [a, b], needed }) => [
    needed[0] ? unbroadcast(left(g, a, b), a.shape) : undefined,
    needed[1] ? unbroadcast(right(g, a, b), b.shape) : undefined,
  ];

const attribute = <Value>(recorded: Recorded, name: string): Value =>
  (recorded.attributes as Record<string, Value>)[name];

/** For an operation with kinks whose derivative takes the selection and then the attributes named. */
const kinkedPullback = (derivative: ElementwiseOperation, ...names: readonly string[]): Pullback =>
  elementwisePullback((recorded) => {
    const [x] = recorded.inputs;
    const parameters = ['selection', ...names].map((name) => attribute<number>(recorded, name));
    return elementwise(derivative, [x, kinkTolerance(x)], parameters);
  });

/**
 * max(a, b) = b + relu(a − b), so a gets relu'(a − b) and b the rest; min(a, b) = −max(−a, −b). `sign` is −1 for the
 * minimum. A tie is a difference within the rounding of a and b, not of a − b.
 */
function extremePullback(g: Tensor, recorded: Recorded, sign: 1 | -1): readonly (Tensor | undefined)[] {
  const { inputs, needed } = recorded;
  const [a, b] = inputs;
  const tolerance = kinkTolerance(elementwise('maximum', [elementwise('abs', [a]), elementwise('abs', [b])]));
  const lead = elementwise('scale', [elementwise('subtract', [a, b])], [sign, 0]);
  const share = elementwise('reluDerivative', [lead, tolerance], [attribute<number>(recorded, 'selection')]);
  const left = multiply(g, share);
  return [
    needed[0] ? unbroadcast(left, a.shape) : undefined,
    needed[1] ? unbroadcast(elementwise('subtract', [g, left]), b.shape) : undefined,
  ];
}

export const PULLBACKS: Readonly<Record<string, Pullback>> = {
  // C = op(A)·op(B): with Ā' = C̄·op(B)ᵀ and B̄' = op(A)ᵀ·C̄, transposed back where op transposes.
  matmul: (g, { inputs: [a, b], attributes, needed }) => {
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    const left = (): Tensor =>
      transposeA
        ? product(b, g, { transposeA: transposeB, transposeB: true })
        : product(g, b, { transposeB: !transposeB });
    const right = (): Tensor =>
      transposeB
        ? product(g, a, { transposeA: true, transposeB: transposeA })
        : product(a, g, { transposeA: !transposeA });
    return [needed[0] ? left() : undefined, needed[1] ? right() : undefined];
  },
  add: binaryPullback(
    (g) => g,
    (g) => g,
  ),
  subtract: binaryPullback(
    (g) => g,
    (g) => elementwise('negate', [g]),
  ),
  multiply: binaryPullback(
    (g, _a, b) => multiply(g, b),
    (g, a) => multiply(g, a),
  ),
  // ∂(a/b)/∂b = −a/b²
  divide: binaryPullback(
    (g, _a, b) => elementwise('divide', [g, b]),
    (g, a, b) => elementwise('negate', [elementwise('divide', [multiply(g, a), elementwise('square', [b])])]),
  ),
  scale: (g, recorded) => [elementwise('scale', [g], [attribute<number>(recorded, 'factor'), 0])],
  negate: (g) => [elementwise('negate', [g])],
  exp: elementwisePullback(({ output }) => output),
  log: (g, { inputs: [x] }) => [elementwise('divide', [g, x])],
  // (√x)' = 1/(2√x)
  sqrt: (g, { output }) => [elementwise('divide', [elementwise('scale', [g], [0.5, 0]), output])],
  square: elementwisePullback(({ inputs: [x] }) => elementwise('scale', [x], [2, 0])),
  tanh: elementwisePullback(({ inputs: [x] }) => elementwise('tanhDerivative', [x])),
  sigmoid: elementwisePullback(({ inputs: [x] }) => elementwise('sigmoidDerivative', [x])),
  relu: kinkedPullback('reluDerivative'),
  abs: kinkedPullback('absDerivative'),
  softThreshold: kinkedPullback('softThresholdDerivative', 'threshold'),
  leakyRelu: kinkedPullback('leakyReluDerivative', 'slope'),
  elu: kinkedPullback('eluDerivative', 'alpha'),
  clip: kinkedPullback('clipDerivative', 'low', 'high'),
  softplus: elementwisePullback(({ inputs: [x] }) => elementwise('sigmoid', [x])),
  softsign: elementwisePullback(({ inputs: [x] }) => elementwise('softsignDerivative', [x])),
  arctan: elementwisePullback(({ inputs: [x] }) => elementwise('arctanDerivative', [x])),
  maximum: (g, recorded) => extremePullback(g, recorded, 1),
  minimum: (g, recorded) => extremePullback(g, recorded, -1),
  dropout: (g, recorded) => {
    const rate = attribute<number>(recorded, 'rate');
    return [rate === 0 ? g : dropped(g, rate, attribute<number>(recorded, 'seed'))];
  },
  standardise: (g, recorded) => [
    rowwise('standardiseDerivative', recorded.inputs[0], g, [attribute<number>(recorded, 'epsilon')]),
  ],
  // Zeros around the block.
  slice: (g, recorded) => {
    const { shape } = recorded.inputs[0];
    return [
      attribute<readonly number[]>(recorded, 'starts').reduce(
        (block, start, axis) =>
          block.shape[axis] === shape[axis] ? block : gatherAlong(block, axis, shape[axis], { offset: -start }),
        g,
      ),
    ];
  },
  concat: (g, recorded) => {
    const axis = attribute<number>(recorded, 'axis');
    let start = 0;
    return recorded.inputs.map(({ shape }, index) => {
      const starts = shape.map((_, at) => (at === axis ? start : 0));
      start += shape[axis];
      return recorded.needed[index]
        ? elementwiseLaidOut('copy', [g], [slicedLayout(g.shape, starts)], shape)
        : undefined;
    });
  },
  // Row r of x was taken to the places t with indices[t] = r: the sum of these rows of g, in ascending order.
  gather: (g, recorded) => {
    const indices = attribute<readonly number[]>(recorded, 'indices');
    const [x] = recorded.inputs;
    const order = indices.map((_, at) => at).sort((s, t) => indices[s] - indices[t] || s - t);
    const starts = new Array<number>(x.shape[0] + 1).fill(0);
    for (const index of indices) starts[index + 1] += 1;
    for (let row = 1; row < starts.length; row++) starts[row] += starts[row - 1];
    const upload = (values: readonly number[]): Tensor => g.context.upload(values, [values.length], g);
    return [segmentSum(g, upload(order), upload(starts))];
  },
  // The cotangent of a sum is repeated along the axes that were summed.
  sum: (g, recorded) => {
    const { shape } = recorded.inputs[0];
    const axes = attribute<readonly number[]>(recorded, 'axes');
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    return [elementwiseLaidOut('copy', [g], [broadcastLayout(kept, shape)], shape)];
  },
  reshape: (g, { inputs: [x] }) => [g.context.alias(g, x.shape)],
  transpose: (g, recorded) => {
    const permutation = attribute<readonly number[]>(recorded, 'permutation');
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [elementwiseLaidOut('copy', [g], [permutedLayout(g.shape, inverse)], recorded.inputs[0].shape)];
  },
  // x̄ = s ∘ (g − Σ g∘s)
  softmax: (g, { output }) => [multiply(output, elementwise('subtract', [g, lastAxisSum(multiply(g, output))]))],
  // x̄ = g − softmax(x)·Σ g
  logSoftmax: (g, { output }) => [elementwise('subtract', [g, multiply(elementwise('exp', [output]), lastAxisSum(g))])],
  // y = xWᵀ + b
  affine: (g, { inputs: [x, W, b], needed }) => [
    needed[0] ? product(g, W) : undefined,
    needed[1] ? product(g, x, { transposeA: true }) : undefined,
    needed[2] ? unbroadcast(g, b.shape) : undefined,
  ],
  // Solutions and parametrisations: how they are differentiated comes with them.
  custom: (g, recorded) => attribute<CustomPullback>(recorded, 'pullback')(g, recorded.needed),
};

/** Sum along the last axis, which stays with extent 1. */
function lastAxisSum(x: Tensor): Tensor {
  const last = x.shape.length - 1;
  const summed = reduceAxes('sum', [x], last, last + 1);
  return summed.context.alias(summed, [...x.shape.slice(0, -1), 1]);
}
