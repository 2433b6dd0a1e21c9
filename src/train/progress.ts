/** What training tells while it runs, and at the end. */
import type { SolveReport } from '../solvers/report.ts';
import type { Evaluation } from './evaluate.ts';
import type { StepOutcome } from './step.ts';

export interface StepProgress {
  readonly kind: 'step';
  /** Both count from 1. */
  readonly epoch: number;
  readonly step: number;
  readonly epochs: number;
  /** Steps in an epoch. */
  readonly steps: number;
  /** In the batch. */
  readonly samples: number;
  /** Mean over the batch; weighted where classes are. */
  readonly loss: number;
  /** Of the batch, before the step. */
  readonly accuracy: number;
  /** Mean over the samples; 0 where the model has no implicit layer. */
  readonly iterationsForward: number;
  readonly iterationsBackward: number;
  /** Since the step before was read back; the work of several is under way at once. */
  readonly seconds: number;
  /** An estimate from the steps so far; early stopping may end the run before. */
  readonly secondsLeft: number;
}

export interface EpochProgress {
  readonly kind: 'epoch';
  readonly epoch: number;
  readonly epochs: number;
  /** Mean over the samples of the epoch, as they were trained on; weighted where classes are. */
  readonly loss: number;
  readonly accuracy: number;
  /** Of the first step of the epoch. */
  readonly rate: number;
  /** Mean over the samples; 0 where the model has no implicit layer. */
  readonly iterationsForward: number;
  readonly iterationsBackward: number;
  readonly seconds: number;
  readonly secondsLeft: number;
  readonly validation: Evaluation | undefined;
}

export type Progress = StepProgress | EpochProgress;

export interface History {
  readonly epochs: readonly EpochProgress[];
  /** Of each step. */
  readonly losses: readonly number[];
  readonly backend: string;
  /** True where early stopping ended the run before its last epoch. */
  readonly stoppedEarly: boolean;
  /** The best epoch, from 1, where early stopping watched. */
  readonly bestEpoch: number | undefined;
}

/** Sums over the steps of an epoch so far. Plain numbers, so that a checkpoint can keep them. */
export interface Tally {
  readonly seconds: number;
  readonly count: number;
  readonly right: number;
  /** Σ weights of the samples, and Σ weight · loss. */
  readonly weight: number;
  readonly loss: number;
  readonly forward: Iterations;
  readonly backward: Iterations;
}

interface Iterations {
  readonly samples: number;
  readonly sum: number;
}

const NONE: Iterations = { samples: 0, sum: 0 };
export const EMPTY_TALLY: Tally = {
  seconds: 0,
  count: 0,
  right: 0,
  weight: 0,
  loss: 0,
  forward: NONE,
  backward: NONE,
};

export function tallied(tally: Tally, outcome: StepOutcome, seconds: number): Tally {
  return {
    seconds: tally.seconds + seconds,
    count: tally.count + outcome.count,
    right: tally.right + outcome.right,
    weight: tally.weight + outcome.weight,
    loss: tally.loss + outcome.weight * outcome.loss,
    forward: iterated(tally.forward, outcome.forward),
    backward: iterated(tally.backward, outcome.backward),
  };
}

function iterated({ samples, sum }: Iterations, reports: readonly SolveReport[]): Iterations {
  const iterations = reports.flatMap((report) => report.samples.map((sample) => sample.iterations));
  return { samples: samples + iterations.length, sum: iterations.reduce((a, b) => a + b, sum) };
}

export function summary(
  tally: Tally,
): Pick<Progress, 'loss' | 'accuracy' | 'iterationsForward' | 'iterationsBackward' | 'seconds'> {
  const mean = ({ samples, sum }: Iterations): number => (samples === 0 ? 0 : sum / samples);
  return {
    loss: tally.loss / tally.weight,
    accuracy: tally.right / tally.count,
    iterationsForward: mean(tally.forward),
    iterationsBackward: mean(tally.backward),
    seconds: tally.seconds,
  };
}

/** Estimates the seconds left from how many steps were done since now, and how many are ahead. */
export function estimator(now: () => number = () => performance.now()): (done: number, ahead: number) => number {
  const started = now();
  let first = started;
  return (done, ahead) => {
    const time = now();
    if (done <= 1) first = time;
    // The first step compiles what the others only run: it counts until there is a second one.
    const milliseconds = done <= 1 ? time - started : (time - first) / (done - 1);
    return (ahead * milliseconds) / 1000;
  };
}
