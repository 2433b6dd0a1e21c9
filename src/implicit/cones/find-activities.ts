/** Finds J and its kinks at a solution of a cone program, as far as the error of the solution leaves them certain. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { complementaryPair } from '../../solvers/cones/complementary.ts';
import { dualOf } from '../../solvers/cones/cone.ts';
import type { ConeData, ConePoint } from '../../solvers/cones/problem.ts';
import { projectOntoCones } from '../../solvers/cones/projections/project.ts';
import { Sums } from '../../solvers/programs/compensated.ts';
import { powerOfTwo } from '../../solvers/programs/equilibration.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import {
  type Equilibration,
  equilibrateAllRows,
  measureProgram,
  type ProgramScales,
} from '../programs/program-scales.ts';
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
  const { sizes, ratios } = yield* sizesOfBlocks(data, found);
  const duals = data.blocks.map(dualOf);
  const v = found.y.map((value, row) => value - ratios[row] * found.s[row]);
  // Of a pair that is not complementary sᵀy may be 0 to rounding and y − Π(v) the root of that. As residuals of the
  // equations of this pair the estimate of the error sees it.
  const { y, s } = complementaryPair(duals, v);
  const point = { x: found.x, y, s: s.map((value, row) => value / ratios[row]) };
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
      ratios,
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

interface Sizes {
  /** For each cone, what a part of y − ρs is small against: the terms of which slacks and multipliers are made. */
  readonly sizes: Float64Array;
  /** ρ for each row, the same in all of a cone: how many times as large multipliers are as slacks, as a power of two. */
  readonly ratios: Float64Array;
}

function* sizesOfBlocks(data: ConeData, { x, y, s }: ConePoint): Interruptible<Sizes> {
  const { m, b, c, blocks } = data;
  const program = { ...data, q: c, l: b, u: b };
  const equilibration = yield* equilibrateAllRows(program);
  const measured = measureProgram(program, { x, y }, equilibration);
  // Then 0 is a solution, and what a solver has left of it is small against any scale.
  const isHomogeneous = largestMagnitude(b) === 0 && largestMagnitude(c) === 0;
  const origin = { x: new Float64Array(data.n), y: new Float64Array(m) };
  const usual = isHomogeneous ? measureProgram(program, origin, equilibration) : measured;
  const least = leastSizes(data, { x, y, s }, equilibration);
  const ratios = new Float64Array(m).fill(1);
  const sizes = Float64Array.from(blocks, ({ start, rows }) => {
    const [primal, dual] = (['slack', 'multiplier'] as const).map((name) =>
      [measured, usual, least].reduce(
        (most, one) => Math.max(most, largestMagnitude(one[name].subarray(start, start + rows))),
        0,
      ),
    );
    const ratio = powerOfTwo(dual / primal);
    ratios.fill(ratio, start, start + rows);
    return Math.max(ratio * primal, dual);
  });
  return { sizes, ratios };
}

/**
 * Terms that are no larger than what the equations leave of them say nothing of the size of a solution near 0. A residual
 * r of the equilibrated equations moves the solution by about r.
 */
function leastSizes({ n, m, P, A, b, c }: ConeData, { x, y, s }: ConePoint, { D, E }: Equilibration): ProgramScales {
  const dual = new Sums(n).add(c).addProduct(P, x).addTransposedProduct(A, y).round();
  const primal = new Sums(m)
    .add(s)
    .addProduct(A, x)
    .add(b.map((value) => -value))
    .round();
  const residual = Math.max(
    largestMagnitude(dual.map((value, j) => value * D[j])),
    largestMagnitude(primal.map((value, row) => value * E[row])),
  );
  const size = (ERRORS * residual) / SOLVER_ACCURACY;
  return { slack: E.map((value) => size / value), multiplier: E.map((value) => size * value) };
}
