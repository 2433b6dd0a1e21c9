/**
 * An element J of the Jacobian of a projection onto a product of cones, as an operator of a saddle point system. It is
 * block diagonal; blocks of one size are kept together as a batch of matrices.
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import { batchedProduct } from '../../../tensor/batched.ts';
import { projectConesDerivative } from '../../../tensor/cones.ts';
import { elementwise, elementwiseLaidOut } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { batchedInverse } from '../../batched-inverse.ts';
import type { Slope } from './saddle.ts';

/** Which element: see `ProjectConesDerivativeCall`. */
export interface ElementChoice {
  /** [1] or [batch] */
  readonly tolerance: Tensor;
  /** q, or a q for each row, [batch, m]. */
  readonly selection: number | Tensor;
}

/** Blocks of one size. */
interface Group {
  readonly size: number;
  /** The first row of each. */
  readonly starts: readonly number[];
}

/** The matrices of a group, [batch·blocks, size, size]. */
interface Part extends Group {
  readonly matrices: Tensor;
}

/** Rows that are independent of one another are blocks of size 1. */
function groupsOf(blocks: readonly ConeBlock[]): readonly Group[] {
  const starts = new Map<number, number[]>();
  const add = (size: number, start: number): void => {
    starts.set(size, [...(starts.get(size) ?? []), start]);
  };
  for (const { type, start, rows } of blocks) {
    const isSeparate = type === 'zero' || type === 'free' || type === 'nonneg';
    if (!isSeparate) add(rows, start);
    else for (let row = 0; row < rows; row++) add(1, start + row);
  }
  return Array.from(starts, ([size, each]) => ({ size, starts: each }));
}

const rangeOf = (length: number): number[] => Array.from({ length }, (_, index) => index);

/**
 * J at v.
 * @param v [batch, m]
 * @param blocks the product, m rows together
 */
export function coneSlope(v: Tensor, blocks: readonly ConeBlock[], choice: ElementChoice): BlockSlope {
  const { context } = v;
  const [batch, m] = v.shape;
  const groups = groupsOf(blocks);
  const width = Math.max(...groups.map(({ size }) => size));
  // Column j of each block at once: the blocks do not touch.
  const units = new Float64Array(width * m);
  for (const { size, starts } of groups) {
    for (const start of starts) for (let j = 0; j < size; j++) units[j * m + start + j] = 1;
  }
  const unit = context.constant({ kind: 'values', values: Array.from(units) }, [width, m]);
  const repeat = (x: Tensor): Tensor => {
    if (x.size === 1) return x;
    const columns = x.size / batch;
    const each = { offset: 0, strides: [0, columns, 0, 1] as const };
    const copied = elementwiseLaidOut('copy', [x], [each], [batch, width, columns]);
    return context.alias(copied, columns === 1 ? [batch * width] : [batch * width, columns]);
  };
  const every = { offset: 0, strides: [0, 0, m, 1] as const };
  const h = elementwiseLaidOut('copy', [unit], [every], [batch, width, m]);
  const { tolerance, selection } = choice;
  const columns = projectConesDerivative(
    repeat(v),
    context.alias(h, [batch * width, m]),
    repeat(tolerance),
    blocks,
    typeof selection === 'number' ? selection : repeat(selection),
  );
  const packed = context.alias(columns, [batch, width * m]);
  const parts = groups.map((group): Part => {
    const { size, starts } = group;
    const values = starts.flatMap((start) => rangeOf(size).flatMap((i) => rangeOf(size).map((j) => j * m + start + i)));
    const indices = context.constant({ kind: 'values', values }, [values.length]);
    const matrices = gatherAlong(packed, 1, values.length, { indices });
    return { ...group, matrices: context.alias(matrices, [batch * starts.length, size, size]) };
  });
  return new BlockSlope(batch, m, parts);
}

