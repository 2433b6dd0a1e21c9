/** Solves a cone program in float64 and returns plain numbers. */
import {
  type ConeSolution,
  type ConeSolveOptions,
  type ConeTangent,
  coneProgram,
  type Engine,
  type SampleConeGradients,
} from '../index.ts';
import type { ConeInput } from './cone-problem.ts';
import {
  type Answered,
  answerSolution,
  type DerivativesOf,
  determinedOnly,
  type Numbers,
  type ProgramFacts,
} from './program-answer.ts';
import { asProgramMatrix, formatGradient, type MatrixAnswer } from './program-matrix.ts';

/** Derivatives that the solution does not determine are null. */
interface DerivativesAnswer {
  readonly dx?: Numbers;
  readonly dy?: Numbers;
  readonly ds?: Numbers;
  readonly grad_A?: MatrixAnswer | null;
  readonly grad_b?: Numbers;
  readonly grad_c?: Numbers;
  /** Absent where P was. */
  readonly grad_P?: MatrixAnswer | null;
}

/** The solution, its derivatives where they were asked for, the report and the certificate. */
export interface ConeAnswer extends DerivativesAnswer, ProgramFacts {
  /** null, as y and s, where the program has no solution. */
  readonly x: Numbers;
  readonly y: Numbers;
  readonly s: Numbers;
  /** Of a program in the canonical form: the row of the file that each row of the answer is. */
  readonly rows?: readonly number[];
}

/**
 * Solves the program.
 * @throws RangeError where P is not convex
 */
export async function answerCone(
  engine: Engine,
  problem: ConeInput,
  options: Pick<ConeSolveOptions, 'solver' | 'absoluteTolerance' | 'relativeTolerance' | 'limit'>,
): Promise<Answered<ConeAnswer>> {
  const { P, A, b, c, cones, selection, constant, rows } = problem;
  const solution = coneProgram({
    ...options,
    engine,
    ...(P && { P: asProgramMatrix(P) }),
    A: asProgramMatrix(A),
    b,
    c,
    cones,
    selection,
    // The answer contains the report and the certificate.
    onFailure: 'report',
    onFailedCertificate: 'ignore',
  });
  const answered = await answerSolution(solution, ['x', 'y', 's'], constant, () => differentiate(solution, problem));
  return { ...answered, answer: { ...answered.answer, ...(rows && { rows }) } };
}

async function differentiate(
  solution: ConeSolution,
  { direction, cotangent, ...problem }: ConeInput,
): Promise<DerivativesOf<DerivativesAnswer>> {
  const [tangent] = direction
    ? await solution.tangents({
        P: direction.dP && asProgramMatrix(direction.dP),
        A: direction.dA && asProgramMatrix(direction.dA),
        b: direction.db,
        c: direction.dc,
      })
    : [];
  const [adjoint] = cotangent ? await solution.gradients({ x: cotangent.gx, y: cotangent.gy, s: cotangent.gs }) : [];
  const answer = { ...(tangent && formatTangent(tangent)), ...(adjoint && formatGradients(adjoint, problem)) };
  return { answer, tangent, adjoint };
}

function formatTangent({ x, y, s, determined }: ConeTangent): DerivativesAnswer {
  return {
    dx: determinedOnly(determined.x, x),
    dy: determinedOnly(determined.y, y),
    ds: determinedOnly(determined.s, s),
  };
}

function formatGradients(gradients: SampleConeGradients, { P, A }: Pick<ConeInput, 'P' | 'A'>): DerivativesAnswer {
  const { determined } = gradients;
  return {
    grad_A: determined.A ? formatGradient(A, gradients.A) : null,
    grad_b: determinedOnly(determined.b, gradients.b),
    grad_c: determinedOnly(determined.c, gradients.c),
    ...(P && { grad_P: determined.P ? formatGradient(P, gradients.P) : null }),
  };
}
