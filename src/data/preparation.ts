/** How data were prepared for a model, so that other data can be prepared alike. */
import type { FeatureColumn } from './features.ts';
import type { Standardisation } from './standardisation.ts';

/**
 * What to do where a value is missing: refuse the table, put the feature's mean over the training part in its place (for
 * categories: the share of each), or leave the row out.
 */
export type MissingRule = 'error' | 'mean' | 'drop';

/** How rows of a table become numbers for a model: what training found out, to be applied to other rows alike. */
export interface TablePreparation {
  readonly kind: 'table';
  /** Whether the file had a header. */
  readonly header: boolean;
  /** In the order of the features. */
  readonly columns: readonly FeatureColumn[];
  readonly target: string;
  readonly classNames: readonly string[];
  readonly missing: MissingRule;
  /** The mean of each feature over the training part. */
  readonly means: readonly number[];
  readonly standardisation?: Standardisation;
}

/** How images become numbers for a model: divided by the greatest value that a pixel can have. */
export interface ImagePreparation {
  readonly kind: 'images';
  /** Of one image, such as [28, 28]. */
  readonly shape: readonly number[];
  readonly greatest: number;
  readonly classNames: readonly string[];
}

/** Plain JSON: it can be kept in a checkpoint, beside the parameters of the model. */
export type Preparation = TablePreparation | ImagePreparation;
