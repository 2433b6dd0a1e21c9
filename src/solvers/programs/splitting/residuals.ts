/** How far points of a batch are from solving its programs. */
import { elementwise, reduceRows } from '../../../tensor/kernels.ts';
import type { Context, Tensor } from '../../../tensor/tensor.ts';
import { type BatchProblem, constant, times } from './batch-problem.ts';
import type { SplittingPoint } from './constraint-set.ts';

/** How far a point is from a solution, each [batch]. */
export interface BatchResiduals {
  /** How far Ax − b is from D, or from its point z, in the max norm. */
  readonly primal: Tensor;
  /** |Px + q + Aᵀy| in the max norm. */
  readonly dual: Tensor;
  /** |xᵀPx + qᵀx + bᵀy + h(y)| for the support function h of D. */
  readonly gap: Tensor;
  /** The largest residual relative to absolute + relative · (the size of its terms): 1 meets the tolerances. */
  readonly ratio: Tensor;
  /** The ratio where rounding explains it, otherwise 0. */
  readonly floor: Tensor;
  /** Ax, [batch, m]. */
  readonly Ax: Tensor;
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

export function sizesOf({ P, A }: Pick<BatchProblem, 'P' | 'A'>): Sizes {
  return { P: elementwise('abs', [P]), A: elementwise('abs', [A]) };
}

const norm = (x: Tensor): Tensor => reduceRows('maximumAbsolute', [x]);
const dot = (x: Tensor, y: Tensor): Tensor => reduceRows('dot', [x, y]);
const add = (x: Tensor, y: Tensor): Tensor => elementwise('add', [x, y]);
const absolute = (x: Tensor): Tensor => elementwise('abs', [x]);
const largest = (first: Tensor, ...others: Tensor[]): Tensor =>
  others.reduce((left, right) => elementwise('maximum', [left, right]), first);

/** Evaluates the residuals of a point; y must have no component that points at a bound that there is not. */
export function residualsAt(
  problem: BatchProblem,
  sizes: Sizes,
  point: SplittingPoint,
  tolerances: Tolerances,
): BatchResiduals {
  const { P, q, A, set } = problem;
  const { x, y } = point;
  const { context } = x;
  const { offset } = set;
  const Ax = times(A, x);
  const Px = times(P, x);
  const Ay = times(A, y, true);
  const zero = constant(context, 0);
  const primal = norm(set.violation(offset ? elementwise('subtract', [Ax, offset]) : Ax, point));
  const dual = norm(add(add(Px, q), Ay));
  const [quadratic, linear] = [dot(x, Px), dot(q, x)];
  const support = set.support(y);
  const supports = offset ? add(dot(offset, y), support.value) : support.value;
  const gap = absolute(add(add(quadratic, linear), supports));
  // The terms, and their rounding: ε times the sums of their sizes.
  const [ax, ay] = [absolute(x), absolute(y)];
  const spread = times(sizes.P, ax);
  const dualTerms = add(add(spread, absolute(q)), times(sizes.A, ay, true));
  const supportTerms = offset ? add(dot(absolute(offset), ay), support.terms) : support.terms;
  const gapTerms = add(add(dot(ax, spread), dot(absolute(q), ax)), supportTerms);
  const primalSize = offset ? largest(norm(Ax), norm(offset)) : norm(Ax);
  const primalTerms = offset ? add(times(sizes.A, ax), absolute(offset)) : times(sizes.A, ax);
  const measure = measureBy(context, tolerances);
  const parts = [
    measure(primal, primalSize, norm(primalTerms)),
    measure(dual, largest(norm(Px), norm(q), norm(Ay)), norm(dualTerms)),
    measure(gap, largest(absolute(quadratic), absolute(linear), absolute(supports)), gapTerms),
  ];
  const ratio = parts.map((part) => part.ratio).reduce((left, right) => largest(left, right));
  const excess = parts.map((part) => part.excess).reduce((left, right) => largest(left, right));
  const isRounding = elementwise('greater', [constant(context, 1), excess]);
  return { primal, dual, gap, Ax, ratio, floor: elementwise('select', [isRounding, ratio, zero]) };
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
