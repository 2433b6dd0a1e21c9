/** Ways to lay a table of numbers out as tensors such that elementwise operations have the same results. */
import { concat, scatterAdd } from '../../../src/tensor/arrange.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

/**
 * The place of a number of a table: the index of the tensor, and the index among the sample's numbers in that tensor.
 */
interface Place {
  readonly piece: number;
  readonly index: number;
}

export interface Layout {
  readonly name: string;
  /** @param x [rows, n] @returns tensors that together hold the same numbers */
  readonly pack: (x: Tensor) => Tensor[];
  readonly unpack: (pieces: readonly Tensor[], rows: number, n: number) => Tensor;
  readonly placeOf: (row: number, feature: number, rows: number, n: number) => Place;
}

const inOrder: Layout['placeOf'] = (_, feature) => ({ piece: 0, index: feature });

/** A layout of one tensor. */
const single = (
  name: string,
  pack: (x: Tensor) => Tensor,
  unpack: (y: Tensor, rows: number, n: number) => Tensor,
): Layout => ({
  name,
  pack: (x) => [pack(x)],
  unpack: ([y], rows, n) => unpack(y, rows, n),
  placeOf: inOrder,
});

/** n as a product in which neither factor is 1, where possible. */
const factors = (n: number): readonly [number, number] => (n === 4 ? [2, 2] : [1, n]);
const count = (length: number): number[] => Array.from({ length }, (_, index) => index);
const reverse = (rows: number): number[] => count(rows).reverse();
/** A permutation that is not its own inverse. */
const rotate = (rows: number): number[] => count(rows).map((row) => (row + 1) % rows);

export const LAYOUTS: readonly Layout[] = [
  single(
    'as it is',
    (x) => x,
    (y) => y,
  ),
  single(
    'features first',
    (x) => x.transpose(),
    (y) => y.transpose(),
  ),
  single(
    'three axes',
    (x) => x.reshape([x.shape[0], ...factors(x.shape[1])]),
    (y, rows, n) => y.reshape([rows, n]),
  ),
  single(
    'samples in the middle',
    (x) => x.reshape([x.shape[0], ...factors(x.shape[1])]).transpose([1, 0, 2]),
    (y, rows, n) => y.transpose([1, 0, 2]).reshape([rows, n]),
  ),
  single(
    'one axis',
    (x) => x.reshape([x.size]),
    (y, rows, n) => y.reshape([rows, n]),
  ),
  single(
    'one axis, features first',
    (x) => x.transpose().reshape([x.size]),
    (y, rows, n) => y.reshape([n, rows]).transpose(),
  ),
  single(
    'samples backwards',
    (x) => x.gather(reverse(x.shape[0])),
    (y, rows) => y.gather(reverse(rows)),
  ),
  single(
    'samples turned, scattered back',
    (x) => x.gather(rotate(x.shape[0])),
    (y, rows) => scatterAdd(y, rotate(rows), rows),
  ),
  {
    name: 'features in two parts, exchanged',
    pack: (x) => {
      const [rows, n] = x.shape;
      const half = n >> 1;
      if (half === 0) return [x];
      return [concat([x.slice([0, half], [rows, n - half]), x.slice([0, 0], [rows, half])], 1)];
    },
    unpack: ([y], rows, n) => {
      const half = n >> 1;
      if (half === 0) return y;
      return concat([y.slice([0, n - half], [rows, half]), y.slice([0, 0], [rows, n - half])], 1);
    },
    placeOf: (_, feature, __, n) => ({ piece: 0, index: (feature + n - (n >> 1)) % n }),
  },
  {
    name: 'sample by sample',
    pack: (x) => count(x.shape[0]).map((row) => x.slice([row, 0], [1, x.shape[1]])),
    unpack: (pieces) => concat(pieces, 0),
    placeOf: (row, feature) => ({ piece: row, index: feature }),
  },
  {
    name: 'feature by feature',
    pack: (x) => count(x.shape[1]).map((feature) => x.slice([0, feature], [x.shape[0], 1])),
    unpack: (pieces) => concat(pieces, 1),
    placeOf: (_, feature) => ({ piece: feature, index: 0 }),
  },
];
