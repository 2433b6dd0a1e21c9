/**
 * A batch of quadratic programs as tensors, min ½xᵀPx + qᵀx over l ≤ Ax ≤ u, and how far a point is from solving them.
 * Tensors are those of the Program being traced.
 */
import { batchedProduct } from '../../../tensor/batched.ts';
import { elementwise, product, reduceRows } from '../../../tensor/kernels.ts';
import { formatShape, type Shape, sameShape } from '../../../tensor/shape.ts';
import type { Context, Tensor } from '../../../tensor/tensor.ts';

/** A bound of at least this size means that there is none. */
export const NO_BOUND = 1e20;
/** What stands in the place of a bound that there is not: far from every number, and from the largest of float32. */
export const FAR = 1e30;

/** The data of a batch. Each tensor may lack the axis `batch`: all samples then share it. */
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

/** The same with sizes, where q, l and u have one row for each sample. */
export interface BatchProblem extends ProgramTensors {
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  /** Whether all samples share both P and A. */
  readonly isShared: boolean;
}

/**
 * Finds the sizes of a batch, and repeats what samples share except P and A.
 * @param others shapes of further vectors, [batch, …], such as where to start
 * @throws RangeError if the shapes do not fit
 */
export function batchProblem(given: ProgramTensors, others: readonly (Tensor | undefined)[] = []): BatchProblem {
  const { P, A } = given;
  const [m, n] = A.shape.slice(-2);
  const vectors = [given.q, given.l, given.u, ...others];
  const batches = [P, A].map(({ shape }) => (shape.length === 3 ? shape[0] : 1));
  batches.push(...vectors.map((vector) => (vector?.shape.length === 2 ? vector.shape[0] : 1)));
  const batch = Math.max(...batches);
  const check = (name: string, { shape }: Tensor, each: Shape): void => {
    if (sameShape(shape, each) || sameShape(shape, [batch, ...each])) return;
    throw new RangeError(
      `${name} has shape ${formatShape(shape)}; ${n} variables, ${m} rows and a batch of ${batch} need ${formatShape(each)} or ${formatShape([batch, ...each])}`,
    );
  };
  check('P', P, [n, n]);
  check('A', A, [m, n]);
  check('q', given.q, [n]);
  check('l', given.l, [m]);
  check('u', given.u, [m]);
  const rows = (vector: Tensor): Tensor => repeatRows(vector, batch);
  return {
    ...{ P, A, batch, n, m },
    q: rows(given.q),
    l: elementwise('maximum', [rows(given.l), constant(P.context, -FAR)]),
    u: elementwise('minimum', [rows(given.u), constant(P.context, FAR)]),
    isShared: P.shape.length === 2 && A.shape.length === 2,
  };
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

/** How far a point is from a solution, each [batch]. */
export interface BatchResiduals {
  /** max(l − Ax, Ax − u, 0) in the max norm. */
  readonly primal: Tensor;
  /** |Px + q + Aᵀy| in the max norm. */
  readonly dual: Tensor;
  /** |xᵀPx + qᵀx + uᵀy⁺ + lᵀy⁻| */
  readonly gap: Tensor;
  /** The largest residual relative to absolute + relative · (the size of its terms): 1 meets the tolerances. */
  readonly ratio: Tensor;
  /** The ratio where rounding explains it, otherwise 0. */
  readonly floor: Tensor;
  /** Ax, [batch, m]. */
  readonly z: Tensor;
}

/** Where each residual is small enough: at most absolute + relative · (the size of its terms). */
export interface Tolerances {
  readonly absolute: number;
  readonly relative: number;
}

/** |P| and |A|, by which the rounding of a residual is estimated. */
export interface Sizes {
  readonly P: Tensor;
  readonly A: Tensor;
}

export function sizesOf({ P, A }: Pick<ProgramTensors, 'P' | 'A'>): Sizes {
  return { P: elementwise('abs', [P]), A: elementwise('abs', [A]) };
}

const norm = (x: Tensor): Tensor => reduceRows('maximumAbsolute', [x]);
const dot = (x: Tensor, y: Tensor): Tensor => reduceRows('dot', [x, y]);
const add = (x: Tensor, y: Tensor): Tensor => elementwise('add', [x, y]);
const absolute = (x: Tensor): Tensor => elementwise('abs', [x]);
const largest = (first: Tensor, ...others: Tensor[]): Tensor =>
  others.reduce((left, right) => elementwise('maximum', [left, right]), first);

/** Evaluates the residuals of x and y; y must have no component that points at a bound that there is not. */
export function residualsAt(
  problem: BatchProblem,
  sizes: Sizes,
  x: Tensor,
  y: Tensor,
  tolerances: Tolerances,
): BatchResiduals {
  const { P, q, A, l, u } = problem;
  const { context } = x;
  const z = times(A, x);
  const Px = times(P, x);
  const Ay = times(A, y, true);
  const below = elementwise('subtract', [l, z]);
  const above = elementwise('subtract', [z, u]);
  const primal = norm(largest(below, above, constant(context, 0)));
  const dual = norm(add(add(Px, q), Ay));
  const zero = constant(context, 0);
  const up = elementwise('maximum', [y, zero]);
  const down = elementwise('minimum', [y, zero]);
  const [quadratic, linear] = [dot(x, Px), dot(q, x)];
  const supports = add(dot(u, up), dot(l, down));
  const gap = absolute(add(add(quadratic, linear), supports));
  // The terms, and their rounding: ε times the sums of their sizes.
  const [ax, ay] = [absolute(x), absolute(y)];
  const spread = times(sizes.P, ax);
  const dualTerms = add(add(spread, absolute(q)), times(sizes.A, ay, true));
  const gapTerms = add(
    add(dot(ax, spread), dot(absolute(q), ax)),
    add(dot(absolute(u), up), dot(absolute(l), absolute(down))),
  );
  const measure = measureBy(context, tolerances);
  const parts = [
    measure(primal, norm(z), norm(times(sizes.A, ax))),
    measure(dual, largest(norm(Px), norm(q), norm(Ay)), norm(dualTerms)),
    measure(gap, largest(absolute(quadratic), absolute(linear), absolute(supports)), gapTerms),
  ];
  const ratio = parts.map((part) => part.ratio).reduce((left, right) => largest(left, right));
  const excess = parts.map((part) => part.excess).reduce((left, right) => largest(left, right));
  const isRounding = elementwise('greater', [constant(context, 1), excess]);
  return { primal, dual, gap, z, ratio, floor: elementwise('select', [isRounding, ratio, zero]) };
}

/**
 * How a residual compares with its tolerance, and with what is reached at best: the tolerance, or four times what
 * rounding makes of the terms. Numbers of infeasible and unbounded programs grow until rounding explains any residual,
 * so it explains none beyond √ε of the terms.
 */
function measureBy(context: Context, { absolute, relative }: Tolerances) {
  const { epsilon } = context;
  return (residual: Tensor, size: Tensor, terms: Tensor): Readonly<Record<'ratio' | 'excess', Tensor>> => {
    const tolerance = elementwise('scale', [size], [relative, absolute]);
    const rounding = elementwise('minimum', [
      elementwise('scale', [terms], [4 * epsilon, 0]),
      elementwise('scale', [size], [Math.sqrt(epsilon), 0]),
    ]);
    return {
      ratio: elementwise('divide', [residual, tolerance]),
      excess: elementwise('divide', [residual, largest(tolerance, rounding)]),
    };
  };
}
