/** Solves quadratic programs in float64 by an interior point method, and polishes what it finds. */
import type { Interruptible } from '../../backends/event-loop.ts';
import {
  feasibilityProgram,
  isRounding,
  recessionProgram,
  showsInfeasibility,
  showsUnboundedness,
} from './certificates.ts';
import { Sum } from './compensated.ts';
import { type Form, formOf } from './form.ts';
import type { Observer } from './iterations.ts';
import { type Judged, judge } from './judgement.ts';
import { presolve } from './presolve.ts';
import type { PrimalDual, ProgramData, ProgramResult, ProgramSettings } from './problem.ts';
import { evaluate, largestMagnitude, meritOf, residualsOf, sizesOf } from './residuals.ts';
import { type Solved, solveAuxiliary, solveForm } from './solve-form.ts';

/** A point whose merit is above this is far from a solution: there may be none. */
const FAR = 1e3;

/** A direction of the scaled program that shows that there is no solution. */
interface Certificate {
  readonly status: 'infeasible' | 'unbounded';
  readonly direction: Float64Array;
}

/** Solves a program. It may be interrupted every few milliseconds. */
export function* solveProgram(given: ProgramData, settings: ProgramSettings): Interruptible<ProgramResult> {
  const presolved = presolve(given, settings.absolute);
  if (!('data' in presolved)) return contradictedResult(given, presolved.certificate, settings);
  const { data, restore, restrict } = presolved;
  const form = yield* formOf(data);
  const initial = settings.initial && scaledInitial(form, settings.initial, restrict);
  if (initial?.x && initial.y && judge(form, { x: initial.x, y: initial.y }, settings).merit <= 1) {
    const { x, y } = unscaled(form, { x: initial.x, y: initial.y });
    return resultOf(given, { x, y: restore(y) }, 'converged', 0, settings);
  }
  const suspicion = new Suspicion(form);
  let solved = yield* solveForm(form, settings, initial, suspicion.observe);
  let certificate: Certificate | undefined;
  let iterations = solved.run.iterations;
  if (solved.run.outcome === 'observed') {
    certificate = yield* findCertificate(form, settings, suspicion.kind);
    if (!certificate) {
      solved = yield* solveForm(form, settings);
      iterations += solved.run.iterations;
    }
  }
  const { best } = solved;
  if (!certificate && !(best.floorMerit <= FAR) && !settings.isCutShort?.()) {
    certificate = yield* findCertificate(form, settings, 'infeasible');
  }
  const { x, y } = unscaled(form, best);
  const point = { x, y: restore(y) };
  if (!certificate) {
    const result = resultOf(given, point, statusOf(solved), iterations, settings);
    return result.status === 'stalled' && !isNearSolution(given, result) ? { ...result, status: 'limit' } : result;
  }
  const direction = directionOf(form, certificate);
  return {
    ...resultOf(given, point, certificate.status, iterations, settings),
    certificate:
      certificate.status === 'infeasible'
        ? normalisedInfeasibility(given, restore(direction))
        : normalisedBy(direction, new Sum().addDot(given.q, direction).value),
  };
}

function statusOf({ run: { outcome }, best: { merit } }: Solved): ProgramResult['status'] {
  if (merit <= 1) return 'converged';
  return outcome === 'met' || outcome === 'observed' ? 'stalled' : outcome;
}

/** A residual above this share of the data is no rounding, however large the numbers are of which it is the sum. */
const SHARE = 1e-6;

/**
 * Whether the residuals of a point at which rounding has stopped the iterations are small beside the data too. The
 * numbers of programs without a solution grow until rounding explains every residual.
 */
function isNearSolution({ q, l, u }: ProgramData, { residuals }: ProgramResult): boolean {
  const bounds = [...l, ...u].reduce(
    (size, bound) => (Number.isFinite(bound) ? Math.max(size, Math.abs(bound)) : size),
    0,
  );
  return residuals.primal <= SHARE * (1 + bounds) && residuals.dual <= SHARE * (1 + largestMagnitude(q));
}

/** Ends the iterations where an iterate or its change comes near to a certificate. */
class Suspicion {
  kind: Certificate['status'] = 'infeasible';
  private readonly form: Form;

  constructor(form: Form) {
    this.form = form;
  }

