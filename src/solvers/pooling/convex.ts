/** Robust pooling with a convex penalty: a zero of Σ wᵢρ′(y − xᵢ), which does not decrease in y. */
import { PENALTIES } from './penalties.ts';
import { type PoolingData, type PoolingMinimum, sumOver } from './problem.ts';

/** The weighted mean. */
export function minimiseQuadratic({ x, weights }: PoolingData): PoolingMinimum {
  const total = sumOver(x.length, (index) => weights[index]);
  const first = x[0];
  // Differences from one of the numbers lose nothing where all of them are large and near to each other.
  const y = first + sumOver(x.length, (index) => (weights[index] / total) * (x[index] - first));
  return { y, iterations: 1 };
}

/**
 * The derivative is linear between the points xᵢ ± α, so that the minimiser is found exactly. Where the minimisers are
 * an interval, the answer is its middle.
 */
export function minimiseHuber({ x, weights, scale }: PoolingData): PoolingMinimum {
  const n = x.length;
  const breaks = Float64Array.from({ length: 2 * n }, (_, at) => (at < n ? x[at] - scale : x[at - n] + scale)).sort();
  const slope = (y: number): number =>
    sumOver(n, (index) => weights[index] * PENALTIES.huber.first(y - x[index], scale));
  const total = sumOver(n, (index) => weights[index]);
  const rounding = 4 * Math.sqrt(n) * Number.EPSILON * total * scale;
  const [first, tried] = searchFirst(breaks.length, (at) => slope(breaks[at]) >= -rounding);
  const [beyond, more] = searchFirst(breaks.length, (at) => slope(breaks[at]) > rounding);
  const iterations = tried + more;
  if (beyond > first) {
    const [low, high] = [breaks[first], breaks[beyond - 1]];
    return high > low ? { y: low + 0.5 * (high - low), length: high - low, iterations } : { y: low, iterations };
  }
  const [low, high] = [breaks[first - 1], breaks[first]];
  return { y: solveLinearPiece({ x, weights, scale }, low, high), iterations };
}

/** The zero of the derivative between two neighbouring points at which it bends. */
function solveLinearPiece({ x, weights, scale }: PoolingData, low: number, high: number): number {
  const middle = low + 0.5 * (high - low);
  let [within, pull] = [0, 0];
  for (let index = 0; index < x.length; index++) {
    const residual = middle - x[index];
    if (Math.abs(residual) <= scale) within += weights[index];
    pull -= weights[index] * PENALTIES.huber.first(residual, scale);
  }
  return within > 0 ? Math.min(Math.max(middle + pull / within, low), high) : middle;
}

/** The least index from 0 at which a condition holds, which then holds beyond, and how often it was evaluated. */
function searchFirst(count: number, holds: (index: number) => boolean): [index: number, tried: number] {
  let [low, high, tried] = [0, count, 0];
  while (low < high) {
    const middle = (low + high) >> 1;
    tried += 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return [low, tried];
}

/** Newton's method on the derivative of a strictly convex objective, from Huber's minimiser, kept within a bracket. */
export function minimisePseudoHuber(data: PoolingData): PoolingMinimum {
  const { x, weights, scale } = data;
  const { first, second } = PENALTIES['pseudo-huber'];
  const total = (y: number, of: typeof first): number =>
    sumOver(x.length, (index) => weights[index] * of(y - x[index], scale));
  const inside = x.filter((_, index) => weights[index] > 0);
  return findZero(
    (y) => [total(y, first), total(y, second)],
    inside.reduce((a, b) => Math.min(a, b)),
    inside.reduce((a, b) => Math.max(a, b)),
    minimiseHuber(data).y,
  );
}

const LIMIT = 200;

/**
 * A zero of a function that is ≤ 0 at `low` and ≥ 0 at `high`: Newton's method, or bisection where that leaves the
 * bracket.
 * @param evaluate the function and its derivative
 * @param start default: the middle
 */
export function findZero(
  evaluate: (y: number) => readonly [value: number, slope: number],
  low: number,
  high: number,
  start = low + 0.5 * (high - low),
): { readonly y: number; readonly iterations: number } {
  let [from, to] = [low, high];
  let y = Math.min(Math.max(start, low), high);
  for (let iterations = 1; iterations <= LIMIT; iterations++) {
    const [value, slope] = evaluate(y);
    if (value === 0 || to <= from) return { y, iterations };
    if (value < 0) from = y;
    else to = y;
    const step = value / slope;
    const next = y - step;
    if (next > from && next < to) {
      if (next === y || Math.abs(step) <= 0.5 * Number.EPSILON * Math.abs(y)) return { y: next, iterations };
      y = next;
      continue;
    }
    const middle = from + 0.5 * (to - from);
    if (middle === from || middle === to) return { y, iterations };
    y = middle;
  }
  return { y, iterations: LIMIT };
}
