/**
 * An upper bound of the norm of a Jacobian, from the norms of the operations on the way: ‖∂(g∘f)‖ ≤ ‖∂g‖‖∂f‖. It holds for
 * every choice at the kinks, wherever they are: what counts of a function that bends is its Lipschitz constant.
 */
import { elementwise, reduceAll } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { attribute } from './attributes.ts';
import type { OperationName } from './definable.ts';
import type { Recorded } from './recorded.ts';

/**
 * A number, or what computes it on the device, [1]: only once it is known that there is a bound. Infinity: none is known. 0:
 * does not depend on the tensor in question.
 */
export type NormBound = number | (() => Tensor);

type Operation = Pick<Recorded, 'inputs' | 'output' | 'attributes'>;
/** From the bounds of the inputs, of which at least one is not 0, that of the output. */
type Rule = (bounds: readonly NormBound[], operation: Operation) => NormBound;

const UNKNOWN = Number.POSITIVE_INFINITY;

/** Added to every product, which may underflow and would then be no bound: what it is multiplied with next may be large. */
const SMALLEST = 2 ** -126;

function times(a: NormBound, b: NormBound): NormBound {
  if (typeof a === 'number') {
    if (a === 0 || a === 1) return a === 0 ? 0 : b;
    if (typeof b === 'number') return b === 0 ? 0 : a * b;
    return a === UNKNOWN ? a : once(() => elementwise('scale', [b()], [a, SMALLEST]));
  }
  if (typeof b === 'number') return times(b, a);
  return once(() => elementwise('scale', [elementwise('multiply', [a(), b()])], [1, SMALLEST]));
}

function plus(a: NormBound, b: NormBound): NormBound {
  if (typeof a === 'number') {
    if (a === 0) return b;
    if (typeof b === 'number') return a + b;
    return a === UNKNOWN ? a : once(() => elementwise('scale', [b()], [1, a]));
  }
  return typeof b === 'number' ? plus(b, a) : once(() => elementwise('add', [a(), b()]));
}

/** Several bounds may need the same one. */
function once(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** ‖M‖₂ ≤ ‖M‖_F */
const matrixNorm = (matrix: Tensor): NormBound => once(() => reduceAll('norm', matrix));

/** Of repeating x until it has the shape of the output, or of summing it back: √ of how often each number is met. */
const repetition = (x: Tensor, output: Tensor): number => Math.sqrt(output.size / x.size);

/** A function of one operand with this Lipschitz constant. */
const lipschitz =
  (constant: (operation: Operation) => number): Rule =>
  ([bound], operation) =>
    times(bound, constant(operation));

const nonexpansive = lipschitz(() => 1);

const sum: Rule = (bounds, { inputs, output }) =>
  bounds.map((bound, index) => times(bound, repetition(inputs[index], output))).reduce(plus);

/** Linear in either of two operands, with the norm that the other one gives it; none is known where both are in question. */
const bilinear =
  (norm: (place: number, other: Tensor, repetition: number) => NormBound): Rule =>
  (bounds, { inputs, output }) => {
    const place = bounds[0] === 0 ? 1 : 0;
    if (bounds[1 - place] !== 0) return UNKNOWN;
    return times(bounds[place], norm(place, inputs[1 - place], repetition(inputs[place], output)));
  };

const largest = (x: Tensor): NormBound => once(() => reduceAll('maximumAbsolute', x));

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
  leakyRelu: lipschitz(({ attributes }) => Math.max(1, Math.abs(attribute<number>(attributes, 'slope')))),
  scale: lipschitz(({ attributes }) => Math.abs(attribute<number>(attributes, 'factor'))),
  dropout: lipschitz(({ attributes }) => 1 / (1 - attribute<number>(attributes, 'rate'))),
  sum: lipschitz(({ inputs: [x], output }) => repetition(output, x)),
  add: sum,
  subtract: sum,
  maximum: sum,
  minimum: sum,
  concat: (bounds) => bounds.reduce(plus),
  affine: ([x, W, b], { inputs: [, matrix, bias], output }) =>
    W === 0 ? plus(times(x, matrixNorm(matrix)), times(b, repetition(bias, output))) : UNKNOWN,
  matmul: bilinear((_, other) => matrixNorm(other)),
  multiply: bilinear((_, other, repeated) => times(repeated, largest(other))),
  divide: bilinear((place, divisor, repeated) =>
    place === 0 ? times(repeated, () => reduceAll('maximumAbsolute', elementwise('reciprocal', [divisor]))) : UNKNOWN,
  ),
};

/** The bound of an operation's output, from those of its inputs. */
export function normBoundOf(name: OperationName, bounds: readonly NormBound[], operation: Operation): NormBound {
  if (bounds.every((bound) => bound === 0)) return 0;
  return bounds.includes(UNKNOWN) ? UNKNOWN : (RULES[name]?.(bounds, operation) ?? UNKNOWN);
}
