/** Pairs of complementary vectors by Moreau's decomposition. */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import { projectValue } from './projections/project.ts';

/**
 * y = Π(v) and s = y − v, so that y ∈ K*, s ∈ K, sᵀy = 0 and v = y − s.
 * @param dualBlocks of K*
 */
export function complementaryPair(
  dualBlocks: readonly ConeBlock[],
  v: Float64Array,
): { readonly y: Float64Array; readonly s: Float64Array } {
  const y = new Float64Array(v.length);
  projectValue(dualBlocks, v, y);
  return { y, s: y.map((value, i) => value - v[i]) };
}
