/** What each operation does to the dependence of its numbers on samples. */
import type { CustomOperation } from '../../autodiff/custom.ts';
import type { OperationName } from '../../autodiff/definable.ts';
import type { Entry } from '../../autodiff/linearisation.ts';
import { attribute } from '../../autodiff/attributes.ts';
import type { OperandLayout } from '../../backends/kernels.ts';
import { broadcastLayout, padToFour, permutedLayout, type Shape, sizeOf, slicedLayout } from '../../tensor/shape.ts';
import { doubted, joined, joinedEach, joinedInGroups, NONE, type Owners } from './owners.ts';

/** The owners of the output, from those of the inputs, of which at least one depends on a sample. */
type Rule = (inputs: readonly Owners[], entry: Pick<Entry, 'inputs' | 'output' | 'attributes'>) => Owners;

/** Of each number of a tensor of this shape the place at which an operand with the layout is read for it. */
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

function readWith(owners: Owners, layout: OperandLayout, shape: Shape): Owners {
  return owners && placesOf(layout, shape).map((place) => owners[place]);
}

/** Repeated where the operand is broadcast. */
function spread(owners: Owners, from: Shape, to: Shape): Owners {
  return owners?.length === sizeOf(to) ? owners : readWith(owners, broadcastLayout(from, to), to);
}

const same: Rule = ([x]) => x;

/** Element by element, of operands that are broadcast. */
const elementwise: Rule = (inputs, { inputs: tensors, output }) =>
  inputs.map((owners, index) => spread(owners, tensors[index].shape, output.shape)).reduce(joinedEach);

/** Each factor is multiplied by the other, which may be 0 where it does not depend on the unknown. */
const product: Rule = (inputs, entry) => {
  const [a, b] = inputs.map((owners, index) => spread(owners, entry.inputs[index].shape, entry.output.shape));
  const of = (own: Owners, other: Owners): Owners =>
    own?.map((owner, at) => (other && other[at] !== NONE ? owner : doubted(owner)));
  return joinedEach(of(a, b), of(b, a));
};

/** a/b: 1/b is never 0, a/b² may be. */
const quotient: Rule = (inputs, entry) => {
  const [a, b] = inputs.map((owners, index) => spread(owners, entry.inputs[index].shape, entry.output.shape));
  return joinedEach(
    a,
    b?.map((owner, at) => (a && a[at] !== NONE ? owner : doubted(owner))),
  );
};

/** Everything along the last axis depends on everything there. */
const alongRows: Rule = ([x], { output: { shape, size } }) => joinedInGroups(x, size / shape[shape.length - 1]);

/** Of each row of a matrix, or with `turned` of each column, what its entries depend on together. */
function lines(owners: Owners, [rows, columns]: Shape, turned: boolean): Owners {
  if (!owners) return undefined;
  const result = new Int32Array(turned ? columns : rows).fill(NONE);
  for (let at = 0; at < owners.length; at++) {
    const line = turned ? at % columns : Math.floor(at / columns);
    result[line] = joined(result[line], owners[at]);
  }
  return result;
}

function matrixProduct(
  [a, b]: readonly Owners[],
  [shapeA, shapeB, [rows, columns]]: readonly Shape[],
  { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean },
): Owners {
  const left = lines(a, shapeA, transposeA);
  const right = lines(b, shapeB, !transposeB);
  return Int32Array.from({ length: rows * columns }, (_, at) => {
    const [own, other] = [left?.[Math.floor(at / columns)] ?? NONE, right?.[at % columns] ?? NONE];
    return joined(other === NONE ? doubted(own) : own, own === NONE ? doubted(other) : other);
  });
}

/** Row r of the output takes the rows of the input that `sources` names. */
function rowsTaken(x: Owners, width: number, count: number, sources: (row: number) => readonly number[]): Owners {
  if (!x) return undefined;
  const result = new Int32Array(count * width).fill(NONE);
  for (let row = 0; row < count; row++) {
    for (const source of sources(row)) {
      for (let at = 0; at < width; at++) {
        result[row * width + at] = joined(result[row * width + at], x[source * width + at]);
      }
    }
  }
  return result;
}

/** Into the part of a larger tensor that begins at `starts`. */
function placed(into: Int32Array, owners: Owners, shape: Shape, { to, starts }: { to: Shape; starts: Shape }): void {
  if (!owners) return;
  for (const [at, place] of placesOf(partLayout(to, starts), shape).entries()) into[place] = owners[at];
}

const partLayout = (shape: Shape, starts: Shape): OperandLayout => slicedLayout(shape, starts);

