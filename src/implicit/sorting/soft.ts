/** Soft sorting and ranking, by projections onto permutahedra: differentiable where ranks are not. */
import { createArgumentError } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { applyIsotonic, averageBlocks, regressIsotonic } from '../../solvers/isotonic.ts';
import { dot } from '../../solvers/matrices.ts';
import { checkSelection } from '../../tensor/operations.ts';
import { isTensor, type KinkOptions, type Tensor } from '../../tensor/tensor.ts';
import { checkPositiveOrTensor, lastAxes, readNodeArguments } from '../declarative/arguments.ts';
import { isotonicResidual, softRankResidual, softSortResidual } from './equations.ts';
import { type RowFunction, rowNode, toleranceOf } from './row-node.ts';
import type { SortOptions } from './sort.ts';
import { applySorting, sortRow } from './sorted-row.ts';

/** Options of `softRank`. */
export interface SoftRankOptions extends KinkOptions {
  /**
   * ε > 0, in units of x: a number, or a tensor [1], which gets a gradient. For small ε the result is the hard one, and for
   * large ε all numbers of it are alike. Default 1.
   */
  strength?: number | Tensor;
}

/** Options of `softSort`. */
export interface SoftSortOptions extends SoftRankOptions, Pick<SortOptions, 'order'> {}

const RANK_OPTIONS: Checks<SoftRankOptions> = { strength: 0, selection: 0 };

/**
 * Replaces each row, along the last axis, by the nearest one that does not increase: argmin ½‖v − x‖² over v₁ ≥ v₂ ≥ …. Its
 * derivative averages blocks. Where two neighbouring blocks have equal means, within 64 units of rounding of the row, both the
 * blocks (J_max) and their union (J_min) are elements. The host computes it, in float64 on every backend.
 * @param x [.., n]
 * @param options.selection q from 0 to 1, which takes (1 − q)·J_min + q·J_max. Default ½
 * @returns of the shape of x. Reading it rejects with a RangeError where a number of x is not finite
 * @throws RangeError if x is no tensor or a scalar, or if an option is wrong
 */
export function isotonicRegression(x: Tensor, options?: KinkOptions): Tensor {
  const what = 'isotonicRegression';
  const { selection } = readOptions(what, options, { selection: 0 } satisfies Checks<KinkOptions>);
  const [n] = lastAxes(`${what}: x`, x, 1);
  const read = readNodeArguments(what, { x: [x, [n]] });
  return rowNode(
    what,
    read,
    n,
    selectionOf(what, selection),
    ([row]) => {
      const isotonic = regressIsotonic(row, toleranceOf(row, read.engine.epsilon));
      const move = (h: Float64Array, q: number): Float64Array => applyIsotonic(isotonic, h, q);
      return {
        row: isotonic.v,
        pull: (c, q) => [move(c, q)],
        push: ([h], q) => (h ? move(h, q) : new Float64Array(n)),
      };
    },
    (rows, [y]) => isotonicResidual(rows, y),
  );
}

/**
 * Sorts each row softly, along the last axis: the point nearest to ρ/ε, ρ = (n, …, 1), among all averages of the orders of
 * the row (M. Blondel et al. 2020). With s the sorted row it is ρ/ε − v(ρ/ε − s) for the isotonic regression v. The derivative is J = B·M, where M
 * sorts and B averages blocks: the kinks are those of `sort` where B does not merge them, and of `isotonicRegression`. The
 * host computes it, in float64 on every backend.
 * @param x [.., n]
 * @param options.selection q from 0 to 1, at kinks: of ties, q·I + (1 − q)·(the reverse), and see `isotonicRegression`. Default ½
 * @returns of the shape of x. Reading it rejects with a RangeError where a number of x is not finite, or ε not > 0
 * @throws RangeError if x is no tensor or a scalar, or if an option is wrong
 */
export function softSort(x: Tensor, options?: SoftSortOptions): Tensor {
  const what = 'softSort';
  const { order = 'descending', ...others } = readOptions(what, options, { order: 0, ...RANK_OPTIONS });
  if (order !== 'descending' && order !== 'ascending') {
    throw createArgumentError(`${what}: order`, order, 'descending or ascending');
  }
  const turn = (row: Float64Array): Float64Array => (order === 'descending' ? row : row.slice().reverse());
  const equation: SoftEquation = (z, given, strength) => softSortResidual(z, given, strength, order === 'ascending');
  return soften(what, x, others, equation, (row, strength, epsilon) => {
    const sorting = sortRow(row, toleranceOf(row, epsilon));
    const weights = ranksOf(row.length, strength);
    const y = weights.map((weight, index) => weight - sorting.sorted[index]);
    const isotonic = regressIsotonic(y, toleranceOf(y, epsilon));
    const { blocks } = isotonic;
    // weights − v, of which the mean of each block is that of the sorted numbers
    const value = combine(subtract(weights, averageBlocks(weights, blocks)), averageBlocks(sorting.sorted, blocks), 1);
    const inStrength = (q: number): Float64Array =>
      subtract(weights, applyIsotonic(isotonic, weights, q)).map((each) => -each / strength);
    return {
      row: turn(value),
      pull: (c, q) => [
        applySorting(sorting, applyIsotonic(isotonic, turn(c), q), q, 'transposed'),
        Float64Array.of(dot(turn(c), inStrength(q))),
      ],
      push: ([h, rate], q) => {
        const moved = applySorting(sorting, h ?? new Float64Array(row.length), q, 'direct');
        return turn(combine(applyIsotonic(isotonic, moved, q), inStrength(q), rate?.[0] ?? 0));
      },
    };
  });
}

