/** Ranks, orders and masks: functions of rows that are constant but for jumps at ties, and have no gradient. */
import type { CustomOperation } from '../../autodiff/custom.ts';
import { elementwise, reduceAxes } from '../../tensor/kernels.ts';
import { recordOperation } from '../../tensor/operations.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkK, rowLength } from './sort.ts';

/**
 * The rank of each number in its row, along the last axis: 1 for the largest. Numbers that tie share the mean of their
 * ranks. Like `argsort` and `topKMask` it compares all pairs of a row: it makes n² numbers for each.
 *
 * A rank is constant but for jumps at ties, so no gradient goes through it: one is refused.
 * @param x [.., n], without NaN
 * @returns of the shape of x
 * @throws RangeError if x is no tensor or a scalar. Error where a gradient through it is asked for
 */
export function rank(x: Tensor): Tensor {
  const n = rowLength('rank', x);
  return withoutGradient('rank', x, (work) => {
    const [above, below] = comparePairs(x, work).map(work.sumLast);
    // 1 + above + ½(n − 1 − above − below), of which the bracket counts the others that tie.
    return work.apply('scale', [work.apply('subtract', [above, below])], [0.5, (n + 1) / 2]);
  });
}

/**
 * The places of the numbers of each row, along the last axis, in descending order of the numbers; those that tie keep
 * their order. A gradient through it is refused, as through `rank`; through `sort` there is one.
 * @param x [.., n], without NaN
 * @returns integers from 0 to n − 1, of the shape of x
 * @throws RangeError if x is no tensor or a scalar. Error where a gradient through it is asked for
 */
export function argsort(x: Tensor): Tensor {
  const n = rowLength('argsort', x);
  return withoutGradient('argsort', x, (work) => {
    const places = work.upload(
      Array.from({ length: n }, (_, place) => place),
      [1, n],
    );
    return work.sumLast(work.apply('multiply', [placesOf(x, work), places]));
  });
}

/**
 * 1 for the k largest numbers of each row, along the last axis, and 0 for the others; of those that tie with the k-th
 * the first ones count. A gradient through it is refused, as through `rank`; through `topK` there is one.
 * @param x [.., n], without NaN
 * @param k from 1 to n
 * @returns of the shape of x
 * @throws RangeError if x is no tensor or a scalar, or if k is wrong. Error where a gradient through it is asked for
 */
export function topKMask(x: Tensor, k: number): Tensor {
  checkK('topKMask', k, rowLength('topKMask', x));
  return withoutGradient('topKMask', x, (work) =>
    work.apply('greater', [work.upload([k - 0.5], [1]), countBefore(x, work)]),
  );
}

/** P, [rows, n, n], with [r, i] = 1 where number i comes r-th in descending order, and else 0. No tape follows it. */
export function sortingMatrix(x: Tensor): Tensor {
  const work = new Work(x);
  return work.finish(placesOf(x, work));
}

/** The same, made as part of other work. */
function placesOf(x: Tensor, work: Work): Tensor {
  const n = x.shape[x.shape.length - 1];
  const before = countBefore(x, work);
  // Number i comes r-th where |before − r| is below ½.
  const targets = work.upload(
    Array.from({ length: n }, (_, place) => place),
    [n, 1],
  );
  const distance = work.apply('abs', [work.apply('subtract', [work.shape(before, [-1, 1, n]), targets])]);
  return work.apply('greater', [work.upload([0.5], [1]), distance]);
}

/** Makes tensors on the way to a result, which are freed together. */
class Work {
  private readonly made: Tensor[] = [];
  private readonly like: Tensor;

  constructor(like: Tensor) {
    this.like = like;
  }

  readonly apply = (...call: Parameters<typeof elementwise>): Tensor => this.keep(elementwise(...call));

  readonly upload = (values: readonly number[], shape: readonly number[]): Tensor =>
    this.keep(this.like.context.upload(values, shape, this.like));

  /** The same numbers in another shape, of which the first extent may be −1: as many as are needed. */
  readonly shape = (x: Tensor, [first, ...rest]: readonly number[]): Tensor => {
    const others = rest.reduce((product, extent) => product * extent, 1);
    return this.keep(x.context.alias(x, [first === -1 ? x.size / others : first, ...rest]));
  };

  readonly sumLast = (x: Tensor): Tensor => this.keep(reduceAxes('sum', [x], x.shape.length - 1, x.shape.length));

  /** Frees everything but the result. */
  finish(result: Tensor): Tensor {
    for (const tensor of this.made) if (tensor !== result) tensor.dispose();
    return result;
  }

  private keep(tensor: Tensor): Tensor {
    this.made.push(tensor);
    return tensor;
  }
}

/** [rows, i, j]: whether number j is above number i, and whether it is below. */
function comparePairs(x: Tensor, { apply, shape }: Work): [above: Tensor, below: Tensor] {
  const n = x.shape[x.shape.length - 1];
  const [own, other] = [shape(x, [-1, n, 1]), shape(x, [-1, 1, n])];
  return [apply('greater', [other, own]), apply('greater', [own, other])];
}

/** [rows, n]: how many numbers come before each one in descending order, in which those that tie keep their order. */
function countBefore(x: Tensor, work: Work): Tensor {
  const n = x.shape[x.shape.length - 1];
  const [above, below] = comparePairs(x, work);
  // Before number i come those above it, and of those in front of it, j < i, all that are not below.
  const isInFront = work.upload(
    Array.from({ length: n * n }, (_, at) => Number(at % n < Math.floor(at / n))),
    [n, n],
  );
  const notBelow = work.apply('scale', [below], [-1, 1]);
  const tied = work.apply('multiply', [isInFront, work.apply('subtract', [notBelow, above])]);
  return work.sumLast(work.apply('add', [above, tied]));
}

/** Records a result through which no gradient goes. */
function withoutGradient(name: string, x: Tensor, compute: (work: Work) => Tensor): Tensor {
  const work = new Work(x);
  const computed = compute(work);
  const result = x.context.alias(computed, x.shape);
  work.finish(result);
  const refuse = (): never => {
    throw new Error(
      `${name}: no gradient goes through it, since it is constant but for jumps at ties, where it is not continuous`,
    );
  };
  const operation: CustomOperation = { name, pullback: refuse, pushforward: refuse, isSmooth: false };
  return recordOperation('custom', [x], result, operation);
}
