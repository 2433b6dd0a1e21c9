/** Solves quadratic programs in float64 by an interior point method, and polishes what it finds. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type Form, formOf } from './form.ts';
import { iterations } from './iterations.ts';
import type { Judged } from './judgement.ts';
import { KktSystem } from './kkt.ts';
import type { ProgramData, ProgramResult, ProgramSettings } from './problem.ts';
import { evaluate, residualsOf } from './residuals.ts';
import { coldStart } from './start.ts';

/** Solves a program. It may be interrupted every few milliseconds. */
export function* solveProgram(data: ProgramData, settings: ProgramSettings): Interruptible<ProgramResult> {
  const form = formOf(data);
  const kkt = new KktSystem(form.P, form.systemA);
  yield;
  const start = yield* coldStart(form, kkt);
  const run = yield* iterations(form, kkt, start, settings, () => false);
  const status =
    run.best.merit <= 1 ? 'converged' : run.outcome === 'met' || run.outcome === 'observed' ? 'stalled' : run.outcome;
  return resultOf(data, form, run.best, status, run.iterations);
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
