/** Where a cone program stands at a solution: J of the projection onto K* at v = y − s, and its kinks. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dualOf } from '../../solvers/cones/cone.ts';
import type { ConeData, ConePoint } from '../../solvers/cones/problem.ts';
import type { Eigenvector, ProjectionKink } from '../../solvers/cones/projection.ts';
import { projectOntoCones } from '../../solvers/cones/projections/project.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import { createEigenrows, type Eigenrows } from './eigenrows.ts';
import { estimateErrors } from './errors.ts';

/** J at a solution, with the kinks within some tolerance. */
export interface ConeActivity {
  readonly point: ConePoint;
  readonly eigenrows: Eigenrows;
  readonly kinks: readonly ProjectionKink[];
  /** The relative accuracy of data and solution, which decides about ranks. */
  readonly accuracy: number;
  /** The largest distance from a kink, in the units of y − s, that counts as being at it. */
  readonly tolerance: number;
}

/** The activity for derivatives, and those between which the true one lies. */
export interface ConeActivities {
  /** With the kinks that the error of the solution leaves possible. */
  readonly likely: ConeActivity;
  /** With the kinks within rounding alone. */
  readonly least: ConeActivity;
  /** With every kink to which a solver may have come without reaching it. */
  readonly most: ConeActivity;
}

/** q at the kinks: one number for all, or one for each row, of which a cone takes that of the first row at a kink. */
export type ConeSelection = number | ArrayLike<number>;

/** The eigenvalues of J. */
export function sharesOf({ eigenrows: { eigenvectors }, kinks }: ConeActivity, selection: ConeSelection): Float64Array {
  return Float64Array.from(eigenvectors, ({ low, high, kink }) => {
    if (kink < 0) return low;
    const q = typeof selection === 'number' ? selection : selection[kinks[kink].row];
    return (1 - q) * low + q * high;
  });
}

/** A number within this many units of rounding of its scale counts as 0. */
const ROUNDINGS = 64;
/** The estimate of an error is one of its size for random roundings, which add up to less than the worst. */
const ERRORS = 16;
/** Without strict complementarity a solver may come only to the root of its accuracy. */
const SOLVER_ACCURACY = 1e-6;

/**
 * @param point x, y and s, as a solver left them
 * @param epsilon of the data
 */
export function* findActivities(data: ConeData, point: ConePoint, epsilon: number): Interruptible<ConeActivities> {
  const sizes = sizesOfBlocks(data, point);
  const duals = data.blocks.map(dualOf);
  const v = point.y.map((value, row) => value - point.s[row]);
  const at = (toleranceOf: (block: number) => number): ConeActivity => {
    const projection = projectOntoCones(duals, v, toleranceOf);
    return {
      point,
      eigenrows: createEigenrows(data, projection.eigenvectors()),
      kinks: projection.kinks,
      accuracy: epsilon,
      tolerance: duals.reduce((most, _, block) => Math.max(most, toleranceOf(block)), 0),
    };
  };
  const rounding = (block: number): number => ROUNDINGS * Number.EPSILON * sizes[block];
  const most = at((block) => SOLVER_ACCURACY * sizes[block]);
  const least = at(rounding);
  yield;
  if (most.kinks.length === least.kinks.length) return { likely: least, least, most };
  const errors = yield* estimateErrors(data, most);
  const likely = at((block) => {
    const { start, rows } = duals[block];
    const error = largestMagnitude(errors.subarray(start, start + rows));
    // NaN where the system is singular: nothing is known then.
    const bound = ERRORS * error;
    return Math.max(rounding(block), bound <= SOLVER_ACCURACY * sizes[block] ? bound : SOLVER_ACCURACY * sizes[block]);
  });
  return { likely, least, most };
}

/** For each cone, what a part of y − s is small against. */
function sizesOfBlocks({ blocks, b }: ConeData, { y, s }: ConePoint): Float64Array {
  const whole = Math.max(largestMagnitude(y), largestMagnitude(s)) || 1;
  return Float64Array.from(blocks, ({ start, rows }) => {
    const [own, other, given] = [y, s, b].map((values) => largestMagnitude(values.subarray(start, start + rows)));
    // What is 0 beside everything else was computed from numbers of their size.
    return Math.max(own, other, given, Number.EPSILON * whole);
  });
}

/** The places of the eigenvectors whose eigenvalues pass a test. */
export function placesWhere(
  eigenvectors: readonly Eigenvector[],
  test: (eigenvector: Eigenvector) => boolean,
): number[] {
  return eigenvectors.flatMap((eigenvector, place) => (test(eigenvector) ? [place] : []));
}