const RULES: Readonly<Record<OperationName, Rule>> = {
  ...{ negate: same, exp: same, log: same, sqrt: same, square: same, tanh: same, sigmoid: same, relu: same, abs: same },
  ...{ softThreshold: same, leakyRelu: same, elu: same, clip: same, softplus: same, softsign: same, arctan: same },
  ...{ dropout: same, reshape: same },
  scale: ([x], { attributes }) => (attribute<number>(attributes, 'factor') === 0 ? undefined : x),
  ...{ add: elementwise, subtract: elementwise, maximum: elementwise, minimum: elementwise },
  multiply: product,
  divide: quotient,
  ...{ standardise: alongRows, softmax: alongRows, logSoftmax: alongRows },
  matmul: (inputs, { inputs: [a, b], output, attributes }) =>
    matrixProduct(inputs, [a.shape, b.shape, output.shape], attributes as { transposeA: boolean; transposeB: boolean }),
  affine: ([x, W, bias], { inputs: [input, weights, { shape }], output }) =>
    joinedEach(
      x || W
        ? matrixProduct([x, W], [input.shape, weights.shape, output.shape], { transposeA: false, transposeB: true })
        : undefined,
      spread(bias, shape, output.shape),
    ),
  slice: ([x], { inputs: [{ shape }], output, attributes }) =>
    readWith(x, slicedLayout(shape, attribute<Shape>(attributes, 'starts')), output.shape),
  pad: ([x], { inputs: [{ shape }], output, attributes }) => {
    const result = new Int32Array(output.size).fill(NONE);
    placed(result, x, shape, { to: output.shape, starts: attribute<Shape>(attributes, 'starts') });
    return result;
  },
  broadcast: ([x], { inputs: [{ shape }], output }) => spread(x, shape, output.shape),
  concat: (inputs, { inputs: tensors, output, attributes }) => {
    const axis = attribute<number>(attributes, 'axis');
    const result = new Int32Array(output.size).fill(NONE);
    let start = 0;
    for (const [index, { shape }] of tensors.entries()) {
      const starts = shape.map((_, at) => (at === axis ? start : 0));
      placed(result, inputs[index], shape, { to: output.shape, starts });
      start += shape[axis];
    }
    return result;
  },
  gather: ([x], { output: { shape, size }, attributes }) => {
    const indices = attribute<readonly number[]>(attributes, 'indices');
    return rowsTaken(x, size / shape[0], shape[0], (row) => [indices[row]]);
  },
  scatterAdd: ([x], { output: { shape, size }, attributes }) => {
    const sources: number[][] = Array.from({ length: shape[0] }, () => []);
    for (const [at, row] of attribute<readonly number[]>(attributes, 'indices').entries()) sources[row].push(at);
    return rowsTaken(x, size / shape[0], shape[0], (row) => sources[row]);
  },
  sum: ([x], { inputs: [{ shape }], output, attributes }) => {
    if (!x) return undefined;
    const axes = attribute<readonly number[]>(attributes, 'axes');
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const result = new Int32Array(output.size).fill(NONE);
    for (const [at, place] of placesOf(broadcastLayout(kept, shape), shape).entries()) {
      result[place] = joined(result[place], x[at]);
    }
    return result;
  },
  transpose: ([x], { inputs: [{ shape }], output, attributes }) =>
    readWith(x, permutedLayout(shape, attribute<readonly number[]>(attributes, 'permutation')), output.shape),
  custom: (inputs, { output, attributes }) => {
    const { isRowwise } = attributes as CustomOperation;
    const [rows] = output.shape;
    const own = inputs.map((owners, index) => {
      if (!owners) return undefined;
      const isOwn = isRowwise?.[index] === true && owners.length % rows === 0;
      return rowsOfOutput(joinedInGroups(owners, isOwn ? rows : 1), rows, output.size);
    });
    return own.reduce(joinedEach)?.map(doubted);
  },
};

/** Of an output whose rows depend on those of an input, each of which has one owner throughout, or all of them the same. */
function rowsOfOutput(owners: Owners, rows: number, size: number): Owners {
  return (
    owners &&
    Int32Array.from({ length: size }, (_, at) => {
      const row = Math.floor((at * rows) / size);
      return owners[Math.floor((row * owners.length) / rows)];
    })
  );
}

/** @param inputs of the operation's inputs */
export function outputOwners(inputs: readonly Owners[], entry: Entry): Owners {
  if (inputs.every((owners) => owners === undefined)) return undefined;
  return RULES[entry.operation](inputs, entry);
}
