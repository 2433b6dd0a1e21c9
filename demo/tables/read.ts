/** Reads a table as its user has chosen. */
import {
  readTable,
  type Table,
  type TableDataset,
  type TableRegression,
  type TableRegressionDataset,
} from '../../src/data/index.ts';
import { countOf } from '../page/words.ts';
import type { TableSource } from './choice.ts';
import { nameErrors } from './facts.ts';

interface Prepared {
  readonly dropped: number;
  readonly assumed: readonly string[];
  readonly warnings: readonly string[];
}

type PreparationOptions = Omit<TableSource['choice'], 'form' | 'task'> & { readonly name: string };

/**
 * @param prepare makes data of the table, such as `tableDataset`
 * @throws DataError that names the file, and the place in it
 */
export function readChosenTable<Data extends TableDataset | TableRegression | TableRegressionDataset>(
  { file, choice: { form, task: _, ...columns } }: TableSource,
  prepare: (table: Table, options: PreparationOptions) => Data,
): Promise<{ readonly table: Table; readonly data: Data }> {
  const reading = readTable(file, form).then((table) => ({
    table,
    data: prepare(table, { ...columns, name: file.name }),
  }));
  return nameErrors(file.name, reading);
}

/** What the user should know about how the table was read, in sentences without their full stops. */
export function listRemarks({ missing }: TableSource['choice'], { dropped, assumed, warnings }: Prepared): string[] {
  return [
    ...(dropped > 0
      ? [`${countOf(dropped, 'row')} with a missing value ${dropped === 1 ? 'is' : 'are'} left out`]
      : []),
    ...(missing === 'mean' ? ['Missing values are the means of their columns'] : []),
    ...assumed,
    ...warnings,
  ];
}
