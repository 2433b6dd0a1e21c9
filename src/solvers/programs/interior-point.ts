/** Solves quadratic programs in float64 by an interior point method, and polishes what it finds. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type Form, formOf } from './form.ts';
import { iterations, type Run } from './iterations.ts';
import { type Judged, judge } from './judgement.ts';
import { KktSystem } from './kkt.ts';
import { leastMultipliersOf, withMultipliers } from './multipliers.ts';
import { polish, type Sides, sidesOf } from './polish.ts';
import type { ProgramData, ProgramResult, ProgramSettings } from './problem.ts';
import { evaluate, residualsOf } from './residuals.ts';
import { moveByUnits } from './rounding.ts';
import { coldStart } from './start.ts';

/** Solves a program. It may be interrupted every few milliseconds. */
export function* solveProgram(data: ProgramData, settings: ProgramSettings): Interruptible<ProgramResult> {
  const form = formOf(data);
  const { run, best } = yield* solveForm(form, settings, true);
  return resultOf(data, form, best, statusOf(run, best), run.iterations);
}

/** @param isThorough whether multipliers and single digits are improved where the tolerances ask for it */
function* solveForm(
  form: Form,
  settings: ProgramSettings,
  isThorough: boolean,
): Interruptible<{ readonly run: Run; readonly best: Judged }> {
  const kkt = new KktSystem(form.P, form.systemA);
  yield;
  const start = yield* coldStart(form, kkt);
  const run = yield* iterations(form, kkt, start, settings, () => false);
  if (settings.isCutShort?.()) return { run, best: run.best };
  const sides = sidesOf(form, run.iterate);
  const polished = yield* polish(form, kkt, run.best, sides.slice(), settings);
  return { run, best: isThorough ? yield* improve(form, polished, sides, settings) : polished };
}

function statusOf({ outcome }: Run, { merit }: Judged): ProgramResult['status'] {
  if (merit <= 1) return 'converged';
  return outcome === 'met' || outcome === 'observed' ? 'stalled' : outcome;
}

/** Moves single digits, and finds smaller multipliers first where that is not enough. */
function* improve(form: Form, from: Judged, sides: Sides, settings: ProgramSettings): Interruptible<Judged> {
  const moved = moveByUnits(form, from, settings);
  if (moved.merit <= 1) return moved;
  const { data, rows } = leastMultipliersOf(form, from, sides);
  const least = formOf(data);
  const own = { ...settings, absolute: 1e-12, relative: 1e-15, initial: undefined };
  const { best } = yield* solveForm(least, own, false);
  const values = best.x.map((value, k) => least.scaling.variables[k] * value);
  const smaller = judge(form, withMultipliers(form, from, sides, rows, values), settings);
  return smaller.merit < moved.merit ? moveByUnits(form, smaller, settings) : moved;
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
    merit: point.merit,
    residuals: residualsOf(evaluation),
  };
}
