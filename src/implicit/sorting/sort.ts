/** Sorting as an operation with kinks, and what follows from it: the largest numbers, and the median. */
import { COUNT, createArgumentError } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { concat, gather } from '../../tensor/arrange.ts';
import { elementwise } from '../../tensor/kernels.ts';
import { add, checkSelection, maximum, recordOperation, reshape } from '../../tensor/operations.ts';
import { formatShape } from '../../tensor/shape.ts';
import { type KinkOptions, TENSOR, type Tensor } from '../../tensor/tensor.ts';

/** Options of `sort`. */
export interface SortOptions extends KinkOptions {
  /** Default descending. */
  order?: 'descending' | 'ascending';
}

const KINKS: Checks<KinkOptions> = { selection: 0 };

/**
 * Sorts the numbers of each row, along the last axis.
 *
 * The rows are sorted by comparisons of pairs, (a, b) ↦ (max(a, b), min(a, b)), those of K. E. Batcher's merge exchange
 * (D. E. Knuth, The Art of Computer Programming 3, algorithm 5.2.2M): about ½·log²n rounds of them. Where a and b
 * tie, within 64 units of rounding of their row, the derivative is (1 − q)·P + q·I, in which P exchanges them: doubly
 * stochastic, as all elements of the Clarke Jacobian of sorting are. Each tie of two is a kink, which counts as one of
 * `maximum`: certificates and gradient intervals find it, and selections reach it.
 * @param x [.., n], without NaN
 * @param options.selection q from 0 to 1. Default ½
 * @returns of the shape of x: the same numbers, exactly
 * @throws RangeError if x is no tensor or a scalar, or if an option is wrong
 */
export function sort(x: Tensor, options?: SortOptions): Tensor {
  const { order = 'descending', selection } = readOptions('sort', options, { order: 0, ...KINKS });
  if (order !== 'descending' && order !== 'ascending') {
    throw createArgumentError('sort: order', order, 'descending or ascending');
  }
  const n = rowLength('sort', x);
  const places = Array.from({ length: n }, (_, place) => (order === 'descending' ? place : n - 1 - place));
  return takeSorted('sort', x, places, selection);
}

/**
 * The k largest numbers of each row, along the last axis, in descending order. Their sum has the derivative 1 in each
 * number above the k-th, and shares that add up to the rest among those that tie with it.
 * @param x [.., n], without NaN
 * @param k from 1 to n
 * @param options.selection at ties, as in `sort`. Default ½
 * @returns [.., k]
 * @throws RangeError if x is no tensor or a scalar, or if k or an option is wrong
 */
export function topK(x: Tensor, k: number, options?: KinkOptions): Tensor {
  const { selection } = readOptions('topK', options, KINKS);
  checkK('topK', k, rowLength('topK', x));
  return takeSorted(
    'topK',
    x,
    Array.from({ length: k }, (_, place) => place),
    selection,
  );
}

/** @throws RangeError unless k is an integer from 1 to n */
export function checkK(what: string, k: number, n: number): void {
  COUNT(`${what}: k`, k);
  if (k > n) throw createArgumentError(`${what}: k`, k, `at most ${n}, the length of the last axis`);
}

/**
 * The median of each row, along the last axis: the middle one of its numbers, or the mean of the middle two.
 * @param x [.., n], without NaN
 * @param options.selection at ties, as in `sort`. Default ½
 * @returns of shape [..], that of x without its last axis
 * @throws RangeError if x is no tensor or a scalar, or if an option is wrong
 */
export function median(x: Tensor, options?: KinkOptions): Tensor {
  const { selection } = readOptions('median', options, KINKS);
  const n = rowLength('median', x);
  const middle = takeSorted('median', x, n % 2 === 1 ? [(n - 1) / 2] : [n / 2 - 1, n / 2], selection);
  // Halves are added, since a sum of two numbers may overflow.
  const halves = n % 2 === 1 ? undefined : middle.mul(0.5);
  const single = halves ? halves.sum(-1) : middle;
  const result = reshape(single, x.shape.slice(0, -1));
  for (const made of [middle, halves, single]) made?.dispose();
  return result;
}

/** The length of the last axis. @throws RangeError if x is no tensor or a scalar */
export function rowLength(what: string, x: Tensor): number {
  TENSOR(`${what}: x`, x);
  const n = x.shape.at(-1);
  if (n === undefined) throw new RangeError(`${what}: x has shape ${formatShape(x.shape)}; it needs at least one axis`);
  return n;
}

/** What stands at the places of each row once it is sorted in descending order. */
function takeSorted(what: string, x: Tensor, places: readonly number[], selection: number | undefined): Tensor {
  const kinks: KinkOptions = selection === undefined ? {} : { selection: checkSelection(what, selection) };
  let sorted = x;
  for (const pairs of comparisonsOf(rowLength(what, x))) {
    const next = exchange(sorted, pairs, kinks);
    if (sorted !== x) sorted.dispose();
    sorted = next;
  }
  const result = gather(sorted, places, -1);
  if (sorted !== x) sorted.dispose();
  return result;
}

/** Pairs of places, of which each place is in one at most. */
interface Pairs {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** The rounds of comparisons that sort n numbers. */
function comparisonsOf(n: number): Pairs[] {
  const rounds: Pairs[] = [];
  const half = 2 ** (Math.ceil(Math.log2(Math.max(n, 1))) - 1);
  for (let p = half; p >= 1; p /= 2) {
    let [q, r, d] = [half, 0, p];
    for (;;) {
      const first = Array.from({ length: n - d }, (_, place) => place).filter((place) => (place & p) === r);
      const distance = d;
      if (first.length > 0) rounds.push({ first, second: first.map((place) => place + distance) });
      if (q === p) break;
      [d, r, q] = [q - p, p, q / 2];
    }
  }
  return rounds;
}

/** Puts the larger number of each pair at its first place, and the other at its second. */
function exchange(x: Tensor, { first, second }: Pairs, kinks: KinkOptions): Tensor {
  const last = x.shape.length - 1;
  const [a, b] = [gather(x, first, last), gather(x, second, last)];
  const larger = maximum(a, b, kinks);
  // min(a, b) = a + b − max(a, b), so that both have one kink; the number itself is not rounded.
  const sum = add(a, b);
  const smaller = recordOperation('subtract', [sum, larger], elementwise('minimum', [a, b]));
  const all = concat([x, larger, smaller], last);
  const order = Array.from({ length: x.shape[last] }, (_, place) => place);
  for (const [index, place] of first.entries()) order[place] = x.shape[last] + index;
  for (const [index, place] of second.entries()) order[place] = x.shape[last] + first.length + index;
  const exchanged = gather(all, order, last);
  for (const made of [a, b, larger, sum, smaller, all]) made.dispose();
  return exchanged;
}
