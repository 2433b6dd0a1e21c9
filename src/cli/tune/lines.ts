/** The criterion and the coefficients along a line of penalties: what a tuning is compared with, and drawn over. */
import {
  type Criterion,
  type Engine,
  type LassoOptions,
  largestPenalty,
  lassoPath,
  type PenaltyName,
  type Tensor,
  type TuneResult,
} from '../../index.ts';
import { isSolved } from '../../solvers/report.ts';
import { Evaluation } from '../../train/tune/evaluation.ts';
import { PENALTIES } from '../../train/tune/penalties.ts';

/** As many as scikit-learn and glmnet take. */
export const GRID_POINTS = 100;

/** Of a path: down to e^λ of a thousandth of where it starts. */
const DEPTH = Math.log(1000);
/** Below the chosen λ that is still drawn. */
const BELOW = 1;

export interface Tuned {
  readonly engine: Engine;
  /** [rows, features] */
  readonly X: Tensor;
  /** [rows] */
  readonly y: Tensor;
  readonly intercept: boolean;
  readonly criterion: Criterion;
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

/** A single λ at equally spaced points of the range that was searched: what people do without gradients. */
export async function gridSearch(
  tuned: Tuned,
  [low, high]: readonly [number, number],
  withGradient: boolean,
): Promise<Line> {
  return evaluated(tuned, 'single', spaced(high, low), (logLambda) => [logLambda], withGradient);
}

/**
 * The criterion through the penalties chosen: over λ with the ρ of an elastic net as it is, or over a change of all λ of the
 * features. A single λ needs none: the grid is on it.
 */
export async function lineThrough(tuned: Tuned, result: TuneResult, logLambdas: readonly number[]): Promise<Line> {
  const chosen = Object.values(result.parameters);
  const { penalty } = result;
  const place = {
    single: (logLambda: number) => [logLambda],
    'elastic-net': (logLambda: number) => [logLambda, chosen[1]],
    features: (change: number) => chosen.map((value) => value + change),
  }[penalty];
  return evaluated(tuned, penalty, logLambdas, place, true);
}

async function evaluated(
  { engine, X, y, criterion, intercept }: Tuned,
  penalty: PenaltyName,
  logLambdas: readonly number[],
  place: (logLambda: number) => readonly number[],
  withGradient: boolean,
): Promise<Line> {
  const evaluation = new Evaluation(engine, { X, y }, criterion, PENALTIES[penalty], { intercept });
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
export async function pathThrough({ engine, X, y, intercept }: Tuned, result: TuneResult): Promise<Coefficients> {
  const { weights, ridge, logLambda } = result;
  return engine.tidy(async (scope) => {
    const problem: Omit<LassoOptions, 'logLambda'> = {
      X: scope.use(X),
      y: scope.use(y),
      intercept,
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
