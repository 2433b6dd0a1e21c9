/** What is measured. Everyone who takes part does this, in their own way, on the same numbers. */
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

/** Mean over the samples where a library counts by sample, else those of the whole batch. */
export interface Iterations {
  readonly forward: number;
  readonly backward: number;
}

export interface Outcome {
  /** What was computed, so that it can be seen that all computed the same. */
  readonly answer?: ArrayLike<number>;
  readonly iterations?: Iterations;
  /** Those of the sample that took most: so many were made, where each is made by the whole batch. */
  readonly most?: Iterations;
}

/** One case of one size, done by one library. */
export interface Work<Problem> {
  /** Takes the numbers over, and waits until they are where they are needed. Not timed. */
  prepare(problem: Problem): Promise<void>;
  /** Does the work so many times, and returns when the device has done it. */
  run(units: number): Promise<Outcome>;
  /** Frees what it holds on the device. */
  dispose(): void;
}

/** How a library does the cases that it can do. */
export type Works = { readonly [Name in CaseName]?: (size: Size) => Work<Problems[Name]> };

interface Case<Problem> {
  readonly title: string;
  /** Most units (solves, training steps) that one problem is enough for. */
  readonly most: number;
  /** Largest relative difference of two answers, ‖x − y‖/‖y‖. */
  readonly agreement: number;
  /** Floating-point operations of one unit, where they are known without knowing what the solver did. */
  operations?(size: Size): number;
  problem(size: Size, repetition: number): Problem;
}

type Cases = { readonly [Name in CaseName]: Case<Problems[Name]> };

export const CASES = {
  relu: {
    title: `${RELU_ITERATIONS} relu iterations`,
    most: 1,
    agreement: 1e-4,
    // A product of batch × n with n × n is batch·n² multiplications and as many additions.
    operations: ({ batch, width }: Size) => 2 * batch * width ** 2 * RELU_ITERATIONS,
    problem: reluProblem,
  },
  // Two solves to a tolerance of 1e-4 differ by some multiple of it.
  solve: { title: 'solve and gradient', most: 1, agreement: 1e-2, problem: solveProblem },
  training: { title: 'training step', most: TRAINING.steps, agreement: 0, problem: trainingProblem },
} as const satisfies Cases;
