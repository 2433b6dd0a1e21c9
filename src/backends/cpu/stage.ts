/** A stage of the homotopy, in which widened thresholds shrink to those at the end of the stage; see HomotopyCall. */
import type { Interruptible } from '../event-loop.ts';
import { dot } from './dot.ts';
import { DEPENDENT } from './factor.ts';
import { addColumn, type Walk } from './walk.ts';

/**
 * A stage lowers the largest ratio |gⱼ|/tⱼ outside A to this share of what it was, or to 1, so that only few features
 * are candidates to enter.
 */
const LOWERED = 0.8;
/** The widths of the thresholds differ by up to this share, so that no two features enter at once. */
const APART = 0.05;
const GOLDEN = 0.6180339887498949;
/** The number of idle steps in a row after which a stage ends. The next stage widens the thresholds in another way. */
const IDLE_STEPS = 50;
/** The rounding error of a difference, relative to its terms. */
const ROUNDING = 1e-12;
/** Where a column depends on others, coefficients below this share of the largest are taken for rounding errors. */
const SMALLEST = 1e-5;

/**
 * With q = g − τ·shift: |qⱼ| = tⱼ + τ·widthⱼ on A, the features in use, and ≤ elsewhere. At τ = 1 this holds for the
 * present β.
 */
interface Thresholds {
  readonly width: Float64Array;
  readonly shift: Float64Array;
  readonly q: Float64Array;
  /** The τ at which the stage ends. */
  readonly end: number;
  /**
   * A, and the features that may enter it during the stage: until its end |gⱼ| grows by at most as much as its
   * threshold falls, (1 − end)·widthⱼ (R. Tibshirani et al. 2012).
   */
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

/**
 * Ends a step: the feature at the place `leaving` in A leaves it at β = 0, or the feature `entering` enters A with a
 * sign.
 */
type Event = { readonly leaving: number } | { readonly entering: number; readonly sign: number };

/** The progress of a stage. */
interface Progress {
  tau: number;
  /** Features that depend on those in use, and cannot replace one of them. */
  readonly blocked: Set<number>;
  /** The feature that left in the last step, and the sign of the threshold at which it therefore is. */
  left: { readonly feature: number; readonly sign: number } | undefined;
}

/** Follows the solution from τ = 1 to the end of the stage, in at most `limit` steps. @returns the number of steps */
export function* followStage(walk: Walk, stage: number, limit: number): Interruptible<number> {
  const { used, beta, signs, factor } = walk;
  const at = widenThresholds(walk, stage);
  const progress: Progress = { tau: 1, blocked: new Set(), left: undefined };
  factor.setRightSide(used.map((j) => rateOf(at, j, signs[j])));
  const stageLimit = Math.min(10 * (walk.rows + walk.features), limit);
  for (let step = 1, idle = 0; ; step++) {
    const direction = factor.solveRightSide();
    const slopes = slopesOf(walk, at, direction);
    const { length, event } = findNextEvent(walk, at, progress, direction, slopes);
    for (const [place, j] of used.entries()) beta[j] += length * direction[place];
    for (const [index, j] of at.candidates.entries()) if (signs[j] === 0) at.q[j] += length * slopes[index].slope;
    progress.tau -= length;
    progress.left = undefined;
    idle = length > ROUNDING ? 0 : idle + 1;
    if (!event || step >= stageLimit || idle >= IDLE_STEPS) return step;
    if ('leaving' in event) leave(walk, at, progress, event.leaving);
    else enter(walk, at, progress, event);
    yield;
  }
}

/** How fast the correlation of a feature in use, with this sign, falls with τ. */
function rateOf({ shift, width }: Thresholds, j: number, sign: number): number {
  return shift[j] + sign * width[j];
}

/** The first event along the direction, if there is one before the end of the stage, and its distance in τ. */
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

/** Takes a feature into A: beside the features in use, or in the place of one of them. */
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

/** dq/d(−τ), and a bound on its rounding error. */
interface Slope {
  readonly slope: number;
  readonly rounding: number;
}

/** The slopes shift − Xᵀ(X_A·direction) of the candidates outside A. */
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

/**
 * Appends feature j to A.
 * @param sign the sign of its correlation
 * @param rate how fast that correlation falls with τ
 * @returns false where its column depends on those in use
 */
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
 * The pivot of j with a ridge: the minimum over a of ‖Xⱼ − X_A·a‖² + ρ(1 + ‖a‖²). This sum of positive terms does not
 * lose a small ridge to cancellation, and an error of a changes it in second order only.
 */
function ridgedPivot(walk: Walk, j: number, a: readonly number[]): number {
  const { rows, columns, used, ridge } = walk;
  const rest = columns.slice(j * rows, (j + 1) * rows);
  for (const [place, i] of used.entries()) addColumn(walk, rest, i, -a[place]);
  return dot(rest, 0, rest, 0, rows) + ridge * a.reduce((sum, value) => sum + value * value, 1);
}

/**
 * For a column Xⱼ = X_A·a that depends on those in use: moves along the direction in which βⱼ grows and Xβ stays as it
 * is, until a coefficient in use, βᵢ, becomes 0.
 * @returns the place of i in A, or −1 where there is none without which Xⱼ is independent (its pivot is then
 * aᵢ²/(H⁻¹)ᵢᵢ)
 */
function exchange(walk: Walk, j: number, sign: number): number {
  const { used, beta, signs, factor, squares } = walk;
  const a = factor.applyInverse(productsWith(walk, j));
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
  if (!(a[found] ** 2 > 2 * DEPENDENT * squares[j] * factor.applyInverse(unit)[found])) return -1;
  for (const [place, i] of used.entries()) beta[i] -= length * sign * a[place];
  beta[j] = length * sign;
  return found;
}

function productsWith({ rows, columns, used }: Walk, j: number): number[] {
  return used.map((i) => dot(columns, i * rows, columns, j * rows, rows));
}
