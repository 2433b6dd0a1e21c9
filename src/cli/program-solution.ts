/** Solves a quadratic or linear program in float64 and returns plain numbers. */
import {
  type Engine,
  linearProgram,
  type ProgramSolution,
  type ProgramSolveOptions,
  type ProgramTangent,
  quadraticProgram,
  type SampleGradients,
} from '../index.ts';
import {
  type Answered,
  answerSolution,
  type DerivativesOf,
  determinedOnly,
  type Numbers,
  type ProgramFacts,
} from './program-answer.ts';
import { asProgramMatrix, formatGradient, type GivenMatrix, type MatrixAnswer } from './program-matrix.ts';
import type { ProgramInput } from './program-problem.ts';

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
export interface ProgramAnswer extends DerivativesAnswer, ProgramFacts {
  /** null, as y and z, where the program has no solution. */
  readonly x: Numbers;
  readonly y: Numbers;
  readonly z: Numbers;
}

/**
 * Solves the program.
 * @throws RangeError where P is not convex
 */
export function answerProgram(
  engine: Engine,
  problem: ProgramInput,
  options: Pick<ProgramSolveOptions, 'solver' | 'absoluteTolerance' | 'relativeTolerance' | 'limit'>,
): Promise<Answered<ProgramAnswer>> {
  const solution = solveProblem(engine, problem, options);
  return answerSolution(solution, ['x', 'y', 'z'], problem.constant, () => differentiate(solution, problem));
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

async function differentiate(
  solution: ProgramSolution,
  problem: ProgramInput,
): Promise<DerivativesOf<DerivativesAnswer>> {
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
  const [adjoint] = cotangent ? await solution.gradients({ x: cotangent.gx, y: cotangent.gy, z: cotangent.gz }) : [];
  const answer = { ...(tangent && formatTangent(tangent)), ...(adjoint && formatGradients(adjoint, problem)) };
  return { answer, tangent, adjoint };
}

function formatTangent({ x, y, z, determined }: ProgramTangent): DerivativesAnswer {
  return {
    dx: determinedOnly(determined.x, x),
    dy: determinedOnly(determined.y, y),
    dz: determinedOnly(determined.z, z),
  };
}

function formatGradients(gradients: SampleGradients, { P, A, l, u }: ProgramInput): DerivativesAnswer {
  const { determined } = gradients;
  const ofMatrix = (name: 'P' | 'A', matrix: GivenMatrix): MatrixAnswer | null =>
    determined[name] ? formatGradient(matrix, gradients[name]) : null;
  const ofVector = (name: 'q' | 'l' | 'u'): Numbers => determinedOnly(determined[name], gradients[name]);
  return {
    ...(P && { grad_P: ofMatrix('P', P) }),
    grad_q: ofVector('q'),
    ...(A && { grad_A: ofMatrix('A', A) }),
    ...(l && { grad_l: ofVector('l') }),
    ...(u && { grad_u: ofVector('u') }),
  };
}
