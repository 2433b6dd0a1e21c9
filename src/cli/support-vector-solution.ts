/** Solves a support vector machine on an engine and returns plain numbers. */
import { Tape } from '../autodiff/tape.ts';
import {
  type Engine,
  type SupportVectorCertificate,
  type SupportVectorOptions,
  supportVectorMachine,
} from '../index.ts';
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
import type { SupportVectorInput } from './support-vector-problem.ts';

/** One value where the problem has one cost, or a list where it has a list of costs. */
type PerCost<T> = T | readonly T[];
/** The same, and null for each cost without a certificate. */
type Derivative = Nested | null | readonly (Nested | null)[];

export interface SupportVectorAnswer {
  /** w */
  readonly beta: Nested;
  /** Present where the problem asked for an intercept. */
  readonly intercept?: Nested;
  readonly alpha: Nested;
  /** The rows with 0 < αᵢ < C cᵢ, counted from 0. */
  readonly inside: PerCost<readonly number[]>;
  readonly at_upper: PerCost<readonly number[]>;
  readonly on_margin: PerCost<readonly number[]>;
  readonly dbeta_dlogC: Derivative;
  readonly dintercept_dlogC?: Derivative;
  readonly dalpha_dlogC: Derivative;
  /** Present with v. */
  readonly interval?: PerCost<IntervalAnswer>;
  readonly report: ReportAnswer &
    LinearReports & { readonly objective: readonly number[]; readonly duality_gap: readonly number[] };
  readonly certificate: Omit<SupportVectorCertificate, 'samples'> & {
    /** The status for each cost. */
    readonly samples: readonly SupportVectorCertificate['status'][];
  };
}

/**
 * Solves the problem. `isSolved` says whether every w was solved, and every derivative that is not null.
 * @throws RangeError where the labels are not those of two classes
 */
export function answerSupportVectors(
  engine: Engine,
  { X, y, logC, rowWeights, intercept, selection, v }: SupportVectorInput,
  options: Pick<SupportVectorOptions, 'tolerance' | 'limit'>,
): Promise<{ answer: SupportVectorAnswer; isSolved: boolean }> {
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    try {
      const costs = [logC].flat();
      const watch = (values: ArrayLike<number>, shape?: readonly number[]) => tape.watch(scope.tensor(values, shape));
      const logarithm = watch(costs);
      const data = {
        X: watch(X.values, [X.rows, X.columns]),
        ...(rowWeights && { row_weights: watch(rowWeights) }),
      };
      const solution = supportVectorMachine({
        ...options,
        ...{ X: data.X, y: scope.tensor(y), logC: logarithm, intercept },
        ...(data.row_weights && { rowWeights: data.row_weights }),
        ...(selection !== undefined && { selection }),
        // The answer contains the report and the certificate.
        onFailure: 'report',
        onFailedCertificate: 'ignore',
      });
      const read = await readFittedModel(solution, [solution.beta, solution.intercept, solution.alpha], {
        ...{ scope, tape, key: 'logC', logarithm, data, v },
      });
      const { derivatives, forward, linear, statuses, intervals, isSolved } = read;
      const { samples, ...certificate } = read.certificate;
      const [beta, offsets, alpha] = read.values;
      const [dBeta, dOffsets, dAlpha] = derivatives.tangents;
      const answer: SupportVectorAnswer = {
        beta: perProblem(logC, beta, [X.columns]),
        ...(intercept && { intercept: perProblem(logC, offsets, []) }),
        alpha: perProblem(logC, alpha, [X.rows]),
        inside: oneOrAll(
          logC,
          samples.map(({ inside }) => inside),
        ),
        at_upper: oneOrAll(
          logC,
          samples.map(({ atUpper }) => atUpper),
        ),
        on_margin: oneOrAll(
          logC,
          samples.map(({ onMargin }) => onMargin),
        ),
        dbeta_dlogC: perCertified(statuses, logC, dBeta, [X.columns]),
        ...(intercept && { dintercept_dlogC: perCertified(statuses, logC, dOffsets, []) }),
        dalpha_dlogC: perCertified(statuses, logC, dAlpha, [X.rows]),
        ...nameGradients('logC', derivatives, statuses, logC),
        ...(intervals && { interval: oneOrAll(logC, intervals) }),
        report: {
          ...createReportAnswer(forward),
          objective: forward.objective,
          duality_gap: forward.gap,
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
