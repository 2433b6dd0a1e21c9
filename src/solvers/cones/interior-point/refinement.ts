/**
 * From a point that meets the tolerances to one near the solution itself. The residuals say little about that: off the
 * central path, and without strict complementarity on it too, the error may be the root of the gap.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import type { ConeSettings } from '../problem.ts';
import { type Judged, judge } from '../residuals.ts';
import type { Embedding } from './embedding.ts';
import { type ConeForm, pointOf } from './form.ts';

const ROUNDS = 12;
/** Without strict complementarity the root of the error of the linear systems is that of the point. */
const EXACTNESS = 1e-14;
/** Steps towards the central path in a round, until it is this near. */
const CENTRINGS = 5;
const NEAR = 0.1;
/** A point whose predictor changes it by less than this, relative to its size, is near enough to the solution. */
const SETTLED = 1e-10;
/** A round that leaves more than this share of the merit, or that reaches this merit, is the last. */
const GAINED = 0.7;
const ENOUGH = 1e-9;
/** A refined point may have this merit, or twice that of the point it comes from where this still meets the tolerances. */
const WELL = 1e-1;

/** @param from the point of the iterate or a better one @returns the refined point, and the steps that it took */
export function* refine(
  form: ConeForm,
  embedding: Embedding,
  from: Judged,
  settings: ConeSettings,
): Interruptible<{ readonly best: Judged; readonly iterations: number }> {
  const allowed = Math.max(WELL, Math.min(1, 2 * from.merit));
  let best = from;
  let count = 0;
  embedding.solveTo(EXACTNESS);
  for (let round = 0; round < ROUNDS && !settings.isCutShort?.(); round++) {
    for (let centring = 0; centring < CENTRINGS && (yield* embedding.eccentricity()) > NEAR; centring++) {
      if ((yield* embedding.centre()) === 0) break;
      count++;
      yield;
    }
    const point = yield* judge(form.given, pointOf(form, embedding.iterate), settings);
    const { merit } = best;
    if (!(point.merit <= allowed)) break;
    best = point;
    if (round > 0 && !(point.merit < GAINED * merit)) break;
    if (point.merit <= ENOUGH || (yield* embedding.step(SETTLED)) === 0) break;
    count++;
    yield;
  }
  return { best, iterations: count };
}
