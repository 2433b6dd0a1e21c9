/** How far rounding may have left a solution of a cone program from the true one. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import { Sums } from '../../solvers/programs/compensated.ts';
import { createKktMatrix, factoriseKkt } from '../programs/kkt-system.ts';
import { multiplySparse, multiplySparseAbsolute, multiplySparseTransposedAbsolute } from '../programs/products.ts';
import { type ConeActivity, sharesOf } from './activity.ts';
import { fromEigenvectors, sizesInEigenvectors } from './eigenrows.ts';

/** Right-hand sides of random signs whose solutions stand for the effect of rounding. */
const PROBES = 4;

/**
 * What a change of each equation by its residual and by ε of its terms moves y − s by, about, at the element half way
 * between the ends at each kink. [m]; not finite where that element is singular.
 */
export function* estimateErrors(data: ConeData, activity: ConeActivity): Interruptible<Float64Array> {
  const { n, m, P, A, b, c } = data;
  const { point, eigenrows } = activity;
  const { x, y, s } = point;
  const shares = sharesOf(activity, 0.5);
  const rows = Array.from(shares.keys()).filter((place) => shares[place] > 0);
  const damping = Float64Array.from(rows, (place) => (1 - shares[place]) / shares[place]);
  const matrix = yield* createKktMatrix(eigenrows.matrices, { rows, damping });
  const approximate = yield* factoriseKkt(matrix, {});
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
  const rotated = sizesInEigenvectors(eigenrows.eigenvectors, lower);
  const draws = random(0);
  const errors = new Float64Array(m);
  for (let probe = 0; probe < PROBES; probe++) {
    const sign = (): number => (draws.uniform() < 0.5 ? -1 : 1);
    const change = new Float64Array(matrix.order);
    for (let j = 0; j < n; j++) change[j] = sign() * upper[j] * matrix.scale[j];
    for (const [index, place] of rows.entries()) change[n + index] = sign() * rotated[place] * matrix.scale[n + index];
    const moved = approximate(change).map((value, i) => value * matrix.scale[i]);
    const dual = fromEigenvectors(eigenrows.eigenvectors, rows, moved.subarray(n));
    const slack = multiplySparse(A, moved.slice(0, n));
    for (let row = 0; row < m; row++) {
      errors[row] = Math.max(errors[row], Math.abs(dual[row]) + Math.abs(slack[row]) + lower[row]);
    }
    yield;
  }
  return errors;
}
