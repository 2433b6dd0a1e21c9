/** The rule of each operation: on which samples its output depends, given the same for its inputs. */

import { axisOf, indicesOf, readAttribute } from '../../autodiff/attributes.ts';
import type { CustomOperation } from '../../autodiff/custom.ts';
import type { OperationName } from '../../autodiff/definable.ts';
import type { Entry } from '../../autodiff/linearisation.ts';
import type { OperandLayout } from '../../backends/kernels.ts';
import { broadcastLayout, padToFour, permutedLayout, type Shape, sizeOf, slicedLayout } from '../../tensor/shape.ts';
import { joinEach, joinInGroups, joinOwners, markDoubtful, NONE, type Owners } from './owners.ts';

/** The owners of the output, from those of the inputs, of which at least one depends on a sample. */
type Rule = (inputs: readonly Owners[], entry: Pick<Entry, 'inputs' | 'output' | 'attributes'>) => Owners;

/** For each number of a tensor of this shape, the position at which an operand with the layout is read for it. */
function placesOf({ offset, strides }: OperandLayout, shape: Shape): Int32Array {
  const [a, b, c, d] = padToFour(shape);
  const places = new Int32Array(sizeOf(shape));
  let at = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) {
        const start = offset + i * strides[0] + j * strides[1] + k * strides[2];
        for (let l = 0; l < d; l++) places[at++] = start + l * strides[3];
      }
    }
  }
  return places;
}

function readOwners(owners: Owners, layout: OperandLayout, shape: Shape): Owners {
  return owners && placesOf(layout, shape).map((place) => owners[place]);
}

/** The owners of an operand after it was broadcast. */
function broadcastOwners(owners: Owners, from: Shape, to: Shape): Owners {
  return owners?.length === sizeOf(to) ? owners : readOwners(owners, broadcastLayout(from, to), to);
}

const same: Rule = ([x]) => x;

/** An elementwise operation on operands that are broadcast. */
const elementwise: Rule = (inputs, { inputs: tensors, output }) =>
  inputs.map((owners, index) => broadcastOwners(owners, tensors[index].shape, output.shape)).reduce(joinEach);

/**
 * A product. A factor that does not depend on the unknown may be 0, which makes the dependence on the other factor
 * doubtful.
 */
const product: Rule = (inputs, entry) => {
  const [a, b] = inputs.map((owners, index) => broadcastOwners(owners, entry.inputs[index].shape, entry.output.shape));
  const of = (own: Owners, other: Owners): Owners =>
    own?.map((owner, at) => (other && other[at] !== NONE ? owner : markDoubtful(owner)));
  return joinEach(of(a, b), of(b, a));
};

/** A quotient a/b: its derivative 1/b with respect to a is never 0; that with respect to b, −a/b², may be. */
const quotient: Rule = (inputs, entry) => {
  const [a, b] = inputs.map((owners, index) => broadcastOwners(owners, entry.inputs[index].shape, entry.output.shape));
  return joinEach(
    a,
    b?.map((owner, at) => (a && a[at] !== NONE ? owner : markDoubtful(owner))),
  );
};

/** An operation along the last axis, in which every number depends on all numbers of its row. */
const alongRows: Rule = ([x], { output: { shape, size } }) => joinInGroups(x, size / shape[shape.length - 1]);

/** The joint owner of each row of a matrix, or of each column where it is `turned`. */
function joinLines(owners: Owners, [rows, columns]: Shape, turned: boolean): Owners {
  if (!owners) return undefined;
  const result = new Int32Array(turned ? columns : rows).fill(NONE);
  for (let at = 0; at < owners.length; at++) {
    const line = turned ? at % columns : Math.floor(at / columns);
    result[line] = joinOwners(result[line], owners[at]);
  }
  return result;
}

function matrixProduct(
  [a, b]: readonly Owners[],
  [shapeA, shapeB, [rows, columns]]: readonly Shape[],
  { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean },
): Owners {
  const left = joinLines(a, shapeA, transposeA);
  const right = joinLines(b, shapeB, !transposeB);
  return Int32Array.from({ length: rows * columns }, (_, at) => {
    const [own, other] = [left?.[Math.floor(at / columns)] ?? NONE, right?.[at % columns] ?? NONE];
    return joinOwners(other === NONE ? markDoubtful(own) : own, own === NONE ? markDoubtful(other) : other);
  });
}

/** Place r of the output, along an axis, takes the places of the input that `sources` names. */
function takeAlong(
  x: Owners,
  from: Shape,
  to: Shape,
  axis: number,
  sources: (index: number) => readonly number[],
): Owners {
  if (!x) return undefined;
  const [outer, inner] = [sizeOf(to.slice(0, axis)), sizeOf(to.slice(axis + 1))];
  const result = new Int32Array(sizeOf(to)).fill(NONE);
  for (let row = 0; row < to[axis]; row++) {
    for (const source of sources(row)) {
      for (let block = 0; block < outer; block++) {
        const [into, out] = [(block * to[axis] + row) * inner, (block * from[axis] + source) * inner];
        for (let at = 0; at < inner; at++) result[into + at] = joinOwners(result[into + at], x[out + at]);
      }
    }
  }
  return result;
}

