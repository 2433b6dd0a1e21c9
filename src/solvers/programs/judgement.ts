/** Whether a point of the scaled program meets the tolerances of the given one. */
import type { Form } from './form.ts';
import type { ProgramResiduals, ProgramSettings } from './problem.ts';
import { type Evaluation, evaluate } from './residuals.ts';

/** A point of the scaled program. */
export interface Point {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A point with its residuals in the given program. */
export interface Judged extends Point {
  readonly evaluation: Evaluation;
  readonly residuals: ProgramResiduals;
  /** The largest residual relative to its tolerance: at most 1 where the point meets them. */
  readonly merit: number;
  /** The same, where a residual at its rounding floor counts as met. */
  readonly floorMerit: number;
  /** The rounding error of the dual residual in plain float64, relative to the tolerance. */
  readonly coarseness: number;
}

/** Half of a unit in the last place of 1. */
const UNIT = 2 ** -53;
/** A sum of terms is met to this many of their rounding units by an iteration in float64. */
const FLOOR_UNITS = 4;

export function judge(form: Form, point: Point, { absolute, relative }: ProgramSettings): Judged {
  const { variables, rows, cost } = form.scaling;
  const evaluation = evaluate(form, point.x, point.y);
  const { z, primal, dual, Px, Aty, misplaced } = evaluation;
  const residuals = { primal: 0, dual: 0, gap: Math.abs(evaluation.gap) / cost };
  const sizes = { primal: 0, dual: 0, gap: evaluation.gapSize / cost };
  for (let i = 0; i < form.m; i++) {
    residuals.primal = larger(residuals.primal, primal[i] / rows[i]);
    residuals.dual = larger(residuals.dual, (Math.abs(misplaced[i]) * rows[i]) / cost);
    sizes.primal = larger(sizes.primal, Math.abs(z[i]) / rows[i]);
  }
  for (let j = 0; j < form.n; j++) {
    const factor = 1 / (cost * variables[j]);
    residuals.dual = larger(residuals.dual, Math.abs(dual[j]) * factor);
    sizes.dual = larger(sizes.dual, Math.max(Math.abs(Px[j]), Math.abs(form.q[j]), Math.abs(Aty[j])) * factor);
  }
  const floors = { primal: UNIT * sizes.primal, dual: UNIT * sizes.dual, gap: (UNIT * evaluation.gapTerms) / cost };
  let merit = 0;
  let floorMerit = 0;
  for (const kind of ['primal', 'dual', 'gap'] as const) {
    const tolerance = absolute + relative * sizes[kind];
    if (residuals[kind] === 0) continue;
    merit = larger(merit, residuals[kind] / tolerance);
    floorMerit = larger(floorMerit, residuals[kind] / Math.max(tolerance, FLOOR_UNITS * floors[kind]));
  }
  const coarseness = dualRounding(form, point, evaluation) / (absolute + relative * sizes.dual);
  return { ...point, evaluation, residuals, merit, floorMerit, coarseness };
}

/** Half a unit in the last place of Σ|terms| of the dual residual, in the given program. */
function dualRounding({ n, A, q, scaling }: Form, { y }: Point, { Px }: Evaluation): number {
  let result = 0;
  for (let j = 0; j < n; j++) {
    let terms = Math.abs(Px[j]) + Math.abs(q[j]);
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) terms += Math.abs(A.values[k] * y[A.indices[k]]);
    result = Math.max(result, (UNIT * terms) / (scaling.cost * scaling.variables[j]));
  }
  return result;
}

/** The larger number; NaN if one is NaN. */
function larger(first: number, second: number): number {
  return first > second || Number.isNaN(first) ? first : second;
}
