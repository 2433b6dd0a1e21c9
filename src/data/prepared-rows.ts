import { createArgumentError } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { preparedArrays } from './arrays-dataset.ts';
import { standardiseChannels } from './channels.ts';
import { isCIFAR, readForClasses } from './cifar.ts';
import { describePlace, encodeFeatures, featureNames } from './features.ts';
import { withoutSingleChannel } from './image-shape.ts';
import { type LabelledImages, readPixels } from './images.ts';
import { DataError, type LimitOptions } from './limits.ts';
import { decodeNPZ } from './npz.ts';
import type {
  FeaturePreparation,
  ImagePreparation,
  MissingRule,
  Preparation,
  RegressionPreparation,
  TablePreparation,
} from './preparation.ts';
import { preparedRegressionArrays } from './regression-arrays.ts';
import { readBytes, type Source } from './source.ts';
import { standardiseInputs } from './standardisation.ts';
import { preparationFrom } from './stored-preparation.ts';
import { columnIndex, isMissing, readTable, TABLE, TABLE_OPTIONS, type Table, type TableOptions } from './table.ts';
import { readClassNumbers, readTargetMatrix, readWeights } from './target.ts';

/** Data that were prepared for a model. */
export interface PreparedRows {
  /** count × features, row-major, for `model.predict`. */
  readonly inputs: Float32Array;
  /** The number of rows. */
  readonly count: number;
  /** The number of features of a row. */
  readonly features: number;
  /** The shape of a row, [channels, rows, columns] for images; absent for the rows of a table. */
  readonly shape?: readonly number[];
  /** The class number of each row; absent unless the table has a target column that is not empty. */
  readonly labels?: Int32Array;
  /**
   * The targets of each row, count × targets, row-major; absent unless the table has all target columns, and none is
   * empty.
   */
  readonly targets?: Float64Array;
  /** The weight of each row; absent unless training had weights and the table has their column. */
  readonly weights?: Float32Array | Float64Array;
  /** For a table, the line of the file on which each row begins. Rows with missing values may have been omitted. */
  readonly lines?: readonly number[];
  /** For a table, sentences about how ambiguous cells were understood; absent where there were none. */
  readonly assumed?: readonly string[];
}

/**
 * Prepares new data in the same way as the training data of a model. Columns are found by name, and further columns are
 * ignored. Categories, missing values and standardisation are treated as in training.
 *
 * @param source a CSV file or its text, a file of images as IDX or of CIFAR, plain or .gz, or a .npz file
 * @throws DataError where a column is absent, a category or class is unknown, a required value is missing, or the
 *   images have another shape
 */
export async function preparedFor(
  preparation: Preparation,
  source: Source | string,
  given?: TableOptions,
): Promise<PreparedRows> {
  const options = readOptions('preparedFor', given, TABLE_OPTIONS);
  checkPreparation('preparedFor', preparation);
  if (preparation.kind === 'table' || preparation.kind === 'regression') {
    const { header = preparation.header } = options;
    return prepareRows(preparation, await readTable(source, { ...options, header }));
  }
  if (typeof source === 'string') {
    const files = preparation.kind === 'images' ? 'images; give it an IDX file' : 'arrays; give it a .npz file';
    throw new DataError(`the model reads ${files}, not a text`);
  }
  const bytes = await readBytes(source, options);
  if (preparation.kind === 'regressionArrays') {
    return preparedRegressionArrays(preparation, await decodeNPZ(bytes, options), { limits: options.limits });
  }
  if (preparation.kind === 'arrays' || isZip(bytes)) {
    return preparedArrays(preparation, await decodeNPZ(bytes, options), { limits: options.limits });
  }
  return prepareImages(preparation, bytes, options);
}

async function prepareImages(
  preparation: ImagePreparation,
  bytes: Uint8Array,
  options: LimitOptions,
): Promise<PreparedRows> {
  const { classNames, greatest, planes, standardisation } = preparation;
  const images: Omit<LabelledImages, 'labels'> & Partial<Pick<LabelledImages, 'labels'>> = isCIFAR(bytes)
    ? await readForClasses(bytes, classNames.length, options)
    : await readPixels(bytes, options, greatest, planes ?? false);
  const [found, known] = [images, preparation].map(({ shape }) => withoutSingleChannel(shape).join(' × '));
  if (found !== known) throw new DataError(`the images are ${found}; the model reads images of ${known}`);
  if (standardisation) standardiseChannels(images.inputs, images.features, standardisation);
  return images;
}

