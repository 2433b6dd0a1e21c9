/** Derivatives of a Lasso solution in log λ at a knot: the one-sided ones, and their range over all selections. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot, factorise, solve } from '../../solvers/matrices.ts';
import {
  type DerivativeRange,
  rangeOverSelections,
  type SelectedDerivative,
  UNKNOWN_RANGE,
} from '../derivative-range.ts';
import {
  type ActiveFeatures,
  computeCurvature,
  findActiveFeatures,
  isDefinite,
  type LassoNumbers,
} from './analysis.ts';

/** The range of vᵀ·dβ/d(log λ) of one problem. */
export interface LassoInterval extends DerivativeRange {
  /** Features at the knot. */
  readonly kinks: readonly number[];
}

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
    return { ...UNKNOWN_RANGE, kinks };
  }
  const derive = createDerivative(numbers, problem, active, H, v);
  const range = yield* rangeOverSelections(kinks.length, (selection) =>
    derive(new Set(kinks.filter((_, at) => selection[at] > 0))),
  );
  return { ...range, kinks };
}

function createDerivative(
  { features, penalty, kinkTolerance }: LassoNumbers,
  problem: number,
  { support, equicorrelation, signs }: ActiveFeatures,
  H: Float64Array,
  v: ArrayLike<number>,
): (entering: ReadonlySet<number>) => Interruptible<SelectedDerivative> {
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
    return { value, holds };
  };
}
