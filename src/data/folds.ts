import { createArgumentError, INDEX } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { random } from './random.ts';

/** A partition of rows into folds, each of which is held out once. */
export interface Folds {
  /** The number of folds. */
  readonly folds: number;
  /** The number of rows. */
  readonly count: number;
  /** The fold, from 0, in which each row is held out. */
  readonly foldOf: Int32Array;
  /** folds × count, row-major: 1 where the row is used for training, 0 where it is held out. */
  readonly training: Uint8Array;
  /** folds × count, row-major: 1 where the row is held out, else 0. Each column contains a single 1. */
  readonly heldOut: Uint8Array;
}

/** Options of `foldMasks` and `crossValidation`. */
export interface FoldOptions {
  /** The number of folds, an integer from 2 to the number of rows (which holds out each row alone). Default 5. */
  folds?: number;
  /** Seed of the random partition, an integer from 0. Default 0. */
  seed?: number;
}

/** The largest number of elements in a typed array. */
const MAXIMUM_NUMBERS = 2 ** 32;

/**
 * Partitions `count` rows into folds at random, for k-fold cross-validation (M. Stone, 1974; S. Geisser, 1975). The
 * sizes of the folds differ by at most one row.
 *
 * @throws RangeError where there are fewer than two rows, or an option is out of range
 */
export function foldMasks(count: number, options?: FoldOptions): Folds {
  const { folds = 5, seed = 0 } = readOptions('foldMasks', options, { folds: 0, seed: INDEX });
  if (!Number.isInteger(count) || count < 2) {
    throw createArgumentError('count', count, 'an integer from 2, for rows to be left when a fold is held out');
  }
  if (!Number.isInteger(folds) || folds < 2 || folds > count) {
    throw createArgumentError('folds', folds, `an integer from 2 to ${count}, the number of rows`);
  }
  if (folds * count > MAXIMUM_NUMBERS)
    throw new RangeError(`count is ${count} and folds is ${folds}; their product may be at most ${MAXIMUM_NUMBERS}`);
  const foldOf = new Int32Array(count);
  for (const [place, row] of random(seed).permutation(count).entries()) foldOf[row] = place % folds;
  const training = new Uint8Array(folds * count).fill(1);
  const heldOut = new Uint8Array(folds * count);
  for (const [row, fold] of foldOf.entries()) {
    training[fold * count + row] = 0;
    heldOut[fold * count + row] = 1;
  }
  return { folds, count, foldOf, training, heldOut };
}
