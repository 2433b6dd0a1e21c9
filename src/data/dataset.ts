import type { Preparation } from './preparation.ts';
import type { Samples } from './samples.ts';

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
