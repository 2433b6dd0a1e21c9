/** What training reports while it runs and at its end. */
import type { SolveReport } from '../solvers/report.ts';
import type { Task, TaskEvaluation, TaskName, TrainingMeasures } from './task.ts';

/** What is reported after each step, apart from measures. */
export interface StepCourse {
  /** Tells the two kinds of progress apart. */
  readonly kind: 'step';
  /** The current epoch, counted from 1. */
  readonly epoch: number;
  /** The step within the epoch, counted from 1. */
  readonly step: number;
  /** The number of epochs that training runs at most. */
  readonly epochs: number;
  /** The number of steps in an epoch. */
  readonly steps: number;
  /** The number of samples in the batch. */
  readonly samples: number;
  /** The mean loss over the batch; the weighted mean with weights. */
  readonly loss: number;
  /** Iterations of the forward solves, mean over the samples; 0 where the model has no implicit layer. */
  readonly iterationsForward: number;
  /**
   * Iterations of the linear solves for the gradient, mean over the samples; 0 where the model has no implicit layer.
   */
  readonly iterationsBackward: number;
  /**
   * Seconds since the outcome of the previous step was read back. Two steps can be in flight at once, so that those of
   * one step may be nearly 0 and those of the next one twice a step's: for a speed, divide sums over many steps.
   */
  readonly seconds: number;
  /** The samples of the epoch so far, divided by the seconds that their steps took. */
  readonly samplesPerSecond: number;
  /**
   * Estimated from the later half of the steps so far; undefined before the third step of this call, since the first
   * ones compile. Early stopping may end the run earlier.
   */
  readonly secondsLeft: number | undefined;
}

/** What is reported after each epoch, apart from measures. */
export interface EpochCourse {
  /** Tells the two kinds of progress apart. */
  readonly kind: 'epoch';
  /** The epoch that has just ended, counted from 1. */
  readonly epoch: number;
  /** The number of epochs that training runs at most. */
  readonly epochs: number;
  /** The mean loss over the samples of the epoch, each at its step; the weighted mean with weights. */
  readonly loss: number;
  /** The learning rate at the first step of the epoch. */
  readonly rate: number;
  /** Iterations of the forward solves, mean over the samples; 0 where the model has no implicit layer. */
  readonly iterationsForward: number;
  /**
   * Iterations of the linear solves for the gradient, mean over the samples; 0 where the model has no implicit layer.
   */
  readonly iterationsBackward: number;
  /** Seconds that the steps of the epoch took. */
  readonly seconds: number;
  /** The samples of the epoch, divided by these seconds. */
  readonly samplesPerSecond: number;
  /**
   * Estimated from the later half of the steps so far; undefined before the third step of this call, since the first
   * ones compile. Early stopping may end the run earlier.
   */
  readonly secondsLeft: number | undefined;
}

/** Reported after each step, with the measures of its batch before the update. */
export type StepProgress<Task extends TaskName = 'classification'> = StepCourse & TrainingMeasures[Task];

/** Reported after each epoch, with the measures of its samples, each before the update of its step. */
export type EpochProgress<Task extends TaskName = 'classification'> = {
  [Name in Task]: EpochCourse &
    TrainingMeasures[Name] & {
      /** The evaluation on the validation samples; undefined where none were given. */
      readonly validation: TaskEvaluation[Name] | undefined;
    };
}[Task];

/** What `onProgress` of `train` is called with. */
export type Progress<Task extends TaskName = 'classification'> = StepProgress<Task> | EpochProgress<Task>;

/** The result of `train`. */
export interface History<Task extends TaskName = 'classification'> {
  /** One entry per epoch. */
  readonly epochs: readonly EpochProgress<Task>[];
  /** The loss of every step. */
  readonly losses: readonly number[];
  /** The name of the backend on which the model was trained. */
  readonly backend: string;
  /** True where early stopping ended the run before its last epoch. */
  readonly stoppedEarly: boolean;
  /** The best epoch, counted from 1; undefined without early stopping. */
  readonly bestEpoch: number | undefined;
}

