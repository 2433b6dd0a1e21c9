import { TEXT } from '../arguments/check.ts';
import { readNumber } from './numbers.ts';
import { columnIndex, isMissing, TABLE, type Table } from './table.ts';

/** What a column is good for as a target, and why. */
export interface TableTask {
  /** Whether its values are classes or numbers to be predicted. */
  readonly task: 'classification' | 'regression';
  /** The reason, in words that follow "because". */
  readonly reason: string;
}

/** Integers with more different values than this are numbers to be predicted. */
const MAXIMUM_CLASSES = 20;

/**
 * Chooses between classification and regression for a target column. Texts are classes. Numbers are to be predicted,
 * unless they are integers with at most 20 different values, and at most half as many as there are rows.
 *
 * @throws DataError where the column does not exist
 */
export function tableTask(table: Table, target: string): TableTask {
  TABLE('tableTask: table', table);
  TEXT('tableTask: target', target);
  const index = columnIndex(table, target, 'target');
  const cells = table.rows.map((row) => row[index]).filter((cell) => !isMissing(cell));
  const column = JSON.stringify(target);
  const values = cells.map((cell) => readNumber(cell));
  const text = cells.find((_, at) => values[at] === undefined);
  const numbers = values.filter((value) => value !== undefined);
  if (text !== undefined && numbers.length > 0) {
    return { task: 'classification', reason: `${column} holds texts beside numbers, such as ${JSON.stringify(text)}` };
  }
  return chooseTask(column, text === undefined ? numbers : undefined);
}

/** @param values undefined where there are others than numbers */
export function chooseTask(place: string, values: readonly number[] | undefined): TableTask {
  if (!values) return { task: 'classification', reason: `${place} holds texts` };
  if (!values.every(Number.isSafeInteger)) return { task: 'regression', reason: `${place} holds decimal numbers` };
  const different = new Set(values).size;
  const areClasses = different <= MAXIMUM_CLASSES && 2 * different <= values.length;
  return {
    task: areClasses ? 'classification' : 'regression',
    reason: `${place} holds integers, ${different} different ones in ${values.length} rows`,
  };
}
