/** A stage of the homotopy, from widened thresholds down to the end of its part of the way; see HomotopyCall. */
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
  /** The features off A that may enter: |g| changes by no more than the thresholds do (R. Tibshirani et al. 2012). */
  readonly candidates: readonly number[];
}

function thresholds({ features, correlation: g, penalty: t, signs }: Walk, stage: number): Thresholds {
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
  const candidates = all.filter((j) => Math.abs(g[j]) + (1 - end) * width[j] >= t[j] + end * width[j]);
  return { width, shift, q: g.slice(), end, candidates };
}

/** What ends a step: a feature leaves A at β = 0 (its place in A is given), or enters it with a sign. */
type Event = { readonly leaving: number } | { readonly entering: number; readonly sign: number };

/** τ from 1 to the end of the stage; returns the number of steps. */
export function follow(walk: Walk, stage: number): number {
  const { used, beta, signs, penalty, factor } = walk;
  const at = thresholds(walk, stage);
  const { width, shift, q, end, candidates } = at;
  const rate = (j: number, sign: number): number => shift[j] + sign * width[j];
  factor.aim(used.map((j) => rate(j, signs[j])));
  const blocked = new Set<number>();
  let left: { feature: number; sign: number } | undefined;
  const leave = (place: number, tau: number): void => {
    const j = used[place];
    q[j] = signs[j] * (penalty[j] + tau * width[j]);
    left = { feature: j, sign: signs[j] };
    leaves(walk, place);
  };
  let tau = 1;
  const most = 10 * (walk.rows + walk.features);
  for (let step = 1, idle = 0; ; step++) {
    const direction = factor.solution();
    const { slopes, rounding } = slopesOf(walk, at, direction);
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
      for (const sign of [1, -1]) {
        const closing = sign * slopes[index] + width[j];
        const isNear = left?.feature === j && left.sign === sign;
        if (isNear || !(closing > rounding[index])) continue;
        const reached = Math.max(penalty[j] + tau * width[j] - sign * q[j], 0) / closing;
        if (reached < length) {
          length = reached;
          event = { entering: j, sign };
        }
      }
    }
    for (const [place, j] of used.entries()) beta[j] += length * direction[place];
    for (const [index, j] of candidates.entries()) if (signs[j] === 0) q[j] += length * slopes[index];
    tau -= length;
    idle = length > ROUNDING ? 0 : idle + 1;
    if (!event || step >= most || idle >= IDLE_STEPS) return step;
    left = undefined;
    if ('leaving' in event) leave(event.leaving, tau);
    else {
      const { entering, sign } = event;
      if (enters(walk, entering, sign, rate(entering, sign))) continue;
      const place = exchange(walk, entering, sign);
      if (place >= 0) leave(place, tau);
      if (place < 0 || !enters(walk, entering, sign, rate(entering, sign))) blocked.add(entering);
    }
  }
}

/** dq/d(−τ) of the candidates, off A: shift − Xᵀ(X_A·direction); and what of it, beside the width, is rounding. */
function slopesOf(
  walk: Walk,
  { candidates, shift, width }: Thresholds,
  direction: readonly number[],
): { readonly slopes: number[]; readonly rounding: number[] } {
  const { rows, columns, used, signs, squares } = walk;
  const moved = new Float64Array(rows);
  for (const [place, j] of used.entries()) addColumn(walk, moved, j, direction[place]);
  const size = Math.sqrt(dot(moved, 0, moved, 0, rows));
  return {
    slopes: candidates.map((j) => (signs[j] === 0 ? shift[j] - dot(columns, j * rows, moved, 0, rows) : 0)),
    rounding: candidates.map((j) => ROUNDING * (Math.sqrt(squares[j]) * size + Math.abs(shift[j]) + width[j])),
  };
}

/** False where the column depends on those in use. */
export function enters(walk: Walk, j: number, sign: number, rate: number): boolean {
  const { used, signs, factor, squares, ridge, capacity } = walk;
  if (used.length === capacity) return false;
  if (!factor.append(productsWith(walk, j), squares[j] + ridge, rate)) return false;
  used.push(j);
  signs[j] = sign;
  return true;
}

function leaves({ used, beta, signs, factor }: Walk, place: number): void {
  const [j] = used.splice(place, 1);
  beta[j] = 0;
  signs[j] = 0;
  factor.remove(place);
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
