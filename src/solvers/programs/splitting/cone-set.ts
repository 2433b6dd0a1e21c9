/**
 * Cone programs as programs of a splitting: Ax + s = b with s in K is Ax − b ∈ D for D = −K, and z = −s. With K* the
 * polar cone of D is K*, so that v = z + y, y = Π_{K*}(v) and z = v − y (J. J. Moreau 1962).
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import { projectCones } from '../../../tensor/cones.ts';
import { elementwise, reduceAxes } from '../../../tensor/kernels.ts';
import { gatherAlong } from '../../../tensor/move-kernels.ts';
import type { Context, LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { dualOf } from '../../cones/cone.ts';
import { type BatchProblem, constant, type NamedVectors, repeatRows, sizesOfBatch, times } from './batch-problem.ts';
import { coneSlope } from './cone-slope.ts';
import { type ConstraintSet, EQUALITY, type SplittingPlan, type SplittingPoint } from './constraint-set.ts';
import { solveSaddle } from './saddle.ts';
import type { Equilibrated } from './scaling.ts';

/** Newton steps of a polish, the corrections of each, and the residual that is good enough, in units of ε. */
const STEPS = 2;
const CORRECTIONS = 10;
const CORRECTED = 1;
const STALE_CORRECTION = 3;

/** Factors are cheap where samples share them. What is at the aim of a round may be far from a solution of its program. */
const PLAN: SplittingPlan = {
  ...{ sharedRounds: 2, pickedRounds: 4, portions: 8, polishesShared: false, shared: 25, own: 50 },
  // While multipliers move along a direction in which they are free, no residual falls.
  ...{ firstAim: 0, staleRounds: 60, isAccelerated: true },
};

/** The data of a batch of cone programs, min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K; see `ProgramTensors` for shapes. */
export interface ConeTensors {
  /** [batch, n, n] or [n, n]; symmetric, positive semidefinite. */
  readonly P: Tensor;
  /** [batch, m, n] or [m, n] */
  readonly A: Tensor;
  /** [batch, m] or [m] */
  readonly b: Tensor;
  /** [batch, n] or [n] */
  readonly c: Tensor;
}

/**
 * Finds the sizes of a batch, and repeats what samples share except P and A.
 * @param blocks K, m rows together
 * @param others further vectors, such as where to start
 * @throws RangeError if the shapes do not fit
 */
export function coneProblem(
  { P, A, b, c }: ConeTensors,
  blocks: readonly ConeBlock[],
  others: NamedVectors = {},
): BatchProblem {
  const [m, n] = A.shape.slice(-2);
  const sizes = sizesOfBatch(P, A, { b: [b, m], c: [c, n], ...others });
  const set = createConeSet(repeatRows(b, sizes.batch), dualCones(blocks), n);
  return { P, A, q: repeatRows(c, sizes.batch), ...sizes, set };
}

/** K*, in the place of K. */
export function dualCones(blocks: readonly ConeBlock[]): readonly ConeBlock[] {
  return blocks.map(dualOf);
}

/** −K with the offset b. @param b [batch, m]; duals is K*, n the number of variables */
function createConeSet(b: Tensor, duals: readonly ConeBlock[], n: number): ConstraintSet {
  const { context } = b;
  const [batch, m] = b.shape;
  // x is left alone: its polar cone is {0}.
  const shifted = duals.map((block) => ({ ...block, start: block.start + n }));
  const polar: readonly ConeBlock[] = [{ type: 'zero', dim: n, start: 0, rows: n, alpha: Number.NaN }, ...shifted];
  return {
    offset: b,
    plan: PLAN,
    project: (s) => elementwise('subtract', [s, projectCones(s, polar)]),
    violation: (moved, { z }) => elementwise('subtract', [moved, z]),
    support() {
      const none = context.constant({ kind: 'fill', value: 0 }, [batch]);
      return { value: none, terms: none };
    },
    scale: (factors) => createConeSet(elementwise('multiply', [b, factors]), duals, n),
    evenOut: (sizes) => evenOutBlocks(sizes, duals),
    pick: (rows) => createConeSet(rows(b), duals, n),
    weights: (isOne) => weightsOf(context, duals, isOne ? [m] : [batch, m]),
    polish: (loop, problem, point) => polishPoint(loop, problem, b, duals, point),
  };
}

/** Weights as of `ConstraintSet`, by the duals of the cones. */
function weightsOf(context: Context, duals: readonly ConeBlock[], shape: readonly number[]): Tensor {
  const each = duals.flatMap(({ type, rows }) => {
    const weight = type === 'free' ? EQUALITY : type === 'zero' ? 1 / EQUALITY : 1;
    return Array.from({ length: rows }, () => weight);
  });
  const one = context.constant({ kind: 'values', values: each }, [each.length]);
  return shape.length === 1 ? one : repeatRows(one, shape[0]);
}

/** Whether each row of a cone may have a factor of its own. */
function isOrthant({ type, rows }: ConeBlock): boolean {
  return type === 'zero' || type === 'free' || type === 'nonneg' || rows === 1;
}

/** The largest size of each cone that is no orthant, in the place of the sizes of its rows. */
function evenOutBlocks(sizes: Tensor, blocks: readonly ConeBlock[]): Tensor {
  const curved = blocks.filter((block) => !isOrthant(block));
  if (curved.length === 0) return sizes;
  const { context, shape } = sizes;
  const axis = shape.length - 1;
  const m = shape[axis];
  const most = Math.max(...curved.map(({ rows }) => rows));
  const indices = (values: readonly number[]): Tensor => context.constant({ kind: 'values', values }, [values.length]);
  // Places beyond a cone are zeros.
  const places = curved.flatMap(({ start, rows }) =>
    Array.from({ length: most }, (_, i) => (i < rows ? start + i : m)),
  );
  const gathered = gatherAlong(sizes, axis, places.length, { indices: indices(places) });
  const grouped = context.alias(gathered, [...shape.slice(0, axis), curved.length, most]);
  const largest = reduceAxes('maximum', [grouped], axis + 1, axis + 2);
  const source = Array.from({ length: m }, (_, row) => row);
  for (const [index, { start, rows }] of curved.entries()) source.fill(m + index, start, start + rows);
  return gatherAlong(sizes, axis, m, { indices: indices(source), more: largest });
}

/**
 * Newton steps on Px + q + Aᵀy = 0, Ax − b = z, y = Π_{K*}(y + z): with J an element of the projection at v = y + z, for
 * which Jv = Π(v), the next x and v have Px + q + Aᵀη = 0 and J(Ax − b) = (I − J)η for η = Jv, and v = η + Ax − b.
 */
function polishPoint(
  context: LoopContext,
  problem: Equilibrated,
  b: Tensor,
  duals: readonly ConeBlock[],
  start: SplittingPoint,
): SplittingPoint {
  const f = elementwise('negate', [problem.q]);
  const tolerance = constant(context, CORRECTED * context.epsilon);
  const options = { tolerance, limit: CORRECTIONS, staleLimit: STALE_CORRECTION };
  const choice = { tolerance: constant(context, 0), selection: 0.5 };
  let point = start;
  for (let step = 0; step < STEPS; step++) {
    const slope = coneSlope(elementwise('add', [point.y, point.z]), duals, choice);
    const from = { w: point.x, v: point.y };
    const { w: x, v: eta } = solveSaddle(context, { ...problem, slope }, { f, g: b }, from, options);
    const v = elementwise('add', [eta, elementwise('subtract', [times(problem.A, x), b])]);
    const y = projectCones(v, duals);
    point = { x, y, z: elementwise('subtract', [v, y]) };
  }
  return point;
}
