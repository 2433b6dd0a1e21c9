/** The range of a derivative over all selections at kinks whose parts are of rank one. */

import type { Interruptible } from '../backends/event-loop.ts';
import { TENSOR, type Tensor } from '../tensor/tensor.ts';

/** The range of vᵀ·dβ/d(log λ) of one problem. */
export interface DerivativeRange {
  /** The least value over all selections at the kinks; −∞ without a certificate. */
  readonly low: number;
  /** The greatest value; +∞ without a certificate. */
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
}

/** What nothing is known of. */
export const UNKNOWN_RANGE: DerivativeRange = {
  low: -Infinity,
  high: Infinity,
  exact: true,
  left: Number.NaN,
  right: Number.NaN,
};

/** The derivative for one selection. */
export interface SelectedDerivative {
  readonly value: number;
  /** Whether it is the derivative for λ that rises (1) or falls (−1). */
  holds(side: 1 | -1): boolean;
}

/** The least and the greatest value of each number of gradients that have names. */
export interface GradientRange<Gradients> {
  /** The least of each number over all selections; absent where some selection is singular or may be. */
  readonly low: Gradients;
  /** The greatest of each number. */
  readonly high: Gradients;
}

/** The range that holds these gradients too. @param range undefined before the first */
export function includeGradients<Gradients extends { readonly [Name in keyof Gradients]: Float64Array }>(
  range: GradientRange<Gradients> | undefined,
  gradients: Gradients,
): GradientRange<Gradients> {
  if (!range) return { low: gradients, high: gradients };
  const combine = (a: Gradients, choose: (x: number, y: number) => number): Gradients => {
    const names = Object.keys(gradients) as (keyof Gradients)[];
    const pairs = names.map((name) => [name, a[name].map((value, at) => choose(value, gradients[name][at]))]);
    return Object.fromEntries(pairs) as Gradients;
  };
  return { low: combine(range.low, Math.min), high: combine(range.high, Math.max) };
}

/** Up to this many kinks k, all 2ᵏ selections are tried. */
const MAXIMUM_ENUMERATED = 16;

/**
 * Tries every selection with q in {0, 1}, where the extremes are.
 * @param derive the derivative for a q of each kink
 */
export function* rangeOverSelections(
  kinks: number,
  derive: (selection: readonly number[]) => Interruptible<SelectedDerivative>,
): Interruptible<DerivativeRange> {
  if (kinks > MAXIMUM_ENUMERATED) {
    const [none, all] = [0, 1].map((q) => new Array<number>(kinks).fill(q));
    const tried = [(yield* derive(none)).value, (yield* derive(all)).value];
    return { ...UNKNOWN_RANGE, low: Math.min(...tried), high: Math.max(...tried), exact: false };
  }
  const found = { ...UNKNOWN_RANGE, low: Infinity, high: -Infinity };
  for (let subset = 0; subset < 2 ** kinks; subset++) {
    const derivative = yield* derive(Array.from({ length: kinks }, (_, bit) => (subset >> bit) & 1));
    yield;
    const { value } = derivative;
    found.low = Math.min(found.low, value);
    found.high = Math.max(found.high, value);
    if (derivative.holds(1)) found.right = value;
    if (derivative.holds(-1)) found.left = value;
  }
  return found;
}

/** Checks the v of `gradientInterval`. @param size how many numbers β holds */
export function checkIntervalCotangent(cotangent: Tensor, size: number): void {
  TENSOR('gradientInterval: cotangent', cotangent);
  if (cotangent.size !== size) {
    throw new RangeError(`gradientInterval: cotangent holds ${cotangent.size} numbers; β holds ${size}`);
  }
}
