/** The Lasso path: solutions for a range of penalties. */
import { createArgumentCheck, createArgumentError, isList } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { yieldIfTurnIsOver } from '../../backends/event-loop.ts';
import { concat } from '../../tensor/arrange.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkCount, checkPositive } from '../options.ts';
import { type LimitOptions, RunLimits } from '../run-limits.ts';
import { finiteLargestPenalty, type LargestPenaltyOptions } from './largest-penalty.ts';
import { type LassoReport, type LassoSolution, solvePreparedLasso } from './lasso.ts';
import { moveToOneArena, replaceTensors, tensorsOf } from './option-tensors.ts';
import { checkLasso, LASSO_OPTIONS, type LassoOptions } from './options.ts';
import { prepareDesign } from './program.ts';
import { weightMasks } from './row-weights.ts';

/** A penalty this far below λ_max, on the log scale, is least squares to any precision: e⁻¹² = 6e-6. */
export const PATH_DEPTH = 12;

/**
 * The chunk of coordinate descent, which works on one problem after the other in any case; short chunks give it better
 * starts. A homotopy goes on from one problem to the next by itself, and needs no chunks.
 */
const HOST_CHUNK = 5;

/** The data and options of `lassoPath`. */
export interface LassoPathOptions extends Omit<LassoOptions, 'logLambda' | 'initial' | 'timeLimit'> {
  /**
   * Milliseconds from the call, for the path as a whole. Problems that are not solved by then say so in their report,
   * and their β is the best so far, or the start. Each linear solve for a gradient may take as long again. Default:
   * no limit.
   */
  timeLimit?: number;
  /** Number of values of log λ, equally spaced. Default 100. */
  count?: number;
  /** The path runs from log λ_max down to log λ_max − depth. Default ln 1000. */
  depth?: number;
  /** The values of log λ, in decreasing order, in place of `count` and `depth`. */
  logLambda?: readonly number[];
  /**
   * Number of problems solved at once; each further chunk starts from the last solution of the one before. Default:
   * all, which keeps a GPU busy; 5 with coordinate descent.
   */
  chunk?: number;
}

const { logLambda: _, initial: _initial, ...OF_A_PATH } = LASSO_OPTIONS;
const PATH_OPTIONS: Checks<LassoPathOptions> = {
  ...OF_A_PATH,
  count: 0,
  depth: 0,
  logLambda: createArgumentCheck('a list of numbers', (value) => isList(value) && value.length > 0),
  chunk: 0,
};

/** The problems of one batch are counted in float32. */
const MAXIMUM_COUNT = 2 ** 24;

/** The solutions along a path. */
export interface LassoPath {
  /** log λ of each solution, decreasing. */
  readonly logLambda: readonly number[];
  /** [count, features]; dispose it when done. */
  readonly beta: Tensor;
  /** β₀, [count]. */
  readonly intercept: Tensor;
  /** One report for each chunk. */
  readonly reports: readonly Promise<LassoReport>[];
}

/**
 * Solves the Lasso for decreasing values of λ and one right-hand side.
 * @throws RangeError if a shape or an option is wrong; the signal's reason once the signal is aborted
 */
export async function lassoPath(given: LassoPathOptions): Promise<LassoPath> {
  const options = readOptions('lassoPath', given, PATH_OPTIONS, 'X', 'y');
  const engine = engineOf('X', options.X);
  // Tensors that a tape follows are needed as long as the tape: they belong to the differentiated function.
  if (tensorsOf(options).some(({ node }) => node)) return computePath(engine, moveToOneArena(options));
  return engine.runInArena((arena) =>
    computePath(
      engine,
      replaceTensors(options, (tensor) => engine.aliasIn(arena, tensor)),
    ),
  );
}

async function computePath(
  engine: Engine,
  { count, depth, logLambda, chunk, ...problem }: LassoPathOptions,
): Promise<LassoPath> {
  const limits = createRunLimits(problem);
  const { y, masks } = problem;
  if (y.shape.length !== 1 && y.shape[0] !== 1) {
    throw new RangeError(`y: the shape is ${formatShape(y.shape)}; a path is that of one right-hand side, [rows]`);
  }
  if (masks && masks.shape[0] !== 1) throw new RangeError(`masks: there are ${masks.shape[0]}; a path takes one`);
  const values = logLambda ?? (await equallySpaced(problem, count, depth));
  const { settings } = checkLasso({ ...problem, logLambda: values });
  const { options: weighted } = weightMasks(problem);
  const rising = values.findIndex((value, index) => value > values[index - 1]);
  if (rising >= 0) {
    throw new RangeError(
      `logLambda[${rising}]: it is ${values[rising]}, after ${values[rising - 1]}; the values must decrease`,
    );
  }
  const usual = settings.solver === 'coordinate-descent' ? HOST_CHUNK : values.length;
  const length = Math.min(checkCount('chunk', chunk ?? usual), values.length);
  const prepared = prepareDesign(engine, weighted.X, weighted.masks, settings.intercept, values.length);
  const solutions: LassoSolution[] = [];
  for (let start = 0; start < values.length; start += length) {
    limits.signal?.throwIfAborted(); // before anything is made for the chunk
    const own = values.slice(start, start + length);
    const initial = repeatLastRow(solutions.at(-1)?.beta, own.length);
    try {
      const options = { ...weighted, logLambda: own, ...(initial && { initial }) };
      const checked = checkLasso(options);
      const limited = { ...checked, settings: { ...checked.settings, limits } };
      solutions.push(solvePreparedLasso(limited, prepared, options));
    } finally {
      initial?.dispose();
    }
    await yieldIfTurnIsOver();
  }
  return {
    logLambda: values,
    beta: concat(solutions.map(({ beta }) => beta)),
    intercept: concat(solutions.map(({ intercept }) => intercept)),
    reports: solutions.map(({ report }) => report),
  };
}

function createRunLimits(limits: LimitOptions): RunLimits {
  const { timeLimit } = limits;
  return new RunLimits(limits, timeLimit === undefined ? {} : { forward: performance.now() + timeLimit });
}

async function equallySpaced(problem: LargestPenaltyOptions, count = 100, depth = Math.log(1000)): Promise<number[]> {
  if (checkCount('count', count) > MAXIMUM_COUNT)
    throw createArgumentError('count: it', count, `at most ${MAXIMUM_COUNT}`);
  checkPositive('depth', depth);
  const largest = await finiteLargestPenalty(problem);
  return Array.from({ length: count }, (_, index) => largest - (count === 1 ? 0 : (depth * index) / (count - 1)));
}

/** Repeats the last row `count` times. */
function repeatLastRow(beta: Tensor | undefined, count: number): Tensor | undefined {
  if (!beta) return undefined;
  const [rows, features] = beta.shape;
  const last = beta.slice([rows - 1, 0], [1, features]);
  const zeros = beta.context.constant({ kind: 'fill', value: 0 }, [count, features]);
  const repeated = zeros.add(last);
  for (const made of [last, zeros]) made.dispose();
  return repeated;
}