  readonly observe: Observer = ({ x, y, floorMerit }: Judged, change: PrimalDual): boolean => {
    if (floorMerit <= FAR) return false;
    if ([change.y, y].some((direction) => showsInfeasibility(this.form, direction, 'rough'))) {
      this.kind = 'infeasible';
      return true;
    }
    if ([change.x, x].some((direction) => showsUnboundedness(this.form, direction, 'rough'))) {
      this.kind = 'unbounded';
      return true;
    }
    return false;
  };
}

/** Looks for a certificate, for one of the suspected kind first. */
function* findCertificate(
  form: Form,
  settings: ProgramSettings,
  suspected: Certificate['status'],
): Interruptible<Certificate | undefined> {
  const kinds: readonly Certificate['status'][] = ['infeasible', 'unbounded'];
  for (const status of suspected === 'infeasible' ? kinds : [...kinds].reverse()) {
    const certificate = status === 'infeasible' ? infeasibilityOf(form, settings) : unboundednessOf(form, settings);
    const direction = yield* certificate;
    if (direction) return { status, direction };
  }
  return undefined;
}

function* infeasibilityOf(form: Form, settings: ProgramSettings): Interruptible<Float64Array | undefined> {
  const program = feasibilityProgram(form);
  const own = yield* formOf(program);
  const solution = unscaled(own, yield* solveAuxiliary(own, settings));
  const { y } = solution;
  if (isRounding(largestMagnitude(y), 'rows', program, solution)) return undefined;
  return showsInfeasibility(form, y, 'exact') ? y : undefined;
}

function* unboundednessOf(form: Form, settings: ProgramSettings): Interruptible<Float64Array | undefined> {
  const program = recessionProgram(form);
  const own = yield* formOf(program);
  const solution = unscaled(own, yield* solveAuxiliary(own, settings));
  const { x } = solution;
  if (isRounding(largestMagnitude(x), 'columns', program, solution)) return undefined;
  return showsUnboundedness(form, x, 'exact') ? x : undefined;
}

function contradictedResult(
  data: ProgramData,
  certificate: Float64Array | undefined,
  settings: ProgramSettings,
): ProgramResult {
  const origin = { x: new Float64Array(data.n), y: new Float64Array(data.m) };
  const result = resultOf(data, origin, 'infeasible', 0, settings);
  return certificate ? { ...result, certificate: normalisedInfeasibility(data, certificate) } : result;
}

/** A warm start in the scaled program. */
function scaledInitial(
  { scaling: { variables, rows, cost } }: Form,
  { x, y }: Partial<PrimalDual>,
  restrict: (y: Float64Array) => Float64Array,
): Partial<PrimalDual> {
  return {
    x: x?.map((value, j) => value / variables[j]),
    y: y && restrict(y).map((value, i) => (cost * value) / rows[i]),
  };
}

/** A certificate in the variables and rows of the program that was scaled. */
function directionOf({ scaling: { variables, rows } }: Form, { status, direction }: Certificate): Float64Array {
  const factors = status === 'infeasible' ? rows : variables;
  return direction.map((value, i) => factors[i] * value);
}

/** Normalises to uᵀδ⁺ + lᵀδ⁻ = −1. */
function normalisedInfeasibility({ l, u }: ProgramData, direction: Float64Array): Float64Array {
  const support = new Sum();
  const bounded = direction.map((value, i) => {
    const bound = value > 0 ? u[i] : l[i];
    // A multiplier of an infinite bound is rounding: the certificate has been tested.
    if (value === 0 || !Number.isFinite(bound)) return 0;
    support.addProduct(bound, value);
    return value;
  });
  return normalisedBy(bounded, support.value);
}

function normalisedBy(direction: Float64Array, value: number): Float64Array {
  return direction.map((entry) => entry / Math.abs(value));
}

function unscaled({ scaling: { variables, rows, cost } }: Form, { x, y }: PrimalDual): PrimalDual {
  return { x: x.map((value, j) => variables[j] * value), y: y.map((value, i) => (rows[i] * value) / cost) };
}

function resultOf(
  data: ProgramData,
  { x, y }: PrimalDual,
  status: ProgramResult['status'],
  iterations: number,
  settings: ProgramSettings,
): ProgramResult {
  const evaluation = evaluate(data, x, y);
  const { z, objective } = evaluation;
  const residuals = residualsOf(evaluation);
  const merit = meritOf(residuals, sizesOf(data, evaluation), settings);
  const isOverflown = status === 'stalled' && !(Number.isFinite(merit) && Number.isFinite(objective));
  return { status: isOverflown ? 'diverged' : status, x, y, z, objective, iterations, residuals, merit };
}
