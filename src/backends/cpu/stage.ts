/** A stage of the homotopy, from widened thresholds down to the end of its part of the way; see HomotopyCall. */
import type { Interruptible } from '../event-loop.ts';
import { DEPENDENT } from './factor.ts';
import { addColumn, dot, type Walk } from './walk.ts';

/** Every stage lowers what exceeds the thresholds by this factor, so that few features need to be looked at. */
const LOWERED = 0.8;
/** Thresholds are moved apart by up to this share of their way, so that no two features enter at once. */
const APART = 0.05;
const GOLDEN = 0.6180339887498949;
/** Steps in a row that lead nowhere after which a stage ends, for the next to set the thresholds apart in another way. */
const IDLE_STEPS = 50;
/** What of a difference is rounding, relative to its terms. */
const ROUNDING = 1e-12;
/** Coefficients of a dependent column below this share of the largest are rounding. */
const SMALLEST = 1e-5;

/** |qⱼ| ≤ tⱼ + τ·widthⱼ off A and = there, with q = g − τ·shift: holds at τ = 1 as β is. */
interface Thresholds {
  readonly width: Float64Array;
  readonly shift: Float64Array;
  readonly q: Float64Array;
  /** τ at which the stage ends. */
  readonly end: number;
  /** Those off A that may enter, since |g| changes by no more than the thresholds do (R. Tibshirani et al. 2012), and A. */
  readonly candidates: readonly number[];
}

function widenThresholds({ features, correlation: g, penalty: t, signs }: Walk, stage: number): Thresholds {
  const all = Array.from({ length: features }, (_, j) => j);
  const excess = all.reduce(
    (most, j) => (signs[j] === 0 && t[j] > 0 ? Math.max(most, Math.abs(g[j]) / t[j] - 1) : most),
    0,
  );
  const end = excess === 0 ? 0 : Math.max(0, (LOWERED * (1 + excess) - 1) / excess);
  const width = new Float64Array(features);
  const shift = new Float64Array(features);
  for (const j of all) {
    const rest = g[j] - signs[j] * t[j];
    const apart = 1 + APART * (((j + 1) * (stage + 1) * GOLDEN) % 1);
    if (signs[j] === 0) width[j] = apart * (t[j] > 0 ? excess * t[j] : Math.abs(g[j]));
    else width[j] = Math.max(signs[j] * rest, 0);
    if (signs[j] !== 0) shift[j] = rest - signs[j] * width[j];
  }
  const candidates = all.filter(
    (j) => signs[j] !== 0 || Math.abs(g[j]) + (1 - end) * width[j] >= t[j] + end * width[j],
  );
  return { width, shift, q: g.slice(), end, candidates };
}

/** What ends a step: a feature leaves A at β = 0 (its place in A is given), or enters it with a sign. */
type Event = { readonly leaving: number } | { readonly entering: number; readonly sign: number };

/** How far a stage has come. */
interface Progress {
  tau: number;
  /** Features that depend on those in use, and cannot take the place of one. */
  readonly blocked: Set<number>;
  /** The feature that has just left, and at which of its thresholds it is therefore. */
  left: { readonly feature: number; readonly sign: number } | undefined;
}

/** τ from 1 to the end of the stage, or as far as `limit` steps lead; returns the number of steps. */
export function* followStage(walk: Walk, stage: number, limit: number): Interruptible<number> {
  const { used, beta, signs, factor } = walk;
  const at = widenThresholds(walk, stage);
  const progress: Progress = { tau: 1, blocked: new Set(), left: undefined };
  factor.setRightSide(used.map((j) => rateOf(at, j, signs[j])));
  const most = Math.min(10 * (walk.rows + walk.features), limit);
  for (let step = 1, idle = 0; ; step++) {
    const direction = factor.solveRightSide();
    const slopes = slopesOf(walk, at, direction);
    const { length, event } = findNextEvent(walk, at, progress, direction, slopes);
    for (const [place, j] of used.entries()) beta[j] += length * direction[place];
    for (const [index, j] of at.candidates.entries()) if (signs[j] === 0) at.q[j] += length * slopes[index].slope;
    progress.tau -= length;
    progress.left = undefined;
    idle = length > ROUNDING ? 0 : idle + 1;
    if (!event || step >= most || idle >= IDLE_STEPS) return step;
    if ('leaving' in event) leave(walk, at, progress, event.leaving);
    else enter(walk, at, progress, event);
    yield;
  }
}

/** How fast the correlation of a feature in use falls with τ. */
function rateOf({ shift, width }: Thresholds, j: number, sign: number): number {
  return shift[j] + sign * width[j];
}

