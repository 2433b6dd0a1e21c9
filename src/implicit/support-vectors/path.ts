/** The path of a support vector machine: solutions for a range of costs. */
import { createArgumentCheck, createArgumentError, isList } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { checkCount, checkPositive } from '../options.ts';
import { SUPPORT_VECTOR_OPTIONS, type SupportVectorOptions } from './options.ts';
import { smallestSupportVectorCost } from './smallest-cost.ts';
import { type SupportVectorSolution, supportVectorMachine } from './support-vector-machine.ts';

/** The data and options of `supportVectorMachinePath`. */
export interface SupportVectorPathOptions extends Omit<SupportVectorOptions, 'logC'> {
  /** Number of values of log C, equally spaced. Default 100. */
  count?: number;
  /** The path runs from log C_min up to log C_min + depth. Default ln 1000. */
  depth?: number;
  /** The values of log C, in increasing order, in place of `count` and `depth`. */
  logC?: readonly number[];
}

const { logC: _, ...OF_A_PATH } = SUPPORT_VECTOR_OPTIONS;
const PATH_OPTIONS: Checks<SupportVectorPathOptions> = {
  ...OF_A_PATH,
  count: 0,
  depth: 0,
  logC: createArgumentCheck('a list of numbers', (value) => isList(value) && value.length > 0),
};

/** More machines than any path needs. */
const MAXIMUM_COUNT = 2 ** 24;

/** The solutions along a path: a solution of `supportVectorMachine` with one problem for each value of log C. */
export interface SupportVectorPath extends SupportVectorSolution {
  /** log C of each solution, increasing. */
  readonly logC: readonly number[];
}

/**
 * Fits a support vector machine for increasing values of C, each from the solution of the one before it.
 * @throws RangeError if a shape, a number or an option is wrong, or where w = 0 for every C; the signal's reason once the signal
 *   is aborted
 */
export async function supportVectorMachinePath(given: SupportVectorPathOptions): Promise<SupportVectorPath> {
  const options = readOptions('supportVectorMachinePath', given, PATH_OPTIONS, 'X', 'y');
  const { count = 100, depth = Math.log(1000), logC, ...problem } = options;
  if (checkCount('count', count) > MAXIMUM_COUNT) {
    throw createArgumentError('count: it', count, `at most ${MAXIMUM_COUNT}`);
  }
  if (options.rowWeights && options.rowWeights.shape.length > 1) {
    throw new RangeError('rowWeights: they are for several problems; a path takes [rows]');
  }
  const values = logC ?? (await equallySpaced(problem, count, checkPositive('depth', depth)));
  const falling = values.findIndex((value, index) => value < values[index - 1]);
  if (falling >= 0) {
    throw createArgumentError(
      `logC[${falling}]: it`,
      values[falling],
      `at least ${values[falling - 1]}: the values must increase`,
    );
  }
  return { ...supportVectorMachine({ ...problem, logC: values }), logC: values };
}

async function equallySpaced(
  { X, y, rowWeights, intercept, signal }: Omit<SupportVectorPathOptions, 'count' | 'depth' | 'logC'>,
  count: number,
  depth: number,
): Promise<number[]> {
  const [smallest] = await smallestSupportVectorCost({ X, y, rowWeights, intercept, signal });
  if (!Number.isFinite(smallest)) {
    throw new RangeError('supportVectorMachinePath: w = 0 for every C; one call of supportVectorMachine is the path');
  }
  return Array.from({ length: count }, (_, index) => smallest + (count === 1 ? 0 : (depth * index) / (count - 1)));
}
