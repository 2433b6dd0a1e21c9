/**
 * A batch of programs as tensors, min ½xᵀPx + qᵀx over Ax − b ∈ D. Tensors are those of the Program being traced.
 */
import { batchedProduct } from '../../../tensor/batched.ts';
import { elementwise, product } from '../../../tensor/kernels.ts';
import { formatShape, type Shape, sameShape } from '../../../tensor/shape.ts';
import type { Context, Tensor } from '../../../tensor/tensor.ts';
import type { ConstraintSet } from './constraint-set.ts';

/** A bound of at least this size means that there is none. */
export const NO_BOUND = 1e20;
/** What stands in the place of a bound that there is not: far from every number, and from the largest of float32. */
export const FAR = 1e30;

/** The data of a batch of quadratic programs, where D is l ≤ Ax ≤ u. Each tensor may lack the axis `batch`: all samples then share it. */
export interface ProgramTensors {
  /** [batch, n, n] or [n, n]; symmetric, positive semidefinite. */
  readonly P: Tensor;
  /** [batch, n] or [n] */
  readonly q: Tensor;
  /** [batch, m, n] or [m, n] */
  readonly A: Tensor;
  /** [batch, m] or [m]; −NO_BOUND or less where a row has no lower bound. */
  readonly l: Tensor;
  /** [batch, m] or [m]; NO_BOUND or more where a row has no upper bound. */
  readonly u: Tensor;
}

/** A batch with its sizes, where q has one row for each sample; P and A may lack the axis `batch`. */
export interface BatchProblem extends Pick<ProgramTensors, 'P' | 'q' | 'A'> {
  readonly set: ConstraintSet;
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  /** Whether all samples share both P and A. */
  readonly isShared: boolean;
}

/** Vectors by name, each [size] or [batch, size], and their sizes. */
export type NamedVectors = Readonly<Record<string, readonly [vector: Tensor | undefined, size: number]>>;

/**
 * Finds the sizes of a batch.
 * @throws RangeError if the shapes do not fit
 */
export function sizesOfBatch(
  P: Tensor,
  A: Tensor,
  vectors: NamedVectors,
): Pick<BatchProblem, 'batch' | 'n' | 'm' | 'isShared'> {
  const [m, n] = A.shape.slice(-2);
  const given = Object.entries(vectors).flatMap(([name, [vector, size]]) => (vector ? [{ name, vector, size }] : []));
  const batches = [P, A].map(({ shape }) => (shape.length === 3 ? shape[0] : 1));
  batches.push(...given.map(({ vector: { shape } }) => (shape.length === 2 ? shape[0] : 1)));
  const batch = Math.max(...batches);
  const check = (name: string, { shape }: Tensor, each: Shape): void => {
    if (sameShape(shape, each) || sameShape(shape, [batch, ...each])) return;
    throw new RangeError(
      `${name} has shape ${formatShape(shape)}; ${n} variables, ${m} rows and a batch of ${batch} need ${formatShape(each)} or ${formatShape([batch, ...each])}`,
    );
  };
  check('P', P, [n, n]);
  check('A', A, [m, n]);
  for (const { name, vector, size } of given) check(name, vector, [size]);
  return { batch, n, m, isShared: P.shape.length === 2 && A.shape.length === 2 };
}

/** One number, [1]. */
export function constant(context: Context, value: number): Tensor {
  return context.constant({ kind: 'fill', value }, [1]);
}

/** [size] as [batch, size], each row the same; [batch, size] as it is. */
export function repeatRows(vector: Tensor, batch: number): Tensor {
  if (vector.shape.length === 2) return vector;
  const zeros = vector.context.constant({ kind: 'fill', value: 0 }, [batch, vector.size]);
  return elementwise('add', [zeros, vector]);
}

/** v·Xᵀ or, `transposed`, v·X for each row of v: X is [rows, columns], or one for each sample. */
export function times(X: Tensor, v: Tensor, transposed = false): Tensor {
  if (X.shape.length === 2) return product(v, X, { transposeB: !transposed });
  const { context } = v;
  const result = batchedProduct(X, context.alias(v, [...v.shape, 1]), { transposeA: transposed });
  return context.alias(result, [v.shape[0], result.shape[1]]);
}
