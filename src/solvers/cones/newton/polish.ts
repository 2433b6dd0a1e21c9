/** The last digits of a solution by Newton's method on the residual map. */
import type { Interruptible } from '../../../backends/event-loop.ts';
import type { ConeData, ConePoint, ConeSettings } from '../problem.ts';
import { type Judged, judge } from '../residuals.ts';
import { likelyRatio, scalePoint, scaleProgram, unscalePoint, withCost } from '../scaling.ts';
import { ResidualMap } from './residual-map.ts';
import { semismoothNewton } from './semismooth.ts';

const STEPS = 20;
/**
 * A merit that may be called rounding. Of two such points the zero of the residual map is nearer to the solution: other
 * points may have sᵀy = 0 to rounding while y and s have parts of the size of its root.
 */
const ROUNDING = 1e-4;

export interface Polished {
  /** The better one of the given point and that which Newton's method found. */
  readonly best: Judged;
  readonly steps: number;
}

/** @param settings `limit` is the largest number of steps */
export function* polishByNewton(data: ConeData, from: ConePoint, settings: ConeSettings): Interruptible<Polished> {
  const given = yield* judge(data, from, settings);
  const scaled = yield* scaleProgram(data);
  const { x, y, s } = scalePoint(scaled, from);
  // v = y − s tells y from s best where both are of one size; the unit of the objective decides the size of y.
  const unit = likelyRatio(scaled.data);
  const map = new ResidualMap(withCost(scaled.data, 1 / unit));
  const v = y.map((value, i) => value / unit - s[i]);
  const limit = Math.min(STEPS, settings.limit);
  const { value, sizes, isConverged } = yield* semismoothNewton(map, x, v, { limit, isCutShort: settings.isCutShort });
  const found = { x: value.x, y: value.projection.value.map((entry) => entry * unit), s: value.s };
  const polished = yield* judge(data, unscalePoint(scaled, found), settings);
  const isBetter = polished.merit < given.merit || (isConverged && polished.merit <= ROUNDING);
  return { best: isBetter ? polished : given, steps: sizes.length - 1 };
}
