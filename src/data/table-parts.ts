/** What data sets for classification and for regression share when they are made from a table. */
import { type Check, createArgumentCheck, createArgumentError, INDEX, isListOf, TEXT } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import {
  encodeFeatures,
  type FeatureColumn,
  featureColumnNames,
  featureColumns,
  featureNames,
  listAssumptions,
  warnOfCategories,
} from './features.ts';
import { DataError } from './limits.ts';
import type { FeaturePreparation } from './preparation.ts';
import { handleMissing, prepareValues } from './prepared-rows.ts';
import { random } from './random.ts';
import { splitIndices } from './samples.ts';
import { type Standardisation, standardisationOf } from './standardisation.ts';
import { columnIndex, type Table } from './table.ts';
import { TABLE_DATA_OPTIONS, type TableDataOptions } from './table-data-options.ts';
import { readWeights } from './target.ts';

/** Options of data sets from a table, apart from the target. */
export interface TablePartOptions extends Omit<TableDataOptions, 'target'> {
  /** The column that holds the weight of each row, which is then no feature. Default: all rows count the same. */
  weights?: string;
  /**
   * The rows that are held out as the test part: their share of all, in [0, 1), or the rows themselves, from 0. Default
   * 0.2.
   */
  heldOut?: number | readonly number[];
  /** Seed for the choice of these rows, an integer from 0. Default 0. */
  seed?: number;
  /** Whether each feature is scaled to mean 0 and standard deviation 1 over the training part. Default true. */
  standardise?: boolean;
}

const HELD_OUT: Check = createArgumentCheck(
  'a number from 0 to below 1, or a list of rows',
  (value) =>
    isListOf<number>(value, (row) => Number.isInteger(row) && row >= 0) ||
    (typeof value === 'number' && value >= 0 && value < 1),
);

export const TABLE_PART_OPTIONS: Checks<TablePartOptions> = {
  ...(({ target, ...others }) => others)(TABLE_DATA_OPTIONS),
  weights: TEXT,
  heldOut: HELD_OUT,
  seed: INDEX,
  standardise: createArgumentCheck('true or false', (value) => typeof value === 'boolean'),
};

/** What data sets from a table say of it. */
export interface TableFacts {
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
  readonly rows: Readonly<Record<'train' | 'test', readonly number[]>>;
}

/** The inputs of both parts, and the rows that they come from. */
export interface TableParts {
  /** The rows without those that were omitted. */
  readonly kept: Table;
  readonly preparation: FeaturePreparation;
  readonly facts: TableFacts;
  /** Makes the samples of both parts, where `select` picks what is compared for rows of `kept`. */
  readonly samplesOf: <Compared extends object>(
    select: (rows: Int32Array) => Compared,
  ) => Readonly<Record<'train' | 'test', SampleInputs & Compared>>;
}

interface SampleInputs {
  readonly inputs: Float32Array;
  readonly count: number;
  readonly features: number;
  readonly weights?: Float64Array;
}

/** The rows that are features' and targets', without those that are omitted. */
export interface KeptRows {
  readonly kept: Table;
  /** Their numbers in the table. */
  readonly numbers: readonly number[];
  /** The names of the columns that become features. */
  readonly names: readonly string[];
}

export function keepRows(table: Table, targets: readonly string[], options: TablePartOptions): KeptRows {
  const { weights, missing = 'error' } = options;
  if (weights !== undefined) columnIndex(table, weights, 'weights');
  const others = weights === undefined ? targets : [...targets, weights];
  const names = featureColumnNames(table, { ...options, targets: others });
  return { ...handleMissing(table, [...names, ...others], missing), names };
}

/**
 * Reads the features, splits the rows, and prepares the features as the training part needs it.
 * @param classes the class of each row, where every class is to have about the same share in both parts
 */
