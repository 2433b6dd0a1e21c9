/** One pushforward per operation: from the tangents of the inputs to the tangent of the output. */
import { broadcast, joined, pad, scatterAdd } from '../tensor/arrange.ts';
import { elementwise, elementwiseLaidOut, gatherRows, product } from '../tensor/kernels.ts';
import { multiply, sumKeeping } from '../tensor/operations.ts';
import { permutedLayout, type Shape, sameShape, slicedLayout } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CustomOperation } from './custom.ts';
import type { OperationName } from './definable.ts';
import { BINARY, lastAxisSum, mapTable, SYMMETRIC, zerosLike } from './derivatives.ts';
import { attribute, type Recorded } from './recorded.ts';

/** @param tangents of the inputs, undefined (which is 0) where an input has none; at least one is given */
export type Pushforward = (tangents: readonly (Tensor | undefined)[], recorded: Recorded) => Tensor;

/** For an operation of one input, which then has a tangent. */
const unary =
  (map: (t: Tensor, recorded: Recorded) => Tensor): Pushforward =>
  (tangents, recorded) =>
    map(tangents[0] as Tensor, recorded);

/** t repeated where it has another shape. */
export function repeated(t: Tensor, shape: Shape): Tensor {
  return sameShape(t.shape, shape) ? t : broadcast(t, shape);
}

export const PUSHFORWARDS: Readonly<Record<OperationName, Pushforward>> = {
  ...mapTable(SYMMETRIC, unary),
  ...mapTable(
    BINARY,
    (partials): Pushforward =>
      (tangents, recorded) => {
        const terms = tangents.flatMap((t, index) => (t ? [partials[index](t, recorded)] : []));
        const total = terms.reduce((left, right) => elementwise('add', [left, right]));
        return repeated(total, recorded.output.shape);
      },
  ),
  // d(op(A)·op(B)) = op(dA)·op(B) + op(A)·op(dB), the first of them added as a bias to the second
  matmul: ([da, db], { inputs: [a, b], attributes }) => {
    const transposes = attributes as { transposeA: boolean; transposeB: boolean };
    const left = da && product(da, b, transposes);
    return db ? product(a, db, { ...transposes, bias: left }) : (left as Tensor);
  },
  // d(xWᵀ + b) = dx·Wᵀ + x·dWᵀ + db
  affine: ([dx, dW, db], { inputs: [x, W], output }) => {
    const first = dx ? product(dx, W, { transposeB: true, bias: db }) : db;
    const all = dW ? product(x, dW, { transposeB: true, bias: first }) : first;
    return repeated(all as Tensor, output.shape);
  },
  pad: unary((t, { output, attributes }) => pad(t, attribute<readonly number[]>(attributes, 'starts'), output.shape)),
  broadcast: unary((t, { output }) => broadcast(t, output.shape)),
  scatterAdd: unary((t, { attributes }) =>
    scatterAdd(t, attribute<readonly number[]>(attributes, 'indices'), attribute<number>(attributes, 'rows')),
  ),
  slice: unary((t, { output, attributes }) => {
    const starts = attribute<readonly number[]>(attributes, 'starts');
    return elementwiseLaidOut('copy', [t], [slicedLayout(t.shape, starts)], output.shape);
  }),
  concat: (tangents, { inputs, attributes }) =>
    joined(
      tangents.map((t, index) => t ?? zerosLike(inputs[index])),
      attribute<number>(attributes, 'axis'),
    ),
  gather: unary((t, { attributes }) => {
    const indices = attribute<readonly number[]>(attributes, 'indices');
    return gatherRows(t, t.context.upload(indices, [indices.length], t));
  }),
  sum: unary((t, { output, attributes }) => {
    const kept = sumKeeping(t, attribute<readonly number[]>(attributes, 'axes'));
    return t.context.alias(kept, output.shape);
  }),
  reshape: unary((t, { output }) => t.context.alias(t, output.shape)),
  transpose: unary((t, { output, attributes }) => {
    const permutation = attribute<readonly number[]>(attributes, 'permutation');
    return elementwiseLaidOut('copy', [t], [permutedLayout(t.shape, permutation)], output.shape);
  }),
  // t − Σ softmax(x)∘t
  logSoftmax: unary((t, { output }) =>
    elementwise('subtract', [t, lastAxisSum(multiply(elementwise('exp', [output]), t))]),
  ),
  custom: (tangents, { attributes, selection }) => {
    const { name = 'a custom operation', pushforward } = attributes as CustomOperation;
    if (!pushforward) throw new Error(`autodiff: ${name} has no forward mode; differentiate in reverse`);
    return pushforward(tangents, selection);
  },
};
