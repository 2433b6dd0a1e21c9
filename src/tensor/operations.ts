/**
 * The differentiable operations: each checks its arguments, calls kernels and records itself on a tape. autodiff/ has
 * the derivatives.
 */
import { BOOLEAN, createArgumentError, FRACTION, isListLike, POSITIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { readOptions } from '../arguments/options.ts';
import { elementwise, elementwiseLaidOut, product, reduceAxes, rowwise, softmaxRows } from './kernels.ts';
import { checkShape, formatShape, normaliseAxes, permutedLayout, type Shape, sizeOf } from './shape.ts';
import type { Context, KinkOptions, Tensor } from './tensor.ts';

/** Options of `Tensor.matmul`. */
export interface MatmulOptions {
  /** Whether the left matrix is transposed. Default false. */
  transposeA?: boolean;
  /** Whether the right matrix is transposed. Default false. */
  transposeB?: boolean;
}

/** Options of `Tensor.sum` and `Tensor.mean`. */
export interface AxesOptions {
  /** Whether the summed axes stay, with extent 1. Default false. */
  keepAxes?: boolean;
}

/** Records a fresh output on the tape that follows the inputs, if there is one, and returns the output. */
export function recordOperation(
  operation: string,
  inputs: readonly Tensor[],
  output: Tensor,
  attributes: object = {},
): Tensor {
  const recorders = new Set(inputs.flatMap((input) => (input.node ? [input.node.recorder] : [])));
  if (recorders.size > 1)
    throw new Error(`${operation}: its inputs are followed by two different tapes; differentiate with one at a time`);
  for (const recorder of recorders) recorder.record(operation, inputs, output, attributes);
  return output;
}

export function checkSelection(operation: string, selection: number): number {
  FRACTION(`${operation}: selection`, selection);
  return selection;
}

const MATMUL_OPTIONS = { transposeA: BOOLEAN, transposeB: BOOLEAN };
const AXES_OPTIONS = { keepAxes: BOOLEAN };

/** Reads the selection. @param usual the default */
function readSelection(operation: string, options: KinkOptions | undefined, usual: number): number {
  const { selection = usual } = readOptions(operation, options, { selection: 0 });
  return checkSelection(operation, selection);
}

export function matmul(a: Tensor, b: Tensor, options?: MatmulOptions): Tensor {
  const { transposeA = false, transposeB = false } = readOptions('matmul', options, MATMUL_OPTIONS);
  return recordOperation('matmul', [a, b], product(a, b, { transposeA, transposeB }), { transposeA, transposeB });
}

/** Computes x·Wᵀ + b in one kernel: x [batch, inputs], W [outputs, inputs], b [outputs]. */
export function affine(x: Tensor, W: Tensor, b: Tensor): Tensor {
  if (b.shape.length !== 1 || b.shape[0] !== W.shape[0]) {
    throw new RangeError(
      `affine: b has shape ${formatShape(b.shape)}; W of shape ${formatShape(W.shape)} needs [${W.shape[0]}]`,
    );
  }
  return recordOperation('affine', [x, W, b], product(x, W, { transposeB: true, bias: b }));
}

/** Whether a number is finite in the precision of the backend: 1e39 is an infinity in float32. */
export function isRepresentable({ epsilon }: Pick<Context, 'epsilon'>, value: number): boolean {
  // Number.isFinite comes first because Math.fround turns null and texts into numbers.
  return Number.isFinite(value) && (epsilon === Number.EPSILON || Number.isFinite(Math.fround(value)));
}

function scaleAndShift(x: Tensor, factor: number, offset: number): Tensor {
  if (!isRepresentable(x.context, factor) || !isRepresentable(x.context, offset)) {
    throw new RangeError(
      `the number operand gives ${factor}·x + ${offset}; both must be finite in the precision of the backend`,
    );
  }
  return recordOperation('scale', [x], elementwise('scale', [x], [factor, offset]), { factor });
}

export function add(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === 'number') return scaleAndShift(a, 1, b);
  return recordOperation('add', [a, b], elementwise('add', [a, b]));
}

