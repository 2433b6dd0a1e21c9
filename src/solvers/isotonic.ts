/** Isotonic regression: the nonincreasing numbers that are nearest to given ones, by pooling adjacent violators. */

/** v with v₁ ≥ v₂ ≥ …, and which numbers have their mean in common. */
export interface Isotonic {
  readonly v: Float64Array;
  /** Where the blocks begin that were found. */
  readonly blocks: readonly number[];
  /** Where the blocks begin that are there for every choice at ties: the largest blocks. */
  readonly merged: readonly number[];
  /** Where the smallest blocks begin. Both are the same away from kinks. */
  readonly split: readonly number[];
}

interface Block {
  readonly start: number;
  readonly count: number;
  readonly sum: number;
}

/** Sums of numbers above this may overflow: they are divided by a power of two, which rounds nothing. */
const [LARGEST, SMALLER] = [2 ** 900, 2 ** 200];

/**
 * Minimises ½‖v − y‖² over v₁ ≥ v₂ ≥ … (M. Ayer et al. 1955). Two neighbouring blocks of equal means may be one or two:
 * that is a kink.
 * @param tolerance the difference of means within which they are equal
 */
export function regressIsotonic(y: Float64Array, tolerance: number): Isotonic {
  if (y.some((value) => Math.abs(value) > LARGEST)) {
    const { v, ...blocks } = regressIsotonic(
      y.map((value) => value / SMALLER),
      tolerance / SMALLER,
    );
    return { v: v.map((value) => value * SMALLER), ...blocks };
  }
  const blocks: Block[] = [];
  for (const [start, value] of y.entries()) {
    let block: Block = { start, count: 1, sum: value };
    for (let last = blocks.at(-1); last && meanOf(last) < meanOf(block); last = blocks.at(-1)) {
      block = { start: last.start, count: last.count + block.count, sum: last.sum + block.sum };
      blocks.pop();
    }
    blocks.push(block);
  }
  const v = new Float64Array(y.length);
  for (const block of blocks) v.fill(meanOf(block), block.start, block.start + block.count);
  const merged = blocks
    .filter((block, at) => at === 0 || meanOf(blocks[at - 1]) - meanOf(block) > tolerance)
    .map(({ start }) => start);
  const split = blocks.flatMap((block) => [block.start, ...tiesWithin(y, block, tolerance)]);
  return { v, blocks: blocks.map(({ start }) => start), merged, split };
}

const meanOf = ({ sum, count }: Block): number => sum / count;

/** Where a block may be split, since what is before has the mean of the whole. */
function tiesWithin(y: Float64Array, block: Block, tolerance: number): number[] {
  const { start, count } = block;
  const ties: number[] = [];
  let sum = 0;
  for (let length = 1; length < count; length++) {
    sum += y[start + length - 1];
    if (Math.abs(sum / length - meanOf(block)) <= tolerance) ties.push(start + length);
  }
  return ties;
}

/** The mean of each block in place of its numbers. @param starts where the blocks begin */
export function averageBlocks(h: Float64Array, starts: readonly number[]): Float64Array {
  const averaged = new Float64Array(h.length);
  for (const [at, start] of starts.entries()) {
    const end = starts[at + 1] ?? h.length;
    let sum = 0;
    for (let index = start; index < end; index++) sum += h[index];
    let mean = sum / (end - start);
    if (!Number.isFinite(sum)) {
      mean = 0;
      for (let index = start; index < end; index++) mean += h[index] / (end - start);
    }
    averaged.fill(mean, start, end);
  }
  return averaged;
}

/** J·h with J = (1 − q)·J_min + q·J_max, of which the former averages the merged blocks. J is symmetric. */
export function applyIsotonic({ merged, split }: Isotonic, h: Float64Array, q: number): Float64Array {
  const [least, greatest] = [averageBlocks(h, merged), averageBlocks(h, split)];
  return least.map((value, index) => (1 - q) * value + q * greatest[index]);
}
