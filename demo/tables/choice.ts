/** What a user chooses about a table: the target, the use of the other columns, and what to do about missing values. */
import type { MissingRule, TableOptions } from '../../src/data/index.ts';
import type { TaskName } from '../../src/index.ts';
import type { TableFacts } from './facts.ts';

/** How the file is written; what is absent is detected. */
export type TableForm = Pick<TableOptions, 'header' | 'separator' | 'decimal' | 'dates'>;

export interface TableChoice {
  readonly target: string;
  readonly ignore: readonly string[];
  /** Columns whose numbers are categories. */
  readonly categorical: readonly string[];
  /** 'error' where no value is missing in the columns that are used. */
  readonly missing: MissingRule;
  readonly form: TableForm;
  /** Whether classes or numbers are predicted. Absent: what the values of the target suggest. */
  readonly task?: TaskName;
}

export interface TableSource {
  readonly kind: 'table';
  readonly file: File;
  readonly choice: TableChoice;
}

/** What can be predicted: numbers only, or either numbers or classes. */
export type Purpose = 'numbers' | 'either';

/** The names of the columns that can be the target. */
export function listTargets({ columns }: TableFacts, purpose: Purpose): string[] {
  const possible = columns.filter(({ kind, isEmpty }) => (purpose === 'numbers' ? kind === 'numbers' : !isEmpty));
  return possible.map(({ name }) => name);
}

/** The last possible column is the target, and columns that cannot be used as they are left out. */
export function suggestChoice(facts: TableFacts, purpose: Purpose, form: TableForm = {}): TableChoice {
  const targets = listTargets(facts, purpose);
  const target = targets[targets.length - 1] ?? '';
  const unusable = facts.columns.filter(({ name, problem }) => problem !== undefined && name !== target);
  return { target, ignore: unusable.map(({ name }) => name), categorical: [], missing: 'error', form };
}

/** Makes another column the target, as its values suggest; the one before becomes a feature. */
export function withTarget({ ignore, categorical, task: _, ...choice }: TableChoice, target: string): TableChoice {
  const others = (names: readonly string[]): string[] => names.filter((name) => name !== target);
  return { ...choice, target, ignore: others(ignore), categorical: others(categorical) };
}

/** The number of rows in which a value of a used column is missing. */
export function countGaps({ columns, gaps }: TableFacts, ignore: readonly string[]): number {
  const isUsed = columns.map(({ name }) => !ignore.includes(name));
  return gaps.reduce((sum, { at, rows }) => sum + (at.some((column) => isUsed[column]) ? rows : 0), 0);
}

/** Whether the user must decide something before the table can be used. */
export function mustAsk(facts: TableFacts, { target, ignore, categorical, missing }: TableChoice): boolean {
  const isDecided = ({ name, problem }: TableFacts['columns'][number]): boolean =>
    problem === undefined || name === target || categorical.includes(name);
  return target === '' || !facts.columns.every(isDecided) || (missing === 'error' && countGaps(facts, ignore) > 0);
}
