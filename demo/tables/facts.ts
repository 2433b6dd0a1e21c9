/** What a table holds, column by column, so that its user can choose. Workers compute it. */
import { type FeatureColumn, featureColumns } from '../../src/data/features.ts';
import { DataError, readTable, type Table } from '../../src/data/index.ts';
import { isMissing } from '../../src/data/table.ts';
import type { TableForm } from './choice.ts';

export interface ColumnFacts {
  readonly name: string;
  /** What the column is used as unless its user says otherwise; undefined where it cannot be used as it is. */
  readonly kind: FeatureColumn['kind'] | undefined;
  /** Why it cannot be used as it is. */
  readonly problem: string | undefined;
  /** Its first different values, at most EXAMPLES + 1 of them. */
  readonly examples: readonly string[];
  readonly missing: number;
  /** Whether all its values are missing. */
  readonly isEmpty: boolean;
}

export interface TableFacts {
  readonly name: string;
  readonly rows: number;
  readonly header: boolean;
  readonly columns: readonly ColumnFacts[];
  /** Which columns lack a value together, and in how many rows. */
  readonly gaps: readonly { readonly at: readonly number[]; readonly rows: number }[];
}

export interface InspectInput {
  readonly file: File;
  readonly form: TableForm;
}

/** As many values of a column are shown. */
export const EXAMPLES = 3;

/** @throws DataError where the file is no table */
export async function inspectTable({ file, form }: InspectInput): Promise<TableFacts> {
  const table = await nameErrors(file.name, readTable(file, form));
  const { gaps, missing } = collectGaps(table);
  return {
    name: file.name,
    rows: table.rows.length,
    header: table.header,
    columns: table.columns.map((name, at) => describeColumn(table, name, at, missing[at])),
    gaps,
  };
}

function describeColumn(table: Table, name: string, at: number, missing: number): ColumnFacts {
  const examples = new Set<string>();
  for (const row of table.rows) {
    if (!isMissing(row[at])) examples.add(row[at]);
    if (examples.size > EXAMPLES) break;
  }
  const facts = { name, examples: [...examples], missing, isEmpty: missing === table.rows.length };
  try {
    const [{ kind }] = featureColumns(table, [name]);
    return { ...facts, kind, problem: undefined };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { ...facts, kind: undefined, problem: error.message };
  }
}

function collectGaps({ rows, columns }: Table): { gaps: TableFacts['gaps']; missing: number[] } {
  const known = new Map<string, { at: number[]; rows: number }>();
  const missing = columns.map(() => 0);
  for (const row of rows) {
    const at = row.flatMap((cell, column) => (isMissing(cell) ? [column] : []));
    if (at.length === 0) continue;
    for (const column of at) missing[column] += 1;
    const key = at.join();
    const gap = known.get(key);
    if (gap) gap.rows += 1;
    else known.set(key, { at, rows: 1 });
  }
  return { gaps: [...known.values()], missing };
}

/** Names the file in errors about what it holds. */
export async function nameErrors<Result>(name: string, reading: Promise<Result>): Promise<Result> {
  return reading.catch((error: unknown) => {
    throw error instanceof DataError ? new DataError(`${name}: ${error.message}`) : error;
  });
}
