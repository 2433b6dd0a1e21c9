/** The cases that are measured. Every contestant does the same work on the same numbers, in its own way. */
import {
  RELU_ITERATIONS,
  type ReluProblem,
  reluProblem,
  type Size,
  type SolveProblem,
  solveProblem,
  TRAINING,
  type TrainingProblem,
  trainingProblem,
} from './problems.ts';

export interface Problems {
  readonly relu: ReluProblem;
  readonly solve: SolveProblem;
  readonly training: TrainingProblem;
}

export type CaseName = keyof Problems;

/**
 * Iterations: the mean over the samples where a library counts them by sample, otherwise the count of the whole batch.
 */
export interface Iterations {
  readonly forward: number;
  readonly backward: number;
}

export interface Outcome {
  /** The result of the first unit, by which contestants are compared with one another. */
  readonly answer?: ArrayLike<number>;
  readonly iterations?: Iterations;
  /** Iterations of the slowest sample. Where the whole batch iterates together, this many are carried out. */
  readonly slowest?: Iterations;
}

/** One case at one size, done by one library. */
export interface Work<Problem> {
  /** Moves the numbers to where the work needs them, and waits until they are there. Not timed. */
  prepare(problem: Problem): Promise<void>;
  /** Does `units` units of work, and returns when the device has finished them. */
  run(units: number): Promise<Outcome>;
  /** Frees what the work holds on the device. */
  dispose(): void;
}

/** A library's implementations of the cases that it can do. */
export type Works = { readonly [Name in CaseName]?: (size: Size) => Work<Problems[Name]> };

interface Case<Problem> {
  readonly title: string;
  /** The largest number of units (solves or training steps) that one problem suffices for. */
  readonly maximumUnits: number;
  /** The largest relative difference allowed between two answers, ‖x − y‖/‖y‖. */
  readonly agreement: number;
  /** Floating-point operations of one unit, for cases where they do not depend on the solver. */
  operations?(size: Size): number;
  problem(size: Size, repetition: number): Problem;
}

type Cases = { readonly [Name in CaseName]: Case<Problems[Name]> };

export const CASES = {
  relu: {
    title: `${RELU_ITERATIONS} relu iterations`,
    maximumUnits: 1,
    agreement: 1e-4,
    // A product of batch × n with n × n takes batch·n² multiplications and as many additions.
    operations: ({ batch, width }: Size) => 2 * batch * width ** 2 * RELU_ITERATIONS,
    problem: reluProblem,
  },
  // Two solves to a tolerance of 1e-4 differ by a multiple of it.
  solve: { title: 'solve and gradient', maximumUnits: 1, agreement: 1e-2, problem: solveProblem },
  training: { title: 'training step', maximumUnits: TRAINING.steps, agreement: 0, problem: trainingProblem },
} as const satisfies Cases;
