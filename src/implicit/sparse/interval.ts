/** Derivatives of a sparse model in log λ at a kink: the one-sided ones, and their range over all selections. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { applyCurvatureTo, gradientOf, marginsOf, slopesAt } from '../../solvers/sparse/problem.ts';
import { type ActiveGroups, directionOf, type SparsePoint } from './active-groups.ts';
import { SparseDerivative } from './derivative.ts';

/** The range of vᵀ·dβ/d(log λ) of one problem. */
export interface SparseInterval {
  /** The least value over all selections at the kinks; −∞ if the certificate is not 'certified'. */
  readonly low: number;
  /** The greatest value; +∞ if the certificate is not 'certified'. */
  readonly high: number;
  /**
   * True if `low` and `high` are the ends of the range, which holds up to 16 kinks. Beyond, they are values that are
   * attained, and other selections may reach further.
   */
  readonly exact: boolean;
  /** The derivative for falling λ; NaN beyond 16 kinks, or without a certificate. */
  readonly left: number;
  /** The derivative for rising λ; NaN likewise. */
  readonly right: number;
  /** The groups at a kink. */
  readonly kinks: readonly number[];
}

/** Up to this many kinks k, all 2ᵏ selections are tried. */
const MAXIMUM_ENUMERATED = 16;

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
  const nothing = { low: -Infinity, high: Infinity, exact: true, left: Number.NaN, right: Number.NaN, kinks };
  if (!isCertified) return nothing;
  const ends = function* (shares: readonly number[]): Interruptible<{ value: number; beta: Float64Array }> {
    const derivative = yield* SparseDerivative.at(point, lambda, active, shares);
    const { u: beta } = derivative.tangent({ logLambda: 1 });
    let value = 0;
    for (let at = 0; at < cotangent.length; at++) value += cotangent[at] * beta[at];
    return { value, beta };
  };
  if (kinks.length > MAXIMUM_ENUMERATED) {
    const [none, all] = [0, 1].map((q) => kinks.map(() => q));
    const tried = [(yield* ends(none)).value, (yield* ends(all)).value];
    return { ...nothing, low: Math.min(...tried), high: Math.max(...tried), exact: false };
  }
  const found = { low: Infinity, high: -Infinity, left: Number.NaN, right: Number.NaN };
  for (let subset = 0; subset < 2 ** kinks.length; subset++) {
    const shares = kinks.map((_, bit) => (subset >> bit) & 1);
    const { value, beta } = yield* ends(shares);
    found.low = Math.min(found.low, value);
    found.high = Math.max(found.high, value);
    if (isConsistent(point, active, shares, beta, 1)) found.right = value;
    if (isConsistent(point, active, shares, beta, -1)) found.left = value;
  }
  return { ...found, exact: true, kinks };
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
