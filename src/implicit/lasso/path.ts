/** The Lasso path: solutions for a range of penalties, and where it starts. */
import { checkFor, isList, refusal } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { breathe } from '../../backends/event-loop.ts';
import { concat } from '../../tensor/arrange.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { describe } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkCount, checkPositive } from '../options.ts';
import { type LimitOptions, RunLimits } from '../run-limits.ts';
import { finiteLargestPenalty, type LargestPenaltyOptions } from './largest-penalty.ts';
import { inOneArena, type LassoReport, type LassoSolution, lassoOf, tensorsOf, withTensors } from './lasso.ts';
import { checkedLasso, LASSO_OPTIONS, type LassoOptions } from './options.ts';
import { prepare } from './program.ts';

/** What is below this many units under λ_max is least squares to any precision: e⁻¹² = 6e-6. */
export const PATH_DEPTH = 12;

/** Of coordinate descent, whose problems follow one another in any case; those of a homotopy go on from each other by themselves. */
const HOST_CHUNK = 5;

export interface LassoPathOptions extends Omit<LassoOptions, 'logLambda' | 'initial' | 'timeLimit'> {
  /**
   * Milliseconds from the call, for the path as a whole: what is not solved by then is told by its report, and β is there what the
   * solve had found, or where it was to start. Each linear solve for a gradient has as long again. Default: no limit.
   */
  timeLimit?: number;
  /** Values of λ, equally spaced. Default 100. */
  count?: number;
  /** From λ_max down to λ_max − depth. Default ln 1000. */
  depth?: number;
  /** Instead of these two: the values themselves, none above the one before it. */
  logLambda?: readonly number[];
  /**
   * Problems solved at once; the next ones start from the last of these. Default: all, which keeps a GPU busy; 5 with
   * coordinate descent.
   */
  chunk?: number;
}

const { logLambda: _, initial: _initial, ...OF_A_PATH } = LASSO_OPTIONS;
const PATH_OPTIONS: Checks<LassoPathOptions> = {
  ...OF_A_PATH,
  count: 0,
  depth: 0,
  logLambda: checkFor('a list of numbers', (value) => isList(value) && value.length > 0),
  chunk: 0,
};

/** Values of λ, which are problems of one batch. */
const MOST = 2 ** 24;

export interface LassoPath {
  /** λ, decreasing. */
  readonly logLambda: readonly number[];
  /** [count, features]; dispose it when done. */
  readonly beta: Tensor;
  /** β₀, [count]. */
  readonly intercept: Tensor;
  /** Of each chunk. */
  readonly reports: readonly Promise<LassoReport>[];
}

/**
 * The solutions along a range of λ, of one right-hand side.
 * @throws RangeError where a shape or an option is wrong; the signal's reason where it is aborted
 */
export async function lassoPath(given: LassoPathOptions): Promise<LassoPath> {
  const options = readOptions('lassoPath', given, PATH_OPTIONS, 'X', 'y');
  const engine = engineOf('X', options.X);
  // What a tape follows is needed for as long as that: it belongs to the differentiated function.
  if (tensorsOf(options).some(({ node }) => node)) return pathOf(engine, inOneArena(options));
  return engine.inArena((arena) =>
    pathOf(
      engine,
      withTensors(options, (tensor) => engine.useIn(arena, tensor)),
    ),
  );
}

async function pathOf(
  engine: Engine,
  { count, depth, logLambda, chunk, ...problem }: LassoPathOptions,
): Promise<LassoPath> {
  const limits = untilDeadline(problem);
  const { y, masks } = problem;
  if (y.shape.length !== 1 && y.shape[0] !== 1) {
    throw new RangeError(`y: the shape is ${describe(y.shape)}; a path is that of one right-hand side, [rows]`);
  }
  if (masks && masks.shape[0] !== 1) throw new RangeError(`masks: there are ${masks.shape[0]}; a path takes one`);
  const values = logLambda ?? (await equallySpaced(problem, count, depth));
  const { settings } = checkedLasso({ ...problem, logLambda: values });
  const rising = values.findIndex((value, index) => value > values[index - 1]);
  if (rising >= 0) {
    throw new RangeError(
      `logLambda[${rising}]: it is ${values[rising]}, after ${values[rising - 1]}; the values must decrease`,
    );
  }
  const usual = settings.solver === 'coordinate-descent' ? HOST_CHUNK : values.length;
  const length = Math.min(checkCount('chunk', chunk ?? usual), values.length);
  const prepared = prepare(engine, problem.X, masks, settings.intercept, values.length);
  const solutions: LassoSolution[] = [];
  for (let start = 0; start < values.length; start += length) {
    limits.signal?.throwIfAborted(); // before anything is made for the chunk
    const own = values.slice(start, start + length);
    const initial = repeatedLast(solutions.at(-1)?.beta, own.length);
    try {
      const options = { ...problem, logLambda: own, ...(initial && { initial }) };
      const checked = checkedLasso(options);
      const limited = { ...checked, settings: { ...checked.settings, limits } };
      solutions.push(lassoOf(limited, prepared, options));
    } finally {
      initial?.dispose();
    }
    await breathe();
  }
  return {
    logLambda: values,
    beta: concat(solutions.map(({ beta }) => beta)),
    intercept: concat(solutions.map(({ intercept }) => intercept)),
    reports: solutions.map(({ report }) => report),
  };
}

function untilDeadline(limits: LimitOptions): RunLimits {
  const { timeLimit } = limits;
  return new RunLimits(limits, timeLimit === undefined ? {} : { forward: performance.now() + timeLimit });
}

async function equallySpaced(problem: LargestPenaltyOptions, count = 100, depth = Math.log(1000)): Promise<number[]> {
  if (checkCount('count', count) > MOST) throw refusal('count: it', count, `at most ${MOST}`);
  checkPositive('depth', depth);
  const largest = await finiteLargestPenalty(problem);
  return Array.from({ length: count }, (_, index) => largest - (count === 1 ? 0 : (depth * index) / (count - 1)));
}

/** The last row, as often as asked for. */
function repeatedLast(beta: Tensor | undefined, count: number): Tensor | undefined {
  if (!beta) return undefined;
  const [rows, features] = beta.shape;
  const last = beta.slice([rows - 1, 0], [1, features]);
  const zeros = beta.context.constant({ kind: 'fill', value: 0 }, [count, features]);
  const repeated = zeros.add(last);
  for (const made of [last, zeros]) made.dispose();
  return repeated;
}
