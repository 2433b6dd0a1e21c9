import type { Interruptible } from '../event-loop.ts';
import type { HomotopyCall } from '../kernels.ts';
import type { Job } from '../queue.ts';
import { Factor } from './factor.ts';
import { appendFeature, followStage } from './stage.ts';
import { addColumn, dot, type Walk } from './walk.ts';

/** A stage makes progress if it lowers the violation to this share of the least so far, or less. */
const PROGRESS = 0.9;
/** The number of stages without progress after which the rest of the violation is taken for rounding. */
const STALE_STAGES = 2;
/** A problem is solved when its violation, relative to maxⱼ‖Xⱼ‖·‖y‖, is at most this. */
const SOLVED = Number.EPSILON;

/**
 * Solves Lasso problems by a homotopy; see HomotopyCall.
 * @param isCutShort whether the remaining problems keep the coefficients that they have
 */
export function* homotopy(call: HomotopyCall, slots: readonly Float64Array[], isCutShort: () => boolean): Job {
  const { rows, features, groups, batch, capacity } = call;
  const [columns, y, penalty, ridge, initial] = call.inputs.map((slot) => slots[slot]);
  const out = slots[call.output];
  const length = batch / groups;
  for (let group = 0; group < groups; group++) {
    const own = columns.subarray(group * features * rows, (group + 1) * features * rows);
    const walk: Walk = {
      rows,
      features,
      capacity,
      columns: own,
      squares: Float64Array.from({ length: features }, (_, j) => dot(own, j * rows, own, j * rows, rows)),
      y: new Float64Array(rows),
      penalty: new Float64Array(features),
      ridge: Number.NaN,
      beta: new Float64Array(features),
      signs: new Int8Array(features),
      used: [],
      factor: new Factor(),
      correlation: new Float64Array(features),
    };
    for (let problem = group * length; problem < (group + 1) * length; problem++) {
      const of = (from: Float64Array, size: number): Float64Array =>
        from.subarray(problem * size, (problem + 1) * size);
      beginProblem(walk, of(y, rows), of(initial, features), ridge[problem]);
      walk.penalty = of(penalty, features);
      const steps = yield* runStages(walk, call.limit, isCutShort);
      out.set([...walk.beta, steps, gapOf(walk)], problem * (features + 2));
    }
  }
}

/**
 * Starts from the solution of the problem before, if that has the same y and ρ and `initial` is 0; otherwise from
 * `initial`.
 */
function beginProblem(walk: Walk, y: Float64Array, initial: Float64Array, ridge: number): void {
  const isSame = walk.ridge === ridge && y.every((value, row) => value === walk.y[row]);
  walk.y = y;
  if (isSame && initial.every((value) => value === 0)) return;
  walk.ridge = ridge;
  walk.signs.fill(0);
  walk.used.length = 0;
  walk.factor.clear();
  for (const [j, value] of initial.entries()) {
    const isUsed = value !== 0 && appendFeature(walk, j, Math.sign(value), 0);
    walk.beta[j] = isUsed ? value : 0;
  }
}

/** Runs stages until g = t∘sign on A, the features in use, and |g| ≤ t elsewhere. @returns the number of steps */
function* runStages(walk: Walk, limit: number, isCutShort: () => boolean): Interruptible<number> {
  const { rows, squares, y } = walk;
  const rounding = SOLVED * Math.sqrt(squares.reduce((a, b) => Math.max(a, b), 0) * dot(y, 0, y, 0, rows));
  let steps = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let stage = 0, stale = 0; steps < limit && stale < STALE_STAGES; stage++) {
    correlate(walk);
    const violated = violation(walk);
    if (!(violated > rounding)) break;
    if (isCutShort()) break;
    const taken = yield* followStage(walk, stage, limit - steps);
    steps += taken;
    stale = violated < PROGRESS * best || taken > 1 ? 0 : stale + 1;
    best = Math.min(best, violated);
  }
  return steps;
}

/** Computes g from β. @returns the residual y − Xβ */
function correlate(walk: Walk): Float64Array {
  const { rows, features, columns, y, beta, ridge, used, correlation } = walk;
  const residual = y.slice();
  for (const j of used) addColumn(walk, residual, j, -beta[j]);
  for (let j = 0; j < features; j++) correlation[j] = dot(columns, j * rows, residual, 0, rows) - ridge * beta[j];
  return residual;
}

/** The largest |g − t∘sign| on A, the features in use, and |g| − t elsewhere. */
function violation({ correlation, penalty, signs }: Walk): number {
  return correlation.reduce((largest, g, j) => {
    const own = signs[j] === 0 ? Math.abs(g) - penalty[j] : Math.abs(g - signs[j] * penalty[j]);
    return Math.max(largest, own);
  }, 0);
}

/**
 * The duality gap relative to the objective at β = 0. With r = y − Xβ and α = min(1, min tⱼ/|gⱼ|), it is
 *   ½‖r‖² + Σ tⱼ|βⱼ| + ½ρ‖β‖² − α⟨y, r⟩ + ½α²(‖r‖² + ρ‖β‖²).
 */
function gapOf(walk: Walk): number {
  const { rows, features, y, beta, penalty, ridge, correlation } = walk;
  const r = correlate(walk);
  const quadratic = dot(r, 0, r, 0, rows) + ridge * dot(beta, 0, beta, 0, features);
  const l1 = beta.reduce((sum, value, j) => sum + penalty[j] * Math.abs(value), 0);
  const excess = correlation.reduce(
    (most, g, j) => (penalty[j] > 0 ? Math.max(most, Math.abs(g) / penalty[j]) : most),
    1,
  );
  const atZero = dot(y, 0, y, 0, rows) / 2;
  if (atZero === 0) return 0;
  return (quadratic / 2 + l1 - dot(y, 0, r, 0, rows) / excess + quadratic / (2 * excess ** 2)) / atZero;
}