/** What is known of a step once it has been read back. */
export interface StepOutcome {
  /** The number of samples in the batch. */
  readonly count: number;
  /** How much the batch counts in the mean loss of the epoch; equal to `count` without class weights. */
  readonly weight: number;
  readonly loss: number;
  /** The sums that the task measures. */
  readonly measured: readonly number[];
  /** Reports of the forward solves. */
  readonly forward: readonly SolveReport[];
  /** Reports of the linear solves for the gradient. */
  readonly backward: readonly SolveReport[];
  /** Callbacks of layers, to be run now. */
  readonly whenRead: readonly (() => Promise<void>)[];
}

/** Sums over the finished steps of an epoch. Plain numbers, so that a checkpoint can store them. */
export interface Tally {
  /** The seconds that the steps took. */
  readonly seconds: number;
  /** The number of samples. */
  readonly count: number;
  /** The sums that the task measures; empty before the first step. */
  readonly measured: readonly number[];
  /** Σ of the weights of the batches. */
  readonly weight: number;
  /** Σ weight · loss over the steps. */
  readonly loss: number;
  /** The iterations of the solves. */
  readonly forward: Iterations;
  /** The iterations of the linear solves for the gradients. */
  readonly backward: Iterations;
}

/**
 * Counts of iterations.
 *
 * @inline
 */
export interface Iterations {
  /** The number of samples that were solved for. */
  readonly samples: number;
  /** The sum of their iterations. */
  readonly sum: number;
}

const NONE: Iterations = { samples: 0, sum: 0 };
export const EMPTY_TALLY: Tally = {
  seconds: 0,
  count: 0,
  measured: [],
  weight: 0,
  loss: 0,
  forward: NONE,
  backward: NONE,
};

export function addToTally(tally: Tally, outcome: StepOutcome, seconds: number): Tally {
  return {
    seconds: tally.seconds + seconds,
    count: tally.count + outcome.count,
    measured: outcome.measured.map((sum, at) => sum + (tally.measured[at] ?? 0)),
    weight: tally.weight + outcome.weight,
    loss: tally.loss + outcome.weight * outcome.loss,
    forward: addIterations(tally.forward, outcome.forward),
    backward: addIterations(tally.backward, outcome.backward),
  };
}

function addIterations({ samples, sum }: Iterations, reports: readonly SolveReport[]): Iterations {
  const iterations = reports.flatMap((report) => report.samples.map((sample) => sample.iterations));
  return { samples: samples + iterations.length, sum: iterations.reduce((a, b) => a + b, sum) };
}

export function summarise(
  tally: Tally,
  { summarise: summariseMeasures }: Task,
): Pick<StepCourse, 'loss' | 'iterationsForward' | 'iterationsBackward' | 'seconds' | 'samplesPerSecond'> &
  TrainingMeasures[TaskName] {
  const mean = ({ samples, sum }: Iterations): number => (samples === 0 ? 0 : sum / samples);
  return {
    loss: tally.loss / tally.weight,
    ...summariseMeasures(tally.measured),
    iterationsForward: mean(tally.forward),
    iterationsBackward: mean(tally.backward),
    seconds: tally.seconds,
    samplesPerSecond: tally.count / tally.seconds,
  };
}

/**
 * Returns a function that estimates the seconds left from the steps done since now and the steps ahead. Of the steps
 * done, the later half counts: the first ones compile, and engines are slow at first.
 */
export function createEstimator(
  now: () => number = () => performance.now(),
): (done: number, ahead: number) => number | undefined {
  const ends: number[] = [];
  return (done, ahead) => {
    ends[done] = now();
    if (ahead === 0) return 0;
    if (done < 3) return undefined;
    const from = Math.floor(done / 2);
    return (ahead * (ends[done] - ends[from])) / (done - from) / 1000;
  };
}
