/** Derivatives of a support vector machine in log C at kinks: the one-sided ones, and their range over all selections. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type DerivativeRange, rangeOverSelections, UNKNOWN_RANGE } from '../derivative-range.ts';
import type { ActiveRows } from './active-rows.ts';
import { SupportVectorDerivative, type SupportVectorOrigin } from './derivative.ts';

/** The range of vᵀ·dw/d(log C) of one problem. */
export interface SupportVectorInterval extends DerivativeRange {
  /** The rows at a kink. */
  readonly kinks: readonly number[];
}

/** Rounding of a derivative, relative to the size of what it is compared with. */
const ROUNDING = 1e-9;

/**
 * The matrix and the right-hand side are affine in each q, with parts of rank one, so that the extremes are at q in {0, 1}.
 * @param cotangent v, of w alone
 */
export function* supportVectorInterval(
  origin: SupportVectorOrigin,
  active: ActiveRows,
  isCertified: boolean,
  cotangent: ArrayLike<number>,
): Interruptible<SupportVectorInterval> {
  const kinks = active.kinks.map(({ row }) => row);
  if (!isCertified) return { ...UNKNOWN_RANGE, kinks };
  const range = yield* rangeOverSelections(kinks.length, function* (shares) {
    yield;
    const tangent = new SupportVectorDerivative(origin, active, shares).tangent({ logC: [1] });
    let value = 0;
    for (let at = 0; at < cotangent.length; at++) value += cotangent[at] * tangent[at];
    return { value, holds: (side) => isConsistent(origin, active, shares, tangent, side) };
  });
  return { ...range, kinks };
}

/**
 * Whether these rows are those that go inside as log C moves to this side: α stays in its range, and the slope of a row that
 * stays at an end points out of it.
 */
function isConsistent(
  { problem, cost, rowWeights }: SupportVectorOrigin,
  { kinks }: ActiveRows,
  shares: readonly number[],
  tangent: Float64Array,
  side: 1 | -1,
): boolean {
  const { margins } = problem;
  const { features, labels, norms } = margins;
  const Zw = margins.times(tangent.subarray(0, features));
  const size = tangent.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return kinks.every(({ row, isUpper }, at) => {
    const inward = isUpper ? -1 : 1;
    const rate = tangent[features + 1 + row] - (isUpper ? cost * rowWeights[row] : 0);
    const slope = Zw[row] + labels[row] * tangent[features];
    return shares[at] > 0
      ? side * inward * rate >= -ROUNDING * size
      : side * inward * slope >= -ROUNDING * size * (1 + norms[row]);
  });
}
