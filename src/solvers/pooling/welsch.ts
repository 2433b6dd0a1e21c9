/** Robust pooling with Welsch's penalty: the least of all minima, found by branch and bound. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { findZero } from './convex.ts';
import { type PoolingData, type PoolingMinimum, sumOver } from './problem.ts';
import { chooseLeast } from './truncated.ts';

/** |ρ‴| ≤ 1.3802 in units in which α = 1: the largest of |3d − d³|·exp(−d²/2), at d² = 3 − √6. */
const THIRD = 1.3802;
/** Beyond this many α a number adds less than rounding: exp(−½·9²) = 2.6e-18. */
const REACH = 9;
/** Half the width at which an interval with a flat minimum is no longer divided. */
const NARROW = 2 ** -26;

/** Minima that are nearer to one another than this many α are one that is flat. */
const APART = 1e-4;

interface Minimum {
  readonly y: number;
  readonly value: number;
}

interface Derivatives {
  /** −Σ wᵢexp(−½dᵢ²): the objective but for a constant. */
  readonly value: number;
  readonly first: number;
  readonly second: number;
}

/**
 * Every minimum is within α of one of the numbers, since ρ″ < 0 farther away. These places are divided until an interval
 * is shown to hold no minimum, or none that is as low, or a single one, by the bound of the third derivative.
 * @param near how much more than the least a value may be, relative to Σwᵢ, to be told
 */
export function* minimiseWelsch(data: PoolingData, near: number): Interruptible<PoolingMinimum> {
  const { positions, weights, origin } = normalise(data);
  const total = sumOver(weights.length, (index) => weights[index]);
  const at = (t: number): Derivatives => differentiate(positions, weights, t);
  let best = positions.reduce((least, t) => Math.min(least, at(t).value), Number.POSITIVE_INFINITY);
  const minima: Minimum[] = [];
  const open = intervalsAround(positions);
  let iterations = 0;
  for (let cell = open.pop(); cell; cell = open.pop()) {
    iterations += 1;
    const [low, high] = cell;
    const [centre, half] = [low + 0.5 * (high - low), 0.5 * (high - low)];
    const { value, first, second } = at(centre);
    const bend = THIRD * total * half;
    const fall = Math.abs(first) * half + 0.5 * Math.max(-second, 0) * half * half + (bend * half * half) / 6;
    const hasNoZero = Math.abs(first) > (Math.abs(second) + 0.5 * bend) * half;
    if (hasNoZero || second < -bend || value - fall > best + near * total) continue;
    if (second <= bend && half > NARROW) {
      open.push([low, centre], [centre, high]);
    } else if (at(low).first <= 0 && at(high).first >= 0) {
      const { y } = findZero((t) => [at(t).first, at(t).second], low, high);
      minima.push({ y, value: at(y).value });
      best = Math.min(best, at(y).value);
    } else if (second <= bend) {
      minima.push({ y: centre, value });
      best = Math.min(best, value);
    }
    yield;
  }
  const { y, rival } = chooseLeast(joinFlat(minima, total), total, near, APART);
  const { scale } = data;
  const place = (t: number): number => origin + t * scale;
  return { y: place(y), ...(rival && { rival: { ...rival, y: place(rival.y) } }), iterations };
}

/** Puts the middle in place of points near to one another that are equally low up to rounding: the minimum is flat there. */
function joinFlat(minima: readonly Minimum[], total: number): Minimum[] {
  const joined: Minimum[] = [];
  let flat: Minimum[] = [];
  const end = (): void => {
    if (flat.length > 0) joined.push({ y: 0.5 * (flat[0].y + flat[flat.length - 1].y), value: flat[0].value });
    flat = [];
  };
  for (const minimum of [...minima].sort((a, b) => a.y - b.y)) {
    const before = flat.at(-1);
    const isSame =
      before && minimum.y - before.y <= APART && Math.abs(minimum.value - before.value) <= 8 * Number.EPSILON * total;
    if (!isSame) end();
    flat.push(minimum);
  }
  end();
  return joined;
}

/** The numbers that count in units of α, in ascending order, from the least of them. */
function normalise({ x, weights, scale }: PoolingData): {
  positions: Float64Array;
  weights: Float64Array;
  origin: number;
} {
  const order = Array.from(x.keys())
    .filter((index) => weights[index] > 0)
    .sort((a, b) => x[a] - x[b]);
  const origin = x[order[0]];
  return {
    positions: Float64Array.from(order, (index) => (x[index] - origin) / scale),
    weights: Float64Array.from(order, (index) => weights[index]),
    origin,
  };
}

function differentiate(positions: Float64Array, weights: Float64Array, t: number): Derivatives {
  let [value, first, second] = [0, 0, 0];
  for (let index = firstFrom(positions, t - REACH); index < positions.length; index++) {
    const d = t - positions[index];
    if (d < -REACH) break;
    const term = weights[index] * Math.exp(-0.5 * d * d);
    value -= term;
    first += d * term;
    second += (1 - d * d) * term;
  }
  return { value, first, second };
}

/** The first place in ascending numbers that is not below the limit. */
function firstFrom(positions: Float64Array, limit: number): number {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle] >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Intervals of at most ½ that cover what is within 1 of a position, between the least and the greatest position. */
function intervalsAround(positions: Float64Array): [low: number, high: number][] {
  const last = positions[positions.length - 1];
  const intervals: [number, number][] = [];
  let start = 0;
  for (const position of positions) {
    const [from, to] = [Math.max(position - 1, start), Math.min(position + 1, last)];
    const count = Math.ceil((to - from) * 2);
    for (let part = 0; part < count; part++) {
      intervals.push([from + ((to - from) * part) / count, from + ((to - from) * (part + 1)) / count]);
    }
    start = Math.max(start, to);
  }
  return intervals.length > 0 ? intervals : [[0, 0]];
}
