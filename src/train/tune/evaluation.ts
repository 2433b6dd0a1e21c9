/** Evaluates a criterion, and its gradient, at many candidates at once. */
import { COUNT, createResultError, hasMethod } from '../../arguments/check.ts';
import { valueAndGrad } from '../../autodiff/gradient.ts';
import { type LassoSolution, solvePreparedLasso } from '../../implicit/lasso/lasso.ts';
import { checkLasso, type LassoOptions } from '../../implicit/lasso/options.ts';
import { type Prepared, prepareDesign, preparedTensors } from '../../implicit/lasso/program.ts';
import { weightMasks } from '../../implicit/lasso/row-weights.ts';
import { RunLimits } from '../../implicit/run-limits.ts';
import { isSolved } from '../../solvers/report.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Scope } from '../../tensor/scope.ts';
import { formatShape } from '../../tensor/shape.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { Criterion, Judge, RowSplit } from './criteria.ts';
import type { Penalty } from './penalties.ts';

/** The criterion at one candidate. */
export interface Evaluated {
  /** The candidate: logarithms of penalties. */
  readonly parameters: readonly number[];
  /** The criterion; NaN where a problem of this candidate was not solved. */
  readonly value: number;
  /** The gradient of the criterion in the parameters; undefined where it was not requested. */
  readonly gradient: readonly number[] | undefined;
}

function createEvaluated(
  parameters: readonly number[],
  wasSolved: boolean,
  value: number,
  gradient: readonly number[] | undefined,
): Evaluated {
  return wasSolved
    ? { parameters, value, gradient }
    : { parameters, value: Number.NaN, gradient: gradient?.map(() => 0) };
}

/**
 * How the problems are solved.
 *
 * @inline
 */
export type SolverOptions = Pick<
  LassoOptions,
  'intercept' | 'nonNegative' | 'selection' | 'solver' | 'tolerance' | 'limit'
>;

/** @throws RangeError where a criterion of the caller's own returns something that is no Judge */
function beginJudge(criterion: Criterion, ...given: Parameters<Criterion['begin']>): Judge {
  const judge = criterion.begin(...given);
  if (!hasMethod(judge, 'judge'))
    throw createResultError(`criterion: begin of ${criterion.name}`, judge, 'an object with copies and judge');
  COUNT('criterion: copies', judge.copies);
  return judge;
}

function judgeCandidates({ name }: Criterion, judge: Judge, ...given: Parameters<Judge['judge']>): Tensor {
  const each = judge.judge(...given);
  const isOneEach = isTensor(each) && each.size === given[1];
  if (!isOneEach) throw createResultError(`criterion: judge of ${name}`, each, `a tensor ${formatShape([given[1]])}`);
  return each;
}

/** How many Lasso problems are solved at once. */
const MAXIMUM_PROBLEMS = 512;

/** Thrown once the deadline has passed. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** Limits that end a search early. */
interface EvaluationLimits {
  readonly signal?: AbortSignal;
  /** In terms of performance.now(). Evaluations that have not finished by then throw OutOfTime. */
  readonly deadline?: number;
}

export class Evaluation {
  /** The number of Lasso problems solved so far. */
  solves = 0;
  private readonly copies: number;
  private readonly prepared: Prepared;
  private readonly owned: Tensor[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly rows: RowSplit,
    private readonly criterion: Criterion,
    private readonly penalty: Penalty,
    private readonly options: SolverOptions,
    private readonly limits: EvaluationLimits = {},
  ) {
    const tensor: Scope['tensor'] = (...given) => {
      const created = engine.tensor(...given);
      this.owned.push(created);
      return created;
    };
    const { copies, masks } = beginJudge(criterion, { tensor, use: (one) => one }, rows);
    this.copies = copies;
    const { options: weighted, made } = weightMasks({ masks, rowWeights: rows.rowWeights });
    this.owned.push(...made);
    this.prepared = prepareDesign(engine, rows.X, weighted.masks, options.intercept ?? false, copies);
    this.owned.push(...preparedTensors(this.prepared));
  }

  /** The number of candidates that are evaluated at once. */
  get batchSize(): number {
    return Math.max(1, Math.floor(MAXIMUM_PROBLEMS / this.copies));
  }

  /**
   * Evaluates the criterion at all candidates, batch by batch. The results are in the order of the candidates.
   * @param onBatch called with the results of each batch, and awaited
   */
  async evaluateAll(
    candidates: readonly (readonly number[])[],
    withGradient: boolean,
    onBatch?: (found: readonly Evaluated[]) => Promise<void>,
  ): Promise<Evaluated[]> {
    const found: Evaluated[] = [];
    for (let start = 0; start < candidates.length; start += this.batchSize) {
      this.limits.signal?.throwIfAborted();
      if (this.timeLeft() <= 0) throw new OutOfTime();
      const batch = await this.evaluateBatch(candidates.slice(start, start + this.batchSize), withGradient);
      found.push(...batch);
      await onBatch?.(batch);
    }
    return found;
  }