function isTabular({ kind }: Preparation): boolean {
  return kind === 'table' || kind === 'regression';
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

/** Like `preparedFor`, for a table that has been read. */
export function preparedTable(preparation: TablePreparation | RegressionPreparation, table: Table): PreparedRows {
  checkPreparation('preparedTable', preparation);
  if (!isTabular(preparation)) throw createArgumentError('preparedTable: preparation', preparation, 'that of a table');
  TABLE('preparedTable: table', table);
  return prepareRows(preparation, table);
}

/** @throws RangeError that names the field that is wrong */
function checkPreparation(what: string, preparation: Preparation): void {
  try {
    preparationFrom(preparation);
  } catch (error) {
    throw error instanceof DataError ? new RangeError(`${what}: preparation: ${error.message}`) : error;
  }
}

function prepareRows(preparation: TablePreparation | RegressionPreparation, table: Table): PreparedRows {
  const { columns, missing, weights } = preparation;
  const names = columns.map(({ name }) => name);
  const targets = preparation.kind === 'table' ? [preparation.target] : preparation.targets;
  const isKnown = targets.every((target) => isFilled(table, target));
  const isWeighted = isKnown && weights !== undefined && isFilled(table, weights);
  const needed = [...names, ...(isKnown ? targets : []), ...(isWeighted ? [weights] : [])];
  const { kept } = handleMissing(table, needed, missing);
  return {
    inputs: prepareValues(preparation, encodeFeatures(kept, columns)),
    count: kept.rows.length,
    features: featureNames(columns).length,
    ...(isKnown && readKnown(preparation, kept)),
    ...(isWeighted && { weights: readWeights(kept, weights) }),
    lines: kept.lines,
    ...(table.assumed && { assumed: table.assumed }),
  };
}

function readKnown(
  preparation: TablePreparation | RegressionPreparation,
  kept: Table,
): Pick<PreparedRows, 'labels' | 'targets'> {
  if (preparation.kind === 'regression') return { targets: readTargetMatrix(kept, preparation.targets, true) };
  return { labels: readClassNumbers(kept, preparation.target, preparation.classNames) };
}

/** Replaces missing values, which are NaN, by the mean of the feature, then standardises all features. */
export function prepareValues({ means, standardisation }: FeaturePreparation, values: Float64Array): Float32Array {
  const features = means.length;
  for (let at = 0; at < values.length; at++) if (Number.isNaN(values[at])) values[at] = means[at % features];
  if (!standardisation) return Float32Array.from(values);
  return standardiseInputs({ inputs: values, count: values.length / features, features }, standardisation);
}

/** A table of rows whose targets are to be predicted has no target column, or an empty one. */
function isFilled({ columns, rows }: Table, name: string): boolean {
  const index = columns.indexOf(name);
  return index >= 0 && rows.some((row) => !isMissing(row[index]));
}

/**
 * Applies the rule for missing values to the named columns: refuses or omits rows with a missing value, or keeps them
 * to be filled.
 * @returns the rows to use, and their numbers in `table`
 * @throws DataError where a value is missing and the rule is 'error', or where no row remains
 */
export function handleMissing(
  table: Table,
  names: readonly string[],
  rule: MissingRule,
): { kept: Table; numbers: number[] } {
  const indices = names.map((name) => columnIndex(table, name));
  const numbers: number[] = [];
  for (const [row, record] of table.rows.entries()) {
    const missing = rule === 'mean' ? -1 : indices.findIndex((index) => isMissing(record[index]));
    if (missing < 0) numbers.push(row);
    else if (rule === 'error') {
      const found = record[indices[missing]];
      throw new DataError(
        `${describePlace(table, row, names[missing])}: the value is missing${found === '' ? '' : ` (${JSON.stringify(found)})`}; the option missing says what to do: mean fills it, drop leaves the row out`,
      );
    }
  }
  if (numbers.length === 0) throw new DataError('every row has a missing value; none is left');
  if (numbers.length === table.rows.length) return { kept: table, numbers };
  const kept = { ...table, rows: numbers.map((row) => table.rows[row]), lines: numbers.map((row) => table.lines[row]) };
  return { kept, numbers };
}
