import type { Preparation } from './preparation.ts';
import type { Samples } from './samples.ts';

/** A classification data set with its training and test parts; `featureShape` is the shape of one row, such as [8, 8]. */
export interface Dataset {
  readonly name: string;
  readonly classes: number;
  readonly featureShape: readonly number[];
  /** What the classes are called, by class number. */
  readonly classNames?: readonly string[];
  /** How further rows are made ready for a model that learned from these. */
  readonly preparation?: Preparation;
  readonly train: Samples;
  readonly test: Samples;
}
