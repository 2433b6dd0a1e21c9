import { BOOLEAN, createNumberCheck, INDEX } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Dataset } from './dataset.ts';
import {
  encodeFeatures,
  featureColumnNames,
  featureColumns,
  featureNames,
  listAssumptions,
  warnOfCategories,
} from './features.ts';
import { DataError } from './limits.ts';
import type { TablePreparation } from './preparation.ts';
import { handleMissing, prepareValues } from './prepared-rows.ts';
import { type Samples, splitIndices } from './samples.ts';
import { type Standardisation, standardisationOf } from './standardisation.ts';
import { TABLE, type Table } from './table.ts';
import { TABLE_DATA_OPTIONS, type TableDataOptions } from './table-data-options.ts';
import { readClassNames, readClassNumbers } from './target.ts';

/** Options of `tableDataset`. */
export interface TableDatasetOptions extends TableDataOptions {
  /** The column that holds the classes. */
  target: string;
  /** Share of the rows that is held out as the test part, in [0, 1). Default 0.2. */
  heldOut?: number;
  /** Seed for the choice of these rows, an integer from 0. Default 0. */
  seed?: number;
  /** Whether each feature is scaled to mean 0 and standard deviation 1 over the training part. Default true. */
  standardise?: boolean;
}

const OPTIONS: Checks<TableDatasetOptions> = {
  ...TABLE_DATA_OPTIONS,
  heldOut: createNumberCheck('a number from 0 to below 1', (value) => value >= 0 && value < 1),
  seed: INDEX,
  standardise: BOOLEAN,
};

/** A data set from a table, with the preparation for other rows of the same kind. */
export interface TableDataset extends Dataset {
  readonly classNames: readonly string[];
  readonly preparation: TablePreparation;
  /** The name of each feature. */
  readonly featureNames: readonly string[];
  /**
   * Names of features that have the same value in the whole training part, so that nothing can be learned from them.
   */
  readonly constant: readonly string[];
  /** The number of rows that were omitted because of a missing value. */
  readonly dropped: number;
  /** Sentences about how ambiguous cells of the table were understood. */
  readonly assumed: readonly string[];
  /** Warnings about doubtful features, in sentences. */
  readonly warnings: readonly string[];
  /** The rows of the table, from 0, that make up each part, in the order of the part. */
  readonly rows: { readonly train: readonly number[]; readonly test: readonly number[] };
}

/**
 * Makes a data set for classification from a table. One column holds the classes, and the others become features:
 * numbers as they are, categories as one feature each. The rows are split at random so that every class has about the
 * same share in both parts.
 *
 * @throws DataError that names the line and the column where the table cannot be used
 * @throws RangeError where an option is out of range
 */
export function tableDataset(table: Table, given: TableDatasetOptions): TableDataset {
  const options = readOptions('tableDataset', given, OPTIONS, 'target');
  TABLE('tableDataset: table', table);
  const { target, missing = 'error', heldOut = 0.2, seed = 0, name = 'table' } = options;
  const names = featureColumnNames(table, options);
  const { kept, numbers } = handleMissing(table, [...names, target], missing);
  const classNames = readClassNames(kept, target, options);
  const columns = featureColumns(kept, names, options.categorical, options);
  const features = featureNames(columns);
  const labels = readClassNumbers(kept, target, classNames);
  const values = encodeFeatures(kept, columns);
  const [trainRows, testRows] = splitIndices(labels, 1 - heldOut, seed, { stratified: true });

  const fitted = fitStandardisation(selectRows(values, trainRows, features.length), features);
  const preparation: TablePreparation = {
    kind: 'table',
    header: table.header,
    columns,
    target,
    classNames,
    missing,
    means: fitted.mean,
    ...((options.standardise ?? true) && { standardisation: fitted }),
  };
  const part = (rows: Int32Array): Samples => ({
    inputs: prepareValues(preparation, selectRows(values, rows, features.length)),
    labels: Int32Array.from(rows, (row) => labels[row]),
    count: rows.length,
    features: features.length,
  });
  const numbersOf = (rows: Int32Array): number[] => Array.from(rows, (row) => numbers[row]);
  return {
    name,
    classes: classNames.length,
    featureShape: [features.length],
    train: part(trainRows),
    test: part(testRows),
    classNames,
    preparation,
    featureNames: features,
    constant: fitted.constant.map((feature) => features[feature]),
    dropped: table.rows.length - kept.rows.length,
    assumed: listAssumptions(table, columns),
    warnings: warnOfCategories(kept, columns, options.categorical),
    rows: { train: numbersOf(trainRows), test: numbersOf(testRows) },
  };
}

/** Computes mean and standard deviation over the training part. @throws DataError where a feature has no value there */
function fitStandardisation(inputs: Float64Array, names: readonly string[]): Standardisation {
  const features = names.length;
  const fitted = standardisationOf({ inputs, count: inputs.length / features, features });
  const unknown = fitted.mean.findIndex((mean) => !Number.isFinite(mean));
  if (unknown < 0) return fitted;
  throw new DataError(`column ${JSON.stringify(names[unknown])}: all values of the training part are missing`);
}

function selectRows(values: Float64Array, rows: Int32Array, features: number): Float64Array {
  const chosen = new Float64Array(rows.length * features);
  for (const [at, row] of rows.entries()) {
    chosen.set(values.subarray(row * features, (row + 1) * features), at * features);
  }
  return chosen;
}
