/** What `equilibra solve` prints of the solution of a program of any kind. */
import type { ConeCertificate, ProgramCertificate, ProgramReport, SolveStatus } from '../index.ts';
import { areSolved, createReportAnswer, type ReportAnswer } from './report-answer.ts';

/** null where the solution does not determine them. */
export type Numbers = readonly number[] | null;

/** What a program's answer has beside its solution and the derivatives. */
export interface ProgramFacts {
  /** null where the program has no solution. */
  readonly objective: number | null;
  readonly status: SolveStatus;
  /** Of a program without a solution: what shows that it has none, normalised to −1. */
  readonly certificate_vector?: readonly number[];
  readonly report: ReportAnswer & {
    readonly primal_residual: readonly number[];
    readonly dual_residual: readonly number[];
    readonly duality_gap: readonly number[];
    /** Of the linear solves for the derivatives that were asked for, relative; null where there is no solution. */
    readonly tangent_residual?: number;
    readonly adjoint_residual?: number;
  };
  readonly certificate: {
    readonly status: string;
    readonly argument: string;
    readonly reason: string;
    /** The weakly active rows; of cones, the first row of each that is at a kink. */
    readonly kinks: readonly number[];
    /** rows or primal: the test that did not pass. */
    readonly test?: string;
    readonly null_vector?: readonly number[];
    readonly smallest: Readonly<Record<'rows' | 'primal', number>>;
    readonly nearly_singular: boolean;
    /** The keys of the derivatives that are null. */
    readonly undetermined: readonly string[];
  };
}

/** A solution as `quadraticProgram` and its neighbours return it. */
interface Solution<Values> {
  readonly report: Promise<ProgramReport>;
  values(): Promise<Values>;
  certificate(): Promise<{ readonly samples: readonly (ProgramCertificate | ConeCertificate)[] }>;
  dispose(): void;
}

/** The derivatives that were asked for, with the residuals of their linear systems. */
export interface DerivativesOf<Answer> {
  readonly answer: Answer;
  readonly tangent: { readonly residual: number } | undefined;
  readonly adjoint: { readonly residual: number } | undefined;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  readonly isSolved: boolean;
  /** Whether the program was shown to be infeasible or unbounded. */
  readonly hasNoSolution: boolean;
}

/**
 * Awaits the solution of one program, and frees it.
 * @param parts the names of the vectors of the solution, in the order of the answer
 * @param constant what is added to the objective
 */
export async function answerSolution<
  Part extends string,
  Values extends Readonly<Record<Part | 'objective', Float64Array>>,
  Derivatives extends object,
>(
  solution: Solution<Values>,
  parts: readonly Part[],
  constant: number,
  differentiate: () => Promise<DerivativesOf<Derivatives>>,
): Promise<Answered<Readonly<Record<Part, Numbers>> & ProgramFacts & Derivatives>> {
  try {
    const [report, values, certificates] = await Promise.all([
      solution.report,
      solution.values(),
      solution.certificate(),
    ]);
    const [{ status, primal, dual, gap, certificate: vector }] = report.samples;
    const { answer, tangent, adjoint } = await differentiate();
    const hasNoSolution = status === 'infeasible' || status === 'unbounded';
    const solved = parts.map((part) => [part, hasNoSolution ? null : Array.from(values[part])]);
    const [certificate] = certificates.samples;
    const undetermined = Object.entries(answer).flatMap(([key, value]) => (value === null ? [key] : []));
    return {
      answer: {
        ...(Object.fromEntries(solved) as Readonly<Record<Part, Numbers>>),
        objective: hasNoSolution ? null : values.objective[0] + constant,
        status,
        ...(vector && { certificate_vector: Array.from(vector) }),
        ...answer,
        report: {
          ...createReportAnswer(report),
          primal_residual: [primal],
          dual_residual: [dual],
          duality_gap: [gap],
          ...(tangent && { tangent_residual: tangent.residual }),
          ...(adjoint && { adjoint_residual: adjoint.residual }),
        },
        certificate: { ...formatCertificate(certificate), undetermined },
      },
      isSolved: areSolved([status]),
      hasNoSolution,
    };
  } finally {
    solution.dispose();
  }
}

function formatCertificate(
  certificate: ProgramCertificate | ConeCertificate,
): Omit<ProgramFacts['certificate'], 'undetermined'> {
  const { status, argument, reason, kinkRows, test, nullVector, smallest, nearlySingular } = certificate;
  return {
    status,
    argument,
    reason,
    kinks: kinkRows,
    ...(test && { test }),
    ...(nullVector && { null_vector: Array.from(nullVector) }),
    smallest,
    nearly_singular: nearlySingular,
  };
}

/** null where they are not determined. */
export function determinedOnly(isDetermined: boolean, numbers: Float64Array): Numbers {
  return isDetermined ? Array.from(numbers) : null;
}
