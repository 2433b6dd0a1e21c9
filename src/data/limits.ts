import { type Check, createArgumentError, OBJECT } from '../arguments/check.ts';
import { findNearestName } from '../arguments/nearest.ts';
import type { Checks } from '../arguments/options.ts';

/** Thrown where the data themselves are wrong, as opposed to the options of a call. The message names the place. */
export class DataError extends Error {
  /** Always 'DataError'. */
  override readonly name = 'DataError';
}

/** Limits above which readers refuse a file, so that a wrong or hostile file cannot fill the memory. */
export interface Limits {
  /** Bytes of a file. Default 2²⁹ (512 MiB). */
  readonly bytes: number;
  /** Bytes of a .gz file after decompression. Default 2²⁹ (512 MiB). */
  readonly decompressedBytes: number;
  /** Rows of a table or images in a file. Default 10 million. */
  readonly rows: number;
  /** Columns of a table, and features after categories have become features. Default 10 000. */
  readonly columns: number;
  /** Numbers in total: rows × features. Default 2²⁸ (1 GiB as float32). */
  readonly values: number;
  /** Different texts in a column of categories. Default 256. */
  readonly categories: number;
  /** Classes of a data set. Default 1000. */
  readonly classes: number;
}

/** Options of all readers. */
export interface LimitOptions {
  /** Limits that replace the defaults. */
  limits?: Partial<Limits>;
}

const LIMITS: Check = (_, value) => void limitsOf({ limits: value as LimitOptions['limits'] });
export const LIMIT_OPTIONS: Checks<LimitOptions> = { limits: LIMITS };

const DEFAULT_LIMITS: Limits = {
  bytes: 2 ** 29,
  decompressedBytes: 2 ** 29,
  rows: 1e7,
  columns: 1e4,
  values: 2 ** 28,
  categories: 256,
  classes: 1000,
};

export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

/** @throws RangeError where a limit has an unknown name or is not a positive number */
export function limitsOf({ limits = {} }: LimitOptions = {}): Limits {
  OBJECT('limits', limits);
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new RangeError(
        `limits.${name} is not a limit; the nearest is ${findNearestName(name, LIMIT_NAMES)}, and all are ${LIMIT_NAMES.join(', ')}`,
      );
    }
    if (!(typeof value === 'number' && value > 0)) throw createArgumentError(`limits.${name}`, value, 'a number > 0');
  }
  return { ...DEFAULT_LIMITS, ...limits };
}

/**
 * @param what a sentence with the count, such as "line 1 has 20000 columns"
 * @param advice an alternative to raising the limit
 * @throws DataError where the count exceeds the limit
 */
export function checkLimit(limits: Limits, name: keyof Limits, count: number, what: string, advice?: string): void {
  if (count <= limits[name]) return;
  throw new DataError(
    `${what}; at most ${limits[name]} are read${advice ? `: ${advice}, or` : ':'} raise limits.${name}`,
  );
}
