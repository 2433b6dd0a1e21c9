/** What pullbacks and pushforwards share, so that both take the same element of the Jacobian. */
import { elementwise, reduceAxes, rowwise } from '../tensor/kernels.ts';
import { dropped } from '../tensor/normalise.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { attribute, type Recorded } from './recorded.ts';

export const multiply = (a: Tensor, b: Tensor): Tensor => elementwise('multiply', [a, b]);

/** The derivatives of smooth element-wise operations; those of the kinked ones are in KINKS. */
export const FACTORS: Readonly<Record<string, (recorded: Pick<Recorded, 'inputs' | 'output'>) => Tensor>> = {
  exp: ({ output }) => output,
  square: ({ inputs: [x] }) => elementwise('scale', [x], [2, 0]),
  tanh: ({ inputs: [x] }) => elementwise('tanhDerivative', [x]),
  sigmoid: ({ inputs: [x] }) => elementwise('sigmoidDerivative', [x]),
  softplus: ({ inputs: [x] }) => elementwise('sigmoid', [x]),
  softsign: ({ inputs: [x] }) => elementwise('softsignDerivative', [x]),
  arctan: ({ inputs: [x] }) => elementwise('arctanDerivative', [x]),
};

/** t ↦ J·t, of a tangent or a cotangent. */
type LinearMap = (t: Tensor, recorded: Recorded) => Tensor;

const timesFactor: LinearMap = (t, { factor }) => multiply(t, factor());

/** Operations of one input with J = Jᵀ: one map for tangents and cotangents. */
export const SYMMETRIC = {
  scale: (t, { attributes }) => elementwise('scale', [t], [attribute<number>(attributes, 'factor'), 0]),
  negate: (t) => elementwise('negate', [t]),
  log: (t, { inputs: [x] }) => elementwise('divide', [t, x]),
  // (√x)' = 1/(2√x)
  sqrt: (t, { output }) => elementwise('divide', [elementwise('scale', [t], [0.5, 0]), output]),
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
  dropout: (t, { attributes }) => {
    const rate = attribute<number>(attributes, 'rate');
    return rate === 0 ? t : dropped(t, rate, attribute<number>(attributes, 'seed'));
  },
  standardise: (t, { inputs: [x], attributes }) =>
    rowwise('standardiseDerivative', x, t, [attribute<number>(attributes, 'epsilon')]),
  // s ∘ (t − Σ t∘s): J = diag(s) − ssᵀ
  softmax: (t, { output }) => multiply(output, elementwise('subtract', [t, lastAxisSum(multiply(t, output))])),
} as const satisfies Readonly<Record<string, LinearMap>>;

/** The partial derivatives in a and in b, each an element-wise factor times t, which may be of a shape that is broadcast. */
type Partials = readonly [LinearMap, LinearMap];

/** a has `factor` of the result, b the rest. */
const shares: Partials = [timesFactor, (t, { factor }) => elementwise('subtract', [t, multiply(t, factor())])];

/** Element-wise operations of two inputs that are broadcast. */
export const BINARY = {
  add: [(t) => t, (t) => t],
  subtract: [(t) => t, (t) => elementwise('negate', [t])],
  multiply: [(t, { inputs: [, b] }) => multiply(t, b), (t, { inputs: [a] }) => multiply(t, a)],
  // ∂(a/b)/∂b = −a/b²
  divide: [
    (t, { inputs: [, b] }) => elementwise('divide', [t, b]),
    (t, { inputs: [a, b] }) =>
      elementwise('negate', [elementwise('divide', [multiply(t, a), elementwise('square', [b])])]),
  ],
  maximum: shares,
  minimum: shares,
} as const satisfies Readonly<Record<string, Partials>>;

/** Sum along the last axis, which stays with extent 1. */
export function lastAxisSum(x: Tensor): Tensor {
  const last = x.shape.length - 1;
  const summed = reduceAxes('sum', [x], last, last + 1);
  return summed.context.alias(summed, [...x.shape.slice(0, -1), 1]);
}

export function zerosLike(x: Tensor): Tensor {
  return elementwise('scale', [x], [0, 0]);
}

/** One rule of a table made from each of another. */
export function mapTable<Name extends string, From, To>(
  table: Readonly<Record<Name, From>>,
  make: (from: From) => To,
): Record<Name, To> {
  return Object.fromEntries(Object.entries<From>(table).map(([name, from]) => [name, make(from)])) as Record<Name, To>;
}
