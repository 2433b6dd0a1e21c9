/** Finds J and its kinks at a solution of a cone program, as far as the error of the solution leaves them certain. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { complementaryPair } from '../../solvers/cones/complementary.ts';
import { dualOf } from '../../solvers/cones/cone.ts';
import type { ConeData, ConePoint } from '../../solvers/cones/problem.ts';
import { projectOntoCones } from '../../solvers/cones/projections/project.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import { equilibrateAllRows, measureProgram } from '../programs/program-scales.ts';
import type { ConeActivities, ConeActivity } from './activity.ts';
import { createEigenrows } from './eigenrows.ts';
import { estimateErrors } from './errors.ts';

/** A number within this many units of rounding of its scale counts as 0. */
const ROUNDINGS = 64;
/** The estimate of an error is one of its size for random roundings, which add up to less than the worst. */
const ERRORS = 16;
/** Without strict complementarity a solver may come only to the root of its accuracy. */
const SOLVER_ACCURACY = 1e-6;

/**
 * @param found x, y and s, as a solver left them
 * @param epsilon of the data
 */
export function* findActivities(data: ConeData, found: ConePoint, epsilon: number): Interruptible<ConeActivities> {
  const sizes = yield* sizesOfBlocks(data, found);
  const duals = data.blocks.map(dualOf);
  const v = found.y.map((value, row) => value - found.s[row]);
  // Of a pair that is not complementary sᵀy may be 0 to rounding and y − Π(v) the root of that. As residuals of the
  // equations of this pair the estimate of the error sees it.
  const point = { x: found.x, ...complementaryPair(duals, v) };
  const largestOf = (toleranceOf: (block: number) => number): number =>
    duals.reduce((most, _, block) => Math.max(most, toleranceOf(block)), 0);
  const at = function* (toleranceOf: (block: number) => number): Interruptible<ConeActivity> {
    const projection = projectOntoCones(duals, v, toleranceOf);
    yield;
    const eigenvectors = projection.eigenvectors();
    yield;
    return {
      point,
      eigenrows: yield* createEigenrows(data, eigenvectors),
      kinks: projection.kinks,
      accuracy: epsilon,
      tolerance: largestOf(toleranceOf),
    };
  };
  const rounding = (block: number): number => ROUNDINGS * Number.EPSILON * sizes[block];
  const most = yield* at((block) => SOLVER_ACCURACY * sizes[block]);
  // Where nothing is near a kink, J is that of every smaller tolerance too.
  const least = most.kinks.length > 0 ? yield* at(rounding) : { ...most, tolerance: largestOf(rounding) };
  if (most.kinks.length === least.kinks.length) return { likely: least, least, most };
  const errors = yield* estimateErrors(data, most);
  const likely = yield* at((block) => {
    const { start, rows } = duals[block];
    const error = largestMagnitude(errors.subarray(start, start + rows));
    // NaN where the system is singular: nothing is known then.
    const bound = ERRORS * error;
    return Math.max(rounding(block), bound <= SOLVER_ACCURACY * sizes[block] ? bound : SOLVER_ACCURACY * sizes[block]);
  });
  return { likely, least, most };
}

/** For each cone, what a part of y − s is small against: the terms of which slacks and multipliers are made. */
function* sizesOfBlocks(data: ConeData, { x, y }: ConePoint): Interruptible<Float64Array> {
  const { b, c, blocks } = data;
  const program = { ...data, q: c, l: b, u: b };
  const { slack, multiplier } = measureProgram(program, { x, y }, yield* equilibrateAllRows(program));
  return Float64Array.from(blocks, ({ start, rows }) => {
    const [primal, dual] = [slack, multiplier].map((sizes) => largestMagnitude(sizes.subarray(start, start + rows)));
    return Math.max(primal, dual);
  });
}
