import { readOptions } from '../arguments/options.ts';
import type { Dataset } from './dataset.ts';
import type { TablePreparation } from './preparation.ts';
import { TABLE, type Table } from './table.ts';
import { TABLE_DATA_OPTIONS } from './table-data-options.ts';
import { keepRows, readTableParts, TABLE_PART_OPTIONS, type TableFacts, type TablePartOptions } from './table-parts.ts';
import { readClassNames, readClassNumbers } from './target.ts';

/** Options of `tableDataset`. */
export interface TableDatasetOptions extends TablePartOptions {
  /** The column that holds the classes. */
  target: string;
}

/** A data set from a table, with the preparation for other rows of the same kind. */
export interface TableDataset extends Dataset, TableFacts {
  readonly classNames: readonly string[];
  readonly preparation: TablePreparation;
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
  const checks = { ...TABLE_PART_OPTIONS, target: TABLE_DATA_OPTIONS.target };
  const options = readOptions<TableDatasetOptions>('tableDataset', given, checks, 'target');
  TABLE('tableDataset: table', table);
  const { target, name = 'table' } = options;
  const rows = keepRows(table, [target], options);
  const classNames = readClassNames(rows.kept, target, options);
  const labels = readClassNumbers(rows.kept, target, classNames);
  const { preparation, facts, samplesOf } = readTableParts(table, rows, options, labels);
  return {
    name,
    classes: classNames.length,
    featureShape: [facts.featureNames.length],
    ...samplesOf((part) => ({ labels: Int32Array.from(part, (row) => labels[row]) })),
    classNames,
    preparation: { ...preparation, kind: 'table', target, classNames },
    ...facts,
  };
}
