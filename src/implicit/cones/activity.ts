/**
 * Where a cone program stands at a solution: J of the projection Π onto K* at v = y − ρs, and its kinks. Whatever ρ > 0 is
 * for each cone, y = Π(v), and dy = J·dv, ρ·ds = dy − dv give ds = −(1/ρ)(1 − d)/d·dy along an eigenvector of J with the
 * eigenvalue d. With ρ = 1 a multiplier of 10⁻⁹ beside a slack of 1 would be lost in y − s; ρ makes them of one size.
 */
import type { ConePoint } from '../../solvers/cones/problem.ts';
import type { Eigenvector, ProjectionKink } from '../../solvers/cones/projection.ts';
import type { Eigenrows } from './eigenrows.ts';

/** J at a solution, with the kinks within some tolerance. */
export interface ConeActivity {
  readonly point: ConePoint;
  readonly eigenrows: Eigenrows;
  /** ρ for each row. */
  readonly ratios: Float64Array;
  readonly kinks: readonly ProjectionKink[];
  /** The relative accuracy of data and solution, which decides about ranks. */
  readonly accuracy: number;
  /** The largest distance from a kink, in the units of y, that counts as being at it. */
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

/**
 * (1/ρ)(1 − d)/d, the ratio of −ds to dy, at the places of eigenvectors with d > 0. At a kink d is the share that was
 * selected, of J at y − s.
 */
export function dampingOf(
  { eigenrows: { eigenvectors }, ratios }: ConeActivity,
  shares: Float64Array,
  places: readonly number[],
): Float64Array {
  return Float64Array.from(places, (place) => {
    const { kink, vector } = eigenvectors[place];
    const ratio = kink < 0 ? ratios[vector.rows[0]] : 1;
    return (1 - shares[place]) / (shares[place] * ratio);
  });
}

/** The places of the eigenvectors whose eigenvalues pass a test. */
export function placesWhere(
  eigenvectors: readonly Eigenvector[],
  test: (eigenvector: Eigenvector) => boolean,
): number[] {
  return eigenvectors.flatMap((eigenvector, place) => (test(eigenvector) ? [place] : []));
}
