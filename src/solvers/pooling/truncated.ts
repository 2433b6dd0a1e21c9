/** Robust pooling with the truncated quadratic: the least of the minima of all windows of width 2α. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { PENALTIES } from './penalties.ts';
import { type PoolingData, type PoolingMinimum, sumOver } from './problem.ts';

interface Candidate {
  readonly y: number;
  readonly value: number;
}

/**
 * A minimiser is the mean of the numbers that are nearer to it than α, which are neighbours in order. All such sets are
 * tried, so that the minimum is the least of all.
 * @param near how much more than the least a value may be, relative to Σwᵢ·½α², to be told
 */
export function* minimiseTruncated(data: PoolingData, near: number): Interruptible<PoolingMinimum> {
  const sorted = sortByPosition(data);
  const { x, weights, scale } = sorted;
  const n = x.length;
  const breaks = Float64Array.from({ length: 2 * n }, (_, at) => (at < n ? x[at] - scale : x[at - n] + scale)).sort();
  const objective = (y: number): number =>
    sumOver(n, (index) => weights[index] * PENALTIES.truncated.value(y - x[index], scale));
  const minima: Candidate[] = [];
  let [first, end] = [0, 0];
  for (let at = 0; at + 1 < breaks.length; at++) {
    const middle = breaks[at] + 0.5 * (breaks[at + 1] - breaks[at]);
    while (end < n && x[end] < middle + scale) end += 1;
    while (first < end && x[first] <= middle - scale) first += 1;
    if (first === end) continue;
    const y = meanOf(sorted, first, end);
    if (isMinimum(sorted, first, end, y)) minima.push({ y, value: objective(y) });
    yield;
  }
  const unit = 0.5 * scale * scale * sumOver(n, (index) => weights[index]);
  return { ...chooseLeast(minima, unit, near, 1e-7 * scale), iterations: breaks.length };
}

/** The numbers that count, in ascending order. */
function sortByPosition({ x, weights, scale }: PoolingData): PoolingData {
  const order = Array.from(x.keys())
    .filter((index) => weights[index] > 0)
    .sort((a, b) => x[a] - x[b]);
  return {
    x: Float64Array.from(order, (index) => x[index]),
    weights: Float64Array.from(order, (index) => weights[index]),
    scale,
  };
}

function meanOf({ x, weights }: PoolingData, first: number, end: number): number {
  let [total, moved] = [0, 0];
  for (let index = first; index < end; index++) {
    total += weights[index];
    moved += weights[index] * (x[index] - x[first]);
  }
  return x[first] + moved / total;
}

/** Whether the numbers of a window are those nearer to their mean than α, up to rounding. */
function isMinimum({ x, scale }: PoolingData, first: number, end: number, y: number): boolean {
  const wide = scale * (1 + 8 * Number.EPSILON);
  const isAround = y - x[first] < wide && x[end - 1] - y < wide;
  const isFirst = first === 0 || y - x[first - 1] > scale * (1 - 8 * Number.EPSILON);
  return isAround && isFirst && (end === x.length || x[end] - y > scale * (1 - 8 * Number.EPSILON));
}

/**
 * The least of several minima, with the best of those that are apart from it by more than `apart` and nearly as low.
 * @param unit by which differences of values are divided
 */
export function chooseLeast(
  minima: readonly Candidate[],
  unit: number,
  near: number,
  apart: number,
): Omit<PoolingMinimum, 'iterations'> {
  const best = minima.reduce((a, b) => (b.value < a.value ? b : a));
  const others = minima.filter(({ y, value }) => Math.abs(y - best.y) > apart && value - best.value <= near * unit);
  if (others.length === 0) return { y: best.y };
  const rival = others.reduce((a, b) => (b.value < a.value ? b : a));
  return { y: best.y, rival: { y: rival.y, excess: (rival.value - best.value) / unit } };
}
