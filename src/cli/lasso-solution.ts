/** Solves a Lasso problem on an engine and returns plain numbers. */
import { pushforward } from '../autodiff/jacobian-products.ts';
import { Tape } from '../autodiff/tape.ts';
import {
  type Engine,
  type LassoCertificate,
  type LassoOptions,
  type LassoReport,
  type LassoSolution,
  lasso,
  type Scope,
  type SolveReport,
} from '../index.ts';
import type { LassoInput } from './lasso-problem.ts';
import { nestRows } from './matrix.ts';
import { areSolved, createReportAnswer, type ReportAnswer } from './report-answer.ts';

/** One value where the problem has one penalty, or a list where it has a list of penalties. */
type PerLambda<T> = T | readonly T[];

export interface LassoAnswer {
  readonly beta: PerLambda<readonly number[]>;
  /** Present where the problem asked for an intercept. */
  readonly intercept?: PerLambda<number>;
  /** The features in the support, counted from 0. */
  readonly support: PerLambda<readonly number[]>;
  readonly equicorrelation: PerLambda<readonly number[]>;
  /** dβ/d log λ; null where the certificate failed, since the linear solve need not yield a derivative there. */
  readonly dbeta_dlambda: PerLambda<readonly number[] | null>;
  readonly report: ReportAnswer & { readonly duality_gap: readonly number[]; readonly backward: ReportAnswer };
  readonly certificate: Omit<LassoCertificate, 'samples'> & {
    /** The status for each penalty. */
    readonly samples: readonly LassoCertificate['status'][];
  };
}

/**
 * Solves the problem. `isSolved` says whether every β was solved, and every derivative that is not null.
 * @throws RangeError where the numbers overflow the backend's precision
 */
export function answerLasso(
  engine: Engine,
  problem: LassoInput,
  options: Pick<LassoOptions, 'solver' | 'tolerance' | 'limit'>,
): Promise<{ answer: LassoAnswer; isSolved: boolean }> {
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    try {
      const lambdas = [problem.lambda].flat();
      const logLambda = tape.watch(scope.tensor(lambdas));
      const solution = lasso({ ...createOptions(scope, problem), ...options, logLambda });
      const [tangent] = pushforward(tape, [logLambda], [scope.tensor(lambdas.map(() => 1))], [solution.beta]);
      const read = await Promise.all([
        solution.beta.data(),
        solution.intercept.data(),
        tangent.data(),
        solution.certificate(),
        readReports(solution),
      ]);
      return createAnswer(problem, ...read);
    } finally {
      tape.dispose();
    }
  });
}

function createOptions(
  scope: Scope,
  { X, y, selection, weights, ridge, intercept, rowWeights, nonNegative }: LassoInput,
): Omit<LassoOptions, 'logLambda'> {
  return {
    X: scope.tensor(X.values, [X.rows, X.columns]),
    y: scope.tensor(y),
    weights: weights && scope.tensor(weights),
    ridge,
    intercept,
    ...(rowWeights && { rowWeights: scope.tensor(rowWeights) }),
    nonNegative,
    selection,
    // The answer contains the report and the certificate.
    onFailure: 'report',
    onFailedCertificate: 'ignore',
  };
}

interface Reports {
  readonly forward: LassoReport;
  readonly backward: SolveReport;
}

async function readReports({ report, backwardReports }: LassoSolution): Promise<Reports> {
  const [forward, [backward]] = await Promise.all([report, Promise.all(backwardReports)]);
  return { forward, backward };
}

function createAnswer(
  { X, lambda, intercept }: LassoInput,
  beta: ArrayLike<number>,
  intercepts: ArrayLike<number>,
  tangent: ArrayLike<number>,
  { samples, ...certificate }: LassoCertificate,
  { forward, backward }: Reports,
): { answer: LassoAnswer; isSolved: boolean } {
  const perLambda = <T>(values: readonly T[]): PerLambda<T> => (typeof lambda === 'number' ? values[0] : values);
  const statuses = samples.map(({ status }) => status);
  const isCertified = (_: unknown, index: number): boolean => statuses[index] === 'certified';
  const derivatives = nestRows(tangent, X.columns).map((row, index) => (isCertified(row, index) ? row : null));
  const answer: LassoAnswer = {
    beta: perLambda(nestRows(beta, X.columns)),
    ...(intercept && { intercept: perLambda(Array.from(intercepts)) }),
    support: perLambda(samples.map(({ support }) => support)),
    equicorrelation: perLambda(samples.map(({ equicorrelation }) => equicorrelation)),
    dbeta_dlambda: perLambda(derivatives),
    report: { ...createReportAnswer(forward), duality_gap: forward.dualityGap, backward: createReportAnswer(backward) },
    certificate: { ...certificate, samples: statuses },
  };
  const { status, backward: derivative } = answer.report;
  return { answer, isSolved: areSolved([...status, ...derivative.status.filter(isCertified)]) };
}
