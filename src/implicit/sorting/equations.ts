/**
 * The equations that isotonic regression and soft sorting solve, in operations that a tape follows: functions that call
 * them find their kinks by these.
 */
import { concat, gather, slice } from '../../tensor/arrange.ts';
import { elementwise } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { reduceLastAxis } from '../projections/threshold.ts';
import { sortingMatrix } from './rank.ts';
import { sort } from './sort.ts';

/**
 * v is the isotonic regression of y where min(λᵢ, vᵢ − vᵢ₊₁) = 0 for λᵢ = Σ_{j≤i}(vⱼ − yⱼ), i < n, and λₙ = 0. A kink is where
 * both are 0: there two blocks meet, and its elements go from the merged to the split ones.
 * @param change v − y, [batch, n]
 * @param gaps vᵢ − vᵢ₊₁, [batch, n − 1]; undefined for n = 1
 * @param sizes numbers as large as those of y: the rounding of these is that of a kink
 */
function complementarity(change: Tensor, gaps: Tensor | undefined, sizes: Tensor): Tensor {
  if (!gaps) return change;
  const [batch, n] = change.shape;
  const upper = Float64Array.from({ length: n * n }, (_, at) => Number(Math.floor(at / n) <= at % n));
  const sums = change.matmul(change.context.upload(upper, [n, n], change));
  const multipliers = slice(sums, [0, 0], [batch, n - 1]);
  // A pair beside those that may tie, which differ by twice the largest size, so that rounding is relative to that.
  const largest = reduceLastAxis('maximumAbsolute', sizes);
  const least = concat([multipliers, largest], 1).minimum(concat([gaps, elementwise('scale', [largest], [-1, 0])], 1));
  return concat([slice(least, [0, 0], [batch, n - 1]), slice(sums, [0, n - 1], [batch, 1])], 1);
}

/** x₁ − x₂, x₂ − x₃, …: [batch, n − 1]; undefined for n = 1. */
function gapsOf(x: Tensor): Tensor | undefined {
  const [batch, n] = x.shape;
  if (n === 1) return undefined;
  return slice(x, [0, 0], [batch, n - 1]).sub(slice(x, [0, 1], [batch, n - 1]));
}

/** @param v [batch, n] @param y [.., n] */
export function isotonicResidual(v: Tensor, y: Tensor): Tensor {
  const rows = y.reshape(v.shape);
  return complementarity(v.sub(rows), gapsOf(v), rows);
}

/** z = ρ/ε − v with v the isotonic regression of ρ/ε − s, where s is x in descending order. */
export function softSortResidual(z: Tensor, x: Tensor, strength: Tensor | number, isAscending: boolean): Tensor {
  const n = z.shape[1];
  const places = Array.from({ length: n }, (_, place) => (isAscending ? n - 1 - place : place));
  const descending = gather(z, places, 1);
  const sorted = sort(x.reshape(z.shape));
  const gaps = gapsOf(descending)?.neg();
  const spacing = inverse(strength, z);
  return complementarity(
    sorted.sub(descending),
    gaps?.add(spacing),
    concat([sorted, spacing.mul(sorted.mul(0).add(n))], 1),
  );
}

/**
 * z − r = Pᵀv with v the isotonic regression of Pz − ρ, for z = −x/ε and P which sorts it. P is held: numbers that tie share a
 * block, whatever their order is.
 */
export function softRankResidual(r: Tensor, x: Tensor, strength: Tensor | number): Tensor {
  const n = r.shape[1];
  const z = x.reshape(r.shape).neg().mul(inverse(strength, r));
  const P = sortingMatrix(z);
  const inOrder = (rows: Tensor): Tensor => P.mul(rows.reshape([rows.shape[0], 1, n])).sum(2);
  const weights = r.context.upload(
    Float64Array.from({ length: n }, (_, index) => n - index),
    [1, n],
    r,
  );
  const [sorted, ranks] = [inOrder(z), inOrder(r)];
  const gaps = gapsOf(ranks)?.neg();
  const apart = gapsOf(sorted);
  return complementarity(
    ranks.neg().add(weights),
    gaps && apart && gaps.add(apart),
    concat([sorted, sorted.mul(0).add(n)], 1),
  );
}

/** 1/ε as a tensor [1]. */
function inverse(strength: Tensor | number, like: Tensor): Tensor {
  const { context } = like;
  if (typeof strength === 'number') return context.upload([1 / strength], [1], like);
  return context.upload([1], [1], like).div(strength);
}