  /** Milliseconds until the deadline. */
  private timeLeft(): number {
    return (this.limits.deadline ?? Number.POSITIVE_INFINITY) - performance.now();
  }

  private async evaluateBatch(candidates: readonly (readonly number[])[], withGradient: boolean): Promise<Evaluated[]> {
    const width = candidates[0].length;
    const count = candidates.length;
    this.solves += count * this.copies;
    return this.engine.tidy(async (scope) => {
      const parameters = scope.tensor(candidates.flat(), [count, width]);
      const { X, y, rowWeights } = this.rows;
      const rows = { X: scope.use(X), y: scope.use(y), rowWeights: rowWeights && scope.use(rowWeights) };
      const judge = beginJudge(this.criterion, scope, rows);
      const solved = (given: Tensor): { each: Tensor; solution: LassoSolution } => {
        const solution = this.solveCandidates(scope, rows, judge, given);
        return { each: judgeCandidates(this.criterion, judge, solution, count), solution };
      };
      if (!withGradient) {
        const { each, solution } = solved(parameters);
        const [values, wasSolved] = await Promise.all([each.data(), this.findSolved(solution, count)]);
        return candidates.map((one, index) => createEvaluated(one, wasSolved[index], values[index], undefined));
      }
      let reading: Promise<readonly [ArrayLike<number>, LassoSolution]> | undefined;
      const total = (given: Tensor): Tensor => {
        const { each, solution } = solved(given);
        reading = each.data().then((values) => [values, solution]);
        reading.catch(() => {}); // computing the gradient reports the same error
        return each.sum();
      };
      // Candidates are independent, so the gradient of the sum holds the gradient of each.
      const [, [gradient]] = await valueAndGrad(total, [parameters]);
      const readingGradient = gradient.data();
      gradient.dispose();
      const [[values, solution], read] = await Promise.all([reading as NonNullable<typeof reading>, readingGradient]);
      const wasSolved = await this.findSolved(solution, count);
      return candidates.map((one, index) =>
        createEvaluated(
          one,
          wasSolved[index],
          values[index],
          Array.from(read.subarray(index * width, (index + 1) * width)),
        ),
      );
    });
  }

  /**
   * Tells for each candidate whether all its problems were solved, together with their linear solves where a gradient
   * was requested.
   * @throws OutOfTime where a solve ran out of time
   */
  private async findSolved({ report, backwardReports }: LassoSolution, count: number): Promise<boolean[]> {
    const reports = await Promise.all([report, ...backwardReports]);
    if (reports.some(({ timedOut }) => timedOut)) throw new OutOfTime();
    return Array.from({ length: count }, (_, candidate) =>
      reports.every(({ samples }) => samples.every((sample, at) => at % count !== candidate || isSolved(sample))),
    );
  }

  private solveCandidates(
    scope: Scope,
    { X, y, rowWeights }: RowSplit,
    judge: Judge,
    parameters: Tensor,
  ): LassoSolution {
    const { copies, masks, shares } = judge;
    const [count, width] = parameters.shape;
    const zeros = scope.tensor(new Float64Array(copies), [copies, 1, 1]);
    const repeated = parameters
      .reshape([1, count, width])
      .add(zeros)
      .reshape([copies * count, width]);
    const logShares = Array.from({ length: copies * count }, (_, at) =>
      Math.log(shares?.[Math.floor(at / count)] ?? 1),
    );
    const options: LassoOptions = {
      ...this.options,
      X,
      y: judge.targets?.(count) ?? y,
      ...weightMasks({ masks, rowWeights }).options,
      ...this.penalty.options(repeated, scope.tensor(logShares)),
      // With duplicated columns many solutions have the same criterion. The chosen solution is certified in the end.
      onFailedCertificate: 'ignore',
      // A candidate that is not solved is left out and does not end the search.
      onFailure: 'report',
    };
    const checked = checkLasso(options);
    const { signal, deadline } = this.limits;
    const limits =
      deadline === undefined
        ? new RunLimits({ signal })
        : new RunLimits({ signal, timeLimit: Math.max(this.timeLeft(), 1) }, { forward: deadline, linear: deadline });
    return solvePreparedLasso({ ...checked, settings: { ...checked.settings, limits } }, this.prepared, options);
  }

  dispose(): void {
    for (const tensor of this.owned) tensor.dispose();
  }
}
