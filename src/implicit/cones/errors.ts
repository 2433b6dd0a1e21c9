/** How far rounding may have left a solution of a cone program from the true one. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import type { ConeData, ConePoint } from '../../solvers/cones/problem.ts';
import { Sums } from '../../solvers/programs/compensated.ts';
import { createKktMatrix, factoriseKkt } from '../programs/kkt-system.ts';
import { multiplySparse, multiplySparseAbsolute, multiplySparseTransposedAbsolute } from '../programs/products.ts';
import { type ConeActivity, dampingOf, sharesOf } from './activity.ts';
import { fromEigenvectors, sizesInEigenvectors } from './eigenrows.ts';

/** Right-hand sides of random signs whose solutions stand for the effect of rounding. */
const PROBES = 4;
/** A computed solution may be on either side of a kink, and one side may be far more sensitive than the other. */
const SHARES = [0, 0.5, 1];

/**
 * What a change of each equation by its residual and by ε of its terms moves v = y − ρs by, about: the most at the elements
 * at both ends of the kinks, and half way between. [m]; not finite where one of them is singular.
 */
export function* estimateErrors(data: ConeData, activity: ConeActivity): Interruptible<Float64Array> {
  const changes = changesOf(data, activity.point);
  const errors = new Float64Array(data.m);
  for (const share of SHARES) yield* addErrors(data, activity, share, changes, errors);
  return errors;
}

interface Changes {
  /** Of Px + c + Aᵀy = 0, n. */
  readonly upper: Float64Array;
  /** Of Ax + s = b, m. */
  readonly lower: Float64Array;
}

/** The residual of each equation, and ε of its terms. */
function changesOf({ n, m, P, A, b, c }: ConeData, { x, y, s }: ConePoint): Changes {
  const stationary = new Sums(n).add(c).addProduct(P, x).addTransposedProduct(A, y).round();
  const feasible = new Sums(m)
    .add(b)
    .addProduct(A, x, -1)
    .add(s.map((value) => -value))
    .round();
  const [curved, pulled, image] = [
    multiplySparseAbsolute(P, x),
    multiplySparseTransposedAbsolute(A, y),
    multiplySparseAbsolute(A, x),
  ];
  const upper = stationary.map(
    (value, j) => Math.abs(value) + Number.EPSILON * (curved[j] + pulled[j] + Math.abs(c[j])),
  );
  const lower = feasible.map((value, row) => Math.abs(value) + Number.EPSILON * (image[row] + Math.abs(b[row])));
  return { upper, lower };
}

/** Raises the errors to those at the element of this share. */
function* addErrors(
  { n, m, A }: ConeData,
  activity: ConeActivity,
  share: number,
  { upper, lower }: Changes,
  errors: Float64Array,
): Interruptible<void> {
  const { eigenrows, ratios } = activity;
  const shares = sharesOf(activity, share);
  const rows = Array.from(shares.keys()).filter((place) => shares[place] > 0);
  const damping = dampingOf(activity, shares, rows);
  const matrix = yield* createKktMatrix(eigenrows.matrices, { rows, damping });
  const approximate = yield* factoriseKkt(matrix, {});
  const rotated = sizesInEigenvectors(eigenrows.eigenvectors, lower);
  const draws = random(0);
  for (let probe = 0; probe < PROBES; probe++) {
    const sign = (): number => (draws.uniform() < 0.5 ? -1 : 1);
    const change = new Float64Array(matrix.order);
    for (let j = 0; j < n; j++) change[j] = sign() * upper[j] * matrix.scale[j];
    for (const [index, place] of rows.entries()) change[n + index] = sign() * rotated[place] * matrix.scale[n + index];
    const step = approximate(change).map((value, i) => value * matrix.scale[i]);
    const dual = fromEigenvectors(eigenrows.eigenvectors, rows, step.subarray(n));
    const slack = multiplySparse(A, step.slice(0, n));
    for (let row = 0; row < m; row++) {
      const moved = Math.abs(dual[row]) + ratios[row] * (Math.abs(slack[row]) + lower[row]);
      errors[row] = Math.max(errors[row], moved);
    }
    yield;
  }
}
