/** Solves a quadratic or linear program in float64 and returns plain numbers. */
import {
  type Engine,
  linearProgram,
  type ProgramCertificate,
  type ProgramSolution,
  type ProgramSolveOptions,
  type ProgramTangent,
  quadraticProgram,
  type SampleGradients,
  type SolveStatus,
} from '../index.ts';
import { asProgramMatrix, formatGradient, type GivenMatrix, type MatrixAnswer } from './program-matrix.ts';
import type { ProgramInput } from './program-problem.ts';
import { areSolved, createReportAnswer, type ReportAnswer } from './report-answer.ts';

type Numbers = readonly number[] | null;

/** Derivatives that the solution does not determine are null. Those of data that were not given are absent. */
interface DerivativesAnswer {
  readonly dx?: Numbers;
  readonly dy?: Numbers;
  readonly dz?: Numbers;
  readonly grad_P?: MatrixAnswer | null;
  readonly grad_q?: Numbers;
  readonly grad_A?: MatrixAnswer | null;
  readonly grad_l?: Numbers;
  readonly grad_u?: Numbers;
}

/** The solution, its derivatives where they were asked for, the report and the certificate. */
export interface ProgramAnswer extends DerivativesAnswer {
  /** null, as y, z and the objective, where the program has no solution. */
  readonly x: Numbers;
  readonly y: Numbers;
  readonly z: Numbers;
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
    /** The weakly active rows. */
    readonly kinks: readonly number[];
    /** rows or primal: the test that did not pass. */
    readonly test?: string;
    readonly null_vector?: readonly number[];
    readonly smallest: { readonly rows: number; readonly primal: number };
    readonly nearly_singular: boolean;
    /** The keys of the derivatives that are null. */
    readonly undetermined: readonly string[];
  };
}

/**
 * Solves the program. `hasNoSolution` says whether it was shown to be infeasible or unbounded.
 * @throws RangeError where P is not symmetric or not convex
 */
export async function answerProgram(
  engine: Engine,
  problem: ProgramInput,
  options: Pick<ProgramSolveOptions, 'solver' | 'absoluteTolerance' | 'relativeTolerance' | 'limit'>,
): Promise<{ answer: ProgramAnswer; isSolved: boolean; hasNoSolution: boolean }> {
  const solution = solveProblem(engine, problem, options);
  try {
    const [report, values, certificates] = await Promise.all([
      solution.report,
      solution.values(),
      solution.certificate(),
    ]);
    const [{ status, primal, dual, gap, certificate: vector }] = report.samples;
    const derivatives = await differentiate(solution, problem);
    const hasNoSolution = status === 'infeasible' || status === 'unbounded';
    const list = (numbers: Float64Array): Numbers => (hasNoSolution ? null : Array.from(numbers));
    const [certificate] = certificates.samples;
    const answer: ProgramAnswer = {
      x: list(values.x),
      y: list(values.y),
      z: list(values.z),
      objective: hasNoSolution ? null : values.objective[0] + problem.constant,
      status,
      ...(vector && { certificate_vector: Array.from(vector) }),
      ...derivatives.answer,
      report: {
        ...createReportAnswer(report),
        primal_residual: [primal],
        dual_residual: [dual],
        duality_gap: [gap],
        ...derivatives.residuals,
      },
      certificate: {
        ...formatCertificate(certificate),
        undetermined: Object.entries(derivatives.answer).flatMap(([key, value]) => (value === null ? [key] : [])),
      },
    };
    return { answer, isSolved: areSolved([status]), hasNoSolution };
  } finally {
    solution.dispose();
  }
}

function solveProblem(
  engine: Engine,
  { P, q, A, l, u, selection }: ProgramInput,
  options: ProgramSolveOptions,
): ProgramSolution {
  const given = {
    ...options,
    engine,
    q,
    ...(A && { A: asProgramMatrix(A) }),
    l,
    u,
    selection,
    // The answer contains the report and the certificate.
    onFailure: 'report',
    onFailedCertificate: 'ignore',
  } as const;
  return P ? quadraticProgram({ ...given, P: asProgramMatrix(P) }) : linearProgram(given);
}

type CertificateAnswer = Omit<ProgramAnswer['certificate'], 'undetermined'>;

function formatCertificate(certificate: ProgramCertificate): CertificateAnswer {
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

interface Derivatives {
  readonly answer: DerivativesAnswer;
  readonly residuals: { readonly tangent_residual?: number; readonly adjoint_residual?: number };
}

async function differentiate(solution: ProgramSolution, problem: ProgramInput): Promise<Derivatives> {
  const { direction, cotangent } = problem;
  const [tangent] = direction
    ? await solution.tangents({
        P: direction.dP && asProgramMatrix(direction.dP),
        q: direction.dq,
        A: direction.dA && asProgramMatrix(direction.dA),
        l: direction.dl,
        u: direction.du,
      })
    : [];
  const [gradients] = cotangent ? await solution.gradients({ x: cotangent.gx, y: cotangent.gy, z: cotangent.gz }) : [];
  return {
    answer: { ...(tangent && formatTangent(tangent)), ...(gradients && formatGradients(gradients, problem)) },
    residuals: {
      ...(tangent && { tangent_residual: tangent.residual }),
      ...(gradients && { adjoint_residual: gradients.residual }),
    },
  };
}

function formatTangent({ x, y, z, determined }: ProgramTangent): DerivativesAnswer {
  return {
    dx: determined.x ? Array.from(x) : null,
    dy: determined.y ? Array.from(y) : null,
    dz: determined.z ? Array.from(z) : null,
  };
}

function formatGradients(gradients: SampleGradients, { P, A, l, u }: ProgramInput): DerivativesAnswer {
  const { determined } = gradients;
  const ofMatrix = (name: 'P' | 'A', matrix: GivenMatrix): MatrixAnswer | null =>
    determined[name] ? formatGradient(matrix, gradients[name]) : null;
  const ofVector = (name: 'q' | 'l' | 'u'): Numbers => (determined[name] ? Array.from(gradients[name]) : null);
  return {
    ...(P && { grad_P: ofMatrix('P', P) }),
    grad_q: ofVector('q'),
    ...(A && { grad_A: ofMatrix('A', A) }),
    ...(l && { grad_l: ofVector('l') }),
    ...(u && { grad_u: ofVector('u') }),
  };
}