export function subtract(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === 'number') return scaleAndShift(a, 1, -b);
  return recordOperation('subtract', [a, b], elementwise('subtract', [a, b]));
}

export function multiply(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === 'number') return scaleAndShift(a, b, 0);
  return recordOperation('multiply', [a, b], elementwise('multiply', [a, b]));
}

export function divide(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === 'number') {
    if (b === 0) throw new RangeError('div: the divisor is 0; it must be another number');
    if (!Number.isFinite(1 / b)) throw createArgumentError('div: other', b, 'a number whose inverse is finite');
    return scaleAndShift(a, 1 / b, 0);
  }
  return recordOperation('divide', [a, b], elementwise('divide', [a, b]));
}

export function negate(x: Tensor): Tensor {
  return recordOperation('negate', [x], elementwise('negate', [x]));
}

export function exp(x: Tensor): Tensor {
  return recordOperation('exp', [x], elementwise('exp', [x]));
}

export function log(x: Tensor): Tensor {
  return recordOperation('log', [x], elementwise('log', [x]));
}

export function sqrt(x: Tensor): Tensor {
  return recordOperation('sqrt', [x], elementwise('sqrt', [x]));
}

export function square(x: Tensor): Tensor {
  return recordOperation('square', [x], elementwise('square', [x]));
}

export function tanh(x: Tensor): Tensor {
  return recordOperation('tanh', [x], elementwise('tanh', [x]));
}

export function sigmoid(x: Tensor): Tensor {
  return recordOperation('sigmoid', [x], elementwise('sigmoid', [x]));
}

/** The selection q, and whether the call named one. @param usual the default, as in the common frameworks */
function readKinkOptions(operation: string, options: KinkOptions | undefined, usual: number) {
  return { selection: readSelection(operation, options, usual), isSelected: options?.selection !== undefined };
}

export function relu(x: Tensor, options?: KinkOptions): Tensor {
  const attributes = readKinkOptions('relu', options, 0);
  return recordOperation('relu', [x], elementwise('relu', [x]), attributes);
}

export function abs(x: Tensor, options?: KinkOptions): Tensor {
  const attributes = readKinkOptions('abs', options, 0.5);
  return recordOperation('abs', [x], elementwise('abs', [x]), attributes);
}

export function softThreshold(x: Tensor, threshold: number, options?: KinkOptions): Tensor {
  POSITIVE('softThreshold: the threshold', threshold);
  const attributes = { threshold, ...readKinkOptions('softThreshold', options, 0) };
  return recordOperation('softThreshold', [x], elementwise('softThreshold', [x], [threshold]), attributes);
}

export function softplus(x: Tensor): Tensor {
  return recordOperation('softplus', [x], elementwise('softplus', [x]));
}

export function softsign(x: Tensor): Tensor {
  return recordOperation('softsign', [x], elementwise('softsign', [x]));
}

export function arctan(x: Tensor): Tensor {
  return recordOperation('arctan', [x], elementwise('arctan', [x]));
}

export function leakyRelu(x: Tensor, slope: number, options?: KinkOptions): Tensor {
  if (!(Number.isFinite(slope) && slope <= 1)) {
    throw createArgumentError('leakyRelu: the slope', slope, 'a finite number ≤ 1');
  }
  const attributes = { slope, ...readKinkOptions('leakyRelu', options, 0) };
  return recordOperation('leakyRelu', [x], elementwise('leakyRelu', [x], [slope]), attributes);
}

export function elu(x: Tensor, alpha: number, options?: KinkOptions): Tensor {
  FRACTION('elu: alpha', alpha);
  const attributes = { alpha, ...readKinkOptions('elu', options, 0) };
  return recordOperation('elu', [x], elementwise('elu', [x], [alpha]), attributes);
}

