/** The operations with kinks: where the kinks are, and the derivatives. */
import type { ElementwiseOperation } from '../backends/kernels.ts';
import { elementwise, reduceAxes } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readAttribute } from './attributes.ts';

/**
 * The selection applies within this many units of rounding of a kink: the tolerance is 64·ε·max|x| along the last
 * axis.
 */
export const KINK_UNITS = 64;

/** units·ε·scale of x, [.., 1], where scale is the largest absolute value along the last axis. */
export function kinkTolerance(x: Tensor, units: number = KINK_UNITS): Tensor {
  const { shape, context } = x;
  const last = Math.max(shape.length - 1, 0);
  const scale = reduceAxes('maximumAbsolute', [x], last, shape.length);
  const column = context.alias(scale, shape.length === 0 ? [] : [...shape.slice(0, -1), 1]);
  const tolerance = elementwise('scale', [column], [units * context.epsilon, 0]);
  for (const made of [scale, column]) made.dispose();
  return tolerance;
}

/** A piecewise smooth function of one number x, applied element by element. */
export interface KinkDescription {
  /** Computes x from the inputs of the operation. */
  readonly argument: (inputs: readonly Tensor[]) => Tensor;
  /** How close to a kink x must be for the selection to apply, [.., 1]. */
  readonly tolerance: (inputs: readonly Tensor[]) => Tensor;
  /** The x with a kink; none if the attributes leave a function without kinks. */
  readonly positions: (attributes: object) => readonly number[];
  /** The derivative in x; at a kink it is (1 − q)·low + q·high of the Clarke interval. */
  readonly derivative: (x: Tensor, tolerance: Tensor, attributes: object, q: number) => Tensor;
}

/** @param names attributes that the derivative kernel takes after the selection */
function activation(
  kernel: ElementwiseOperation,
  names: readonly string[],
  positions: KinkDescription['positions'],
): KinkDescription {
  return {
    argument: ([x]) => x,
    tolerance: ([x]) => kinkTolerance(x),
    positions,
    derivative: (x, tolerance, attributes, q) =>
      elementwise(kernel, [x, tolerance], [q, ...names.map((name) => readAttribute<number>(attributes, name))]),
  };
}

/** The slope left of 0 is the attribute, and right of 0 it is 1: if both are 1, there is no kink. */
function bentAtZero(kernel: ElementwiseOperation, name: string): KinkDescription {
  return activation(kernel, [name], (attributes) => (readAttribute<number>(attributes, name) === 1 ? [] : [0]));
}

/**
 * max(a, b) = b + relu(x) and min(a, b) = b − relu(−x) with x = a − b. The derivative in x is the share of a in the
 * result, relu'(x) or relu'(−x), and b has the rest. A tie is a difference within the rounding of a and b, not of a −
 * b.
 */
function extreme(orient: (x: Tensor) => Tensor): KinkDescription {
  return {
    argument: ([a, b]) => elementwise('subtract', [a, b]),
    tolerance: ([a, b]) => {
      const sizes = [a, b].map((operand) => elementwise('abs', [operand]));
      const larger = elementwise('maximum', sizes);
      const tolerance = kinkTolerance(larger);
      for (const made of [...sizes, larger]) made.dispose();
      return tolerance;
    },
    positions: () => [0],
    derivative: (x, tolerance, _, q) => elementwise('reluDerivative', [orient(x), tolerance], [q]),
  };
}

/** The larger of the two tolerances. */
export function widenTolerance(tolerance: Tensor, uncertainty: Tensor | undefined): Tensor {
  return uncertainty ? elementwise('maximum', [tolerance, uncertainty]) : tolerance;
}

export const KINKS = {
  relu: activation('reluDerivative', [], () => [0]),
  abs: activation('absDerivative', [], () => [0]),
  softThreshold: activation('softThresholdDerivative', ['threshold'], (attributes) => {
    const threshold = readAttribute<number>(attributes, 'threshold');
    return [-threshold, threshold];
  }),
  leakyRelu: bentAtZero('leakyReluDerivative', 'slope'),
  elu: bentAtZero('eluDerivative', 'alpha'),
  clip: activation('clipDerivative', ['low', 'high'], (attributes) => [
    readAttribute<number>(attributes, 'low'),
    readAttribute<number>(attributes, 'high'),
  ]),
  maximum: extreme((x) => x),
  minimum: extreme((x) => elementwise('negate', [x])),
} as const satisfies Readonly<Record<string, KinkDescription>>;

/**
 * The operations that have kinks.
 *
 * @useDeclaredType
 */
export type KinkedOperationName = keyof typeof KINKS;

export function isKinked(name: string): name is KinkedOperationName {
  return Object.hasOwn(KINKS, name);
}

/** The entry of an operation in `KINKS`; undefined if it has no kinks. */
export function kinkDescription(operation: string): KinkDescription | undefined {
  return isKinked(operation) ? KINKS[operation] : undefined;
}

/** The derivative of an operation with kinks in its argument. */
export function computeKinkedDerivative(
  { argument, tolerance, derivative }: KinkDescription,
  inputs: readonly Tensor[],
  attributes: object,
  selection: number,
): Tensor {
  return derivative(argument(inputs), tolerance(inputs), attributes, selection);
}

/** The selection with which the operation was called. */
export function ownSelection(attributes: object): number {
  return readAttribute<number>(attributes, 'selection');
}
