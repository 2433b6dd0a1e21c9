/** Derivatives of a Lasso solution in log λ at a knot: the one-sided ones, and their range over all selections. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot, factorise, solve } from '../../solvers/matrices.ts';
import {
  type ActiveFeatures,
  computeCurvature,
  findActiveFeatures,
  isDefinite,
  type LassoNumbers,
} from './analysis.ts';

/** The range of vᵀ·dβ/d(log λ) of one problem. */
export interface LassoInterval {
  /** The least value over all selections at the kinks; −∞ if the certificate failed. */
  readonly low: number;
  /** The greatest value; +∞ if the certificate failed. */
  readonly high: number;
  /**
   * True if `low` and `high` are the ends of the range, which holds up to 16 kinks. Beyond, they are values that are
   * attained, and other selections may reach further.
   */
  readonly exact: boolean;
  /** The derivative for falling λ; NaN beyond 16 kinks, or if the certificate failed. */
  readonly left: number;
  /** The derivative for rising λ; NaN likewise. */
  readonly right: number;
  /** Features at the knot. */
  readonly kinks: readonly number[];
}

/** Up to this many kinks k, all 2ᵏ selections are tried. */
const MAXIMUM_ENUMERATED = 16;

/**
 * The range of vᵀ·dβ/d(log λ) = −vᵀ_A H_AA⁻¹(t∘sign)_A, where A is the support and the kinks with q = 1. As a
 * function of each q alone this is a quotient of affine functions whose denominator has no zero, so that its extremes
 * are at q in {0, 1}. The one-sided derivatives belong to the kinks that truly enter: with ṫ = ±t, β̇_A =
 * −H_AA⁻¹(ṫ∘sign)_A such that signⱼβ̇ⱼ ≥ 0 for each kink in A, and signⱼ(−Hβ̇)ⱼ ≤ ṫⱼ for each kink outside of A. If H
 * is positive definite, exactly one A satisfies this.
 * @param v cotangent of β, of the whole batch
 */
export function* lassoInterval(
  numbers: LassoNumbers,
  problem: number,
  v: ArrayLike<number>,
): Interruptible<LassoInterval> {
  const active = findActiveFeatures(numbers, problem);
  const { equicorrelation } = active;
  const H = yield* computeCurvature(numbers, problem, equicorrelation);
  const kinks = active.kinks.map(({ feature }) => feature);
  if (!(yield* isDefinite(H, equicorrelation.length, numbers.epsilon))) {
    return { low: -Infinity, high: Infinity, exact: true, left: NaN, right: NaN, kinks };
  }
  const derivative = createDerivative(numbers, problem, active, H, v);
  if (kinks.length > MAXIMUM_ENUMERATED) {
    const tried = [(yield* derivative(new Set())).value, (yield* derivative(new Set(kinks))).value];
    return { low: Math.min(...tried), high: Math.max(...tried), exact: false, left: NaN, right: NaN, kinks };
  }
  const all = { low: Infinity, high: -Infinity, left: NaN, right: NaN };
  for (let subset = 0; subset < 2 ** kinks.length; subset++) {
    const entering = new Set(kinks.filter((_, bit) => (subset >> bit) & 1));
    const { value, isRight, isLeft } = yield* derivative(entering);
    yield;
    all.low = Math.min(all.low, value);
    all.high = Math.max(all.high, value);
    if (isRight) all.right = value;
    if (isLeft) all.left = value;
  }
  return { ...all, exact: true, kinks };
}

interface Derivative {
  readonly value: number;
  /** Whether the kinks that enter are those of the derivative on this side. */
  readonly isLeft: boolean;
  readonly isRight: boolean;
}

function createDerivative(
  { features, penalty, kinkTolerance }: LassoNumbers,
  problem: number,
  { support, equicorrelation, signs }: ActiveFeatures,
  H: Float64Array,
  v: ArrayLike<number>,
): (entering: ReadonlySet<number>) => Interruptible<Derivative> {
  const k = equicorrelation.length;
  const offset = problem * features;
  const supported = new Set(support);
  return function* (entering) {
    const places = equicorrelation.flatMap((feature, place) =>
      supported.has(feature) || entering.has(feature) ? [place] : [],
    );
    const size = places.length;
    const right = places.map((place) => -penalty[offset + equicorrelation[place]] * signs[place]);
    const own = Float64Array.from(
      { length: size * size },
      (_, at) => H[places[Math.floor(at / size)] * k + places[at % size]],
    );
    const moved = solve(yield* factorise(own, size), right);
    // β̇ on the whole equicorrelation set, for log λ rising at rate 1.
    const beta = new Float64Array(k);
    for (const [index, place] of places.entries()) beta[place] = moved[index];
    const holds = (side: 1 | -1): boolean =>
      equicorrelation.every((feature, place) => {
        if (supported.has(feature)) return true;
        const rate = side * signs[place];
        if (entering.has(feature)) return rate * beta[place] >= 0;
        const correlation = -dot(H.subarray(place * k, place * k + k), beta);
        return rate * correlation <= side * penalty[offset + feature] + kinkTolerance[offset + feature];
      });
    const value = places.reduce((sum, place, index) => sum + v[offset + equicorrelation[place]] * moved[index], 0);
    return { value, isLeft: holds(-1), isRight: holds(1) };
  };
}
