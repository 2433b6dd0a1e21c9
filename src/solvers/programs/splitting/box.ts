/** Quadratic programs as programs of a splitting: D is the box of the bounds, l ≤ Ax ≤ u. */
import { elementwise, reduceAxes, reduceRows } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import {
  type BatchProblem,
  constant,
  FAR,
  type NamedVectors,
  NO_BOUND,
  type ProgramTensors,
  repeatRows,
  sizesOfBatch,
} from './batch-problem.ts';
import {
  type ConstraintSet,
  EQUALITY,
  type SizedSum,
  type SplittingPlan,
  type SplittingPoint,
} from './constraint-set.ts';
import { rowSlope, solveSaddle } from './saddle.ts';
import type { Equilibrated } from './scaling.ts';

/** Corrections of a polish, and the residual that is good enough, in units of ε. */
const POLISH = 25;
const POLISHED = 1;
const STALE_POLISH = 4;

const PLAN: SplittingPlan = {
  ...{ sharedRounds: 1, pickedRounds: 0, portions: 1, polishesShared: true, shared: 50, own: 50 },
  ...{ firstAim: 1e-2, staleRounds: 20, isAccelerated: false },
};

/** A batch of quadratic programs, whose bounds have one row for each sample. */
export interface BoundedProblem extends BatchProblem, Pick<ProgramTensors, 'l' | 'u'> {}

const multiply = (x: Tensor, y: Tensor): Tensor => elementwise('multiply', [x, y]);

/**
 * Finds the sizes of a batch, and repeats what samples share except P and A.
 * @param others further vectors, such as where to start
 * @throws RangeError if the shapes do not fit
 */
export function batchProblem(given: ProgramTensors, others: NamedVectors = {}): BoundedProblem {
  const { P, A } = given;
  const [m, n] = A.shape.slice(-2);
  const sizes = sizesOfBatch(P, A, { q: [given.q, n], l: [given.l, m], u: [given.u, m], ...others });
  const rows = (vector: Tensor): Tensor => repeatRows(vector, sizes.batch);
  const l = elementwise('maximum', [rows(given.l), constant(P.context, -FAR)]);
  const u = elementwise('minimum', [rows(given.u), constant(P.context, FAR)]);
  return { P, A, q: rows(given.q), l, u, ...sizes, set: createBox(l, u, n) };
}

/** The box l ≤ v ≤ u. @param l, u [batch, m]; n is the number of variables */
function createBox(l: Tensor, u: Tensor, n: number): ConstraintSet {
  const { context } = l;
  const [batch, m] = l.shape;
  const zero = constant(context, 0);
  const free = context.constant({ kind: 'fill', value: FAR }, [batch, n]);
  const low = gatherAlong(elementwise('negate', [free]), 1, n + m, { more: l });
  const high = gatherAlong(free, 1, n + m, { more: u });
  return {
    bounds: { low, high },
    plan: PLAN,
    project: (s) => elementwise('minimum', [elementwise('maximum', [s, low]), high]),
    violation(Ax) {
      const [below, above] = [elementwise('subtract', [l, Ax]), elementwise('subtract', [Ax, u])];
      return elementwise('maximum', [elementwise('maximum', [below, above]), zero]);
    },
    support: (y) => supportOfBox(l, u, y),
    scale: (factors) => createBox(scaleBound(l, factors), scaleBound(u, factors), n),
    evenOut: (sizes) => sizes,
    pick: (rows) => createBox(rows(l), rows(u), n),
    weights: (isOne) => weightsOf(l, u, isOne),
    polish: (all, problem, point) => polishRows(all, problem, l, u, point),
  };
}

/** uᵀy⁺ + lᵀy⁻ */
function supportOfBox(l: Tensor, u: Tensor, y: Tensor): SizedSum {
  const zero = constant(y.context, 0);
  const up = elementwise('maximum', [y, zero]);
  const down = elementwise('minimum', [y, zero]);
  const add = (x: Tensor, z: Tensor): Tensor => elementwise('add', [x, z]);
  const dot = (x: Tensor, z: Tensor): Tensor => reduceRows('dot', [x, z]);
  const size = (x: Tensor): Tensor => elementwise('abs', [x]);
  return { value: add(dot(u, up), dot(l, down)), terms: add(dot(size(u), up), dot(size(l), size(down))) };
}

/** A bound times its scale, where there is a bound. */
function scaleBound(bound: Tensor, scale: Tensor): Tensor {
  const { context } = bound;
  const hasBound = elementwise('greater', [constant(context, NO_BOUND), elementwise('abs', [bound])]);
  const none = elementwise('scale', [elementwise('sign', [bound])], [FAR, 0]);
  // NaN stays NaN: it is not below NO_BOUND, and its sign is NaN.
  return elementwise('select', [hasBound, multiply(bound, scale), none]);
}

/** Weights as of `ConstraintSet`: one row for all samples is an equality, or free, if it is that for all of them. */
function weightsOf(l: Tensor, u: Tensor, isOne: boolean): Tensor {
  const { context } = l;
  const not = (flags: Tensor): Tensor => elementwise('scale', [flags], [-1, 1]);
  const all = (flags: Tensor): Tensor => (isOne ? not(reduceAxes('maximum', [not(flags)], 0, 1)) : flags);
  const isEqual = all(not(elementwise('greater', [u, l])));
  const far = 0.99 * NO_BOUND;
  const isFree = all(
    multiply(elementwise('greater', [u, constant(context, far)]), elementwise('greater', [constant(context, -far), l])),
  );
  const bound = elementwise('select', [isEqual, constant(context, EQUALITY), constant(context, 1)]);
  return elementwise('select', [isFree, constant(context, 1 / EQUALITY), bound]);
}

/**
 * Solves the equations of the rows at which a point is active, starting there. Multipliers of the wrong sign become 0.
 */
function polishRows(
  context: LoopContext,
  problem: Equilibrated,
  l: Tensor,
  u: Tensor,
  { x, z, y }: SplittingPoint,
): SplittingPoint {
  const isEqual = elementwise('scale', [elementwise('greater', [u, l])], [-1, 1]);
  const signs = elementwise('sign', [y]);
  const active = elementwise('maximum', [isEqual, elementwise('abs', [signs])]);
  const tolerance = constant(context, POLISHED * context.epsilon);
  const options = { tolerance, limit: POLISH, staleLimit: STALE_POLISH };
  const { w, v } = solveSaddle(
    context,
    { ...problem, slope: rowSlope(active) },
    { f: elementwise('negate', [problem.q]), g: z },
    { w: x, v: y },
    options,
  );
  const signed = multiply(signs, elementwise('relu', [multiply(signs, v)]));
  return { x: w, z, y: elementwise('select', [isEqual, v, signed]) };
}
