/** Solves quadratic programs in float64 by an interior point method, and polishes what it finds. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type Form, formOf } from './form.ts';
import { iterations, type Run } from './iterations.ts';
import { type Judged, judge } from './judgement.ts';
import { KktSystem } from './kkt.ts';
import { leastMultipliersOf, withMultipliers } from './multipliers.ts';
import { polish, sidesOf } from './polish.ts';
import type { ProgramData, ProgramResult, ProgramSettings } from './problem.ts';
import { evaluate, residualsOf } from './residuals.ts';
import { moveByUnits } from './rounding.ts';
import { coldStart } from './start.ts';

/** Solves a program. It may be interrupted every few milliseconds. */
export function* solveProgram(data: ProgramData, settings: ProgramSettings): Interruptible<ProgramResult> {
  const form = formOf(data);
  const kkt = new KktSystem(form.P, form.systemA);
  yield;
  const start = yield* coldStart(form, kkt);
  const run = yield* iterations(form, kkt, start, settings, () => false);
  const best = yield* finish(form, kkt, run, settings, true);
  return resultOf(data, form, best, statusOf(run, best), run.iterations);
}

function statusOf({ outcome }: Run, { merit }: Judged): ProgramResult['status'] {
  if (merit <= 1) return 'converged';
  return outcome === 'met' || outcome === 'observed' ? 'stalled' : outcome;
}

/** Polishes the point that the iterations have found, as far as the tolerances ask for it. */
function* finish(
  form: Form,
  kkt: KktSystem,
  { best, iterate }: Run,
  settings: ProgramSettings,
  isThorough: boolean,
): Interruptible<Judged> {
  if (settings.isCutShort?.()) return best;
  const sides = sidesOf(form, iterate);
  let point = yield* polish(form, kkt, best, sides.slice(), settings);
  if (point.merit <= 1 || !isThorough) return point;
  const { data, rows } = leastMultipliersOf(form, point, sides);
  const own = { ...settings, absolute: 1e-12, relative: 1e-15, initial: undefined };
  const least = yield* solveProgram(data, own);
  const smaller = judge(form, withMultipliers(form, point, sides, rows, least.x), settings);
  if (smaller.merit < point.merit) point = smaller;
  return moveByUnits(form, point, settings);
}

function resultOf(
  data: ProgramData,
  form: Form,
  point: Judged,
  status: ProgramResult['status'],
  count: number,
): ProgramResult {
  const { variables, rows, cost } = form.scaling;
  const x = point.x.map((value, j) => variables[j] * value);
  const y = point.y.map((value, i) => (rows[i] * value) / cost);
  const evaluation = evaluate(data, x, y);
  return {
    status,
    x,
    y,
    z: evaluation.z,
    objective: evaluation.objective,
    iterations: count,
    residuals: residualsOf(evaluation),
  };
}
