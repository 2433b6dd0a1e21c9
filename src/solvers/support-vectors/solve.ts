/** Solves a linear support vector machine in float64, from nothing or from the solution of a problem that is near. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { type ActiveSetOptions, type SupportVectorResult, solveByActiveSet } from './active-set.ts';
import type { SupportVectorProblem } from './problem.ts';
import { makeFeasible, roughStart } from './start.ts';

/** A problem with the same rows, and its solution. */
export interface NearSolution {
  readonly upper: Float64Array;
  readonly alpha: Float64Array;
}

/** @param near where to start: each row at the same share of its bound; default, a few sweeps of coordinate descent */
export function* solveSupportVectors(
  problem: SupportVectorProblem,
  options: ActiveSetOptions,
  near?: NearSolution,
): Interruptible<SupportVectorResult> {
  yield;
  const { upper } = problem;
  const start = near
    ? upper.map((bound, row) => (near.upper[row] > 0 ? bound * (near.alpha[row] / near.upper[row]) : 0))
    : yield* roughStart(problem);
  return yield* solveByActiveSet(problem, makeFeasible(problem, start), options);
}
