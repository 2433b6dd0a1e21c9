/** Solves a sparse model on an engine and returns plain numbers. */
import { Tape } from '../autodiff/tape.ts';
import { type Engine, type SparseCertificate, type SparseModelOptions, sparseModel } from '../index.ts';
import type { Nested } from './matrix.ts';
import {
  type IntervalAnswer,
  type LinearReports,
  nameGradients,
  oneOrAll,
  perCertified,
  perProblem,
  readFittedModel,
} from './model-derivatives.ts';
import { createReportAnswer, type ReportAnswer } from './report-answer.ts';
import type { SparseModelInput } from './sparse-model-problem.ts';

/** One value where the problem has one penalty, or a list where it has a list of penalties. */
type PerLambda<T> = T | readonly T[];

export interface SparseModelAnswer {
  readonly beta: Nested;
  /** Present where the problem asked for an intercept. */
  readonly intercept?: Nested;
  /** The groups with β_g ≠ 0 that have a penalty, counted from 0. */
  readonly support: PerLambda<readonly number[]>;
  readonly equicorrelation: PerLambda<readonly number[]>;
  /** dβ/d log λ; null without a certificate. */
  readonly dbeta_dlambda: Nested | null | readonly (Nested | null)[];
  /** Present with v. */
  readonly interval?: PerLambda<IntervalAnswer>;
  readonly report: ReportAnswer &
    LinearReports & { readonly objective: readonly number[]; readonly separable: readonly boolean[] };
  readonly certificate: Omit<SparseCertificate, 'samples'> & {
    /** The status for each penalty. */
    readonly samples: readonly SparseCertificate['status'][];
  };
}

/**
 * Solves the problem. `isSolved` says whether every β was solved, and every derivative that is not null.
 * @throws RangeError where a field does not fit the others
 */
export function answerSparseModel(
  engine: Engine,
  problem: SparseModelInput,
  options: Pick<SparseModelOptions, 'tolerance' | 'limit'>,
): Promise<{ answer: SparseModelAnswer; isSolved: boolean }> {
  const { X, y, shapeOfTargets, shapeOfBeta, lambda, loss, intercept, weights, rowWeights, v } = problem;
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    try {
      const lambdas = [lambda].flat();
      const watch = (values: ArrayLike<number>, shape?: readonly number[]) => tape.watch(scope.tensor(values, shape));
      const logLambda = watch(lambdas);
      const data = {
        X: watch(X.values, [X.rows, X.columns]),
        ...(loss === 'square' && { y: watch(y, shapeOfTargets) }),
        ...(weights && { weights: watch(weights) }),
        ...(rowWeights && { row_weights: watch(rowWeights) }),
      };
      const { classes, groups, selection, nonNegative } = problem;
      const solution = sparseModel({
        ...options,
        ...{ loss, classes, groups, selection, intercept, nonNegative, logLambda },
        X: data.X,
        y: data.y ?? scope.tensor(y),
        ...(data.weights && { weights: data.weights }),
        ...(data.row_weights && { rowWeights: data.row_weights }),
        // The answer contains the report and the certificate.
        onFailure: 'report',
        onFailedCertificate: 'ignore',
      });
      const read = await readFittedModel(solution, [solution.beta, solution.intercept], {
        ...{ scope, tape, key: 'lambda', logarithm: logLambda, data, v },
      });
      const { derivatives, forward, linear, statuses, intervals, isSolved } = read;
      const { samples, ...certificate } = read.certificate;
      const [beta, offsets] = read.values;
      const answer: SparseModelAnswer = {
        beta: perProblem(lambda, beta, shapeOfBeta),
        ...(intercept && { intercept: perProblem(lambda, offsets, shapeOfBeta.slice(1)) }),
        support: oneOrAll(
          lambda,
          samples.map(({ support }) => support),
        ),
        equicorrelation: oneOrAll(
          lambda,
          samples.map(({ equicorrelation }) => equicorrelation),
        ),
        dbeta_dlambda: perCertified(statuses, lambda, derivatives.tangents[0], shapeOfBeta),
        ...nameGradients('lambda', derivatives, statuses, lambda),
        ...(intervals && { interval: oneOrAll(lambda, intervals) }),
        report: {
          ...createReportAnswer(forward),
          objective: forward.objective,
          separable: forward.separable,
          ...linear,
        },
        certificate: { ...certificate, samples: statuses },
      };
      return { answer, isSolved };
    } finally {
      tape.dispose();
    }
  });
}
