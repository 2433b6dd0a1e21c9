/** Solves a scaled program: iterations, polish, and where the tolerances ask for it improvements of the last digits. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type Form, formOf } from './form.ts';
import { iterations, type Observer, type Run } from './iterations.ts';
import { type Judged, judge } from './judgement.ts';
import { KktSystem } from './kkt.ts';
import { leastMultipliersOf, withMultipliers } from './multipliers.ts';
import { polish, type Sides, sidesOf } from './polish.ts';
import type { ProgramSettings } from './problem.ts';
import { moveByUnits } from './rounding.ts';
import { coldStart } from './start.ts';

export interface Solved {
  readonly run: Run;
  /** The best point after all improvements. */
  readonly best: Judged;
}

/** A solve of a program that serves another. */
const AUXILIARY: Pick<ProgramSettings, 'absolute' | 'relative' | 'limit'> = {
  absolute: 1e-12,
  relative: 1e-15,
  limit: 200,
};

/** @param observe may end the iterations; nothing is improved then */
export function* solveForm(form: Form, settings: ProgramSettings, observe?: Observer): Interruptible<Solved> {
  const kkt = new KktSystem(form.P, form.systemA);
  yield;
  const start = yield* coldStart(form, kkt);
  const run = yield* iterations(form, kkt, start, settings, observe);
  if (run.outcome === 'observed' || settings.isCutShort?.()) return { run, best: run.best };
  const sides = sidesOf(form, run.iterate);
  const polished = yield* polish(form, kkt, run.best, sides.slice(), settings);
  return { run, best: yield* improve(form, polished, sides, settings) };
}

/** Solves a program that serves another. */
export function* solveAuxiliary(form: Form, { isCutShort }: ProgramSettings): Interruptible<Judged> {
  const settings: ProgramSettings = { ...AUXILIARY, isCutShort };
  const kkt = new KktSystem(form.P, form.systemA);
  const { best, iterate } = yield* iterations(form, kkt, yield* coldStart(form, kkt), settings);
  return yield* polish(form, kkt, best, sidesOf(form, iterate), settings);
}

/** Moves single digits, and finds smaller multipliers where that is not enough or their rounding is too coarse. */
function* improve(form: Form, from: Judged, sides: Sides, settings: ProgramSettings): Interruptible<Judged> {
  const moved = moveByUnits(form, from, settings);
  if (qualityOf(moved) <= 1 || settings.isCutShort?.()) return moved;
  const { data, rows } = leastMultipliersOf(form, from, sides);
  const least = formOf(data);
  const { x } = yield* solveAuxiliary(least, settings);
  const values = x.map((value, k) => least.scaling.variables[k] * value);
  const smaller = moveByUnits(form, judge(form, withMultipliers(form, from, sides, rows, values), settings), settings);
  return qualityOf(smaller) < qualityOf(moved) ? smaller : moved;
}

/** The larger of what keeps a point from meeting the tolerances and what keeps its reader from seeing that it does. */
function qualityOf({ merit, coarseness }: Judged): number {
  return Math.max(merit, coarseness);
}
