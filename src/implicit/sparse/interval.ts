/** Derivatives of a sparse model in log λ at a kink: the one-sided ones, and their range over all selections. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { applyCurvatureTo, gradientOf, marginsOf, slopesAt } from '../../solvers/sparse/problem.ts';
import { type DerivativeRange, rangeOverSelections, UNKNOWN_RANGE } from '../derivative-range.ts';
import { type ActiveGroups, directionOf, type SparsePoint } from './active-groups.ts';
import { SparseDerivative } from './derivative.ts';

/** The range of vᵀ·dβ/d(log λ) of one problem. */
export interface SparseInterval extends DerivativeRange {
  /** The groups at a kink. */
  readonly kinks: readonly number[];
}

/**
 * The matrix and the right-hand side are affine in each q, with parts of rank one, so that the extremes are at q in {0,
 * 1}. The one-sided derivatives belong to the groups that truly enter: with λ̇ = ±λ, vᵀβ̇_g ≥ 0 for each of these, and
 * −vᵀ(Hβ̇)_g ≤ ±t_g for each that stays at 0.
 * @param cotangent v, of β alone
 */
export function* sparseInterval(
  point: SparsePoint,
  lambda: number,
  active: ActiveGroups,
  isCertified: boolean,
  cotangent: ArrayLike<number>,
): Interruptible<SparseInterval> {
  const kinks = active.kinks.map(({ group }) => group);
  if (!isCertified) return { ...UNKNOWN_RANGE, kinks };
  const range = yield* rangeOverSelections(kinks.length, function* (shares) {
    const derivative = yield* SparseDerivative.at(point, lambda, active, shares);
    const { u: beta } = derivative.tangent({ logLambda: 1 });
    let value = 0;
    for (let at = 0; at < cotangent.length; at++) value += cotangent[at] * beta[at];
    return { value, holds: (side) => isConsistent(point, active, shares, beta, side) };
  });
  return { ...range, kinks };
}

/** Whether these groups are those that enter as log λ moves to this side. */
function isConsistent(
  point: SparsePoint,
  { kinks }: ActiveGroups,
  shares: readonly number[],
  beta: Float64Array,
  side: 1 | -1,
): boolean {
  const { problem } = point;
  const { curvatures } = slopesAt(problem, marginsOf(problem, point.beta));
  const change = gradientOf(problem, applyCurvatureTo(problem, curvatures, marginsOf(problem, beta)));
  return kinks.every(({ group, value }, at) => {
    const { members, values } = directionOf(point, group, true);
    const along = (x: Float64Array): number => members.reduce((sum, to, index) => sum + values[index] * x[to], 0);
    const slack = ROUNDING * value;
    if (shares[at] > 0) return side * along(beta) >= -ROUNDING;
    return -side * along(change) <= side * problem.thresholds[group] + slack;
  });
}

/** Rounding of a derivative, relative to the threshold. */
const ROUNDING = 1e-9;
