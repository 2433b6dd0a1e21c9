/** The criterion and the coefficients along a line of penalties: what a tuning is compared with, and drawn over. */
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

/** As many as glmnet and scikit-learn take. */
export const GRID_POINTS = 100;

/** Of a path: down to e^λ of a thousandth of where it starts. */
const DEPTH = Math.log(1000);
/** Below the chosen λ that is still drawn. */
const BELOW = 1;

export interface Tuned {
  /** [rows, features] */
  readonly X: Tensor;
  /** [rows] */
  readonly y: Tensor;
  readonly intercept: boolean;
  readonly criterion: Criterion;
  readonly signal: AbortSignal;
}

/** The criterion at one place of a line. */
export interface LinePoint {
  readonly logLambda: number;
  readonly value: number;
  /** Along the line. */
  readonly gradient?: number;
}

export interface Line {
  /** In the order of falling λ, those left out that were not solved. */
  readonly points: readonly LinePoint[];
  /** Lasso problems that this took. */
  readonly solves: number;
}

export interface Coefficients {
  readonly logLambdas: readonly number[];
  /** For each λ one for each feature. */
  readonly coefficients: readonly Float64Array[];
  /** λ that were not solved to the tolerance. */
  readonly failed: number;
}

/**
 * A single λ at equally spaced points, as people choose it without gradients: from λ_max down to a ten-thousandth of e^λ_max, or
 * a hundredth where there are no more rows than features (Friedman, Hastie & Tibshirani 2010), and to below a λ chosen.
 */
export async function gridSearch(tuned: Tuned, result: TuneResult): Promise<Line> {
  if (result.optimiser === 'grid') return gridOf(result);
  const [rows, features] = tuned.X.shape;
  const [low, high] = result.bounds[0];
  const end = high - Math.log(rows > features ? 1e4 : 100);
  const below = result.penalty === 'single' ? Math.min(end, result.logLambda - BELOW) : end;
  return evaluated(tuned, 'single', spaced(high, Math.max(low, below)), (logLambda) => [logLambda], false);
}

function gridOf({ visited, solves }: TuneResult): Line {
  const points = visited.map(({ parameters: [logLambda], value }) => ({ logLambda, value }));
  return { points: points.filter(({ value }) => Number.isFinite(value)), solves };
}

/** To either side of the penalty chosen: where the line is drawn closely. */
const CLOSE = 1;

/**
 * The criterion through the penalties chosen: over λ, with the ρ of an elastic net as it is, or over a change of all λ of the
 * features.
 * @param path over the same λ, and more closely near those chosen
 */
export async function lineThrough(tuned: Tuned, result: TuneResult, path: readonly number[]): Promise<Line> {
  const [high, low] = [path[0], path[path.length - 1]];
  const chosen = Object.values(result.parameters);
  const { penalty, logLambda: centre } = result;
  const closely = spaced(Math.min(high, centre + CLOSE), Math.max(low, centre - CLOSE));
  const logLambdas = [...path, ...closely].sort((a, b) => b - a);
  const place = {
    single: (logLambda: number) => [logLambda],
    'elastic-net': (logLambda: number) => [logLambda, chosen[1]],
    features: (change: number) => chosen.map((value) => value + change),
  }[penalty];
  return evaluated(tuned, penalty, logLambdas, place, true);
}

async function evaluated(
  { X, y, criterion, intercept, signal }: Tuned,
  penalty: PenaltyName,
  logLambdas: readonly number[],
  place: (logLambda: number) => readonly number[],
  withGradient: boolean,
): Promise<Line> {
  const evaluation = new Evaluation(
    engineOf('X', X),
    { X, y },
    criterion,
    PENALTIES[penalty],
    { intercept },
    { signal },
  );
  try {
    const found = await evaluation.at(logLambdas.map(place), withGradient);
    const points = found.map(({ value, gradient }, at) => ({
      logLambda: logLambdas[at],
      value,
      ...(gradient && { gradient: alongLine(penalty, gradient) }),
    }));
    return { points: points.filter(({ value }) => Number.isFinite(value)), solves: evaluation.solves };
  } finally {
    evaluation.dispose();
  }
}

function alongLine(penalty: PenaltyName, gradient: readonly number[]): number {
  return penalty === 'features' ? gradient.reduce((sum, value) => sum + value, 0) : gradient[0];
}

/** The solutions from where the first feature enters to below the penalty chosen, in steps of λ, the rest as chosen. */
export async function pathThrough({ X, y, intercept, signal }: Tuned, result: TuneResult): Promise<Coefficients> {
  const { weights, ridge, logLambda } = result;
  return engineOf('X', X).tidy(async (scope) => {
    const problem: Omit<LassoOptions, 'logLambda'> = {
      X: scope.use(X),
      y: scope.use(y),
      intercept,
      signal,
      ...(weights && { weights: scope.tensor(weights) }),
    };
    const [largest] = await largestPenalty(problem);
    const values = spaced(largest, Math.min(largest - DEPTH, logLambda - BELOW));
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

function spaced(from: number, to: number): number[] {
  return Array.from({ length: GRID_POINTS }, (_, at) => from + ((to - from) * at) / (GRID_POINTS - 1));
}
