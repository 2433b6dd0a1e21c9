/** How data were prepared for a model, so that other data can be prepared alike. */
import type { FeatureColumn } from './features.ts';
import type { Standardisation } from './standardisation.ts';

/**
 * What to do where a value is missing. 'error': refuse the table. 'mean': use the mean of the feature over the training
 * part (for categories, the share of each). 'drop': omit the row.
 */
export type MissingRule = 'error' | 'mean' | 'drop';

/**
 * How rows of a table become inputs of a model. Determined in training, and applied in the same way to other rows.
 */
export interface FeaturePreparation {
  /** Whether the file had a header. */
  readonly header: boolean;
  /** The columns in the order of the features. */
  readonly columns: readonly FeatureColumn[];
  /** What to do where a value is missing. */
  readonly missing: MissingRule;
  /** The mean of each feature over the training part. */
  readonly means: readonly number[];
  /** The standardisation of the features; absent where they are not standardised. */
  readonly standardisation?: Standardisation;
  /** The column that holds the weights of the rows; absent where they have none. */
  readonly weights?: string;
}

/** How rows of a table become numbers for a classifier. */
export interface TablePreparation extends FeaturePreparation {
  /** Tells the kinds of preparation apart. */
  readonly kind: 'table';
  /** The column that holds the classes. */
  readonly target: string;
  /** The names of the classes, by class number. */
  readonly classNames: readonly string[];
}

/** How rows of a table become numbers for a model for regression. */
export interface RegressionPreparation extends FeaturePreparation {
  /** Tells the kinds of preparation apart. */
  readonly kind: 'regression';
  /** The columns that hold the targets. */
  readonly targets: readonly string[];
}

/** How images become numbers for a model. Pixels are divided by the greatest value that they can have. */
export interface ImagePreparation {
  /** Tells the kinds of preparation apart. */
  readonly kind: 'images';
  /** The shape of one image: [rows, columns], or [channels, rows, columns] where there are several channels. */
  readonly shape: readonly number[];
  /**
   * Whether several channels are brought into planes, one after the other, whatever their order in a file. Absent in
   * older checkpoints, whose models read numbers in the order of the file.
   */
  readonly planes?: boolean;
  /** The standardisation of the channels after the division, one number for each; absent without one. */
  readonly standardisation?: Standardisation;
  /** The greatest value of a pixel, such as 255. */
  readonly greatest: number;
  /** The names of the classes, by class number. */
  readonly classNames: readonly string[];
}

/** How rows of an array become numbers for a model. */
export interface ArrayPreparation {
  /** Tells the kinds of preparation apart. */
  readonly kind: 'arrays';
  /** The shape of one row, such as [4]; [] for rows of one number; [channels, rows, columns] for images. */
  readonly shape: readonly number[];
  /** As for images. */
  readonly planes?: boolean;
  /** The names of the classes, by class number. */
  readonly classNames: readonly string[];
  /** The standardisation of the numbers of a row; absent where they are not standardised. */
  readonly standardisation?: Standardisation;
}

/** How rows of an array become numbers for a model for regression. */
export interface RegressionArrayPreparation {
  /** Tells the kinds of preparation apart. */
  readonly kind: 'regressionArrays';
  /** The shape of one row, such as [4]; [] for rows of one number. */
  readonly shape: readonly number[];
  /** The name of each target. */
  readonly targets: readonly string[];
  /** The standardisation of the numbers of a row; absent where they are not standardised. */
  readonly standardisation?: Standardisation;
}

/** How data become numbers for a model. It is plain JSON, so that a checkpoint can store it with the model. */
export type Preparation =
  | TablePreparation
  | RegressionPreparation
  | ImagePreparation
  | ArrayPreparation
  | RegressionArrayPreparation;

/** How data become numbers for a classifier. */
export type ClassPreparation = TablePreparation | ImagePreparation | ArrayPreparation;

/** Whether the preparation is that of a model that predicts numbers. */
export function predictsNumbers(
  preparation: Preparation,
): preparation is RegressionPreparation | RegressionArrayPreparation {
  return 'targets' in preparation;
}
