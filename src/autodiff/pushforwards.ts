/**
 * One pushforward for each operation: computes the tangent of the output from the tangents of the inputs, with
 * operations that a tape follows.
 */
import { broadcast, concat, gather, pad, scatterAdd, slice } from '../tensor/arrange.ts';
import { product } from '../tensor/kernels.ts';
import { add, exp, matmul, multiply, reshape, subtract, sum, transpose } from '../tensor/operations.ts';
import { type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { axisOf, indicesOf, readAttribute } from './attributes.ts';
import { type CustomOperation, refuseFollowed } from './custom.ts';
import type { OperationName } from './definable.ts';
import { BINARY, mapTable, SYMMETRIC, sumLastAxis, zerosLike } from './derivatives.ts';
import type { Recorded } from './recorded.ts';

/** @param tangents of the inputs; undefined, which means 0, for an input without one; at least one is given */
type Pushforward = (tangents: readonly (Tensor | undefined)[], recorded: Recorded) => Tensor;

/** The rule of an operation of one input, which always has a tangent. */
const unary =
  (map: (t: Tensor, recorded: Recorded) => Tensor): Pushforward =>
  (tangents, recorded) =>
    map(tangents[0] as Tensor, recorded);

/** Broadcasts t unless it has this shape. */
export function broadcastTo(t: Tensor, shape: Shape): Tensor {
  return sameShape(t.shape, shape) ? t : broadcast(t, shape);
}

const isFollowed = (inputs: readonly Tensor[]): boolean => inputs.some((input) => input.node);
const plus = (sum: Tensor | undefined, term: Tensor): Tensor => (sum ? add(sum, term) : term);

export const PUSHFORWARDS: Readonly<Record<OperationName, Pushforward>> = {
  ...mapTable(SYMMETRIC, unary),
  ...mapTable(
    BINARY,
    (partials): Pushforward =>
      (tangents, recorded) => {
        const terms = tangents.flatMap((t, index) => (t ? [partials[index](t, recorded)] : []));
        const total = terms.reduce((left, right) => add(left, right));
        return broadcastTo(total, recorded.output.shape);
      },
  ),
  // d(op(A)·op(B)) = op(dA)·op(B) + op(A)·op(dB); the first term enters the second product as its bias.
  matmul: ([da, db], { inputs: [a, b], attributes }) => {
    const transposes = attributes as { transposeA: boolean; transposeB: boolean };
    const left = da && matmul(da, b, transposes);
    if (!db) return left as Tensor;
    return isFollowed([a, b]) ? plus(left, matmul(a, db, transposes)) : product(a, db, { ...transposes, bias: left });
  },
  // d(xWᵀ + b) = dx·Wᵀ + x·dWᵀ + db
  affine: ([dx, dW, db], { inputs, output }) => {
    const [x, W] = inputs;
    const times = (left: Tensor, right: Tensor, bias: Tensor | undefined): Tensor =>
      isFollowed(inputs)
        ? plus(bias, matmul(left, right, { transposeB: true }))
        : product(left, right, { transposeB: true, bias });
    const first = dx ? times(dx, W, db) : db;
    const all = dW ? times(x, dW, first) : first;
    return broadcastTo(all as Tensor, output.shape);
  },
  pad: unary((t, { output, attributes }) =>
    pad(t, readAttribute<readonly number[]>(attributes, 'starts'), output.shape),
  ),
  broadcast: unary((t, { output }) => broadcast(t, output.shape)),
  scatterAdd: unary((t, { attributes }) =>
    scatterAdd(t, indicesOf(attributes), readAttribute<number>(attributes, 'rows'), axisOf(attributes)),
  ),
  slice: unary((t, { output, attributes }) =>
    slice(t, readAttribute<readonly number[]>(attributes, 'starts'), output.shape),
  ),
  concat: (tangents, { inputs, attributes }) =>
    concat(
      tangents.map((t, index) => t ?? zerosLike(inputs[index])),
      axisOf(attributes),
    ),
  gather: unary((t, { attributes }) => gather(t, indicesOf(attributes), axisOf(attributes))),
  sum: unary((t, { output, attributes }) =>
    reshape(sum(t, readAttribute<readonly number[]>(attributes, 'axes'), { keepAxes: true }), output.shape),
  ),
  reshape: unary((t, { output }) => reshape(t, output.shape)),
  transpose: unary((t, { attributes }) => transpose(t, readAttribute<readonly number[]>(attributes, 'permutation'))),
  // t − Σ softmax(x)∘t
  logSoftmax: unary((t, { output }) => subtract(t, sumLastAxis(multiply(exp(output), t)))),
  custom: (tangents, { inputs, attributes, selection }) => {
    const { name = 'a custom operation', pushforward } = attributes as CustomOperation;
    refuseFollowed(name, inputs);
    if (!pushforward) throw new Error(`autodiff: ${name} has no forward mode; differentiate in reverse`);
    return pushforward(tangents, selection, inputs);
  },
};