export function readTableParts(
  table: Table,
  { kept, numbers, names }: KeptRows,
  options: TablePartOptions,
  classes: Int32Array | undefined,
): TableParts {
  const { standardise = true, missing = 'error', weights: weightColumn } = options;
  const columns = featureColumns(kept, names, options.categorical, options);
  const featureList = featureNames(columns);
  const features = featureList.length;
  const values = encodeFeatures(kept, columns);
  const weights = weightColumn === undefined ? undefined : readWeights(kept, weightColumn);
  const [trainRows, testRows] = splitRows(table, numbers, options, classes);
  const weightsOf = (rows: Int32Array, part: string): Float64Array | undefined => {
    const own = weights && Float64Array.from(rows, (row) => weights[row]);
    if (!own || own.length === 0 || own.some((weight) => weight > 0)) return own;
    throw new DataError(
      `column ${JSON.stringify(weightColumn)}: all weights of the ${part} part are 0; at least one must be > 0`,
    );
  };
  const trainWeights = weightsOf(trainRows, 'training');
  const testWeights = weightsOf(testRows, 'held-out');
  const fitted = fitStandardisation(selectRows(values, trainRows, features), featureList, trainWeights);
  const preparation: FeaturePreparation = {
    header: table.header,
    columns,
    missing,
    means: fitted.mean,
    ...(standardise && { standardisation: fitted }),
    ...(weightColumn !== undefined && { weights: weightColumn }),
  };
  const inputsOf = (rows: Int32Array, own: Float64Array | undefined): SampleInputs => ({
    inputs: prepareValues(preparation, selectRows(values, rows, features)),
    count: rows.length,
    features,
    ...(own && { weights: own }),
  });
  const numbersOf = (rows: Int32Array): number[] => Array.from(rows, (row) => numbers[row]);
  return {
    kept,
    preparation,
    facts: {
      featureNames: featureList,
      constant: fitted.constant.map((feature) => featureList[feature]),
      dropped: table.rows.length - kept.rows.length,
      assumed: listAssumptions(table, columns),
      warnings: warnOfCategories(kept, columns as FeatureColumn[], options.categorical),
      rows: { train: numbersOf(trainRows), test: numbersOf(testRows) },
    },
    samplesOf: (select) => ({
      train: { ...inputsOf(trainRows, trainWeights), ...select(trainRows) },
      test: { ...inputsOf(testRows, testWeights), ...select(testRows) },
    }),
  };
}

/** @returns the rows of the training part and of the test part, among those that are kept */
function splitRows(
  table: Table,
  numbers: readonly number[],
  { heldOut = 0.2, seed = 0 }: TablePartOptions,
  classes: Int32Array | undefined,
): readonly [Int32Array, Int32Array] {
  if (typeof heldOut === 'number') {
    return splitIndices(classes ?? new Int32Array(numbers.length), 1 - heldOut, seed, {
      stratified: classes !== undefined,
    });
  }
  for (const [at, row] of heldOut.entries()) {
    if (row < table.rows.length) continue;
    throw createArgumentError(`heldOut[${at}]`, row, `an integer from 0 to ${table.rows.length - 1}`);
  }
  const held = new Set(heldOut);
  const order = random(seed).permutation(numbers.length);
  const train = order.filter((row) => !held.has(numbers[row]));
  if (train.length === 0) throw new DataError('every row is held out; none is left to learn from');
  return [train, order.filter((row) => held.has(numbers[row]))];
}

/** Computes mean and standard deviation over the training part. @throws DataError where a feature has no value there */
function fitStandardisation(
  inputs: Float64Array,
  names: readonly string[],
  weights: Float64Array | undefined,
): Standardisation {
  const features = names.length;
  const fitted = standardisationOf({ inputs, count: inputs.length / features, features, weights });
  const unknown = fitted.mean.findIndex((mean) => !Number.isFinite(mean));
  if (unknown < 0) return fitted;
  throw new DataError(`column ${JSON.stringify(names[unknown])}: all values of the training part are missing`);
}

/** Copies rows of a matrix. */
export function selectRows(values: Float64Array, rows: Int32Array, width: number): Float64Array {
  const chosen = new Float64Array(rows.length * width);
  for (const [at, row] of rows.entries()) chosen.set(values.subarray(row * width, (row + 1) * width), at * width);
  return chosen;
}
