/**
 * The criterion and the coefficients along a line of penalties, for the comparison with a grid and for the pictures.
 */
import {
  type Criterion,
  type LassoOptions,
  largestPenalty,
  lassoPath,
  type PenaltyName,
  type Tensor,
  type TuneResult,
} from '../../index.ts';
import { isSolved } from '../../solvers/report.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { Evaluation } from '../../train/tune/evaluation.ts';
import { PENALTIES } from '../../train/tune/penalties.ts';

/** The number of points that glmnet and scikit-learn use. */
export const GRID_POINTS = 100;

/** A path goes down to a thousandth of the penalty at which it starts. */
const DEPTH = Math.log(1000);
/** How far the lines go on below the chosen log λ. */
const BELOW = 1;

export interface TuningProblem {
  /** [rows, features] */
  readonly X: Tensor;
  /** [rows] */
  readonly y: Tensor;
  readonly intercept: boolean;
  /** [rows] */
  readonly rowWeights: Tensor | undefined;
  readonly nonNegative: boolean;
  readonly criterion: Criterion;
  readonly signal: AbortSignal;
}

/** The criterion at one place of a line. */
export interface LinePoint {
  readonly logLambda: number;
  readonly value: number;
  /** The derivative along the line. */
  readonly gradient?: number;
}

export interface Line {
  /** In the order of falling λ, without the points that could not be solved. */
  readonly points: readonly LinePoint[];
  /** The number of Lasso problems that were solved. */
  readonly solves: number;
}

export interface Coefficients {
  readonly logLambdas: readonly number[];
  /** For each log λ, the coefficients of all features. */
  readonly coefficients: readonly Float64Array[];
  /** The number of penalties that were not solved to the tolerance. */
  readonly failed: number;
}

/**
 * Evaluates a single λ at points that are equally spaced in log λ, as people choose a penalty without gradients: from
 * λ_max down to λ_max/10,000, or to λ_max/100 where there are no more rows than features (Friedman, Hastie & Tibshirani
 * 2010). The points go on to below the chosen λ.
 */
export async function searchGrid(tuned: TuningProblem, result: TuneResult): Promise<Line> {
  if (result.optimiser === 'grid') return readGrid(result);
  const [rows, features] = tuned.X.shape;
  const [low, high] = result.bounds[0];
  const end = high - Math.log(rows > features ? 1e4 : 100);
  const below = result.penalty === 'single' ? Math.min(end, result.logLambda - BELOW) : end;
  return evaluatePoints(tuned, 'single', spacePoints(high, Math.max(low, below)), (logLambda) => [logLambda], false);
}

function readGrid({ visited, solves }: TuneResult): Line {
  const points = visited.map(({ parameters: [logLambda], value }) => ({ logLambda, value }));
  return { points: points.filter(({ value }) => Number.isFinite(value)), solves };
}

/** How far the closely spaced points reach to either side of the chosen log λ. */
const CLOSE = 1;

/**
 * Evaluates the criterion along a line through the chosen penalties: over log λ, with ρ of an elastic net fixed, or
 * over one change of every log λ where each feature has its own.
 * @param path the points of the line; more points are added near the chosen penalties
 */
export async function evaluateLine(tuned: TuningProblem, result: TuneResult, path: readonly number[]): Promise<Line> {
  const [high, low] = [path[0], path[path.length - 1]];
  const chosen = Object.values(result.parameters);
  const { penalty, logLambda: centre } = result;
  const closely = spacePoints(Math.min(high, centre + CLOSE), Math.max(low, centre - CLOSE));
  const logLambdas = [...path, ...closely].sort((a, b) => b - a);
  const place = {
    single: (logLambda: number) => [logLambda],
    'elastic-net': (logLambda: number) => [logLambda, chosen[1]],
    features: (change: number) => chosen.map((value) => value + change),
  }[penalty];
  return evaluatePoints(tuned, penalty, logLambdas, place, true);
}

async function evaluatePoints(
  { X, y, rowWeights, criterion, intercept, nonNegative, signal }: TuningProblem,
  penalty: PenaltyName,
  logLambdas: readonly number[],
  place: (logLambda: number) => readonly number[],
  withGradient: boolean,
): Promise<Line> {
  const evaluation = new Evaluation(
    engineOf('X', X),
    { X, y, rowWeights },
    criterion,
    PENALTIES[penalty],
    { intercept, nonNegative },
    { signal },
  );
  try {
    const found = await evaluation.evaluateAll(logLambdas.map(place), withGradient);
    const points = found.map(({ value, gradient }, at) => ({
      logLambda: logLambdas[at],
      value,
      ...(gradient && { gradient: projectOnLine(penalty, gradient) }),
    }));
    return { points: points.filter(({ value }) => Number.isFinite(value)), solves: evaluation.solves };
  } finally {
    evaluation.dispose();
  }
}

function projectOnLine(penalty: PenaltyName, gradient: readonly number[]): number {
  return penalty === 'features' ? gradient.reduce((sum, value) => sum + value, 0) : gradient[0];
}

/**
 * Solves the Lasso from λ_max, where the first feature enters, to below the chosen penalty, with the other settings as
 * chosen.
 */
export async function solvePath(
  { X, y, intercept, rowWeights, nonNegative, signal }: TuningProblem,
  result: TuneResult,
): Promise<Coefficients> {
  const { weights, ridge, logLambda } = result;
  return engineOf('X', X).tidy(async (scope) => {
    const problem: Omit<LassoOptions, 'logLambda'> = {
      X: scope.use(X),
      y: scope.use(y),
      intercept,
      nonNegative,
      signal,
      ...(rowWeights && { rowWeights: scope.use(rowWeights) }),
      ...(weights && { weights: scope.tensor(weights) }),
    };
    const [largest] = await largestPenalty(problem);
    const values = spacePoints(largest, Math.min(largest - DEPTH, logLambda - BELOW));
    const path = await lassoPath({ ...problem, ...(ridge && { ridge }), logLambda: values, onFailure: 'report' });
    const [beta, reports] = await Promise.all([path.beta.data(), Promise.all(path.reports)]);
    const features = X.shape[1];
    return {
      logLambdas: values,
      coefficients: values.map((_, at) => Float64Array.from(beta.subarray(at * features, (at + 1) * features))),
      failed: reports.flatMap(({ samples }) => samples).filter((sample) => !isSolved(sample)).length,
    };
  });
}

function spacePoints(from: number, to: number): number[] {
  return Array.from({ length: GRID_POINTS }, (_, at) => from + ((to - from) * at) / (GRID_POINTS - 1));
}
