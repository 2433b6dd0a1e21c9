import type { Preparation } from './preparation.ts';
import type { RegressionSamples, Samples } from './samples.ts';

/** A data set for classification. */
export interface Dataset {
  /** The name of the data set, such as 'digits'. */
  readonly name: string;
  /** The number of classes. */
  readonly classes: number;
  /** The shape of one sample, such as [8, 8]. */
  readonly featureShape: readonly number[];
  /** The names of the classes, by class number. */
  readonly classNames?: readonly string[];
  /** How to prepare other data for a model that learned from this data set. */
  readonly preparation?: Preparation;
  /** The training part. */
  readonly train: Samples;
  /** The test part. */
  readonly test: Samples;
}

/** A data set for regression. */
export interface RegressionDataset {
  /** The name of the data set, such as 'houses'. */
  readonly name: string;
  /** The name of each target. */
  readonly targetNames: readonly string[];
  /** The shape of one sample, such as [10]. */
  readonly featureShape: readonly number[];
  /** How to prepare other data for a model that learned from this data set. */
  readonly preparation?: Preparation;
  /** The training part. */
  readonly train: RegressionSamples;
  /** The test part. */
  readonly test: RegressionSamples;
}