export class BlockSlope implements Slope {
  constructor(
    private readonly batch: number,
    private readonly m: number,
    private readonly parts: readonly Part[],
  ) {}

  apply(h: Tensor): Tensor {
    return h.context.alias(this.multiply(h.context.alias(h, [...h.shape, 1])), h.shape);
  }

  complement(h: Tensor): Tensor {
    return elementwise('subtract', [h, this.apply(h)]);
  }

  regularise(context: LoopContext, delta: number): ReturnType<Slope['regularise']> {
    const inverse = this.map((J, { size }) =>
      invert(context, combineWithIdentity(J, size, delta - 1, context.constant({ kind: 'fill', value: 1 }, [1]))),
    );
    const weights = this.map((J, _, index) => batchedProduct(inverse.parts[index].matrices, J));
    return { solve: (h) => inverse.apply(h), weigh: (A) => weights.multiply(A) };
  }

  pick(rows: (x: Tensor) => Tensor): BlockSlope {
    let count = this.batch;
    const parts = this.parts.map((part): Part => {
      const { matrices, size, starts } = part;
      const { context } = matrices;
      const picked = rows(context.alias(matrices, [this.batch, starts.length * size * size]));
      count = picked.shape[0];
      return { ...part, matrices: context.alias(picked, [count * starts.length, size, size]) };
    });
    return new BlockSlope(count, this.m, parts);
  }

  private map(change: (matrices: Tensor, group: Group, index: number) => Tensor): BlockSlope {
    const parts = this.parts.map((part, index) => ({ ...part, matrices: change(part.matrices, part, index) }));
    return new BlockSlope(this.batch, this.m, parts);
  }

  /** The product with [batch, m, n] or [m, n]. */
  private multiply(given: Tensor): Tensor {
    const { batch, m } = this;
    const { context } = given;
    const n = given.shape[given.shape.length - 1];
    const each = { offset: 0, strides: [0, given.shape.length === 3 ? m * n : 0, n, 1] as const };
    const H = given.shape.length === 3 ? given : elementwiseLaidOut('copy', [given], [each], [batch, m, n]);
    const order = this.parts.flatMap(({ size, starts }) =>
      starts.flatMap((start) => rangeOf(size).map((i) => start + i)),
    );
    const isInOrder = order.every((row, index) => row === index);
    let joined: Tensor | undefined;
    for (const { size, starts, matrices } of this.parts) {
      const rows = starts.flatMap((start) => rangeOf(size).map((i) => start + i));
      const taken = this.parts.length === 1 && isInOrder ? H : takeRows(H, rows);
      const block = context.alias(taken, [batch * starts.length, size, n]);
      const product = context.alias(batchedProduct(matrices, block), [batch, rows.length, n]);
      joined = joined ? gatherAlong(joined, 1, joined.shape[1] + rows.length, { more: product }) : product;
    }
    const result = joined as Tensor;
    if (isInOrder) return result;
    const places = new Array<number>(m);
    for (const [index, row] of order.entries()) places[row] = index;
    return takeRows(result, places);
  }
}

/** Some rows of each matrix of [batch, m, n]. */
function takeRows(H: Tensor, rows: readonly number[]): Tensor {
  const indices = H.context.constant({ kind: 'values', values: rows }, [rows.length]);
  return gatherAlong(H, 1, rows.length, { indices });
}

/** factor·X + shift·I @param shift [1] or [matrices, 1, 1] */
function combineWithIdentity(X: Tensor, size: number, factor: number, shift: Tensor): Tensor {
  const identity = X.context.constant({ kind: 'identity', order: size }, [1, size, size]);
  return elementwise('add', [elementwise('scale', [X], [factor, 0]), elementwise('multiply', [identity, shift])]);
}

/** The inverses of symmetric positive definite matrices. */
function invert(context: LoopContext, X: Tensor): Tensor {
  return X.shape[1] === 1 ? elementwise('reciprocal', [X]) : batchedInverse(context, X).inverse;
}
