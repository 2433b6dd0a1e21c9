/** One pullback per operation: from the cotangent of the output to the cotangents of the inputs. */
import { elementwise, elementwiseLaidOut, product, reduceAxes } from '../tensor/kernels.ts';
import { broadcastLayout, permutedLayout, type Shape } from '../tensor/shape.ts';
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
  relu: elementwisePullback((recorded) => {
    const [x] = recorded.inputs;
    return elementwise('reluDerivative', [x, kinkTolerance(x)], [attribute<number>(recorded, 'selection')]);
  }),
  abs: elementwisePullback((recorded) => {
    const [x] = recorded.inputs;
    return elementwise('absDerivative', [x, kinkTolerance(x)], [attribute<number>(recorded, 'selection')]);
  }),
  softThreshold: elementwisePullback((recorded) => {
    const [x] = recorded.inputs;
    const parameters = [attribute<number>(recorded, 'selection'), attribute<number>(recorded, 'threshold')];
    return elementwise('softThresholdDerivative', [x, kinkTolerance(x)], parameters);
  }),
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
