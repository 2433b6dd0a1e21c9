/** Where the path of a sparse model starts: the least penalty at which every penalised coefficient is 0. */
import { type Checks, readOptions } from '../../arguments/options.ts';
import { runInTurns } from '../../backends/event-loop.ts';
import { countedGradient, gradientRounding } from '../../solvers/sparse/optimality.ts';
import { isFree, type SparseProblem } from '../../solvers/sparse/problem.ts';
import { solveSparse } from '../../solvers/sparse/solve.ts';
import { unlessAborted } from '../run-limits.ts';
import { createProblems, readSparseNumbers } from './data.ts';
import { checkSparse, SPARSE_DATA, SPARSE_OPTIONS, type SparseData, type SparseModelOptions } from './options.ts';

/** The data and options of `largestSparsePenalty`. */
export interface SparsePenaltyOptions extends SparseData, Pick<SparseModelOptions, 'signal'> {}

const OPTIONS: Checks<SparsePenaltyOptions> = { ...SPARSE_DATA, signal: SPARSE_OPTIONS.signal };

/** The model with the free coefficients alone, and the penalty above which it solves the whole. */
export interface NullModel {
  /** log λ_max; −∞ where λ changes nothing. */
  readonly logLambda: number;
  /** The coefficients, with the intercepts behind. */
  readonly beta: Float64Array;
}

/** The accuracy of the null model, relative to its gradient at 0. */
const NULL_MODEL = { tolerance: 1e-13, limit: 500 };
/** Rounding of a gradient in units of that of its terms. */
const ROUNDING = 16;

/**
 * Computes log λ_max = ln max_g ‖∇_g f(β⁰)‖/w_g for each problem, over the groups with w_g > 0: for every larger λ these are
 * 0, and β is the null model β⁰, the fit of the free features and the intercept alone. With `nonNegative` only −∇_j f > 0
 * counts.
 * @returns one number for each problem; −∞ if λ changes nothing
 * @throws RangeError if a shape or a number is wrong, or if the free features separate the classes, so that there is no
 *   null model; the signal's reason once the signal is aborted
 */
export async function largestSparsePenalty(given: SparsePenaltyOptions): Promise<number[]> {
  const options = readOptions('largestSparsePenalty', given, OPTIONS, 'X', 'y');
  return (await findNullModels('largestSparsePenalty', options)).map(({ logLambda }) => logLambda);
}

/** The null model of each problem. */
export async function findNullModels(what: string, options: SparsePenaltyOptions): Promise<NullModel[]> {
  const { signal } = options;
  signal?.throwIfAborted();
  const checked = checkSparse(what, { ...options, logLambda: 0 });
  const numbers = await unlessAborted(checked.engine.trackRead(readSparseNumbers(checked)), signal);
  const models: NullModel[] = [];
  for (const [index, problem] of createProblems(checked, numbers).entries()) {
    models.push(await fitNullModel(what, problem, index, signal));
  }
  return models;
}

async function fitNullModel(
  what: string,
  problem: SparseProblem,
  index: number,
  signal: AbortSignal | undefined,
): Promise<NullModel> {
  const { groups, thresholds, nonNegative } = problem;
  const free = groups.filter((_, group) => isFree(problem, group));
  // Groups of a penalty stay at 0, for no step moves them.
  const alone = { ...problem, groups: free, thresholds: new Float64Array(free.length), nonNegative: false };
  const { status, beta, gradient } = await runInTurns(solveSparse(alone, NULL_MODEL), signal);
  if (status === 'separable') {
    throw new RangeError(
      `${what}: problem ${index} has no null model: the features without a penalty, or the intercept, separate the classes; give these features a penalty, or leave out the intercept`,
    );
  }
  const rounding = ROUNDING * gradientRounding(problem);
  let largest = 0;
  for (const [group, members] of groups.entries()) {
    const value = countedGradient(nonNegative, gradient, members);
    if (thresholds[group] > 0 && value > rounding) largest = Math.max(largest, value / thresholds[group]);
  }
  return { logLambda: Math.log(largest), beta };
}