/**
 * The soft rank of each number in its row, along the last axis, 1 for the largest: the point nearest to −x/ε among all
 * averages of the orders of (n, …, 1) (M. Blondel et al. 2020). The derivative is −(I − MᵀBM)/ε, where M sorts and B
 * averages blocks; numbers that tie share a block, so that ties are no kinks. Where ε is below the differences of a row, these
 * are the ranks themselves, and the gradient is 0. The host computes it, in float64 on every backend.
 * @param x [.., n]
 * @param options.selection q from 0 to 1, at kinks: see `isotonicRegression`. Default ½
 * @returns of the shape of x. Reading it rejects with a RangeError where a number of x is not finite, or ε not > 0
 * @throws RangeError if x is no tensor or a scalar, or if an option is wrong
 */
export function softRank(x: Tensor, options?: SoftRankOptions): Tensor {
  const what = 'softRank';
  return soften(what, x, readOptions(what, options, RANK_OPTIONS), softRankResidual, (row, strength, epsilon) => {
    const sorting = sortRow(
      row.map((value) => -value),
      0,
    );
    const weights = ranksOf(row.length, 1);
    const sortedZ = withoutWideGaps(sorting.sorted, strength);
    const z = applySorting(sorting, sortedZ, 1, 'transposed');
    const tolerance = Math.min(toleranceOf(row, epsilon) / strength + toleranceOf(weights, epsilon), row.length);
    const isotonic = regressIsotonic(subtract(sortedZ, weights), tolerance);
    const { blocks } = isotonic;
    const centred = subtract(sortedZ, averageBlocks(sortedZ, blocks));
    const sorted = combine(centred, averageBlocks(weights, blocks), 1);
    /** (I − MᵀBM)h */
    const move = (h: Float64Array, q: number): Float64Array => {
      const averaged = applyIsotonic(isotonic, applySorting(sorting, h, 1, 'direct'), q);
      return subtract(h, applySorting(sorting, averaged, 1, 'transposed'));
    };
    return {
      row: applySorting(sorting, sorted, 1, 'transposed'),
      pull: (c, q) => {
        const moved = move(c, q);
        return [moved.map((each) => -each / strength), Float64Array.of(-dot(moved, z) / strength)];
      },
      push: ([h, rate], q) => {
        const moved = combine(h ?? new Float64Array(row.length), z, rate?.[0] ?? 0);
        return move(
          moved.map((each) => -each / strength),
          q,
        );
      },
    };
  });
}

/**
 * Numbers in descending order, divided by ε, from 0 on, with gaps of at most 3n: no block reaches over one wider than n,
 * nor do blocks beside it tie, and within a block only differences count. So large numbers do not hide that others tie.
 */
function withoutWideGaps(sorted: Float64Array, strength: number): Float64Array {
  const n = sorted.length;
  const z = new Float64Array(n);
  let [first, base] = [0, 0];
  for (let at = 1; at < n; at++) {
    if ((sorted[at - 1] - sorted[at]) / strength > 3 * n) [first, base] = [at, z[at - 1] - 3 * n];
    z[at] = base - (sorted[first] - sorted[at]) / strength;
  }
  return z;
}

/** (n, n − 1, …, 1)/ε */
function ranksOf(n: number, strength: number): Float64Array {
  return Float64Array.from({ length: n }, (_, index) => (n - index) / strength);
}

const combine = (a: Float64Array, b: Float64Array, factor: number): Float64Array =>
  a.map((value, index) => value + factor * b[index]);
const subtract = (a: Float64Array, b: Float64Array): Float64Array => combine(a, b, -1);

function selectionOf(what: string, selection: number | undefined): number | undefined {
  return selection === undefined ? undefined : checkSelection(what, selection);
}

/** 0 at the rows. */
type SoftEquation = (rows: Tensor, x: Tensor, strength: Tensor | number) => Tensor;

/** A function of rows and of the strength, whose gradient is there for both. */
function soften(
  what: string,
  x: Tensor,
  { strength = 1, selection }: SoftRankOptions,
  equation: SoftEquation,
  compute: (row: Float64Array, strength: number, epsilon: number) => RowFunction,
): Tensor {
  const [n] = lastAxes(`${what}: x`, x, 1);
  checkPositiveOrTensor(`${what}: strength`, strength);
  const read = readNodeArguments(what, { x: [x, [n]], strength: isTensor(strength) ? [strength, [1]] : undefined });
  return rowNode(
    what,
    read,
    n,
    selectionOf(what, selection),
    ([row, given]) => {
      const own = given ? given[0] : (strength as number);
      if (!(own > 0)) throw new RangeError(`${what}: strength is ${own}; it must be > 0`);
      const largest = row.reduce((size, value) => Math.max(size, Math.abs(value)), n);
      if (!Number.isFinite((2 * largest) / own)) {
        throw new RangeError(`${what}: strength is ${own}; it is too small for x, which it divides`);
      }
      return compute(row, own, read.engine.epsilon);
    },
    (rows, [given, tensor]) => equation(rows, given, tensor ?? (strength as number)),
  );
}
