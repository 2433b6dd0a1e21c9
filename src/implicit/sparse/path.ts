/** The path of a sparse model: solutions for a range of penalties. */
import { createArgumentCheck, createArgumentError, isList } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { checkCount, checkPositive } from '../options.ts';
import { findNullModels } from './largest-penalty.ts';
import { SPARSE_OPTIONS, type SparseModelOptions } from './options.ts';
import { type SparseSolution, sparseModel } from './sparse-model.ts';

/** The data and options of `sparseModelPath`. */
export interface SparsePathOptions extends Omit<SparseModelOptions, 'logLambda' | 'initial'> {
  /** Number of values of log λ, equally spaced. Default 100. */
  count?: number;
  /** The path runs from log λ_max down to log λ_max − depth. Default ln 1000. */
  depth?: number;
  /** The values of log λ, in decreasing order, in place of `count` and `depth`. */
  logLambda?: readonly number[];
}

const { logLambda: _, initial: _initial, ...OF_A_PATH } = SPARSE_OPTIONS;
const PATH_OPTIONS: Checks<SparsePathOptions> = {
  ...OF_A_PATH,
  count: 0,
  depth: 0,
  logLambda: createArgumentCheck('a list of numbers', (value) => isList(value) && value.length > 0),
};

/** More models than any path needs. */
const MAXIMUM_COUNT = 2 ** 24;

/** The solutions along a path: a solution of `sparseModel` with one problem for each value of log λ. */
export interface SparsePath extends SparseSolution {
  /** log λ of each solution, decreasing. */
  readonly logLambda: readonly number[];
}

/**
 * Fits a sparse model for decreasing values of λ, each from the solution of the one before it.
 * @throws RangeError if a shape, a number or an option is wrong, or where λ changes nothing; the signal's reason once the
 *   signal is aborted
 */
export async function sparseModelPath(given: SparsePathOptions): Promise<SparsePath> {
  const options = readOptions('sparseModelPath', given, PATH_OPTIONS, 'X', 'y');
  const { count = 100, depth = Math.log(1000), logLambda, ...problem } = options;
  if (checkCount('count', count) > MAXIMUM_COUNT) {
    throw createArgumentError('count: it', count, `at most ${MAXIMUM_COUNT}`);
  }
  if (options.rowWeights && options.rowWeights.shape.length > 1) {
    throw new RangeError('rowWeights: they are for several problems; a path takes [rows]');
  }
  const values = logLambda ?? (await equallySpaced(problem, count, checkPositive('depth', depth)));
  const rising = values.findIndex((value, index) => value > values[index - 1]);
  if (rising >= 0) {
    throw createArgumentError(
      `logLambda[${rising}]: it`,
      values[rising],
      `at most ${values[rising - 1]}: the values must decrease`,
    );
  }
  return { ...sparseModel({ ...problem, logLambda: values }), logLambda: values };
}

async function equallySpaced(
  problem: Omit<SparsePathOptions, 'count' | 'depth' | 'logLambda'>,
  count: number,
  depth: number,
): Promise<number[]> {
  const { X, y, loss, classes, groups, weights, rowWeights, intercept, nonNegative, signal } = problem;
  const data = { X, y, loss, classes, groups, weights, rowWeights, intercept, nonNegative, signal };
  const [{ logLambda }] = await findNullModels('sparseModelPath', data);
  if (!Number.isFinite(logLambda)) {
    throw new RangeError(
      'sparseModelPath: the penalised coefficients are 0 for every λ; one call of sparseModel is the path',
    );
  }
  return Array.from({ length: count }, (_, index) => logLambda - (count === 1 ? 0 : (depth * index) / (count - 1)));
}
