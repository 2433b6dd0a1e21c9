/**
 * An upper bound of the norm of a Jacobian, from the norms of the operations: ‖∂(g∘f)‖ ≤ ‖∂g‖‖∂f‖. It holds for every
 * selection at the kinks, wherever they are, because a function with kinks enters with its Lipschitz constant.
 */
import { elementwise, reduceAll } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readAttribute } from './attributes.ts';
import type { CustomOperation } from './custom.ts';
import type { OperationName } from './definable.ts';
import type { Recorded } from './recorded.ts';

/**
 * A number, or a function that computes it on the device, [1], and is called only if the bound turns out to be
 * finite. Infinity: no bound is known. 0: the tensor does not depend on the one in question.
 */
export type NormBound = number | (() => Tensor);

type Operation = Pick<Recorded, 'inputs' | 'output' | 'attributes'>;
/** Computes the bound of the output from those of the inputs, at least one of which is not 0. */
type Rule = (bounds: readonly NormBound[], operation: Operation) => NormBound;

const UNKNOWN = Number.POSITIVE_INFINITY;

/** Is added to every product: a product that underflows would be no bound, since a large factor may follow. */
const SMALLEST = 2 ** -126;

function multiplyBounds(a: NormBound, b: NormBound): NormBound {
  if (typeof a === 'number') {
    if (a === 0 || a === 1) return a === 0 ? 0 : b;
    if (typeof b === 'number') return b === 0 ? 0 : a * b;
    return a === UNKNOWN ? a : memoise(() => elementwise('scale', [b()], [a, SMALLEST]));
  }
  if (typeof b === 'number') return multiplyBounds(b, a);
  return memoise(() => elementwise('scale', [elementwise('multiply', [a(), b()])], [1, SMALLEST]));
}

function addBounds(a: NormBound, b: NormBound): NormBound {
  if (typeof a === 'number') {
    if (a === 0) return b;
    if (typeof b === 'number') return a + b;
    return a === UNKNOWN ? a : memoise(() => elementwise('scale', [b()], [1, a]));
  }
  return typeof b === 'number' ? addBounds(b, a) : memoise(() => elementwise('add', [a(), b()]));
}

/** Several bounds may need the same tensor. */
function memoise(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** ‖M‖₂ ≤ ‖M‖_F */
const matrixNorm = (matrix: Tensor): NormBound => memoise(() => reduceAll('norm', matrix));

/** √ of how often each number of x occurs in the output: the norm of repeating x to that shape, and of summing back. */
const repetitionNorm = (x: Tensor, output: Tensor): number => Math.sqrt(output.size / x.size);

/** The rule of a function of one operand with this Lipschitz constant. */
const lipschitz =
  (constant: (operation: Operation) => number): Rule =>
  ([bound], operation) =>
    multiplyBounds(bound, constant(operation));

const nonexpansive = lipschitz(() => 1);

const sum: Rule = (bounds, { inputs, output }) =>
  bounds.map((bound, index) => multiplyBounds(bound, repetitionNorm(inputs[index], output))).reduce(addBounds);

/**
 * Linear in each of two operands, with a norm that depends on the other one; no bound is known if both depend on the
 * tensor.
 */
const bilinear =
  (norm: (place: number, other: Tensor, repetition: number) => NormBound): Rule =>
  (bounds, { inputs, output }) => {
    const place = bounds[0] === 0 ? 1 : 0;
    if (bounds[1 - place] !== 0) return UNKNOWN;
    return multiplyBounds(bounds[place], norm(place, inputs[1 - place], repetitionNorm(inputs[place], output)));
  };

const largestEntry = (x: Tensor): NormBound => memoise(() => reduceAll('maximumAbsolute', x));

const RULES: Readonly<Partial<Record<OperationName, Rule>>> = {
  reshape: nonexpansive,
  transpose: nonexpansive,
  slice: nonexpansive,
  negate: nonexpansive,
  relu: nonexpansive,
  abs: nonexpansive,
  softThreshold: nonexpansive,
  clip: nonexpansive,
  elu: nonexpansive,
  tanh: nonexpansive,
  softplus: nonexpansive,
  softsign: nonexpansive,
  arctan: nonexpansive,
  sigmoid: lipschitz(() => 1 / 4),
  softmax: lipschitz(() => 1 / 2), // the eigenvalues of diag(s) − ssᵀ are at most ½
  leakyRelu: lipschitz(({ attributes }) => Math.max(1, Math.abs(readAttribute<number>(attributes, 'slope')))),
  scale: lipschitz(({ attributes }) => Math.abs(readAttribute<number>(attributes, 'factor'))),
  dropout: lipschitz(({ attributes }) => 1 / (1 - readAttribute<number>(attributes, 'rate'))),
  sum: lipschitz(({ inputs: [x], output }) => repetitionNorm(output, x)),
  add: sum,
  subtract: sum,
  maximum: sum,
  minimum: sum,
  // The constant is that of an operation with one input.
  custom: ([bound, ...others], { attributes }) =>
    others.some((other) => other !== 0)
      ? UNKNOWN
      : multiplyBounds(bound, (attributes as CustomOperation).lipschitz ?? UNKNOWN),
  concat: (bounds) => bounds.reduce(addBounds),
  affine: ([x, W, b], { inputs: [, matrix, bias], output }) =>
    W === 0
      ? addBounds(multiplyBounds(x, matrixNorm(matrix)), multiplyBounds(b, repetitionNorm(bias, output)))
      : UNKNOWN,
  matmul: bilinear((_, other) => matrixNorm(other)),
  multiply: bilinear((_, other, repeated) => multiplyBounds(repeated, largestEntry(other))),
  divide: bilinear((place, divisor, repeated) =>
    place === 0
      ? multiplyBounds(repeated, () => reduceAll('maximumAbsolute', elementwise('reciprocal', [divisor])))
      : UNKNOWN,
  ),
};

/** The bound of the output of an operation, from those of its inputs. */
export function normBoundOf(name: OperationName, bounds: readonly NormBound[], operation: Operation): NormBound {
  if (bounds.every((bound) => bound === 0)) return 0;
  return bounds.includes(UNKNOWN) ? UNKNOWN : (RULES[name]?.(bounds, operation) ?? UNKNOWN);
}
