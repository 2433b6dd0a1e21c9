/** Equilibration of a batch of programs: scalings after which no row or column of P and A is much larger than others. */
import { elementwise, reduceAll, reduceAxes, reduceRows } from '../../../tensor/kernels.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type BatchProblem, constant, FAR } from './batch-problem.ts';

/** Sweeps of the scaling (D. Ruiz 2001). Each takes the square root of what rows and columns still differ by. */
const SWEEPS = 8;

/**
 * P̄ = cDPD, q̄ = cDq, Ā = EAD, b̄ = Eb, and the set ED, where D and E are diagonal: x = Dx̄, y = Eȳ/c, z = E⁻¹z̄. What the
 * samples share has one D, one E and one c. Rows of a cone that is no orthant have one factor in E.
 */
export interface Equilibrated extends BatchProblem {
  /** The diagonal of D, [batch, n] or [n]. */
  readonly d: Tensor;
  /** The diagonal of E, [batch, m] or [m]. */
  readonly e: Tensor;
  /** c, [batch, 1] or [1, 1]. */
  readonly c: Tensor;
}

/** [.., n] as [.., n, 1]: one number for each row of a matrix. */
export function perRow(v: Tensor): Tensor {
  return v.context.alias(v, [...v.shape, 1]);
}

/** [.., n] as [.., 1, n]: one number for each column of a matrix. */
function perColumn(v: Tensor): Tensor {
  return v.context.alias(v, [...v.shape.slice(0, -1), 1, v.shape[v.shape.length - 1]]);
}

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);

/** 1/√x, and 1 where x is 0. */
function inverseRoot(x: Tensor): Tensor {
  return elementwise('reciprocal', [elementwise('sqrt', [oneIfZero(x)])]);
}

function oneIfZero(x: Tensor): Tensor {
  return elementwise('select', [x, x, constant(x.context, 1)]);
}

export function equilibrateBatch(problem: BatchProblem): Equilibrated {
  const { context } = problem.P;
  const { set } = problem;
  let { P, A } = problem;
  const lead = problem.isShared ? [] : [problem.batch];
  const one = (size: number): Tensor => context.constant({ kind: 'fill', value: 1 }, [...lead, size]);
  let d = one(problem.n);
  let e = one(problem.m);
  const largest = (X: Tensor, axis: number): Tensor => {
    const at = X.shape.length - 2 + axis;
    return reduceAxes('maximumAbsolute', [X], at, at + 1);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const columns = inverseRoot(elementwise('maximum', [largest(P, 0), largest(A, 0)]));
    const rows = inverseRoot(set.evenOut(largest(A, 1)));
    P = multiply(multiply(P, perRow(columns)), perColumn(columns));
    A = multiply(multiply(A, perRow(rows)), perColumn(columns));
    d = multiply(d, columns);
    e = multiply(e, rows);
  }
  const q = multiply(problem.q, d);
  const c = elementwise('reciprocal', [oneIfZero(costOf(P, q, problem))]);
  return {
    ...problem,
    ...{ A, d, e, c },
    P: multiply(P, problem.isShared ? c : context.alias(c, [problem.batch, 1, 1])),
    q: multiply(q, c),
    set: problem.set.scale(e),
  };
}

/** Scales a batch by factors that are known. */
export function scaleBatch(problem: BatchProblem, { d, e, c }: Pick<Equilibrated, 'd' | 'e' | 'c'>): Equilibrated {
  const P = multiply(multiply(problem.P, perRow(d)), perColumn(d));
  return {
    ...problem,
    ...{ d, e, c },
    P: multiply(P, c),
    A: multiply(multiply(problem.A, perRow(e)), perColumn(d)),
    q: multiply(multiply(problem.q, d), c),
    set: problem.set.scale(e),
  };
}

/** The size of the objective: the larger of the mean of the columns of P and of q, [batch, 1] or [1, 1]. */
function costOf(P: Tensor, q: Tensor, { batch, n, isShared }: BatchProblem): Tensor {
  const { context } = P;
  const axis = P.shape.length - 2;
  const columns = reduceAxes('maximumAbsolute', [P], axis, axis + 1);
  const share = constant(context, 1 / n);
  const mean = multiply(reduceAxes('sum', [columns], axis, axis + 1), share); // [batch] or []
  const sizes = reduceRows('maximumAbsolute', [q]);
  if (!isShared) {
    const each = elementwise('maximum', [sizes, P.shape.length === 3 ? mean : context.alias(mean, [1])]);
    return context.alias(each, [batch, 1]);
  }
  // The mean of the samples whose q is finite.
  const finite = elementwise('greater', [constant(context, FAR), sizes]);
  const total = reduceAll('sum', elementwise('select', [finite, sizes, constant(context, 0)]));
  const typical = elementwise('divide', [total, oneIfZero(reduceAll('sum', finite))]);
  return context.alias(elementwise('maximum', [typical, context.alias(mean, [1])]), [1, 1]);
}