/** The first one on the way along the direction, or none before the end of the stage; and how far it is, in τ. */
function findNextEvent(
  { used, beta, signs, penalty }: Walk,
  { width, q, end, candidates }: Thresholds,
  { tau, blocked, left }: Progress,
  direction: readonly number[],
  slopes: readonly Slope[],
): { readonly length: number; readonly event: Event | undefined } {
  let length = tau - end;
  let event: Event | undefined;
  for (const [place, j] of used.entries()) {
    if (signs[j] * direction[place] < 0 && -beta[j] / direction[place] < length) {
      length = -beta[j] / direction[place];
      event = { leaving: place };
    }
  }
  for (const [index, j] of candidates.entries()) {
    if (signs[j] !== 0 || blocked.has(j)) continue;
    const { slope, rounding } = slopes[index];
    for (const sign of [1, -1]) {
      const closing = sign * slope + width[j];
      const isThere = left?.feature === j && left.sign === sign;
      if (isThere || !(closing > rounding)) continue;
      const reached = Math.max(penalty[j] + tau * width[j] - sign * q[j], 0) / closing;
      if (reached < length) {
        length = reached;
        event = { entering: j, sign };
      }
    }
  }
  return { length, event };
}

function leave(walk: Walk, { q, width }: Thresholds, progress: Progress, place: number): void {
  const { used, beta, signs, factor, penalty } = walk;
  const [j] = used.splice(place, 1);
  progress.left = { feature: j, sign: signs[j] };
  q[j] = signs[j] * (penalty[j] + progress.tau * width[j]);
  beta[j] = 0;
  signs[j] = 0;
  factor.remove(place);
}

/** Beside the features in use, or in the place of one. */
function enter(
  walk: Walk,
  at: Thresholds,
  progress: Progress,
  { entering, sign }: { readonly entering: number; readonly sign: number },
): void {
  const rate = rateOf(at, entering, sign);
  if (appendFeature(walk, entering, sign, rate)) return;
  const place = exchange(walk, entering, sign);
  if (place >= 0) leave(walk, at, progress, place);
  if (place < 0 || !appendFeature(walk, entering, sign, rate)) progress.blocked.add(entering);
}

/** dq/d(−τ), and what of it is rounding. */
interface Slope {
  readonly slope: number;
  readonly rounding: number;
}

/** Of the candidates off A: shift − Xᵀ(X_A·direction). */
function slopesOf(walk: Walk, { candidates, shift, width }: Thresholds, direction: readonly number[]): Slope[] {
  const { rows, columns, used, signs, squares } = walk;
  const moved = new Float64Array(rows);
  for (const [place, j] of used.entries()) addColumn(walk, moved, j, direction[place]);
  const size = Math.sqrt(dot(moved, 0, moved, 0, rows));
  return candidates.map((j) => ({
    slope: signs[j] === 0 ? shift[j] - dot(columns, j * rows, moved, 0, rows) : 0,
    rounding: ROUNDING * (Math.sqrt(squares[j]) * size + Math.abs(shift[j]) + width[j]),
  }));
}

/** False where the column depends on those in use. */
export function appendFeature(walk: Walk, j: number, sign: number, rate: number): boolean {
  const { used, signs, factor, squares, ridge, capacity } = walk;
  if (used.length === capacity) return false;
  const pivot = (a: readonly number[]): number => ridgedPivot(walk, j, a);
  if (!factor.append(productsWith(walk, j), squares[j] + ridge, rate, ridge > 0 ? pivot : undefined)) return false;
  used.push(j);
  signs[j] = sign;
  return true;
}

/**
 * The pivot of j with a ridge, min over a of ‖Xⱼ − X_A·a‖² + ρ(1 + ‖a‖²): a sum, which a small ridge is not lost in, of a form that is
 * stationary in a.
 */
function ridgedPivot(walk: Walk, j: number, a: readonly number[]): number {
  const { rows, columns, used, ridge } = walk;
  const rest = columns.slice(j * rows, (j + 1) * rows);
  for (const [place, i] of used.entries()) addColumn(walk, rest, i, -a[place]);
  return dot(rest, 0, rest, 0, rows) + ridge * a.reduce((sum, value) => sum + value * value, 1);
}

/**
 * Xⱼ = X_A·a: βⱼ grows in the place of those in use, Xβ staying as it is, until one of them, i, is 0; returns its place, or −1
 * where there is none. Without it the pivot of j is aᵢ²/(H⁻¹)ᵢᵢ.
 */
function exchange(walk: Walk, j: number, sign: number): number {
  const { used, beta, signs, factor, squares } = walk;
  const a = factor.solve(productsWith(walk, j));
  const smallest = SMALLEST * a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let found = -1;
  let length = Number.POSITIVE_INFINITY;
  for (const [place, i] of used.entries()) {
    if (sign * a[place] * signs[i] > smallest && Math.abs(beta[i] / a[place]) < length) {
      length = Math.abs(beta[i] / a[place]);
      found = place;
    }
  }
  if (found < 0) return found;
  const unit = used.map((_, place) => Number(place === found));
  if (!(a[found] ** 2 > 2 * DEPENDENT * squares[j] * factor.solve(unit)[found])) return -1;
  for (const [place, i] of used.entries()) beta[i] -= length * sign * a[place];
  beta[j] = length * sign;
  return found;
}

function productsWith({ rows, columns, used }: Walk, j: number): number[] {
  return used.map((i) => dot(columns, i * rows, columns, j * rows, rows));
}
