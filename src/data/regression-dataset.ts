import { createArgumentCheck, isListOf } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import type { RegressionDataset } from './dataset.ts';
import { DataError } from './limits.ts';
import type { RegressionPreparation } from './preparation.ts';
import { TABLE, type Table } from './table.ts';
import {
  keepRows,
  readTableParts,
  selectRows,
  TABLE_PART_OPTIONS,
  type TableFacts,
  type TablePartOptions,
} from './table-parts.ts';
import { readTargetMatrix } from './target.ts';

/** Options of `regressionDataset`. */
export interface RegressionDatasetOptions extends TablePartOptions {
  /** The column that holds the numbers to predict, or several of them. */
  target: string | readonly string[];
}

const isText = (value: unknown): boolean => typeof value === 'string';
const TARGET = createArgumentCheck(
  'the name of a column, or a list of names',
  (value) => isText(value) || (isListOf(value, isText) && value.length > 0),
);

/** A data set for regression from a table, with the preparation for other rows of the same kind. */
export interface TableRegressionDataset extends RegressionDataset, TableFacts {
  readonly preparation: RegressionPreparation;
}

/**
 * Makes a data set for regression from a table, for `train`. One column holds the target, or several do, and the others
 * become features: numbers as they are, categories as one feature each. The rows are split at random.
 *
 * @throws DataError that names the line and the column where the table cannot be used
 * @throws RangeError where an option is out of range
 */
export function regressionDataset(table: Table, given: RegressionDatasetOptions): TableRegressionDataset {
  const checks = { ...TABLE_PART_OPTIONS, target: TARGET };
  const options = readOptions<RegressionDatasetOptions>('regressionDataset', given, checks, 'target');
  TABLE('regressionDataset: table', table);
  const { target, name = 'table' } = options;
  const targetNames = typeof target === 'string' ? [target] : [...target];
  const twice = targetNames.find((each, at) => targetNames.indexOf(each) < at);
  if (twice !== undefined) throw new DataError(`column ${JSON.stringify(twice)} is named twice as a target`);
  const rows = keepRows(table, targetNames, options);
  const targets = readTargetMatrix(rows.kept, targetNames);
  const { preparation, facts, samplesOf } = readTableParts(table, rows, options, undefined);
  return {
    name,
    targetNames,
    featureShape: [facts.featureNames.length],
    ...samplesOf((part) => ({ targets: selectRows(targets, part, targetNames.length) })),
    preparation: { ...preparation, kind: 'regression', targets: targetNames },
    ...facts,
  };
}
