/** What a model learns from samples: to classify, or to predict numbers. The loop of training asks only the task. */
import type { AnySamples, RegressionSamples, Samples } from '../data/samples.ts';
import type { Model } from '../layers/sequential.ts';
import type { TargetScale } from '../layers/target-scale.ts';
import type { Evaluation } from './evaluate.ts';
import type { BatchLoss } from './losses.ts';
import type { RegressionEvaluation } from './regression/evaluation.ts';

/** The name of a task. */
export type TaskName = 'classification' | 'regression';

/** The samples that each task learns from. */
export interface TaskSamples {
  /** Samples with labels. */
  readonly classification: Samples;
  /** Samples with targets. */
  readonly regression: RegressionSamples;
}

/** The evaluation that each task has. */
export interface TaskEvaluation {
  /** Accuracy and confusion matrix. */
  readonly classification: Evaluation;
  /** R² and errors of each target. */
  readonly regression: RegressionEvaluation;
}

/** What is measured on the training samples, each before the update of its step. */
export interface TrainingMeasures {
  /** Of a classifier. */
  readonly classification: {
    /** The share of the samples that were classified correctly; the weighted share where they have weights. */
    readonly accuracy: number;
  };
  /** Of a model for regression. */
  readonly regression: {
    /** The root mean squared error of each target, in its units; weighted where the samples have weights. */
    readonly rootMeanSquaredErrors: readonly number[];
  };
}

/** The task of a training run. */
export interface Task {
  readonly loss: BatchLoss;
  /** What must be the same for training to resume. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The scale of the targets for a model that has this one already, or none. */
  chooseScale(current: TargetScale | undefined): TargetScale | undefined;
  /** The targets of a batch, as the loss takes them, and how much the batch counts in the mean loss of an epoch. */
  prepare(part: AnySamples, model: Model): { readonly targets: Float32Array; readonly weight: number };
  /** Sums over the samples of a batch. */
  measure(outputs: Float32Array | Float64Array, part: AnySamples, model: Model): number[];
  /** The measures that the sums over several batches give. */
  summarise(sums: readonly number[]): TrainingMeasures[TaskName];
  evaluate(model: Model, samples: AnySamples, signal?: AbortSignal): Promise<TaskEvaluation[TaskName]>;
}
