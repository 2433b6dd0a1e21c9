/** Objectives of small numbers, which an absolute tolerance would take for 0. */
import type { ProgramData, ProgramResult } from '../../solvers/programs/problem.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';

/** A power of two by which the objective can be divided, so that its largest number is about 1; 1 where it is not small. */
export function objectiveFactor({ P, q }: Pick<ProgramData, 'P' | 'q'>): number {
  const size = Math.max(largestMagnitude(P.values), largestMagnitude(q));
  return size > 0 && size < 1 ? 2 ** Math.ceil(Math.log2(size)) : 1;
}

/** The program with its objective divided by the factor, which changes no digit. */
export function divideObjective<Program extends Pick<ProgramData, 'P' | 'q'>>(
  program: Program,
  factor: number,
): Program {
  if (factor === 1) return program;
  const { P, q } = program;
  return {
    ...program,
    P: { ...P, values: P.values.map((value) => value / factor) },
    q: q.map((value) => value / factor),
  };
}

/** The result for the program from that for the one with the divided objective. */
export function multiplyObjective<Result extends Omit<ProgramResult, 'x' | 'z'>>(
  result: Result,
  factor: number,
): Result {
  if (factor === 1) return result;
  const { y, objective, residuals, status, certificate } = result;
  return {
    ...result,
    y: y.map((value) => value * factor),
    objective: objective * factor,
    residuals: { ...residuals, dual: residuals.dual * factor, gap: residuals.gap * factor },
    // The objective is −1 along it; a certificate of an infeasible program does not depend on the objective.
    ...(certificate && status === 'unbounded' && { certificate: certificate.map((value) => value / factor) }),
  };
}
