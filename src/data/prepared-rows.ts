import { refusal } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { describePlace, encodeFeatures, featureNames } from './features.ts';
import { readPixels } from './images.ts';
import { DataError } from './limits.ts';
import type { MissingRule, Preparation, TablePreparation } from './preparation.ts';
import type { Source } from './source.ts';
import { standardiseInputs } from './standardisation.ts';
import { preparationFrom } from './stored-preparation.ts';
import { columnIndex, isMissing, readTable, TABLE, TABLE_OPTIONS, type Table, type TableOptions } from './table.ts';
import { readClassNumbers } from './target.ts';

export interface PreparedRows {
  /** count × features, row-major, float32: what `model.predict` takes. */
  readonly inputs: Float32Array;
  readonly count: number;
  readonly features: number;
  /** The class of each row, where the table has the target column and it is not empty. */
  readonly labels?: Int32Array;
  /** The line of the file where each row begins; a row with missing values may have been left out. */
  readonly lines?: readonly number[];
  /** Of a table: what was taken to be meant where it can be read in several ways, in sentences. */
  readonly assumed?: readonly string[];
}

/**
 * Prepares new data as those were that a model learned from: columns are found by name (further ones are ignored), and
 * categories, missing values and standardisation are treated as in training.
 *
 * @param source a CSV file or its text, or an IDX file of images, plain or .gz
 * @throws DataError where a column is absent, a category or class is new, a value is missing that must not be, or the
 *   images have another shape
 */
export async function preparedFor(
  preparation: Preparation,
  source: Source | string,
  given?: TableOptions,
): Promise<PreparedRows> {
  const options = readOptions('preparedFor', given, TABLE_OPTIONS);
  checkPreparation('preparedFor', preparation);
  if (preparation.kind === 'table') {
    const { header = preparation.header } = options;
    return prepareRows(preparation, await readTable(source, { ...options, header }));
  }
  if (typeof source === 'string') throw new DataError('the model reads images; give it an IDX file, not a text');
  const { inputs, count, features, shape } = await readPixels(source, options, preparation.greatest);
  if (String(shape) !== String(preparation.shape)) {
    throw new DataError(
      `the images are ${shape.join(' × ')}; the model reads images of ${preparation.shape.join(' × ')}`,
    );
  }
  return { inputs, count, features };
}

/** As `preparedFor`, for a table that has been read. */
export function preparedTable(preparation: TablePreparation, table: Table): PreparedRows {
  checkPreparation('preparedTable', preparation);
  if (preparation.kind !== 'table') throw refusal('preparedTable: preparation', preparation, 'that of a table');
  TABLE('preparedTable: table', table);
  return prepareRows(preparation, table);
}

/** @throws RangeError that names the field which is not what it must be */
function checkPreparation(what: string, preparation: Preparation): void {
  try {
    preparationFrom(preparation);
  } catch (error) {
    throw error instanceof DataError ? new RangeError(`${what}: preparation: ${error.message}`) : error;
  }
}

function prepareRows(preparation: TablePreparation, table: Table): PreparedRows {
  const { columns, target, classNames, missing } = preparation;
  const names = columns.map(({ name }) => name);
  const labelled = isLabelled(table, target);
  const { kept } = handleMissing(table, labelled ? [...names, target] : names, missing);
  return {
    inputs: prepareValues(preparation, encodeFeatures(kept, columns)),
    count: kept.rows.length,
    features: featureNames(columns).length,
    ...(labelled && { labels: readClassNumbers(kept, target, classNames) }),
    lines: kept.lines,
    ...(table.assumed && { assumed: table.assumed }),
  };
}

/** The last step: missing values, which are NaN, become the mean of the feature, then all are standardised. */
export function prepareValues({ means, standardisation }: TablePreparation, values: Float64Array): Float32Array {
  const features = means.length;
  for (let at = 0; at < values.length; at++) if (Number.isNaN(values[at])) values[at] = means[at % features];
  if (!standardisation) return Float32Array.from(values);
  return standardiseInputs({ inputs: values, count: values.length / features, features }, standardisation);
}

/** A table whose classes are yet to be found has no such column, or an empty one. */
function isLabelled({ columns, rows }: Table, target: string): boolean {
  const index = columns.indexOf(target);
  return index >= 0 && rows.some((row) => !isMissing(row[index]));
}

/**
 * The rows to use, and their numbers in `table`: those with a missing value in one of the columns are refused or left
 * out, or stay to be filled, as the rule says.
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
