/** Solves a scaled program: iterations, polish, and where the tolerances ask for it improvements of the last digits. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type Form, formOf } from './form.ts';
import { iterations, type Observer, type Run } from './iterations.ts';
import { type Judged, judge, type Point } from './judgement.ts';
import { KktSystem, type Regularisation } from './kkt.ts';
import { leastMultipliersOf, withMultipliers } from './multipliers.ts';
import { polish, type Sides, sidesOf } from './polish.ts';
import type { ProgramSettings } from './problem.ts';
import { moveByUnits } from './rounding.ts';
import { coldStart, warmStart } from './start.ts';

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

/**
 * Regularisations, the best first. The next one is tried where the one before does not lead to a solution. Too much of it
 * makes linear systems inexact, too little makes their factors inexact.
 */
const REGULARISATIONS: readonly Regularisation[] = [
  { variables: 1e-10, rows: 1e-11, isProximal: false },
  { variables: 1e-13, rows: 1e-9, isProximal: false },
  { variables: 1e-8, rows: 1e-8, isProximal: false },
  { variables: 1e-10, rows: 1e-10, isProximal: true },
];

/**
 * @param initial of the scaled program
 * @param observe may end the iterations; nothing is improved then
 */
export function* solveForm(
  form: Form,
  settings: ProgramSettings,
  initial?: Partial<Point>,
  observe?: Observer,
): Interruptible<Solved> {
  const kkt = yield* KktSystem.of(form.P, form.systemA);
  yield;
  let solved: Solved | undefined;
  let count = 0;
  for (const regularisation of REGULARISATIONS) {
    const cold = yield* coldStart(form, kkt);
    // A start that has failed once is not tried again.
    // Without bounds the cold start is the solution.
    const isWarm = initial && !solved && form.bounds.count > 0;
    const start = isWarm ? warmStart(form, cold, initial) : cold;
    const own = { ...settings, limit: settings.limit - count };
    const run = yield* iterations(form, kkt, start, own, regularisation, observe);
    count += run.iterations;
    const isEnded = run.outcome === 'observed' || settings.isCutShort?.();
    const best = isEnded ? run.best : yield* finish(form, kkt, run, settings);
    if (!solved || best.merit < solved.best.merit) solved = { run, best };
    if (isEnded || best.floorMerit <= 1 || count >= settings.limit || settings.isCutShort?.()) break;
  }
  if (!solved) throw new Error('there are no regularisations');
  return { best: solved.best, run: { ...solved.run, iterations: count } };
}

/** Solves a program that serves another. */
export function* solveAuxiliary(form: Form, { isCutShort }: ProgramSettings): Interruptible<Judged> {
  const settings: ProgramSettings = { ...AUXILIARY, isCutShort };
  const kkt = yield* KktSystem.of(form.P, form.systemA);
  const start = yield* coldStart(form, kkt);
  const { best, iterate } = yield* iterations(form, kkt, start, settings, REGULARISATIONS[0]);
  return yield* polish(form, kkt, best, sidesOf(form, iterate), settings);
}

function* finish(form: Form, kkt: KktSystem, run: Run, settings: ProgramSettings): Interruptible<Judged> {
  const sides = sidesOf(form, run.iterate);
  const polished = yield* polish(form, kkt, run.best, sides.slice(), settings);
  return yield* improve(form, polished, sides, settings);
}

/** Moves single digits, and finds smaller multipliers where that is not enough or their rounding is too coarse. */
function* improve(form: Form, from: Judged, sides: Sides, settings: ProgramSettings): Interruptible<Judged> {
  const moved = moveByUnits(form, from, settings);
  if (qualityOf(moved) <= 1 || settings.isCutShort?.()) return moved;
  const { data, rows } = leastMultipliersOf(form, from, sides);
  const least = yield* formOf(data);
  const { x } = yield* solveAuxiliary(least, settings);
  const values = x.map((value, k) => least.scaling.variables[k] * value);
  const smaller = moveByUnits(form, judge(form, withMultipliers(form, from, sides, rows, values), settings), settings);
  return qualityOf(smaller) < qualityOf(moved) ? smaller : moved;
}

/** The larger of what keeps a point from meeting the tolerances and what keeps its reader from seeing that it does. */
function qualityOf({ merit, coarseness }: Judged): number {
  return Math.max(merit, coarseness);
}
