/** The iterations of the interior point method, until the tolerances are met or rounding keeps them from it. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { Form } from './form.ts';
import { type Judged, judge } from './judgement.ts';
import type { KktSystem, Regularisation } from './kkt.ts';
import { PredictorCorrector } from './predictor-corrector.ts';
import type { PrimalDual, ProgramSettings } from './problem.ts';
import type { Iterate } from './start.ts';

/** Iterations without progress after which rounding has won. */
const PATIENCE = 10;
/** The same where the merit is still large, as it may rise before it falls. */
const PATIENCE_FAR = 25;
/** Above this merit it is progress if only one of the residuals is less than before. */
const FAR = 1e4;
/** A number is less than before if it is at most this share of the least before. */
const LESS = 0.9;

/** met: the residuals meet the tolerances or are at their rounding floors. observed: the observer ended the iterations. */
export type Outcome = 'met' | 'stalled' | 'limit' | 'diverged' | 'observed';

export interface Run {
  readonly outcome: Outcome;
  readonly iterations: number;
  /** The best point found. */
  readonly best: Judged;
  /** The iterate there. */
  readonly iterate: Iterate;
}

/** Is told each point and how it changed; true ends the iterations. */
export type Observer = (point: Judged, change: PrimalDual) => boolean;

export function* iterations(
  form: Form,
  kkt: KktSystem,
  iterate: Iterate,
  settings: ProgramSettings,
  regularisation: Regularisation,
  observe: Observer = () => false,
): Interruptible<Run> {
  const method = new PredictorCorrector(form, kkt, iterate, regularisation);
  let point = judge(form, { x: iterate.x.slice(), y: method.newton.rowMultipliers(iterate) }, settings);
  let best = point;
  let bestIterate = copyOf(iterate);
  const progress = new Progress();
  let stagnant = 0;
  const end = (outcome: Outcome, count: number): Run => ({ outcome, iterations: count, best, iterate: bestIterate });
  for (let count = 0; ; count++) {
    if (!Number.isFinite(point.merit)) return end('diverged', count);
    if (point.merit < best.merit) {
      best = point;
      bestIterate = copyOf(iterate);
    }
    if (point.floorMerit <= 1) return end('met', count);
    if (count >= settings.limit || settings.isCutShort?.()) return end('limit', count);
    const { primal, dual, gap } = point.residuals;
    const isProgress = progress.note(point.floorMerit, [primal, dual, gap, method.complementarity]);
    stagnant = isProgress ? 0 : stagnant + 1;
    if (stagnant >= (point.floorMerit > FAR ? PATIENCE_FAR : PATIENCE)) return end('stalled', count);
    const length = yield* method.step();
    if (length === 0) return end('stalled', count);
    const next = judge(form, { x: iterate.x.slice(), y: method.newton.rowMultipliers(iterate) }, settings);
    const change = { x: difference(next.x, point.x), y: difference(next.y, point.y) };
    point = next;
    if (observe(point, change)) return end('observed', count + 1);
    yield;
  }
}

function difference(after: Float64Array, before: Float64Array): Float64Array {
  return after.map((value, i) => value - before[i]);
}

function copyOf({ x, y, slacks, multipliers }: Iterate): Iterate {
  return { x: x.slice(), y: y.slice(), slacks: slacks.slice(), multipliers: multipliers.slice() };
}

/** Remembers the least of what is to become 0. */
class Progress {
  private merit = Number.POSITIVE_INFINITY;
  private readonly parts: number[] = [];

  /** @returns whether there is progress */
  note(merit: number, parts: readonly number[]): boolean {
    let isProgress = merit < LESS * this.merit;
    this.merit = Math.min(this.merit, merit);
    parts.forEach((value, k) => {
      const least = this.parts[k] ?? Number.POSITIVE_INFINITY;
      if (merit > FAR && value < LESS * least) isProgress = true;
      this.parts[k] = Math.min(least, value);
    });
    return isProgress;
  }
}
