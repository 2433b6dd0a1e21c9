/** Reads which columns of a table are the targets, and whether they are classes or numbers to be predicted. */
import { parseCSV, type Table, tableTask } from '../data/index.ts';
import type { TaskName } from '../index.ts';
import { InputError } from './io.ts';
import { type Arguments, readChoice } from './options.ts';
import { requireTarget } from './table-options.ts';

export const TASKS: readonly TaskName[] = ['classification', 'regression'];

interface ChosenTargets {
  readonly task: TaskName;
  readonly targets: readonly string[];
  /** Why this task, for the user. */
  readonly reason: string;
}

/**
 * @throws InputError where `--target` is absent, or names several columns as classes
 * @throws DataError where a column does not exist
 */
export function readTargets(given: Arguments, table: Table): ChosenTargets {
  const text = requireTarget(given, table, 'the column of the classes, or of the numbers to predict');
  const targets = table.columns.includes(text) ? [text] : splitNames(text);
  const asked = readChoice(given, 'task', TASKS);
  if (targets.length > 1 && asked === 'classification') {
    throw new InputError(
      `--target: it names ${targets.length} columns; classes are in one, and --task is classification`,
    );
  }
  if (targets.length > 1) return { task: 'regression', targets, reason: 'there are several targets' };
  const { task, reason } = tableTask(table, targets[0]);
  return asked === undefined ? { task, targets, reason } : { task: asked, targets, reason: 'asked for by --task' };
}

/** Names with commas between them. A name that contains a comma is quoted, as in the file. */
function splitNames(text: string): readonly string[] {
  const { records } = parseCSV(text, { separator: ',' });
  return records.length === 1 ? records[0].map((name) => name.trim()) : [text];
}
