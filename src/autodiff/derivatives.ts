/**
 * The derivatives that pullbacks and pushforwards share, so that both take the same element of the Jacobian. They
 * consist of operations that a tape follows: derivatives of inputs that a tape follows can be differentiated again.
 */
import { elementwise, rowwise } from '../tensor/kernels.ts';
import { dropout } from '../tensor/normalise.ts';
import {
  abs,
  add,
  divide,
  mean,
  multiply,
  negate,
  sigmoid,
  sqrt,
  square,
  subtract,
  sum,
} from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readAttribute } from './attributes.ts';
import type { Recorded } from './recorded.ts';

/** The derivatives of smooth element-wise operations; `KINKS` has those with kinks. */
export const FACTORS: Readonly<Record<string, (recorded: Pick<Recorded, 'inputs' | 'output'>) => Tensor>> = {
  exp: ({ output }) => output,
  square: ({ inputs: [x] }) => multiply(x, 2),
  tanh: ({ inputs: [x], output }) => (x.node ? add(negate(square(output)), 1) : elementwise('tanhDerivative', [x])),
  sigmoid: ({ inputs: [x], output }) =>
    x.node ? multiply(output, add(negate(output), 1)) : elementwise('sigmoidDerivative', [x]),
  softplus: ({ inputs: [x] }) => sigmoid(x),
  softsign: ({ inputs: [x] }) =>
    x.node ? reciprocal(square(add(abs(x, {}), 1))) : elementwise('softsignDerivative', [x]),
  arctan: ({ inputs: [x] }) => (x.node ? reciprocal(add(square(x), 1)) : elementwise('arctanDerivative', [x])),
};

const reciprocal = (x: Tensor): Tensor => divide(elementwise('scale', [x], [0, 1]), x);

/** t ↦ J·t for a tangent or a cotangent t. */
type LinearMap = (t: Tensor, recorded: Recorded) => Tensor;

const timesFactor: LinearMap = (t, { factor }) => multiply(t, factor());

/** Operations of one input with J = Jᵀ, for which one map serves tangents and cotangents. */
export const SYMMETRIC = {
  scale: (t, { attributes }) => multiply(t, readAttribute<number>(attributes, 'factor')),
  negate,
  log: (t, { inputs: [x] }) => divide(t, x),
  // (√x)' = 1/(2√x)
  sqrt: (t, { output }) => divide(multiply(t, 0.5), output),
  exp: timesFactor,
  square: timesFactor,
  tanh: timesFactor,
  sigmoid: timesFactor,
  relu: timesFactor,
  abs: timesFactor,
  softThreshold: timesFactor,
  leakyRelu: timesFactor,
  elu: timesFactor,
  clip: timesFactor,
  softplus: timesFactor,
  softsign: timesFactor,
  arctan: timesFactor,
  dropout: (t, { attributes }) =>
    dropout(t, readAttribute<number>(attributes, 'rate'), { seed: readAttribute<number>(attributes, 'seed') }),
  standardise: (t, { inputs: [x], attributes }) => {
    const epsilon = readAttribute<number>(attributes, 'epsilon');
    return x.node ? standardiseDerivative(x, t, epsilon) : rowwise('standardiseDerivative', x, t, [epsilon]);
  },
  // s ∘ (t − Σ t∘s): J = diag(s) − ssᵀ
  softmax: (t, { output }) => multiply(output, subtract(t, sumLastAxis(multiply(t, output)))),
} as const satisfies Readonly<Record<string, LinearMap>>;

/** The partial derivatives in a and in b: element-wise factors times t, which may have a shape that is broadcast. */
type Partials = readonly [LinearMap, LinearMap];

/** The derivative in a is `factor`, and that in b is 1 − `factor`. */
const shares: Partials = [timesFactor, (t, { factor }) => subtract(t, multiply(t, factor()))];

/** Element-wise operations of two inputs that broadcast. */
export const BINARY = {
  add: [(t) => t, (t) => t],
  subtract: [(t) => t, negate],
  multiply: [(t, { inputs: [, b] }) => multiply(t, b), (t, { inputs: [a] }) => multiply(t, a)],
  // ∂(a/b)/∂b = −a/b²
  divide: [
    (t, { inputs: [, b] }) => divide(t, b),
    (t, { inputs: [a, b] }) => negate(divide(multiply(t, a), square(b))),
  ],
  maximum: shares,
  minimum: shares,
} as const satisfies Readonly<Record<string, Partials>>;

/** Sums along the last axis, which stays with extent 1. */
export function sumLastAxis(x: Tensor): Tensor {
  return sum(x, -1, { keepAxes: true });
}

/**
 * r·(t − mean t − x̂·mean(t∘x̂)) with x̂ = (x − mean x)·r and r = 1/√(variance + ε): the kernel of that name, as
 * operations.
 */
function standardiseDerivative(x: Tensor, t: Tensor, epsilon: number): Tensor {
  const meanOf = (y: Tensor): Tensor => mean(y, -1, { keepAxes: true });
  const centred = subtract(x, meanOf(x));
  const deviation = sqrt(add(meanOf(square(centred)), epsilon));
  const standardised = divide(centred, deviation);
  const along = multiply(standardised, meanOf(multiply(t, standardised)));
  return divide(subtract(subtract(t, meanOf(t)), along), deviation);
}

export function zerosLike(x: Tensor): Tensor {
  return elementwise('scale', [x], [0, 0]);
}

/** Makes a table with one rule for each rule of another table. */
export function mapTable<Name extends string, From, To>(
  table: Readonly<Record<Name, From>>,
  make: (from: From) => To,
): Record<Name, To> {
  return Object.fromEntries(Object.entries<From>(table).map(([name, from]) => [name, make(from)])) as Record<Name, To>;
}