export function clip(x: Tensor, low: number, high: number, options?: KinkOptions): Tensor {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new RangeError(
      `clip: low is ${describeValue(low)} and high ${describeValue(high)}; both must be finite, and low < high`,
    );
  }
  const attributes = { low, high, ...readKinkOptions('clip', options, 1) };
  return recordOperation('clip', [x], elementwise('clip', [x], [low, high]), attributes);
}

export function maximum(a: Tensor, b: Tensor, options?: KinkOptions): Tensor {
  const attributes = { ...readKinkOptions('maximum', options, 0.5) };
  return recordOperation('maximum', [a, b], elementwise('maximum', [a, b]), attributes);
}

export function minimum(a: Tensor, b: Tensor, options?: KinkOptions): Tensor {
  const attributes = { ...readKinkOptions('minimum', options, 0.5) };
  return recordOperation('minimum', [a, b], elementwise('minimum', [a, b]), attributes);
}

/** Sums over the axes with these indices; they stay, with extent 1. */
function sumKeepingAxes(x: Tensor, axes: readonly number[]): Tensor {
  let result = x;
  for (const axis of axes) {
    const summed = reduceAxes('sum', [result], axis, axis + 1);
    const kept = result.shape.map((extent, index) => (index === axis ? 1 : extent));
    const next = summed.context.alias(summed, kept);
    summed.dispose();
    if (result !== x) result.dispose();
    result = next;
  }
  return result === x ? x.context.alias(x, x.shape) : result;
}

export function sum(x: Tensor, axes: number | readonly number[] | undefined, options?: AxesOptions): Tensor {
  const { keepAxes = false } = readOptions('sum', options, AXES_OPTIONS);
  const indices = normaliseAxes('sum', axes, x.shape.length);
  const kept = sumKeepingAxes(x, indices);
  if (keepAxes) return recordOperation('sum', [x], kept, { axes: indices });
  const dropped = x.context.alias(
    kept,
    x.shape.filter((_, axis) => !indices.includes(axis)),
  );
  kept.dispose();
  return recordOperation('sum', [x], dropped, { axes: indices });
}

export function mean(x: Tensor, axes: number | readonly number[] | undefined, given?: AxesOptions): Tensor {
  const options = readOptions('mean', given, AXES_OPTIONS);
  const count = sizeOf(normaliseAxes('mean', axes, x.shape.length).map((axis) => x.shape[axis]));
  const total = sum(x, axes, options);
  const output = multiply(total, 1 / count);
  total.dispose();
  return output;
}

export function reshape(x: Tensor, given: Shape): Tensor {
  checkShape('reshape', given);
  const shape = Array.from(given);
  if (sizeOf(shape) !== x.size) {
    throw new RangeError(
      `reshape: ${formatShape(x.shape)} holds ${x.size} numbers, ${formatShape(shape)} would hold ${sizeOf(shape)}`,
    );
  }
  return recordOperation('reshape', [x], x.context.alias(x, shape));
}

export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const usual = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
  const order = permutation === undefined ? usual : isListLike(permutation) ? Array.from(permutation) : [];
  if (order.length !== rank || !axes.every((axis) => order.includes(axis))) {
    throw new RangeError(
      `transpose: the permutation is ${describeValue(permutation)}; it must name each axis of ${formatShape(x.shape)} once`,
    );
  }
  const shape = order.map((axis) => x.shape[axis]);
  const output = elementwiseLaidOut('copy', [x], [permutedLayout(x.shape, order)], shape);
  return recordOperation('transpose', [x], output, { permutation: order });
}

function checkNotScalar(operation: string, x: Tensor): void {
  if (x.shape.length === 0) throw new RangeError(`${operation}: x is a scalar; it needs at least one axis`);
}

export function softmax(x: Tensor): Tensor {
  checkNotScalar('softmax', x);
  return recordOperation('softmax', [x], softmaxRows(x));
}

export function logSoftmax(x: Tensor): Tensor {
  checkNotScalar('logSoftmax', x);
  return recordOperation('logSoftmax', [x], rowwise('logSoftmax', x));
}
