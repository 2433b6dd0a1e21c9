/** Where the solve of a support vector machine starts. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot } from '../matrices.ts';
import type { SupportVectorProblem } from './problem.ts';

/** The most sweeps over the rows: as many as there are rows, within these ends. Few rows are solved exactly soon enough. */
const SWEEPS = { least: 30, most: 1000 };
/** The violation, whose scale is 1, at which they end. */
const ENOUGH = 1e-6;

/**
 * A rough α: coordinate descent on the dual (C.-J. Hsieh et al. 2008), in which the intercept is one more feature, whose
 * coefficient is penalised.
 */
export function* roughStart({ margins, upper, intercept }: SupportVectorProblem): Interruptible<Float64Array> {
  const { labels, norms, count, features } = margins;
  const alpha = new Float64Array(count);
  const w = new Float64Array(features);
  const length = norms.reduce((sum, norm) => sum + norm, 0) / count || 1;
  const appended = intercept ? length : 0;
  let b = 0;
  const sweeps = Math.min(Math.max(count, SWEEPS.least), SWEEPS.most);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let largest = 0;
    for (let row = 0; row < count; row++) {
      const curvature = norms[row] ** 2 + appended ** 2;
      if (!(upper[row] > 0) || !(curvature > 0)) continue;
      const z = margins.row(row);
      const slope = dot(z, w) + appended * labels[row] * b - 1;
      const next = Math.min(Math.max(alpha[row] - slope / curvature, 0), upper[row]);
      const change = next - alpha[row];
      if (change === 0) continue;
      largest = Math.max(largest, Math.abs(change) * curvature);
      alpha[row] = next;
      for (let j = 0; j < features; j++) w[j] += change * z[j];
      b += change * appended * labels[row];
    }
    yield;
    if (largest <= ENOUGH) break;
  }
  return alpha;
}

/** Moves α into its box and, with an intercept, to yᵀα = 0: rows of the label with the larger sum give way. */
export function makeFeasible(
  { margins, upper, intercept }: SupportVectorProblem,
  given: ArrayLike<number>,
): Float64Array {
  const alpha = upper.map((bound, row) => Math.min(Math.max(given[row], 0), bound));
  if (!intercept) return alpha;
  const { labels } = margins;
  const sums = [1, -1].map((label) => alpha.reduce((sum, value, row) => sum + (labels[row] === label ? value : 0), 0));
  const [larger, ratio] = sums[0] > sums[1] ? [1, sums[1] / sums[0]] : [-1, sums[0] / sums[1]];
  const excess = Math.abs(sums[0] - sums[1]);
  if (excess === 0) return alpha;
  // Rows inside of their box give way first, so that those at a bound stay there.
  const isInside = (row: number): boolean => labels[row] === larger && alpha[row] > 0 && alpha[row] < upper[row];
  const inside = alpha.reduce((sum, value, row) => sum + (isInside(row) ? value : 0), 0);
  if (inside >= excess) return alpha.map((value, row) => (isInside(row) ? value * (1 - excess / inside) : value));
  return alpha.map((value, row) => (labels[row] === larger ? value * ratio : value));
}