/** Writes owners into those of a larger tensor, at the part that begins at `starts`. */
function placeOwners(
  into: Int32Array,
  owners: Owners,
  shape: Shape,
  { to, starts }: { to: Shape; starts: Shape },
): void {
  if (!owners) return;
  for (const [at, place] of placesOf(partLayout(to, starts), shape).entries()) into[place] = owners[at];
}

const partLayout = (shape: Shape, starts: Shape): OperandLayout => slicedLayout(shape, starts);

const RULES: Readonly<Record<OperationName, Rule>> = {
  ...{ negate: same, exp: same, log: same, sqrt: same, square: same, tanh: same, sigmoid: same, relu: same, abs: same },
  ...{ softThreshold: same, leakyRelu: same, elu: same, clip: same, softplus: same, softsign: same, arctan: same },
  ...{ dropout: same, reshape: same },
  scale: ([x], { attributes }) => (readAttribute<number>(attributes, 'factor') === 0 ? undefined : x),
  ...{ add: elementwise, subtract: elementwise, maximum: elementwise, minimum: elementwise },
  multiply: product,
  divide: quotient,
  ...{ standardise: alongRows, softmax: alongRows, logSoftmax: alongRows },
  matmul: (inputs, { inputs: [a, b], output, attributes }) =>
    matrixProduct(inputs, [a.shape, b.shape, output.shape], attributes as { transposeA: boolean; transposeB: boolean }),
  affine: ([x, W, bias], { inputs: [input, weights, { shape }], output }) =>
    joinEach(
      x || W
        ? matrixProduct([x, W], [input.shape, weights.shape, output.shape], { transposeA: false, transposeB: true })
        : undefined,
      broadcastOwners(bias, shape, output.shape),
    ),
  slice: ([x], { inputs: [{ shape }], output, attributes }) =>
    readOwners(x, slicedLayout(shape, readAttribute<Shape>(attributes, 'starts')), output.shape),
  pad: ([x], { inputs: [{ shape }], output, attributes }) => {
    const result = new Int32Array(output.size).fill(NONE);
    placeOwners(result, x, shape, { to: output.shape, starts: readAttribute<Shape>(attributes, 'starts') });
    return result;
  },
  broadcast: ([x], { inputs: [{ shape }], output }) => broadcastOwners(x, shape, output.shape),
  concat: (inputs, { inputs: tensors, output, attributes }) => {
    const axis = axisOf(attributes);
    const result = new Int32Array(output.size).fill(NONE);
    let start = 0;
    for (const [index, { shape }] of tensors.entries()) {
      const starts = shape.map((_, at) => (at === axis ? start : 0));
      placeOwners(result, inputs[index], shape, { to: output.shape, starts });
      start += shape[axis];
    }
    return result;
  },
  gather: ([x], { inputs: [{ shape }], output, attributes }) => {
    const indices = indicesOf(attributes);
    return takeAlong(x, shape, output.shape, axisOf(attributes), (row) => [indices[row]]);
  },
  scatterAdd: ([x], { inputs: [{ shape }], output, attributes }) => {
    const axis = axisOf(attributes);
    const sources: number[][] = Array.from({ length: output.shape[axis] }, () => []);
    for (const [at, row] of indicesOf(attributes).entries()) sources[row].push(at);
    return takeAlong(x, shape, output.shape, axis, (row) => sources[row]);
  },
  sum: ([x], { inputs: [{ shape }], output, attributes }) => {
    if (!x) return undefined;
    const axes = readAttribute<readonly number[]>(attributes, 'axes');
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const result = new Int32Array(output.size).fill(NONE);
    for (const [at, place] of placesOf(broadcastLayout(kept, shape), shape).entries()) {
      result[place] = joinOwners(result[place], x[at]);
    }
    return result;
  },
  transpose: ([x], { inputs: [{ shape }], output, attributes }) =>
    readOwners(x, permutedLayout(shape, readAttribute<readonly number[]>(attributes, 'permutation')), output.shape),
  custom: (inputs, { output, attributes }) => {
    const { isRowwise } = attributes as CustomOperation;
    const [rows] = output.shape;
    const own = inputs.map((owners, index) => {
      if (!owners) return undefined;
      const isOwn = isRowwise?.[index] === true && owners.length % rows === 0;
      return spreadOverRows(joinInGroups(owners, isOwn ? rows : 1), rows, output.size);
    });
    return own.reduce(joinEach)?.map(markDoubtful);
  },
};

/**
 * The owners of an output whose rows depend on the rows of an input. Each row of the input has one owner throughout.
 */
function spreadOverRows(owners: Owners, rows: number, size: number): Owners {
  return (
    owners &&
    Int32Array.from({ length: size }, (_, at) => {
      const row = Math.floor((at * rows) / size);
      return owners[Math.floor((row * owners.length) / rows)];
    })
  );
}

/** The owners of the output of an operation. @param inputs the owners of its inputs */
export function findOutputOwners(inputs: readonly Owners[], entry: Entry): Owners {
  if (inputs.every((owners) => owners === undefined)) return undefined;
  return RULES[entry.operation](inputs, entry);
}
